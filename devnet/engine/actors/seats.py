"""Who sits where: the names of validators as actors, their eyes, their seats."""

from __future__ import annotations

from devnet.engine.actors.turn import Turn
from devnet.engine.interfaces import Rules
from devnet.engine.sidechain.node import SideNode
from devnet.engine.sidechain.reader import SideReader
from devnet.engine.sidechain.swap import in_force


def actor_name(chain: str, node: str) -> str:
    """The schedule's name of a sidechain's validator."""
    return f"side:{chain}:{node}"


def clock_ms(turn: Turn, chain: str, name: str) -> int:
    """What a validator's clock says, milliseconds since 1970."""
    skew_ms = 0
    for fault in turn.faults:
        if (fault.kind, fault.chain, fault.node) == ("clock-skew", chain, name):
            skew_ms += fault.value
    return turn.wall_ms + skew_ms


def reader_of(turn: Turn, chain: str, node: SideNode) -> SideReader:
    """The chain as this validator has it."""
    tree = turn.side(chain).tree
    head = tree[node.head]
    answer = in_force(tree, head)
    epochs = head.state.epochs
    if answer.opens_epoch:
        epochs = (*epochs, answer.rules)
    now_ms = clock_ms(turn, chain, node.name)
    return SideReader(tree, node.head, epochs, now_ms, node.seen, turn.tools.work)


def index_of(rules: Rules, node: SideNode) -> int:
    """The node's seat in an epoch, or -1."""
    for index, validator in enumerate(rules.validators):
        if validator.key == node.key:
            return index
    return -1
