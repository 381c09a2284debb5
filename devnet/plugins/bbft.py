"""
BBFT: rotating leaders, votes merged up a tree, final by certificate.

A round has one leader, validators[round mod n]. It asks the host for a block as soon as
the round before is certified and the interval has passed; the block goes down the tree
(bbft_tree.py), the votes come up merged, the gateways at the top exchange theirs, and
whoever holds a quorum has the block certified and is in the next round
(bbft_round.py). Two certified blocks in adjacent rounds finalise the first
(certificate.py).

t_round only runs while something waits: a block of the round to be certified, or what
the host would fill a block with. Whoever hears of nothing asks the host for a block of
its own, a while after the leader's was due, and throws the answer away: an answer means
that something waits. So an idle chain never changes views, and a leader with nothing to
do is not silent. When t_round is over, members leave for the next round
(bbft_views.py).

Source: consensus rules of this project, section "bbft"; the BBFT paper.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from devnet.engine.interfaces import (
    BlockJudged,
    ChainReader,
    Checkpoint,
    Effect,
    EngineInfo,
    Filled,
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
from devnet.plugins.ballots import open_ballots
from devnet.plugins.bbft_messages import View, Votes, votes_of
from devnet.plugins.bbft_picture import drawn
from devnet.plugins.bbft_round import (
    gate_ended,
    rest_ended,
    take_block,
    take_own_vote,
    take_votes,
)
from devnet.plugins.bbft_state import (
    NEVER,
    Acted,
    Member,
    due_ms,
    parent_of,
    patience_ms,
    round_ms,
)
from devnet.plugins.bbft_tree import leader_of, tree_of
from devnet.plugins.bbft_views import leave, take_view, tell_view
from devnet.plugins.certificate import check_justify, final_seen, rank
from devnet.plugins.header_rules import (
    check_clock,
    check_distance,
    check_engine_data,
    check_no_work,
    check_proposer,
    check_round,
)

CLOCK_TOLERANCE_MS = 2000
TURN, WATCH, GATE, REST = "turn", "round", "gate", "rest"

SETTLED = "a certificate or a quorum of VIEW"
LATE = "t_round is over or VIEW is ahead"
TRANSITIONS = (
    ("idle", "a block of the round", "voted"),
    ("voted", "the own zone is complete or t_gate over", "forwarded"),
    ("voted", SETTLED, "idle"),
    ("forwarded", SETTLED, "idle"),
    ("forwarded", "the next block with the certificate", "voted"),
    ("idle", LATE, "leaving"),
    ("voted", LATE, "leaving"),
    ("forwarded", LATE, "leaving"),
    ("leaving", SETTLED, "idle"),
    ("leaving", "the same where the next block is at hand", "voted"),
)
"""Stages of a member (`Member.stage`); `idle` again is the next round."""


class Bbft:
    """The rule of the voting tree."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="bbft",
        finality="certificate",
        summary="leaders take turns; votes go up a tree and come back as a certificate",
        params=(
            Param("interval_ms", 500, 20, 60_000, "least time between two blocks"),
            Param("gateways", 0, 0, 1000, "gateways at the top; 0: floor(sqrt n)"),
            Param("t_gate_ms", 300, 10, 60_000, "wait for votes from below"),
            Param("t_round_ms", 2000, 50, 30_000, "wait for a certificate"),
            Param("round_blocks", 48, 1, 1_000_000, "blocks between two new trees"),
            Param("bls", 0, 0, 1, "1: votes are BLS signatures, merged into one"),
        ),
        closing_blocks="2",
    )

    def __init__(self) -> None:
        self._finals: dict[bytes, Checkpoint] = {}

    # The rules.

    def check_header(self, header: Header, parent: Header, chain: ChainReader) -> None:
        """Raise ConsensusError unless the round's leader made this block well."""
        rules = chain.rules(header.epoch)
        check_engine_data(header, b"")
        check_no_work(header)
        check_round(header, parent, rules, want=header.round)
        check_distance(header, parent, rules.params["interval_ms"])
        check_clock(header, chain, CLOCK_TOLERANCE_MS)
        owner = leader_of(header.round, len(rules.validators))
        check_proposer(header, owner, rules, chain)
        check_justify(header, parent, chain)

    def final_seen(self, tip: Header, chain: ChainReader) -> Checkpoint:
        """The highest block with a certified child in the next round."""
        return final_seen(tip, chain, self._finals)

    def rank(self, tip: Header, chain: ChainReader) -> tuple[int, int, int, int]:
        """Most final, then highest certified round, then height, then lower hash."""
        return rank(tip, chain, self.final_seen(tip, chain))

    # Acting.

    def start(self, seat: Seat, chain: ChainReader) -> Acted:
        """Take the seat, in the round behind the newest certificate of the head."""
        ballots = open_ballots(seat, chain)
        member = Member(
            ballots,
            round=ballots.highest.round + 1,
            ready_ms=seat.now_ms,
            look_ms=seat.now_ms,
            offers=tuple({} for _ in seat.rules.validators),
        )
        look_ms = max(seat.now_ms, due_ms(member, chain)) + patience_ms(member)
        return _with_alarms(replace(member, look_ms=look_ms), (), chain, seat.now_ms)

    def step(self, state: Member, event: Input, chain: ChainReader) -> Acted:
        """What one member does next."""
        now_ms = event.now_ms
        effects: tuple[Effect, ...] = ()
        match event:
            case TimerFired(_, token):
                state, effects = _timer_fired(state, token, chain, now_ms)
            case Woken():
                state = _woken(state, chain, now_ms)
            case BlockJudged():
                state, effects = take_block(state, event, chain)
            case Filled(_, header):
                state, effects = _filled(state, header, chain, now_ms)
            case Voted():
                state, effects = take_own_vote(state, event, chain)
            case ViewSigned():
                state, effects = tell_view(state, event, chain)
            case MessageGot(_, sender, Votes() as said):
                state, effects = take_votes(state, sender, said, chain, now_ms)
            case MessageGot(_, sender, VoteMessage(vote)) if vote.index < len(
                state.rules.validators
            ):
                # Members do not send these; whoever votes for everything does. A voter
                # without a seat could ask for a bitmap larger than any memory.
                said = votes_of(vote)
                state, effects = take_votes(state, sender, said, chain, now_ms)
            case MessageGot(_, sender, View() as said):
                state, effects = take_view(state, sender, said, chain, now_ms)
        return _with_alarms(state, effects, chain, now_ms)

    def describe(self, state: Member, chain: ChainReader) -> str:
        """One line for the screen."""
        best = state.ballots.highest
        leader = state.rules.validators[state.leader].name
        doing = "leaving " if state.leaves else ""
        proof = f"{best.certificate.n_bytes} B prove {best.block.height}"
        return (
            f"{doing}round {state.round}, {leader} leads; {proof}, "
            f"final {state.ballots.final.height}"
        )

    def picture(self, state: Member, chain: ChainReader) -> Picture:
        """The tree of the newest round, what it costs, and the votes that are in."""
        return drawn(state, chain)


