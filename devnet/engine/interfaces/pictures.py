"""
What a rule can show of itself beside its line of words. Nothing here decides anything.

Every part may be missing. Places count in the list of validators that acts in the block
the part is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

from devnet.engine.interfaces.chain import ChainReader, Phase
from devnet.engine.interfaces.engines import ConsensusEngine

SlotState = Literal["made", "passed", "now", "coming"]


@dataclass(frozen=True, slots=True)
class Tally:
    """The places whose votes for a block this node holds, in one phase."""

    block_hash: bytes
    voters: tuple[int, ...]
    phase: Phase = "vote"


@dataclass(frozen=True, slots=True)
class Branches:
    """
    The tree along which a round speaks.

    Args:
        parents: by place, -1 for gateways.
        expected: stage and the messages that it costs without faults.
    """

    height: int
    round: int
    leader: int
    gateways: tuple[int, ...]
    parents: tuple[int, ...]
    expected: tuple[tuple[str, int], ...]

    @property
    def n_expected(self) -> int:
        """Messages of the whole round."""
        return sum(count for _, count in self.expected)


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot of the clock. `owner` is a name, or nothing where nobody has it."""

    number: int
    owner: str
    state: SlotState
    height: int = 0


@dataclass(frozen=True, slots=True)
class Gauge:
    """So much of so much, with what it means. No promise that it ends full."""

    what: str
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class Picture:
    """
    Everything that one node's engine can show now.

    Args:
        stage: where it stands in its rule, in words.
    """

    stage: str = ""
    tallies: tuple[Tally, ...] = ()
    branches: Branches | None = None
    slots: tuple[Slot, ...] = ()
    gauges: tuple[Gauge, ...] = ()


class Drawn(ConsensusEngine, Protocol):
    """A rule with more to show than a line. The method is optional."""

    def picture(self, state: Any, chain: ChainReader) -> Picture:
        """What this node's engine can show now."""


def picture_of(engine: ConsensusEngine, state: Any, chain: ChainReader) -> Picture:
    """What an engine shows; an empty picture if it has no `picture`."""
    if not hasattr(engine, "picture"):
        return Picture()
    return cast(Drawn, engine).picture(state, chain)
