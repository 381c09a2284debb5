"""
Coordinators as actors: every collector, every member, and accounts that coordinate
their own payouts. Each has a desk: what it pays, seen with its own eyes.
"""

from __future__ import annotations

from collections.abc import Iterator

from devnet.engine.actors import collectors, membership, pinning
from devnet.engine.actors.chairs import fee_program
from devnet.engine.actors.collectors import collector_of
from devnet.engine.actors.owners import key_of
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.transaction import Transaction
from devnet.engine.chain.wallet import Key
from devnet.engine.federation.members import Coordinator, Heads, Paying
from devnet.engine.federation.withdrawals import Owed
from devnet.engine.keys.accounts import key_program
from devnet.engine.mainchain.accounts import FEDERATION_RELAYER, play_account
from devnet.engine.mainchain.state import MainEntry
from devnet.engine.sidechain.pegout import PegOut

USER = "user"
"""First part of the schedule's names of accounts that coordinate."""


def user_actor(account: str) -> str:
    """The schedule's name of an account."""
    return f"{USER}:{account}"


def desk_of(turn: Turn, me: str) -> Coordinator:
    """What a coordinator knows of payouts. `me` is the schedule's name of it."""
    return turn.coordinators.get(me) or Coordinator()


def set_desk(turn: Turn, me: str, new: Coordinator) -> None:
    """The coordinator's next state."""
    turn.coordinators = turn.coordinators.insert(me, new)


def all_desks(turn: Turn) -> tuple[Coordinator, ...]:
    """All that there are, by the schedule's names in order."""
    return tuple(turn.coordinators[me] for me in sorted(turn.coordinators))


def users(turn: Turn) -> tuple[str, ...]:
    """The schedule's names of the accounts that coordinate something."""
    return tuple(me for me in sorted(turn.coordinators) if me.startswith(f"{USER}:"))


def coordinators(turn: Turn) -> tuple[str, ...]:
    """Everybody who may have to coordinate, members aside: they are told anyway."""
    own = (collectors.actor_of(one.name) for one in turn.collectors)
    return (*own, *users(turn))


# Eyes and keys.


def tip_of(turn: Turn, me: str) -> MainEntry:
    """The tip of the coordinator's own mainchain."""
    kind, _, name = me.partition(":")
    if kind == collectors.KIND:
        return turn.tree[collector_of(turn, name).view.tip]
    if kind == membership.KIND:
        return turn.tree[membership.member_of(turn, name).main.tip]
    return turn.tree[turn.main_tip]


def heads_of(turn: Turn, me: str) -> Heads:
    """The heads of the sidechains that its own nodes follow."""
    kind, _, name = me.partition(":")
    if kind == membership.KIND:
        return membership.member_of(turn, name).heads
    return desk_of(turn, me).heads


def is_off(turn: Turn, me: str) -> bool:
    """Does its machine stand still?"""
    kind, _, name = me.partition(":")
    if kind == collectors.KIND:
        return collector_of(turn, name).off
    return kind == membership.KIND and membership.member_of(turn, name).off


def program_of(turn: Turn, me: str) -> bytes:
    """The program that takes its relay fee; nothing: it takes none."""
    kind, _, name = me.partition(":")
    if kind == collectors.KIND:
        return key_program(collector_of(turn, name).key)
    if kind == membership.KIND:
        return fee_program(membership.member_of(turn, name).xpub)
    return b""


def relayer_of(turn: Turn, me: str) -> Key:
    """Who pays the mainchain's gas, from its own BTM."""
    kind, _, name = me.partition(":")
    if kind == USER:
        return key_of(turn, name)
    one = play_account(FEDERATION_RELAYER)
    return Key(one.name, one.xprv, one.key, one.program)


# What they know together, for those who look at the world.


def under_way(turn: Turn, withdrawal_id: bytes) -> Paying | None:
    """The payout of a withdrawal that is furthest, of all coordinators'."""
    found = [
        paying
        for one in all_desks(turn)
        if (paying := one.paying.get(withdrawal_id)) is not None
    ]
    return max(found, key=lambda one: (one.sent, len(one.signatures)), default=None)


def why_waits(turn: Turn, withdrawal_id: bytes) -> str:
    """Why nobody has planned a payout of it yet, or nothing."""
    reasons = (one.waits.get(withdrawal_id) for one in all_desks(turn))
    return next((why for why in reasons if why), "")


def known_pins(one: Coordinator, owed: Owed) -> Iterator[bytes]:
    """Pins that somebody may have signed with, the likeliest first."""
    paying, told = one.paying.get(owed.id), one.pins.get(owed.id)
    if told:
        yield told
    if paying is not None and len(paying.signatures):
        yield paying.payout.pin_id
    if owed.pin_id:
        yield owed.pin_id
    if paying is not None:
        yield paying.payout.pin_id


def mined_payout(
    turn: Turn, tip: MainEntry, owed: Owed, pegout: PegOut, me: str | None = None
) -> tuple[MainEntry, Transaction] | None:
    """
    The block and the payout of a withdrawal on the branch of a tip, or None.

    Args:
        pegout: withdrawals at one's head; what completed another one is not meant.
        me: as far as one coordinator knows; None: as anybody does.
    """
    known = all_desks(turn) if me is None else (desk_of(turn, me),)
    ids = [owed.payout_id]
    ids += [one.paying[owed.id].payout.tx.id for one in known if owed.id in one.paying]
    for payout_id in ids:
        place = tip.state.index.places.get(payout_id)
        if place is not None and payout_id not in pegout.payouts:
            entry = turn.tree[tip.state.hashes[place.height]]
            return entry, entry.block.transactions[place.index]
    ppm = turn.config.relay_fee_ppm
    pins = [pin_id for one in known for pin_id in known_pins(one, owed)]
    for pin_id in dict.fromkeys((*pins, owed.pin_id)):
        found = pinning.spender_of(turn.tree, tip, pin_id)
        if found is None or found[1].id in pegout.payouts:
            continue
        if owed.is_paid_by(found[1], ppm):
            return found
    return None
