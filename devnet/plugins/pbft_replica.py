"""
One validator of pbft: what it holds committed and prepared, and the votes it counts.

Everything it holds belongs to one height, the one above its base, the newest block that
it knows to be committed. When the base moves on, all below is forgotten. Views and
their changes stand in pbft_views.py, the engine itself in pbft.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice

from devnet.engine.interfaces import (
    Broadcast,
    CastVote,
    Certificate,
    Certified,
    ChainReader,
    Checkpoint,
    Effect,
    Final,
    Header,
    Phase,
    Rules,
    Seat,
    Share,
    Vote,
    VoteMessage,
)
from devnet.plugins.certificate import needed_weight, weight_of
from devnet.plugins.header_rules import checkpoint, in_epoch
from devnet.plugins.pbft_proofs import (
    Committed,
    NewView,
    Prepared,
    ViewChange,
    decode_view,
    is_genuine,
    keep,
    kept,
    may_prepare,
    stands_on,
)

MAX_VOTES = 64
"""Votes kept of one validator, so that nobody crowds out the others."""
MAX_CANDIDATES = 16

Cast = tuple[Phase, int, bytes]
"""A vote's phase, view and block."""


@dataclass(frozen=True, slots=True)
class Replica:
    """
    All that one validator remembers.

    Args:
        base: the newest committed block; what follows competes to stand on it.
        view: the view that it is in.
        prepared: the block above the base that a quorum prepared, newest view first.
        new_view: how the leader of this view began it, where that was needed.
        votes: per validator, its votes above the base's view: cast to signature.
        changes: per validator, the change to the highest view that it asked for.
        candidates: hashes of known blocks that stand on the base.
        awaited: a committed block that this node does not have yet.
        prepared_view, published_view: the newest views it prepared and published in.
        gathered_view: the newest view that a quorum asked for.
        leaving: the view that its signer is being asked for.
        since_ms: since when something has waited in this view, or 0.
        told_ms: when it last repeated itself in this view.
        look_ms: when to ask the host again whether something waits, or 0: find out.
        alarm_ms: when its timer fires.
        asked: why the host was asked to fill a block.
    """

    seat: Seat
    base: Committed
    view: int
    votes: tuple[Mapping[Cast, bytes], ...]
    changes: tuple[ViewChange | None, ...]
    prepared: Prepared | None = None
    new_view: NewView | None = None
    candidates: tuple[bytes, ...] = ()
    awaited: Committed | None = None
    prepared_view: int = 0
    published_view: int = 0
    gathered_view: int = 0
    leaving: int = 0
    since_ms: int = 0
    told_ms: int = 0
    look_ms: int = 0
    alarm_ms: int = 0
    asked: str = ""

    @property
    def rules(self) -> Rules:
        """What is in force in its epoch."""
        return self.seat.rules

    @property
    def acts(self) -> bool:
        """Has it a seat, or does it only watch?"""
        return 0 <= self.seat.me < len(self.votes)

    @property
    def is_active(self) -> bool:
        """May blocks be prepared in its view, as far as it knows?"""
        return self.view == self.base.view + 1 or self.new_view is not None


Acted = tuple[Replica, tuple[Effect, ...]]


def take_seat(seat: Seat, chain: ChainReader) -> Replica:
    """
    A validator with what the head's chain shows and what its signer kept. Its view is
    not below any that it asked for before a crash.
    """
    n_seats = len(seat.rules.validators)
    base = Committed(seat.rules.base, 0)
    head = chain.head()
    candidates: tuple[bytes, ...] = ()
    if in_epoch(head, seat.rules):
        base = _shown_by(head, seat.rules)
        candidates = (head.hash,)
    prepared = kept(seat.kept)
    if prepared is not None and not _still_above(prepared, base, seat.rules, chain):
        prepared = None
    return Replica(
        seat,
        base,
        view=max(base.view + 1, seat.view_round),
        votes=tuple({} for _ in range(n_seats)),
        changes=(None,) * n_seats,
        prepared=prepared,
        candidates=candidates,
        since_ms=seat.now_ms if candidates or prepared else 0,
    )


