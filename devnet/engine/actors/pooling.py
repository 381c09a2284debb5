"""
A validator's pool: what it takes in, judges, holds back, and lets go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from devnet.engine.actors.collectors import tell_refusal
from devnet.engine.actors.hosting import feed_all
from devnet.engine.actors.messages import SideTxsCame
from devnet.engine.actors.proposing import anchor_for
from devnet.engine.actors.seats import actor_name
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.merkleblock import parse_merkle_block
from devnet.engine.bc.transaction import Claim, Transaction
from devnet.engine.chain.mempool import (
    Mempool,
    Orphan,
    PoolDraft,
    UnknownOutput,
    Waiting,
    adopt_orphans,
    keep_orphan,
)
from devnet.engine.codec import sha3
from devnet.engine.copies import changed
from devnet.engine.errors import DevnetError
from devnet.engine.events import ClaimJudged, TxDropped, TxQueued
from devnet.engine.interfaces import Woken
from devnet.engine.mainchain.view import MainView
from devnet.engine.rules.memo import remembered_verdict
from devnet.engine.sidechain.claims import (
    CHECKS,
    ClaimContext,
    check_claim,
    is_claim,
)
from devnet.engine.sidechain.custody import Custody, custody_above
from devnet.engine.sidechain.node import SideNode
from devnet.engine.sidechain.reader import claim_context
from devnet.engine.sidechain.staking import check_stakes
from devnet.engine.sidechain.state import SideEntry, SideTree

NOT_SETTLED = "claim.not-settled"
"""The refusal that time heals: the validator keeps the claim and looks again."""


# Transactions.


def admit(turn: Turn, chain: str, node: SideNode, tx: Transaction) -> SideNode:
    """
    Take a transaction into a validator's pool.

    Raises:
        ClaimError, TransactionError, VmError: the rule that it breaks.
    """
    custody = custody_above(turn.side(chain).tree, turn.tree, node.head)
    if is_claim(tx):
        check_claim(tx, claims_judged_now(turn, chain, node))
    draft = PoolDraft(node.pool, custody.parent.height + 1)
    _join(draft, tx, custody)
    return replace(node, pool=draft.frozen())


def _join(draft: PoolDraft, tx: Transaction, custody: Custody) -> None:
    """Add to a pool what the block above a head may hold, or raise why not."""
    head, unbond_blocks = custody.parent, custody.tree.spec.unbond_blocks
    coins, height = head.state.coins, head.height + 1
    draft.check(tx, coins)
    verdict = remembered_verdict(
        tx, block_version=1, height=height, first_in_block=False
    )
    if verdict.status == "invalid":
        assert verdict.error is not None
        raise verdict.error
    for spent_id in tx.spent_output_ids:
        if spent_id is not None and spent_id in coins.by_id:
            coins.to_spend(spent_id, height)
    check_stakes(tx, head.state.roster, height, unbond_blocks, coins.to_spend, custody)
    draft.add(Waiting(tx, verdict.fee, verdict.status == "gas_only"))


def claims_judged_now(turn: Turn, chain: str, node: SideNode) -> ClaimContext:
    """
    What a validator judges a claim against before any block: its own mainchain. While a
    swap closes, claims may wait in the pool; only blocks leave them out.
    """
    tree = turn.side(chain).tree
    head = tree[node.head]
    claimed, spent = head.state.claimed, node.pool.spent
    frozen = not turn.tree.is_ancestor(head.anchor.hash, node.main.tip)
    anchor = anchor_for(turn, node, head)
    context = claim_context(tree, head, turn.tree, anchor, frozen=frozen, resting=False)
    return replace(
        context, is_claimed=lambda lock_id: lock_id in claimed or lock_id in spent
    )


Answers: TypeAlias = "tuple[DevnetError | None, ...]"
"""For each transaction why it was refused, or None."""


def submit(turn: Turn, chain: str, tx: Transaction, what: str) -> None:
    """Hand a transaction to the first validator, or raise why it is refused."""
    (refusal,) = submit_all(turn, chain, (tx,), what)
    if refusal is not None:
        raise refusal


def submit_all(
    turn: Turn, chain: str, txs: Sequence[Transaction], what: str
) -> Answers:
    """
    Hand transactions to the first validator, which tells the others in one message.

    Args:
        txs: no claims. What comes before what it spends is kept.
    """
    name = turn.speaker(chain).name
    pool = turn.node(chain, name).pool
    answers = _take_all(turn, chain, name, txs)
    _hold_orphans(turn, chain, name, txs, answers)
    taken = _newly_taken(pool, txs, answers)
    early = [t for t, no in zip(txs, answers, strict=True) if type(no) is UnknownOutput]
    for tx in taken:
        turn.say(TxQueued(chain=chain, id=tx.id.hex(), what=what))
    told = (*taken, *early)  # Nobody tells of early ones when they join the pool here.
    if not told:
        return answers
    label = told[0].id if len(told) == 1 else sha3(b"".join(tx.id for tx in told))
    me, message = actor_name(chain, name), SideTxsCame(told)
    for other in turn.node_names(chain):
        if other != name:
            turn.send(me, actor_name(chain, other), label, message)
    if taken:
        try_orphans(turn, chain, name)
        feed_all(turn, chain, name, Woken(turn.wall_ms))
    return answers


def tx_came(turn: Turn, chain: str, name: str, tx: Transaction) -> None:
    """A validator hears of a transaction. Claims come from the collector itself."""
    if not is_claim(tx):
        txs_came(turn, chain, name, (tx,))
    elif tx.id not in turn.node(chain, name).pool:
        judge_claim(turn, chain, name, tx)


def txs_came(turn: Turn, chain: str, name: str, txs: Sequence[Transaction]) -> None:
    """
    A validator hears of transactions, no claims. What came before the transaction or
    block that it spends waits for that.
    """
    node = turn.node(chain, name)
    mined = turn.side(chain).tree[node.head].state.places
    news = [tx for tx in txs if tx.id not in mined]
    answers = _take_all(turn, chain, name, news)
    _hold_orphans(turn, chain, name, news, answers)
    if _newly_taken(node.pool, news, answers):
        try_orphans(turn, chain, name)
        feed_all(turn, chain, name, Woken(turn.wall_ms))


def _hold_orphans(
    turn: Turn, chain: str, name: str, txs: Sequence[Transaction], answers: Answers
) -> None:
    """Keep the transactions that came before what they spend."""
    for tx, refusal in zip(txs, answers, strict=True):
        if isinstance(refusal, UnknownOutput):
            node, orphan = turn.node(chain, name), Orphan(tx, turn.now_ms)
            orphans = keep_orphan(node.pool_orphans, orphan, turn.now_ms)
            turn.set_node(chain, replace(node, pool_orphans=orphans))


def _take_all(turn: Turn, chain: str, name: str, txs: Sequence[Transaction]) -> Answers:
    """Take into a validator's pool what may join it. What waits there is no news."""
    node = turn.node(chain, name)
    custody = custody_above(turn.side(chain).tree, turn.tree, node.head)
    draft = PoolDraft(node.pool, custody.parent.height + 1)
    answers: list[DevnetError | None] = []
    for tx in txs:
        answers.append(None)
        if tx.id in draft:
            continue
        try:
            _join(draft, tx, custody)
        except DevnetError as error:
            answers[-1] = error
    if len(draft):
        turn.set_node(chain, changed(node, pool=draft.frozen()))
    return tuple(answers)


