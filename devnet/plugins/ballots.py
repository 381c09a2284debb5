"""
Counting votes, for every rule whose blocks are final by certificate.

One validator's view: which votes it holds, which block is the highest that it knows to
be certified, what it can prove final, and what it may still vote for. The rules behind
it stand in certificate.py.

A vote signs the block's hash and nothing else, so the round and height that a message
states are never trusted: they are read from the block's header once it is known. Votes
may arrive before their block; they wait. Each validator has room for MAX_BALLOTS votes
of its own, so nobody can crowd out the votes of others.

Where validators are elected, each block has a list of its own. A message names its
voter by the place in that list; votes are kept by the voter's key, which no election
moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    Tally,
    Validator,
    Vote,
)
from devnet.plugins.certificate import (
    Voter,
    after_vote,
    counting_rules,
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
        cast: by the voter's key, its votes: block hash to signature.
        highest: the certified block of the highest round.
        certified: hashes of the newest certified blocks, oldest first.
        final: the highest block that it can prove final.
    """

    seat: Seat
    voter: Voter
    cast: Mapping[bytes, Mapping[bytes, bytes]]
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
        cast={},
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
    ballots, learnt = learn(ballots, header.justify.hash, header.certificate, chain)
    ballots, counted = _count(ballots, header.hash, chain)
    effects = learnt + counted
    source_round = justify_round(header, chain)
    if (
        event.votable
        and place_in(ballots.seat, chain.rules_of(header).validators) >= 0
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
    epoch, block_hash, index = ballots.seat.rules.epoch, vote.block_hash, vote.index
    if vote.epoch != epoch or block_hash in ballots.certified:
        return ballots, ()
    validators = counting_rules(block_hash, epoch, chain).validators
    if not 0 <= index < len(validators):
        return ballots, ()
    key = validators[index].key
    known = ballots.cast.get(key, {})
    if block_hash in known:
        return ballots, ()
    if not chain.voted_for(block_hash, epoch, index, vote.signature):
        return ballots, ()
    own = {**known, block_hash: vote.signature}
    own = dict(islice(own.items(), max(0, len(own) - MAX_BALLOTS), None))
    cast = {**ballots.cast, key: own}
    return _count(replace(ballots, cast=cast), block_hash, chain)


def votes_for(
    ballots: Ballots, block_hash: bytes, chain: ChainReader
) -> dict[int, bytes]:
    """The signatures held for a block, by the voter's place in the block's list."""
    rules = counting_rules(block_hash, ballots.seat.rules.epoch, chain)
    return {
        index: own[block_hash]
        for index, validator in enumerate(rules.validators)
        if block_hash in (own := ballots.cast.get(validator.key, {}))
    }


def tallies(ballots: Ballots, chain: ChainReader) -> tuple[Tally, ...]:
    """The votes that are held for the newest blocks, for screens alone."""
    hashes = {one: None for own in ballots.cast.values() for one in list(own)[-3:]}
    known = [one for one in hashes if chain.header(one) is not None]
    return tuple(
        Tally(one, tuple(sorted(votes_for(ballots, one, chain)))) for one in known
    )


def place_in(seat: Seat, listed: Sequence[Validator]) -> int:
    """The seat's place in a list, or -1. A seat without a key keeps the one it has."""
    if not seat.key:
        return seat.me if seat.me < len(listed) else -1
    for index, validator in enumerate(listed):
        if validator.key == seat.key:
            return index
    return -1


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
    header = chain.header(block_hash)
    if block_hash in ballots.certified or header is None:
        return ballots, ()
    votes, rules = votes_for(ballots, block_hash, chain), chain.rules_of(header)
    if weight_of(votes, rules) < needed_weight(rules):
        return ballots, ()
    return learn(ballots, block_hash, Certificate.of(votes), chain)


def learn(
    ballots: Ballots, block_hash: bytes, certificate: Certificate, chain: ChainReader
) -> Counted:
    """Take note of a good certificate, and of the block that it makes final."""
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
