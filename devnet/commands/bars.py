"""
A balance sheet as two bars of letters: what is locked, and was written off, and what it
must cover. They are equally long when the books balance; no colour is needed to read
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from devnet.commands.values import show_units

if TYPE_CHECKING:
    from devnet.engine.audit.sheet import SheetRow

SIGNS = {
    "locked": "#",
    "circulating": "=",
    "arriving": ">",
    "leaving": "<",
    "burned": "x",
    "donated": "+",
    "stranded": "?",
    "written_off": "~",
}
MISSING = "!"
"""Where the shorter bar ends too early."""
WIDTH = 48


def shares(amounts: Sequence[int], width: int) -> list[int]:
    """
    So many letters for each amount: in all `width`, one at least for what is not
    nothing, the rest in proportion.
    """
    total = sum(amounts)
    if total <= 0:
        return [0] * len(amounts)
    cells = [max(1, amount * width // total) if amount > 0 else 0 for amount in amounts]
    by_size = sorted(range(len(amounts)), key=lambda at: -amounts[at])
    cells[by_size[0]] += width - sum(cells)
    return cells


def bars(row: SheetRow, width: int = WIDTH) -> list[str]:
    """Two bars and the legend of one asset."""
    left, right = dict(row.left), dict(row.right)
    n_left, n_right = sum(left.values()), sum(max(0, one) for one in right.values())
    most = max(n_left, n_right)
    lines = []
    for head, terms, total in (("is", left, n_left), ("must", right, n_right)):
        cells = width if total == most else max(1, total * width // most)
        if total != most:
            cells = min(cells, width - 1)
        drawn = "".join(
            SIGNS[name] * n
            for name, n in zip(terms, shares(list(terms.values()), cells), strict=True)
        )
        lines.append(f"  {head:<5}|{drawn.ljust(width, MISSING if most else ' ')}|")
    words = [
        f"{SIGNS[name]} {name.replace('_', ' ')} {show_units(amount, row.decimals)}"
        for name, amount in (*row.left, *row.right)
        if amount or name in ("locked", "circulating")
    ]
    if row.sums.difference:
        off = show_units(row.sums.difference, row.decimals)
        words.append(f"{MISSING} off by {off}")
    return [*lines, "   " + "  ".join(words)]