def _shown_by(block: Header, rules: Rules) -> Committed:
    """The committed block that a valid block of the epoch stands on, with its proof."""
    if block.justify == rules.base:
        return Committed(rules.base, 0)
    view = decode_view(block.engine_data)
    return Committed(block.justify, view, block.certificate)


def _still_above(
    prepared: Prepared, base: Committed, rules: Rules, chain: ChainReader
) -> bool:
    """Does what was prepared still compete? A block that is not at hand might."""
    block = chain.header(prepared.block_hash)
    if prepared.view <= base.view:
        return False
    return block is None or stands_on(block, base.block, rules)


# Blocks.


def learn(state: Replica, block: Header, chain: ChainReader) -> Acted:
    """What a valid block of the epoch shows of its parent."""
    if not in_epoch(block, state.rules):
        return state, ()
    return advance(state, _shown_by(block, state.rules), chain)


def take_block(
    state: Replica, block: Header, now_ms: int, chain: ChainReader, *, votable: bool
) -> Acted:
    """A valid block of the epoch arrived: learn from it, then count what waited."""
    state, effects = learn(state, block, chain)
    awaited = state.awaited
    if awaited is not None and awaited.block.hash == block.hash:
        found = replace(awaited, block=checkpoint(block))
        state, more = advance(replace(state, awaited=None), found, chain)
        effects += more
    if (
        votable
        and block.hash not in state.candidates
        and stands_on(block, state.base.block, state.rules)
    ):
        candidates = (*state.candidates, block.hash)[-MAX_CANDIDATES:]
        since_ms = state.since_ms or now_ms
        state = replace(state, candidates=candidates, since_ms=since_ms)
    state, more = count_all(state, block.hash, chain)
    state, last = try_prepare(state, chain)
    return state, (*effects, *more, *last)


def advance(state: Replica, shown: Committed, chain: ChainReader) -> Acted:
    """
    Move on to a newer base, whose proof was looked over, and forget what lies below.
    Without the block itself it is only noted.
    """
    if shown.view <= state.base.view:
        return state, ()
    if chain.header(shown.block.hash) is None:
        if state.awaited is None or state.awaited.view < shown.view:
            state = replace(state, awaited=shown)
        return state, ()
    rules, view = state.rules, max(state.view, shown.view + 1)
    prepared = state.prepared
    if prepared is not None and not _still_above(prepared, shown, rules, chain):
        prepared = None
    candidates = tuple(
        block_hash
        for block_hash in state.candidates
        if (block := chain.header(block_hash)) is not None
        and stands_on(block, shown.block, rules)
    )
    votes = tuple(
        {cast: sig for cast, sig in own.items() if cast[1] > shown.view}
        for own in state.votes
    )
    is_new = shown.block != state.base.block
    state = replace(
        state,
        base=shown,
        view=view,
        prepared=prepared,
        new_view=state.new_view if view == state.view else None,
        candidates=candidates,
        votes=votes,
        since_ms=state.since_ms if candidates else 0,
        look_ms=0,
    )
    return state, (Final(shown.block.hash),) if is_new else ()


def enter(state: Replica, view: int, now_ms: int) -> Replica:
    """Go to a later view; what began an earlier one is forgotten."""
    if view <= state.view:
        return state
    return replace(state, view=view, new_view=None, since_ms=now_ms, look_ms=0)


# Votes.


def add_vote(state: Replica, vote: Vote, chain: ChainReader) -> Acted:
    """Count a prepare or commit if it is genuine, new, and above the base's view."""
    cast: Cast = (vote.phase, vote.round, vote.block_hash)
    if vote.round <= state.base.view or not is_genuine(vote, state.rules, chain):
        return state, ()
    own = state.votes[vote.index]
    if cast in own:
        return state, ()
    grown = {**own, cast: vote.signature}
    grown = dict(islice(grown.items(), max(0, len(grown) - MAX_VOTES), None))
    votes = (*state.votes[: vote.index], grown, *state.votes[vote.index + 1 :])
    return count(replace(state, votes=votes), cast, chain)


