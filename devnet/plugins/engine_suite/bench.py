"""The bench on which an engine is judged: hosts to play it on, and one calm play."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, cast

from devnet.engine.interfaces import ConsensusEngine, Header
from devnet.plugins.lab.chain import LabChain
from devnet.plugins.lab.host import LabHost
from devnet.plugins.lab.outside import noticing
from devnet.plugins.lab.watched import Watched

PASSED = ""
SEATS = 4
CHUNK_MS = 250
INTERVALS = 200
"""So many intervals of the engine a play may last before it counts as halted."""
CALM_HEIGHT = 14
CALM_FINAL = 5


class Calm:
    """
    Four validators, no faults, always something to do.

    Attributes:
        error: what ended the play early.
        outside: what was called that an engine may not call.
    """

    def __init__(self, bench: EngineBench) -> None:
        self.outside: list[str] = []
        self.error: Exception | None = None
        self.watched = Watched(bench.make)
        self.host: LabHost | None = None
        with noticing(self.outside.append):
            try:
                self.host = watched_host(self.watched, bench.n_seats)
                bench.advance(self.host, self._far_enough)
            except Exception as error:
                self.error = error
        self.watched.at_the_end()

    def _far_enough(self, host: LabHost) -> bool:
        heights = [node.chain.tip.height for node in host.nodes]
        return min(heights) >= CALM_HEIGHT and min(host.finals()) >= CALM_FINAL

    @property
    def blocks(self) -> list[Header]:
        """The blocks of the first validator's chain, genesis first."""
        if self.host is None:
            return []
        chain = self.host.nodes[0].chain
        tip = chain.tip
        return [chain.ancestor(tip.hash, h) for h in range(tip.height + 1)]

    def why_short(self) -> str:
        """Why there is less to judge than there should be."""
        if self.error is not None:
            return f"the play ended: {type(self.error).__name__}: {self.error}"
        return "hardly a block was made"


def watched_host(watched: Watched, n: int) -> LabHost:
    """A host whose engine is under observation, with something to do at all times."""
    return LabHost(cast(ConsensusEngine, watched), n, busy=True)


class EngineBench:
    """Makes hosts for a rule; the calm play is made once for all that look at it."""

    def __init__(self, make: Callable[[], ConsensusEngine]) -> None:
        self.make = make
        self.info = make().info
        self.n_seats = max(SEATS, self.info.least_validators)

    @cached_property
    def calm(self) -> Calm:
        """The play that most rules look at."""
        return Calm(self)

    @property
    def interval_ms(self) -> int:
        """How fast its blocks come, as far as its parameters say."""
        named = {param.name: param.default for param in self.info.params}
        return named.get("interval_ms", 1000)

    def host(self, n: int = 0, **settings: Any) -> LabHost:
        """A host for an engine of its own, with something to do at all times."""
        return LabHost(self.make(), n or self.n_seats, **{"busy": True} | settings)

    def advance(self, host: LabHost, enough: Callable[[LabHost], bool]) -> bool:
        """Let time pass until there is enough, or it stands still for too long."""
        end_ms = host.now_ms + max(60_000, INTERVALS * self.interval_ms)
        while host.now_ms < end_ms:
            host.run(host.now_ms + CHUNK_MS)
            if enough(host):
                return True
        return False

    def goes_on(self, host: LabHost, n_blocks: int = 2, without: int = -1) -> bool:
        """Do all validators, save one perhaps, see more final than now?"""
        who = [node for node in host.nodes if node.index != without]
        held = max(node.final.height for node in who)
        return self.advance(
            host, lambda _: min(node.final.height for node in who) >= held + n_blocks
        )

    def replayed(self, blocks: list[Header]) -> LabChain:
        """A chain of these headers alone, read by somebody who was not there."""
        calm = self.calm.host
        assert calm is not None, "only a play that began has headers"
        engine: Any = self.make()
        return LabChain(
            calm.nodes[0].chain.epochs, blocks[-1], {b.hash: b for b in blocks},
            now_ms=blocks[-1].time_ms, polls=calm.polls,
            elector=engine if self.info.elects else None,
        )  # fmt: skip
