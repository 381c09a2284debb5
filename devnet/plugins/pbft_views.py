"""
Changing views in pbft: asking for the next one, joining others, beginning it.

A validator asks for view v+1 when view v brought nothing final in time. It asks for no
further one before a quorum asked for v+1 or more too: whoever is cut off does not run
away from the others, it only repeats itself. It joins f+1 others at once, for one of
them is honest. The leader of the new view shows a quorum's changes; what these oblige
it to is in pbft_proofs.py.

A change shows how far its sender has come, so it is answered: with the proof of a newer
base, with the beginning of the view, or with one's own change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from devnet.engine.interfaces import (
    Broadcast,
    ChainReader,
    Effect,
    Send,
    Share,
    SignView,
    ViewSigned,
)
from devnet.plugins.certificate import needed_weight, weight_of
from devnet.plugins.header_rules import in_epoch
from devnet.plugins.pbft_proofs import (
    NewView,
    Shown,
    ViewChange,
    claim_of,
    is_committed,
    is_obeyed,
    is_sound,
    joining_weight,
    leader_of,
    select,
)
from devnet.plugins.pbft_replica import (
    Acted,
    Replica,
    advance,
    count_all,
    enter,
    own_votes,
    try_prepare,
    what_to_share,
)

MAX_TIMEOUT_MS = 30_000
MAX_GROWTH = 16
"""From here on the cap holds, whatever the parameter."""


def timeout_ms(state: Replica) -> int:
    """How long this view may last: half as long again for each view that failed."""
    n_failed = min(max(0, state.view - state.base.view - 1), MAX_GROWTH)
    first_ms = state.rules.params["t_round_ms"]
    return int(
        min(first_ms * 3**n_failed // 2**n_failed, max(first_ms, MAX_TIMEOUT_MS))
    )


def deadline_ms(state: Replica) -> int:
    """When patience ends, once something waits: with this view, or with being alone."""
    if state.is_active or state.gathered_view == state.view:
        return state.since_ms + timeout_ms(state)
    first_ms: int = state.rules.params["t_round_ms"]
    return state.since_ms + first_ms


def repeat_ms(state: Replica) -> int:
    """When to say again what may have got lost, should the view last that long."""
    first_ms: int = state.rules.params["t_round_ms"]
    return max(state.since_ms, state.told_ms) + first_ms


def repeat(state: Replica, now_ms: int, chain: ChainReader) -> Acted:
    """Say again what one said in this view."""
    state = replace(state, told_ms=now_ms)
    own = state.changes[state.seat.me]
    said: tuple[Effect, ...] = own_votes(state, chain)
    if not state.is_active and own is not None and own.round == state.view:
        said = (Broadcast(own), *said)
    elif state.new_view and leader_of(state.view, state.rules) == state.seat.me:
        said = (Broadcast(state.new_view), *said)
    return state, (*said, *what_to_share(state, chain)) if said else ()


# Leaving.


def expire(state: Replica, now_ms: int, chain: ChainReader) -> Acted:
    """Time is over: repeat oneself while others are missing, or ask for the next."""
    own = state.changes[state.seat.me]
    alone = not state.is_active and state.gathered_view < state.view
    if alone and own is not None and own.round == state.view:
        state = replace(state, since_ms=now_ms)
        return state, (Broadcast(own), *what_to_share(state, chain))
    return leave_for(state, state.view + 1, now_ms)


def leave_for(state: Replica, view: int, now_ms: int) -> Acted:
    """Ask the signer for a change to a later view."""
    claim = claim_of(state.base, state.prepared)
    state = replace(state, leaving=view, since_ms=now_ms)
    return state, (SignView(view, claim),)


def own_change(state: Replica, signed: ViewSigned, chain: ChainReader) -> Acted:
    """The signer let the change pass: go there, and tell everybody."""
    claim = claim_of(state.base, state.prepared)
    if signed.round != state.leaving or signed.justify_hash != claim:
        return state, ()
    change = ViewChange(
        signed.round, state.base, state.prepared, state.seat.me, signed.signature
    )
    state = replace(enter(state, signed.round, signed.now_ms), leaving=0)
    state = _with_change(state, change)
    told = (Broadcast(change), *what_to_share(state, chain))
    state, effects = gather(state, signed.now_ms, chain)
    return state, (*told, *effects)


def _with_change(state: Replica, change: ViewChange) -> Replica:
    index = change.index
    changes = (*state.changes[:index], change, *state.changes[index + 1 :])
    return replace(state, changes=changes)


# What others say.


def take_change(
    state: Replica, change: ViewChange, now_ms: int, chain: ChainReader
) -> Acted:
    """Somebody leaves a view: learn from it, answer it, join or begin the new view."""
    if not is_sound(change, state.rules, chain) or change.index == state.seat.me:
        return state, ()
    last = state.changes[change.index]
    if last is None or last.round < change.round:
        state = _with_change(state, change)
    state, effects = advance(state, change.base, chain)
    if state.acts:
        effects += _answer(state, change, chain)
        state, more = _join(state, now_ms)
        effects += more
        state, more = gather(state, now_ms, chain)
        effects += more
    return state, effects


def _answer(
    state: Replica, change: ViewChange, chain: ChainReader
) -> tuple[Effect, ...]:
    """What its sender seems to lack: one answer to a message, and no more."""
    own = state.changes[state.seat.me]
    if change.base.view < state.base.view and change.base.block != state.base.block:
        block = what_to_share(state, chain, change.index)
        return (Send(change.index, Shown(state.base)), *block)
    if change.round <= state.view and state.new_view is not None:
        return (Send(change.index, state.new_view),)
    if change.round < state.view and own is not None and own.round == state.view:
        return (Send(change.index, own),)
    return ()


def _join(state: Replica, now_ms: int) -> Acted:
    """Join f+1 others in the highest view that so many have asked for."""
    asked = [change for change in state.changes if change is not None]
    for view in sorted({change.round for change in asked}, reverse=True):
        if view <= state.view:
            break
        there = [change.index for change in asked if change.round >= view]
        if weight_of(there, state.rules) >= joining_weight(state.rules):
            return leave_for(state, view, now_ms)
    return state, ()


def gather(state: Replica, now_ms: int, chain: ChainReader) -> Acted:
    """
    Note that a quorum asked for this view or a later one; its leader begins it once a
    quorum asked for this very one.
    """
    there = [it for it in state.changes if it is not None and it.round >= state.view]
    if not _is_quorum(there, state):
        return state, ()
    if state.gathered_view < state.view:
        state = replace(state, gathered_view=state.view, since_ms=now_ms)
    here = tuple(change for change in there if change.round == state.view)
    leads = leader_of(state.view, state.rules) == state.seat.me
    if not leads or state.new_view is not None or not _is_quorum(here, state):
        return state, ()
    return _begin(state, here, chain)


def _is_quorum(changes: Iterable[ViewChange], state: Replica) -> bool:
    weight = weight_of((change.index for change in changes), state.rules)
    return weight >= needed_weight(state.rules)


def _begin(
    state: Replica, changes: tuple[ViewChange, ...], chain: ChainReader
) -> Acted:
    """
    Show the changes, and what they oblige to. A leader that is free to choose proposes
    a block again that it has, so that nothing in it is lost.
    """
    base, prepared = select(changes)
    if base.block != state.base.block:
        return state, ()  # It lacks the base, or knows more than a quorum of others.
    if prepared is not None:
        named: bytes | None = prepared.block_hash
    else:
        named = _candidate(state, chain)
    new_view = NewView(state.view, named, changes)
    state = replace(state, new_view=new_view, look_ms=0)
    again: tuple[Effect, ...] = ()
    if named is not None and chain.header(named) is not None:
        again = (Share(named),)
    state, effects = try_prepare(state, chain)
    return state, (Broadcast(new_view), *again, *effects)


def _candidate(state: Replica, chain: ChainReader) -> bytes | None:
    """A block on the base, of no later round than this view; the newest of them."""
    known = (chain.header(block_hash) for block_hash in state.candidates)
    fit = [block for block in known if block is not None and block.round <= state.view]
    newest = max(fit, key=lambda block: (block.round, block.hash), default=None)
    return None if newest is None else newest.hash


def take_new_view(
    state: Replica, new_view: NewView, sender: int, now_ms: int, chain: ChainReader
) -> Acted:
    """The leader begins its view. A liar about its address costs a view, not safety."""
    if new_view.round < state.view or sender != leader_of(new_view.round, state.rules):
        return state, ()
    if state.new_view is not None and state.new_view.round == new_view.round:
        return state, ()
    if not is_obeyed(new_view, state.rules, chain):
        return state, ()
    base, _ = select(new_view.changes)
    state, effects = advance(state, base, chain)
    if new_view.round < state.view:
        return state, effects
    state = replace(
        enter(state, new_view.round, now_ms),
        new_view=new_view,
        gathered_view=new_view.round,
        since_ms=now_ms,
        look_ms=0,
    )
    state, more = try_prepare(state, chain)
    effects += more
    for block_hash in state.candidates:
        state, more = count_all(state, block_hash, chain)
        effects += more
    return state, effects


def take_shown(state: Replica, shown: Shown, chain: ChainReader) -> Acted:
    """Somebody shows a newer base."""
    if shown.committed.view <= state.base.view:
        return state, ()
    if not is_committed(shown.committed, state.rules, chain):
        return state, ()
    return advance(state, shown.committed, chain)


def parent_of_next(state: Replica, chain: ChainReader) -> bytes:
    """
    What the next block stands on: the base, or at the start of an epoch the head, which
    may be a closing block above the base.
    """
    if state.base.block != state.rules.base:
        return state.base.block.hash
    head = chain.head()
    return head.previous if in_epoch(head, state.rules) else head.hash
