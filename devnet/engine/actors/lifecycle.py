"""
Validators that stop and come back: killed ones lose all but their disk, paused ones
hear everything later. And: what those who missed something are told afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rpds import HashTrieMap

from devnet.engine.actors.auditing import forget_waiting
from devnet.engine.actors.hosting import start_engines
from devnet.engine.actors.messages import (
    EvidenceCame,
    GossipDue,
    MainBlockCame,
    SideBlockCame,
    SideTxCame,
    SwapApproval,
    SwapAsked,
)
from devnet.engine.actors.seats import actor_name
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import OFF
from devnet.engine.chain.mempool import Mempool
from devnet.engine.sidechain.node import SideNode

ACTOR = "faults"
MAIN_PEER = "main:node-0"
GOSSIP_MS = 1000


def swallowed(turn: Turn, chain: str, name: str, what: object) -> bool:
    """Is the validator down (then it never hears of this), or paused (then later)?"""
    if not turn.faults:
        return False
    if turn.has_fault("kill", chain, name):
        return True
    if not turn.has_fault("pause", chain, name):
        return False
    node = turn.node(chain, name)
    turn.set_node(chain, replace(node, inbox=(*node.inbox, what)))
    return True


def is_up(turn: Turn, chain: str, name: str) -> bool:
    """Is the validator neither killed nor paused?"""
    return not any(turn.has_fault(kind, chain, name) for kind in OFF)


def kill(turn: Turn, chain: str, name: str) -> None:
    """
    The process is gone: pool, engines, what it held back and what it was asked. What it
    stored stays: blocks, its view of the mainchain, and what it may still sign.
    """
    node = turn.node(chain, name)
    turn.set_node(
        chain,
        replace(
            node,
            orphans=(), held_blocks=(), held_claims=(), pool_orphans=(),
            pool=Mempool(), engines=HashTrieMap(), filled=HashTrieMap(),
            swap=None, cancel=None, early_swaps=(), inbox=(), reset=None,
            recent=(), heard=HashTrieMap(), proofs=HashTrieMap(),
            # Timers of the dead process must not wake the next one.
            timers=HashTrieMap({key: n + 1 for key, n in node.timers.items()}),
        ),
    )  # fmt: skip
    forget_waiting(turn, chain)


def restart(turn: Turn, chain: str, name: str) -> None:
    """The process comes back with what it stored, and asks the others for the rest."""
    me, tip = actor_name(chain, name), turn.main_tip
    turn.send(MAIN_PEER, me, tip, MainBlockCame(tip))
    start_engines(turn, chain, name)
    catch_up(turn, chain, (name,))


def install(turn: Turn, chain: str, name: str) -> None:
    """The engine that was missing can be loaded: the validator goes on at once."""
    turn.set_node(chain, replace(turn.node(chain, name), needs=""))
    start_engines(turn, chain, name)
    catch_up(turn, chain, (name,))


def wake(turn: Turn, chain: str, name: str) -> None:
    """The process goes on, and finds everything that came meanwhile, in order."""
    node = turn.node(chain, name)
    turn.set_node(chain, replace(node, inbox=()))
    for what in node.inbox:
        turn.later(0, actor_name(chain, name), what)


def catch_up(turn: Turn, chain: str, names: Iterable[str]) -> None:
    """
    These validators and all others tell each other what they have: the blocks of their
    branch, their pools, and the swap that they are asked to approve.
    """
    chosen = set(names)
    up = [node for node in turn.nodes(chain) if is_up(turn, chain, node.name)]
    for node in up:
        for other in up:
            if node.name != other.name and chosen & {node.name, other.name}:
                _tell_all(turn, chain, node, other)


def gossip(turn: Turn, due: GossipDue) -> None:
    """
    Each validator tells the next one what it has, another one each time. Networks that
    lose messages need it: a lost block is in nobody's way again otherwise.
    """
    chain = due.chain
    if not turn.has_fault("loss", chain):
        return
    up = [node for node in turn.nodes(chain) if is_up(turn, chain, node.name)]
    for index, node in enumerate(up):
        other = up[(index + 1 + due.turn % max(len(up) - 1, 1)) % len(up)]
        if other.name != node.name:
            _tell_all(turn, chain, node, other)
    turn.later(GOSSIP_MS, ACTOR, GossipDue(chain, due.turn + 1))


def _tell_all(turn: Turn, chain: str, node: SideNode, other: SideNode) -> None:
    tree = turn.side(chain).tree
    me, to = actor_name(chain, node.name), actor_name(chain, other.name)
    missing = []
    entry = tree[node.head]
    while entry.hash not in other.seen:
        missing.append(entry.hash)
        entry = tree[entry.header.previous]
    for block_hash in reversed(missing):
        turn.send(me, to, block_hash, SideBlockCame(block_hash))
    for item in node.pool.transactions():
        turn.send(me, to, item.tx.id, SideTxCame(item.tx))
    for key in sorted(node.proofs):
        turn.send(me, to, key, EvidenceCame(node.proofs[key]))
    for wish in (node.swap, node.cancel):
        if wish is None:
            continue
        asked = wish.record
        turn.send(me, to, asked.body_hash, SwapAsked(asked))
        for key in sorted(wish.approvals):
            signature = wish.approvals[key]
            turn.send(me, to, signature, SwapApproval(asked, key, signature))
