"""One sidechain's rule in a few lines: what is in force, who sits, how it stands."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from devnet.tui.draw.faults import fault_words
from devnet.tui.draw.sidechains import lane_says, seat_mark
from devnet.tui.draw.text import fit, line, short
from devnet.tui.theme import BROKEN, DARK, Palette
from devnet.tui.views import FaultView, LaneView

FINALITY = {
    "instant": "at once, by whoever seals",
    "certificate": "by the votes of more than two thirds",
    "builders": "when enough others have built on it",
    "depth": "by depth: a bet, no proof",
}
"""Why a block is final under a rule."""


def consensus_title(lane: LaneView, look: Palette = DARK) -> Text:
    """The title: chain, rule, height."""
    words = f"  {lane.engine}  height {lane.height}  final {lane.final_height}"
    words += _bet(lane)
    return line(("consensus  ", f"bold {look.good}"), (lane.name + words, look.good))


def _bet(lane: LaneView) -> str:
    """What is final by depth is no more than likely."""
    return ", a bet" if lane.finality == "depth" else ""


def draw_facts(
    lane: LaneView,
    width: int,
    look: Palette = DARK,
    *,
    certified: int = 0,
    faults: Sequence[FaultView] = (),
    now_ms: int = 0,
    main_height: int = 0,
) -> list[Text]:
    """
    What is in force, who sits, what is final and why, what is broken on purpose.

    Args:
        lane: the sidechain.
        width: cells.
        look: the palette.
        certified: height of the highest block with a certificate; 0: there are none.
        faults: those at work on this chain.
        now_ms, main_height: how long a fault goes on is counted from here.
    """
    badge = f"bold {look.badge_text} on {look.good}"
    why = FINALITY.get(lane.finality, lane.finality)
    proved = f"certified {certified}, final" if certified else "final"
    rows = [
        line(
            (f" {'rule':<10} ", look.dim),
            (f" {lane.engine} ", badge),
            (f"  epoch {lane.epoch}  height {lane.height}", look.text),
            (f"  storage {_storage(lane)}", look.dim),
            (f"  chain {short(lane.chain_id)}" if width >= 100 else "", look.dim),
        ),
        line(
            (f" {'finality':<11} ", look.dim),
            (f"{proved} {lane.final_height}", f"bold {look.text}"),
            (f"  {why}", look.now if lane.finality == "depth" else look.text),
        ),
        fit(_seats(lane, look), width),
        line(
            (f" {'says':<11} ", look.dim), (lane_says(lane) or "nothing yet", look.now)
        ),
    ]
    if faults:
        words = "; ".join(fault_words(one, now_ms, main_height) for one in faults)
        row = line((f" {'broken':<11} ", look.dim), (words, f"bold {look.error}"))
        rows.append(fit(row, width))
    return rows


def _seats(lane: LaneView, look: Palette) -> Text:
    """A mark and a name for each; more about those that are not well."""
    seats = line((f" {'validators':<11} ", look.dim))
    for one in lane.validators:
        mark, style = seat_mark(one, lane, look)
        seats.append(f"{mark} ", style)
        seats.append(f"{one.name} ", look.text)
        if one.state != "up":
            seats.append(f"{one.state} ", f"bold {look.error}")
    if not lane.validators:
        seats.append(f"{BROKEN} nobody", f"bold {look.error}")
    return seats


def _storage(lane: LaneView) -> str:
    """The database, and the one to which the chain is being moved."""
    return f"{lane.store} > {lane.moving_to}" if lane.moving_to else lane.store
