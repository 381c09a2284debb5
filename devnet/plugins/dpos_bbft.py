"""
DPoS with BBFT's finality: delegates own time slots, votes certify what they make.

Time is cut into slots of `interval_ms` since genesis; a block's round is its slot, and
its time is exactly the slot's start. Each delegate owns `per_node` slots in a row, then
the next one. Everybody votes for every block and sends the vote to everybody; whoever
has a quorum of votes puts the certificate into the next header. Nothing times out: an
empty slot simply passes. Two certified blocks in adjacent slots finalise the first, so
without faults a block is final two intervals after it was made (certificate.py).

The turn starts again with validator 0 at each vote round: every `round_blocks` blocks,
and at the first block of an epoch. Slots are counted from genesis in every epoch, so
after a swap the rounds of the new epoch are just the slots that come; its base counts
as round 0, is final already, and so needs no neighbour.

When the highest certificate that a proposer holds is not for an ancestor of its head,
it builds on the certified block and leaves the head.

Elections: votes are tallied at each block. Who is elected by the last block of vote
round k-1 acts from the first block of round k+1, and only if that last block is final
in the acting chain; else the present list goes on for another round (elections.py). A
node that is not in the list follows the votes, and begins to act when it is elected.

Source: consensus rules of this project, section "dpos-bbft"; the schedule is that of
Bytom/vapor v1.1.9, protocol/state/consensus_result.go and protocol/bbft.go.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from devnet.engine.interfaces import (
    BlockJudged,
    Broadcast,
    ChainReader,
    Checkpoint,
    Coming,
    ConsensusError,
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
    Rules,
    Seat,
    SetTimer,
    TimerFired,
    Validator,
    Voted,
    VoteMessage,
)
from devnet.plugins.ballots import (
    Ballots,
    Counted,
    add_vote,
    judge,
    open_ballots,
    own_vote,
    parent_to_extend,
    place_in,
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
from devnet.plugins.elections import elected_at
from devnet.plugins.header_rules import (
    check_clock,
    check_distance,
    check_engine_data,
    check_no_work,
    check_proposer,
    check_round,
    in_epoch,
)
from devnet.plugins.slot_clock import slot_clock
from devnet.plugins.vapor_turns import proposer_order, turns_start_ms, vote_sequence

CLOCK_TOLERANCE_MS = 2000
SLOT = "slot"

TRANSITIONS = (
    ("watching", "TimerFired, its own slot", "asked"),
    ("watching", "TimerFired, the slot became another's", "watching"),
    ("asked", "Filled, first of this slot", "watching"),
    ("asked", "nothing waits", "watching"),
    ("unknown", "a genuine vote, kept", "unknown"),
    ("unknown", "BlockJudged, V1 and V2 hold", "cast"),
    ("unknown", "BlockJudged, V1 or V2 forbid", "known"),
    ("cast", "Voted, everybody is told", "known"),
    ("known", "votes of a quorum", "certified"),
    ("certified", "a certified child in the next slot", "final"),
    ("final", "its descendants need nothing more of it", "final"),
)
"""What a delegate does, and what becomes of a block: state, input, next state."""


class OffTheGrid(ConsensusError):
    """The block's time is not the start of a slot."""

    code = "consensus.off-the-grid"


@dataclass(frozen=True, slots=True)
class Delegate:
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


Acted = tuple[Delegate, tuple[Effect, ...]]


