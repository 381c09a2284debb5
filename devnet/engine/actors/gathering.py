"""
A coordinator gathers signatures: whom it asks, and what it makes of the answers.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors import epochs
from devnet.engine.actors.cheating import asks_greedily
from devnet.engine.actors.desks import desk_of, heads_of, set_desk, tip_of
from devnet.engine.actors.membership import actor_name
from devnet.engine.actors.messages import NotSigned, Signed, SignPlease
from devnet.engine.actors.pinning import named_pin
from devnet.engine.actors.turn import Turn
from devnet.engine.errors import PayoutError
from devnet.engine.events import MemberRefused, MemberSigned, PayoutPlanned
from devnet.engine.federation.members import Paying
from devnet.engine.federation.merges import is_merge, is_move, move_word
from devnet.engine.federation.payouts import Payout
from devnet.engine.federation.programs import Federation
from devnet.engine.federation.signatures import check_signatures, progress, signers_of
from devnet.engine.sidechain.state import SideEntry

PIN_CHECKS = ("P2", "P8")
"""Refusals that may name a pin which the coordinator does not know."""


def holders_of(turn: Turn, paying: Paying) -> tuple[Federation, ...]:
    """Who must sign the inputs of a payout."""
    side = turn.side(paying.chain)
    return epochs.holders(side, paying.payout.tx, paying.payout.scripts)


def keep(turn: Turn, me: str, key: bytes, paying: Paying) -> None:
    """The payout's next state on a coordinator's desk."""
    desk = desk_of(turn, me)
    set_desk(turn, me, replace(desk, paying=desk.paying.insert(key, paying)))


def say_planned(turn: Turn, chain: str, payout: Payout) -> None:
    """Tell of a payout or a move that was made."""
    move = move_word(payout.withdrawal_id)
    turn.say(
        PayoutPlanned(
            transfer=transfer_name(turn, payout.withdrawal_id),
            chain=chain,
            withdrawal="" if move else payout.withdrawal_id.hex(),
            payout=payout.tx.id.hex(),
            pin="" if move else payout.pin_id.hex(),
            n_inputs=len(payout.scripts),
            move=move,
        )
    )


def ask(turn: Turn, me: str, head: SideEntry, key: bytes, paying: Paying) -> None:
    """Ask all who have not signed, once for each pair of tips."""
    asked = (tip_of(turn, me).hash, head.hash)
    if paying.asked == asked:
        return
    keep(turn, me, key, replace(paying, asked=asked))
    if turn.faults and asks_greedily(turn, me, paying):
        return
    label = paying.payout.tx.id + asked[0][:8] + asked[1][:8]
    signers = signers_of(holders_of(turn, paying))
    for member in turn.members:
        if member.xpub in signers and member.xpub not in paying.signatures:
            what = SignPlease(paying.chain, paying.payout, me)
            turn.send(me, actor_name(member.name), label, what)


def signature_came(turn: Turn, me: str, signed: Signed) -> None:
    """A member's signatures: kept when they are good and for the payout at hand."""
    withdrawal_id = signed.payout.withdrawal_id
    paying = desk_of(turn, me).paying.get(withdrawal_id)
    if paying is None or paying.payout.tx.id != signed.payout.tx.id:
        return
    if signed.member in paying.signatures:
        return
    chain_id = turn.side(signed.chain).tree.spec.chain_id
    try:
        check_signatures(
            signed.member, chain_id, paying.payout.tx, paying.payout.scripts,
            signed.signatures, holders_of(turn, paying),
        )  # fmt: skip
    except PayoutError:
        return
    paying = replace(
        paying,
        signatures=paying.signatures.insert(signed.member, signed.signatures),
        refusals=paying.refusals.discard(signed.member),
    )
    keep(turn, me, withdrawal_id, paying)
    n_signed, n_needed = progress(holders_of(turn, paying), paying.signatures)
    turn.say(
        MemberSigned(
            transfer=transfer_name(turn, withdrawal_id),
            chain=signed.chain,
            member=name_of(turn, signed.member),
            payout=paying.payout.tx.id.hex(),
            signatures=n_signed,
            needed=n_needed,
            move=move_word(withdrawal_id),
        )
    )


def refusal_came(turn: Turn, me: str, refused: NotSigned) -> None:
    """Why a member does not sign: said once; a pin that it names is taken up."""
    withdrawal_id = refused.payout.withdrawal_id
    paying = desk_of(turn, me).paying.get(withdrawal_id)
    if paying is None or paying.payout.tx.id != refused.payout.tx.id:
        return
    if all(refused.member != one.xpub for one in turn.members):
        return  # Nobody whom it asked.
    if _is_behind(turn, me, refused):
        return  # It is asked again.
    reason = refused.check, refused.reason
    if paying.refusals.get(refused.member) != reason:
        refusals = paying.refusals.insert(refused.member, reason)
        keep(turn, me, withdrawal_id, replace(paying, refusals=refusals))
        turn.say(
            MemberRefused(
                transfer=transfer_name(turn, withdrawal_id),
                chain=refused.chain,
                member=name_of(turn, refused.member),
                payout=paying.payout.tx.id.hex(),
                check=refused.check,
                reason=refused.reason,
                move=move_word(withdrawal_id),
            )
        )
    desk, pin_id = desk_of(turn, me), refused.pin_id
    if is_move(withdrawal_id) and not pin_id:
        return  # The member may have to catch up; it is asked again.
    if is_merge(withdrawal_id):
        # It may stand in the way of the very payout whose pin it spends.
        set_desk(turn, me, replace(desk, paying=desk.paying.remove(withdrawal_id)))
    elif refused.check in PIN_CHECKS and pin_id not in (b"", paying.payout.pin_id):
        pins = desk.pins.insert(withdrawal_id, pin_id)
        left = desk.paying.remove(withdrawal_id)
        set_desk(turn, me, replace(desk, pins=pins, paying=left))


def _is_behind(turn: Turn, me: str, refused: NotSigned) -> bool:
    """Does the member not have the block yet that makes the intent final?"""
    tree, payout = turn.side(refused.chain).tree, refused.payout
    head_hash = heads_of(turn, me).get(refused.chain)
    if head_hash is None or refused.check != "P8" or refused.pin_id:
        return False
    return named_pin(tree, tree[head_hash], payout.withdrawal_id) == payout.pin_id


def name_of(turn: Turn, member: bytes) -> str:
    """A member's name by its root xpub."""
    return next(one.name for one in turn.members if one.xpub == member)


def transfer_name(turn: Turn, withdrawal_id: bytes) -> str:
    """The transfer of a withdrawal, if somebody started one here."""
    for name in turn.open_transfers:
        if turn.transfers[name].lock_id == withdrawal_id:
            return name
    return ""
