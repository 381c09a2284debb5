"""
One round of BBFT as a member plays it: the block down the tree, votes up, their
exchange among gateways, the certificate down again, and the ways around a silent one.

Without faults this costs m^2 - 2m + 3n - 2 messages among n members with m gateways,
the blocks counted in (message_counts.py).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from devnet.engine.interfaces import (
    BlockJudged,
    CastVote,
    Certificate,
    Certified,
    ChainReader,
    Effect,
    Header,
    Send,
    Share,
    Voted,
)
from devnet.plugins.ballots import judge, learn, own_vote
from devnet.plugins.bbft_messages import Votes
from devnet.plugins.bbft_state import (
    MAX_OFFERS,
    NEVER,
    Acted,
    Member,
    due_ms,
    from_below,
    in_round,
    newest,
    offers_for,
    patience_ms,
    reach_quorum,
    round_ms,
    voters_in,
    with_offer,
)
from devnet.plugins.bbft_tree import Tree, tree_of
from devnet.plugins.certificate import justify_round, may_vote
from devnet.plugins.header_rules import in_epoch


def take_block(member: Member, event: BlockJudged, chain: ChainReader) -> Acted:
    """DISTRIBUTE: pass a good block on to the children, and vote for it."""
    header, now_ms = event.header, event.now_ms
    if not in_epoch(header, member.rules):
        return member, ()
    ballots, learnt = judge(member.ballots, event, chain)
    votable = CastVote(header.hash) in learnt
    member = replace(member, ballots=ballots)
    member, effects = settle(member, learnt, chain, now_ms)
    if member.me >= 0 and header.round >= member.round:
        tree = tree_of(header, member.rules, chain)
        below = tree.children[member.me] if member.me != tree.leader else ()
        effects += tuple(Share(header.hash, child) for child in below)
    if in_round(member, header) and not member.play:
        member = _put_in_play(member, header, now_ms, chain)
        effects += (CastVote(header.hash),) if votable else ()
    elif votable and header.round > member.round:
        member = replace(member, early=newest(member.early, header.hash))
    member, more = progress(member, header.hash, chain, now_ms)
    return member, effects + more


def take_own_vote(member: Member, event: Voted, chain: ChainReader) -> Acted:
    """The signer let our vote pass: it is the first of our zone."""
    vote = event.vote
    ballots, learnt = own_vote(member.ballots, vote, chain)
    member = replace(member, ballots=ballots)
    own = Certificate.of({member.me: vote.signature})
    member = with_offer(member, member.me, vote.block_hash, own)
    member, effects = settle(member, learnt, chain, event.now_ms)
    member, more = progress(member, vote.block_hash, chain, event.now_ms)
    return member, effects + more


def take_votes(
    member: Member, sender: int, said: Votes, chain: ChainReader, now_ms: int
) -> Acted:
    """
    AGGREGATE, exchange or FINALIZE arrived. What is not proved is dropped. Whoever
    sends votes for a block that we know to be certified, twice or out of the tree's
    order, lacks the certificate.
    """
    if said.epoch != member.rules.epoch or not 0 <= sender < len(member.offers):
        return member, ()
    block_hash = said.block_hash
    if not said.votes.bitmap or not chain.proves(block_hash, said.epoch, said.votes):
        return member, ()
    before = member.offers[sender].get(block_hash)
    again = before is not None and not reach_quorum([before], member.rules)
    proof = member.proofs.get(block_hash)
    member = with_offer(member, sender, block_hash, said.votes)
    member, effects = progress(member, block_hash, chain, now_ms)
    header = chain.header(block_hash)
    if proof is None or header is None or said.kind == "finalize" or member.me < 0:
        return member, effects
    tree = tree_of(header, member.rules, chain)
    strange = before is None and sender not in _expected(member, tree)
    if again or strange:
        effects += (_finalize(sender, header, proof),)
    return member, effects


def progress(
    member: Member, block_hash: bytes, chain: ChainReader, now_ms: int
) -> Acted:
    """Certify a known block when its votes suffice; send the own zone's votes up."""
    header = chain.header(block_hash)
    effects: tuple[Effect, ...] = ()
    if header is None or not in_epoch(header, member.rules):
        return member, ()
    if block_hash not in member.ballots.certified:
        parts = list(offers_for(member, block_hash).values())
        if reach_quorum(parts, member.rules):
            votes = chain.merged(member.rules.epoch, parts)
            if reach_quorum([votes], member.rules):
                ballots, learnt = learn(member.ballots, block_hash, votes, chain)
                member = replace(member, ballots=ballots)
                member, effects = settle(member, learnt, chain, now_ms)
    if member.me < 0 or block_hash in member.passed_on:
        return member, effects
    tree = tree_of(header, member.rules, chain)
    if tree.zones[member.me] <= voters_in(from_below(member, block_hash, tree)):
        member, more = send_up(member, header, tree, chain)
        effects += more
    return member, effects


def send_up(member: Member, header: Header, tree: Tree, chain: ChainReader) -> Acted:
    """The own zone's votes as they are: to the parent, or to all other gateways."""
    parts = from_below(member, header.hash, tree)
    member = replace(member, passed_on=newest(member.passed_on, header.hash))
    if not parts:
        return member, ()
    votes = chain.merged(member.rules.epoch, parts)
    if member.me in tree.gateways:
        targets = tree.peers(member.me)
        said = Votes("exchange", *_about(header), votes)
    else:
        targets = (tree.parents[member.me],)
        said = Votes("aggregate", *_about(header), votes)
    return member, tuple(Send(to, said) for to in targets)


