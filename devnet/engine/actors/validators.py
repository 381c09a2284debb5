"""
What a sidechain's validator does with what arrives: blocks, transactions, claims, news
of the mainchain, requests to swap the rule.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.hosting import (
    actor_name,
    anchor_for,
    feed_all,
    index_of,
    judged,
    start_engines,
)
from devnet.engine.actors.messages import SideTxCame, SwapApproval
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.records import SwapRecord
from devnet.engine.bc.transaction import Claim, Transaction
from devnet.engine.chain.mempool import Mempool, Waiting, keys_taken
from devnet.engine.errors import DevnetError, PluginError
from devnet.engine.events import ClaimJudged, SwapApproved, TxDropped, TxQueued
from devnet.engine.interfaces import HeadChanged, Woken
from devnet.engine.keys.chainkd import sign
from devnet.engine.keys.ed25519 import verify
from devnet.engine.mainchain.view import receive, settled_hash
from devnet.engine.rules.transaction import validate_transaction
from devnet.engine.sidechain.claims import CHECKS, ClaimContext, check_claim
from devnet.engine.sidechain.node import OpenSwap, SideNode, weighs_more
from devnet.engine.sidechain.reader import claim_context
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.swap import approve_message, needed_weight

NOT_SETTLED = "claim.not-settled"
"""The refusal that time heals: the validator keeps the claim and looks again."""


def is_claim(tx: Transaction) -> bool:
    """Does it bring value in from the mainchain?"""
    return any(isinstance(entry, Claim) for entry in tx.inputs)


# Transactions.


def admit(turn: Turn, chain: str, node: SideNode, tx: Transaction) -> SideNode:
    """
    Take a transaction into a validator's pool.

    Raises:
        ClaimError, TransactionError, VmError: the rule that it breaks.
    """
    tree = turn.side(chain).tree
    head = tree[node.head]
    if is_claim(tx):
        check_claim(tx, claims_judged_now(turn, chain, node))
    node.pool.check_admission(tx, head.state.coins)
    verdict = validate_transaction(
        tx, block_version=1, height=head.height + 1, first_in_block=False
    )
    if verdict.status == "invalid":
        assert verdict.error is not None
        raise verdict.error
    for spent_id in tx.spent_output_ids:
        if spent_id is not None and spent_id in head.state.coins.by_id:
            head.state.coins.to_spend(spent_id, head.height + 1)
    waiting = Waiting(tx, verdict.fee, verdict.status == "gas_only")
    return replace(node, pool=node.pool.add(waiting, head.height + 1))


def claims_judged_now(turn: Turn, chain: str, node: SideNode) -> ClaimContext:
    """
    What a validator judges a claim against before any block: its own mainchain. While a
    swap closes, claims may wait in the pool; only blocks leave them out.
    """
    tree = turn.side(chain).tree
    head = tree[node.head]
    claimed, spent = head.state.claimed, node.pool.spent
    frozen = not turn.tree.is_ancestor(head.anchor.hash, node.main.tip)
    context = claim_context(
        tree,
        turn.tree,
        anchor_for(turn, node, head),
        frozen=frozen,
        resting=False,
    )
    return replace(
        context, is_claimed=lambda lock_id: lock_id in claimed or lock_id in spent
    )


def submit(turn: Turn, chain: str, tx: Transaction, what: str) -> None:
    """Hand a transaction to the first validator, which tells the others."""
    name = turn.node_names(chain)[0]
    node = turn.node(chain, name)
    if tx.id in node.pool:
        return
    turn.set_node(chain, admit(turn, chain, node, tx))
    turn.say(TxQueued(chain=chain, id=tx.id.hex(), what=what))
    for other in turn.node_names(chain)[1:]:
        turn.send(
            actor_name(chain, name), actor_name(chain, other), tx.id, SideTxCame(tx)
        )
    feed_all(turn, chain, name, Woken(turn.wall_ms))


def tx_came(turn: Turn, chain: str, name: str, tx: Transaction) -> None:
    """A validator hears of a transaction. Claims come from the collector itself."""
    node = turn.node(chain, name)
    if tx.id in node.pool:
        return
    if is_claim(tx):
        judge_claim(turn, chain, name, tx)
        return
    try:
        turn.set_node(chain, admit(turn, chain, node, tx))
    except DevnetError:
        return
    feed_all(turn, chain, name, Woken(turn.wall_ms))


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


# Blocks.


def block_came(turn: Turn, chain: str, name: str, block_hash: bytes) -> None:
    """
    A validator hears of a valid block. Without its parent it waits; with an anchor that
    is not settled in the own view it is held, not refused.
    """
    node = turn.node(chain, name)
    if block_hash in node.seen or block_hash in node.orphans:
        return
    tree = turn.side(chain).tree
    entry = tree[block_hash]
    parent_hash = entry.header.previous
    if parent_hash not in node.seen:
        orphans = (*node.orphans, block_hash)
        turn.set_node(chain, replace(node, orphans=orphans))
        return
    if not _anchor_is_settled(turn, node, entry, tree[parent_hash]):
        if block_hash not in node.held_blocks:
            held = (*node.held_blocks, block_hash)
            turn.set_node(chain, replace(node, held_blocks=held))
        return
    turn.set_node(chain, replace(node, seen=node.seen.insert(block_hash, None)))
    _follow(turn, chain, name, entry)
    judged(turn, chain, name, entry.header)
    for orphan in turn.node(chain, name).orphans:
        if tree[orphan].header.previous == block_hash:
            node = turn.node(chain, name)
            left = tuple(other for other in node.orphans if other != orphan)
            turn.set_node(chain, replace(node, orphans=left))
            block_came(turn, chain, name, orphan)


def _anchor_is_settled(
    turn: Turn, node: SideNode, entry: SideEntry, parent: SideEntry
) -> bool:
    """A2: the anchor is on the own best mainchain and buried deep enough."""
    if entry.anchor == parent.anchor:
        return True
    settled = settled_hash(turn.tree, node.main, turn.depth)
    return turn.tree.is_ancestor(entry.anchor.hash, settled)


def _follow(turn: Turn, chain: str, name: str, entry: SideEntry) -> None:
    """Switch to a block that weighs more, clean the pool, start its rule's engine."""
    node = turn.node(chain, name)
    tree = turn.side(chain).tree
    old = tree[node.head]
    final = max(node.final, entry.final, key=lambda point: point.height)
    if not tree.is_ancestor(node.final.hash, entry.hash):
        return  # Nothing final is ever left, whatever the other branch weighs.
    if not weighs_more(entry, old):
        turn.set_node(chain, replace(node, final=final))
        return
    node = replace(node, head=entry.hash, final=final)
    turn.set_node(chain, replace(node, pool=_clean_pool(turn, chain, node, old)))
    _close_old_epochs(turn, chain, name)
    start_engines(turn, chain, name)
    feed_all(turn, chain, name, HeadChanged(turn.wall_ms, entry.header))


