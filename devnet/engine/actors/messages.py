"""What can happen to an actor: the entries of the world's schedule."""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.bc.anchors import AnchorReset
from devnet.engine.bc.blskeys import BlsKey
from devnet.engine.bc.evidence import Evidence, HandIn
from devnet.engine.bc.handover import Handover
from devnet.engine.bc.records import SwapCancelled, SwapRecord
from devnet.engine.bc.sideblock import SideBlock
from devnet.engine.bc.transaction import Transaction
from devnet.engine.federation.payouts import Payout
from devnet.engine.interfaces import Message


@dataclass(frozen=True, slots=True)
class MineStart:
    """A miner begins with a template, unless its plans changed."""

    plan: int


@dataclass(frozen=True, slots=True)
class MineTry:
    """A miner's try of one nonce ends."""

    plan: int


@dataclass(frozen=True, slots=True)
class MainBlockCame:
    """A mainchain block arrives, at a node, a validator or the collector."""

    block_hash: bytes


@dataclass(frozen=True, slots=True)
class MainTxCame:
    """A mainchain transaction arrives at a node."""

    tx: Transaction


@dataclass(frozen=True, slots=True)
class SideTxCame:
    """
    A sidechain transaction arrives at a validator.

    Args:
        word: for a claim, that of the collector who hands it in.
    """

    tx: Transaction
    word: HandIn | None = None


@dataclass(frozen=True, slots=True)
class SideTxsCame:
    """Sidechain transactions, no claims, arrive at a validator in one message."""

    txs: tuple[Transaction, ...]

    def joined(self, later: SideTxsCame) -> SideTxsCame:
        """What arrives with it, and later was asked for."""
        return SideTxsCame(self.txs + later.txs)


@dataclass(frozen=True, slots=True)
class SideBlockCame:
    """A sidechain block arrives at a validator."""

    block_hash: bytes


@dataclass(frozen=True, slots=True)
class BadBlockCame:
    """A sidechain block that breaks a rule arrives at a validator, with its sender."""

    block: SideBlock
    sender: str


@dataclass(frozen=True, slots=True)
class EvidenceCame:
    """A proof of somebody's offence arrives at a validator."""

    record: Evidence


@dataclass(frozen=True, slots=True)
class FaultEnds:
    """The time of a fault is over."""

    fault_id: str


@dataclass(frozen=True, slots=True)
class RivalTry:
    """
    An attacker tries one nonce for a block of a mainchain branch of its own.

    Args:
        fault_id: the fault that it belongs to; nothing: it goes on by itself.
        branch: the block it began on, then those found so far.
        n_blocks: how many it wants at least.
    """

    fault_id: str
    branch: tuple[bytes, ...]
    n_blocks: int
    nonce: int = 0


@dataclass(frozen=True, slots=True)
class GossipDue:
    """On a chain whose network loses messages, each tells another what it has."""

    chain: str
    turn: int


@dataclass(frozen=True, slots=True)
class EngineTimer:
    """A timer of a consensus engine ends, unless it was set anew."""

    epoch: int
    token: str
    number: int


@dataclass(frozen=True, slots=True)
class EngineMessage:
    """A message of a consensus engine arrives."""

    epoch: int
    sender: str
    message: Message


@dataclass(frozen=True, slots=True)
class SwapAsked:
    """Somebody asks a validator to approve a swap, or the end of one."""

    record: SwapRecord | SwapCancelled


@dataclass(frozen=True, slots=True)
class SwapApproval:
    """A validator's approval of a swap, or of its end, arrives at another."""

    record: SwapRecord | SwapCancelled
    key: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class BlsKeyCame:
    """A validator's registration of its BLS key for a swap arrives at another."""

    swap: SwapRecord
    own: BlsKey


@dataclass(frozen=True, slots=True)
class AnchorResetCame:
    """A new base for anchors, approved by a quorum, arrives at a validator."""

    record: AnchorReset


@dataclass(frozen=True, slots=True)
class SideHeadCame:
    """A sidechain's newest block arrives at the coordinator, or at a member."""

    chain: str
    block_hash: bytes


@dataclass(frozen=True, slots=True)
class PayoutRecordCame:
    """
    An intent or a completion arrives at a validator, as its record's program.

    Args:
        author: program of the coordinator that hands it in; nothing: anybody.
    """

    program: bytes
    author: bytes = b""


@dataclass(frozen=True, slots=True)
class HandoverSignature:
    """A member's signature over a handover, by its root key, arrives at another."""

    chain: str
    member: bytes
    record: Handover
    signature: bytes


@dataclass(frozen=True, slots=True)
class HandoverCame:
    """A signed handover arrives at a validator, as its record's program."""

    program: bytes


@dataclass(frozen=True, slots=True)
class SignPlease:
    """A coordinator, as the schedule names it, asks a member to check and to sign."""

    chain: str
    payout: Payout
    sender: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A member's signatures over a payout, one for each federation input."""

    chain: str
    member: bytes
    payout: Payout
    signatures: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class NotSigned:
    """
    Why a member does not sign. pin_id: what it signed with for this withdrawal before.
    """

    chain: str
    member: bytes
    payout: Payout
    check: str
    reason: str
    pin_id: bytes


@dataclass(frozen=True, slots=True)
class ClaimRefused:
    """A validator tells a collector why it does not take a Claim, by its id."""

    tx_id: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class CollectorWorks:
    """The collector finds time for what is ready."""
