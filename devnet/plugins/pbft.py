"""
PBFT: the textbook's three phases, one block at a time.

The leader of view r is validator r mod n. Its block is the PRE-PREPARE; everybody who
finds it good tells all the others PREPARE; who holds a quorum of prepares tells all
COMMIT; who holds a quorum of commits holds the block final. Each block takes a view of
its own, the one after its parent's commits, and its round is the view it was made for.
A block proposed again in a later view keeps its hash and round; its votes name the
later view. The commits of the parent travel in the child (`justify` is the parent, the
certificate its commits, `engine_data` the view that they name, as a varint), so the
chain itself shows the parent of its tip final.

Whoever waits in vain for `t_round_ms` asks for the next view (pbft_views.py). What
must then be proposed again, and why nothing final is ever lost, stands in
pbft_proofs.py. A validator must not forget what it prepared once its commit is out, so
its signer keeps that proof (`CastVote.keep`) over a crash.

Time runs only while something waits: a block without its commits, or work that the
host knows of. Everybody asks the host now and then, as leaders do, by wishing for a
block; who is not the leader does not publish what it gets. So a silent leader is found
out, and an idle chain keeps its view.

Source: consensus rules of this project, section "pbft"; M. Castro, B. Liskov, Practical
Byzantine Fault Tolerance, OSDI 1999.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from devnet.engine.interfaces import (
    BlockJudged,
    Broadcast,
    ChainReader,
    Checkpoint,
    Effect,
    EngineInfo,
    Filled,
    HeadChanged,
    Header,
    Input,
    MessageGot,
    Param,
    Picture,
    Propose,
    Publish,
    Seat,
    SetTimer,
    TimerFired,
    ViewSigned,
    Voted,
    VoteMessage,
    Woken,
)
from devnet.plugins.certificate import check_certificate, needed_weight, weight_of
from devnet.plugins.header_rules import (
    WrongJustify,
    WrongRound,
    check_clock,
    check_distance,
    check_engine_data,
    check_no_certificate,
    check_no_work,
    check_proposer,
    checkpoint,
    in_epoch,
    lower_hash_first,
)
from devnet.plugins.pbft_picture import drawn
from devnet.plugins.pbft_proofs import (
    NewView,
    Shown,
    ViewChange,
    decode_view,
    encode_view,
    leader_of,
    select,
)
from devnet.plugins.pbft_replica import (
    Acted,
    Replica,
    add_vote,
    learn,
    signatures_for,
    take_block,
    take_seat,
    try_prepare,
)
from devnet.plugins.pbft_views import (
    deadline_ms,
    expire,
    gather,
    own_change,
    parent_of_next,
    repeat,
    repeat_ms,
    take_change,
    take_new_view,
    take_shown,
)

CLOCK_TOLERANCE_MS = 2000
PULSE = "pulse"
LOOK_INTERVALS = 2
"""So many intervals lie between two questions whether something waits."""

TRANSITIONS = (
    ("waiting", "TimerFired, its own view and something waits", "proposed"),
    ("waiting", "BlockJudged, a block of this view", "proposed"),
    ("waiting", "TimerFired, nothing waits", "waiting"),
    ("waiting", "t_round passed while something waits", "changing"),
    ("proposed", "a quorum of prepares", "prepared"),
    ("proposed", "t_round passed", "changing"),
    ("prepared", "a quorum of commits", "final"),
    ("prepared", "t_round passed", "changing"),
    ("changing", "t_round passed without a quorum of changes", "changing"),
    ("changing", "NEW-VIEW names a block", "proposed"),
    ("changing", "NEW-VIEW names none", "waiting"),
    ("changing", "f+1 ask for a later view", "changing"),
    ("changing", "commits of the block, or its child", "final"),
    ("final", "HeadChanged, the next height and view", "waiting"),
)
"""What a validator does at one height: state, input, next state."""


class Pbft:
    """The rule of three phases, final by commits of a quorum."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="pbft",
        finality="certificate",
        summary="one block at a time in three phases; commits of two thirds are final",
        params=(
            Param("interval_ms", 500, 20, 60_000, "least distance between two blocks"),
            Param("t_round_ms", 2000, 40, 30_000, "patience with the first view"),
        ),
        closing_blocks="1",
    )

    # The rules.

    def check_header(self, header: Header, parent: Header, chain: ChainReader) -> None:
        """Raise ConsensusError unless the view's leader made this block well."""
        rules = chain.rules(header.epoch)
        check_no_work(header)
        parents_view = decode_view(header.engine_data)
        stands_in_epoch = in_epoch(parent, rules)
        want = checkpoint(parent) if stands_in_epoch else rules.base
        if header.justify != want:
            raise WrongJustify(
                f"block {header.height} names {header.justify.height} as justify; a "
                f"block stands on its committed parent, {want.height}",
                height=header.height,
                named=header.justify,
                shown=want,
            )
        check_engine_data(header, encode_view(parents_view if stands_in_epoch else 0))
        least = max(parents_view, parent.round if stands_in_epoch else 0) + 1
        if header.round < least:
            raise WrongRound(
                f"block {header.height} says round {header.round}; its parent's round "
                f"and commits ask for at least {least}",
                height=header.height,
                round=header.round,
                least=least,
            )
        check_distance(header, parent, rules.params["interval_ms"])
        check_clock(header, chain, CLOCK_TOLERANCE_MS)
        check_proposer(header, leader_of(header.round, rules), rules, chain)
        if stands_in_epoch:
            check_certificate(
                header.certificate, parent.hash, rules, chain, "commit", parents_view
            )
        else:
            check_no_certificate(header)

    def final_seen(self, tip: Header, chain: ChainReader) -> Checkpoint:
        """The tip's parent, whose commits it carries, or the epoch's base."""
        rules = chain.rules(tip.epoch)
        return tip.justify if in_epoch(tip, rules) else rules.base

    def rank(self, tip: Header, chain: ChainReader) -> tuple[int, int, int]:
        """
        More final first, then the lower round, then the lower hash.

        A leader can make a block for a view far ahead, long before its turn; that must
        not draw anybody away from the block of the view that is.
        """
        final = self.final_seen(tip, chain)
        return (final.height, -tip.round, lower_hash_first(tip.hash))

    # Acting.

    def start(self, seat: Seat, chain: ChainReader) -> Acted:
        """Take the seat, in a view not below any that was asked for before a crash."""
        return _armed(take_seat(seat, chain), (), chain, seat.now_ms)

    def step(self, state: Replica, event: Input, chain: ChainReader) -> Acted:
        """What one validator does next."""
        now_ms = event.now_ms
        effects: tuple[Effect, ...] = ()
        match event:
            case TimerFired(_, token) if token == PULSE:
                state = replace(state, alarm_ms=0)
                state, effects = _pulse(state, now_ms, chain)
            case Woken():
                state = _woken(state, now_ms)
            case Filled(_, header):
                state, effects = _filled(state, header, now_ms, chain)
            case BlockJudged(_, header, votable) if in_epoch(header, state.rules):
                state, effects = take_block(
                    state, header, now_ms, chain, votable=votable
                )
            case HeadChanged(_, header):
                state, effects = learn(state, header, chain)
            case Voted(_, vote) if vote.index == state.seat.me:
                state, effects = add_vote(state, vote, chain)
                effects = (Broadcast(VoteMessage(vote)), *effects)
            case ViewSigned() if state.acts:
                state, effects = own_change(state, event, chain)
            case MessageGot(_, sender, message):
                state, effects = _heard(state, sender, message, now_ms, chain)
            case _:
                return state, ()
        if state.acts and state.gathered_view == state.view:
            state, more = gather(state, now_ms, chain)
            effects += more
        return _armed(state, effects, chain, now_ms)

    def describe(self, state: Replica, chain: ChainReader) -> str:
        """One line for the screen."""
        rules, view = state.rules, state.view
        leader = rules.validators[leader_of(view, rules)].name[:9]
        needed, height = needed_weight(rules), state.base.block.height
        if not state.is_active:
            there = [it.index for it in state.changes if it and it.round == view]
            asked = weight_of(there, rules)
            return f"changing to view {view} of {leader}: {asked}/{needed} ask for it"
        best = f"final {height}"
        for block_hash in state.candidates:
            n_prepares, n_commits = (
                weight_of(signatures_for(state, (phase, view, block_hash)), rules)
                for phase in ("prepare", "commit")
            )
            if n_commits:
                best = f"commits {n_commits}/{needed}, final {height}"
            elif n_prepares:
                best = f"prepares {n_prepares}/{needed}, final {height}"
        return f"view {view} is {leader}'s; {best}"

    def picture(self, state: Replica, chain: ChainReader) -> Picture:
        """View and phase, and both phases' votes for what stands on the base."""
        return drawn(state)


