"""
DPoS: delegates who are approved of own the slots of a round, one each.

Time is cut into slots of `interval_ms` since genesis, and N slots make a round. The
first block of a round fixes the list of delegates from the approvals as its parent has
them; the list holds for the round. Slot i is the list's i-th; a slot beyond the list's
end, or of a silent delegate, stays empty. The header carries the list's hash.

Whoever holds coins may approve of candidates with all of them; a candidate weighs what
its approvers hold. The last of the epoch's own list is the bootstrap producer, who
keeps the last slot, so that a chain can start before anybody votes.

A block is final when floor(2n/3)+1 distinct delegates built it or on it. Nobody signs
that, so it cannot be proved to others, and builders who collude can break it.

Source: consensus rules of this project, section "dpos"; Bytom/vapor, parent of
d09b7a78, consensus/consensus/dpos. Its arithmetic, mistakes included, stands in
early_dpos.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha3_256
from typing import ClassVar

from devnet.engine.interfaces import (
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
    Param,
    Picture,
    Propose,
    Publish,
    Rules,
    Seat,
    SetTimer,
    TimerFired,
    Validator,
)
from devnet.plugins.ballots import place_in
from devnet.plugins.early_dpos import FILL_BALANCE_NEU
from devnet.plugins.elections import n_seats
from devnet.plugins.header_rules import (
    check_clock,
    check_engine_data,
    check_no_work,
    check_plain_justify,
    check_proposer,
    check_round,
    checkpoint,
    in_epoch,
    lower_hash_first,
)
from devnet.plugins.slot_clock import slot_clock

SLOT = "slot"
MAX_MEMO = 2048

TRANSITIONS = (
    ("watching", "TimerFired, its own slot", "asked"),
    ("watching", "TimerFired, the slot became another's", "watching"),
    ("watching", "HeadChanged, another slot may be its own", "watching"),
    ("asked", "Filled, first of this slot", "watching"),
    ("asked", "nothing waits", "watching"),
)
"""What a delegate does: state, input, next state."""


class EmptySlot(ConsensusError):
    """The block was made in a slot that is nobody's."""

    code = "consensus.empty-slot"
    default_hint = (
        "With fewer delegates than seats the last slots of a round are empty."
    )


@dataclass(frozen=True, slots=True)
class Delegate:
    """
    All that one delegate remembers.

    Args:
        spent_slot: the newest slot that needs no more thought.
        published_slot: the newest slot in which it published; never twice.
        alarm_ms: when its next slot starts, as far as its timer knows.
    """

    seat: Seat
    spent_slot: int
    published_slot: int = 0
    alarm_ms: int = 0


Acted = tuple[Delegate, tuple[Effect, ...]]

# Slots and lists.


def slot_of(time_ms: int, rules: Rules, chain: ChainReader) -> int:
    """The slot that a time falls into, counted from genesis: the block's round."""
    return max(0, time_ms - chain.genesis_ms) // rules.params["interval_ms"]


def delegates_at(
    block: Header, rules: Rules, chain: ChainReader
) -> tuple[Validator, ...]:
    """
    The list of a round whose first block stands on this one.

    Those approved of come first, by weight, then by address, both descending; then
    candidates without approvals who hold enough; then the epoch's own list; last the
    bootstrap producer.
    """
    banned, most = chain.banned(block.hash), n_seats(rules) - 1
    *own, bootstrap = rules.validators
    standing = [
        one
        for one in chain.candidates(block.hash)
        if one.key not in banned and one.key != bootstrap.key
    ]
    voted = [
        one
        for one in standing
        if one.n_approvals and one.balance >= rules.params["least_balance"]
    ]
    voted.sort(key=lambda one: (one.weight, one.address), reverse=True)
    fill = [
        one
        for one in standing
        if not one.n_approvals and one.balance >= rules.params["fill_balance"]
    ]
    fill.sort(key=lambda one: one.address, reverse=True)
    found = {one.key: Validator(one.name, one.key) for one in (*voted, *fill)}
    for one in own:
        if one.key not in banned:
            found.setdefault(one.key, one)
    return (*tuple(found.values())[:most], bootstrap)


def list_at(
    slot: int, parent: Header, rules: Rules, chain: ChainReader
) -> tuple[Validator, ...]:
    """Who has the slots of this slot's round in the child of `parent`."""
    if not in_epoch(parent, rules):
        return rules.validators
    n_slots = n_seats(rules)
    if slot // n_slots == slot_of(parent.time_ms, rules, chain) // n_slots:
        return chain.rules_of(parent).validators
    return delegates_at(parent, rules, chain)


def list_hash(listed: Sequence[Validator]) -> bytes:
    """What the header says of the list: a hash over its keys, 32 bytes."""
    return sha3_256(b"dpos list" + b"".join(one.key for one in listed)).digest()


