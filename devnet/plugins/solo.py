"""
Solo: one key seals every block, and a sealed block is final at once.

The key is validator 0's. It makes a block when something waits, but never closer to
the last one than `interval_ms`; the round is the height. Every block is final in the
chain's own eyes the moment it exists, so a swap away from solo needs no closing block.
What breaks it: the one key misbehaves. For lessons, tests and scripts.

Source: consensus rules of this project, section "solo".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from devnet.engine.interfaces import (
    ChainReader,
    Checkpoint,
    Effect,
    EngineInfo,
    Filled,
    HeadChanged,
    Header,
    Input,
    Param,
    Propose,
    Publish,
    Rules,
    Seat,
    SetTimer,
    TimerFired,
    Woken,
)
from devnet.plugins.header_rules import (
    check_clock,
    check_distance,
    check_engine_data,
    check_no_work,
    check_plain_justify,
    check_proposer,
    check_round,
    checkpoint,
    in_epoch,
    lower_hash_first,
)

SEALER = 0
TURN = "turn"
IDLE_INTERVALS = 4
"""An idle sealer asks again after this many intervals, though nobody woke it."""

TRANSITIONS = (
    ("asleep", "Woken, head old enough", "asked"),
    ("asleep", "Woken, head younger", "armed"),
    ("armed", "TimerFired", "asked"),
    ("asked", "Filled", "sealed"),
    ("asked", "nothing waits", "armed"),
    ("sealed", "HeadChanged", "armed"),
)
"""What the sealer does: state, input, next state."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """All that one validator remembers: its seat, and the last parent it sealed on."""

    seat: Seat
    sealed_on: bytes = b""


class Solo:
    """The rule of one key."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="solo",
        finality="instant",
        summary="one key seals; a sealed block is final",
        params=(
            Param("interval_ms", 250, 10, 60_000, "least distance between two blocks"),
        ),
        closing_blocks="0",
    )

    # The rules.

    def check_header(self, header: Header, parent: Header, chain: ChainReader) -> None:
        """Raise ConsensusError unless the one sealer made this block in its time."""
        rules = chain.rules(header.epoch)
        interval_ms = rules.params["interval_ms"]
        check_engine_data(header, b"")
        check_no_work(header)
        check_round(header, parent, rules, want=header.height)
        check_distance(header, parent, interval_ms)
        check_clock(header, chain, interval_ms)
        check_plain_justify(header, _final_under(parent, rules))
        check_proposer(header, SEALER, rules, chain)

    def final_seen(self, tip: Header, chain: ChainReader) -> Checkpoint:
        """The tip itself."""
        return _final_under(tip, chain.rules(tip.epoch))

    def rank(self, tip: Header, chain: ChainReader) -> tuple[int, int]:
        """The longest chain; of two equals the lower hash."""
        return tip.height, lower_hash_first(tip.hash)

    # Acting.

    def start(
        self, seat: Seat, chain: ChainReader
    ) -> tuple[Sealer, tuple[Effect, ...]]:
        """The sealer sets its alarm; all others have nothing to do but watch."""
        state = Sealer(seat)
        return state, _arm(state, chain, seat.now_ms)

    def step(
        self, state: Sealer, event: Input, chain: ChainReader
    ) -> tuple[Sealer, tuple[Effect, ...]]:
        """What the sealer does; everybody else does nothing."""
        if state.seat.me != SEALER:
            return state, ()
        match event:
            case TimerFired(now_ms, token) if token == TURN:
                return state, _ask(state, chain, now_ms)
            case Woken(now_ms):
                return state, _ask(state, chain, now_ms)
            case HeadChanged(now_ms, _):
                return state, _arm(state, chain, now_ms)
            case Filled(_, header) if header.previous != state.sealed_on:
                state = replace(state, sealed_on=header.previous)
                return state, (Publish(header.hash),)
            case _:
                return state, ()

    def describe(self, state: Sealer, chain: ChainReader) -> str:
        """One line for the screen."""
        name = state.seat.rules.validators[SEALER].name
        height = chain.head().height
        if state.seat.me != SEALER:
            return f"follows {name}, who alone seals; {height} is final"
        return f"seals alone; {height} is final"


def _final_under(tip: Header, rules: Rules) -> Checkpoint:
    """The tip, or the base while the epoch has no block of its own."""
    return checkpoint(tip) if in_epoch(tip, rules) else rules.base


def _arm(state: Sealer, chain: ChainReader, now_ms: int) -> tuple[Effect, ...]:
    """Ask for a block as soon as the head is old enough."""
    if state.seat.me != SEALER:
        return ()
    at_ms = chain.head().time_ms + state.seat.rules.params["interval_ms"]
    return (SetTimer(max(at_ms, now_ms), TURN),)


def _ask(state: Sealer, chain: ChainReader, now_ms: int) -> tuple[Effect, ...]:
    """Ask for a block now, or set the alarm when it is too soon after the head."""
    rules, head = state.seat.rules, chain.head()
    interval_ms = rules.params["interval_ms"]
    if now_ms < head.time_ms + interval_ms:
        return _arm(state, chain, now_ms)
    propose = Propose(
        parent=head.hash,
        round=head.height + 1,
        time_ms=now_ms,
        justify=_final_under(head, rules),
    )
    # The alarm goes first: the block, if there is one, sets it anew.
    return SetTimer(now_ms + IDLE_INTERVALS * interval_ms, TURN), propose