# Waiting, and asking the host.


def _is_paused(state: Replica, chain: ChainReader) -> bool:
    """Has another rule taken over above the head, or is this a watcher?"""
    return not state.acts or chain.head().epoch > state.rules.epoch


def _can_lead(state: Replica) -> bool:
    """May this validator publish a fresh block in its view?"""
    if leader_of(state.view, state.rules) != state.seat.me:
        return False
    if state.published_view >= state.view or not state.is_active:
        return False
    if state.new_view is None:
        return True
    base, _ = select(state.new_view.changes)
    return state.new_view.named is None and base.block == state.base.block


def _ripe_ms(state: Replica, chain: ChainReader) -> int:
    """From when on a block may follow its parent."""
    parent = chain.header(parent_of_next(state, chain))
    assert parent is not None, "a validator moves on to blocks that it has"
    return parent.time_ms + state.rules.params["interval_ms"]


def _armed(
    state: Replica, effects: tuple[Effect, ...], chain: ChainReader, now_ms: int
) -> Acted:
    """Set the timer if it has to fire at another time; what follows may set it anew."""
    if _is_paused(state, chain):
        return state, effects
    if state.look_ms == 0:
        ripe_ms = _ripe_ms(state, chain)
        pause_ms = LOOK_INTERVALS * state.rules.params["interval_ms"]
        look_ms = ripe_ms if _can_lead(state) else max(now_ms, ripe_ms) + pause_ms
        state = replace(state, look_ms=look_ms)
    at_ms = state.look_ms
    if state.since_ms:
        soon = min(deadline_ms(state), repeat_ms(state))
        at_ms = min(at_ms, soon) if _can_lead(state) else soon
    at_ms = max(at_ms, now_ms)
    if at_ms == state.alarm_ms:
        return state, effects
    return replace(state, alarm_ms=at_ms), (SetTimer(at_ms, PULSE), *effects)


