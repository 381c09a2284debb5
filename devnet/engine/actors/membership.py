"""
A federation member at work: it follows the chains with nodes of its own, checks each
payout for itself, stores the pin, and only then signs.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.chairs import NOBODY, chairs_of, names_of
from devnet.engine.actors.epochs import expired, final_council
from devnet.engine.actors.mainchain import ask_for_parent
from devnet.engine.actors.messages import NotSigned, Signed, SignPlease
from devnet.engine.actors.pinning import (
    named_pin,
    pin_fate,
    pins_of_others,
    stands,
)
from devnet.engine.actors.turn import Turn
from devnet.engine.errors import UnknownName
from devnet.engine.events import ActorChanged
from devnet.engine.federation.members import Member
from devnet.engine.federation.merges import check_merge, is_merge
from devnet.engine.federation.payout_errors import NoSeat, PayoutRefused, PinMerged
from devnet.engine.federation.payouts import (
    Payout,
    PayoutContext,
    check_payout,
    refusal_check,
)
from devnet.engine.federation.programs import Federation
from devnet.engine.federation.signatures import holders_of, sign_inputs, signers_of
from devnet.engine.federation.withdrawals import Owed
from devnet.engine.mainchain.view import receive
from devnet.engine.sidechain.node import weighs_more
from devnet.engine.sidechain.state import SideEntry, SideTree
from devnet.engine.sidechain.swap import peg_rests

KIND = "fed"
"""First part of the schedule's names of members."""


def actor_name(member: str) -> str:
    """The schedule's name of a member."""
    return f"{KIND}:{member}"


def member_of(turn: Turn, name: str) -> Member:
    """A member by its name."""
    for member in turn.members:
        if member.name == name:
            return member
    known = ", ".join(member.name for member in turn.members)
    raise UnknownName(f"there is no member {name!r}", hint=f"Members: {known}.")


def set_member(turn: Turn, new: Member) -> None:
    """The member's next state."""
    turn.members = tuple(
        new if member.name == new.name else member for member in turn.members
    )


def switch(turn: Turn, name: str, *, off: bool) -> None:
    """A member's machine stops, or comes back and catches up with both chains."""
    member = replace(member_of(turn, name), off=off)
    if not off:
        member = replace(member, main=turn.main_nodes[0].view)
        for side in turn.sides():
            heads = member.heads.insert(side.name, side.head)
            member = replace(member, heads=heads)
    if member.off != member_of(turn, name).off:
        state = "off" if off else "on"
        turn.say(ActorChanged(role="member", name=name, state=state))
    set_member(turn, member)


def main_block_came(turn: Turn, name: str, block_hash: bytes) -> None:
    """The member's own mainchain grows."""
    member = member_of(turn, name)
    if member.off:
        return
    view = receive(turn.tree, member.main, block_hash)
    ask_for_parent(turn, actor_name(name), view, block_hash)
    set_member(turn, replace(member, main=view))


def head_came(turn: Turn, name: str, chain: str, block_hash: bytes) -> None:
    """The member's own node of a sidechain hears of a block."""
    member = member_of(turn, name)
    if member.off:
        return
    head = heavier(turn.side(chain).tree, member.heads.get(chain), block_hash)
    set_member(turn, replace(member, heads=member.heads.insert(chain, head)))


def heavier(tree: SideTree, old_hash: bytes | None, new_hash: bytes) -> bytes:
    """The head after a block arrived. Nothing final is ever left."""
    if old_hash is None:
        return new_hash
    old, new = tree[old_hash], tree[new_hash]
    keeps_final = tree.is_ancestor(old.final.hash, new_hash)
    return new_hash if keeps_final and weighs_more(new, old) else old_hash


