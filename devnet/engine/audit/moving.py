"""
What moved between two audits: the terms of the balance sheet that changed, so that a
breach can name the one that did so without its counterpart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devnet.engine.audit.values import LEFT, RIGHT, Sums

SUPPLY = ("circulating", "claimed", "withdrawn", "burned")
"""Terms of I2."""


@dataclass(frozen=True, slots=True)
class Move:
    """A term of one asset that changed by so many of its smallest units."""

    asset: bytes
    term: str
    by: int


def moves_between(
    before: Iterable[Sums], after: Iterable[Sums], invariant: str = "I1"
) -> tuple[Move, ...]:
    """Every term that an invariant looks at and that changed, asset by asset."""
    terms = SUPPLY if invariant == "I2" else (LEFT, *RIGHT, "written_off")
    old = {one.asset: one for one in before}
    found = []
    for one in after:
        was = old.get(one.asset)
        for term in terms:
            by = one.term(term) - (was.term(term) if was else 0)
            if by:
                found.append(Move(one.asset, term, by))
    return tuple(found)


def counterparts(moves: Iterable[Move], invariant: str = "I1") -> tuple[str, ...]:
    """
    The terms that stood still although one on the other side moved, in the order in
    which value flows through them.
    """
    moved = {one.term for one in moves}
    if invariant != "I1" or not moved:
        return ()
    if moved == {LEFT}:
        return ("leaving", "arriving")
    wanted = (LEFT, "arriving") if "circulating" in moved else (LEFT,)
    return tuple(term for term in wanted if term not in moved)