def _woken(state: Replica, now_ms: int) -> Replica:
    """Something waits: the leader asks as soon as it may, the others are patient."""
    if not state.acts:
        return state
    look_ms = 0 if _can_lead(state) else state.look_ms
    return replace(state, since_ms=state.since_ms or now_ms, look_ms=look_ms)


def _pulse(state: Replica, now_ms: int, chain: ChainReader) -> Acted:
    """The timer fired: patience is over, or it is time to ask what waits."""
    if _is_paused(state, chain):
        return state, ()
    pause_ms = LOOK_INTERVALS * state.rules.params["interval_ms"]
    if state.since_ms and now_ms >= deadline_ms(state):
        if state.candidates or state.prepared is not None:
            return expire(state, now_ms, chain)
        state = replace(state, since_ms=0, look_ms=now_ms + pause_ms)
        return _ask(state, "patience", now_ms, chain)
    if state.since_ms and now_ms >= repeat_ms(state):
        return repeat(state, now_ms, chain)
    if now_ms < state.look_ms:
        return state, ()
    state = replace(state, look_ms=now_ms + pause_ms)
    if _can_lead(state):
        return _ask(state, "lead", now_ms, chain)
    return (state, ()) if state.since_ms else _ask(state, "look", now_ms, chain)


def _ask(state: Replica, why: str, now_ms: int, chain: ChainReader) -> Acted:
    """Wish for a block on the base: the host answers only if something waits."""
    propose = Propose(
        parent=parent_of_next(state, chain),
        round=state.view,
        time_ms=max(now_ms, _ripe_ms(state, chain)),
        justify=state.base.block,
        certificate=state.base.certificate,
        engine_data=encode_view(state.base.view),
    )
    return replace(state, asked=why), (propose,)


def _filled(state: Replica, header: Header, now_ms: int, chain: ChainReader) -> Acted:
    """Something waits; what that means depends on why the host was asked."""
    why, state = state.asked, replace(state, asked="")
    if why == "patience":
        return expire(replace(state, since_ms=now_ms), now_ms, chain)
    if why == "look":
        return replace(state, since_ms=state.since_ms or now_ms), ()
    if why == "lead" and _can_lead(state) and header.round == state.view:
        since_ms = state.since_ms or now_ms
        state = replace(state, published_view=state.view, since_ms=since_ms)
        return state, (Publish(header.hash),)
    return state, ()


def _heard(
    state: Replica, sender: int, message: object, now_ms: int, chain: ChainReader
) -> Acted:
    """What another validator says."""
    match message:
        case VoteMessage(vote):
            state, effects = add_vote(state, vote, chain)
            state, more = try_prepare(state, chain)
            return state, (*effects, *more)
        case ViewChange():
            return take_change(state, message, now_ms, chain)
        case NewView():
            return take_new_view(state, message, sender, now_ms, chain)
        case Shown():
            return take_shown(state, message, chain)
    return state, ()
