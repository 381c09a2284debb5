"""
Leaving a round of BBFT that came to nothing: VIEW, its joining and its quorum.

Who is kept waiting longer than t_round signs for the next round and says so to all,
with the highest certificate that it holds. More than a third of the weight ahead of us
takes us along; a quorum opens the round.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.interfaces import (
    Broadcast,
    ChainReader,
    Effect,
    Share,
    SignView,
    ViewSigned,
)
from devnet.plugins.bbft_messages import View
from devnet.plugins.bbft_round import bring_up_to_date, enter, progress
from devnet.plugins.bbft_state import Acted, Member, with_offer
from devnet.plugins.bbft_tree import leader_of
from devnet.plugins.certificate import needed_weight


def leave(member: Member, now_ms: int) -> Acted:
    """t_round is over: sign for the next round, or say again that we did."""
    member = replace(member, pressed_ms=now_ms, probing="")
    if member.own_view is not None and member.leaves:
        return member, (Broadcast(member.own_view),)
    # A signer that remembers more than we do refuses; then we ask for a later round.
    wished = max(member.round, member.wished) + 1
    best = member.ballots.highest.block.hash
    return replace(member, wished=wished), (SignView(wished, best),)


def tell_view(member: Member, event: ViewSigned, chain: ChainReader) -> Acted:
    """The signer let our change of view pass: tell all; the leader needs the block."""
    best = member.ballots.highest
    said = View(
        member.rules.epoch, event.round, member.me, best.block, best.certificate,
        event.signature,
    )  # fmt: skip
    views = {**member.views, member.me: event.round}
    member = replace(member, own_view=said, views=views, pressed_ms=event.now_ms)
    effects: tuple[Effect, ...] = (Broadcast(said),)
    leader = leader_of(event.round, len(member.rules.validators))
    if leader != member.me and best.block != member.rules.base:
        effects += (Share(best.block.hash, leader),)
    member, more = _advance(member, chain, event.now_ms)
    return member, effects + more


def take_view(
    member: Member, sender: int, said: View, chain: ChainReader, now_ms: int
) -> Acted:
    """Somebody leaves. Who leaves a round that was certified here is behind."""
    rules, index = member.rules, said.index
    if said.epoch != rules.epoch or not 0 <= index < len(rules.validators):
        return member, ()
    if said.round <= member.ballots.highest.round and index == sender:
        return member, bring_up_to_date(member, sender, chain)
    justify = said.justify
    if said.round <= member.views.get(index, 0) or not chain.viewed(
        said.epoch, said.round, justify.hash, index, said.signature
    ):
        return member, ()
    views = {**member.views, index: said.round}
    member = replace(member, views=views)
    effects: tuple[Effect, ...] = ()
    if (
        said.certificate.bitmap
        and justify.hash not in member.ballots.certified
        and chain.proves(justify.hash, said.epoch, said.certificate)
    ):
        member = with_offer(member, index, justify.hash, said.certificate)
        member, effects = progress(member, justify.hash, chain, now_ms)
    member, more = _advance(member, chain, now_ms)
    return member, effects + more


def _advance(member: Member, chain: ChainReader, now_ms: int) -> Acted:
    """Enter what a quorum leaves for; join where more than a third is ahead."""
    total = sum(validator.weight for validator in member.rules.validators)
    needed = needed_weight(member.rules)
    effects: tuple[Effect, ...] = ()
    opened = _wanted_by(member, needed)
    if opened > member.round:
        member, effects = enter(member, opened, member.failures + 1, chain, now_ms)
    ahead = _wanted_by(member, total - needed + 1)
    own = member.own_view.round if member.own_view is not None else 0
    if ahead > max(member.round, member.wished, own) and member.me >= 0:
        best = member.ballots.highest.block.hash
        member = replace(member, wished=ahead, probing="")
        effects += (SignView(ahead, best),)
    return member, effects


def _wanted_by(member: Member, weight: int) -> int:
    """The highest round for which, or for a later one, so much weight leaves."""
    heard = 0
    for index, round_ in sorted(member.views.items(), key=lambda one: -one[1]):
        heard += member.rules.validators[index].weight
        if heard >= weight:
            return round_
    return 0
