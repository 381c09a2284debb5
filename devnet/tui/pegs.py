"""How the pegs stand: each sidechain's balance sheet, alarms and frozen pegs."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from devnet.tui.draw.books import TERMS, PegView, Sheet
from devnet.tui.views import LaneView, State

if TYPE_CHECKING:
    from devnet.engine.network import Network


def peg_views(
    network: Network, state: State, frozen: Collection[str] = ()
) -> tuple[PegView, ...]:
    """
    One view a sidechain: those in trouble first, the others as they were made.

    Args:
        frozen: sidechains whose peg rests because the mainchain left their anchor.
    """
    pegs = [_view(network, lane, lane.name in frozen) for lane in state.lanes]
    return tuple(sorted(pegs, key=lambda peg: not (peg.broken or peg.frozen)))


def _view(network: Network, lane: LaneView, is_frozen: bool) -> PegView:
    found = network.balance_sheet(lane.name)
    sheets = tuple(
        Sheet(
            lane.name,
            row.name,
            row.decimals,
            row.sums.locked,
            tuple(row.sums.term(name) for name, _ in TERMS),
            row.sums.written_off,
        )
        for row in found.rows
    )
    heights = found.main.height, found.side.height
    return PegView(lane.name, heights, sheets, lane.broken, is_frozen)