class DposBbft:
    """The rule of delegates in slots, final by certificate."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="dpos-bbft",
        finality="certificate",
        summary="delegates own slots; votes of two thirds certify their blocks",
        params=(
            Param("interval_ms", 500, 20, 60_000, "length of a slot"),
            Param("per_node", 3, 1, 1000, "slots in a row of one delegate"),
            Param("round_blocks", 48, 1, 1_000_000, "blocks of a vote round"),
            Param("seats", 0, 0, 100, "validators at a time; 0: as the epoch began"),
            Param("least_votes", 10**8, 0, 10**15, "neu of votes for a seat"),
        ),
        closing_blocks="2",
        elects=True,
    )

    def __init__(self) -> None:
        self._finals: dict[bytes, Checkpoint] = {}

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
        listed = list_above(parent, rules, chain)
        owner = _owner(header.time_ms, parent, len(listed), rules, chain)
        check_proposer(header, owner, replace(rules, validators=listed), chain)
        check_justify(header, parent, chain)

    def final_seen(self, tip: Header, chain: ChainReader) -> Checkpoint:
        """The highest block with a certified child in the next slot."""
        return final_seen(tip, chain, self._finals)

    def rank(self, tip: Header, chain: ChainReader) -> tuple[int, int, int, int]:
        """Most final, then highest certified round, then height, then lower hash."""
        return rank(tip, chain, self.final_seen(tip, chain))

    def acting(
        self, time_ms: int, parent: Header, rules: Rules, chain: ChainReader
    ) -> tuple[Validator, ...]:
        """Who acts above `parent`; the time does not matter, only the height."""
        return list_above(parent, rules, chain)

    def coming(self, tip: Header, chain: ChainReader) -> Coming:
        """Who acts in the second vote round from here, as votes stand."""
        rules = chain.rules(tip.epoch)
        round_blocks = rules.params["round_blocks"]
        sequence = vote_sequence(tip.height + 1, round_blocks)
        first = (sequence + 1) * round_blocks + 1
        return Coming(elected_at(tip, rules, chain), first)

    # Acting.

    def start(self, seat: Seat, chain: ChainReader) -> Acted:
        """
        Take the seat and wait for the next slot of one's own. The slot that runs is
        left alone: before a restart we may have made its block already.
        """
        running = (seat.now_ms - chain.genesis_ms) // seat.rules.params["interval_ms"]
        state = Delegate(open_ballots(seat, chain), spent_round=running)
        return _watch(state, chain, seat.now_ms)

    def step(self, state: Delegate, event: Input, chain: ChainReader) -> Acted:
        """What one delegate does next. Slots come anyway, so nobody needs waking."""
        match event:
            case TimerFired(now_ms, token) if token == SLOT:
                return _take_slot(state, chain, now_ms)
            case Filled(_, header) if header.round > state.published_round:
                state = replace(state, published_round=header.round)
                return state, (Publish(header.hash),)
            case BlockJudged():
                state, effects = _counted(state, judge(state.ballots, event, chain))
            case Voted(_, vote):
                state, effects = _counted(state, own_vote(state.ballots, vote, chain))
                effects = (Broadcast(VoteMessage(vote)), *effects)
            case MessageGot(_, _, VoteMessage(vote)):
                state, effects = _counted(state, add_vote(state.ballots, vote, chain))
                if not effects:
                    return state, ()
            case HeadChanged():
                effects = ()
            case _:
                return state, ()
        # The alarm goes first: what the effects bring about may set it anew.
        state, alarm = _watch(state, chain, event.now_ms)
        return state, (*alarm, *effects)

    def describe(self, state: Delegate, chain: ChainReader) -> str:
        """One line for the screen."""
        rules, ballots = state.seat.rules, state.ballots
        parent = parent_to_extend(ballots, chain)
        listed = list_above(parent, rules, chain)
        interval_ms = rules.params["interval_ms"]
        slot = max(
            (chain.now_ms - chain.genesis_ms) // interval_ms,
            -(-(parent.time_ms + interval_ms - chain.genesis_ms) // interval_ms),
        )
        time_ms = chain.genesis_ms + slot * interval_ms
        owner = listed[_owner(time_ms, parent, len(listed), rules, chain)].name
        head = chain.head()
        if head.hash in ballots.certified:
            votes = f"{head.height} certified"
        else:
            voted = chain.rules_of(head)
            weight = weight_of(votes_for(ballots, head.hash, chain), voted)
            votes = f"{head.height} has {weight}/{needed_weight(voted)} votes"
        return f"slot {slot} is {owner}'s; {votes}, final {ballots.final.height}"

    def picture(self, state: Delegate, chain: ChainReader) -> Picture:
        """The slot clock, and the votes that are in."""
        rules = state.seat.rules

        def owner_of(slot: int, parent: Header) -> str:
            listed = list_above(parent, rules, chain)
            time_ms = chain.genesis_ms + slot * rules.params["interval_ms"]
            return listed[_owner(time_ms, parent, len(listed), rules, chain)].name

        return Picture(
            tallies=tallies(state.ballots, chain),
            slots=slot_clock(chain, rules, owner_of),
        )


def list_above(
    parent: Header, rules: Rules, chain: ChainReader
) -> tuple[Validator, ...]:
    """Who acts in the child of `parent`, in slot order."""
    if not in_epoch(parent, rules):
        return rules.validators
    present = chain.rules_of(parent).validators
    round_blocks = rules.params["round_blocks"]
    decided_at = parent.height - round_blocks
    ends_round = parent.height % round_blocks == 0
    if not ends_round or decided_at <= rules.base.height:
        return present
    if final_seen(parent, chain).height < decided_at:
        return present
    return elected_at(chain.ancestor(parent.hash, decided_at), rules, chain)


def _owner(
    time_ms: int, parent: Header, n_nodes: int, rules: Rules, chain: ChainReader
) -> int:
    """The place in the list that may make a block of this time on this parent."""
    return proposer_order(
        time_ms,
        turns_start_ms(parent, rules, chain),
        rules.params["interval_ms"],
        rules.params["per_node"],
        n_nodes,
    )


def _counted(state: Delegate, counted: Counted) -> Acted:
    ballots, effects = counted
    return replace(state, ballots=ballots), effects


def _watch(state: Delegate, chain: ChainReader, now_ms: int) -> Acted:
    """Set the alarm for the next slot of one's own, where that changed."""
    alarm_ms = _next_slot_ms(state, chain, now_ms)
    if alarm_ms in (0, state.alarm_ms):
        return state, ()
    return replace(state, alarm_ms=alarm_ms), (SetTimer(alarm_ms, SLOT),)


