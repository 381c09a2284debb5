"""Virtual time, links that lose, double and delay, and the log of who did what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Any

from devnet.engine.interfaces import Checkpoint, Header
from devnet.plugins.lab.chain import LabChain
from devnet.plugins.lab.signer import LabBallot
from devnet.plugins.lab.story import story

LINK_MS = 40
MOST_ACTS = 100_000


class LabFault(AssertionError):
    """An engine did what no engine may do."""


class Conflict(LabFault):
    """Two validators hold blocks final of which neither stands on the other."""


class TooBusy(LabFault):
    """Time does not pass: so much happens."""


@dataclass
class LabNode:
    """One validator: its chain, its engine's state, its signer's memory."""

    index: int
    name: str
    key: bytes
    chain: LabChain
    final: Checkpoint
    state: Any = None
    up: bool = True
    deaf: bool = False
    ballot: LabBallot = field(default_factory=LabBallot)
    timers: dict[str, int] = field(default_factory=dict)
    filled: dict[bytes, tuple[Header, frozenset[int]]] = field(default_factory=dict)
    work: set[int] = field(default_factory=set)


class Links:
    """
    The time that passes between validators, and what carries their messages.

    Args:
        loss: the share of messages that never arrive.
        twice: the share of messages that arrive twice.
        jitter_ms: messages take LINK_MS and up to this much longer.
    """

    def __init__(
        self, *, seed: int = 0, loss: float = 0, twice: float = 0, jitter_ms: int = 0
    ) -> None:
        self.loss, self.twice, self.jitter_ms = loss, twice, jitter_ms
        self.random = Random(seed)
        self.now_ms, self.n_acts = 0, 0
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._order = 0
        self.log: list[tuple[int, str, str]] = []  # when, who, what
        self.cut_off: set[int] = set()

    def run(self, until_ms: int) -> None:
        """Let time pass. Raises LabFault when an engine does what it must not."""
        while self._queue and self._queue[0][0] <= until_ms:
            self.now_ms, _, act = heappop(self._queue)
            self.n_acts += 1
            if self.n_acts > MOST_ACTS:
                raise TooBusy(f"{MOST_ACTS} things happened within {self.now_ms} ms")
            act()
        self.now_ms = until_ms

    def at(self, at_ms: int, act: Callable[[], None]) -> None:
        """Do this at a time."""
        self._order += 1
        heappush(self._queue, (at_ms, self._order, act))

    def carry(self, sender: LabNode, to: LabNode, act: Callable[[], None]) -> None:
        """Bring something over a link, where it may be lost, late, or come twice."""
        parted = (sender.index in self.cut_off) != (to.index in self.cut_off)
        lost = self.loss and self.random.random() < self.loss
        n_copies = 2 if self.twice and self.random.random() < self.twice else 1
        for _ in range(n_copies):
            late_ms = self.random.randint(0, self.jitter_ms) if self.jitter_ms else 0
            if not parted and not lost:
                at_ms = self.now_ms + LINK_MS + late_ms
                self.at(at_ms, lambda: act() if to.up else None)

    def note(self, node: LabNode, what: str) -> None:
        """Write down what a validator did: a verb in its plain form, and more."""
        self.log.append((self.now_ms, node.name, what))

    def lines(self) -> list[str]:
        """The log; who did the same at the same time stands in one line."""
        return story(self.log)
