"""The rule about garbage: whatever comes, nothing breaks and nothing false is final."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from hashlib import sha3_256
from typing import Any

from devnet.engine.interfaces import (
    BlockJudged,
    Certified,
    Final,
    Header,
    Message,
    MessageGot,
    TimerFired,
    ViewSigned,
    Vote,
    Voted,
    VoteMessage,
)
from devnet.plugins.engine_suite.bench import PASSED, EngineBench, watched_host
from devnet.plugins.lab.chain import hashed, signed
from devnet.plugins.lab.host import LabHost
from devnet.plugins.lab.links import LabNode
from devnet.plugins.lab.watched import Watched

NOISE = sha3_256(b"noise").digest()
HUGE = 2**62
SAMPLES = 3


@dataclass(frozen=True, slots=True)
class _Gibberish:
    """A message that no rule knows."""

    kind: str = "gibberish"
    height: int = 1
    round: int = 1


@dataclass(frozen=True, slots=True)
class _StrangeInput:
    """An input of a later version of the page."""

    now_ms: int


def e16_garbage(bench: EngineBench) -> str:
    """Unknown inputs and forged messages never raise, and never make a block final."""
    watched = Watched(bench.make)
    host = watched_host(watched, bench.n_seats)
    if not bench.advance(host, lambda host: min(host.finals()) >= 3):
        return bench.calm.why_short()
    node = host.nodes[1]
    rival = _rival(host, node)
    events = list(_events(host, watched.messages, node, rival))
    node.chain.now_ms = host.now_ms
    for event in events:
        try:
            node.state, effects = host.engine.step(node.state, event, node.chain)
        except Exception as error:
            name = type(getattr(event, "message", event)).__name__
            return f"{name} made it raise {type(error).__name__}: {error}"
        for effect in effects:
            if isinstance(effect, Certified | Final) and (
                effect.block_hash not in host.headers or effect.block_hash == rival.hash
            ):
                name = type(effect).__name__
                return f"after votes that nobody signed it says {name} of a rival block"
    if not bench.goes_on(host, without=node.index):
        return f"after {len(events)} pieces of garbage it stands at {host.finals()}"
    return PASSED


def _rival(host: LabHost, node: LabNode) -> Header:
    """A second block beside the newest one, well made by the same proposer."""
    tip = node.chain.tip
    rules = node.chain.rules_of(tip)
    seats = range(len(rules.validators))
    owner = next((i for i in seats if node.chain.signed_by(tip, i)), 0)
    rival = signed(hashed(tip, "another content"), rules.validators[owner].key)
    node.chain.known[rival.hash] = host.headers[rival.hash] = rival
    host.name_block(rival)
    return rival


def _events(
    host: LabHost, heard: list[MessageGot], node: LabNode, rival: Header
) -> Iterator[Any]:
    now_ms, epoch = host.now_ms, host.rules.epoch
    yield BlockJudged(now_ms, rival, votable=False)
    yield _StrangeInput(now_ms)
    yield TimerFired(now_ms, "a timer that nobody set")
    yield ViewSigned(now_ms, HUGE, NOISE, NOISE)
    yield MessageGot(now_ms, -1, _Gibberish())
    for index in range(len(host.rules.validators)):
        for block_hash in (rival.hash, NOISE):
            for where in (epoch, epoch + 7):
                vote = Vote(where, rival.round, rival.height, block_hash, index, NOISE)
                yield MessageGot(now_ms, index, VoteMessage(vote))
    stray = Vote(epoch, rival.round, rival.height, rival.hash, HUGE, NOISE)
    for index in (HUGE, -1):
        yield MessageGot(now_ms, 0, VoteMessage(replace(stray, index=index)))
    yield Voted(now_ms, replace(stray, block_hash=NOISE, index=node.index))
    by_kind: dict[str, list[Message]] = {}
    for got in heard:
        by_kind.setdefault(got.message.kind, []).append(got.message)
    for messages in by_kind.values():
        for message in messages[-SAMPLES:]:
            for spoilt in _spoilt(message, rival.hash):
                for sender in (0, HUGE):
                    yield MessageGot(now_ms, sender, spoilt)


def _spoilt(value: Any, other_hash: bytes) -> Iterator[Any]:
    """The same with one part of it wrong, however deep it lies."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, -1, HUGE)
    elif isinstance(value, bytes):
        yield from (b"", other_hash, bytes(len(value)), value + b"\0")
    elif isinstance(value, tuple):
        yield ()
        for place, part in enumerate(value):
            for other in _spoilt(part, other_hash):
                yield (*value[:place], other, *value[place + 1 :])
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            part = getattr(value, field.name)
            for other in _spoilt(part, other_hash):
                yield replace(value, **{field.name: other})
