"""
Rules whose owners of slots are drawn: one owner for each slot, votes by everybody.

A block's round is its slot, and its time the slot's start. An engine built on this says
who owns a slot above a parent; the rest is the certificate core. Nothing times out: an
empty slot simply passes.

    watching --(TimerFired: my slot)--> asked --(Filled)--> published --> watching
       |                                  +------(nothing waits)------------->|
       +--(BlockJudged: V1, V2 hold)--> cast --(Voted: tell all)--> watching
       +--(votes of a quorum)--> certified --(child in the next slot)--> final
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace

from devnet.engine.interfaces import (
    BlockJudged,
    Broadcast,
    ChainReader,
    Checkpoint,
    Effect,
    Filled,
    HeadChanged,
    Header,
    Input,
    MessageGot,
    Picture,
    Propose,
    Publish,
    Rules,
    Seat,
    SetTimer,
    TimerFired,
    Voted,
    VoteMessage,
)
from devnet.plugins.ballots import (
    Ballots,
    add_vote,
    judge,
    open_ballots,
    own_vote,
    parent_to_extend,
    tallies,
    votes_for,
)
from devnet.plugins.certificate import (
    check_justify,
    final_seen,
    needed_weight,
    rank,
    weight_of,
)
from devnet.plugins.dpos_bbft import CLOCK_TOLERANCE_MS, OffTheGrid
from devnet.plugins.header_rules import (
    check_clock,
    check_distance,
    check_engine_data,
    check_no_work,
    check_proposer,
    check_round,
)
from devnet.plugins.slot_clock import slot_clock

SLOT = "slot"
SLOTS_AHEAD = 1024
"""Who owns none of so many slots looks again when they are over."""

OwnerOf = Callable[[int], int]
"""From a slot to the index of its owner, on one parent."""


@dataclass(frozen=True, slots=True)
class Slotted:
    """
    All that one validator remembers.

    Args:
        ballots: votes, certificates, and what it may vote for.
        spent_round: the newest slot that needs no more thought.
        published_round: the newest slot in which it published; never twice.
        alarm_ms: when its next slot starts, as far as its timer knows.
    """

    ballots: Ballots
    spent_round: int = 0
    published_round: int = 0
    alarm_ms: int = 0

    @property
    def seat(self) -> Seat:
        """Whose eyes these are."""
        return self.ballots.seat


Acted = tuple[Slotted, tuple[Effect, ...]]


class SlotEngine(ABC):
    """What rules with drawn owners of slots have in common."""

    def __init__(self) -> None:
        self.finals: dict[bytes, Checkpoint] = {}

    @abstractmethod
    def owners(self, parent: Header, rules: Rules, chain: ChainReader) -> OwnerOf:
        """Who owns which slot for a block on this parent: from the chain alone."""

    # The rules.

    def check_header(self, header: Header, parent: Header, chain: ChainReader) -> None:
        """Raise ConsensusError unless the owner of the slot made this block well."""
        rules = chain.rules(header.epoch)
        interval_ms = rules.params["interval_ms"]
        passed_ms = header.time_ms - chain.genesis_ms
        if passed_ms % interval_ms:
            raise OffTheGrid(
                f"block {header.height} is {passed_ms} ms after genesis, which is no "
                f"multiple of {interval_ms}",
                height=header.height,
                passed_ms=passed_ms,
                interval_ms=interval_ms,
            )
        check_engine_data(header, b"")
        check_no_work(header)
        check_round(header, parent, rules, want=passed_ms // interval_ms)
        check_distance(header, parent, interval_ms)
        check_clock(header, chain, CLOCK_TOLERANCE_MS)
        owner = self.owners(parent, rules, chain)(header.round)
        check_proposer(header, owner, rules, chain)
        check_justify(header, parent, chain)

    def final_seen(self, tip: Header, chain: ChainReader) -> Checkpoint:
        """The highest block with a certified child in the next slot."""
        return final_seen(tip, chain, self.finals)

    def rank(self, tip: Header, chain: ChainReader) -> tuple[int, int, int, int]:
        """Most final, then highest certified round, then height, then lower hash."""
        return rank(tip, chain, self.final_seen(tip, chain))

    # Acting.

    def start(self, seat: Seat, chain: ChainReader) -> Acted:
        """
        Take the seat and wait for the next slot of one's own. The slot that runs is
        left alone: before a restart we may have made its block already.
        """
        running = (seat.now_ms - chain.genesis_ms) // seat.rules.params["interval_ms"]
        state = Slotted(open_ballots(seat, chain), spent_round=running)
        return self._watch(state, chain, seat.now_ms)

    def step(self, state: Slotted, event: Input, chain: ChainReader) -> Acted:
        """What one validator does next. Slots come anyway: nobody needs waking."""
        effects: tuple[Effect, ...] = ()
        ballots = state.ballots
        match event:
            case TimerFired(now_ms, token) if token == SLOT:
                return self._take_slot(state, chain, now_ms)
            case Filled(_, header) if header.round > state.published_round:
                state = replace(state, published_round=header.round)
                return state, (Publish(header.hash),)
            case BlockJudged():
                ballots, effects = judge(ballots, event, chain)
            case Voted(_, vote):
                ballots, effects = own_vote(ballots, vote, chain)
                effects = (Broadcast(VoteMessage(vote)), *effects)
            case MessageGot(_, _, VoteMessage(vote)):
                ballots, effects = add_vote(ballots, vote, chain)
                if not effects:
                    return replace(state, ballots=ballots), ()
            case HeadChanged():
                pass
            case _:
                return state, ()
        # The alarm goes first: what the effects bring about may set it anew.
        state = replace(state, ballots=ballots)
        state, alarm = self._watch(state, chain, event.now_ms)
        return state, (*alarm, *effects)

    def describe(self, state: Slotted, chain: ChainReader) -> str:
        """One line for the screen."""
        rules, ballots = state.seat.rules, state.ballots
        parent = parent_to_extend(ballots, chain)
        slot = _first_slot(parent, rules, chain, chain.now_ms)
        owner = rules.validators[self.owners(parent, rules, chain)(slot)]
        head = chain.head()
        if head.hash in ballots.certified:
            votes = f"{head.height} certified"
        else:
            weight = weight_of(votes_for(ballots, head.hash, chain), rules)
            votes = f"{head.height} has {weight}/{needed_weight(rules)} votes"
        return f"slot {slot} is {owner.name}'s; {votes}, final {ballots.final.height}"

    def picture(self, state: Slotted, chain: ChainReader) -> Picture:
        """The slot clock, and the votes that are in."""
        rules = state.seat.rules

        def owner_of(slot: int, parent: Header) -> str:
            return rules.validators[self.owners(parent, rules, chain)(slot)].name

        return Picture(
            tallies=tallies(state.ballots, chain),
            slots=slot_clock(chain, rules, owner_of),
        )

    def _watch(self, state: Slotted, chain: ChainReader, now_ms: int) -> Acted:
        """Set the alarm for the next slot of one's own, where that changed."""
        rules, me = state.seat.rules, state.seat.me
        if not 0 <= me < len(rules.validators):
            return state, ()
        parent = parent_to_extend(state.ballots, chain)
        owner = self.owners(parent, rules, chain)
        first = _first_slot(parent, rules, chain, now_ms)
        first = max(first, state.spent_round + 1)
        after = first + SLOTS_AHEAD
        slot = next((one for one in range(first, after) if owner(one) == me), after)
        alarm_ms = chain.genesis_ms + slot * rules.params["interval_ms"]
        if alarm_ms == state.alarm_ms:
            return state, ()
        return replace(state, alarm_ms=alarm_ms), (SetTimer(alarm_ms, SLOT),)

    def _take_slot(self, state: Slotted, chain: ChainReader, now_ms: int) -> Acted:
        """Ask for a block if the slot that began is one's own; wait for the next."""
        rules, best = state.seat.rules, state.ballots.highest
        interval_ms = rules.params["interval_ms"]
        slot = (now_ms - chain.genesis_ms) // interval_ms
        time_ms = chain.genesis_ms + slot * interval_ms
        parent = parent_to_extend(state.ballots, chain)
        effects: tuple[Effect, ...] = ()
        # The alarm was set for another parent, perhaps, under which others own slots.
        if (
            slot > state.spent_round
            and time_ms >= parent.time_ms + interval_ms
            and self.owners(parent, rules, chain)(slot) == state.seat.me
        ):
            effects = (
                Propose(parent.hash, slot, time_ms, best.block, best.certificate),
            )
        spent = max(slot, state.spent_round)
        state = replace(state, spent_round=spent, alarm_ms=0)
        state, alarm = self._watch(state, chain, now_ms)
        return state, (*alarm, *effects)


def _first_slot(parent: Header, rules: Rules, chain: ChainReader, now_ms: int) -> int:
    """The first slot from now on that is far enough from the block to extend."""
    interval_ms = rules.params["interval_ms"]
    least_ms = max(now_ms, parent.time_ms + interval_ms)
    return -(-(least_ms - chain.genesis_ms) // interval_ms)
