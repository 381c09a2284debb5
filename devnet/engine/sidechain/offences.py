"""
Does this evidence convict anybody? A pure question of the record and the chain below.

The answer never depends on blocks of other branches, on what a node has seen, or on the
time: whoever reads the chain later finds the same.

Source: consensus rules of this project, section "Evidence".
"""

from __future__ import annotations

from devnet.engine.bc.electoral import stake_key_of
from devnet.engine.bc.evidence import (
    BAD_BLOCK,
    BAD_CLAIM,
    BAD_PAYOUT,
    BAD_VOTE,
    OFFENCES,
    TWO_PROPOSALS,
    TWO_VOTES,
    Evidence,
    SignedHeader,
    SignedVote,
    parse_hand_in,
    parse_signed_header,
    parse_signed_payout,
    parse_signed_vote,
)
from devnet.engine.bc.records import parse_record
from devnet.engine.bc.sideblock import (
    SideBlock,
    SideHeader,
    parse_side_block,
    phase_message,
    proposal_message,
    vote_message,
)
from devnet.engine.errors import CodecError
from devnet.engine.keys.ed25519 import verify
from devnet.engine.sidechain.badblocks import check_broken
from devnet.engine.sidechain.badclaims import bad_claim
from devnet.engine.sidechain.badpayouts import bad_payout
from devnet.engine.sidechain.court import BadEvidence, Conviction, Court
from devnet.engine.sidechain.state import SideEntry, SideTree

__all__ = ["BadEvidence", "accused", "convict", "evidence_in"]


def convict(record: Evidence, court: Court) -> Conviction:
    """
    What the evidence proves.

    Raises:
        BadEvidence: it proves nothing, or nothing new.
    """
    act = b""
    try:
        if record.offence == BAD_CLAIM:
            key, act = bad_claim(record, court)
        elif record.offence == BAD_PAYOUT:
            key = bad_payout(record, court)
        else:
            key = _validator(record, court)
    except CodecError as error:
        raise BadEvidence(f"evidence cannot be read: {error.message}") from None
    return Conviction(key, OFFENCES[record.offence], act)


def _validator(record: Evidence, court: Court) -> bytes:
    """The key of a validator that the record convicts."""
    if record.offence == BAD_BLOCK:
        key, header = _bad_block(record, court)
    elif record.offence == BAD_VOTE:
        key, header = _bad_vote(record, court)
    elif record.offence == TWO_PROPOSALS:
        key, header = _two_proposals(record, court.tree.spec.chain_id)
    else:
        key, header = _two_votes(record, court.tree.spec.chain_id)
    _check_key(key, header, court.tree, court.parent)
    return key


def accused(record: Evidence) -> bytes:
    """The key that a well-formed record is about."""
    if record.offence == BAD_BLOCK:
        return record.second
    if record.offence == BAD_CLAIM:
        return parse_hand_in(record.second).key
    if record.offence == BAD_PAYOUT:
        return stake_key_of(parse_signed_payout(record.first).member)
    if record.offence == BAD_VOTE:
        return parse_signed_vote(record.second).key
    if record.offence == TWO_PROPOSALS:
        return parse_signed_header(record.first).key
    return parse_signed_vote(record.first).key


def evidence_in(block: SideBlock) -> tuple[Evidence, ...]:
    """The evidence records in a valid block's coinbase."""
    programs = [output.program for output in block.transactions[0].outputs[1:]]
    records = [parse_record(program) for program in programs]
    return tuple(record for record in records if isinstance(record, Evidence))


def _check_key(
    key: bytes, header: SideHeader, tree: SideTree, parent: SideEntry
) -> None:
    """Somebody who had a seat, not convicted yet, and not too long ago."""
    state, height = parent.state, parent.height + 1
    seats = [one.key for rules in state.epochs for one in rules.validators]
    seats += [one.key for one in state.acting]
    if key not in seats and key not in state.roster.by_key:
        raise BadEvidence(f"{key.hex()[:16]} never had a seat here")
    if key in state.roster.banned:
        raise BadEvidence(
            f"{key.hex()[:16]} is convicted since block {state.roster.banned[key]}"
        )
    oldest = height - tree.spec.unbond_blocks
    if header.height < oldest:
        raise BadEvidence(
            f"evidence from height {header.height} is out of date, {oldest} is the "
            "oldest"
        )