def needed_producers(n_listed: int) -> int:
    """How many distinct delegates make a block final."""
    return 2 * n_listed // 3 + 1


class Dpos:
    """The rule of approved delegates, one slot each."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="dpos",
        finality="builders",
        summary="approved delegates own one slot each; building makes final",
        params=(
            Param("interval_ms", 500, 20, 60_000, "length of a slot"),
            Param("seats", 0, 0, 100, "slots of a round; 0: as the epoch began"),
            Param("least_balance", 10**8, 0, 10**15, "neu an approved delegate holds"),
            Param(
                "fill_balance", FILL_BALANCE_NEU, 0, 10**15,
                "neu a candidate without approvals holds to fill a seat",
            ),
        ),
        closing_blocks="floor(2n/3)",
        elects=True,
    )  # fmt: skip

    def __init__(self) -> None:
        self._newest: dict[bytes, Mapping[bytes, int]] = {}

    # The rules.

    def check_header(self, header: Header, parent: Header, chain: ChainReader) -> None:
        """Raise ConsensusError unless the owner of the slot made this block in it."""
        rules = chain.rules(header.epoch)
        slot = slot_of(header.time_ms, rules, chain)
        check_no_work(header)
        check_round(header, parent, rules, want=slot)
        check_clock(header, chain, rules.params["interval_ms"])
        listed = list_at(slot, parent, rules, chain)
        index = slot % n_seats(rules)
        if index >= len(listed):
            raise EmptySlot(
                f"block {header.height} was made in slot {index} of its round, the "
                f"list has {len(listed)} delegates",
                height=header.height,
                slot=index,
                n_delegates=len(listed),
            )
        check_engine_data(header, list_hash(listed))
        check_plain_justify(header, self.final_seen_under(parent, rules, chain))
        check_proposer(header, index, replace(rules, validators=listed), chain)

    def final_seen(self, tip: Header, chain: ChainReader) -> Checkpoint:
        """The newest block that enough distinct delegates built or built on."""
        return self.final_seen_under(tip, chain.rules(tip.epoch), chain)

    def final_seen_under(
        self, tip: Header, rules: Rules, chain: ChainReader
    ) -> Checkpoint:
        """What these rules see final; builders of an earlier epoch do not count."""
        if not in_epoch(tip, rules):
            return rules.base
        needed = needed_producers(len(chain.rules_of(tip).validators))
        newest = sorted(self._newest_blocks(tip, rules, chain).values(), reverse=True)
        if len(newest) < needed:
            return rules.base
        return checkpoint(chain.ancestor(tip.hash, newest[needed - 1]))

    def _newest_blocks(
        self, tip: Header, rules: Rules, chain: ChainReader
    ) -> Mapping[bytes, int]:
        """By delegate's key, the height of its newest block up to the tip."""
        missing: list[Header] = []
        block: Header | None = tip
        while block is not None and in_epoch(block, rules):
            if block.hash in self._newest:
                break
            missing.append(block)
            block = chain.header(block.previous)
        known: Mapping[bytes, int] = {}
        if block is not None and in_epoch(block, rules):
            known = self._newest[block.hash]
        if len(self._newest) + len(missing) > MAX_MEMO:
            self._newest.clear()
        for one in reversed(missing):
            known = {**known, _maker(one, rules, chain): one.height}
            if len(self._newest) < MAX_MEMO or one is tip:
                self._newest[one.hash] = known
        return known

    def rank(self, tip: Header, chain: ChainReader) -> tuple[int, int, int]:
        """Most final first, then the longest chain, then the lower hash."""
        final = self.final_seen(tip, chain)
        return final.height, tip.height, lower_hash_first(tip.hash)

    # Elections.

    def acting(
        self, time_ms: int, parent: Header, rules: Rules, chain: ChainReader
    ) -> tuple[Validator, ...]:
        """The list of the round that the time falls into."""
        return list_at(slot_of(time_ms, rules, chain), parent, rules, chain)

    def coming(self, tip: Header, chain: ChainReader) -> Coming:
        """The list of the next round, if nothing moves."""
        rules = chain.rules(tip.epoch)
        n_slots, interval_ms = n_seats(rules), rules.params["interval_ms"]
        now_ms = max(chain.now_ms, tip.time_ms)
        turn = slot_of(now_ms, rules, chain) // n_slots + 1
        at_ms = chain.genesis_ms + turn * n_slots * interval_ms
        return Coming(delegates_at(tip, rules, chain), tip.height + 1, at_ms)

    # Acting.

    def start(self, seat: Seat, chain: ChainReader) -> Acted:
        """
        Take the seat and wait for the next slot of one's own. The slot that runs is
        left alone: before a restart we may have made its block already.
        """
        state = Delegate(seat, slot_of(seat.now_ms, seat.rules, chain))
        return _watch(state, chain, seat.now_ms)

    def step(self, state: Delegate, event: Input, chain: ChainReader) -> Acted:
        """What one delegate does next. Slots come anyway, so nobody needs waking."""
        match event:
            case TimerFired(now_ms, token) if token == SLOT:
                return self._take_slot(state, chain, now_ms)
            case HeadChanged(now_ms, _):
                return _watch(state, chain, now_ms)
            case Filled(_, header) if header.round > state.published_slot:
                state = replace(state, published_slot=header.round)
                return state, (Publish(header.hash),)
            case _:
                return state, ()

    def _take_slot(self, state: Delegate, chain: ChainReader, now_ms: int) -> Acted:
        """Ask for a block if the running slot is one's own, and wait for the next."""
        rules, head = state.seat.rules, chain.head()
        slot = slot_of(now_ms, rules, chain)
        start_ms = chain.genesis_ms + slot * rules.params["interval_ms"]
        time_ms = max(start_ms, head.time_ms + 1)
        effects: tuple[Effect, ...] = ()
        # The alarm was set for another head, perhaps; the list may have moved since.
        if (
            slot > state.spent_slot
            and time_ms <= now_ms
            and _is_mine(state.seat, slot, head, chain)
        ):
            listed = list_at(slot, head, rules, chain)
            final = self.final_seen_under(head, rules, chain)
            data = list_hash(listed)
            effects = (Propose(head.hash, slot, time_ms, final, engine_data=data),)
        spent = max(slot, state.spent_slot)
        state = replace(state, spent_slot=spent, alarm_ms=0)
        state, alarm = _watch(state, chain, now_ms)
        return state, (*alarm, *effects)

    def describe(self, state: Delegate, chain: ChainReader) -> str:
        """The slot clock in one line."""
        rules, head = state.seat.rules, chain.head()
        slot, n_slots = slot_of(chain.now_ms, rules, chain), n_seats(rules)
        listed = list_at(slot, head, rules, chain)
        index = slot % n_slots
        owner = f"{listed[index].name}'s" if index < len(listed) else "nobody's"
        final = self.final_seen_under(head, rules, chain).height
        return (
            f"round {slot // n_slots}, slot {index + 1}/{n_slots} is {owner}; "
            f"final {final}"
        )

    def picture(self, state: Delegate, chain: ChainReader) -> Picture:
        """The slot clock; slots without a delegate belong to nobody."""
        rules = state.seat.rules

        def owner_of(slot: int, parent: Header) -> str:
            listed, index = list_at(slot, parent, rules, chain), slot % n_seats(rules)
            return listed[index].name if index < len(listed) else ""

        return Picture(slots=slot_clock(chain, rules, owner_of))


