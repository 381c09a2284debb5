"""Plays about who serves the peg: silent ones, thieves, and one whose key is known."""

from __future__ import annotations

from devnet.engine.actors import collecting, mainchain, membership
from devnet.engine.actors.cheating import THIEF, remember
from devnet.engine.actors.epochs import council_of
from devnet.engine.actors.pegplays import first_collector
from devnet.engine.actors.seeing import saw
from devnet.engine.actors.tills import till_of
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Fault
from devnet.engine.bc.electoral import MEMBER_ROLE
from devnet.engine.bc.transaction import BTM, Output
from devnet.engine.errors import BadValue, RequestError
from devnet.engine.events import InvariantBroken
from devnet.engine.federation.members import Member
from devnet.engine.federation.payouts import Payout
from devnet.engine.federation.planning import Held, Till, biggest, with_gas
from devnet.engine.federation.signatures import assemble, holders_of, sign_inputs
from devnet.engine.keys import chainkd
from devnet.engine.mainchain.accounts import play_account, play_root


class NothingToSteal(RequestError):
    """The federation holds no settled BTM for this sidechain."""

    code = "request.nothing-to-steal"
    default_hint = "Lock some BTM first, and wait until it is settled."


# Silent.


def silence(turn: Turn, fault: Fault) -> None:
    """
    The last members or collectors fall silent.

    Raises:
        BadValue: more than there are.
    """
    everybody = _role(turn, fault)
    up = [name for name, off in everybody if not off]
    what = fault.kind.partition("-")[0]
    if fault.value > len(up):
        raise BadValue(
            f"{len(up)} {what} are there to fall silent, not {fault.value}",
            hint=f"Take 1 to {len(up)}.",
        )
    names = up[len(up) - fault.value :]
    remember(turn, fault, *(name.encode() for name in names))
    silence_again(turn, fault)
    n_left = len(up) - fault.value
    saw(
        turn,
        fault.id,
        f"{', '.join(names)} are silent: {n_left} of {len(everybody)} {what} left",
    )


def _role(turn: Turn, fault: Fault) -> list[tuple[str, bool]]:
    """Those whom the fault is about, and who of them is off."""
    if fault.kind == "collectors-offline":
        return [(one.name, one.off) for one in turn.collectors]
    seated = {
        xpub
        for side in turn.sides()
        for one in side.tree.council(side.tree[side.head]).federations
        for xpub in one.members
    }
    return [(one.name, one.off) for one in turn.members if one.xpub in seated]


def _switch(turn: Turn, fault: Fault, *, off: bool) -> None:
    role = collecting if fault.kind == "collectors-offline" else membership
    for name in fault.memory:
        role.switch(turn, name.decode(), off=off)


def silence_again(turn: Turn, fault: Fault) -> None:
    """They stay silent when the world comes back."""
    now = next(one for one in turn.faults if one.id == fault.id)
    _switch(turn, now, off=True)


def speak(turn: Turn, fault: Fault) -> None:
    """They are back, and catch up with both chains."""
    _switch(turn, fault, off=False)


# Stealing.


def steal(turn: Turn, fault: Fault) -> None:
    """
    A quorum signs a payout that no withdrawal asks for: the biggest piece of BTM.

    Raises:
        NothingToSteal: there is none.
    """
    till = till_of(turn, first_collector(turn), fault.chain, b"")
    pieces = biggest(till, BTM)
    if not pieces:
        raise NothingToSteal(f"the federation holds no settled BTM for {fault.chain}")
    piece = pieces[0]
    loot = Output(BTM, piece.coin.amount, play_account(THIEF).program)
    payout = Payout(b"", with_gas(till, [piece], (loot,)), (piece.script,))
    thieves = _thieves(turn, fault, till, piece)
    chain_id = till.chain_id
    holders = holders_of(till.known, chain_id, payout.tx, payout.scripts)
    signatures = {
        one.xpub: sign_inputs(one.xprv, chain_id, payout.tx, payout.scripts, holders)
        for one in thieves
    }
    tx = assemble(holders, chain_id, payout, signatures, till.relayer)
    mainchain.submit(turn, tx, "payout")
    remember(turn, fault, tx.id)
    names = ", ".join(one.name for one in thieves)
    amount = piece.coin.amount / 10**8
    saw(
        turn,
        fault.id,
        f"{names} sign {tx.id.hex()[:8]}: {amount:g} BTM to a stranger, for no "
        "withdrawal; the mainchain takes it",
    )


def _thieves(turn: Turn, fault: Fault, till: Till, piece: Held) -> tuple[Member, ...]:
    """A quorum of those who hold the piece; whoever has a bond to lose first."""
    side = turn.side(fault.chain)
    book = side.tree[side.head].state.roster.book(MEMBER_ROLE)
    bonded = {one.name for one in book.all()}
    holder = till.holder(piece)
    members = [one for one in turn.members if one.xpub in holder.members]
    members.sort(key=lambda one: one.name not in bonded)
    return tuple(members[: holder.quorum])


def watch_theft(turn: Turn, fault: Fault) -> None:
    """Tell in which block the theft is, and in which the alarm rang."""
    tip = turn.tree[turn.main_tip]
    place = tip.state.index.places.get(fault.memory[0]) if fault.memory else None
    if place is not None:
        saw(turn, fault.id, f"the theft is in main {place.height}")
    for event in tuple(turn.events):
        if isinstance(event, InvariantBroken) and event.chain == fault.chain:
            words = f"{event.invariant} rings at main {event.main_height}"
            saw(turn, fault.id, f"{words}: {event.detail}")


# A key that is known.


def watch_rotation(turn: Turn, fault: Fault, member: str) -> None:
    """Tell when the member whose key is known has no seat any more."""
    side = turn.side(fault.chain)
    council = council_of(side)
    known = chainkd.xpub(play_root(member))
    if known in council.current.members or not council.past + council.federations[1:]:
        return
    before = (*council.federations[1:], *council.past)[0]
    n_changed = len(set(before.members) - set(council.current.members))
    saw(
        turn,
        fault.id,
        f"{member} has no seat from epoch {council.epoch} on, {n_changed} of "
        f"{len(before.members)} seats changed: the key opens no new lock",
    )