def _two_proposals(record: Evidence, chain_id: bytes) -> tuple[bytes, SideHeader]:
    one, two = parse_signed_header(record.first), parse_signed_header(record.second)
    if one.key != two.key or one.header.hash == two.header.hash:
        raise BadEvidence("two proposals by one key differ in their hash")
    _check_place(one.header, two.header)
    if one.header.round != two.header.round:
        raise BadEvidence(
            f"proposals of round {one.header.round} and {two.header.round} are two "
            "rounds"
        )
    for signed in (one, two):
        _check_proposer(signed, chain_id)
    return one.key, one.header


def _check_proposer(signed: SignedHeader, chain_id: bytes) -> None:
    message = proposal_message(chain_id, signed.header.hash)
    if not verify(signed.key, message, signed.header.signature):
        raise BadEvidence(
            f"{signed.key.hex()[:16]} did not sign proposal "
            f"{signed.header.hash.hex()[:16]}"
        )


def _two_votes(record: Evidence, chain_id: bytes) -> tuple[bytes, SideHeader]:
    one, two = parse_signed_vote(record.first), parse_signed_vote(record.second)
    if one.key != two.key or one.phase != two.phase:
        raise BadEvidence("two votes are by one key, in one phase")
    _check_place(one.header, two.header)
    for vote in (one, two):
        _check_vote(vote, chain_id)
    if record.offence == TWO_VOTES:
        if one.round != two.round or one.header.hash == two.header.hash:
            raise BadEvidence("two votes in one round are for two blocks")
    else:
        _check_behind(one, two)
    return one.key, one.header


def _check_behind(one: SignedVote, two: SignedVote) -> None:
    """V2: the later vote's source lies behind the earlier one's."""
    for vote in (one, two):
        source = vote.source
        named = vote.header.justify.hash
        if source is not None and source.hash != named:
            raise BadEvidence("a vote's source is the block that its block names")
        if source is not None and source.epoch != vote.header.epoch:
            raise BadEvidence("the source of another epoch counts as round 0")
    if one.source is None or one.phase != "vote":
        raise BadEvidence("nothing lies behind the base of the epoch")
    if two.source is None and two.header.justify.height >= one.header.justify.height:
        raise BadEvidence("the base of the epoch lies below every source")
    if not (one.round < two.round and two.source_round < one.source_round):
        raise BadEvidence(
            f"round {two.round} on source {two.source_round} after round {one.round} "
            f"on source {one.source_round} is allowed"
        )


def _check_vote(vote: SignedVote, chain_id: bytes) -> None:
    block_hash = vote.header.hash
    message = vote_message(chain_id, block_hash)
    if vote.phase != "vote":
        epoch = vote.header.epoch
        message = phase_message(chain_id, vote.phase, epoch, vote.view, block_hash)
    if not verify(vote.key, message, vote.signature):
        raise BadEvidence(
            f"{vote.key.hex()[:16]} did not vote for {block_hash.hex()[:16]}"
        )


def _check_place(one: SideHeader, two: SideHeader) -> None:
    if one.epoch != two.epoch:
        raise BadEvidence(
            f"epochs {one.epoch} and {two.epoch} have rounds of their own"
        )
    if one.bits or two.bits:
        raise BadEvidence("with proof of work two blocks of a round are no offence")


def _bad_block(record: Evidence, court: Court) -> tuple[bytes, SideHeader]:
    block = parse_side_block(record.first)
    key, header = record.second, block.header
    _check_proposer(SignedHeader(header, key), court.tree.spec.chain_id)
    check_broken(block, court)
    return key, header


def _bad_vote(record: Evidence, court: Court) -> tuple[bytes, SideHeader]:
    block, vote = parse_side_block(record.first), parse_signed_vote(record.second)
    header = block.header
    if vote.header.hash != header.hash:
        raise BadEvidence("the vote is for another block")
    _check_vote(vote, court.tree.spec.chain_id)
    check_broken(block, court)
    return vote.key, header