def _clean_pool(turn: Turn, chain: str, node: SideNode, old: SideEntry) -> Mempool:
    """Without what the new branch holds or contradicts; with what it lost."""
    tree = turn.side(chain).tree
    new = tree[node.head]
    if new.header.previous == old.hash:
        taken = {key for tx in new.block.transactions for key in keys_taken(tx)}
        gone = [
            item.tx.id
            for item in node.pool.transactions()
            if any(key in taken for key in keys_taken(item.tx))
        ]
        return node.pool.without(gone)
    lost: list[Transaction] = []
    entry = old
    while not tree.is_ancestor(entry.hash, new.hash):
        lost += entry.block.transactions[1:]
        entry = tree[entry.header.previous]
    waiting = [item.tx for item in node.pool.transactions()]
    empty = replace(node, pool=Mempool())
    for tx in (*lost, *waiting):
        try:
            empty = admit(turn, chain, empty, tx)
        except DevnetError as error:
            if node.name == turn.node_names(chain)[0] and not _is_done(
                turn, chain, node, tx
            ):
                reason = error.message
                turn.say(TxDropped(chain=chain, id=tx.id.hex(), reason=reason))
    return empty.pool


def _close_old_epochs(turn: Turn, chain: str, name: str) -> None:
    """Once a block of the new epoch is final, the switch is settled."""
    node = turn.node(chain, name)
    rules = turn.side(chain).tree[node.head].state.rules
    if rules.epoch == 0 or node.final.height <= rules.base.height:
        return
    engines = node.engines
    for epoch in sorted(engines):
        if epoch < rules.epoch:
            engines = engines.remove(epoch)
    turn.set_node(chain, replace(node, engines=engines))


