"""
An account coordinates a payout itself, once all others were silent: it asks the
members, collects their signatures and broadcasts, pays the gas and takes no fee.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors import paying
from devnet.engine.actors.chairs import Chairs, chairs_of, names_of
from devnet.engine.actors.desks import desk_of, set_desk, user_actor
from devnet.engine.actors.owners import key_of
from devnet.engine.actors.turn import Turn
from devnet.engine.errors import RequestError, UnknownName
from devnet.engine.federation.turns import anybody_from


class PayoutNotYours(RequestError):
    """Coordinators may still act, so that nobody else may yet."""

    code = "request.payout-turn"
    default_hint = "Mine on, or wait: they pay it by themselves, as soon as they can."


class NothingToPay(RequestError):
    """The withdrawal is not in a block, not final, or paid and recorded already."""

    code = "request.nothing-to-pay"


def payout(turn: Turn, name: str, who: str | None = None) -> str:
    """
    Let an account coordinate the payout of a withdrawal.

    Args:
        name: of the withdrawal, such as "w1". who: an account; None: the sender's.

    Returns:
        The account.

    Raises:
        UnknownName, NothingToPay.
        PayoutNotYours: it is others' turn; from which mainchain block on it is not.
    """
    transfer = turn.transfers.get(name)
    if transfer is None or not transfer.is_withdrawal:
        known = ", ".join(sorted(one for one in turn.transfers if one[0] == "w"))
        raise UnknownName(
            f"there is no withdrawal {name!r}",
            hint=f"Withdrawals: {known or 'none yet'}.",
        )
    account = who or transfer.who
    key_of(turn, account)
    side = turn.side(transfer.chain)
    head = side.tree[side.head]
    owed = head.state.pegout.find(transfer.lock_id)
    tip_height = turn.tree[turn.main_tip].height
    if owed is None:
        raise NothingToPay(f"{transfer.chain} owes nothing for {name} now")
    chairs = chairs_of(turn, side.name, head, owed, tip_height)
    if not chairs.programs:
        raise NothingToPay(f"{name} is in {side.name} {owed.height}, not final yet")
    if not chairs.anybody:
        raise PayoutNotYours(f"{name}: {_who_is_due(turn, transfer.chain, chairs)}")
    me = user_actor(account)
    desk = desk_of(turn, me)
    own = tuple(dict.fromkeys((*desk.own, owed.id)))
    heads = desk.heads.insert(side.name, side.head)
    set_desk(turn, me, replace(desk, own=own, heads=heads))
    paying.work(turn, me)
    return account


def _who_is_due(turn: Turn, chain: str, chairs: Chairs) -> str:
    side, names = turn.side(chain), names_of(turn)
    spec, council = side.tree.spec, side.tree.council(side.tree[side.head])
    due = ", ".join(names.get(one) or one.hex()[:8] for one in chairs.programs)
    left = anybody_from(len(council.collectors), spec.grace) - chairs.age
    opens = turn.tree[turn.main_tip].height + left
    return f"it is the turn of {due}, anybody may coordinate from main {opens} on"
