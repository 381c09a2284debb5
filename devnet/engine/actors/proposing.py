"""
Putting a block together for an engine that asks for one, and asking whether the chain
needs a block at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from rpds import HashTrieMap

from devnet.engine.actors.pinning import may_take_over
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.anchors import AnchorReset
from devnet.engine.bc.records import (
    PayoutIntent,
    SwapCancelled,
    SwapRecord,
    parse_record,
)
from devnet.engine.bc.sideblock import view
from devnet.engine.interfaces import (
    Certificate,
    Checkpoint,
    Filled,
    Propose,
    Rules,
    TryNonce,
)
from devnet.engine.mainchain.view import settled_hash
from devnet.engine.sidechain.blskeys import registrations
from devnet.engine.sidechain.claims import is_claim
from devnet.engine.sidechain.court import Court
from devnet.engine.sidechain.handovers import right_handovers
from devnet.engine.sidechain.judge import fill, judge_body
from devnet.engine.sidechain.ledger import Draft
from devnet.engine.sidechain.node import OpenSwap, SideNode
from devnet.engine.sidechain.offences import BadEvidence, convict
from devnet.engine.sidechain.pegout import effective
from devnet.engine.sidechain.reader import claim_context
from devnet.engine.sidechain.state import SideEntry, SideTree
from devnet.engine.sidechain.swap import (
    BadSwapRecord,
    InForce,
    check_cancelled,
    check_record,
    in_force,
    needed_weight,
    peg_rests,
)
from devnet.engine.sidechain.thaw import BadAnchorReset, check_reset


def is_wanted(turn: Turn, chain: str, node: SideNode, parent: SideEntry) -> bool:
    """
    Does this chain need a block now? An idle chain makes one now and then, so that an
    open devnet costs almost nothing.
    """
    if len(node.pool):
        return True
    state = parent.state
    tree = turn.side(chain).tree
    if _records(turn, tree, node, parent, in_force(tree, parent)):
        return True
    if state.pending is not None or parent.final.height < state.busy_height:
        return True
    rules = state.rules
    if rules.epoch > 0 and parent.final.height <= rules.base.height:
        return True
    pace_ms = turn.config.idle_ms
    if turn.hurry > 0:
        pace_ms = min(pace_ms, turn.tree.profile.side_ms)
    return turn.wall_ms - parent.header.time_ms >= pace_ms


def anchor_for(turn: Turn, node: SideNode, parent: SideEntry) -> Checkpoint:
    """
    The newest mainchain block that the validator sees settled; the parent's anchor when
    the own view has left its branch (then the peg is frozen).
    """
    anchor_hash = settled_hash(turn.tree, node.main, turn.depth)
    if not turn.tree.is_ancestor(parent.anchor.hash, anchor_hash):
        return parent.anchor
    return Checkpoint(turn.tree[anchor_hash].height, anchor_hash)


def propose(
    turn: Turn, chain: str, name: str, epoch: int, wish: Propose
) -> Filled | None:
    """Fill a block, unless nothing needs one or the parent belongs to other rules."""
    node = turn.node(chain, name)
    tree = turn.side(chain).tree
    parent = tree[wish.parent]
    answer = in_force(tree, parent)
    if answer.rules.epoch != epoch or not is_wanted(turn, chain, node, parent):
        return None
    frozen = not turn.tree.is_ancestor(parent.anchor.hash, node.main.tip)
    reset = _reset(turn, tree, node, parent, answer)
    filled = fill(
        tree,
        turn.tree,
        wish,
        anchor_for(turn, node, parent) if reset is None else reset.base,
        [
            item.tx
            for item in node.pool.transactions()
            if not (frozen and is_claim(item.tx))
        ],
        _records(turn, tree, node, parent, answer),
        node.program,
    )
    return _keep(turn, chain, name, Draft(filled.block, filled.ledger))


def try_nonce(turn: Turn, chain: str, name: str, wish: TryNonce) -> Filled | None:
    """The block that was filled last, with another nonce."""
    draft = turn.node(chain, name).filled.get(wish.block_hash)
    if draft is None:
        return None
    header = replace(draft.block.header, nonce=wish.nonce)
    block = replace(draft.block, header=header)
    return _keep(turn, chain, name, replace(draft, block=block))


def _keep(turn: Turn, chain: str, name: str, draft: Draft) -> Filled:
    """Only the newest filled block is kept: an engine publishes it, or tries on."""
    header = view(draft.block.header)
    node = turn.node(chain, name)
    filled = HashTrieMap({header.hash: draft})
    turn.set_node(chain, replace(node, filled=filled))
    return Filled(turn.wall_ms, header)


def _records(
    turn: Turn, tree: SideTree, node: SideNode, parent: SideEntry, answer: InForce
) -> tuple[bytes, ...]:
    """What a coinbase can say: a swap, a handover, an offence, news of payouts."""
    if answer.opens_epoch or answer.closing:
        return ()
    reset = _reset(turn, tree, node, parent, answer)
    if reset is not None:
        return (reset.program,)
    proofs = _proofs(turn, tree, node, parent)
    payouts = _payout_records(turn, tree, node, parent) if node.payout_records else ()
    handovers = right_handovers(node.handovers, tree, parent)
    swaps = _swap_records(turn, tree, node, parent)
    return (*swaps, *handovers, *islice(proofs, 1), *payouts)


def _reset(
    turn: Turn, tree: SideTree, node: SideNode, parent: SideEntry, answer: InForce
) -> AnchorReset | None:
    """The new base for anchors that the next block must carry, or None."""
    reset = node.reset
    if reset is None:
        return None
    chain_id = tree.spec.chain_id
    try:
        check_reset(reset, parent, answer, reset.base, turn.tree, chain_id)
    except BadAnchorReset:
        return None
    return reset


def _payout_records(
    turn: Turn, tree: SideTree, node: SideNode, parent: SideEntry
) -> tuple[bytes, ...]:
    """The intents and completions that are right above a parent, in their order."""
    if peg_rests(tree, parent):
        return ()
    anchor = anchor_for(turn, node, parent)
    context = claim_context(
        tree, parent, turn.tree, anchor, frozen=False, resting=False
    )
    pegout, tip = parent.state.pegout, turn.tree[node.main.tip]
    wanted = tuple(
        program
        for program in node.payout_records
        if not isinstance(record := parse_record(program), PayoutIntent)
        or may_take_over(turn, tree.spec.name, tip, record, pegout)
    )
    return effective(pegout, wanted, parent.height + 1, context)


def _proofs(
    turn: Turn, tree: SideTree, node: SideNode, parent: SideEntry
) -> Iterator[bytes]:
    """Those that still convict somebody: a block with any other is refused."""
    known = parent.state.roster.is_convicted
    court = court_of(turn, tree, node, parent)
    for label in sorted(label for label in node.proofs if not known(label)):
        record = node.proofs[label]
        with suppress(BadEvidence):
            convict(record, court)
            yield record.program


def court_of(turn: Turn, tree: SideTree, node: SideNode, parent: SideEntry) -> Court:
    """Where this validator judges evidence: in a block of its own on a parent."""
    return Court(
        tree,
        turn.tree,
        parent,
        anchor_for(turn, node, parent),
        lambda block: judge_body(tree, turn.tree, block),
    )


def _swap_records(
    turn: Turn, tree: SideTree, node: SideNode, parent: SideEntry
) -> tuple[bytes, ...]:
    """
    The swap record, or its end once it is pending, when a block may carry it. One that
    it may not carry would make the whole block bad, and every block after it.
    """
    wish = node.swap if parent.state.pending is None else node.cancel
    keys = None if wish is None else registrations(wish)
    if wish is None or keys is None:
        return ()
    record = _approved(wish, parent.state.seated)
    if record is None:
        return ()
    where = parent, parent.height + 1, tree.spec.chain_id, turn.before.swap_notice
    try:
        if isinstance(record, SwapRecord):
            check_record(record, *where)
        else:
            check_cancelled(record, *where)
    except BadSwapRecord:
        return ()
    return (record.program, *keys)


def _approved(wish: OpenSwap, rules: Rules) -> SwapRecord | SwapCancelled | None:
    """The record with its approvals, if they weigh enough under these rules."""
    if wish.record.from_epoch != rules.epoch:
        return None
    signed = {
        index: wish.approvals[one.key]
        for index, one in enumerate(rules.validators)
        if one.key in wish.approvals
    }
    if sum(rules.validators[index].weight for index in signed) < needed_weight(rules):
        return None
    proof = Certificate.of(signed)
    return replace(wish.record, bitmap=proof.bitmap, signatures=proof.signatures)
