"""
The balance sheet of the peg: two bars that always have the same length, and their
difference in large type.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from devnet.tui.draw.pages import wrapped
from devnet.tui.draw.text import fit, line, money
from devnet.tui.theme import (
    BROKEN,
    DARK,
    DEPOSIT,
    DONE,
    FULL,
    HATCH,
    SENT_ALONG,
    TICK,
    TO_COME,
    WITHDRAWAL,
    Palette,
)

TERMS: tuple[tuple[str, str], ...] = (
    ("circulating", DONE),
    ("arriving", DEPOSIT),
    ("leaving", WITHDRAWAL),
    ("burned", HATCH),
    ("donated", SENT_ALONG),
    ("stranded", "!"),
)
"""What must be locked for it, each with its sign: colour only helps."""
N_LABEL = 18
"""Cells left of the bars."""

DIGITS = {
    "0": ("╭─╮", "│ │", "╰─╯"),
    "1": (" ╷ ", " │ ", " ╵ "),
    "2": ("╶─╮", "╭─╯", "╰─╴"),
    "3": ("╶─╮", "╶─┤", "╶─╯"),
    "4": ("╷ ╷", "╰─┤", "  ╵"),
    "5": ("╭─╴", "╰─╮", "╶─╯"),
    "6": ("╭─╴", "├─╮", "╰─╯"),
    "7": ("╶─╮", "  │", "  ╵"),
    "8": ("╭─╮", "├─┤", "╰─╯"),
    "9": ("╭─╮", "╰─┤", "╶─╯"),
    "-": ("  ", "╶╴", "  "),
    "+": ("  ", "╶┼", "  "),
    ".": (" ", " ", "."),
    " ": (" ", " ", " "),
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    The sums of one sidechain and one asset, in its smallest unit.

    Args:
        terms: amounts in the order of `TERMS`.
        written_off: claims whose locks were given up with a branch of the mainchain:
            they stand beside what is locked.
    """

    chain: str
    asset: str
    decimals: int
    locked: int
    terms: tuple[int, ...]
    written_off: int = 0

    @property
    def difference(self) -> int:
        """Locked less what must be: nothing, or the books are wrong."""
        return self.locked + self.written_off - sum(self.terms)


@dataclass(frozen=True, slots=True)
class PegView:
    """
    How the peg of one sidechain stands.

    Args:
        broken: the invariant that broke last, or nothing. frozen: the peg rests.
        heights: mainchain and sidechain blocks at which the books were made.
    """

    chain: str
    heights: tuple[int, int]
    sheets: tuple[Sheet, ...] = ()
    broken: str = ""
    frozen: bool = False


def draw_books(pegs: Sequence[PegView], width: int, look: Palette = DARK) -> list[Text]:
    """Alarms and frozen pegs, the difference, then two bars for each book."""
    rows = [row for peg in pegs for row in _alarms(peg, width, look)]
    sheets = [sheet for peg in pegs for sheet in peg.sheets]
    rows += _large(sheets, width, look)
    for peg in pegs:
        rows.append(line(""))
        rows += _peg(peg, width, look)
    return rows


def _alarms(peg: PegView, width: int, look: Palette) -> list[Text]:
    rows = []
    ink = f"bold {look.error}"
    if peg.frozen:
        words = (
            f"{BROKEN} The peg of {peg.chain} is FROZEN: the mainchain left the block "
            "on which the sidechain stands. No claim and no payout until the old "
            f"branch wins again (M mends the fault) or `write-off {peg.chain}` gives "
            "the lost branch up. Plain transfers go on."
        )
        rows += wrapped(words, width, ink)
    if peg.broken:
        words = f"{BROKEN} {peg.broken} broke on {peg.chain}: the alarm stands."
        rows += wrapped(words, width, ink)
    return rows


def _large(sheets: Sequence[Sheet], width: int, look: Palette) -> list[Text]:
    """The worst difference of all books, three rows high."""
    worst = max(sheets, key=lambda one: abs(one.difference), default=None)
    if worst is None:
        return [line((" Nothing was ever locked, so nothing is owed.", look.dim))]
    holds = worst.difference == 0
    ink = f"bold {look.good if holds else look.error}"
    number = money(worst.difference, worst.decimals)
    if holds:
        words = ("difference", "locked = circulating + arriving + leaving",
                 "       + burned + donated + stranded")  # fmt: skip
    else:
        sign = "is missing" if worst.difference < 0 else "is too much"
        words = (f"difference of {worst.chain} in {worst.asset}",
                 f"so much {sign} on the mainchain", "")  # fmt: skip
    return [
        fit(line((f"  {one}", ink), (f"   {said}", look.dim if index else ink)), width)
        for index, (one, said) in enumerate(zip(large(number), words, strict=True))
    ]


