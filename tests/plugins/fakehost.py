"""
A small host for consensus engines in tests: virtual time, delayed and lost messages,
toy signatures, a signer that keeps V1 and V2, and a log of what everybody did.

It knows nothing of any engine. Work is a set of numbers that wait to be in a block.
Every step checks that no two validators hold conflicting blocks final.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from random import Random
from typing import Any

from devnet.engine.interfaces import (
    BlockJudged,
    Broadcast,
    CastVote,
    Certified,
    Checkpoint,
    ConsensusEngine,
    ConsensusError,
    Filled,
    Final,
    HeadChanged,
    Header,
    MessageGot,
    Propose,
    Publish,
    Seat,
    Send,
    SetTimer,
    TimerFired,
    Vote,
    Voted,
    Woken,
)
from tests.plugins.fakechain import (
    FakeChain,
    make_genesis,
    make_header,
    make_rules,
    old_epoch,
    toy_sign,
)
from tests.plugins.story import story

LINK_MS = 40


@dataclass
class FakeNode:
    """One validator: its chain, its engine's state, its signer's memory."""

    index: int
    chain: FakeChain
    final: Checkpoint
    state: Any = None
    up: bool = True
    voted_round: int = 0
    source_round: int = 0
    timers: dict[str, int] = field(default_factory=dict)
    filled: dict[bytes, tuple[Header, frozenset[int]]] = field(default_factory=dict)
    work: set[int] = field(default_factory=set)


class FakeHost:
    """
    n validators of one engine, and the time that passes between them.

    Args:
        loss: the share of messages that never arrive.
        jitter_ms: messages take LINK_MS and up to this much longer.
        old_blocks: as many blocks of an earlier epoch come first, with two closing
            blocks on top; the engine then runs epoch 1.
        busy: every proposal is answered, though nothing waits.
        judged_first: tell of a judged block before the head that it changes.
    """

    def __init__(
        self,
        engine: ConsensusEngine,
        n: int = 4,
        *,
        seed: int = 0,
        loss: float = 0.0,
        jitter_ms: int = 0,
        old_blocks: int = 0,
        busy: bool = False,
        judged_first: bool = False,
        **params: int,
    ) -> None:
        self.engine, self.busy, self.judged_first = engine, busy, judged_first
        self.loss, self.jitter_ms, self.random = loss, jitter_ms, Random(seed)
        self.now_ms, self._order = 0, 0
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self.log: list[tuple[int, str, str]] = []  # when, who, what
        self.names: dict[bytes, str] = {}
        self.content: dict[bytes, frozenset[int]] = {}
        self.refused: list[ConsensusError] = []
        self.cut_off: set[int] = set()
        genesis = make_genesis()
        old = old_epoch(genesis, old_blocks)
        base, head, epoch = old[old_blocks], old[-1], int(old_blocks > 0)
        epochs = {0: make_rules(engine, n, genesis, **params)}
        epochs[epoch] = make_rules(engine, n, base, epoch, **params)
        self.rules = epochs[epoch]
        self.headers = {block.hash: block for block in old}
        for block in old:
            self._name(block)
        self.nodes = [
            FakeNode(
                index, FakeChain(epochs, head, dict(self.headers)), self.rules.base
            )
            for index in range(n)
        ]
        self.now_ms = head.time_ms
        for node in self.nodes:
            self._start(node)

    # What a test asks for.

    def work(self, at_ms: int, item: int) -> None:
        """Something waits from this time on; every running validator hears of it."""

        def appear() -> None:
            for node in self.nodes:
                node.work.add(item)
                if node.up:
                    self._tell(node, Woken(self.now_ms))

        self._at(at_ms, appear)

    def down(self, index: int, at_ms: int, until_ms: int) -> None:
        """A validator crashes, and comes back with nothing but chain and signer."""
        node = self.nodes[index]

        def fall() -> None:
            node.up, node.state, node.timers = False, None, {}
            self._note(node, "go down")

        def rise() -> None:
            node.up = True
            self._note(node, "come up again")
            self._start(node)
            self.meet({node.index})

        self._at(at_ms, fall)
        self._at(until_ms, rise)

    def cut(self, indexes: set[int], at_ms: int, until_ms: int) -> None:
        """These validators hear only one another, and the others do not hear them."""

        def part() -> None:
            self.cut_off = set(indexes)
            for index in sorted(indexes):
                self._note(self.nodes[index], "get cut off")

        def join() -> None:
            self.cut_off = set()
            for index in sorted(indexes):
                self._note(self.nodes[index], "join again")
            self.meet(set(indexes))

        self._at(at_ms, part)
        self._at(until_ms, join)

    def meet(self, indexes: set[int]) -> None:
        """These validators and the others tell one another their heads."""
        inside = [node for node in self.nodes if node.index in indexes and node.up]
        outside = [node for node in self.nodes if node.index not in indexes and node.up]
        for one in inside:
            for other in outside:
                self._send_head(one, other)
                self._send_head(other, one)

    def run(self, until_ms: int) -> None:
        """Let time pass."""
        while self._queue and self._queue[0][0] <= until_ms:
            self.now_ms, _, act = heappop(self._queue)
            act()
        self.now_ms = until_ms

    def lines(self) -> list[str]:
        """The log; who did the same at the same time stands in one line."""
        return story(self.log)

    def finals(self) -> list[int]:
        """The highest block that each validator holds final."""
        return [node.final.height for node in self.nodes]

    # Time and messages.

    def _at(self, at_ms: int, act: Callable[[], None]) -> None:
        self._order += 1
        heappush(self._queue, (at_ms, self._order, act))

    def _send(self, sender: FakeNode, to: FakeNode, act: Callable[[], None]) -> None:
        parted = (sender.index in self.cut_off) != (to.index in self.cut_off)
        lost = self.loss and self.random.random() < self.loss
        late_ms = self.random.randint(0, self.jitter_ms) if self.jitter_ms else 0
        if not parted and not lost:
            at_ms = self.now_ms + LINK_MS + late_ms
            self._at(at_ms, lambda: act() if to.up else None)

    def _send_head(self, sender: FakeNode, to: FakeNode) -> None:
        head = sender.chain.tip
        self._send(sender, to, lambda: self._fetch(to, head))

    def _note(self, node: FakeNode, what: str) -> None:
        self.log.append((self.now_ms, self._who(node.index), what))

    def _who(self, index: int) -> str:
        return self.rules.validators[index].name

    def _name(self, header: Header) -> None:
        same = sum(self.headers[it].height == header.height for it in self.names)
        letter = chr(ord("a") + same) if same else ""
        self.names[header.hash] = f"{header.height}{letter}"

    # The engine's inputs and effects.

    def _start(self, node: FakeNode) -> None:
        node.chain.now_ms = self.now_ms
        seat = Seat(node.index, self.rules, self.now_ms)
        node.state, effects = self.engine.start(seat, node.chain)
        self._carry_out(node, effects)

    def _tell(self, node: FakeNode, event: Any) -> None:
        node.chain.now_ms = self.now_ms
        node.state, effects = self.engine.step(node.state, event, node.chain)
        self._carry_out(node, effects)

    def _carry_out(self, node: FakeNode, effects: tuple[Any, ...]) -> None:
        alarms = [isinstance(effect, SetTimer) for effect in effects]
        assert alarms == sorted(alarms, reverse=True), "what follows may set it anew"
        for effect in effects:
            match effect:
                case SetTimer(at_ms, token):
                    assert at_ms >= self.now_ms, "a timer in the past"
                    self._set_timer(node, at_ms, token)
                case Propose() as propose:
                    self._fill(node, propose)
                case Publish(block_hash):
                    self._publish(node, block_hash)
                case CastVote(block_hash):
                    self._sign_vote(node, block_hash)
                case Broadcast(message):
                    for other in self.nodes:
                        if other is not node:
                            self._pass_on(node, other, message)
                case Send(to, message):
                    self._pass_on(node, self.nodes[to], message)
                case Certified(block_hash, _):
                    self._note(node, f"certify {self.names[block_hash]}")
                case Final(block_hash):
                    self._finalise(node, node.chain.known[block_hash])

    def _set_timer(self, node: FakeNode, at_ms: int, token: str) -> None:
        node.timers[token] = at_ms

        def fire() -> None:
            if node.up and node.timers.get(token) == at_ms:
                del node.timers[token]
                self._tell(node, TimerFired(self.now_ms, token))

        self._at(at_ms, fire)

    def _pass_on(self, sender: FakeNode, to: FakeNode, message: Any) -> None:
        def arrive() -> None:
            self._tell(to, MessageGot(self.now_ms, sender.index, message))

        self._send(sender, to, arrive)

    def _sign_vote(self, node: FakeNode, block_hash: bytes) -> None:
        """The signer: V1 and V2 in its own words, whatever the engine believes."""
        header = node.chain.known[block_hash]
        base = header.justify == self.rules.base
        source = 0 if base else node.chain.known[header.justify.hash].round
        if header.round <= node.voted_round or source < node.source_round:
            return
        node.voted_round = header.round
        node.source_round = max(node.source_round, source)
        key = self.rules.validators[node.index].key
        signature = toy_sign("vote", key, block_hash)
        self._note(node, f"vote for {self.names[block_hash]}")
        vote = Vote(
            header.epoch, header.round, header.height, block_hash, node.index, signature
        )
        self._tell(node, Voted(self.now_ms, vote))

    # Blocks.

    def _fill(self, node: FakeNode, ask: Propose) -> None:
        parent = node.chain.known[ask.parent]
        done, busy_height, block = set[int](), 0, parent
        while block.height > self.rules.base.height:
            content = self.content.get(block.hash, frozenset())
            busy_height = max(busy_height, block.height if content else 0)
            done |= content
            block = node.chain.known[block.previous]
        content = frozenset(node.work - done)
        final = self._seen(node, parent)
        if not content and busy_height <= final.height and not self.busy:
            return
        header = make_header(
            parent, content=(node.index, sorted(content)), time_ms=ask.time_ms,
            epoch=self.rules.epoch, engine=self.engine.info.name, round=ask.round,
            justify=ask.justify, engine_data=ask.engine_data,
            certificate=ask.certificate,
        )  # fmt: skip
        node.filled[header.hash] = (header, content)
        self._tell(node, Filled(self.now_ms, header))

    def _publish(self, node: FakeNode, block_hash: bytes) -> None:
        header, content = node.filled.pop(block_hash)
        key = self.rules.validators[node.index].key
        header = replace(header, signature=toy_sign("proposal", key, block_hash))
        self.headers[block_hash], self.content[block_hash] = header, content
        self._name(header)
        what = f"with {len(content)}" if content else "empty"
        self._note(
            node,
            f"seal {self.names[block_hash]} on {self.names[header.previous]} "
            f"{what}, round {header.round}, "
            f"justify {self.names[header.justify.hash]}",
        )
        self._take_in(node, header)
        for other in self.nodes:
            if other is not node:
                self._send(node, other, lambda to=other: self._fetch(to, header))

    def _fetch(self, node: FakeNode, header: Header) -> None:
        """A block arrived; what lies below it and is missing is history."""
        missing: list[Header] = []
        while header.hash not in node.chain.known:
            missing.insert(0, header)
            header = self.headers[header.previous]
        for block in missing:
            if block.previous in node.chain.known:
                self._take_in(node, block, votable=block is missing[-1])

    def _take_in(self, node: FakeNode, header: Header, votable: bool = True) -> None:
        node.chain.now_ms = self.now_ms
        parent = node.chain.known[header.previous]
        assert header.time_ms > parent.time_ms
        try:
            self.engine.check_header(header, parent, node.chain)
        except ConsensusError as error:
            self.refused.append(error)
            self._note(node, f"refuse {self.names[header.hash]}: {error.code}")
            return
        node.chain.known[header.hash] = header
        judged = BlockJudged(self.now_ms, header, votable)
        if self.judged_first:
            self._tell(node, judged)
        self._follow(node, header)
        if not self.judged_first:
            self._tell(node, judged)

    def _follow(self, node: FakeNode, header: Header) -> None:
        """Make the block the head if it weighs more."""
        tip = node.chain.tip
        if self._rank(node, header) <= self._rank(node, tip):
            return
        node.chain.tip = header
        if header.previous != tip.hash:
            old, new = self.names[tip.hash], self.names[header.hash]
            self._note(node, f"leave {old} for {new}")
        self._finalise(node, node.chain.known[self._seen(node, header).hash])
        self._tell(node, HeadChanged(self.now_ms, header))

    def _seen(self, node: FakeNode, tip: Header) -> Checkpoint:
        if tip.height <= self.rules.base.height or tip.epoch != self.rules.epoch:
            return self.rules.base
        return self.engine.final_seen(tip, node.chain)

    def _rank(self, node: FakeNode, tip: Header) -> tuple[Any, ...]:
        if tip.epoch != self.rules.epoch or tip.height == self.rules.base.height:
            return (-1,)
        return self.engine.rank(tip, node.chain)

    def _finalise(self, node: FakeNode, block: Header) -> None:
        if block.height <= node.final.height:
            return
        node.final = Checkpoint(block.height, block.hash)
        self._note(node, f"see {self.names[block.hash]} final")
        for other in self.nodes:
            low, high = sorted((node, other), key=lambda each: each.final.height)
            below = self.headers[high.final.hash]
            while below.height > low.final.height:
                below = self.headers[below.previous]
            assert below.hash == low.final.hash, (
                f"{self._who(node.index)} and {self._who(other.index)} hold "
                f"{self.names[block.hash]} and {self.names[other.final.hash]} final"
            )
