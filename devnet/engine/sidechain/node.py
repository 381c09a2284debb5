"""
One validator of a sidechain: what it has received, follows, remembers and may sign.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from rpds import HashTrieMap

from devnet.engine.bc.anchors import AnchorReset
from devnet.engine.bc.blskeys import BlsKey
from devnet.engine.bc.evidence import Evidence
from devnet.engine.bc.records import SwapCancelled, SwapRecord
from devnet.engine.bc.sideblock import SideBlock
from devnet.engine.bc.transaction import Transaction
from devnet.engine.chain.mempool import Mempool, Orphan
from devnet.engine.errors import ConsensusError
from devnet.engine.interfaces import Checkpoint, Header, Phase, Vote
from devnet.engine.mainchain.view import MainView
from devnet.engine.sidechain.ledger import Draft
from devnet.engine.sidechain.state import SideEntry, SideTree


class VoteRefused(ConsensusError):
    """The signer refuses a vote or proposal that its durable state forbids."""

    code = "consensus.signer-refused"


@dataclass(frozen=True, slots=True)
class Ballot:
    """
    Durable voting state of one validator in one epoch.

    Stored before any signature leaves. V1: rounds voted for only grow. V2: a vote never
    goes back behind the newest certified block that an earlier vote built on. In a rule
    of several phases: one vote for each phase of a view, none behind a view that was
    left. `kept` is what the engine has to remember of its votes.
    """

    voted_round: int = 0
    source_round: int = 0
    proposed_round: int = 0
    prepared_round: int = 0
    committed_round: int = 0
    view_round: int = 0
    kept: bytes = b""

    def after_vote(self, header: Header, justify_round: int) -> Ballot:
        """The state to store before voting for this block, or VoteRefused."""
        if header.round <= self.voted_round:
            raise VoteRefused(
                f"V1: voted in round {self.voted_round}, asked for {header.round}",
                hint="One vote a round keeps certificates unique.",
            )
        if justify_round < self.source_round:
            raise VoteRefused(
                f"V2: voted on source {self.source_round}, asked for {justify_round}",
                hint="Going back behind a source could undo a final block.",
            )
        source_round = max(self.source_round, justify_round)
        return replace(self, voted_round=header.round, source_round=source_round)

    def after_phase(self, phase: Phase, view: int, keep: bytes = b"") -> Ballot:
        """The state to store before a vote in a phase of a view, or VoteRefused."""
        last = self.prepared_round if phase == "prepare" else self.committed_round
        entered = max(self.view_round, self.prepared_round, self.committed_round)
        if view <= last or view < entered:
            raise VoteRefused(
                f"a {phase} vote of view {view}: the last was in view {last}, and view "
                f"{entered} is entered",
                hint="One vote a phase, and none behind a view that was left.",
            )
        kept = keep or self.kept
        if phase == "prepare":
            return replace(self, prepared_round=view, kept=kept)
        return replace(self, committed_round=view, kept=kept)

    def after_view(self, view: int) -> Ballot:
        """The state to store before signing a change to a view, or VoteRefused."""
        if view <= self.view_round:
            raise VoteRefused(
                f"the change to view {self.view_round} is signed, asked for {view}",
                hint="Views only grow.",
            )
        return replace(self, view_round=view)

    def after_proposal(self, round_: int) -> Ballot:
        """The state to store before signing a proposal of this round."""
        if round_ <= self.proposed_round:
            raise VoteRefused(
                f"a proposal of round {self.proposed_round} is signed already, asked "
                f"for {round_}",
                hint="Two proposals in one round are evidence against their maker.",
            )
        return replace(self, proposed_round=round_)


@dataclass(frozen=True, slots=True)
class OpenSwap:
    """
    What validators are asked to approve, a swap or its end, and who signed: by key, as
    an election may move places meanwhile.
    """

    record: SwapRecord | SwapCancelled
    approvals: HashTrieMap[bytes, bytes] = field(default_factory=HashTrieMap)
    bls_keys: HashTrieMap[bytes, BlsKey] = field(default_factory=HashTrieMap)


@dataclass(frozen=True, slots=True)
class SideNode:
    """
    One validator.

    main: its own view of the mainchain. head: the block it follows. engines: the
    engine's state by epoch. timers: number of the newest timer by (epoch, token).
    held_blocks: valid, but their anchor is not settled in the own view yet.
    pool_orphans: transactions that came before what they spend; they wait for it.
    early_swaps: requests and approvals of a swap that leave an epoch still to come.
    foreseen: hashes whose work its engine will ask for soon.
    swap, cancel: the swap that it approved, and the end of one.
    recent: hashes of the newest blocks that came. heard: newest votes of others,
    by epoch and place. bad_blocks: the newest that break a rule; votes may follow.
    proofs: evidence that waits for a block, by the key or the act that it convicts.
    payouts_seen: the mainchain block up to which it looked for bad payouts.
    payout_records: intents and completions that wait for a block, as programs.
    handovers: signed handovers that wait for a block, as programs.
    reset: the new base for anchors that waits for a block, approved by a quorum.
    needs: why it does not run the rule in force, or nothing.
    inbox: what came while the validator stood still.
    """

    name: str
    xprv: bytes
    key: bytes
    program: bytes
    main: MainView
    head: bytes
    seen: HashTrieMap[bytes, None]
    final: Checkpoint
    orphans: tuple[bytes, ...] = ()
    held_blocks: tuple[bytes, ...] = ()
    held_claims: tuple[Transaction, ...] = ()
    pool_orphans: tuple[Orphan, ...] = ()
    pool: Mempool = field(default_factory=Mempool)
    engines: HashTrieMap[int, Any] = field(default_factory=HashTrieMap)
    timers: HashTrieMap[tuple[int, str], int] = field(default_factory=HashTrieMap)
    ballots: HashTrieMap[int, Ballot] = field(default_factory=HashTrieMap)
    filled: HashTrieMap[bytes, Draft] = field(default_factory=HashTrieMap)
    swap: OpenSwap | None = None
    cancel: OpenSwap | None = None
    early_swaps: tuple[object, ...] = ()
    foreseen: tuple[bytes, ...] = ()
    recent: tuple[bytes, ...] = ()
    bad_blocks: tuple[SideBlock, ...] = ()
    heard: HashTrieMap[tuple[int, int], tuple[Vote, ...]] = field(
        default_factory=HashTrieMap
    )
    proofs: HashTrieMap[bytes, Evidence] = field(default_factory=HashTrieMap)
    payout_records: tuple[bytes, ...] = ()
    handovers: tuple[bytes, ...] = ()
    payouts_seen: bytes = b""
    reset: AnchorReset | None = None
    needs: str = ""
    inbox: tuple[object, ...] = ()


def weighs_more(new: SideEntry, old: SideEntry) -> bool:
    """
    Fork choice: the engine's own order within an epoch of its own; between others the
    final height, then the epoch, then that order.
    """
    one, other = new.header, old.header
    if (one.epoch, one.engine) == (other.epoch, other.engine):
        return new.rank > old.rank
    return (new.final.height, new.header.epoch, new.rank) > (
        old.final.height,
        old.header.epoch,
        old.rank,
    )


def justify_round(tree: SideTree, header: Header, base: Checkpoint) -> int:
    """Round of the block that a header builds on; the epoch's base counts as 0."""
    if header.justify.hash == base.hash:
        return 0
    entry = tree.get(header.justify.hash)
    return entry.header.round if entry is not None else 0