def asked_to_sign(turn: Turn, name: str, asked: SignPlease) -> None:
    """
    Check a payout, remember its pin, sign it; or say which check refuses.

    The pin is in the batch of this very step, and what a step sends leaves after its
    batch is written: so no signature is ever out whose pin is not stored.
    """
    member, chain, payout = member_of(turn, name), asked.chain, asked.payout
    if member.off:
        return
    answer: Signed | NotSigned
    label = payout.tx.id + member.xpub[:8]
    context = own_context(turn, member, chain, payout)
    try:
        if is_merge(payout.withdrawal_id):
            check_merge(payout, context, _open_pins(turn, member, chain))
        else:
            check_payout(payout, context)
        holders = _own_seats(member, payout, context)
    except PayoutRefused as error:
        pin_id = member.pins.get(payout.withdrawal_id) or b""
        if isinstance(error, PinMerged):
            pin_id = error.pin_id
        check = refusal_check(error)
        answer = NotSigned(chain, member.xpub, payout, check, error.message, pin_id)
    else:
        if not is_merge(payout.withdrawal_id):
            pins = member.pins.insert(payout.withdrawal_id, payout.pin_id)
            set_member(turn, replace(member, pins=pins))
        chain_id = turn.side(chain).tree.spec.chain_id
        signatures = sign_inputs(
            member.xprv, chain_id, payout.tx, payout.scripts, holders
        )
        answer = Signed(chain, member.xpub, payout, signatures)
    turn.send(actor_name(name), asked.sender, label, answer)


def _own_seats(
    member: Member, payout: Payout, context: PayoutContext
) -> tuple[Federation, ...]:
    """Who holds the inputs; NoSeat if the member sits in none of these."""
    tx, scripts = payout.tx, payout.scripts
    holders = holders_of(context.known, context.chain_id, tx, scripts)
    if member.xpub not in signers_of(holders):
        raise NoSeat(f"{member.name} has no seat in the epochs that hold the inputs")
    return holders


def _open_pins(turn: Turn, member: Member, chain: str) -> set[bytes]:
    """The pins that it signed with for what is still owed to its knowledge."""
    tree = turn.side(chain).tree
    head = tree[member.heads.get(chain) or tree.spec.chain_id]
    debts = head.state.pegout.open
    return {pin for key in debts if (pin := member.pins.get(key)) is not None}


def own_context(
    turn: Turn, member: Member, chain: str, payout: Payout
) -> PayoutContext:
    """What a member knows about a withdrawal, from its own nodes and memory."""
    tree = turn.side(chain).tree
    head = tree[member.heads.get(chain) or tree.spec.chain_id]
    tip = turn.tree[member.main.tip]
    spec, pegout = tree.spec, head.state.pegout
    council = final_council(tree, head)
    owed = pegout.find(payout.withdrawal_id)
    done = pegout.completed.get(payout.withdrawal_id)
    # What is given up for good is only what final blocks give up.
    given_up = tree[head.final.hash].state.pegout.given_up
    settled = replace(pegout, given_up=given_up)
    pin_id = member.pins.get(payout.withdrawal_id) or b""
    if owed is None and done is not None:
        owed = replace(_as_written(tree, head, payout.withdrawal_id), pin_id=pin_id)
    chairs, named = NOBODY, b""
    if owed is not None:
        chairs = chairs_of(turn, chain, head, owed, tip.height)
        named = named_pin(tree, head, owed.id)
        if not stands(turn, chain, tip, owed, named, pegout):
            named = b""
    return PayoutContext(
        chain_id=spec.chain_id,
        federations=council.federations,
        owed=owed,
        is_final=owed is not None
        and tree.is_final_at(head.hash, owed.height, head.final),
        coins=tip.state.coins,
        height=tip.height,
        depth=turn.depth,
        coordinators=chairs.programs,
        relay_fee_ppm=spec.relay_fee_ppm,
        completed=done.payout_id if done else b"",
        pin_id=pin_id,
        pin_fate=pin_fate(turn, tip, owed, pin_id, settled),
        frozen=not turn.tree.is_ancestor(head.anchor.hash, tip.hash),
        resting=peg_rests(tree, head),
        past=expired(council),
        claimed=tree[head.final.hash].state.claimed,
        anybody=chairs.anybody,
        announced=named,
        named_only=owed is None or bool(owed.pin_id) or not chairs.anybody,
        taken=pins_of_others(pegout, payout.withdrawal_id),
        names=names_of(turn),
    )


def _as_written(tree: SideTree, head: SideEntry, withdrawal_id: bytes) -> Owed:
    """A completed withdrawal as its block has it."""
    entry = head
    while True:
        for owed in entry.debts:
            if owed.id == withdrawal_id:
                return owed
        entry = tree[entry.header.previous]
