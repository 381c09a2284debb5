"""The pegs of a state: what the auditor said last of each sidechain, as views."""

from __future__ import annotations

from collections.abc import Collection

from devnet.tui.draw.books import PegView, Sheet
from devnet.tui.views import State


def peg_views(state: State, frozen: Collection[str] = ()) -> tuple[PegView, ...]:
    """
    One view a sidechain: those in trouble first, the others as they were made.

    Args:
        frozen: sidechains whose peg rests because the mainchain left their anchor.
    """
    pegs = []
    for lane in state.lanes:
        books = lane.books
        rows = books.rows if books is not None else ()
        pegs.append(
            PegView(
                lane.name,
                (books.main_height, books.side_height) if books else (0, lane.height),
                tuple(
                    Sheet(lane.name, one.asset, state.decimals.get(one.asset, 0),
                          one.locked, one.terms)
                    for one in rows
                ),
                lane.broken,
                lane.name in frozen,
            )
        )  # fmt: skip
    return tuple(sorted(pegs, key=lambda peg: not (peg.broken or peg.frozen)))
