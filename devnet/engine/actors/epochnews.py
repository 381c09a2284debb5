"""
Elections of members and collectors, told as events: what votes ask for, and who took
over. A change is told when it is final, so that nobody pays to what could be undone.
"""

from __future__ import annotations

from devnet.engine.actors.epochs import council_of, watch_epochs
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Sidechain
from devnet.engine.codec import address_of_program
from devnet.engine.events import (
    ActorChanged,
    CollectorsElected,
    FederationChanged,
    FederationProposed,
)
from devnet.engine.federation.council import Council
from devnet.engine.federation.programs import Federation, treasury_program


def say_epochs(turn: Turn, before: Sidechain) -> None:
    """What a step changed about who holds a sidechain's locks and who may claim."""
    side = turn.side(before.name)
    tree = side.tree
    old, new = tree[before.head].state.council, tree[side.head].state.council
    if new is not old and new is not None:
        first = tree.council(tree[before.head])
        if first.known != new.known:
            watch_epochs(turn, side)
        if new.wanted is not None and new.wanted != first.wanted:
            _say_proposed(turn, side, new)
    if side.final != before.final:
        _say_changed(turn, before, side)


def _say_proposed(turn: Turn, side: Sidechain, council: Council) -> None:
    wanted, current = council.wanted, council.current
    assert wanted is not None
    came = [key for key in wanted.members if key not in current.members]
    left = [key for key in current.members if key not in wanted.members]
    turn.say(
        FederationProposed(
            chain=side.name,
            height=side.tree[side.head].height,
            epoch=council.epoch + 1,
            members=names_of(turn, wanted),
            came=tuple(member_name(turn, key) for key in came),
            left=tuple(member_name(turn, key) for key in left),
            needed=current.quorum,
        )
    )


def retell_epochs(turn: Turn, side: Sidechain) -> None:
    """When a world comes back: the newest federation, and the one that is asked for."""
    council, head = council_of(side), side.tree.council(side.tree[side.head])
    if council.epoch:
        _say_federation(turn, side, council.known[1], council)
    if head.wanted is not None:
        _say_proposed(turn, side, head)


def retell_actors(turn: Turn, founders: tuple[str, ...]) -> None:
    """The same: members who joined, and those whose machine is off."""
    for member in turn.members:
        for state, is_so in (
            ("joined", member.name not in founders),
            ("off", member.off),
        ):
            if is_so:
                turn.say(ActorChanged(role="member", name=member.name, state=state))


def _say_changed(turn: Turn, before: Sidechain, side: Sidechain) -> None:
    old, new = council_of(before), council_of(side)
    if new.epoch != old.epoch:
        _say_federation(turn, side, old.current, new)
    if new.collectors != old.collectors:
        names = {one.key: one.name for one in turn.collectors}
        turn.say(
            CollectorsElected(
                chain=side.name,
                height=side.final.height,
                collectors=tuple(
                    names.get(key, key.hex()[:16]) for key in new.collectors
                ),
            )
        )


def _say_federation(
    turn: Turn, side: Sidechain, old: Federation, council: Council
) -> None:
    new, chain_id = council.current, side.tree.spec.chain_id
    changed = set(old.members) ^ set(new.members)
    grew = len(new.members) - len(old.members)
    addresses = [
        address_of_program(treasury_program(one, chain_id), turn.tree.profile.hrp)
        for one in (old, new)
    ]
    turn.say(
        FederationChanged(
            chain=side.name,
            height=side.final.height,
            epoch=council.epoch,
            old_members=names_of(turn, old),
            members=names_of(turn, new),
            n_seats_changed=(len(changed) + abs(grew)) // 2,
            quorum=new.quorum,
            old_treasury=addresses[0],
            treasury=addresses[1],
            expires=council.expires,
        )
    )


def names_of(turn: Turn, federation: Federation) -> tuple[str, ...]:
    """Its members by name, in the order of their keys."""
    return tuple(member_name(turn, key) for key in federation.members)


def member_name(turn: Turn, xpub: bytes) -> str:
    """A member's name by its root xpub; the key itself, if it is nobody's here."""
    for member in turn.members:
        if member.xpub == xpub:
            return member.name
    return xpub.hex()[:16]