def signatures_for(state: Replica, cast: Cast) -> dict[int, bytes]:
    """The signatures held under one cast, by validator."""
    return {index: own[cast] for index, own in enumerate(state.votes) if cast in own}


def count_all(state: Replica, block_hash: bytes, chain: ChainReader) -> Acted:
    """Count every vote that waited for a block, the oldest views first."""
    found = {cast for own in state.votes for cast in own if cast[2] == block_hash}
    effects: tuple[Effect, ...] = ()
    for cast in sorted(found, key=lambda cast: (cast[1], cast[0])):
        state, more = count(state, cast, chain)
        effects += more
    return state, effects


def count(state: Replica, cast: Cast, chain: ChainReader) -> Acted:
    """What follows if a quorum stands behind this cast."""
    phase, view, block_hash = cast
    signatures = signatures_for(state, cast)
    if weight_of(signatures, state.rules) < needed_weight(state.rules):
        return state, ()
    certificate = Certificate.of(signatures)
    block = chain.header(block_hash)
    if phase == "prepare":
        return _prepare(state, Prepared(block_hash, view, certificate), block)
    if block is not None and not in_epoch(block, state.rules):
        return state, ()
    named = Checkpoint(0, block_hash) if block is None else checkpoint(block)
    return advance(state, Committed(named, view, certificate), chain)


def _prepare(state: Replica, proof: Prepared, block: Header | None) -> Acted:
    """A quorum prepared a block: hold on to it, and commit."""
    if block is None or not stands_on(block, state.base.block, state.rules):
        return state, ()
    older = state.prepared is None or state.prepared.view < proof.view
    if proof.view < state.view or not older:
        return state, ()
    state = replace(enter(state, proof.view, state.since_ms), prepared=proof)
    effects: tuple[Effect, ...] = (Certified(block.hash, proof.certificate),)
    if state.acts:
        commit = CastVote(block.hash, "commit", proof.view, keep(proof))
        effects = (*effects, commit)
    return state, effects


def try_prepare(state: Replica, chain: ChainReader) -> Acted:
    """Prepare a block if this view allows one, once a view."""
    if not state.acts or state.prepared_view >= state.view:
        return state, ()
    named = state.new_view.named if state.new_view is not None else None
    for block_hash in (*([named] if named else []), *state.candidates):
        block = chain.header(block_hash)
        if block is not None and may_prepare(
            block, state.view, state.base, state.new_view, state.rules
        ):
            state = replace(state, prepared_view=state.view)
            return state, (CastVote(block_hash, "prepare", state.view),)
    return state, ()


def own_votes(state: Replica, chain: ChainReader) -> tuple[Effect, ...]:
    """Its votes of this view once more, for whoever missed them."""
    said = []
    for (phase, view, block_hash), signature in state.votes[state.seat.me].items():
        block = chain.header(block_hash)
        if view == state.view and block is not None:
            epoch, me = state.rules.epoch, state.seat.me
            vote = Vote(epoch, view, block.height, block_hash, me, signature, phase)
            said.append(Broadcast(VoteMessage(vote)))
    return tuple(said)


def what_to_share(
    state: Replica, chain: ChainReader, to: int | None = None
) -> tuple[Effect, ...]:
    """The block that others may lack: the prepared one, a candidate, or the base."""
    options = [state.prepared.block_hash] if state.prepared else []
    options += [*state.candidates, state.base.block.hash]
    for block_hash in options:
        block = chain.header(block_hash)
        if block is not None and in_epoch(block, state.rules):
            return (Share(block_hash, to),)
    return ()
