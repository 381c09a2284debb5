"""The newest blocks with the votes for them: a bitmap that fills up to the quorum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from devnet.tui.draw.text import fit, line
from devnet.tui.theme import (
    BAR,
    DARK,
    DONE,
    EMPTY,
    EPOCH,
    FULL,
    HATCH,
    NOW,
    TICK,
    TO_COME,
    Palette,
)

if TYPE_CHECKING:
    from devnet.engine.picturing import BlockFacts, ConsensusFacts

MOST_SIGNS = 10
"""More voters than this share a bar."""


def votes_title(facts: ConsensusFacts, look: Palette = DARK) -> Text:
    """What the panel counts."""
    total = sum(one.weight for one in facts.seats if one.acts)
    words = "blocks  newest first"
    if any(one.needed for one in facts.blocks):
        words = f"votes  a quorum weighs {facts.needed} of {total}"
    return line((words, f"bold {look.good}"))


def draw_votes(facts: ConsensusFacts, width: int, look: Palette = DARK) -> list[Text]:
    """
    A row for each of the newest blocks, the newest first.

    Args:
        facts: of one sidechain.
        width: cells.
        look: the palette.
    """
    # What is final needs no earlier phase any more.
    shown = [
        one
        for one in facts.blocks
        if not (one.phase == "prepare" and one.state == "final")
    ]
    if not shown:
        return [line((" no block yet", look.dim))]
    shown.sort(key=lambda one: (one.height, one.round, one.phase), reverse=True)
    several = any(one.phase != "vote" for one in shown)
    rows, epochs = [], {one.height: one.epoch for one in facts.blocks}
    for one in shown:
        opens = epochs.get(one.height - 1, one.epoch) != one.epoch
        rows.append(fit(_row(one, facts, look, several=several, opens=opens), width))
    return rows


def _row(
    one: BlockFacts, facts: ConsensusFacts, look: Palette, *, several: bool, opens: bool
) -> Text:
    mark = EPOCH if opens else HATCH if one.closing else " "
    row = line((f"{mark}{one.height:>5} ", f"bold {look.block_ink}"))
    if several:
        row.append(f"{one.phase:<8}", look.dim)
    if one.needed and (one.weight or one.state != "final"):
        row.append_text(_bitmap(one, look))
        row.append(f" {one.weight}/{one.needed} ", look.text)
    row.append_text(_standing(one, facts, look))
    if opens or one.closing:
        words = "closing" if one.closing else f"{one.engine} opens"
        row.append(f"  {words}", look.now)
    elif one.producer:
        row.append(f"  by {one.producer}", look.dim)
    return row


def _bitmap(one: BlockFacts, look: Palette) -> Text:
    """A sign for each seat; many seats share a bar with the quorum marked in it."""
    reached = one.weight >= one.needed
    ink = look.good if reached else look.now
    if len(one.voters) <= MOST_SIGNS:
        parts = [(DONE, ink) if voted else (TO_COME, look.dim) for voted in one.voters]
        return line(*parts)
    n_seats = len(one.voters)
    full = round(MOST_SIGNS * sum(one.voters) / n_seats)
    quorum = min(MOST_SIGNS - 1, 2 * MOST_SIGNS // 3)
    cells = [
        (BAR, look.text) if at == quorum and not reached
        else (FULL, ink) if at < full
        else (EMPTY, look.dim)
        for at in range(MOST_SIGNS)
    ]  # fmt: skip
    return line(*cells)


def _standing(one: BlockFacts, facts: ConsensusFacts, look: Palette) -> Text:
    if one.state == "final":
        bet = " bet" if facts.finality == "depth" else ""
        return line((f"{TICK} final{bet}", f"bold {look.good}"))
    if one.state == "certified":
        word = "prepared" if one.phase == "prepare" else "certified"
        return line((f"{DONE} {word}", look.good))
    if one.needed:
        return line((f"{NOW} open", look.now))
    return line((f"{NOW} {facts.height - one.height} deep", look.now))
