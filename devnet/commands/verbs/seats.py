"""What the verbs of elections share, whatever the seat is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from devnet.commands.context import Context
from devnet.commands.errors import MissingArgument, TooManyArguments
from devnet.commands.types import Completion
from devnet.commands.values import Amount, Quantity, Said
from devnet.commands.verbs.money import in_units, said_in_units
from devnet.engine.bc.electoral import COLLECTOR_ROLE, MEMBER_ROLE, VALIDATOR_ROLE

DEFAULT_BOND_BTM = 100
FEE = Amount(1_000_000, "BTM", 8)
"""Of leaving, and of approving and taking that back."""


@dataclass(frozen=True, slots=True)
class Seat:
    """
    A kind of seat.

    Args:
        verb: the verb about it. role: its number in records.
        phrase: what one stands for.
        examples: a call of each deed.
    """

    verb: str
    role: int
    phrase: str
    examples: dict[str, str]

    def check_words(
        self, deed: str, needed: tuple[Any, ...], unwanted: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        """What the deed needs, all of it and nothing else."""
        example = f"{self.verb} {self.examples[deed]}"
        if None in needed:
            raise MissingArgument(f"{self.verb} {deed} needs more words", hint=example)
        if any(word is not None for word in unwanted):
            raise TooManyArguments(
                f"{self.verb} {deed} takes fewer words", hint=example
            )
        return needed


_EXAMPLES = {
    "list": "list alpha",
    "register": "register alpha bob --bond 100",
    "leave": "leave alpha bob",
    "vote": "vote alpha alice bob 500",
    "unvote": "unvote alpha alice bob 500",
}
VALIDATOR = Seat(
    "validator",
    VALIDATOR_ROLE,
    "a seat",
    {
        **_EXAMPLES,
        "approve": "approve alpha alice bob",
        "disapprove": "disapprove alpha alice bob",
    },
)
COLLECTOR = Seat(
    "collector",
    COLLECTOR_ROLE,
    "collecting",
    {**_EXAMPLES, "off": "off fed-2", "on": "on fed-2"},
)
MEMBER = Seat(
    "member",
    MEMBER_ROLE,
    "the federation",
    {**_EXAMPLES, "off": "off fed-4", "on": "on fed-4"},
)


def candidates(session: Context) -> list[Completion]:
    """Everybody who stands for some seat, or has one."""
    names: dict[str, None] = {}
    network = session.network
    for chain in network.sidechain_names():
        facts = network.show(chain)
        names |= dict.fromkeys((*facts["candidates"], *facts["validators"]))
        for seat in (MEMBER, COLLECTOR):
            rows = network.seats(chain, seat.role)
            names |= dict.fromkeys(row["name"] for row in rows)
    return [Completion(name, "candidate") for name in sorted(names)]


def stand(
    session: Context, seat: Seat, deed: str, chain: str, who: str, bond: Quantity | None
) -> Said:
    """Register, or leave."""
    network = session.network
    if deed == "leave":
        seat.check_words(deed, (), (bond,))
        with said_in_units(session, who, chain, FEE):
            tx_id = network.leave_validators(who, chain, seat.role)
        return said(deed, chain, who, tx_id, f"{who} leaves, the bond follows later")
    wanted = btm(session, Quantity(str(DEFAULT_BOND_BTM)) if bond is None else bond)
    with said_in_units(session, who, chain, wanted):
        tx_id = network.register_validator(who, chain, wanted.units, seat.role)
    words = f"{who} stands for {seat.phrase} on {chain} with a bond of {wanted}"
    return said(deed, chain, who, tx_id, words, bond=wanted)


def vote(
    session: Context,
    seat: Seat,
    deed: str,
    chain: str,
    who: str,
    candidate: str,
    amount: Quantity,
) -> Said:
    """Vote, or take votes back."""
    network, value = session.network, btm(session, amount)
    facts = {"candidate": candidate, "amount": value}
    if deed == "unvote":
        tx_id = network.unvote(who, candidate, value.units, chain, seat.role)
        words = f"{who} takes {value} of votes for {candidate} back"
        return said(deed, chain, who, tx_id, words, **facts)
    with said_in_units(session, who, chain, value):
        tx_id = network.vote(who, candidate, value.units, chain, seat.role)
    words = f"{who} votes for {candidate} with {value}"
    return said(deed, chain, who, tx_id, words, **facts)


def btm(session: Context, amount: Quantity | Amount) -> Amount:
    """An amount of BTM."""
    return in_units(session, amount, "BTM")


def said(deed: str, chain: str, who: str, tx_id: str, words: str, **facts: Any) -> Said:
    """What a deed says."""
    result = {"deed": deed, "chain": chain, "who": who, "tx": tx_id, **facts}
    return Said(result, words)


def table(cells: list[list[str]]) -> str:
    """Rows in columns, each as wide as its widest cell."""
    widths = [max(len(line[index]) for line in cells) for index in range(len(cells[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in cells
    )
