"""
What the mainchain is at a block, and how a block makes the next state from it.

One tree holds every block that exists; a node's view only says which of them it has
received and which tip it follows. A block is judged once, because the verdict follows
from the block and its parent alone.

Source: Bytom/bytom v1.1.0, protocol/block.go, protocol/validation/block.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from rpds import HashTrieMap

from devnet.engine.bc.block import Block, BlockHeader
from devnet.engine.bc.difficulty import INITIAL_SEED, work_of_bits
from devnet.engine.bc.programs import is_p2wsh
from devnet.engine.bc.transaction import Issuance
from devnet.engine.chain.coins import (
    Coin,
    CoinChange,
    CoinDraft,
    CoinSet,
    apply_to_draft,
)
from devnet.engine.chain.column import Column
from devnet.engine.errors import BlockError
from devnet.engine.mainchain.index import MainIndex
from devnet.engine.mainchain.profile import Profile, genesis_block, profile_named
from devnet.engine.rules.block import (
    ParentFacts,
    check_block,
    check_header,
    parent_facts,
)

SEED_WINDOW = 256


Deposits: TypeAlias = "HashTrieMap[bytes, Column[Coin]]"
"""Outputs by P2WSH program."""


class UnknownParent(BlockError):
    """The block's parent has not been seen."""

    code = "block.orphan"
    default_hint = "Hand in the parent first."


class WorkMissing(Exception):
    """
    An answer of the proof-of-work function is needed and not there yet. No refusal: the
    step that needed it did not happen, and is taken again when the answer is there.
    """

    def __init__(self, seed: bytes, header_hash: bytes) -> None:
        super().__init__("proof of work not computed yet")
        self.seed, self.header_hash = seed, header_hash


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """What an issuance on this branch told of its asset."""

    id: bytes
    definition: bytes
    program: bytes
    height: int


@dataclass(frozen=True, slots=True)
class MainState:
    """
    The mainchain at a block.

    hashes: block hash by height, from genesis on. deposits: every output ever made to a
    P2WSH program on this branch, spent or not, for those who watch lock addresses;
    deposits_by_id: the same by output id.
    index: transactions, sums of assets and fingerprints on this branch.
    """

    coins: CoinSet = field(default_factory=CoinSet)
    hashes: Column[bytes] = field(default_factory=Column)
    deposits: Deposits = field(default_factory=HashTrieMap)
    deposits_by_id: HashTrieMap[bytes, Coin] = field(default_factory=HashTrieMap)
    assets: HashTrieMap[bytes, AssetRecord] = field(default_factory=HashTrieMap)
    index: MainIndex = field(default_factory=MainIndex)

    def deposit(self, program: bytes, coin_id: bytes) -> Coin | None:
        """The output that was made to a P2WSH program under this id, or None."""
        coin = self.deposits_by_id.get(coin_id)
        return coin if coin is not None and coin.program == program else None

    def deposits_to(self, program: bytes) -> Iterable[Coin]:
        """Every output ever made to a P2WSH program, oldest first."""
        return self.deposits.get(program) or ()


@dataclass(frozen=True, slots=True)
class MainEntry:
    """One valid block with its state, and what it did to the unspent outputs."""

    block: Block
    work_sum: int
    seed_below: bytes
    statuses: tuple[bool, ...]
    state: MainState
    change: CoinChange
    fee_sum: int = 0

    @property
    def height(self) -> int:
        return self.block.header.height

    @property
    def hash(self) -> bytes:
        return self.block.header.hash


