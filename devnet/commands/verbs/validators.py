"""The verb of elections: stand for a seat, vote, approve, leave, and see who acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NewType

from devnet.commands.context import Context
from devnet.commands.registry import command
from devnet.commands.types import TYPES, Account, ArgType, Completion, Sidechain, chosen
from devnet.commands.types import spelled as _spelled
from devnet.commands.values import Amount, Quantity, Said
from devnet.commands.verbs.money import said_in_units
from devnet.commands.verbs.seats import (
    FEE,
    VALIDATOR,
    candidates,
    said,
    stand,
    table,
    vote,
)

DEEDS = {
    "list": "who acts, who stands, votes, bonds, and who comes next",
    "register": "WHO stands for a seat with a bond, and a node of that name joins",
    "leave": "WHO stands no more; the bond comes back after the unbonding period",
    "vote": "WHO locks AMOUNT of BTM for CANDIDATE",
    "unvote": "WHO takes votes back, once their unbonding period is over",
    "approve": "WHO approves of CANDIDATE with all that it holds (rule dpos)",
    "disapprove": "WHO takes an approval back",
}
COLUMNS = ("name", "state", "votes", "approvals", "bond", "acts", "next", "key")

Deed = NewType("Deed", str)
Candidate = NewType("Candidate", str)


def _deeds(session: Context) -> list[Completion]:
    return [Completion(name, DEEDS[name]) for name in DEEDS]


TYPES.update(
    {
        Deed: ArgType(
            "deed",
            "DEED",
            "deed, such as list or register",
            chosen("deed", lambda _: DEEDS),
            _deeds,
        ),
        Candidate: ArgType("candidate", "CANDIDATE", "candidate", _spelled, candidates),
    }
)


@command(group="chains", example="validator list alpha", acts=True, looks="list")
def validator(
    session: Context,
    deed: Deed,
    sidechain: Sidechain,
    who: Account | None = None,
    candidate: Candidate | None = None,
    amount: Quantity | None = None,
    *,
    bond: Quantity | None = None,
) -> Said:
    """Become a validator of a sidechain, or choose who is.

    validator list SIDECHAIN; register|leave SIDECHAIN WHO; approve|disapprove SIDECHAIN
    WHO CANDIDATE; vote|unvote SIDECHAIN WHO CANDIDATE AMOUNT. For example `validator
    register alpha bob --bond 100`, then `validator vote alpha alice bob 500`. Votes
    elect under dpos-bbft, approvals under dpos, and a swap with --validators can seat
    whoever has registered. Votes and bonds are BTM on the sidechain, locked for a
    while. To register costs 1 BTM, to approve or leave 0.01 BTM.
    """
    if deed == "list":
        VALIDATOR.check_words(deed, (), (who, candidate, amount, bond))
        return _list(session, sidechain)
    if deed in ("register", "leave"):
        named = VALIDATOR.check_words(deed, (who,), (candidate, amount))
        return stand(session, VALIDATOR, deed, sidechain, named[0], bond)
    VALIDATOR.check_words(deed, (), (bond,))
    if deed in ("approve", "disapprove"):
        named = VALIDATOR.check_words(deed, (who, candidate), (amount,))
        return _approve(session, deed, sidechain, *named)
    first, second, value = VALIDATOR.check_words(deed, (who, candidate, amount), ())
    return vote(session, VALIDATOR, deed, sidechain, first, second, value)


def _approve(session: Context, deed: str, chain: str, who: str, candidate: str) -> Said:
    network = session.network
    act: Callable[[str, str, str], str] = network.approve
    words = f"{who} approves of {candidate}"
    if deed == "disapprove":
        act, words = network.disapprove, f"{who} approves of {candidate} no more"
    with said_in_units(session, who, chain, FEE):
        tx_id = act(who, candidate, chain)
    return said(deed, chain, who, tx_id, words, candidate=candidate)


def _list(session: Context, chain: str) -> Said:
    rows = []
    for facts in session.network.validators(chain):
        row = {**facts}
        row["votes"] = Amount(facts["votes"], "BTM", 8)
        row["bond"] = Amount(facts["bond"], "BTM", 8)
        row["weight"] = Amount(facts["weight"], "BTM", 8)
        rows.append(row)
    return Said(rows, _table(rows))


def _table(rows: list[dict[str, Any]]) -> str:
    cells = [list(COLUMNS)]
    for row in rows:
        state = row["state"]
        if row["bond_free_at"] is not None:
            state = f"leaving, bond free at {row['bond_free_at']}"
        coming = f"from {row['from_height']}" if row["from_height"] else "-"
        cells.append(
            [
                row["name"],
                state,
                str(row["votes"]),
                f"{row['approvals']} with {row['weight']}" if row["approvals"] else "-",
                str(row["bond"]),
                "acts" if row["acts"] else "-",
                coming if row["elected"] else "-",
                f"{row['key'][:8]}..",
            ]
        )
    return table(cells)