# The mainchain.


def main_block_came(turn: Turn, chain: str, name: str, block_hash: bytes) -> None:
    """The validator's own view of the mainchain grows; what was held is looked at."""
    node = turn.node(chain, name)
    view = receive(turn.tree, node.main, block_hash)
    moved = view.tip != node.main.tip
    turn.set_node(chain, replace(node, main=view))
    if not moved:
        return
    for held in node.held_blocks:
        now = turn.node(chain, name)
        left = tuple(other for other in now.held_blocks if other != held)
        turn.set_node(chain, replace(now, held_blocks=left))
        block_came(turn, chain, name, held)
    for claim in node.held_claims:
        now = turn.node(chain, name)
        rest = tuple(tx for tx in now.held_claims if tx.id != claim.id)
        turn.set_node(chain, replace(now, held_claims=rest))
        tx_came(turn, chain, name, claim)


# Swaps.


def swap_asked(turn: Turn, chain: str, name: str, record: SwapRecord) -> None:
    """Approve a swap, if this validator can run its engine."""
    node = turn.node(chain, name)
    tree = turn.side(chain).tree
    head = tree[node.head]
    rules = head.state.rules
    me = index_of(rules, node)
    if me < 0 or rules.epoch != record.from_epoch:
        return
    try:
        turn.tools.engine(record.engine)
    except PluginError:
        return
    signature = sign(node.xprv, approve_message(tree.spec.chain_id, record))
    _note_approval(turn, chain, name, record, me, signature)
    n_approved = sum(
        other.swap is not None and index_of(rules, other) in other.swap.approvals
        for other in turn.nodes(chain)
    )
    turn.say(
        SwapApproved(
            chain=chain,
            validator=name,
            approvals=n_approved,
            needed=needed_weight(rules),
        )
    )
    for other in turn.node_names(chain):
        if other != name:
            turn.send(
                actor_name(chain, name),
                actor_name(chain, other),
                signature,
                SwapApproval(record, me, signature),
            )


def approval_came(turn: Turn, chain: str, name: str, got: SwapApproval) -> None:
    """Another validator's approval, checked before it counts."""
    tree = turn.side(chain).tree
    rules = tree[turn.node(chain, name).head].state.rules
    if rules.epoch != got.record.from_epoch or got.index >= len(rules.validators):
        return
    message = approve_message(tree.spec.chain_id, got.record)
    if verify(rules.validators[got.index].key, message, got.signature):
        _note_approval(turn, chain, name, got.record, got.index, got.signature)


def _note_approval(
    turn: Turn, chain: str, name: str, record: SwapRecord, index: int, sig: bytes
) -> None:
    node = turn.node(chain, name)
    swap = node.swap
    if swap is None or swap.record != record:
        swap = OpenSwap(record)
    swap = replace(swap, approvals=swap.approvals.insert(index, sig))
    turn.set_node(chain, replace(node, swap=swap))
    feed_all(turn, chain, name, Woken(turn.wall_ms))


def forget_swap(turn: Turn, chain: str) -> None:
    """The record is in the chain, or its time is over."""
    for node in turn.nodes(chain):
        if node.swap is not None:
            turn.set_node(chain, replace(node, swap=None))