def settle(
    member: Member, learnt: tuple[Effect, ...], chain: ChainReader, now_ms: int
) -> Acted:
    """
    FINALIZE what was just certified, down the tree and to whoever came around it, and
    go on to the next round.
    """
    effects: tuple[Effect, ...] = tuple(
        effect for effect in learnt if not isinstance(effect, CastVote)
    )
    for effect in learnt:
        if not isinstance(effect, Certified):
            continue
        header = chain.header(effect.block_hash)
        assert header is not None, "only a known block is certified"
        proofs = {**member.proofs, header.hash: effect.certificate}
        proofs = dict(islice(proofs.items(), max(0, len(proofs) - MAX_OFFERS), None))
        member = replace(member, proofs=proofs)
        if header.round < member.round:
            continue
        if member.me >= 0:
            tree = tree_of(header, member.rules, chain)
            strays = set(offers_for(member, header.hash)) - {member.me}
            strays -= _expected(member, tree) | {tree.parents[member.me]}
            targets = (*tree.first_heard(member.me), *sorted(strays))
            effects += tuple(
                _finalize(to, header, effect.certificate)
                for to in dict.fromkeys(targets)
            )
        member, more = enter(member, header.round + 1, 0, chain, now_ms)
        effects += more
    return member, effects


def enter(
    member: Member, round_: int, failures: int, chain: ChainReader, now_ms: int
) -> Acted:
    """
    Begin a round. After a failed one something waits, and the leader listens for a
    third of the timer, for the highest certificate that anybody has.
    """
    member = replace(member, round=round_, failures=failures, play=b"", probing="")
    look_ms = max(now_ms, due_ms(member, chain)) + patience_ms(member)
    member = replace(
        member,
        ready_ms=now_ms + round_ms(member) // 3 if failures else now_ms,
        look_ms=look_ms,
        pressed_ms=now_ms if failures else NEVER,
        asked_ms=NEVER,
        gate_ms=NEVER,
    )
    effects: tuple[Effect, ...] = ()
    later: list[bytes] = []
    for block_hash in member.early:
        header = chain.header(block_hash)
        if header is None or header.round < round_:
            continue
        if header.round > round_:
            later.append(block_hash)
        elif not member.play:
            member = _put_in_play(member, header, now_ms, chain)
            source_round = justify_round(header, chain)
            if may_vote(member.ballots.voter, header.round, source_round):
                effects = (CastVote(block_hash),)
    return replace(member, early=tuple(later)), effects


# When somebody is silent.


def gate_ended(member: Member, chain: ChainReader, now_ms: int) -> Acted:
    """
    t_gate is over and the block in play is not certified: send up what there is, again.
    From the second time on whoever is no gateway goes around its own to the next one.
    """
    header = chain.header(member.play) if member.play else None
    if header is None or member.me < 0:
        return replace(member, gate_ms=NEVER), ()
    tree = tree_of(header, member.rules, chain)
    gate_ms = now_ms + tree.patience_ms(member.rules.params["t_gate_ms"])
    member = replace(member, ticks=member.ticks + 1, gate_ms=gate_ms)
    member, effects = send_up(member, header, tree, chain)
    if member.ticks < 2 or member.me in tree.gateways or len(tree.gateways) < 2:
        return member, effects
    other = tree.next_gateway(member.me, member.ticks - 1)
    around = [
        Send(other, effect.message) for effect in effects if isinstance(effect, Send)
    ]
    return member, (*effects, *around)


def rest_ended(member: Member, chain: ChainReader, now_ms: int) -> Acted:
    """The leader brings its block, and the certificate, to those not heard of."""
    header = chain.header(member.led)
    member = replace(member, rest_ms=NEVER)
    if header is None:
        return member, ()
    heard = voters_in(offers_for(member, member.led).values())
    missing = [at for at in range(len(member.offers)) if at not in heard | {member.me}]
    effects: tuple[Effect, ...] = tuple(Share(member.led, to) for to in missing)
    proof = member.proofs.get(member.led)
    if proof is not None:
        effects += tuple(_finalize(to, header, proof) for to in missing)
    elif in_round(member, header):
        tree = tree_of(header, member.rules, chain)
        rest_ms = now_ms + tree.patience_ms(member.rules.params["t_gate_ms"])
        member = replace(member, rest_ms=rest_ms)
    return member, effects


def bring_up_to_date(member: Member, to: int, chain: ChainReader) -> tuple[Effect, ...]:
    """The highest certified block and its certificate, for somebody who is behind."""
    best = member.ballots.highest
    header = chain.header(best.block.hash)
    if header is None or not in_epoch(header, member.rules):
        return ()
    return Share(header.hash, to), _finalize(to, header, best.certificate)


def _put_in_play(
    member: Member, header: Header, now_ms: int, chain: ChainReader
) -> Member:
    """The round has its block: now it must be certified in time."""
    tree = tree_of(header, member.rules, chain)
    gate_ms = now_ms + tree.patience_ms(member.rules.params["t_gate_ms"])
    return replace(
        member, play=header.hash, ticks=0, gate_ms=gate_ms, pressed_ms=now_ms,
        probing="",
    )  # fmt: skip


def _expected(member: Member, tree: Tree) -> set[int]:
    """Who sends this member votes when nothing goes wrong."""
    peers = tree.peers(member.me) if member.me in tree.gateways else ()
    return {*peers, *tree.children[member.me]}


def _finalize(to: int, header: Header, proof: Certificate) -> Send:
    return Send(to, Votes("finalize", *_about(header), proof))


def _about(header: Header) -> tuple[int, int, int, bytes]:
    return header.epoch, header.height, header.round, header.hash