def _next_slot_ms(state: Delegate, chain: ChainReader, now_ms: int) -> int:
    """
    The first slot from now on that the seat owns, is not spent, and lies far enough
    from the block to extend; 0 when it is not in the list.
    """
    rules = state.seat.rules
    interval_ms, per_node = rules.params["interval_ms"], rules.params["per_node"]
    parent = parent_to_extend(state.ballots, chain)
    listed = list_above(parent, rules, chain)
    me, n_nodes = place_in(state.seat, listed), len(listed)
    if me < 0:
        return 0
    start_ms = turns_start_ms(parent, rules, chain)
    least_ms = max(now_ms, parent.time_ms + interval_ms)
    least_slot = -(-(least_ms - chain.genesis_ms) // interval_ms)
    first = max(least_slot, state.spent_round + 1)
    # A cycle holds slots of everybody, so the search ends within one.
    for slot in range(first, first + per_node * n_nodes + 1):
        time_ms = chain.genesis_ms + slot * interval_ms
        owner = proposer_order(time_ms, start_ms, interval_ms, per_node, n_nodes)
        if owner == me:
            return time_ms
    raise AssertionError("every delegate owns slots in every cycle")


def _take_slot(state: Delegate, chain: ChainReader, now_ms: int) -> Acted:
    """Ask for a block if the slot that began is one's own, then wait for the next."""
    rules, best = state.seat.rules, state.ballots.highest
    interval_ms = rules.params["interval_ms"]
    slot = (now_ms - chain.genesis_ms) // interval_ms
    time_ms = chain.genesis_ms + slot * interval_ms
    parent = parent_to_extend(state.ballots, chain)
    listed = list_above(parent, rules, chain)
    me = place_in(state.seat, listed)
    effects: tuple[Effect, ...] = ()
    # The alarm was set for another parent, perhaps; the turn may have moved since.
    if (
        slot > state.spent_round
        and time_ms >= parent.time_ms + interval_ms
        and me >= 0
        and _owner(time_ms, parent, len(listed), rules, chain) == me
    ):
        effects = (Propose(parent.hash, slot, time_ms, best.block, best.certificate),)
    spent = max(slot, state.spent_round)
    state = replace(state, spent_round=spent, alarm_ms=0)
    state, alarm = _watch(state, chain, now_ms)
    return state, (*alarm, *effects)
