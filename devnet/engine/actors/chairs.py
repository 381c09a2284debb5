"""Who may coordinate the payout of a withdrawal now, as anybody with eyes can tell."""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.actors.turn import Turn
from devnet.engine.federation.turns import anybody_from, in_turn, members_from
from devnet.engine.federation.withdrawals import Owed
from devnet.engine.keys.accounts import key_program
from devnet.engine.sidechain.lateness import due_height
from devnet.engine.sidechain.state import SideEntry


@dataclass(frozen=True, slots=True)
class Chairs:
    """
    Args:
        programs: which may take the relay fee now, the assigned collector's first.
        anybody: whoever wants may coordinate, for no fee.
        age: mainchain blocks for which the payout is due; -1: it is not yet.
    """

    programs: tuple[bytes, ...]
    anybody: bool
    age: int


NOBODY = Chairs((), False, -1)


def chairs_of(
    turn: Turn, chain: str, head: SideEntry, owed: Owed, main_height: int
) -> Chairs:
    """
    Whose turn it is to pay a withdrawal.

    Args:
        head, main_height: the newest block and the mainchain's height to one's eyes.
    """
    tree = turn.side(chain).tree
    since = due_height(tree, head, owed)
    if since is None:
        return NOBODY
    age = max(0, main_height - turn.depth - since)
    council, grace = tree.council(head), tree.spec.grace
    programs = [key_program(key) for key in in_turn(council.collectors, owed.id, age)]
    n_collectors = len(council.collectors)
    if age >= members_from(n_collectors):
        programs += [fee_program(xpub) for xpub in council.current.members]
    anybody = age >= anybody_from(n_collectors, grace)
    return Chairs(tuple(programs), anybody, age)


def fee_program(xpub: bytes) -> bytes:
    """Where a member's relay fee goes: its root key's own address."""
    return key_program(xpub[:32])


def names_of(turn: Turn) -> dict[bytes, str]:
    """What the world calls those who may coordinate, by their programs."""
    names = {fee_program(one.xpub): f"member {one.name}" for one in turn.members}
    names.update(
        (key_program(one.key), f"collector {one.name}") for one in turn.collectors
    )
    return names
