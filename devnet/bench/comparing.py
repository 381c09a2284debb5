"""
The rules beside one another: messages for a block, and how long a payment takes.

Everything here is counted in events and in virtual time, so it is the same on every
machine. The ratio compares what a tree of votes costs with what all-to-all costs.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from devnet.bench.cheap import cheap_network
from devnet.bench.measure import BenchUnable, Measured, Pairs, Subject, Target
from devnet.engine.events import BlockAdded, ConsensusSent
from devnet.engine.network import Network, SidechainSpec
from devnet.plugins import BUILTIN_ENGINES

CHAIN = "alpha"
LOCK_NEU = 10**9
N_PAYMENTS = 8
N_MANY = 16
SPREAD_MS = 130
"""Payments come at other moments of a slot each."""
STEP_MS = 5
LIMIT_MS = 300_000


def compare(engine: str, n_validators: int) -> dict[str, Any]:
    """
    One rule at work on a sidechain of its own, with everything as it is by default.

    Returns:
        "messages" for a block (one to everybody counts for each), "in_block_ms" and
        "final_ms" from submitting a payment: medians, virtual time.
    """
    net = cheap_network((SidechainSpec(CHAIN, engine, "memory", n_validators),))
    name = net.lock("alice", LOCK_NEU, "BTM", CHAIN)
    _until(net, lambda: net.transfer(name).stage == "claimed")
    n_events, in_block, final = len(net.events), [], []
    for number in range(N_PAYMENTS):
        net.advance(net.now_ms + number * SPREAD_MS)
        blocks_ms, final_ms = _pay(net)
        in_block.append(blocks_ms)
        final.append(final_ms)
    events = net.events[n_events:]
    blocks = sum(isinstance(e, BlockAdded) and e.chain == CHAIN for e in events)
    sent = sum(
        (n_validators - 1 if event.to == "all" else 1)
        for event in events
        if isinstance(event, ConsensusSent) and event.chain == CHAIN
    )
    return {
        "messages": round(sent / blocks, 1),
        "in_block_ms": median(in_block),
        "final_ms": median(final),
    }


def _pay(net: Network) -> tuple[int, int]:
    """One payment: how long until it is in a block, and until that is final."""
    start_ms = net.now_ms
    before = net.balance("bob", CHAIN, "BTM")
    net.transfer_value("alice", "bob", 1000, "BTM", CHAIN)
    _until(net, lambda: net.balance("bob", CHAIN, "BTM") > before)
    in_block_ms, height = net.now_ms - start_ms, net.show(CHAIN)["height"]
    _until(net, lambda: bool(net.show(CHAIN)["final"] >= height))
    return in_block_ms, net.now_ms - start_ms


def _until(net: Network, is_there: Callable[[], bool]) -> None:
    end_ms = net.now_ms + LIMIT_MS
    while not is_there():
        if net.now_ms > end_ms or net.advance(net.now_ms + STEP_MS) != "reached":
            raise BenchUnable(f"the world does not go on after {net.now_ms} ms")


def all_rules(n_pairs: int) -> Measured:
    """Every rule with 4 validators; the tree against all-to-all with 16."""
    table = {name: compare(name, 4) for name in BUILTIN_ENGINES}
    tree, everybody = compare("bbft", N_MANY), compare("pbft", N_MANY)
    facts = {**table, f"bbft of {N_MANY}": tree, f"pbft of {N_MANY}": everybody}
    pairs = Pairs((tree["messages"],), (everybody["messages"],))
    return Measured(pairs, "messages", Target(0.25), facts)


SUBJECTS = (
    Subject(
        "rules", f"messages of a bbft block, {N_MANY} validators", "of a pbft block",
        all_rules,
    ),
)  # fmt: skip
