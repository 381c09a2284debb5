"""
Looking over the members' shoulders: a validator reads every payout on the mainchain
that its own chain's final blocks look back to, and accuses whoever signed a bad one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from devnet.engine.actors.proposing import court_of
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.witness import accuse
from devnet.engine.bc.evidence import BAD_PAYOUT, Evidence, SignedPayout
from devnet.engine.bc.programs import is_p2wsh
from devnet.engine.bc.transaction import Spend, Transaction
from devnet.engine.federation.programs import TREASURY_SCRIPT, holder_of
from devnet.engine.interfaces import Checkpoint
from devnet.engine.mainchain.state import MainTree
from devnet.engine.sidechain.badpayouts import (
    debts_paid,
    final_view,
    is_stolen,
    known_federations,
    moved_by,
    signs,
)
from devnet.engine.sidechain.court import Court

N_SIGNATURE_BYTES = 64


def watch_payouts(turn: Turn, chain: str, name: str) -> None:
    """Read the mainchain's blocks that a final block looks back to by now."""
    node, tree = turn.node(chain, name), turn.side(chain).tree
    head = tree[node.head]
    anchor = tree[head.final.hash].anchor
    n_seen = seen_to(turn.tree, node.payouts_seen, anchor)
    if anchor.height <= n_seen:
        return
    court = court_of(turn, tree, node, head)
    turn.set_node(chain, replace(node, payouts_seen=anchor.hash))
    hashes = turn.tree[anchor.hash].state.hashes
    for height in range(n_seen + 1, anchor.height + 1):
        for tx in turn.tree[hashes[height]].block.transactions[1:]:
            for record in _accusations(turn, chain, tx, court):
                accuse(turn, chain, name, record)


def seen_to(main: MainTree, seen: bytes, anchor: Checkpoint) -> int:
    """
    The height up to which the anchor's branch was read: less than before when a branch
    was given up.
    """
    if not seen:
        return 0
    height = min(main[seen].height, anchor.height)
    while main.hash_at(seen, height) != main.hash_at(anchor.hash, height):
        height -= 1
    return height


def _accusations(
    turn: Turn, chain: str, tx: Transaction, court: Court
) -> Iterator[Evidence]:
    """Evidence against each member whose signature on a transaction convicts it."""
    locked = _locked_inputs(turn, chain, tx, court)
    if not locked:
        return
    if is_stolen(moved_by(tx, locked, court), court):
        for signed in _signed_by(tx, locked, court):
            yield Evidence(BAD_PAYOUT, signed.raw)
        return
    for twin in _twins(tx, court):
        locked_too = _locked_inputs(turn, chain, twin, court)
        theirs = {one.member: one for one in _signed_by(twin, locked_too, court)}
        for signed in _signed_by(tx, locked, court):
            other = theirs.get(signed.member)
            if other is not None and other.pin_id != signed.pin_id:
                yield Evidence(BAD_PAYOUT, other.raw, signed.raw)


def _locked_inputs(
    turn: Turn, chain: str, tx: Transaction, court: Court
) -> tuple[tuple[int, bytes], ...]:
    """
    The inputs that a federation of the chain holds, each with its claim script: the
    treasury's, that of a claimed lock, or one that a wallet told of.
    """
    claimed, chain_id = court.parent.state.claimed, court.tree.spec.chain_id
    known = known_federations(court)
    found = []
    for index, given in enumerate(tx.inputs):
        if not isinstance(given, Spend) or not is_p2wsh(given.program):
            continue
        claim = claimed.get(given.spent_output_id)
        watched = turn.watched.get(given.program)
        script = TREASURY_SCRIPT
        if claim is not None:
            script = claim.claim_script
        elif watched is not None and watched.chain == chain:
            script = watched.claim_script
        if holder_of(known, chain_id, script, given.program) is not None:
            found.append((index, script))
    return tuple(found)


def _signed_by(
    tx: Transaction, locked: tuple[tuple[int, bytes], ...], court: Court
) -> Iterator[SignedPayout]:
    """The members' signatures on the first input that a federation holds."""
    members = {one for fed in known_federations(court) for one in fed.members}
    for index, _ in locked[:1]:
        given = tx.inputs[index]
        assert isinstance(given, Spend)
        signatures = [it for it in given.arguments if len(it) == N_SIGNATURE_BYTES]
        for member in sorted(members):
            for signature in signatures:
                signed = SignedPayout(tx, locked, member, index, signature)
                if signs(signed, court):
                    yield signed


def _twins(tx: Transaction, court: Court) -> Iterator[Transaction]:
    """
    Other transactions that pay the same: those that completed a withdrawal here, and
    those whose output nobody has spent yet. A payout that completed one is the honest
    one of two; whatever else pays the same finds it.
    """
    completed = court.parent.state.pegout.completed.values()
    paid_by = {settled.payout_id for settled in completed}
    if tx.id in paid_by or not debts_paid(tx, court):
        return
    first, view = tx.outputs[0], final_view(court)
    heights = {
        coin.height
        for coin in view.coins.of_program(first.program)
        if (coin.asset, coin.amount) == (first.asset, first.amount)
    }
    places = [view.index.places.get(payout_id) for payout_id in paid_by]
    heights |= {place.height for place in places if place is not None}
    for height in sorted(heights):
        for other in court.main[view.hashes[height]].block.transactions:
            if other.outputs[:1] == (first,) and other.id != tx.id:
                yield other