@dataclass(frozen=True, slots=True)
class MainTree:
    """Every valid mainchain block that exists, whoever has it."""

    profile: Profile
    entries: HashTrieMap[bytes, MainEntry] = field(default_factory=HashTrieMap)

    def __getitem__(self, block_hash: bytes) -> MainEntry:
        return self.entries[block_hash]

    def get(self, block_hash: bytes) -> MainEntry | None:
        """The entry, or None."""
        return self.entries.get(block_hash)

    @property
    def genesis_hash(self) -> bytes:
        """Names this mainchain: the `parent_id` of its sidechains."""
        return genesis_block(self.profile.name).header.hash

    def hash_at(self, tip: bytes, height: int) -> bytes | None:
        """The ancestor of a block (or itself) at a height, or None."""
        entry = self.entries.get(tip)
        if entry is None or height > entry.height:
            return None
        return entry.state.hashes.get(height)

    def branch(self, tip: bytes) -> Iterator[Block]:
        """The blocks that lead to a block, from genesis to itself."""
        hashes = self.entries[tip].state.hashes
        for height in range(self.entries[tip].height + 1):
            yield self.entries[hashes[height]].block

    def is_ancestor(self, old: bytes, tip: bytes) -> bool:
        """Is `old` on the branch that ends in `tip`, `tip` itself included?"""
        entry = self.entries.get(old)
        return entry is not None and self.hash_at(tip, entry.height) == old

    def seed_for_child(self, parent: MainEntry) -> bytes:
        """The proof-of-work seed of a block on this parent."""
        if parent.height == 0:
            return INITIAL_SEED
        return parent.hash if parent.height % SEED_WINDOW == 0 else parent.seed_below

    def facts_for_child(self, parent: MainEntry) -> ParentFacts:
        """What a block on this parent must agree with: height, bits, median time."""
        hashes = parent.state.hashes

        def header_at(height: int) -> BlockHeader:
            return self.entries[hashes[height]].block.header

        facts = parent_facts(parent.block.header, header_at)
        if self.profile.retarget:
            return facts
        return replace(facts, next_bits=parent.block.header.bits)

    def seed_to_check(self, header: BlockHeader, clock_s: int) -> bytes:
        """
        The seed of a block's work, once everything that costs nothing was checked.

        Raises:
            UnknownParent, BlockError: the rule broken.
        """
        parent = self._parent_of(header)
        check_header(header, self.facts_for_child(parent), now_s=clock_s)
        return self.seed_for_child(parent)

    def _parent_of(self, header: BlockHeader) -> MainEntry:
        parent = self.entries.get(header.previous)
        if parent is None:
            raise UnknownParent(
                f"block {header.height} names the unknown parent "
                f"{header.previous.hex()}",
                height=header.height,
                previous=header.previous,
            )
        return parent

    def with_block(self, block: Block, work: bytes, clock_s: int) -> MainTree:
        """
        The tree with one more block, if it follows every rule.

        Args:
            work: the proof-of-work function's answer for this header, 32 bytes.
            clock_s: the validating clock; a block may be one hour ahead of it.

        Raises:
            UnknownParent, BlockError, TransactionError: the rule broken.
        """
        parent = self._parent_of(block.header)
        facts = check_block(
            block,
            self.facts_for_child(parent),
            now_s=clock_s,
            work_hash=work,
            rule_aa_height=self.profile.rule_aa_height,
        )
        state, change = _connect(parent.state, block, facts.statuses)
        entry = MainEntry(
            block,
            parent.work_sum + work_of_bits(block.header.bits),
            self.seed_for_child(parent),
            facts.statuses,
            state,
            change,
            facts.fees,
        )
        return MainTree(self.profile, self.entries.insert(entry.hash, entry))


def _connect(
    state: MainState, block: Block, statuses: tuple[bool, ...]
) -> tuple[MainState, CoinChange]:
    """Apply a block's transactions in order."""
    height = block.header.height
    draft = CoinDraft(state.coins)
    spent: list[Coin] = []
    created: list[Coin] = []
    assets = state.assets
    for index, (tx, failed) in enumerate(
        zip(block.transactions, statuses, strict=True)
    ):
        change = apply_to_draft(draft, tx, height, failed=failed, coinbase=index == 0)
        spent += change.spent
        created += change.created
        for entry in tx.inputs:
            if isinstance(entry, Issuance) and not failed and entry.asset not in assets:
                assets = assets.insert(
                    entry.asset,
                    AssetRecord(entry.asset, entry.definition, entry.program, height),
                )
    return MainState(
        draft.frozen(),
        state.hashes.with_next(block.header.hash),
        _with_deposits(state.deposits, created),
        _with_ids(state.deposits_by_id, created),
        assets,
        state.index.with_block(block.transactions, statuses, height),
    ), CoinChange(tuple(spent), tuple(created))


def _with_deposits(deposits: Deposits, created: Iterable[Coin]) -> Deposits:
    for coin in created:
        if is_p2wsh(coin.program):
            made = deposits.get(coin.program) or Column()
            deposits = deposits.insert(coin.program, made.with_next(coin))
    return deposits


def _with_ids(
    known: HashTrieMap[bytes, Coin], created: Iterable[Coin]
) -> HashTrieMap[bytes, Coin]:
    made = {coin.id: coin for coin in created if is_p2wsh(coin.program)}
    return known.update(made) if made else known


def genesis_tree(profile_name: str) -> MainTree:
    """The tree that holds the genesis block alone."""
    profile = profile_named(profile_name)
    block = genesis_block(profile_name)
    statuses = (False,) * len(block.transactions)
    state, change = _connect(MainState(), block, statuses)
    entry = MainEntry(
        block, work_of_bits(block.header.bits), INITIAL_SEED, statuses, state, change
    )
    return MainTree(profile, HashTrieMap({block.header.hash: entry}))
