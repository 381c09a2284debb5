"""The verb of elections: stand for a seat, vote, approve, leave, and see who acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NewType

from devnet.commands.context import Context
from devnet.commands.errors import MissingArgument, TooManyArguments
from devnet.commands.registry import command
from devnet.commands.types import TYPES, Account, ArgType, Completion, Sidechain, chosen
from devnet.commands.types import spelled as _spelled
from devnet.commands.values import Amount, Quantity, Said
from devnet.commands.verbs.money import in_units, said_in_units

DEEDS = {
    "list": "who acts, who stands, votes, bonds, and who comes next",
    "register": "WHO stands for a seat with a bond, and a node of that name joins",
    "leave": "WHO stands no more; the bond comes back after the unbonding period",
    "vote": "WHO locks AMOUNT of BTM for CANDIDATE",
    "unvote": "WHO takes votes back, once their unbonding period is over",
    "approve": "WHO approves of CANDIDATE with all that it holds (rule dpos)",
    "disapprove": "WHO takes an approval back",
}
DEFAULT_BOND_BTM = 100
FEE = Amount(1_000_000, "BTM", 8)
"""Of leaving, and of approving and taking that back."""
COLUMNS = ("name", "state", "votes", "approvals", "bond", "acts", "next", "key")

Deed = NewType("Deed", str)
Candidate = NewType("Candidate", str)


def _deeds(session: Context) -> list[Completion]:
    return [Completion(name, DEEDS[name]) for name in DEEDS]


def _candidates(session: Context) -> list[Completion]:
    names: dict[str, None] = {}
    for chain in session.network.sidechain_names():
        facts = session.network.show(chain)
        names |= dict.fromkeys((*facts["candidates"], *facts["validators"]))
    return [Completion(name, "candidate") for name in sorted(names)]


TYPES.update(
    {
        Deed: ArgType(
            "deed",
            "DEED",
            "deed, such as list or register",
            chosen("deed", lambda _: DEEDS),
            _deeds,
        ),
        Candidate: ArgType(
            "candidate", "CANDIDATE", "candidate", _spelled, _candidates
        ),
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
        _check_words(deed, (), (who, candidate, amount, bond))
        return _list(session, sidechain)
    if deed in ("register", "leave"):
        named = _check_words(deed, (who,), (candidate, amount))
        return _stand(session, deed, sidechain, named[0], bond)
    _check_words(deed, (), (bond,))
    if deed in ("approve", "disapprove"):
        named = _check_words(deed, (who, candidate), (amount,))
        return _approve(session, deed, sidechain, *named)
    first, second, value = _check_words(deed, (who, candidate, amount), ())
    return _vote(session, deed, sidechain, first, second, value)


def _check_words(
    deed: str, needed: tuple[Any, ...], unwanted: tuple[Any, ...]
) -> tuple[Any, ...]:
    """What the deed needs, all of it and nothing else."""
    example = {
        "list": "validator list alpha",
        "register": "validator register alpha bob --bond 100",
        "leave": "validator leave alpha bob",
        "approve": "validator approve alpha alice bob",
        "disapprove": "validator disapprove alpha alice bob",
        "vote": "validator vote alpha alice bob 500",
        "unvote": "validator unvote alpha alice bob 500",
    }[deed]
    if None in needed:
        raise MissingArgument(f"validator {deed} needs more words", hint=example)
    if any(word is not None for word in unwanted):
        raise TooManyArguments(f"validator {deed} takes fewer words", hint=example)
    return needed


def _stand(
    session: Context, deed: str, chain: str, who: str, bond: Quantity | None
) -> Said:
    network = session.network
    if deed == "leave":
        _check_words(deed, (), (bond,))
        with said_in_units(session, who, chain, FEE):
            tx_id = network.leave_validators(who, chain)
        return _said(deed, chain, who, tx_id, f"{who} leaves, the bond follows later")
    wanted = _btm(session, Quantity(str(DEFAULT_BOND_BTM)) if bond is None else bond)
    with said_in_units(session, who, chain, wanted):
        tx_id = network.register_validator(who, chain, wanted.units)
    words = f"{who} stands for a seat on {chain} with a bond of {wanted}"
    return _said(deed, chain, who, tx_id, words, bond=wanted)


def _approve(session: Context, deed: str, chain: str, who: str, candidate: str) -> Said:
    network = session.network
    act: Callable[[str, str, str], str] = network.approve
    words = f"{who} approves of {candidate}"
    if deed == "disapprove":
        act, words = network.disapprove, f"{who} approves of {candidate} no more"
    with said_in_units(session, who, chain, FEE):
        tx_id = act(who, candidate, chain)
    return _said(deed, chain, who, tx_id, words, candidate=candidate)


def _vote(
    session: Context, deed: str, chain: str, who: str, candidate: str, amount: Quantity
) -> Said:
    network, value = session.network, _btm(session, amount)
    facts = {"candidate": candidate, "amount": value}
    if deed == "unvote":
        tx_id = network.unvote(who, candidate, value.units, chain)
        words = f"{who} takes {value} of votes for {candidate} back"
        return _said(deed, chain, who, tx_id, words, **facts)
    with said_in_units(session, who, chain, value):
        tx_id = network.vote(who, candidate, value.units, chain)
    words = f"{who} votes for {candidate} with {value}"
    return _said(deed, chain, who, tx_id, words, **facts)


def _btm(session: Context, amount: Quantity | Amount) -> Amount:
    return in_units(session, amount, "BTM")


def _said(
    deed: str, chain: str, who: str, tx_id: str, words: str, **facts: Any
) -> Said:
    result = {"deed": deed, "chain": chain, "who": who, "tx": tx_id, **facts}
    return Said(result, words)


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
    widths = [max(len(line[index]) for line in cells) for index in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in cells
    )
