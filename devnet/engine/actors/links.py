"""
How long a message is on its way, and whether it arrives once, twice or never.

Everything is drawn from the seed and the message itself, so the same world has the same
luck again. Without a fault the draw does not know the time, only who, whom and what.
"""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.actors.world import Fault, WorldConfig
from devnet.engine.clock import draw, draw_between

LATE = 8
"""A message out of order waits up to this many of the longest ordinary delays."""


@dataclass(frozen=True, slots=True)
class Way:
    """A message about to leave: from whom, to whom, what it is called, when."""

    sender: str
    to: str
    name: bytes
    chain: str
    now_ms: int


def usual_ms(config: WorldConfig, sender: str, to: str, name: bytes) -> int:
    """How long a message is on its way where nothing is broken."""
    low_ms, high_ms = config.low_latency_ms, config.high_latency_ms
    return draw_between(config.seed, low_ms, high_ms, sender, to, name)


def delays_ms(
    config: WorldConfig, faults: tuple[Fault, ...], way: Way
) -> tuple[int, ...]:
    """When the message arrives, from now: once, or several times, or never."""
    low_ms, high_ms = config.low_latency_ms, config.high_latency_ms
    copies = [usual_ms(config, way.sender, way.to, way.name)]
    for fault in faults:
        if fault.node or fault.chain != way.chain:
            continue
        question = (fault.id, way.sender, way.to, way.name, way.now_ms)
        hit = draw(config.seed, "hit", *question) % 100 < fault.value
        match fault.kind:
            case "loss" if hit:
                copies = []
            case "duplicate" if hit:
                again_ms = draw_between(config.seed, low_ms, 2 * high_ms, *question)
                copies += [copy + again_ms for copy in copies]
            case "reorder" if hit:
                wait_ms = draw_between(config.seed, high_ms, LATE * high_ms, *question)
                copies = [copy + wait_ms for copy in copies]
            case "latency":
                more_ms = draw_between(config.seed, 0, fault.value, *question)
                copies = [copy + more_ms for copy in copies]
    return tuple(copies)
