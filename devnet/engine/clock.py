"""
Virtual time and seeded chance: both are values.

Time is an integer number of milliseconds since the start of the world. Chance is a
hash of the seed and of the question asked, so a draw depends on what is drawn and never
on what others drew before; adding an actor changes nobody's luck.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from hashlib import sha3_256


def draw(seed: int, *question: str | int | bytes) -> int:
    """
    A number that looks random: 64 bits, the same for the same seed and question.

    Args:
        seed: the world's seed.
        question: what is being drawn, for example ("latency", "v1", "v2", block hash).
    """
    digest = sha3_256(str(seed).encode())
    for part in question:
        raw = part if isinstance(part, bytes) else str(part).encode()
        digest.update(len(raw).to_bytes(4, "little") + raw)
    return int.from_bytes(digest.digest()[:8], "little")


def draw_between(seed: int, low: int, high: int, *question: str | int | bytes) -> int:
    """A number from low to high, both included."""
    return low + draw(seed, *question) % (high - low + 1)


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that will happen. Equal times are taken in the order of asking."""

    at_ms: int
    order: int
    actor: str
    what: object


@dataclass(frozen=True, slots=True)
class Schedule:
    """An ordered queue of what will happen. A value: adding gives a new queue."""

    waiting: tuple[Due, ...] = ()
    next_order: int = 0

    def add(self, at_ms: int, actor: str, what: object) -> Schedule:
        """The queue with one more entry, behind all others of its time."""
        due = Due(at_ms, self.next_order, actor, what)
        index = bisect_right(self.waiting, at_ms, key=lambda other: other.at_ms)
        waiting = (*self.waiting[:index], due, *self.waiting[index:])
        return Schedule(waiting, self.next_order + 1)

    def first(self) -> Due | None:
        """What happens next."""
        return self.waiting[0] if self.waiting else None

    def rest(self) -> Schedule:
        """The queue without its first entry."""
        return Schedule(self.waiting[1:], self.next_order)
