"""
What one node answers to blocks that are handed in from outside, in whatever order.

A block without a known parent waits as an orphan, unchecked. One that breaks a rule of
its own is forgotten. One whose spending fails stays in the index, as in the reference:
its children are not orphans, and each that would win makes the node try that branch
again, and refuse it again. Only the answers show this; no accepted chain does.

Source: Bytom/bytom v1.1.0, protocol/block.go, protocol/orphan_manage.go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from rpds import HashTrieMap

from devnet.engine.bc.block import Block
from devnet.engine.bc.difficulty import work_of_bits
from devnet.engine.chain.coins import CoinChange
from devnet.engine.errors import BlockError, DevnetError, TransactionError
from devnet.engine.mainchain.state import MainEntry, MainTree, genesis_tree
from devnet.engine.mainchain.view import MainView, receive
from devnet.engine.rules.block import check_header

MAX_ORPHANS = 256

WorkOf = Callable[[bytes, bytes], bytes]
"""(seed, header hash) -> the proof-of-work function's answer, 32 bytes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    ok: taken, on the best chain or beside it, or known before. orphan: kept until its
    parent comes. rejected: `error` says which rule it broke.
    """

    result: Literal["ok", "orphan", "rejected"]
    error: DevnetError | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """
    One node's blocks.

    Args:
        unspendable: blocks that are in the index but can never be connected, with the
            error that connecting them or an ancestor gives.
        orphans: oldest first; the oldest is dropped when there are too many.
    """

    tree: MainTree
    view: MainView
    unspendable: HashTrieMap[bytes, DevnetError] = field(default_factory=HashTrieMap)
    orphans: tuple[Block, ...] = ()

    @property
    def tip(self) -> MainEntry:
        """The best block."""
        return self.tree[self.view.tip]


def new_intake(profile_name: str) -> Intake:
    """A node that knows the genesis block of a profile and nothing else."""
    tree = genesis_tree(profile_name)
    genesis = tree.genesis_hash
    return Intake(tree, MainView(genesis, HashTrieMap({genesis: None})))


def hand_in(
    intake: Intake, block: Block, clock_s: int, work_of: WorkOf
) -> tuple[Intake, Answer]:
    """
    The node after one more block, and its answer.

    Args:
        clock_s: the node's clock in seconds since 1970.
        work_of: asked only for blocks whose header follows all cheaper rules. It may
            raise WorkMissing; then nothing has happened.
    """
    block_hash = block.header.hash
    if any(orphan.header.hash == block_hash for orphan in intake.orphans):
        return intake, Answer("orphan")
    if block_hash in intake.tree.entries:
        return intake, Answer("ok")
    if block.header.previous not in intake.tree.entries:
        orphans = (*intake.orphans, block)[-MAX_ORPHANS:]
        return replace(intake, orphans=orphans), Answer("orphan")
    try:
        grown = _with_block(intake, block, clock_s, work_of)
    except BlockError as error:
        return intake, Answer("rejected", error)
    grown, adopted = _with_orphans(grown, block_hash, clock_s, work_of)
    return _with_tip(grown, block_hash, adopted)


def _with_block(intake: Intake, block: Block, clock_s: int, work_of: WorkOf) -> Intake:
    """The node with one more block in its index. BlockError: it breaks a rule."""
    tree, header = intake.tree, block.header
    parent = tree[header.previous]
    check_header(header, tree.facts_for_child(parent), now_s=clock_s)
    work = work_of(tree.seed_for_child(parent), header.hash)
    reason = intake.unspendable.get(parent.hash)
    try:
        grown = tree.with_block(block, work, clock_s)
    except TransactionError as error:
        grown, reason = _with_index_entry(tree, block), reason or error
    marks = intake.unspendable
    if reason is not None:
        marks = marks.insert(header.hash, reason)
    return replace(intake, tree=grown, unspendable=marks)


def _with_index_entry(tree: MainTree, block: Block) -> MainTree:
    """The tree with a block whose spending failed: its header counts, nothing else."""
    header = block.header
    parent = tree[header.previous]
    hashes = parent.state.hashes.with_next(header.hash)
    entry = MainEntry(
        block,
        parent.work_sum + work_of_bits(header.bits),
        tree.seed_for_child(parent),
        (),
        replace(parent.state, hashes=hashes),
        CoinChange(),
    )
    return MainTree(tree.profile, tree.entries.insert(entry.hash, entry))


def _with_orphans(
    intake: Intake, arrived: bytes, clock_s: int, work_of: WorkOf
) -> tuple[Intake, tuple[bytes, ...]]:
    """Take in the orphans that descend from a block. Those that fail are dropped."""
    parents, adopted = [arrived], []
    while parents:
        parent = parents.pop(0)
        children = [b for b in intake.orphans if b.header.previous == parent]
        left = tuple(b for b in intake.orphans if b.header.previous != parent)
        intake = replace(intake, orphans=left)
        for child in children:
            try:
                intake = _with_block(intake, child, clock_s, work_of)
            except BlockError:
                continue
            adopted.append(child.header.hash)
            parents.append(child.header.hash)
    return intake, tuple(adopted)


def _with_tip(
    intake: Intake, arrived: bytes, adopted: tuple[bytes, ...]
) -> tuple[Intake, Answer]:
    """Follow the best branch, or keep the old tip where its spending fails."""
    waiting = replace(intake.view, orphans=adopted)
    view = receive(intake.tree, waiting, arrived)
    error = intake.unspendable.get(view.tip)
    if error is None:
        return replace(intake, view=view), Answer("ok")
    view = replace(view, tip=intake.view.tip)
    return replace(intake, view=view), Answer("rejected", error)
