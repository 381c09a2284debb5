"""The seats of a sidechain as a table: state, votes, bonds, locks, who comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from devnet.tui.draw.text import fit, line, money
from devnet.tui.theme import BROKEN, DARK, DONE, TO_COME, Palette

if TYPE_CHECKING:
    from devnet.engine.picturing import ConsensusFacts, SeatFacts

BTM_DECIMALS = 8
COLUMNS = ("name", "weight", "state", "votes", "bond", "approve", "next")
WIDTHS = (9, 7, 13, 11, 9, 8, 9)


def draw_validators(
    chain: str,
    rows: Sequence[Mapping[str, Any]],
    facts: ConsensusFacts,
    width: int,
    look: Palette = DARK,
) -> list[Text]:
    """
    A row for everybody who acts, stands, or has a bond.

    Args:
        chain: the sidechain's name.
        rows: as `Network.validators` tells them.
        facts: its consensus: weights, and who lacks an engine.
        width: cells.
        look: the palette.
    """
    seats = {one.name: one for one in facts.seats}
    elects = any(one["from_height"] is not None for one in rows)
    how = "votes decide who acts" if elects else "seats change by a swap alone"
    head = line((f" {chain}  {facts.engine}  ", f"bold {look.good}"), (how, look.dim))
    titles = "".join(f"{word:<{at}}" for word, at in zip(COLUMNS, WIDTHS, strict=True))
    drawn = [head, line(""), line((f"   {titles}", f"bold {look.text}"))]
    for one in sorted(rows, key=lambda one: (not one["acts"], one["name"])):
        drawn += _row(one, seats.get(one["name"]), width, look)
    drawn += [
        line(""),
        line((f" {DONE} acts   {TO_COME} watches   {BROKEN} banned", look.dim)),
        line((" enter changes something: register, vote, approve, leave", look.dim)),
    ]
    return drawn


def _row(
    one: Mapping[str, Any], seat: SeatFacts | None, width: int, look: Palette
) -> list[Text]:
    sign, ink = (DONE, look.good) if one["acts"] else (TO_COME, look.dim)
    if one["state"] == "banned":
        sign, ink = BROKEN, f"bold {look.error}"
    coming = f"from {one['from_height']}" if one["from_height"] else "-"
    state = str(one["state"])
    if one["bond_free_at"] is not None:
        state = f"leaves, {one['bond_free_at']}"
    cells = (
        one["name"],
        str(seat.weight) if seat is not None and seat.acts else "-",
        state,
        _btm(one["votes"]),
        _btm(one["bond"]),
        f"{one['approvals']}" if one["approvals"] else "-",
        coming if one["elected"] else "-",
    )
    words = "".join(
        f"{cell[: at - 1]:<{at}}" for cell, at in zip(cells, WIDTHS, strict=True)
    )
    rows = [fit(line((f" {sign} ", ink), (words, look.text)), width)]
    if seat is not None and seat.needs:
        rows.append(fit(line((f"   {BROKEN} {seat.needs}", look.error)), width))
    return rows


def _btm(units: int) -> str:
    return money(units, BTM_DECIMALS) if units else "-"
