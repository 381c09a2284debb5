"""What a consensus engine has to be: its rules, its acting, its elections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from devnet.engine.interfaces.chain import (
    ChainReader,
    Checkpoint,
    Header,
    Rules,
    Validator,
)
from devnet.engine.interfaces.consensus import Effect, EngineInfo, Input, Seat


class ConsensusEngine(Protocol):
    """
    A consensus rule. State is frozen and opaque to the host.

    `check_header`, `final_seen` and `rank` are pure rules for every node and for
    history; `start` and `step` act for one validator; `describe` is one line of words.
    """

    info: ClassVar[EngineInfo]

    def check_header(self, header: Header, parent: Header, chain: ChainReader) -> None:
        """Raise ConsensusError when the header breaks this rule."""

    def final_seen(self, tip: Header, chain: ChainReader) -> Checkpoint:
        """The highest block that the chain ending in `tip` proves final."""

    def rank(self, tip: Header, chain: ChainReader) -> tuple[Any, ...]:
        """Fork choice within one epoch: the greater tuple wins."""

    def start(self, seat: Seat, chain: ChainReader) -> tuple[Any, tuple[Effect, ...]]:
        """State of a validator that takes its seat now."""

    def step(
        self, state: Any, event: Input, chain: ChainReader
    ) -> tuple[Any, tuple[Effect, ...]]:
        """What follows from one input."""

    def describe(self, state: Any, chain: ChainReader) -> str:
        """What this validator is doing, for the screen: at most about 60 cells."""


@dataclass(frozen=True, slots=True)
class Coming:
    """
    What an election will bring.

    Args:
        validators: who acts then.
        height: of the first block in which they can act.
        at_ms: when at the earliest, where rounds go by the clock; else 0.
    """

    validators: tuple[Validator, ...]
    height: int
    at_ms: int = 0


class Electing(ConsensusEngine, Protocol):
    """A rule whose validators change by votes within an epoch (`info.elects`)."""

    def acting(
        self, time_ms: int, parent: Header, rules: Rules, chain: ChainReader
    ) -> tuple[Validator, ...]:
        """
        Who acts in a block of this time on `parent`: pure, from the chain alone.

        The host puts it into `chain.rules_of(header).validators`; indexes in votes,
        bitmaps and `signed_by` count in that list.

        Args:
            rules: of the block's epoch. The parent of an epoch's first block is of
                another one.
        """

    def coming(self, tip: Header, chain: ChainReader) -> Coming:
        """Who would act after `tip` and this vote round, if no vote moved any more."""
