"""
How validators tell one another their BLS keys before a swap to merged votes.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.hosting import feed_all
from devnet.engine.actors.messages import BlsKeyCame
from devnet.engine.actors.seats import actor_name
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.blskeys import BlsKey
from devnet.engine.bc.records import SwapRecord
from devnet.engine.interfaces import Woken
from devnet.engine.sidechain.blskeys import is_good, own_record, wants_bls
from devnet.engine.sidechain.node import OpenSwap


def tell_key(turn: Turn, chain: str, name: str, swap: SwapRecord) -> None:
    """Register for the new rule, if it merges votes and has a seat for this node."""
    node = turn.node(chain, name)
    if not wants_bls(swap) or all(node.key != one.key for one in swap.validators):
        return
    own = own_record(node.xprv, turn.side(chain).tree.spec.chain_id)
    _note(turn, chain, name, swap, own)
    for other in turn.node_names(chain):
        if other != name:
            me, to = actor_name(chain, name), actor_name(chain, other)
            turn.send(me, to, own.bls_key, BlsKeyCame(swap, own))


def key_came(turn: Turn, chain: str, name: str, got: BlsKeyCame) -> None:
    """Another node's registration, checked before it counts."""
    if got.swap.body_hash in turn.side(chain).dropped_swaps:
        return
    rules = turn.side(chain).tree[turn.node(chain, name).head].state.rules
    if got.swap.from_epoch < rules.epoch:
        return
    if is_good(got.own, turn.side(chain).tree.spec.chain_id):
        _note(turn, chain, name, got.swap, got.own)


def _note(turn: Turn, chain: str, name: str, swap: SwapRecord, own: BlsKey) -> None:
    node = turn.node(chain, name)
    wish = node.swap
    if wish is None or wish.record != swap:
        wish = OpenSwap(swap)
    wish = replace(wish, bls_keys=wish.bls_keys.insert(own.key, own))
    turn.set_node(chain, replace(node, swap=wish))
    feed_all(turn, chain, name, Woken(turn.wall_ms))
