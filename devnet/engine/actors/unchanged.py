"""What a step left as it was, so that nothing has to be said of it."""

from __future__ import annotations

from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Sidechain
from devnet.engine.sidechain.node import SideNode


def only_pools_changed(turn: Turn, side: Sidechain) -> bool:
    """Was all told at this very time, and has nothing changed since that is told?"""
    if side.said_ms != turn.now_ms or turn.faults or side.waiting:
        return False
    if turn.before.sidechain(side.name) is not side:
        return False
    if side.tree[side.head].state.pending is not None:
        return False
    for was, node in turn.touched(side.name):
        if (
            was is None
            or node.engines is not was.engines
            or node.head is not was.head
            or node.final is not was.final
            or node.swap is not was.swap
        ):
            return False
    return all(turn.transfers[name].chain != side.name for name in turn.open_transfers)


def knows_the_same(turn: Turn, chain: str, speaker: SideNode) -> bool:
    """Has this step left the validator as it was, its pool aside?"""
    for was, node in turn.touched(chain):
        if node is speaker:
            return (
                was is not None
                and node.engines is was.engines
                and node.head is was.head
                and node.seen is was.seen
            )
    return True
