"""Rules about what a chain proves by itself: what is final, and which chain leads."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from typing import Any

from devnet.engine.interfaces import Checkpoint, Header
from devnet.plugins.engine_suite.bench import PASSED, EngineBench
from devnet.plugins.engine_suite.form import closing_count
from devnet.plugins.lab.host import LabHost
from devnet.plugins.lab.links import Conflict


def e7_final(bench: EngineBench) -> str:
    """What a chain proves final only grows, and is the same for all, ever after."""
    calm, blocks = bench.calm, bench.calm.blocks
    if calm.host is None or len(blocks) < 3:
        return calm.why_short()
    chain, watched = calm.host.nodes[0].chain, calm.watched
    seen = {block.height: watched.final_seen(block, chain) for block in blocks[1:]}
    for low, high in pairwise(sorted(seen)):
        if seen[high].height < seen[low].height:
            return (
                f"block {low} proves {seen[low].height} final, its child {high} "
                f"only {seen[high].height}"
            )
    for height, final in seen.items():
        if not calm.host.rules.base.height <= final.height <= height:
            return f"block {height} proves {final.height} final"
        if final.hash != blocks[final.height].hash:
            return f"block {height} proves final what it does not stand on"
    return _same_for_all(bench, seen)


def _same_for_all(bench: EngineBench, seen: dict[int, Checkpoint]) -> str:
    """Asked of every validator, and of a newcomer with nothing but the headers."""
    calm, blocks = bench.calm, bench.calm.blocks
    assert calm.host is not None, "looked at before"
    for block in reversed(blocks[1:]):
        newcomer = bench.replayed(blocks[: block.height + 1])
        askers: list[tuple[str, Any, Any]] = [
            (node.name, calm.watched.engine, node.chain) for node in calm.host.nodes
        ]
        askers.append(("a newcomer", bench.make(), newcomer))
        for who, engine, chain in askers:
            if block.hash not in chain.known:
                continue
            found = engine.final_seen(block, chain)
            if found != seen[block.height]:
                return (
                    f"under block {block.height} {who} sees {found.height} final, "
                    f"others {seen[block.height].height}"
                )
    return PASSED


def e8_rank(bench: EngineBench) -> str:
    """Ranks order all blocks: a child above its parent, no two alike, for everybody."""
    calm = bench.calm
    if len(calm.blocks) < 3:
        return calm.why_short()
    for host in (calm.host, _forked(bench)):
        assert host is not None, "looked at before"
        if trouble := _wrong_order(host):
            return trouble
    return PASSED


def _forked(bench: EngineBench) -> LabHost:
    """A play with branches, where the engine makes any."""
    host = bench.host()
    host.cut({0, 1}, 2 * bench.interval_ms, 5 * bench.interval_ms)
    with suppress(Conflict):  # Another rule's business.
        host.run(12 * bench.interval_ms)
    return host


def _wrong_order(host: LabHost) -> str:
    node = host.nodes[0]
    ranks: dict[Any, Header] = {}
    for block in node.chain.known.values():
        if block.epoch != host.rules.epoch or block.height <= host.rules.base.height:
            continue
        rank = host.engine.rank(block, node.chain)
        if not isinstance(rank, tuple):
            return f"the rank of block {block.height} is a {type(rank).__name__}"
        if rank in ranks:
            return f"two blocks of height {block.height} have one rank"
        ranks[rank] = block
        parent = node.chain.known[block.previous]
        if parent.height > host.rules.base.height and not rank > host.engine.rank(
            parent, node.chain
        ):
            return f"block {block.height} ranks no higher than its parent"
        for other in host.nodes[1:]:
            known = block.hash in other.chain.known
            if known and host.engine.rank(block, other.chain) != rank:
                return f"{node.name} and {other.name} rank block {block.height} apart"
    return PASSED if sorted(ranks) else "there was no block to rank"


def e14_closing(bench: EngineBench) -> str:
    """A block is final after as many blocks as `closing_blocks` promises a swap."""
    calm, blocks = bench.calm, bench.calm.blocks
    if calm.host is None or len(blocks) < 3:
        return calm.why_short()
    params = calm.host.rules.params
    promised = closing_count(bench.info.closing_blocks, bench.n_seats, params)
    if promised is None:
        return f"{bench.info.closing_blocks!r} is no promise"
    chain = calm.host.nodes[0].chain
    finals = [calm.watched.final_seen(block, chain).height for block in blocks]
    for height in range(1, len(blocks) - promised):
        if finals[height + promised] < height:
            return (
                f"{promised} blocks above block {height} only "
                f"{finals[height + promised]} is final"
            )
    return PASSED
