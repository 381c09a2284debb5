"""
A mining node: its pool, its block template, its tries.

A try takes virtual time, so when a block appears follows from the hashes alone. The
miners' tries fall on a grid, each miner at its own phase of it.

Source: Bytom/bytom v1.1.0, mining/mining.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from devnet.engine.bc.block import Block, BlockHeader
from devnet.engine.bc.difficulty import subsidy
from devnet.engine.bc.merkle import status_root, tx_root
from devnet.engine.bc.transaction import BTM, Coinbase, Output, Transaction
from devnet.engine.chain.coins import CoinDraft, apply_to_draft
from devnet.engine.chain.mempool import Mempool, Orphan, Waiting
from devnet.engine.errors import TransactionError, VmError
from devnet.engine.mainchain.state import MainEntry, MainTree
from devnet.engine.mainchain.view import MainView
from devnet.engine.rules.block import MOST_BLOCK_GAS, ParentFacts
from devnet.engine.rules.transaction import validate_transaction


@dataclass(frozen=True, slots=True)
class Template:
    """A block without its nonce, on the tip of the moment it was made."""

    block: Block
    seed: bytes

    def header_with(self, nonce: int) -> BlockHeader:
        """The header of one try."""
        return replace(self.block.header, nonce=nonce)

    def block_with(self, nonce: int) -> Block:
        """The block of one try."""
        return Block(self.header_with(nonce), self.block.transactions)


@dataclass(frozen=True, slots=True)
class Miner:
    """
    What a miner is about to do. `plan` numbers its plans: what was scheduled for an
    older plan is void. Between blocks there is no template; it waits for `start_ms`.
    """

    plan: int = 0
    start_ms: int = -1
    template: Template | None = None
    nonce: int = 0


@dataclass(frozen=True, slots=True)
class MainNode:
    """
    A full mainchain node that mines.

    orphans: transactions that came before what they spend; they wait for it.
    """

    name: str
    index: int
    program: bytes
    view: MainView
    pool: Mempool = field(default_factory=Mempool)
    miner: Miner = field(default_factory=Miner)
    tip_ms: int = 0
    orphans: tuple[Orphan, ...] = ()


def coinbase_of(height: int, fee_sum: int, program: bytes, tag: bytes) -> Transaction:
    """The first transaction of a block: subsidy and fees, the height in its data."""
    arbitrary = b"\x00" + str(height).encode() + tag
    output = Output(BTM, subsidy(height) + fee_sum, program)
    return Transaction(1, 0, (Coinbase(arbitrary),), (output,))


@dataclass(frozen=True, slots=True)
class Picked:
    """Transactions chosen for a block, and those that can never be in one."""

    taken: tuple[Waiting, ...]
    unusable: tuple[bytes, ...]


def pick_transactions(
    parent: MainEntry, waiting: Sequence[Waiting], rule_aa_height: int
) -> Picked:
    """Take transactions in order of arrival, each judged at the next height."""
    height, gas_left = parent.height + 1, MOST_BLOCK_GAS
    draft = CoinDraft(parent.state.coins)
    taken, unusable = [], []
    for item in waiting:
        verdict = validate_transaction(
            item.tx, block_version=1, height=height, first_in_block=False,
            rule_aa_height=rule_aa_height,
        )  # fmt: skip
        if verdict.status == "invalid":
            unusable.append(item.tx.id)
            continue
        if verdict.gas_used > gas_left:
            break
        failed = verdict.status == "gas_only"
        try:
            apply_to_draft(draft, item.tx, height, failed=failed)
        except (TransactionError, VmError):
            unusable.append(item.tx.id)
            continue
        gas_left -= verdict.gas_used
        taken.append(Waiting(item.tx, verdict.fee, failed))
    return Picked(tuple(taken), tuple(unusable))


def build_template(
    tree: MainTree, node: MainNode, clock_s: int, tag: bytes
) -> tuple[Template, tuple[bytes, ...]]:
    """
    A block on the node's tip with what waits in its pool.

    Args:
        clock_s: the virtual clock in seconds since 1970, for profiles that follow it.
        tag: goes into the coinbase, so that two miners' blocks differ.

    Returns:
        The template, and the ids of waiting transactions that proved unusable.
    """
    parent = tree[node.view.tip]
    picked = pick_transactions(
        parent, node.pool.transactions(), tree.profile.rule_aa_height
    )
    fee_sum = sum(item.fee for item in picked.taken)
    height = parent.height + 1
    txs = (
        coinbase_of(height, fee_sum, node.program, tag),
        *(item.tx for item in picked.taken),
    )
    facts = tree.facts_for_child(parent)
    header = BlockHeader(
        version=1,
        height=height,
        previous=parent.hash,
        timestamp=_timestamp(tree, parent, facts, clock_s),
        tx_root=tx_root([tx.id for tx in txs]),
        status_root=status_root([False, *(item.failed for item in picked.taken)]),
        nonce=0,
        bits=facts.next_bits,
    )
    template = Template(Block(header, txs), tree.seed_for_child(parent))
    return template, picked.unusable


def _timestamp(
    tree: MainTree, parent: MainEntry, facts: ParentFacts, clock_s: int
) -> int:
    earliest = facts.median_time_s + 1
    if tree.profile.spacing_s:
        # A parent from outside may be older than the blocks before it.
        return max(earliest, parent.block.header.timestamp + tree.profile.spacing_s)
    return max(earliest, clock_s)


def next_try_ms(now_ms: int, node: MainNode, n_miners: int, hash_ms: int) -> int:
    """When the node's next try ends: the next point of its phase of the grid."""
    phase_ms = node.index * hash_ms // n_miners
    ahead = (phase_ms - now_ms) % hash_ms
    return now_ms + (ahead or hash_ms)
