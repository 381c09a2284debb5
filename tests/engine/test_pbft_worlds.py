"""Sidechains under pbft in whole worlds: swaps, cuts, crashes, lies, and locks."""

from __future__ import annotations

from collections import Counter

import pytest

from devnet.engine.events import ConsensusSent
from devnet.engine.network import Network, SidechainSpec
from tests.engine.support import (
    BTM_UNITS,
    all_books_hold,
    branch,
    deposit,
    height,
    hurry,
    network,
    run,
    run_until,
)

SEVEN = tuple(f"v{number}" for number in range(1, 8))


def opened(engine: str) -> Network:
    """A world whose one sidechain has alice's coins."""
    net = network((SidechainSpec("alpha", engine),), depth=1)
    deposit(net, 50 * BTM_UNITS, "BTM", "alpha")
    return net


@pytest.fixture(scope="module")
def four() -> Network:
    return opened("pbft")


@pytest.fixture(scope="module")
def seven() -> Network:
    net = network((SidechainSpec("gamma", "solo"),), depth=1)
    net.new_sidechain("alpha", "pbft", 7)
    deposit(net, 50 * BTM_UNITS, "BTM", "alpha")
    return net


def sent(net: Network, since: int) -> Counter[str]:
    """How often each thing was said on alpha from an event on."""
    return Counter(
        event.what
        for event in net.events[since:]
        if isinstance(event, ConsensusSent) and event.chain == "alpha"
    )


def final(net: Network) -> int:
    return int(net.show("alpha")["final"])


def pay(net: Network) -> None:
    net.transfer_value("alice", "bob", 1000, "BTM", "alpha")


def goes_on(net: Network) -> int:
    """Pays, and tells after how many ms that payment is final."""
    pay(net)
    goal, began_ms = final(net) + 2, net.now_ms
    run_until(net, lambda: final(net) >= goal)
    return net.now_ms - began_ms


def test_a_block_costs_two_rounds_of_votes_and_an_idle_chain_nothing(four: Network):
    net = branch(four)
    run(net, 5000)
    since, blocks = len(net.events), height(net, "alpha")
    pay(net)
    run(net, 3000)
    n_blocks = height(net, "alpha") - blocks
    said = sent(net, since)
    assert n_blocks == 2, "one with the payment, one that shows it final"
    assert said == {"block": 2, "prepare": 2 * 4, "commit": 2 * 4}
    since = len(net.events)
    run(net, 5000)
    assert sent(net, since) == {}


@pytest.mark.parametrize("other", ["poa", "dpos-bbft", "solo"])
def test_pbft_takes_over_and_hands_over_with_locks_on_the_way(other: str):
    net = opened(other)
    locks = [net.lock("alice", BTM_UNITS, "BTM", "alpha")]
    for engine in ("pbft", other):
        epoch, closing = net.show("alpha")["epoch"], net.request_swap("alpha", engine)
        locks.append(net.lock("alice", BTM_UNITS, "BTM", "alpha"))
        with hurry(net):
            run_until(net, lambda: net.show("alpha")["epoch"] > epoch)  # noqa: B023
            run_until(net, lambda: final(net) > closing)  # noqa: B023
        assert net.show("alpha")["rule"] == engine
    run_until(net, lambda: all(net.transfer(it).stage == "claimed" for it in locks))
    assert net.balance("alice", "alpha", "BTM") == 53 * BTM_UNITS
    assert all_books_hold(net)


def test_one_closing_block_is_enough_to_leave_pbft(four: Network):
    net = branch(four)
    closing = net.request_swap("alpha", "poa")
    with hurry(net):
        run_until(net, lambda: net.show("alpha")["epoch"] == 1)
        run_until(net, lambda: final(net) > closing)
    side = net.world.sidechain("alpha")
    assert side is not None
    first = side.tree[side.head]
    while first.header.epoch:
        block, first = first, side.tree[first.header.previous]
    assert first.height == closing + 1
    assert block.height == closing + 2


def test_four_of_seven_finalise_nothing_and_go_on_once_the_cut_is_healed(
    seven: Network,
):
    net = branch(seven)
    held = final(net)
    net.partition("alpha", (SEVEN[:3], SEVEN[3:]))
    pay(net)
    run(net, 12_000)
    assert final(net) <= held + 1  # What was under way when the cut was made.
    net.heal("alpha")
    assert goes_on(net) < 10_000
    assert all_books_hold(net)


def test_two_of_seven_may_be_killed_and_three_stop_the_chain(seven: Network):
    net = branch(seven)
    faults = [net.start_fault("kill", "alpha", name) for name in SEVEN[:2]]
    assert goes_on(net) < 20_000
    faults.append(net.start_fault("kill", "alpha", SEVEN[2]))
    run(net, 1000)
    held = final(net)
    pay(net)
    run(net, 10_000)
    assert final(net) == held
    for fault in faults:
        net.mend(fault.id)
    assert goes_on(net) < 10_000
    assert all_books_hold(net)


@pytest.mark.parametrize("after_ms", [60, 140, 180, 260])
def test_all_may_crash_at_any_moment_of_a_block_and_go_on(four: Network, after_ms: int):
    net = branch(four)
    pay(net)
    run(net, after_ms)
    faults = [net.start_fault("kill", "alpha", name) for name in SEVEN[:4]]
    run(net, 2000)
    for fault in faults:
        net.mend(fault.id)
    assert goes_on(net) < 10_000
    assert all_books_hold(net)


@pytest.mark.parametrize("lie", ["equivocate", "vote-twice", "propose-invalid"])
def test_one_liar_of_four_costs_views_and_nothing_else(four: Network, lie: str):
    net = branch(four)
    fault = net.start_fault(lie, "alpha", "v2")
    for _ in range(3):
        assert goes_on(net) < 20_000
    net.mend(fault.id)
    goes_on(net)
    side = net.world.sidechain("alpha")
    assert side is not None
    run(net, 3000)
    assert len({node.head for node in side.nodes}) <= 2
    assert all_books_hold(net)
