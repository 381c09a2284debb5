"""
Cutting a chain's network in two and joining it again.

A cut drops what one side sends to the other, from the moment it is made. Healing lets
both sides tell each other what they missed; the chains' own rules then decide.
"""

from __future__ import annotations

from collections.abc import Sequence

from devnet.engine.actors import lifecycle, mainchain
from devnet.engine.actors.messages import (
    MainBlockCame,
    MainTxCame,
)
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Groups
from devnet.engine.errors import BadValue, RequestError
from devnet.engine.events import FaultEnded, FaultStarted
from devnet.engine.mainchain.view import how_moved

MAIN = "main"
CUT = "partition"


class NotCut(RequestError):
    """Nothing to heal: the chain's network is whole."""

    code = "request.not-cut"
    default_hint = "partition CHAIN cuts it."


class AlreadyCut(RequestError):
    """The chain's network is cut already."""

    code = "request.already-cut"
    default_hint = "heal CHAIN first."


def members(turn: Turn, chain: str) -> tuple[str, ...]:
    """Who talks on a chain: the mainchain's nodes, or a sidechain's validators."""
    if chain == MAIN:
        return tuple(node.name for node in turn.main_nodes)
    return turn.node_names(chain)


def partition(turn: Turn, chain: str, groups: Sequence[Sequence[str]] = ()) -> Groups:
    """
    Cut a chain's network into groups that do not hear each other, and say so.

    Args and Raises:
        As `cut`.
    """
    chosen = cut(turn, chain, groups)
    sides = " | ".join(",".join(group) for group in chosen)
    turn.say(FaultStarted(fault=CUT, target=chain, detail=sides))
    return chosen


def cut(turn: Turn, chain: str, groups: Sequence[Sequence[str]] = ()) -> Groups:
    """
    Cut a chain's network into groups that do not hear each other.

    Everybody who is in no group (the collector, validators as followers of the
    mainchain) hears the first group.

    Args:
        groups: names, each in one group; none: the last member alone.

    Raises:
        AlreadyCut, BadValue, UnknownName.
    """
    names = members(turn, chain)
    if chain in turn.cuts:
        raise AlreadyCut(f"{chain} is cut already")
    if len(names) < 2:
        raise BadValue(f"{chain} has {len(names)} member, nothing can be cut")
    chosen = [tuple(group) for group in groups] or [names[:-1], names[-1:]]
    listed = [name for group in chosen for name in group]
    unknown = [name for name in listed if name not in names]
    if unknown or len(set(listed)) != len(listed) or not all(chosen):
        raise BadValue(
            f"groups of {chain} take each of {', '.join(names)} once, not "
            f"{' | '.join(','.join(group) for group in chosen)}"
        )
    rest = tuple(name for name in names if name not in listed)
    if rest:
        chosen.append(rest)
    if len(chosen) < 2:
        raise BadValue(f"one group is no cut: {', '.join(chosen[0])}")
    turn.cuts = turn.cuts.insert(chain, tuple(chosen))
    return tuple(chosen)


def heal(turn: Turn, chain: str) -> None:
    """
    Join the network again, and say so.

    Raises:
        NotCut: it is whole.
    """
    if chain not in turn.cuts:
        raise NotCut(f"{chain} is not cut")
    turn.say(FaultEnded(fault=CUT, target=chain))
    join(turn, chain)


def join(turn: Turn, chain: str) -> None:
    """Join a cut network: everybody sends what the others have not seen."""
    turn.cuts = turn.cuts.remove(chain)
    if chain == MAIN:
        exchange_main(turn)
    else:
        lifecycle.catch_up(turn, chain, turn.node_names(chain))


def exchange_main(turn: Turn) -> None:
    """Each node sends its branch and its pool to all who follow the mainchain."""
    tips = sorted({node.view.tip for node in turn.main_nodes})
    for node in turn.main_nodes:
        me = mainchain.actor_name(node.name)
        branch: list[bytes] = []
        for tip in tips:
            branch += how_moved(turn.tree, tip, node.view.tip).joined
        for peer in mainchain.main_peers(turn):
            if peer == me:
                continue
            for block_hash in dict.fromkeys(branch):
                turn.send(me, peer, block_hash, MainBlockCame(block_hash))
        for other in turn.main_nodes:
            for item in node.pool.transactions() if other.name != node.name else ():
                actor = mainchain.actor_name(other.name)
                turn.send(me, actor, item.tx.id, MainTxCame(item.tx))
