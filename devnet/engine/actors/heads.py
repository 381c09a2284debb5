"""Which block of a sidechain is told as its head, and which as final."""

from __future__ import annotations

from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Sidechain
from devnet.engine.interfaces import Checkpoint
from devnet.engine.sidechain.node import weighs_more
from devnet.engine.sidechain.state import SideEntry


def best_head(turn: Turn, side: Sidechain) -> SideEntry:
    """
    The weightiest block that any validator follows; the present one on a tie. It was
    the best before the step, so only those to whom something happened can know better.
    """
    best = side.tree[side.head]
    touched = turn.touched(side.name)
    heads = {node.head for was, node in touched if was is None or was.head != node.head}
    if not heads:
        return best
    for node in turn.nodes(side.name):
        if turn.has_fault("lying-node", side.name, node.name):
            continue  # It lives on a mainchain that only it was shown.
        entry = side.tree[node.head]
        if weighs_more(entry, best):
            best = entry
    return best


def best_final(turn: Turn, side: Sidechain, head: SideEntry) -> Checkpoint:
    """
    One validator that can prove a block final is enough: proofs do not expire. Again
    only those to whom something happened can bring news.
    """
    finals = [
        node.final
        for _, node in turn.touched(side.name)
        if not turn.has_fault("lying-node", side.name, node.name)
    ]
    return max((side.final, head.final, *finals), key=lambda point: point.height)
