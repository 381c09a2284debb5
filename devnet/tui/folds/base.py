"""
What all folds share: a table to stand in, and changes of one lane or one transfer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from devnet.engine import events as ev
from devnet.tui.views import LaneView, State

Fold = Callable[..., State]
FOLDS: dict[type[ev.Event], Fold] = {}
"""What each kind of event does to the state."""


def folds(kind: type[ev.Event]) -> Callable[[Fold], Fold]:
    """Register the function below as the fold of this kind of event."""

    def register(fold: Fold) -> Fold:
        FOLDS[kind] = fold
        return fold

    return register


def with_lane(state: State, name: str, change: Callable[[LaneView], LaneView]) -> State:
    """The state with one sidechain changed."""
    lanes = tuple(change(lane) if lane.name == name else lane for lane in state.lanes)
    return replace(state, lanes=lanes)


def with_transfer(state: State, name: str, **changes: object) -> State:
    """The state with some fields of one transfer changed."""
    transfers = tuple(
        replace(one, **changes) if one.id == name else one  # type: ignore[arg-type]
        for one in state.transfers
    )
    return replace(state, transfers=transfers)
