"""
A dishonest coordinator: it asks members to sign what they must not, and notes what each
of them answers. Nobody but the members' own checks stands in its way.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.desks import program_of
from devnet.engine.actors.epochs import final_council
from devnet.engine.actors.membership import actor_name
from devnet.engine.actors.messages import NotSigned, Signed, SignPlease
from devnet.engine.actors.seeing import keep, saw
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Fault
from devnet.engine.federation.greed import greedy_payouts
from devnet.engine.federation.members import Paying
from devnet.engine.federation.merges import is_merge
from devnet.engine.federation.payouts import Payout
from devnet.engine.federation.programs import treasury_program
from devnet.engine.federation.turns import order_of
from devnet.engine.keys.accounts import key_program
from devnet.engine.mainchain.accounts import play_account

KIND = "cheat"
"""First part of the schedule's names of dishonest coordinators; then the fault's id."""
THIEF = "attacker"


def asks_greedily(turn: Turn, me: str, paying: Paying) -> bool:
    """
    Does a coordinator ask for something else than this payout? Only the collector that
    the withdrawal is assigned to is greedy; the next ones are honest.
    """
    for fault in turn.faults:
        if (fault.kind, fault.chain) != ("greedy-coordinator", paying.chain):
            continue
        tree = turn.side(paying.chain).tree
        head = tree[turn.side(paying.chain).head]
        key = paying.payout.withdrawal_id
        first = order_of(tree.council(head).collectors, key)[:1]
        is_first = [key_program(one) for one in first] == [program_of(turn, me)]
        if is_merge(key) or not is_first:
            return False
        council = final_council(tree, head)
        treasury = treasury_program(council.current, tree.spec.chain_id)
        thief = play_account(THIEF).program
        for words, payout in greedy_payouts(paying.payout, treasury, thief):
            short = payout.tx.id.hex()[:8]
            please(turn, fault, payout, f"members are asked to sign {short}: {words}")
        return True
    return False


def please(turn: Turn, fault: Fault, payout: Payout, words: str) -> None:
    """Ask every member to sign a payout, and say what it is."""
    saw(turn, fault.id, words)
    me = f"{KIND}:{fault.id}"
    for member in turn.members:
        what = SignPlease(fault.chain, payout, me)
        label = payout.tx.id + member.main.tip[:8]
        turn.send(me, actor_name(member.name), label, what)


def answer_came(turn: Turn, fault_id: str, what: object) -> None:
    """What a member answered: its signature, or the check that refuses."""
    if not isinstance(what, Signed | NotSigned):
        raise TypeError(f"nothing for a dishonest coordinator: {what}")
    name = next(one.name for one in turn.members if one.xpub == what.member)
    short = what.payout.tx.id.hex()[:8]
    if isinstance(what, NotSigned):
        saw(turn, fault_id, f"{name} refuses {short}, {what.check}: {what.reason}")
    else:
        saw(turn, fault_id, f"{name} signs {short}")


def remember(turn: Turn, fault: Fault, *what: bytes) -> Fault:
    """The fault with this as its memory."""
    now = next(one for one in turn.faults if one.id == fault.id)
    now = replace(now, memory=what)
    keep(turn, now)
    return now
