"""
What the default world keeps: memory for each mainchain block, everything included.

Three sidechains at full pace, their databases, every event.
"""

from __future__ import annotations

import time
from typing import Any

from devnet.bench.cheap import cheap_network
from devnet.bench.growing import MOST_MIB, now_mib, peak_mib, run_fresh
from devnet.bench.measure import MEMORY, Measured, Pairs, Subject, Target
from devnet.engine.actors.world import DEFAULT_SIDECHAINS
from devnet.engine.network import Network

N_BLOCKS = 10_000
"""Mainchain blocks for which the memory is told."""
N_LIVED = 1_000
"""Of these the benchmark lives through so many; the rest follows from their growth."""
N_PART = 200
"""The first and the last of them, whose times are told."""
SLICE_MS = 10_000


def memory_of_world(n_pairs: int, n_lived: int = N_LIVED) -> Measured:
    """The default world at 10,000 mainchain blocks, in MiB."""
    told = run_fresh("devnet.bench.worlds", "live", n_lived)
    per_block_mib = told.pop("mib_per_block")
    whole_mib = told["peak_mib"] + (N_BLOCKS - told["n_blocks"]) * per_block_mib
    facts = {**told, "bytes_per_main_block": round(per_block_mib * 2**20)}
    return Measured(Pairs((whole_mib,), (MOST_MIB,)), MEMORY, Target(1.0), facts)


SUBJECTS = (
    Subject("world", "the default world at 10,000 blocks", "1 GiB", memory_of_world),
)


def live(n_blocks: int) -> dict[str, Any]:
    """Live through so many mainchain blocks and say what memory they took."""
    net = cheap_network(DEFAULT_SIDECHAINS)
    n_part = min(N_PART, n_blocks // 2)
    start = net.main_height()
    early_ms = _mine(net, n_part)
    first, first_mib = net.main_height(), now_mib()
    _mine(net, n_blocks - 2 * n_part)
    late_ms = _mine(net, n_part)
    n_grown = net.main_height() - first
    return {
        "n_blocks": net.main_height() - start,
        "cpu_ms_per_main_block": [round(early_ms, 2), round(late_ms, 2)],
        "n_events": len(net.events),
        "peak_mib": round(peak_mib(), 1),
        "mib_per_block": (now_mib() - first_mib) / n_grown,
        "side_heights": {
            name: net.show(name)["height"] for name in net.sidechain_names()
        },
    }


def _mine(net: Network, n_blocks: int) -> float:
    """Milliseconds of CPU for each of these blocks, and all that happens meanwhile."""
    first, began_s = net.main_height(), time.process_time()
    while net.main_height() < first + n_blocks:
        net.advance(net.now_ms + SLICE_MS)
    spent_s = time.process_time() - began_s
    return 1000 * spent_s / max(1, net.main_height() - first)