def _newly_taken(
    before: Mempool, txs: Sequence[Transaction], answers: Answers
) -> tuple[Transaction, ...]:
    """Those that were not refused and did not wait before, each once."""
    taken = {
        tx.id: tx
        for tx, refusal in zip(txs, answers, strict=True)
        if refusal is None and tx.id not in before
    }
    return tuple(taken.values())


def _take(turn: Turn, chain: str, name: str, tx: Transaction) -> None:
    """Take a transaction into a validator's pool, or raise why not."""
    turn.set_node(chain, admit(turn, chain, turn.node(chain, name), tx))


def try_orphans(turn: Turn, chain: str, name: str) -> None:
    """Something new is here: perhaps what an orphan waited for."""
    node = turn.node(chain, name)
    if not node.pool_orphans:
        return
    mined = turn.side(chain).tree[node.head].state.places
    orphans = tuple(one for one in node.pool_orphans if one.tx.id not in mined)
    left = adopt_orphans(orphans, lambda tx: _take(turn, chain, name, tx))
    turn.set_node(chain, replace(turn.node(chain, name), pool_orphans=left))


def judge_claim(turn: Turn, chain: str, name: str, tx: Transaction) -> None:
    """Run C1 to C18 against the validator's own view; only then into the pool."""
    node = turn.node(chain, name)
    transfer = _transfer_of(turn, tx)
    was_queued = any(
        tx.id in other.pool or _is_done(turn, chain, other, tx)
        for other in turn.nodes(chain)
    )
    try:
        node = admit(turn, chain, node, tx)
    except DevnetError as error:
        if error.code == NOT_SETTLED:
            if all(tx.id != held.id for held in node.held_claims):
                held = (*node.held_claims, tx)
                turn.set_node(chain, replace(node, held_claims=held))
            return
        if _is_done(turn, chain, node, tx):
            return
        passed, failed = _passed_checks(error)
        turn.say(
            ClaimJudged(
                transfer=transfer, chain=chain, validator=name, tx=tx.id.hex(),
                n_passed=passed, failed=failed, reason=error.message,
            )
        )  # fmt: skip
        turn.set_node(chain, node)  # Something happened to it: its chain is told.
        tell_refusal(turn, actor_name(chain, name), tx, f"{failed}: {error.message}")
        return
    turn.set_node(chain, node)
    turn.say(
        ClaimJudged(
            transfer=transfer, chain=chain, validator=name, tx=tx.id.hex(),
            n_passed=len(CHECKS),
        )
    )  # fmt: skip
    if not was_queued:
        turn.say(TxQueued(chain=chain, id=tx.id.hex(), what="claim"))
    feed_all(turn, chain, name, Woken(turn.wall_ms))


