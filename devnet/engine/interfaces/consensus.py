"""
A consensus engine: two pure functions of frozen state, fed with inputs, answering with
effects that the host carries out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from devnet.engine.interfaces.chain import (
    NO_CERTIFICATE,
    Certificate,
    Checkpoint,
    Header,
    Phase,
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
    """
    Who the engine is and what it promises.

    Args:
        closing_blocks: how many a swap away from it needs without faults, in words.
        elects: validators change by votes: the engine has `acting` (see `Electing`).
    """

    name: str
    finality: Finality
    summary: str
    params: tuple[Param, ...] = ()
    api: int = API_VERSION
    least_validators: int = 1
    closing_blocks: str = "0"
    elects: bool = False


@dataclass(frozen=True, slots=True)
class Seat:
    """
    Where an engine starts: whose eyes it has, under which rules, at what time.

    Args:
        me: the place in the epoch's list, or -1: not in it (elected later, perhaps).
        key: the node's own public key.
        view_round: the newest change of view that the node signed in this epoch.
        kept: what the engine gave its signer to keep (`CastVote.keep`), after a crash.
    """

    me: int
    rules: Rules
    now_ms: int
    key: bytes = b""
    view_round: int = 0
    kept: bytes = b""


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
    """The block asked for by `Propose` or `TryNonce` is ready, not signed nor sent."""

    now_ms: int
    header: Header


@dataclass(frozen=True, slots=True)
class Vote:
    """
    A signed vote. `index` is the voter's place in the list of the block's rules.

    Args:
        round: the block's own, or for phases other than "vote" the view voted in.
    """

    epoch: int
    round: int
    height: int
    block_hash: bytes
    index: int
    signature: bytes
    phase: Phase = "vote"


@dataclass(frozen=True, slots=True)
class Voted:
    """The host's signer allowed and signed the vote asked for by `CastVote`."""

    now_ms: int
    vote: Vote


@dataclass(frozen=True, slots=True)
class ViewSigned:
    """The host's signer allowed and signed the change of view asked for."""

    now_ms: int
    round: int
    justify_hash: bytes
    signature: bytes


class Message(Protocol):
    """What validators of one rule say to each other: a frozen dataclass."""

    @property
    def kind(self) -> str:
        """One short word: what is said."""

    @property
    def height(self) -> int:
        """The height that it speaks of."""

    @property
    def round(self) -> int:
        """The round that it speaks of."""


@dataclass(frozen=True, slots=True)
class VoteMessage:
    """A vote on its way. Its kind is the vote's phase."""

    vote: Vote

    @property
    def kind(self) -> str:
        return self.vote.phase

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


Input = (
    TimerFired
    | Woken
    | BlockJudged
    | HeadChanged
    | Filled
    | Voted
    | ViewSigned
    | MessageGot
)


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
    bits: int = 0


@dataclass(frozen=True, slots=True)
class TryNonce:
    """
    The filled block with another nonce, which gives it another hash. The host answers
    `Filled`; only the newest filled block of a node can be tried or published.
    """

    block_hash: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class Foresee:
    """
    The engine will soon ask `chain.work` of these hashes, and of no others that it
    named before. A host that computes works elsewhere may begin; nothing is answered.
    """

    block_hashes: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Publish:
    """
    Sign this filled block as its proposer and send it to everybody.

    Args:
        to: only to these seats, who see to the rest of the list (`Share`). Nodes
            without a seat get it from the host all the same.
    """

    block_hash: bytes
    to: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class CastVote:
    """
    Vote for a block. The host's signer stores its state, refuses what V1 and V2 forbid,
    signs, and answers `Voted`; the engine then decides who gets it.

    Args:
        phase: "vote" under V1 and V2, which read the block's own round; in the phases
            "prepare" and "commit" one vote for each `round`, the view, and none behind
            a view that the node has left.
        keep: what the engine must not forget once this vote is out. The signer stores
            it with its own state; `Seat.kept` brings it back.
    """

    block_hash: bytes
    phase: Phase = "vote"
    round: int = 0
    keep: bytes = b""


@dataclass(frozen=True, slots=True)
class SignView:
    """
    Sign a change to the view `round`, with what this node has seen certified or
    prepared. Views only grow; who signs one prepares and commits nothing behind it. The
    host answers `ViewSigned`.
    """

    round: int
    justify_hash: bytes


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
class Share:
    """
    Send a block that this node has once more: to one validator by index, or to all. It
    serves rules that stand still until a block that got lost arrives.
    """

    block_hash: bytes
    to: int | None = None


@dataclass(frozen=True, slots=True)
class Certified:
    """A quorum voted for this block, as far as this validator saw."""

    block_hash: bytes
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Final:
    """This validator can prove that the block is final, before the chain shows it."""

    block_hash: bytes


Effect = (
    SetTimer
    | Propose
    | TryNonce
    | Foresee
    | Publish
    | CastVote
    | SignView
    | Broadcast
    | Send
    | Share
    | Certified
    | Final
)
