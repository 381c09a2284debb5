"""
Virtual time and seeded chance: both are values.

Time is an integer number of milliseconds since the start of the world. Chance is a
hash of the seed and of the question asked, so a draw depends on what is drawn and never
on what others drew before; adding an actor changes nobody's luck.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha3_256
from typing import Any, Protocol

from rpds import HashTrieMap


def draw(seed: int, *question: str | int | bytes) -> int:
    """
    A number that looks random: 64 bits, the same for the same seed and question.

    Args:
        seed: the world's seed.
        question: what is being drawn, for example ("latency", "v1", "v2", block hash).
    """
    parts = [str(seed).encode()]
    for part in question:
        raw = part if isinstance(part, bytes) else str(part).encode()
        parts.append(len(raw).to_bytes(4, "little"))
        parts.append(raw)
    return int.from_bytes(sha3_256(b"".join(parts)).digest()[:8], "little")


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


class News(Protocol):
    """What an actor can as well hear together with more of its kind."""

    def joined(self, later: Any) -> Any:
        """Both in one, in this order."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    An ordered queue of what will happen. A value: adding gives a new queue.

    Few moments hold many entries, so a change copies those of one moment only.

    Args:
        moments: times at which something waits, ascending.
        at: what waits at each of them, in the order of asking.
    """

    moments: tuple[int, ...] = ()
    at: HashTrieMap[int, tuple[Due, ...]] = field(default_factory=HashTrieMap)
    next_order: int = 0

    @property
    def waiting(self) -> tuple[Due, ...]:
        """All that will happen, in order."""
        return tuple(due for at_ms in self.moments for due in self.at[at_ms])

    def add(self, at_ms: int, actor: str, what: object) -> Schedule:
        """The queue with one more entry, behind all others of its time."""
        due = Due(at_ms, self.next_order, actor, what)
        moments, others = self.moments, self.at.get(at_ms)
        if others is None:
            index = bisect_right(moments, at_ms)
            moments = (*moments[:index], at_ms, *moments[index:])
            others = ()
        at = self.at.insert(at_ms, (*others, due))
        return Schedule(moments, at, self.next_order + 1)

    def add_news(self, at_ms: int, actor: str, what: News) -> Schedule:
        """
        As `add`; but news that reach an actor at the same time, with nothing but other
        news in between, come together as one entry, in the order of asking.
        """
        others = self.at.get(at_ms, ())
        for index in range(len(others) - 1, -1, -1):
            due = others[index]
            if not isinstance(due.what, type(what)):
                break
            if due.actor == actor:
                both = Due(at_ms, due.order, actor, due.what.joined(what))
                changed = (*others[:index], both, *others[index + 1 :])
                at = self.at.insert(at_ms, changed)
                return Schedule(self.moments, at, self.next_order)
        return self.add(at_ms, actor, what)

    def without(self, gone: Callable[[Due], bool]) -> Schedule:
        """The queue without some entries."""
        left = {
            at_ms: tuple(due for due in self.at[at_ms] if not gone(due))
            for at_ms in self.moments
        }
        moments = tuple(at_ms for at_ms in self.moments if left[at_ms])
        at = HashTrieMap({at_ms: left[at_ms] for at_ms in moments})
        return Schedule(moments, at, self.next_order)

    def first(self) -> Due | None:
        """What happens next."""
        return self.at[self.moments[0]][0] if self.moments else None

    def rest(self) -> Schedule:
        """The queue without its first entry."""
        if not self.moments:
            return self
        at_ms = self.moments[0]
        others = self.at[at_ms][1:]
        if others:
            at = self.at.insert(at_ms, others)
            return Schedule(self.moments, at, self.next_order)
        return Schedule(self.moments[1:], self.at.remove(at_ms), self.next_order)