def _is_done(turn: Turn, chain: str, node: SideNode, tx: Transaction) -> bool:
    """Is this very claim in the chain already? Then hearing of it again is no news."""
    claimed = turn.side(chain).tree[node.head].state.claimed
    return any(
        isinstance(entry, Claim)
        and (done := claimed.get(entry.mainchain_output_id)) is not None
        and done.tx_id == tx.id
        for entry in tx.inputs
    )


def _passed_checks(error: DevnetError) -> tuple[int, str]:
    check = str(getattr(error, "check", "") or error.code)
    ids = [known.id for known in CHECKS]
    return (ids.index(check) if check in ids else 0), check


def _transfer_of(turn: Turn, tx: Transaction) -> str:
    locks = {
        entry.mainchain_output_id for entry in tx.inputs if isinstance(entry, Claim)
    }
    for name in turn.open_transfers:
        if turn.transfers[name].lock_id in locks:
            return name
    return ""


# When the chains move.


def clean_pool(turn: Turn, chain: str, node: SideNode, old: SideEntry) -> Mempool:
    """Without what the new branch holds or contradicts; with what it lost."""
    lost, joined = _moved(turn.side(chain).tree, old, node.head)
    mined = {tx.id for tx in joined}
    left = _without_late(turn, chain, node, node.pool.without(mined))
    if not lost and not _contradicts(joined, left):
        return left
    waiting = [item.tx for item in left.transactions()]
    return _refilled(turn, chain, node, (*lost, *waiting), mined)


def _contradicts(joined: list[Transaction], pool: Mempool) -> bool:
    """Do these take what something in the pool wants to take?"""
    if not len(pool):
        return False
    taken = {key for tx in joined for key in tx.keys_taken}
    return any(
        key in taken for item in pool.transactions() for key in item.tx.keys_taken
    )


def _without_late(turn: Turn, chain: str, node: SideNode, pool: Mempool) -> Mempool:
    """Without those whose last height is over: no block can take them any more."""
    height = turn.side(chain).tree[node.head].height
    late = [
        item.tx
        for item in pool.transactions()
        if item.tx.time_range and item.tx.time_range <= height
    ]
    for tx in late if node.name == turn.speaker(chain).name else ():
        reason = f"it was good up to height {tx.time_range}"
        turn.say(TxDropped(chain=chain, id=tx.id.hex(), reason=reason))
    return pool.without(tx.id for tx in late)


def _moved(
    tree: SideTree, old: SideEntry, head: bytes
) -> tuple[list[Transaction], list[Transaction]]:
    """Transactions left behind and found between two heads, oldest first each."""
    lost: list[Transaction] = []
    joined: list[Transaction] = []
    entry = old
    while not tree.is_ancestor(entry.hash, head):
        lost[:0] = entry.block.transactions[1:]
        entry = tree[entry.header.previous]
    fork, entry = entry, tree[head]
    while entry.hash != fork.hash:
        joined[:0] = entry.block.transactions[1:]
        entry = tree[entry.header.previous]
    return lost, joined


def _refilled(
    turn: Turn,
    chain: str,
    node: SideNode,
    txs: tuple[Transaction, ...],
    mined: set[bytes],
) -> Mempool:
    """A new pool of those that are still good; the first validator tells the rest."""
    empty = replace(node, pool=Mempool())
    for tx in txs:
        if tx.id in mined:
            continue
        try:
            empty = admit(turn, chain, empty, tx)
        except DevnetError as error:
            if node.name == turn.speaker(chain).name:
                reason = error.message
                turn.say(TxDropped(chain=chain, id=tx.id.hex(), reason=reason))
    return empty.pool


def drop_lost_claims(turn: Turn, chain: str, name: str, view: MainView) -> None:
    """
    Claims whose lock left the best mainchain leave the pool, and those that waited go
    too: the collector makes new ones when their locks are settled again.
    """
    node = turn.node(chain, name)
    lost = [
        item.tx
        for item in node.pool.transactions()
        if is_claim(item.tx) and not _lock_stands(turn, item.tx, view)
    ]
    pool = node.pool.without(tx.id for tx in lost)
    held = tuple(tx for tx in node.held_claims if _lock_stands(turn, tx, view))
    turn.set_node(chain, replace(node, pool=pool, held_claims=held))
    for tx in lost if name == turn.speaker(chain).name else ():
        reason = "its lock left the best mainchain"
        turn.say(TxDropped(chain=chain, id=tx.id.hex(), reason=reason))


def _lock_stands(turn: Turn, tx: Transaction, view: MainView) -> bool:
    """Is the mainchain block that a Claim shows on the own best chain?"""
    return all(
        turn.tree.is_ancestor(
            parse_merkle_block(entry.merkle_block).header.hash, view.tip
        )
        for entry in tx.inputs
        if isinstance(entry, Claim)
    )
