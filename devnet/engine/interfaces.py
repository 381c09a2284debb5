"""
All that a plug-in may import: a consensus engine or a store rests on this page alone.

A consensus engine is two pure functions of frozen state. The host brings inputs and
carries effects out; it owns network, time, keys and storage, and it alone signs.
A store is an ordered map of bytes with atomic batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from devnet.engine.errors import ConsensusError, PluginError, StorageError

__all__ = [
    "API_VERSION", "BlockJudged", "Broadcast", "CastVote", "Certificate", "Certified",
    "ChainReader", "Checkpoint", "ConsensusEngine", "ConsensusError", "Effect",
    "EngineInfo", "Filled", "Final", "HeadChanged", "Header", "Input", "Message",
    "MessageGot", "Param", "PluginError", "Propose", "Publish", "Rules", "Seat", "Send",
    "SetTimer", "StorageError", "Store", "StoreInfo", "TimerFired", "Validator", "Vote",
    "VoteMessage", "Voted", "Woken", "WorkSource", "quorum",
]  # fmt: skip

API_VERSION = 1

Finality = Literal["instant", "certificate", "builders", "depth"]


def quorum(n_validators: int) -> int:
    """How many of n equal validators certify: more than two thirds."""
    return 2 * n_validators // 3 + 1


# What an engine may know.


@dataclass(frozen=True, slots=True)
class Validator:
    """One seat of an epoch's list: its name here, its 32-byte key, its weight."""

    name: str
    key: bytes
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A block named by height and hash."""

    height: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Certificate:
    """
    Votes of a quorum for one block. Bit i of the bitmap (least significant bit of
    byte 0 first) is validator i; signatures follow in ascending order of set bits.
    """

    bitmap: bytes = b""
    signatures: tuple[bytes, ...] = ()

    def voters(self) -> tuple[int, ...]:
        """Indexes of the validators whose bit is set, ascending."""
        return tuple(
            8 * byte_index + bit
            for byte_index, byte in enumerate(self.bitmap)
            for bit in range(8)
            if byte >> bit & 1
        )

    @staticmethod
    def of(signatures: Mapping[int, bytes]) -> Certificate:
        """The certificate of these votes, by validator index."""
        if not signatures:
            return Certificate()
        bitmap = bytearray(max(signatures) // 8 + 1)
        for index in signatures:
            bitmap[index // 8] |= 1 << index % 8
        return Certificate(
            bytes(bitmap), tuple(signatures[index] for index in sorted(signatures))
        )


@dataclass(frozen=True, slots=True)
class Header:
    """What a consensus rule may know of a block. `justify` has its certificate here."""

    hash: bytes
    height: int
    previous: bytes
    time_ms: int
    epoch: int
    engine: str
    round: int
    justify: Checkpoint
    engine_data: bytes = b""
    signature: bytes = b""
    certificate: Certificate = Certificate()
    nonce: int = 0
    bits: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """What is in force in an epoch, from the block above `base` on."""

    epoch: int
    engine: str
    params: Mapping[str, int]
    validators: tuple[Validator, ...]
    base: Checkpoint


class ChainReader(Protocol):
    """What an engine can ask about the chain. Nothing here changes anything."""

    @property
    def chain_id(self) -> bytes:
        """The sidechain's id: the hash of its genesis block."""

    @property
    def genesis_ms(self) -> int:
        """Time of the genesis block, milliseconds since 1970."""

    @property
    def now_ms(self) -> int:
        """The virtual time, milliseconds since 1970."""

    def header(self, block_hash: bytes) -> Header | None:
        """A valid block's header, or None when this node does not have it."""

    def ancestor(self, block_hash: bytes, height: int) -> Header:
        """The ancestor of a known block (or the block itself) at a height."""

    def head(self) -> Header:
        """The tip that this node follows."""

    def rules(self, epoch: int) -> Rules:
        """The rules of an epoch."""

    def signed_by(self, header: Header, index: int) -> bool:
        """Is the header's signature validator `index`'s over this very block?"""

    def voted_for(self, block_hash: bytes, epoch: int, index: int, sig: bytes) -> bool:
        """Is `sig` validator `index`'s vote for this block?"""


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
    certificate: Certificate = Certificate()
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


# Stores.


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """Who the store is. A durable one keeps its content across close and open."""

    name: str
    summary: str
    durable: bool
    api: int = API_VERSION
    file_suffix: str = ""


class Reader(Protocol):
    """Reading from a store, or from a frozen state of it."""

    def get(self, key: bytes) -> bytes | None:
        """The value, or None. An empty value is not an absent key."""

    def iterate(
        self, prefix: bytes = b"", start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Pairs in unsigned byte order, from `start` (included) in the direction."""


class Batch(Protocol):
    """Changes that happen together or not at all. The last write to a key wins."""

    def put(self, key: bytes, value: bytes) -> None:
        """Set a key. Keys have 1 to 255 bytes, values up to 16 MiB."""

    def delete(self, key: bytes) -> None:
        """Remove a key. An absent one is no error."""


class Store(Reader, Protocol):
    """
    An ordered map of bytes with atomic batches and snapshots. Built with the path of
    its file, or None for one that lives in memory.
    """

    info: ClassVar[StoreInfo]

    def put(self, key: bytes, value: bytes) -> None:
        """Set one key."""

    def delete(self, key: bytes) -> None:
        """Remove one key."""

    def batch(self) -> AbstractContextManager[Batch]:
        """All on a clean exit, nothing on an exception."""

    def snapshot(self) -> AbstractContextManager[Reader]:
        """A frozen state that later writes do not change."""

    def close(self) -> None:
        """Everything committed is there after the next open, if durable."""


# Proof of work, computed elsewhere.


class WorkSource(Protocol):
    """
    Answers of the proof-of-work function, computed outside the engine. A pure function
    with a delay: when an answer arrives never changes what it is.
    """

    def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
        """The 32-byte work, or None when it is not known yet."""

    def want(self, pairs: tuple[tuple[bytes, bytes], ...]) -> None:
        """These (seed, header hash) pairs will be needed, soonest first."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until one more answer is there. False when time ran out."""

    def close(self) -> None:
        """Stop whatever computes."""
