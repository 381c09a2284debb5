"""
Taking a transfer's Claim apart, honest or tampered with: always a copy, judged by the
same checks against the same facts as the real one.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors import acts, collecting
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Transfer
from devnet.engine.bc.transaction import Claim, Transaction
from devnet.engine.errors import UnknownName
from devnet.engine.interfaces import Checkpoint
from devnet.engine.mainchain.view import settled_hash
from devnet.engine.sidechain.claims import ClaimContext
from devnet.engine.sidechain.inspection import ClaimInspection, inspect_claim
from devnet.engine.sidechain.reader import claim_context
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.tampers import TAMPERS


def inspect(turn: Turn, transfer: Transfer, tamper: str | None) -> ClaimInspection:
    """
    The Claim of a transfer under every check.

    A Claim in a block is judged as that block's validators judged it: against the
    block's anchor and the claimed set below it. One that still waits, or is yet to be
    made, against the newest settled mainchain block.

    Args:
        tamper: a name of `TAMPERS`; the copy is changed so before it is judged.

    Raises:
        UnknownName: no such tamper. NotSettledYet: there is no Claim to inspect yet.
    """
    if tamper is not None and tamper not in TAMPERS:
        raise UnknownName(
            f"there is no tamper {tamper!r}", hint=f"Tampers: {', '.join(TAMPERS)}."
        )
    entry = _block_of_claim(turn, transfer)
    if entry is None:
        tx, context = acts.claim_of(turn, transfer.id), _context_now(turn, transfer)
    else:
        tx, context = _claim_in(entry, transfer), _context_of(turn, transfer, entry)
    if tamper is not None:
        tx = TAMPERS[tamper].apply(tx)
    lock = collecting.settled_lock(turn, transfer)
    return inspect_claim(tx, context, turn.tree[lock.block_hash].block)


def _block_of_claim(turn: Turn, transfer: Transfer) -> SideEntry | None:
    """The block of the best sidechain that claimed the transfer's lock, or None."""
    side = turn.side(transfer.chain)
    claimed = side.tree[side.head].state.claimed.get(transfer.lock_id)
    if claimed is None:
        return None
    block_hash = side.tree.hash_at(side.head, claimed.height)
    assert block_hash is not None, "a claimed lock has its block below the head"
    return side.tree[block_hash]


def _claim_in(entry: SideEntry, transfer: Transfer) -> Transaction:
    for tx in entry.block.transactions:
        for given in tx.inputs:
            if (
                isinstance(given, Claim)
                and given.mainchain_output_id == transfer.lock_id
            ):
                return tx
    raise AssertionError("the block that claimed a lock holds its Claim")


def _context_of(turn: Turn, transfer: Transfer, entry: SideEntry) -> ClaimContext:
    tree = turn.side(transfer.chain).tree
    parent = tree[entry.header.previous]
    below = parent.state.claimed
    context = claim_context(
        tree, parent, turn.tree, entry.anchor, frozen=False, resting=False
    )
    return replace(context, is_claimed=lambda lock_id: lock_id in below)


def _context_now(turn: Turn, transfer: Transfer) -> ClaimContext:
    side = turn.side(transfer.chain)
    anchor_hash = settled_hash(turn.tree, turn.main_nodes[0].view, turn.depth)
    anchor = Checkpoint(turn.tree[anchor_hash].height, anchor_hash)
    head = side.tree[side.head]
    claimed = head.state.claimed
    context = claim_context(
        side.tree, head, turn.tree, anchor, frozen=False, resting=False
    )
    return replace(context, is_claimed=lambda lock_id: lock_id in claimed)
