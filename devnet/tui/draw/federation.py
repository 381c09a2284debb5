"""The federation: who sits in it, where locks go, and whether all is backed."""

from __future__ import annotations

from rich.text import Text

from devnet.tui.draw.pages import heading, wrapped
from devnet.tui.draw.text import clock, line, money
from devnet.tui.theme import BROKEN, DARK, DONE, TICK, Palette
from devnet.tui.views import LaneView, State


def draw_federation(state: State, width: int, look: Palette = DARK) -> list[Text]:
    """Members, the backing sum of each sidechain, the addresses of locks."""
    rows = [
        heading("Members", look, f"{state.quorum} of {len(state.members)} must sign")
    ]
    for name in state.members:
        role = "signs, and hands in claims" if name in state.collectors else "signs"
        rows.append(
            line(
                (f"  {DONE} ", look.good), (f"{name:<10}", look.text), (role, look.dim)
            )
        )
    rows += [
        line(""),
        heading("Backing", look, "what is locked covers what circulates"),
    ]
    for lane in state.lanes:
        rows += _backing(lane, state, look)
    if not state.lanes:
        rows.append(line(("  no sidechain, so nothing to back", look.dim)))
    rows += [line(""), heading("Contract addresses", look)]
    rows += wrapped(
        "Each pair of sidechain and recipient has an address of its own: the members' "
        "keys are tweaked with it, so a lock can be claimed for nobody else.",
        width,
        look.dim,
        indent="  ",
    )
    for one in reversed(state.transfers):
        rows.append(
            line(
                (f"  {one.id:<4}", f"bold {look.text}"),
                (f"{one.to} on {one.chain}", look.text),
                (f"  {clock(one.started_ms)}", look.dim),
            )
        )
        rows.append(line(("      " + one.address, look.deposit)))
    if not state.transfers:
        rows.append(line(("  none used yet: l locks an asset", look.dim)))
    return rows


def _backing(lane: LaneView, state: State, look: Palette) -> list[Text]:
    books = lane.books
    name = (f"  {lane.name:<10}", look.good)
    if books is None:
        return [line(name, ("not audited yet", look.dim))]
    sign, tone = (TICK, look.good) if books.ok else (BROKEN, f"bold {look.error}")
    at = f"  main {books.main_height}, {lane.name} {books.side_height}"
    if not books.rows:
        words = "nothing locked, nothing circulates" if books.ok else lane.broken
        return [line(name, (f"{words}  ", look.text), (sign, tone), (at, look.dim))]
    rows = []
    for asset, locked, there, coming in books.rows:
        decimals = state.decimals.get(asset, 0)
        words = (
            f"held {money(locked, decimals)} {asset} = {lane.name} "
            f"{money(there, decimals)} + in flight {money(coming, decimals)}  "
        )
        rows.append(line(name, (words, look.text), (sign, tone), (at, look.dim)))
        name = (" " * 12, "")
    return rows
