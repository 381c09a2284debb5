"""
A consensus engine: two pure functions of frozen state, fed with inputs, answering with
effects that the host carries out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from devnet.engine.interfaces.chain import (
    NO_CERTIFICATE,
    Certificate,
    ChainReader,
    Checkpoint,
    Header,
    Rules,
)

API_VERSION = 1

Finality = Literal["instant", "certificate", "builders", "depth"]


# What an engine is.


@dataclass(frozen=True, slots=True)
class Param:
    """One number that a rule can be given: its default, its bounds, its meaning."""

    name: str
    default: int
    low: int
    high: int
    meaning: str


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """Who the engine is and what it promises."""

    name: str
    finality: Finality
    summary: str
    params: tuple[Param, ...] = ()
    api: int = API_VERSION
    least_validators: int = 1
    closing_blocks: str = "0"


@dataclass(frozen=True, slots=True)
class Seat:
    """Where an engine starts: whose eyes it has, under which rules, at what time."""

    me: int
    rules: Rules
    now_ms: int


# Inputs: what the host tells an engine. All carry the virtual time.


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The time of a `SetTimer` came."""

    now_ms: int
    token: str


@dataclass(frozen=True, slots=True)
class Woken:
    """Something waits to be put in a block."""

    now_ms: int


@dataclass(frozen=True, slots=True)
class BlockJudged:
    """A block of this epoch arrived and the host checked it whole. `votable` is false
    for a block that is only history (caught up after the fact)."""

    now_ms: int
    header: Header
    votable: bool = True


@dataclass(frozen=True, slots=True)
class HeadChanged:
    """The node follows another tip now."""

    now_ms: int
    header: Header


@dataclass(frozen=True, slots=True)
class Filled:
    """The block asked for by `Propose` is ready, not yet signed nor sent."""

    now_ms: int
    header: Header


@dataclass(frozen=True, slots=True)
class Vote:
    """A signed vote. `index` is the voter's place in the epoch's list."""

    epoch: int
    round: int
    height: int
    block_hash: bytes
    index: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Voted:
    """The host's signer allowed and signed the vote asked for by `CastVote`."""

    now_ms: int
    vote: Vote


class Message(Protocol):
    """What validators of one rule say to each other: a frozen dataclass."""

    kind: ClassVar[str]

    @property
    def height(self) -> int:
        """The height that it speaks of."""

    @property
    def round(self) -> int:
        """The round that it speaks of."""


@dataclass(frozen=True, slots=True)
class VoteMessage:
    """A vote on its way."""

    kind: ClassVar[str] = "vote"
    vote: Vote

    @property
    def height(self) -> int:
        return self.vote.height

    @property
    def round(self) -> int:
        return self.vote.round


@dataclass(frozen=True, slots=True)
class MessageGot:
    """Another validator's message arrived. The sender is an index, not a proof."""

    now_ms: int
    sender: int
    message: Message


Input = TimerFired | Woken | BlockJudged | HeadChanged | Filled | Voted | MessageGot


# Effects: what an engine asks the host to do, in order.


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Fire `TimerFired(token)` at this time. A token set again replaces the old one."""

    at_ms: int
    token: str


@dataclass(frozen=True, slots=True)
class Propose:
    """
    Fill a block on `parent` with what waits. The host answers `Filled`, or nothing when
    nothing needs a block just now.
    """

    parent: bytes
    round: int
    time_ms: int
    justify: Checkpoint
    certificate: Certificate = NO_CERTIFICATE
    engine_data: bytes = b""


@dataclass(frozen=True, slots=True)
class Publish:
    """Sign this filled block as its proposer and send it to everybody."""

    block_hash: bytes


@dataclass(frozen=True, slots=True)
class CastVote:
    """
    Vote for a block. The host's signer stores its state, refuses what V1 and V2 forbid,
    signs, and answers `Voted`; the engine then decides who gets it.
    """

    block_hash: bytes


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Send to every other validator of the epoch."""

    message: Message


@dataclass(frozen=True, slots=True)
class Send:
    """Send to one validator, by index."""

    to: int
    message: Message


@dataclass(frozen=True, slots=True)
class Certified:
    """A quorum voted for this block, as far as this validator saw."""

    block_hash: bytes
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Final:
    """This validator can prove that the block is final, before the chain shows it."""

    block_hash: bytes


Effect = SetTimer | Propose | Publish | CastVote | Broadcast | Send | Certified | Final


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
