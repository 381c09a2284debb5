"""
An engine under observation: every call is made twice, on the engine and on a twin that
was built for this, and what comes back is looked over.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any, get_args

from devnet.engine.interfaces import (
    Broadcast,
    ChainReader,
    Checkpoint,
    Coming,
    ConsensusEngine,
    ConsensusError,
    Effect,
    Header,
    Input,
    Message,
    MessageGot,
    Rules,
    Seat,
    Send,
    SetTimer,
    Validator,
)
from devnet.plugins.lab.fingerprint import fingerprint, soft_spot

MOST_CELLS = 60
MOST_MESSAGES = 200
MOST_STATES = 40
EFFECTS = get_args(Effect)


def cells(text: str) -> int:
    """How many cells a text takes on a screen."""
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide


class Watched:
    """
    Stands for an engine in a play, and notes the first breach of each rule.

    Args:
        make: builds an engine.

    Attributes:
        broken: by rule, the first thing that was wrong.
        messages: some of what the validators said to each other.
    """

    def __init__(self, make: Callable[[], ConsensusEngine]) -> None:
        self.engine, self._twin = make(), make()
        self.info = self.engine.info
        self.broken: dict[str, str] = {}
        self.messages: list[MessageGot] = []
        self._states: list[tuple[Any, Any]] = []
        self._n_seats = 1

    # The rules.

    def check_header(self, header: Header, parent: Header, chain: ChainReader) -> None:
        """As the engine, and as its twin."""
        answers = []
        for each in (self.engine, self._twin):
            try:
                each.check_header(header, parent, chain)
            except ConsensusError as error:
                answers.append(error)
        if len(answers) == 1:
            self._break("E3", f"check_header of {header.height} once raised, once not")
        if answers:
            raise answers[0]

    def final_seen(self, tip: Header, chain: ChainReader) -> Checkpoint:
        """As the engine, and as its twin."""
        found: Checkpoint = self._both("final_seen", tip, chain)
        return found

    def rank(self, tip: Header, chain: ChainReader) -> tuple[Any, ...]:
        """As the engine, and as its twin."""
        found: tuple[Any, ...] = self._both("rank", tip, chain)
        return found

    def acting(
        self, time_ms: int, parent: Header, rules: Rules, chain: ChainReader
    ) -> tuple[Validator, ...]:
        """As the engine, and as its twin; only for those that elect."""
        answer = self._both("acting", time_ms, parent, rules, chain)
        found: tuple[Validator, ...] = answer
        return found

    def coming(self, tip: Header, chain: ChainReader) -> Coming:
        """As the engine, and as its twin; only for those that elect."""
        found: Coming = self._both("coming", tip, chain)
        return found

    # Acting.

    def start(self, seat: Seat, chain: ChainReader) -> tuple[Any, tuple[Effect, ...]]:
        """As the engine; the state and the effects are looked over."""
        self._n_seats = len(seat.rules.validators)
        answer = self._both("start", seat, chain)
        return self._looked_over("start", answer, chain)

    def step(
        self, state: Any, event: Input, chain: ChainReader
    ) -> tuple[Any, tuple[Effect, ...]]:
        """As the engine; neither the old state nor the event may change."""
        if isinstance(event, MessageGot) and len(self.messages) < MOST_MESSAGES:
            self.messages.append(event)
        before = fingerprint(state)
        answer = self._both("step", state, event, chain)
        if fingerprint(state) != before:
            self._break("E2", f"step on {_name(event)} changed the state it was given")
        return self._looked_over(f"step on {_name(event)}", answer, chain)

    def describe(self, state: Any, chain: ChainReader) -> str:
        """As the engine."""
        return self.engine.describe(state, chain)

    def at_the_end(self) -> None:
        """Has any state of the play changed since it was given out?"""
        for state, before in self._states:
            if fingerprint(state) != before:
                self._break("E2", "a later step changed an earlier state")

    # Looking over.

    def _both(self, part: str, *args: Any) -> Any:
        answer = getattr(self.engine, part)(*args)
        again = getattr(self._twin, part)(*args)
        if fingerprint(answer) != fingerprint(again):
            where = f" on {_name(args[1])}" if part == "step" else ""
            self._break("E3", f"{part}{where} gave two answers to the same question")
        return answer

    def _looked_over(
        self, where: str, answer: Any, chain: ChainReader
    ) -> tuple[Any, tuple[Effect, ...]]:
        if not (isinstance(answer, tuple) and len(answer) == 2):
            self._break("E17", f"{where} gave {answer!r:.40}, no state with effects")
        state, effects = answer
        if spot := soft_spot(state):
            self._break("E2", f"after {where} {spot}")
        if len(self._states) < MOST_STATES:
            self._states.append((state, fingerprint(state)))
        self._look_at_effects(where, effects, chain)
        self._look_at_words(where, self.engine.describe(state, chain))
        return state, effects

    def _look_at_effects(self, where: str, effects: Any, chain: ChainReader) -> None:
        if not isinstance(effects, tuple):
            self._break("E17", f"{where} gave a {type(effects).__name__} of effects")
        for effect in effects:
            if not isinstance(effect, EFFECTS):
                name = type(effect).__name__
                self._break("E17", f"{where} asked for {name}, which is no effect")
            elif isinstance(effect, SetTimer) and effect.at_ms < chain.now_ms:
                late_ms = chain.now_ms - effect.at_ms
                self._break("E17", f"{where} set a timer {late_ms} ms in the past")
            elif isinstance(effect, Send) and not 0 <= effect.to < self._n_seats:
                self._break("E17", f"{where} sends to {effect.to} of {self._n_seats}")
            if isinstance(effect, Broadcast | Send):
                self._look_at_message(where, effect.message)
        timers = [isinstance(effect, SetTimer) for effect in effects]
        if timers != sorted(timers, reverse=True):
            self._break(
                "E17", f"{where} sets a timer behind an effect that may set it anew"
            )

    def _look_at_message(self, where: str, message: Message) -> None:
        parts = (("kind", str), ("height", int), ("round", int))
        for part, kind in parts:
            if not isinstance(getattr(message, part, None), kind):
                self._break("E17", f"{where} sends a message without a {part}")
        if spot := soft_spot(message, "the message"):
            self._break("E17", f"{where} sends what can be changed: {spot}")

    def _look_at_words(self, where: str, words: Any) -> None:
        if not isinstance(words, str) or not words or words != words.strip():
            self._break("E15", f"after {where} describe gave {words!r:.60}")
        elif "\n" in words or not words.isprintable():
            self._break("E15", f"after {where} describe gave more than a line")
        elif cells(words) > MOST_CELLS:
            self._break(
                "E15", f"after {where} it took {cells(words)} cells: {words!r:.90}"
            )

    def _break(self, rule: str, seen: str) -> None:
        self.broken.setdefault(rule, seen)


def _name(event: Any) -> str:
    return type(event).__name__
