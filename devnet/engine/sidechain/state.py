"""
What a sidechain is at a block: balances, claimed locks, the rule in force, the swap
that is on its way. Pure values; the tree holds every valid block that exists.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rpds import HashTrieMap

from devnet.engine.bc.merkle import status_root, tx_root
from devnet.engine.bc.records import SwapRecord
from devnet.engine.bc.sideblock import SideBlock, SideHeader, rules_hash, view
from devnet.engine.chain.coins import CoinChange, CoinSet
from devnet.engine.chain.column import Column
from devnet.engine.chain.places import Places
from devnet.engine.federation.council import Council
from devnet.engine.federation.programs import Federation
from devnet.engine.federation.withdrawals import Owed
from devnet.engine.interfaces import Certificate, Checkpoint, Header, Rules, Validator
from devnet.engine.sidechain.pegout import PegOut
from devnet.engine.sidechain.roster import Roster


@dataclass(frozen=True, slots=True)
class Claimed:
    """One entry of the claimed set: what a lock became here."""

    lock_id: bytes
    asset: bytes
    amount: int
    claim_script: bytes
    height: int
    tx_id: bytes


@dataclass(frozen=True, slots=True)
class PendingSwap:
    """
    A swap record in the chain whose new rule is not in force yet.

    bls_keys: of its validators, in their order, where it merges votes.
    """

    record: SwapRecord
    height: int
    bls_keys: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class SideState:
    """
    A sidechain at a block.

    epochs: the rules of every epoch so far; the last are in force for this block.
    busy_height: the newest block with content that must become final.
    places: where each transaction stands.
    acting: who is elected to act in this block; empty: the epoch's own validators.
    tally: votes in neu by validator key.
    roster: who stands for a seat, and who approves of whom.
    cancelled: body hashes of the swaps that a quorum took back in this epoch; the same
        approvals must not bring one of them again.
    pegout: what is owed on the mainchain, and what was paid.
    council: federation and collectors; None: those that the chain began with.
    written_off: claims whose locks were given up with a branch of the mainchain.
    """

    coins: CoinSet = field(default_factory=CoinSet)
    hashes: Column[bytes] = field(default_factory=Column)
    claimed: HashTrieMap[bytes, Claimed] = field(default_factory=HashTrieMap)
    claimed_sum: HashTrieMap[bytes, int] = field(default_factory=HashTrieMap)
    burned_sum: HashTrieMap[bytes, int] = field(default_factory=HashTrieMap)
    withdrawn_sum: HashTrieMap[bytes, int] = field(default_factory=HashTrieMap)
    epochs: tuple[Rules, ...] = ()
    pending: PendingSwap | None = None
    busy_height: int = 0
    places: Places = field(default_factory=HashTrieMap)
    acting: tuple[Validator, ...] = ()
    tally: HashTrieMap[bytes, int] = field(default_factory=HashTrieMap)
    roster: Roster = field(default_factory=Roster)
    cancelled: tuple[bytes, ...] = ()
    pegout: PegOut = field(default_factory=PegOut)
    council: Council | None = None
    written_off: tuple[Claimed, ...] = ()

    @property
    def rules(self) -> Rules:
        """The rules of the block that this state belongs to, as its epoch began."""
        return self.epochs[-1]

    @property
    def seated(self) -> Rules:
        """The same rules with the validators who are elected to act in this block."""
        if not self.acting:
            return self.rules
        return replace(self.rules, validators=self.acting)


@dataclass(frozen=True, slots=True)
class SideEntry:
    """
    One valid sidechain block with its state.

    final: the highest block that the chain ending here proves final, by the rule in
    force and never above a pending swap's closing height.
    """

    block: SideBlock
    header: Header
    state: SideState
    change: CoinChange
    claims: tuple[Claimed, ...]
    final: Checkpoint
    rank: tuple[object, ...]
    fee_sum: int = 0
    debts: tuple[Owed, ...] = ()

    @property
    def height(self) -> int:
        return self.header.height

    @property
    def hash(self) -> bytes:
        return self.header.hash

    @property
    def anchor(self) -> Checkpoint:
        """The settled mainchain block that this block names."""
        return self.block.header.anchor

    def is_closing(self) -> bool:
        """Does it only carry certificates for a swap?"""
        pending = self.state.pending
        return pending is not None and self.height > pending.record.closing_height


@dataclass(frozen=True, slots=True)
class SideSpec:
    """
    What never changes about a sidechain.

    Args:
        parent_id: the mainchain, by its genesis hash.
        start_ms: wall-clock milliseconds since 1970 at virtual time 0 of the world.
        depth: blocks on top of a mainchain block before it may be an anchor.
        grace: mainchain blocks after which anybody may claim, without fee.
        idle_ms: an idle chain makes a block this often.
        federations, collectors: those that the chain begins with.
        hrp: prefix of addresses as text; elections break ties by that text.
        unbond_blocks: how long votes and bonds stay locked.
        federation_blocks, collector_blocks: after so many blocks votes elect anew.
        n_collectors: how many are elected; 0: as many as the chain begins with.
    """

    name: str
    chain_id: bytes
    genesis_ms: int
    start_ms: int
    parent_id: bytes
    federations: tuple[Federation, ...]
    relay_fee_ppm: int
    collectors: tuple[bytes, ...]
    depth: int
    grace: int
    idle_ms: int
    swap_notice: int
    hrp: str = "sm"
    unbond_blocks: int = 400
    federation_blocks: int = 200
    collector_blocks: int = 40
    n_collectors: int = 0


@dataclass(frozen=True, slots=True)
class SideTree:
    """Every valid block of one sidechain, whoever has it."""

    spec: SideSpec
    entries: HashTrieMap[bytes, SideEntry] = field(default_factory=HashTrieMap)

    def __getitem__(self, block_hash: bytes) -> SideEntry:
        return self.entries[block_hash]

    def get(self, block_hash: bytes) -> SideEntry | None:
        """The entry, or None."""
        return self.entries.get(block_hash)

    def with_entry(self, entry: SideEntry) -> SideTree:
        """The tree with one more valid block."""
        return SideTree(self.spec, self.entries.insert(entry.hash, entry))

    def council(self, entry: SideEntry) -> Council:
        """Federation and collectors that hold for the children of a block."""
        spec = self.spec
        first = Council(0, spec.federations, spec.collectors)
        return entry.state.council or first

    def hash_at(self, tip: bytes, height: int) -> bytes | None:
        """The ancestor of a block (or itself) at a height, or None."""
        entry = self.entries.get(tip)
        if entry is None or height > entry.height:
            return None
        return entry.state.hashes.get(height)

    def is_ancestor(self, old: bytes, tip: bytes) -> bool:
        """Is `old` on the branch that ends in `tip`, `tip` itself included?"""
        entry = self.entries.get(old)
        return entry is not None and self.hash_at(tip, entry.height) == old

    def is_final_at(self, tip: bytes, height: int, final: Checkpoint) -> bool:
        """Is the block at a height of the branch that ends in `tip` below `final`?"""
        found = self.hash_at(tip, height)
        return found is not None and self.is_ancestor(found, final.hash)


def side_genesis(
    name: str, rules: Rules, genesis_ms: int, anchor: Checkpoint
) -> SideBlock:
    """The block of height 0. Its hash is the chain's id, so the name is in it."""
    nothing = Checkpoint(0, bytes(32))
    header = SideHeader(
        version=1,
        height=0,
        previous=bytes(32),
        timestamp_ms=genesis_ms,
        tx_root=tx_root([]),
        status_root=status_root([]),
        epoch=0,
        engine=rules.engine,
        rules_hash=rules_hash(rules.engine, rules.params, rules.validators),
        round=0,
        justify=nothing,
        anchor=anchor,
        engine_data=name.encode(),
        signature=b"",
        certificate=Certificate(),
        nonce=0,
        bits=0,
    )
    return SideBlock(header, ())


def genesis_entry(block: SideBlock, rules: Rules) -> SideEntry:
    """The entry of the genesis block, which is trusted as it is."""
    block_hash = block.header.hash
    state = SideState(
        hashes=Column(newest=(block_hash,)),
        epochs=(
            Rules(0, rules.engine, rules.params, rules.validators,
                  Checkpoint(0, block_hash)),
        ),
    )  # fmt: skip
    return SideEntry(
        block,
        view(block.header),
        state,
        CoinChange(),
        (),
        Checkpoint(0, block_hash),
        (),
    )
