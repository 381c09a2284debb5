"""
The fold: `reduce(state, event)` gives the next state, and nothing else changes one.

A kind of event without a fold of its own changes only the clock and the count. A replay
feeds the same function from a file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from devnet.engine.events import Event
from devnet.tui.folds import (  # noqa: F401
    alarms,
    chains,
    consensus,
    federation,
    transfers,
)
from devnet.tui.folds.base import FOLDS, with_transfer
from devnet.tui.views import State

__all__ = ["State", "dismiss", "reduce", "reduce_all"]


def reduce(state: State, event: Event) -> State:
    """The state after one more event."""
    fold = FOLDS.get(type(event))
    if fold is not None:
        state = fold(state, event)
    return replace(
        state,
        n_events=state.n_events + 1,
        now_ms=max(state.now_ms, event.at_ms),
    )


def reduce_all(state: State, events: Iterable[Event]) -> State:
    """The state after these events, in order."""
    for event in events:
        state = reduce(state, event)
    return state


def dismiss(state: State, transfer: str) -> State:
    """The state after the reader looked at a failed transfer and pressed x."""
    return with_transfer(state, transfer, dismissed=True)
