"""
The verbs of the council: who sits in the federation and who collects, how one stands
for it, and switching a member's machine off and on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NewType

from devnet.commands.context import Context
from devnet.commands.errors import did_you_mean
from devnet.commands.grammar import Token
from devnet.commands.registry import command
from devnet.commands.types import (
    TYPES,
    Account,
    ArgType,
    Completion,
    Sidechain,
    chosen,
    spelled,
)
from devnet.commands.values import Amount, Quantity, Said
from devnet.commands.verbs.seats import COLLECTOR, MEMBER, Seat, stand, table, vote
from devnet.commands.verbs.validators import Candidate
from devnet.engine.errors import UnknownName

SEAT_DEEDS = {
    "list": "who sits, who stands, who did: votes, bonds, epochs, keys",
    "register": "WHO stands with a bond, and a machine of that name joins",
    "leave": "WHO stands no more; the bond comes back later",
    "vote": "WHO locks AMOUNT of BTM for CANDIDATE",
    "unvote": "WHO takes votes back, once their unbonding period is over",
}
MEMBER_DEEDS = {
    **SEAT_DEEDS,
    "off": "a member's machine stops: it hears nothing and signs nothing",
    "on": "a member's machine runs again and catches up",
}

COLLECTOR_DEEDS = {
    **SEAT_DEEDS,
    "off": "a collector's machine stops: it claims and pays nothing",
    "on": "a collector's machine runs again and looks for what it missed",
}

CollectorDeed = NewType("CollectorDeed", str)
MemberDeed = NewType("MemberDeed", str)
Place = NewType("Place", str)
CollectorPlace = NewType("CollectorPlace", str)


def _members(session: Context) -> list[str]:
    return [member.name for member in session.network.world.members]


def _collectors(session: Context) -> list[str]:
    return [collector.name for collector in session.network.world.collectors]


def _place_of(role: str, names: Callable[[Context], list[str]]) -> ArgType:
    """A sidechain, or somebody in a role."""

    def place(token: Token, session: Context) -> str:
        word = spelled(token, session)
        known = [*session.network.sidechain_names(), *names(session)]
        if word in known:
            return word
        raise UnknownName(
            f"there is no sidechain or {role} {word!r}",
            hint=did_you_mean(word, known, f"sidechain or {role}"),
        )

    def places(session: Context) -> list[Completion]:
        chains = TYPES[Sidechain].complete(session)
        return [*chains, *(Completion(name, role) for name in names(session))]

    label = f"SIDECHAIN|{role.upper()}"
    return ArgType("place", label, f"sidechain or {role}", place, places)


def _completions(deeds: dict[str, str]) -> Any:
    return lambda _: [Completion(name, deeds[name]) for name in deeds]


TYPES.update(
    {
        CollectorDeed: ArgType(
            "deed",
            "DEED",
            "deed, such as list or off",
            chosen("deed", lambda _: COLLECTOR_DEEDS),
            _completions(COLLECTOR_DEEDS),
        ),
        MemberDeed: ArgType(
            "deed",
            "DEED",
            "deed, such as list or off",
            chosen("deed", lambda _: MEMBER_DEEDS),
            _completions(MEMBER_DEEDS),
        ),
        Place: _place_of("member", _members),
        CollectorPlace: _place_of("collector", _collectors),
    }
)


@command(group="chains", example="member list alpha", acts=True, looks="list")
def member(
    session: Context,
    deed: MemberDeed,
    place: Place,
    who: Account | None = None,
    candidate: Candidate | None = None,
    amount: Quantity | None = None,
    *,
    bond: Quantity | None = None,
) -> Said:
    """Sit in a sidechain's federation, or choose who does.

    member list SIDECHAIN; register|leave SIDECHAIN WHO; vote|unvote SIDECHAIN WHO
    CANDIDATE AMOUNT; off|on MEMBER. For example `member register alpha bob --bond 100`,
    then `member vote alpha alice bob 500`. Votes are counted every so many blocks; at
    most a third of the seats changes at a time, by a handover that the old members
    sign. Their funds move after it. A member that is off hears and signs nothing.
    """
    if deed in ("off", "on"):
        MEMBER.check_words(deed, (), (who, candidate, amount, bond))
        session.network.switch_member(place, off=deed == "off")
        return Said({"deed": deed, "member": place}, f"{place} is {deed}")
    if place not in session.network.sidechain_names():
        raise UnknownName(
            f"there is no sidechain {place!r}",
            hint=f"member {MEMBER.examples[deed]}",
        )
    return _seat(session, MEMBER, deed, place, who, candidate, amount, bond)


@command(group="chains", example="collector list alpha", acts=True, looks="list")
def collector(
    session: Context,
    deed: CollectorDeed,
    place: CollectorPlace,
    who: Account | None = None,
    candidate: Candidate | None = None,
    amount: Quantity | None = None,
    *,
    bond: Quantity | None = None,
) -> Said:
    """Claim locks and coordinate payouts for a fee, or choose who does.

    collector list SIDECHAIN; register|leave SIDECHAIN WHO; vote|unvote SIDECHAIN WHO
    CANDIDATE AMOUNT; off|on COLLECTOR. For example `collector register alpha bob
    --bond 100`, then `collector vote alpha alice bob 500`. Each lock is one collector's
    by its id; when that one stays silent the next may claim, at last anybody, for no
    fee. One that is off claims and pays nothing.
    """
    if deed in ("off", "on"):
        COLLECTOR.check_words(deed, (), (who, candidate, amount, bond))
        session.network.switch_collector(place, off=deed == "off")
        return Said({"deed": deed, "collector": place}, f"{place} is {deed}")
    if place not in session.network.sidechain_names():
        raise UnknownName(
            f"there is no sidechain {place!r}",
            hint=f"collector {COLLECTOR.examples[deed]}",
        )
    return _seat(session, COLLECTOR, deed, place, who, candidate, amount, bond)


def _seat(
    session: Context,
    seat: Seat,
    deed: str,
    chain: str,
    who: str | None,
    candidate: str | None,
    amount: Quantity | None,
    bond: Quantity | None,
) -> Said:
    if deed == "list":
        seat.check_words(deed, (), (who, candidate, amount, bond))
        return _list(session, seat, chain)
    if deed in ("register", "leave"):
        (name,) = seat.check_words(deed, (who,), (candidate, amount))
        return stand(session, seat, deed, chain, name, bond)
    seat.check_words(deed, (), (bond,))
    first, second, value = seat.check_words(deed, (who, candidate, amount), ())
    return vote(session, seat, deed, chain, first, second, value)


def _list(session: Context, seat: Seat, chain: str) -> Said:
    rows = []
    for facts in session.network.seats(chain, seat.role):
        row = {**facts}
        row["votes"] = Amount(facts["votes"], "BTM", 8)
        row["bond"] = Amount(facts["bond"], "BTM", 8)
        rows.append(row)
    columns = ["name", "state", "votes", "bond", "epoch", "next", "key"]
    cells = [columns, *(_cells(row) for row in rows)]
    return Said(rows, table(cells))


def _cells(row: dict[str, Any]) -> list[str]:
    state = row["state"]
    if row["off"]:
        state += ", off"
    if row["bond_free_at"] is not None:
        state += f", bond free at {row['bond_free_at']}"
    since, until = row["since"], row["until"]
    epoch = "-" if since is None else f"from {since}"
    if until is not None:
        epoch = f"{since} to {until - 1}"
    coming = "sits" if row["coming"] else "-"
    return [
        row["name"], state, str(row["votes"]), str(row["bond"]), epoch, coming,
        f"{row['key'][:8]}..",
    ]  # fmt: skip
