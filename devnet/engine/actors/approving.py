"""
How validators agree on another rule, or to keep the one they have: each approves for
itself, all tell all.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from devnet.engine.actors.hosting import feed_all
from devnet.engine.actors.messages import SwapApproval, SwapAsked
from devnet.engine.actors.registering import tell_key
from devnet.engine.actors.seats import actor_name, index_of
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.records import SwapCancelled, SwapRecord
from devnet.engine.errors import PluginError
from devnet.engine.events import SwapApproved
from devnet.engine.interfaces import Woken
from devnet.engine.keys.chainkd import sign
from devnet.engine.keys.ed25519 import verify
from devnet.engine.sidechain.node import OpenSwap, SideNode
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.swap import approve_message, needed_weight

MOST_EARLY_SWAPS = 64
"""Requests and approvals a validator keeps for an epoch still to come."""


Wish = SwapRecord | SwapCancelled


def swap_asked(turn: Turn, chain: str, name: str, record: Wish) -> None:
    """Approve a swap if this validator can run its engine, or the end of a swap."""
    node = turn.node(chain, name)
    if record.body_hash in turn.side(chain).dropped_swaps:
        return
    tree = turn.side(chain).tree
    head = tree[node.head]
    rules = head.state.seated
    me = index_of(rules, node)
    if rules.epoch < record.from_epoch:
        _keep_for_later(turn, chain, node, SwapAsked(record))
        return
    if isinstance(record, SwapRecord) and rules.epoch == record.from_epoch:
        with suppress(PluginError):  # Without the library nobody can register.
            tell_key(turn, chain, name, record)
    if me < 0 or rules.epoch != record.from_epoch:
        return
    if isinstance(record, SwapRecord):
        if turn.has_fault("missing-engine", chain, name):
            return
        try:
            turn.tools.engine(record.engine)
        except PluginError:
            return
    signature = sign(node.xprv, approve_message(tree.spec.chain_id, record))
    _note_approval(turn, chain, name, record, node.key, signature)
    n_approved = sum(
        (wish := wish_of(other, record)) is not None and other.key in wish.approvals
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
                SwapApproval(record, node.key, signature),
            )


def approval_came(turn: Turn, chain: str, name: str, got: SwapApproval) -> None:
    """Another validator's approval, checked before it counts."""
    if got.record.body_hash in turn.side(chain).dropped_swaps:
        return
    tree = turn.side(chain).tree
    node = turn.node(chain, name)
    head = tree[node.head]
    rules = head.state.seated
    if rules.epoch < got.record.from_epoch:
        _keep_for_later(turn, chain, node, got)
        return
    if rules.epoch != got.record.from_epoch or not _may_sit(head, got.key):
        return
    if isinstance(got.record, SwapRecord) and is_too_late(
        got.record, head.height, turn.before.swap_notice
    ):
        return
    message = approve_message(tree.spec.chain_id, got.record)
    if verify(got.key, message, got.signature):
        _note_approval(turn, chain, name, got.record, got.key, got.signature)


def _may_sit(head: SideEntry, key: bytes) -> bool:
    """Has the key a seat, or could an election give it one before the record is in?"""
    state = head.state
    listed = (*state.seated.validators, *state.rules.validators)
    return key in state.roster.by_key or any(key == one.key for one in listed)


def wish_of(node: SideNode, record: Wish) -> OpenSwap | None:
    """What the validator knows of the approvals of this kind of record."""
    return node.swap if isinstance(record, SwapRecord) else node.cancel


def _note_approval(
    turn: Turn, chain: str, name: str, record: Wish, key: bytes, sig: bytes
) -> None:
    node = turn.node(chain, name)
    wish = wish_of(node, record)
    if wish is None or wish.record != record:
        wish = OpenSwap(record)
    wish = replace(wish, approvals=wish.approvals.insert(key, sig))
    if isinstance(record, SwapRecord):
        node = replace(node, swap=wish)
    else:
        node = replace(node, cancel=wish)
    turn.set_node(chain, node)
    feed_all(turn, chain, name, Woken(turn.wall_ms))


def _keep_for_later(turn: Turn, chain: str, node: SideNode, what: object) -> None:
    """The others are in an epoch that this validator has yet to learn of."""
    early = (*node.early_swaps, what)[-MOST_EARLY_SWAPS:]
    turn.set_node(chain, replace(node, early_swaps=early))


def try_early_swaps(turn: Turn, chain: str, name: str) -> None:
    """The validator follows another block, of a new epoch perhaps."""
    node = turn.node(chain, name)
    if not node.early_swaps:
        return
    turn.set_node(chain, replace(node, early_swaps=()))
    for what in node.early_swaps:
        if isinstance(what, SwapAsked):
            swap_asked(turn, chain, name, what.record)
        elif isinstance(what, SwapApproval):
            approval_came(turn, chain, name, what)


def is_too_late(record: SwapRecord, height: int, notice: int) -> bool:
    """Could the next block no longer carry the record and keep the notice?"""
    return record.closing_height < height + 1 + notice


def forget_swap(turn: Turn, chain: str, record: SwapRecord | None = None) -> None:
    """
    The new rule is in force, the old one stays, or time for approvals is over.

    Args:
        record: only this one and its end; None: whatever they are asked about.
    """
    for node in turn.nodes(chain):
        swap, cancel = (
            wish
            if wish is not None
            and record is not None
            and wish.record.body_hash != record.body_hash
            else None
            for wish in (node.swap, node.cancel)
        )
        if (swap, cancel) != (node.swap, node.cancel):
            turn.set_node(chain, replace(node, swap=swap, cancel=cancel))
