"""
Who sits in the federation or collects, who stands for it, and who did: as rows.
"""

from __future__ import annotations

from typing import Any

from devnet.engine.actors.epochnews import names_of
from devnet.engine.actors.epochs import council_of
from devnet.engine.actors.migrating import left_at_old
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.voting import poll_of
from devnet.engine.actors.world import Sidechain
from devnet.engine.bc.electoral import COLLECTOR_ROLE, stake_key_of
from devnet.engine.codec import address_of_program
from devnet.engine.federation.council import Council
from devnet.engine.federation.programs import treasury_program
from devnet.engine.sidechain.custody import custody_above
from devnet.engine.sidechain.registrations import Registration
from devnet.engine.sidechain.staking import free_from
from devnet.engine.sidechain.state import SideEntry


def list_seats(turn: Turn, chain: str, role: int) -> list[dict[str, Any]]:
    """
    Everybody who has a seat of this role, stands for one, had one, or has a bond. Rows
    as `rolls.list_validators` makes them, and besides:

    state: member or collector (sits now), candidate, leaving, former, banned.
    since, until: the federation's epochs of the newest time in a seat; until None: it
    sits. coming: it takes a seat when the handover is in a block, or the last vote
    final. off: its machine stands still.
    """
    side = turn.side(chain)
    head = side.tree[side.head]
    council, state = side.tree.council(head), head.state
    machines = turn.collectors if role == COLLECTOR_ROLE else turn.members
    offs = {one.name: one.off for one in machines}
    sitting = _sitting(council, role)
    next_keys = _coming(council, role)
    rows = []
    for key, name in _named(turn, chain, head, council, role):
        one = state.roster.book(role).of_key(stake_key_of(key))
        since, until = _epochs(council, key) if role != COLLECTOR_ROLE else (None, None)
        rows.append(
            {
                "name": name,
                "key": key.hex(),
                "state": _state_of(head, council, role, key, one),
                "votes": state.tally.get(stake_key_of(key)) or 0,
                "bond": one.bond_neu if one else 0,
                "bond_free_at": _free_at(turn, chain, head, one),
                "acts": key in sitting,
                "coming": key in next_keys,
                "since": since,
                "until": until,
                "off": offs.get(name, False),
            }
        )
    return rows


def epoch_facts(turn: Turn, side: Sidechain) -> dict[str, Any]:
    """
    Who holds a sidechain's locks by what is final.

    epoch: number of the newest federation; members: its names; collectors: theirs.
    wanted: names that the votes ask for, until the handover; empty: no change.
    expires: the height from which on older deposits cannot be claimed; 0: no such.
    migrating: units of all assets that older federations still hold. treasury: address.
    """
    council, head = council_of(side), side.tree[side.head]
    wanted = side.tree.council(head).wanted
    names = {one.key: one.name for one in turn.collectors}
    program = treasury_program(council.current, side.tree.spec.chain_id)
    return {
        "epoch": council.epoch,
        "members": list(names_of(turn, council.current)),
        "collectors": [names.get(key, key.hex()[:16]) for key in council.collectors],
        "wanted": [] if wanted is None else list(names_of(turn, wanted)),
        "expires": council.expires,
        "migrating": sum(left_at_old(turn, side).values()),
        "treasury": address_of_program(program, turn.tree.profile.hrp),
    }


def _named(
    turn: Turn, chain: str, head: SideEntry, council: Council, role: int
) -> list[tuple[bytes, str]]:
    """Keys and names of all whom a list shows, by name."""
    names: dict[bytes, str] = {}
    if role == COLLECTOR_ROLE:
        known = {one.key: one.name for one in turn.collectors}
        founders = turn.side(chain).tree.spec.collectors
        ever = (*founders, *council.collectors, *council.coming)
    else:
        known = {one.xpub: one.name for one in turn.members}
        ever = tuple(key for one in council.known for key in one.members)
    for key in (*ever, *poll_of(turn, chain).votes(role)):
        names[key] = known.get(key, key.hex()[:16])
    for one in head.state.roster.book(role).all():
        names[one.key] = one.name
    return sorted(names.items(), key=lambda item: (item[1], item[0]))


def _sitting(council: Council, role: int) -> tuple[bytes, ...]:
    return council.collectors if role == COLLECTOR_ROLE else council.current.members


def _coming(council: Council, role: int) -> tuple[bytes, ...]:
    """Who sits after the change that is under way, if one is."""
    if role == COLLECTOR_ROLE:
        return tuple(one for one in council.coming if one not in council.collectors)
    wanted = council.wanted.members if council.wanted is not None else ()
    return tuple(one for one in wanted if one not in council.current.members)


def _epochs(council: Council, key: bytes) -> tuple[int | None, int | None]:
    """The newest epochs in which a member sat: the first, and the one behind them."""
    seats = [key in one.members for one in council.known]
    if True not in seats:
        return None, None
    last = seats.index(True)
    first = last
    while first + 1 < len(seats) and seats[first + 1]:
        first += 1
    until = council.epoch - last + 1 if last else None
    return council.epoch - first, until


def _state_of(
    head: SideEntry, council: Council, role: int, key: bytes, one: Registration | None
) -> str:
    if stake_key_of(key) in head.state.roster.banned:
        return "banned"
    if key in _sitting(council, role):
        return "collector" if role == COLLECTOR_ROLE else "member"
    if one is None:
        return "former"
    return "candidate" if one.stands else "leaving"


def _free_at(
    turn: Turn, chain: str, head: SideEntry, one: Registration | None
) -> int | None:
    """The height from which on the bond may come back, once somebody left."""
    if one is None or one.stands:
        return None
    bond = head.state.coins.by_id.get(one.bond_id)
    if bond is None:
        return None
    tree = turn.side(chain).tree
    custody = custody_above(tree, turn.tree, head.hash)
    unbond_blocks = tree.spec.unbond_blocks
    return free_from(bond, head.state.roster, unbond_blocks, custody)