def _maker(block: Header, rules: Rules, chain: ChainReader) -> bytes:
    """The key of the delegate who made a valid block."""
    listed = chain.rules_of(block).validators
    return listed[slot_of(block.time_ms, rules, chain) % n_seats(rules)].key


def _is_mine(seat: Seat, slot: int, head: Header, chain: ChainReader) -> bool:
    """Does the seat's node own this slot, in the child of the head?"""
    place = place_in(seat, list_at(slot, head, seat.rules, chain))
    return place == slot % n_seats(seat.rules)


def _watch(state: Delegate, chain: ChainReader, now_ms: int) -> Acted:
    """Set the alarm for the next slot of one's own, where that changed."""
    alarm_ms = _next_slot_ms(state, chain, now_ms)
    if alarm_ms in (0, state.alarm_ms):
        return state, ()
    return replace(state, alarm_ms=alarm_ms), (SetTimer(alarm_ms, SLOT),)


def _next_slot_ms(state: Delegate, chain: ChainReader, now_ms: int) -> int:
    """
    The first slot from now on that the seat owns and that is not spent; 0 if the lists
    of this round and the next ones have none for it.
    """
    rules, head = state.seat.rules, chain.head()
    interval_ms, n_slots = rules.params["interval_ms"], n_seats(rules)
    next_slot = -(-(now_ms - chain.genesis_ms) // interval_ms)
    first = max(next_slot, state.spent_slot + 1)
    if in_epoch(head, rules):
        first = max(first, head.round + 1)
    # After the round that runs all rounds have the same list, as things stand.
    for turn in (first // n_slots, first // n_slots + 1):
        place = place_in(
            state.seat, list_at(turn * n_slots, head, rules, chain)[:n_slots]
        )
        if place >= 0 and turn * n_slots + place >= first:
            return chain.genesis_ms + (turn * n_slots + place) * interval_ms
    return 0