def large(number: str) -> tuple[str, str, str]:
    """A number three rows high."""
    signs = [DIGITS[letter] for letter in number]
    first, second, third = (" ".join(one[row] for one in signs) for row in range(3))
    return first, second, third


def _peg(peg: PegView, width: int, look: Palette) -> list[Text]:
    at = f"main {peg.heights[0]}, {peg.chain} {peg.heights[1]}"
    if not peg.heights[0]:
        at = "not audited yet"
    head = line((f" {peg.chain}", f"bold {look.good}"), (f"  {at}", look.dim))
    if peg.frozen:
        head.append(f"  {BROKEN} peg frozen", f"bold {look.error}")
    if not peg.sheets:
        head.append("  nothing locked, nothing circulates" * (peg.heights[0] > 0))
        return [fit(head, width)]
    rows = [fit(head, width)]
    for sheet in peg.sheets:
        rows += _sheet(sheet, width, look)
    return rows


def _sheet(sheet: Sheet, width: int, look: Palette) -> list[Text]:
    """Two bars of one length, and the words below them."""
    n_cells = max(10, width - N_LABEL - 1)
    inks = _inks(look)
    there, difference = sheet.locked + sheet.written_off, sheet.difference
    top = max(there, sum(sheet.terms), 1)
    locked = line((f"  {sheet.asset:<7.7} {'locked':<8}", look.text))
    left = (sheet.locked, sheet.written_off, top - there)
    marks = ((FULL, look.main), (TO_COME, look.dim), (BROKEN, look.error))
    for n, (sign, ink) in zip(shares(left, n_cells), marks, strict=True):
        locked.append(sign * n, ink if sign == FULL else f"{look.badge_text} on {ink}")
    owed = line((f"  {'':<7} {'owed':<8}", look.text))
    amounts = (*sheet.terms, top - sum(sheet.terms))
    signs = [*(sign for _, sign in TERMS), BROKEN]
    parts = zip(shares(amounts, n_cells), signs, (*inks, look.error), strict=False)
    for n, sign, ink in parts:
        owed.append(sign * n, f"{look.badge_text} on {ink}")
    told = line((" " * N_LABEL + money(sheet.locked, sheet.decimals), look.text))
    if sheet.written_off:
        lost = money(sheet.written_off, sheet.decimals)
        told.append(f" + {TO_COME} written off {lost}", look.text)
    told.append(" =", look.text)
    for (name, sign), amount, ink in zip(TERMS, sheet.terms, inks, strict=False):
        if amount:
            told.append(f"  {sign} ", f"bold {ink}")
            told.append(f"{name} {money(amount, sheet.decimals)}", look.text)
    ok = (f"  {TICK} 0", look.good)
    wrong = f"  {BROKEN} off by {money(difference, sheet.decimals)}"
    told.append(*(ok if not difference else (wrong, f"bold {look.error}")))
    return [fit(locked, width), fit(owed, width), *_folded(told, width)]


def _folded(told: Text, width: int) -> list[Text]:
    """One line, or two where the terms have no room on one."""
    if told.cell_len <= width:
        return [told]
    cut = told.plain.rfind("  ", 0, width)
    first, rest = told[:cut], told[cut + 2 :]
    return [first, fit(line(" " * (N_LABEL + 2), rest), width)]


def _inks(look: Palette) -> tuple[str, ...]:
    return (
        look.good, look.deposit, look.withdrawal, look.dim, look.main, look.now,
    )  # fmt: skip


def shares(amounts: Sequence[int], n_cells: int) -> list[int]:
    """Cells for each amount: together all of them, and one at least for what is."""
    total = sum(amounts)
    if total <= 0:
        return [0] * len(amounts)
    cells = [max(1, amount * n_cells // total) if amount else 0 for amount in amounts]
    # What rounding left over, or took too much, goes to the biggest.
    biggest = max(range(len(amounts)), key=lambda at: amounts[at])
    cells[biggest] += n_cells - sum(cells)
    return cells
