"""
What a validator keeps to convict others: their newest votes, and the proofs it found.

A proof is told to everybody; whoever proposes next puts it in a block. An honest
validator believes none that it has not checked.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.messages import EvidenceCame
from devnet.engine.actors.seats import actor_name, reader_of
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.evidence import TWO_VOTES, VOTE_BEHIND, Evidence, SignedVote
from devnet.engine.bc.sideblock import SideHeader
from devnet.engine.errors import DevnetError
from devnet.engine.interfaces import Vote
from devnet.engine.sidechain.judge import judge_body
from devnet.engine.sidechain.offences import convict
from devnet.engine.sidechain.reader import SideReader

MOST_HEARD = 96
"""Votes that a validator keeps to compare; older ones convict nobody any more."""
N_SIGNATURE_BYTES = 64


def heard_vote(turn: Turn, chain: str, name: str, vote: Vote) -> None:
    """Compare a vote with what the same validator signed before."""
    node = turn.node(chain, name)
    if len(vote.signature) != N_SIGNATURE_BYTES:
        return  # Merged signatures name nobody.
    reader = reader_of(turn, chain, node)
    mine = _signed(reader, vote)
    if mine is not None:
        for other in node.heard:
            if other.index == vote.index and other.epoch == vote.epoch:
                _compare(turn, chain, name, reader, other, mine)
    node = turn.node(chain, name)
    if vote not in node.heard:
        heard = (*node.heard, vote)[-MOST_HEARD:]
        turn.set_node(chain, replace(node, heard=heard))


def compare_heard(turn: Turn, chain: str, name: str, block_hash: bytes) -> None:
    """A block is here now: votes for it that came before can be read at last."""
    for vote in turn.node(chain, name).heard:
        if vote.block_hash == block_hash:
            heard_vote(turn, chain, name, vote)


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


def _compare(
    turn: Turn, chain: str, name: str, reader: SideReader, vote: Vote, mine: SignedVote
) -> None:
    theirs = _signed(reader, vote)
    if theirs is None or (theirs.key, theirs.phase) != (mine.key, mine.phase):
        return
    if theirs.header.hash == mine.header.hash:
        return
    if theirs.round == mine.round:
        accuse(turn, chain, name, Evidence(TWO_VOTES, theirs.raw, mine.raw))
        return
    first, second = sorted((theirs, mine), key=lambda one: one.round)
    if second.phase == "vote" and second.source_round < first.source_round:
        accuse(turn, chain, name, Evidence(VOTE_BEHIND, first.raw, second.raw))


def accuse(turn: Turn, chain: str, name: str, record: Evidence) -> None:
    """Keep a proof, if it is one, and tell everybody."""
    key = _kept(turn, chain, name, record)
    if key is None:
        return
    me = actor_name(chain, name)
    for other in turn.node_names(chain):
        if other != name:
            what = EvidenceCame(record)
            turn.send(me, actor_name(chain, other), key + record.body()[:1], what)


def evidence_came(turn: Turn, chain: str, name: str, record: Evidence) -> None:
    """Another validator's proof: kept when it convinces this one."""
    _kept(turn, chain, name, record)


def _kept(turn: Turn, chain: str, name: str, record: Evidence) -> bytes | None:
    """The key that the record convicts, when that is news; None otherwise."""
    node = turn.node(chain, name)
    tree = turn.side(chain).tree
    head = tree[node.head]
    try:
        key = convict(
            record, tree, head, lambda block: judge_body(tree, turn.tree, block)
        ).key
        fits = bool(record.program)
    except DevnetError:
        return None
    if not fits or key == node.key or key in node.proofs:
        return None
    turn.set_node(chain, replace(node, proofs=node.proofs.insert(key, record)))
    return key