# Inputs.


def _timer_fired(member: Member, token: str, chain: ChainReader, now_ms: int) -> Acted:
    """A timer ended. It may have been set for what is no more."""
    alarms = {kept: at_ms for kept, at_ms in member.alarms.items() if kept != token}
    member = replace(member, alarms=alarms)
    at_ms = _wanted_alarms(member, chain).get(token)
    if at_ms is None or now_ms < at_ms:
        return member, ()
    if token == TURN:
        member = replace(member, asked_ms=now_ms, probing="")
        return member, (_ask(member, chain, now_ms),)
    if token == WATCH:
        return _watch_ended(member, chain, now_ms)
    if token == GATE:
        return gate_ended(member, chain, now_ms)
    return rest_ended(member, chain, now_ms)


def _watch_ended(member: Member, chain: ChainReader, now_ms: int) -> Acted:
    """Time to look whether something waits, or to leave if it still does."""
    pressed = member.pressed_ms != NEVER
    if pressed and (member.leaves or member.play or member.proposed == member.round):
        return leave(member, now_ms)
    look_ms = now_ms + member.rules.params["t_round_ms"]
    member = replace(member, look_ms=look_ms, pressed_ms=NEVER)
    if not pressed and member.leader == member.me:
        return member, ()  # It asks in its turn.
    member = replace(member, probing="leave" if pressed else "look")
    return member, (_ask(member, chain, now_ms),)


def _woken(member: Member, chain: ChainReader, now_ms: int) -> Member:
    """Something waits: the leader may ask again, the others count the time."""
    if member.pressed_ms == NEVER:
        pressed_ms = max(now_ms, due_ms(member, chain))
        member = replace(member, pressed_ms=pressed_ms, probing="")
    return replace(member, asked_ms=NEVER)


def _filled(member: Member, header: Header, chain: ChainReader, now_ms: int) -> Acted:
    """There is something for a block: publish it, or only take note."""
    if header.round != member.round:
        return member, ()
    if member.probing == "leave":
        return leave(member, now_ms)
    if member.probing == "look":
        return replace(member, pressed_ms=now_ms, probing=""), ()
    if member.leader != member.me or member.proposed >= header.round:
        return member, ()
    tree = tree_of(header, member.rules, chain)
    rest_ms = now_ms + tree.patience_ms(member.rules.params["t_gate_ms"])
    member = replace(member, proposed=header.round, led=header.hash, rest_ms=rest_ms)
    return member, (Publish(header.hash, tree.first_heard(member.me)),)


def _ask(member: Member, chain: ChainReader, now_ms: int) -> Propose:
    best = member.ballots.highest
    parent = parent_of(member, chain)
    time_ms = max(now_ms, due_ms(member, chain))
    return Propose(parent.hash, member.round, time_ms, best.block, best.certificate)


# Timers.


def _wanted_alarms(member: Member, chain: ChainReader) -> dict[str, int]:
    """When each timer should fire, as things stand."""
    if member.me < 0:
        return {}
    wanted = {WATCH: member.look_ms}
    if member.pressed_ms != NEVER:
        wait_ms = member.rules.params["t_round_ms"]
        wanted[WATCH] = member.pressed_ms + (
            wait_ms if member.leaves else round_ms(member)
        )
    if member.gate_ms != NEVER:
        wanted[GATE] = member.gate_ms
    if member.rest_ms != NEVER:
        wanted[REST] = member.rest_ms
    if member.leader == member.me and member.proposed < member.round:
        turn_ms = max(due_ms(member, chain), member.ready_ms)
        if member.asked_ms != NEVER:
            again_ms = member.asked_ms + member.rules.params["interval_ms"]
            turn_ms = max(turn_ms, again_ms)
        wanted[TURN] = turn_ms
    return wanted


def _with_alarms(
    member: Member, effects: tuple[Effect, ...], chain: ChainReader, now_ms: int
) -> Acted:
    """Set the timers that moved; they go first, for what follows may set them anew."""
    alarms, timers = dict(member.alarms), []
    for token, wanted_ms in _wanted_alarms(member, chain).items():
        at_ms = max(now_ms, wanted_ms)
        pending_ms = alarms.get(token)
        if pending_ms == at_ms or (pending_ms is not None and pending_ms <= now_ms):
            continue  # It stands, or is about to fire.
        alarms[token] = at_ms
        timers.append(SetTimer(at_ms, token))
    return replace(member, alarms=alarms), (*timers, *effects)
