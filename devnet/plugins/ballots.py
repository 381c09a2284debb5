"""
Counting votes, for every rule whose blocks are final by certificate.

One validator's view: which votes it holds, which block is the highest that it knows to
be certified, what it can prove final, and what it may still vote for. The rules behind
it stand in certificate.py.

A vote signs the block's hash and nothing else, so the round and height that a message
states are never trusted: they are read from the block's header once it is known. Votes
may arrive before their block; they wait. Each validator has room for MAX_BALLOTS votes
of its own, so nobody can crowd out the votes of others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice

from devnet.engine.interfaces import (
    BlockJudged,
    CastVote,
    Certificate,
    Certified,
    ChainReader,
    Checkpoint,
    Effect,
    Final,
    Header,
    Seat,
    Vote,
)
from devnet.plugins.certificate import (
    Voter,
    after_vote,
    final_seen,
    final_through,
    justify_round,
    may_vote,
    needed_weight,
    weight_of,
)
from devnet.plugins.header_rules import checkpoint, in_epoch

MAX_BALLOTS = 64


@dataclass(frozen=True, slots=True)
class Source:
    """A certified block and its certificate: what a proposer puts in its header."""

    block: Checkpoint
    round: int
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Ballots:
    """
    All that a validator knows of votes in its epoch.

    Args:
        voter: what it may still vote for.
        cast: per validator of the list, its votes: block hash to signature.
        highest: the certified block of the highest round.
        certified: hashes of the newest certified blocks, oldest first.
        final: the highest block that it can prove final.
    """

    seat: Seat
    voter: Voter
    cast: tuple[Mapping[bytes, bytes], ...]
    highest: Source
    certified: tuple[bytes, ...]
    final: Checkpoint


Counted = tuple[Ballots, tuple[Effect, ...]]


def open_ballots(seat: Seat, chain: ChainReader) -> Ballots:
    """The view of a validator that takes its seat: what the head's chain shows."""
    rules, head = seat.rules, chain.head()
    ballots = Ballots(
        seat=seat,
        voter=Voter(),
        cast=tuple({} for _ in rules.validators),
        highest=Source(rules.base, 0, Certificate()),
        certified=(),
        final=rules.base,
    )
    if not in_epoch(head, rules) or head.justify == rules.base:
        return ballots
    return replace(
        ballots,
        highest=Source(head.justify, justify_round(head, chain), head.certificate),
        certified=(head.justify.hash,),
        final=final_seen(head, chain),
    )


def judge(ballots: Ballots, event: BlockJudged, chain: ChainReader) -> Counted:
    """
    A valid block arrived: learn from its certificate, count the votes that waited for
    it, and vote for it if V1 and V2 allow.
    """
    header = event.header
    if not in_epoch(header, ballots.seat.rules):
        return ballots, ()
    ballots, learnt = _certify(ballots, header.justify.hash, header.certificate, chain)
    ballots, counted = _count(ballots, header.hash, chain)
    effects = learnt + counted
    source_round = justify_round(header, chain)
    if (
        event.votable
        and 0 <= ballots.seat.me < len(ballots.cast)
        and may_vote(ballots.voter, header.round, source_round)
    ):
        effects = (*effects, CastVote(header.hash))
    return ballots, effects


def own_vote(ballots: Ballots, vote: Vote, chain: ChainReader) -> Counted:
    """The signer let our vote pass: remember it, and count it like any other."""
    header = chain.header(vote.block_hash)
    if header is None or not in_epoch(header, ballots.seat.rules):
        return ballots, ()
    voter = after_vote(ballots.voter, header.round, justify_round(header, chain))
    return add_vote(replace(ballots, voter=voter), vote, chain)


def add_vote(ballots: Ballots, vote: Vote, chain: ChainReader) -> Counted:
    """Count a vote if it is genuine, new, and not for a block certified already."""
    rules = ballots.seat.rules
    block_hash, index = vote.block_hash, vote.index
    if vote.epoch != rules.epoch or not 0 <= index < len(rules.validators):
        return ballots, ()
    if block_hash in ballots.certified or block_hash in ballots.cast[index]:
        return ballots, ()
    if not chain.voted_for(block_hash, rules.epoch, index, vote.signature):
        return ballots, ()
    own = {**ballots.cast[index], block_hash: vote.signature}
    own = dict(islice(own.items(), max(0, len(own) - MAX_BALLOTS), None))
    cast = (*ballots.cast[:index], own, *ballots.cast[index + 1 :])
    return _count(replace(ballots, cast=cast), block_hash, chain)


def votes_for(ballots: Ballots, block_hash: bytes) -> dict[int, bytes]:
    """The signatures held for a block, by validator."""
    return {
        index: own[block_hash]
        for index, own in enumerate(ballots.cast)
        if block_hash in own
    }


def parent_to_extend(ballots: Ballots, chain: ChainReader) -> Header:
    """
    Where the next block belongs: on the head, if the head stands on the highest
    certified block; else on that block itself, which the head's chain does not know.
    """
    head, best = chain.head(), ballots.highest.block
    on_best = (
        head.height >= best.height
        and chain.ancestor(head.hash, best.height).hash == best.hash
    )
    certified = chain.header(best.hash)
    return head if on_best or certified is None else certified


def _count(ballots: Ballots, block_hash: bytes, chain: ChainReader) -> Counted:
    """Certify a known block as soon as the votes for it weigh a quorum."""
    if block_hash in ballots.certified or chain.header(block_hash) is None:
        return ballots, ()
    votes, rules = votes_for(ballots, block_hash), ballots.seat.rules
    if weight_of(votes, rules) < needed_weight(rules):
        return ballots, ()
    return _certify(ballots, block_hash, Certificate.of(votes), chain)


def _certify(
    ballots: Ballots, block_hash: bytes, certificate: Certificate, chain: ChainReader
) -> Counted:
    """Take note of a certificate, and of the block that it makes final."""
    header = chain.header(block_hash)
    known = block_hash in ballots.certified
    if known or header is None or not in_epoch(header, ballots.seat.rules):
        return ballots, ()
    effects: tuple[Effect, ...] = (Certified(block_hash, certificate),)
    ballots = replace(
        ballots, certified=(*ballots.certified, block_hash)[-MAX_BALLOTS:]
    )
    if header.round > ballots.highest.round:
        source = Source(checkpoint(header), header.round, certificate)
        ballots = replace(ballots, highest=source)
    proved = final_through(header, chain)
    if proved is not None and proved.height > ballots.final.height:
        ballots = replace(ballots, final=proved)
        effects = (*effects, Final(proved.hash))
    return ballots, effects
