"""
What a validator keeps to convict others: their newest votes, and the proofs it found.

A proof is told to everybody; whoever proposes next puts it in a block. An honest
validator believes none that it has not checked.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.messages import EvidenceCame
from devnet.engine.actors.proposing import court_of
from devnet.engine.actors.seats import actor_name, reader_of
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.evidence import (
    BAD_VOTE,
    TWO_VOTES,
    VOTE_BEHIND,
    Evidence,
    SignedVote,
)
from devnet.engine.bc.sideblock import SideBlock, SideHeader
from devnet.engine.copies import changed
from devnet.engine.errors import DevnetError
from devnet.engine.interfaces import Vote
from devnet.engine.sidechain.offences import convict
from devnet.engine.sidechain.reader import SideReader

MOST_HEARD = 16
"""Votes of each other that a validator compares; older ones convict nobody any more."""
N_SIGNATURE_BYTES = 64
MOST_BAD_BLOCKS = 4
MOST_PROOFS = 256
"""Of acts that a key can repeat; of the others there is one for each key."""


def heard_vote(turn: Turn, chain: str, name: str, vote: Vote) -> None:
    """Compare a vote with what the same validator signed before."""
    node = turn.node(chain, name)
    if len(vote.signature) != N_SIGNATURE_BYTES:
        return  # Merged signatures name nobody.
    reader = reader_of(turn, chain, node)
    heard = node.heard.get((vote.epoch, vote.index)) or ()
    for other in heard:
        if _contradict(reader, other, vote):
            _compare(turn, chain, name, reader, other, vote)
    if vote not in heard:
        node = turn.node(chain, name)
        heard = (*heard, vote)[-MOST_HEARD:]
        by_voter = node.heard.insert((vote.epoch, vote.index), heard)
        turn.set_node(chain, changed(node, heard=by_voter))
        for block in node.bad_blocks:
            _accuse_voter(turn, chain, name, block, vote)


def compare_heard(turn: Turn, chain: str, name: str, block_hash: bytes) -> None:
    """A block is here now: votes for it that came before can be read at last."""
    by_voter = turn.node(chain, name).heard
    early = [
        (voter, vote)
        for voter, heard in by_voter.items()
        for vote in heard
        if vote.block_hash == block_hash
    ]
    for _, vote in sorted(early, key=lambda pair: pair[0]):
        heard_vote(turn, chain, name, vote)


def saw_bad_votes(turn: Turn, chain: str, name: str, block: SideBlock) -> None:
    """A block that breaks a rule came: accuse who voted for it, and who will."""
    node = turn.node(chain, name)
    if block in node.bad_blocks:
        return
    bad_blocks = (*node.bad_blocks, block)[-MOST_BAD_BLOCKS:]
    turn.set_node(chain, replace(node, bad_blocks=bad_blocks))
    for voter in sorted(node.heard):
        for vote in node.heard[voter]:
            _accuse_voter(turn, chain, name, block, vote)


def _accuse_voter(
    turn: Turn, chain: str, name: str, block: SideBlock, vote: Vote
) -> None:
    """Accuse whoever cast a vote, if it is for this bad block."""
    header = block.header
    if (vote.block_hash, vote.epoch) != (header.hash, header.epoch):
        return
    seats = turn.side(chain).tree[header.previous].state.seated.validators
    if not 0 <= vote.index < len(seats):
        return
    view = 0 if vote.phase == "vote" else vote.round
    key = seats[vote.index].key
    signed = SignedVote(vote.phase, view, header, None, key, vote.signature)
    accuse(turn, chain, name, Evidence(BAD_VOTE, block.raw, signed.raw))


def _signed(reader: SideReader, vote: Vote) -> SignedVote | None:
    """The vote as evidence has it, when its block is here and the signature is good."""
    header = _header(reader, vote.block_hash)
    if header is None or header.epoch != vote.epoch:
        return None
    view = 0 if vote.phase == "vote" else vote.round
    known = reader.voted_for(
        vote.block_hash, vote.epoch, vote.index, vote.signature, vote.phase, view
    )
    seen = reader.header(vote.block_hash)
    if not known or seen is None:
        return None
    rules = reader.rules_of(seen)
    source = None
    if header.justify != rules.base:
        source = _header(reader, header.justify.hash)
    key = rules.validators[vote.index].key
    return SignedVote(vote.phase, view, header, source, key, vote.signature)


def _header(reader: SideReader, block_hash: bytes) -> SideHeader | None:
    if reader.header(block_hash) is None:
        return None
    return reader.tree[block_hash].block.header


def _contradict(reader: SideReader, one: Vote, other: Vote) -> bool:
    """Do two votes of one voter break a rule, as far as can be read without keys?"""
    if one.block_hash == other.block_hash or one.phase != other.phase:
        return False
    first, second = _rounds(reader, one), _rounds(reader, other)
    if first is None or second is None:
        return False
    if first[0] == second[0]:
        return True
    first, second = sorted((first, second))
    return one.phase == "vote" and second[1] < first[1]


def _rounds(reader: SideReader, vote: Vote) -> tuple[int, int] | None:
    """The round voted in, and that of the block that the voted one builds on."""
    header = reader.header(vote.block_hash)
    if header is None or header.epoch != vote.epoch:
        return None
    source = None
    if header.justify != reader.rules(header.epoch).base:
        source = reader.header(header.justify.hash)
    source_round = 0 if source is None else source.round
    return (header.round if vote.phase == "vote" else vote.round), source_round


def _compare(
    turn: Turn, chain: str, name: str, reader: SideReader, one: Vote, other: Vote
) -> None:
    """Accuse whoever signed both of two votes that contradict each other."""
    theirs, mine = _signed(reader, one), _signed(reader, other)
    if theirs is None or mine is None or theirs.key != mine.key:
        return
    if theirs.round == mine.round:
        accuse(turn, chain, name, Evidence(TWO_VOTES, theirs.raw, mine.raw))
        return
    first, second = sorted((theirs, mine), key=lambda vote: vote.round)
    accuse(turn, chain, name, Evidence(VOTE_BEHIND, first.raw, second.raw))


def accuse(turn: Turn, chain: str, name: str, record: Evidence) -> None:
    """Keep a proof, if it is one, and tell everybody."""
    label = _kept(turn, chain, name, record)
    if label is None:
        return
    me = actor_name(chain, name)
    for other in turn.node_names(chain):
        if other != name:
            what = EvidenceCame(record)
            turn.send(me, actor_name(chain, other), label + record.body()[:1], what)


def evidence_came(turn: Turn, chain: str, name: str, record: Evidence) -> None:
    """Another validator's proof: kept when it convinces this one."""
    _kept(turn, chain, name, record)


def _kept(turn: Turn, chain: str, name: str, record: Evidence) -> bytes | None:
    """What the record convicts of, when that is news; None otherwise."""
    node = turn.node(chain, name)
    tree = turn.side(chain).tree
    try:
        found = convict(record, court_of(turn, tree, node, tree[node.head]))
        fits = bool(record.program)
    except DevnetError:
        return None
    if not fits or found.key == node.key or found.label in node.proofs:
        return None
    if found.act and len(node.proofs) >= MOST_PROOFS:
        return None
    proofs = node.proofs.insert(found.label, record)
    turn.set_node(chain, replace(node, proofs=proofs))
    return found.label
