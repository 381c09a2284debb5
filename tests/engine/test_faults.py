"""Networks and validators broken on purpose, and mended."""

from __future__ import annotations

import pytest

from devnet.engine.actors.faulting import AlreadyBroken, UnknownFault
from devnet.engine.actors.faultkinds import NETWORK, VALIDATOR
from devnet.engine.errors import BadValue, UnknownName
from devnet.engine.events import BlockRefused, FaultEnded, ValidatorChanged
from devnet.engine.network import Network
from tests.engine.support import (
    BTM_UNITS,
    THREE,
    all_books_hold,
    deposit,
    hurry,
    network,
    run,
    run_until,
    said,
)

CHAINS = ("alpha", "gamma")
"""Not beta: what poa calls final is a bet on delivery, and loses it when it is bad."""
BROKEN = {
    kind.name: (f"v{2 + index % 3}" if kind.target == "validator" else "")
    for index, kind in enumerate((*NETWORK, *VALIDATOR))
}
"""Never v1, who alone seals on gamma."""


def heads(net: Network, chain: str) -> set[bytes]:
    side = net.world.sidechain(chain)
    assert side is not None
    return {node.head for node in side.nodes}


@pytest.mark.parametrize("name", BROKEN)
def test_chains_go_on_under_one_fault_and_agree_once_it_is_mended(name: str):
    net = network(THREE)
    ids = [net.start_fault(name, chain, BROKEN[name]).id for chain in CHAINS]
    lock = net.lock("alice", BTM_UNITS, "BTM", "alpha")
    with hurry(net):
        run(net, 12_000)
        finals = [net.show(chain)["final"] for chain in CHAINS]
        for fault_id in ids:
            net.mend(fault_id)
        run_until(net, lambda: net.transfer(lock).stage == "claimed")
        run(net, 4_000)
        later = [net.show(chain)["final"] for chain in CHAINS]
    run_until(net, lambda: all(len(heads(net, chain)) == 1 for chain in CHAINS))

    assert min(finals) > 0
    assert all(new > old for old, new in zip(finals, later, strict=True))
    assert net.balance("alice", "alpha", "BTM") == BTM_UNITS
    assert all_books_hold(net)


def test_a_killed_validator_keeps_what_it_may_sign_and_loses_its_pool():
    net = network(THREE)
    deposit(net, BTM_UNITS, "BTM", "alpha")
    net.transfer_value("alice", "bob", 1000, "BTM", "alpha")
    run(net, 60)
    side = net.world.sidechain("alpha")
    assert side is not None
    before = side.nodes[1]
    net.start_fault("kill", "alpha", "v2")
    side = net.world.sidechain("alpha")
    assert side is not None
    after = side.nodes[1]

    assert len(before.pool)
    assert not len(after.pool)
    assert after.ballots == before.ballots
    assert after.ballots[0].voted_round > 0
    assert after.head == before.head
    assert not len(after.engines)


def test_a_validator_votes_on_after_a_restart_and_never_in_a_round_of_before():
    net = network(THREE)
    with hurry(net):
        run(net, 4_000)
        fault = net.start_fault("kill", "alpha", "v2")
        side = net.world.sidechain("alpha")
        assert side is not None
        voted = side.nodes[1].ballots[0].voted_round
        n_events = len(net.events)
        net.mend(fault.id)
        run(net, 6_000)
    rounds = [
        event.round
        for event in net.events[n_events:]
        if type(event).__name__ == "ConsensusSent"
        and (event.chain, event.validator, event.what) == ("alpha", "v2", "vote")
    ]

    assert len(rounds) > 3
    assert min(rounds) > voted
    assert len(set(rounds)) == len(rounds)


def test_a_paused_validator_hears_later_what_came_meanwhile():
    net = network(THREE)
    with hurry(net):
        fault = net.start_fault("pause", "beta", "v3")
        run(net, 6_000)
        paused = net.world.sidechain("beta").nodes[2]
        net.mend(fault.id)
        run(net, 3_000)
    node = net.world.sidechain("beta").nodes[2]

    assert len(paused.inbox) > 5
    assert paused.final.height == 0
    assert node.inbox == ()
    assert node.final.height > 5


def test_blocks_of_a_fast_clock_are_refused_until_their_time_comes():
    net = network(THREE)
    with hurry(net):
        net.start_fault("clock-skew", "alpha", "v1", value=5_000)
        run(net, 10_000)
    refused = said(net, BlockRefused)

    assert {event.code for event in refused} == {"consensus.from-the-future"}
    assert {event.proposer for event in refused} == {"v1"}


def test_a_block_with_money_out_of_nothing_is_refused_by_everybody_else():
    net = network(THREE)
    with hurry(net):
        net.start_fault("propose-invalid", "alpha", "v1")
        run(net, 5_000)
    refused = [event for event in said(net, BlockRefused) if event.chain == "alpha"]

    assert {event.validator for event in refused} == {"v2", "v3", "v4"}
    assert {event.code for event in refused} == {"block.side-body"}
    assert "the coinbase of" in refused[0].reason


def test_a_fault_ends_by_itself_after_its_time_or_so_many_blocks():
    net = network(THREE)
    net.start_fault("loss", "beta", for_ms=2_000)
    net.start_fault("kill", "alpha", "v4", for_blocks=2)
    with hurry(net):
        run(net, 1_990)
        at_work = [fault.kind for fault in net.world.faults]
        run_until(net, lambda: not net.world.faults)

    assert at_work[0] == "loss"
    assert {event.fault for event in said(net, FaultEnded)} == {"loss", "kill"}
    states = [event.state for event in said(net, ValidatorChanged)]
    assert states == ["down", "up"]


def test_payments_go_through_another_validator_while_the_first_is_down():
    net = network(THREE)
    deposit(net, BTM_UNITS, "BTM", "alpha")
    net.start_fault("kill", "alpha", "v1")
    net.transfer_value("alice", "bob", 1000, "BTM", "alpha")
    run_until(net, lambda: net.balance("bob", "alpha", "BTM") == 1000)

    assert net.show("alpha")["height"] > 0


@pytest.mark.parametrize(
    ("wish", "error", "words"),
    [
        (("nonsense", "alpha"), UnknownFault, "nonsense"),
        (("kill", "alpha"), BadValue, "needs a sidechain's validator"),
        (("kill", "main", "node-0"), BadValue, "needs a sidechain's validator"),
        (("loss", "alpha", "v1"), BadValue, "a chain's network"),
        (("loss", "nowhere"), UnknownName, "nowhere"),
        (("kill", "alpha", "v9"), UnknownName, "v9"),
    ],
)
def test_what_cannot_be_broken_is_refused_and_nothing_changes(wish, error, words):
    net = network(THREE)
    before = net.world
    with pytest.raises(error) as caught:
        net.start_fault(*wish)
    assert words in caught.value.message
    assert net.world is before


def test_values_and_repetitions_are_checked():
    net = network(THREE)
    with pytest.raises(BadValue, match="1 to 100 %, not 101"):
        net.start_fault("loss", "alpha", value=101)
    with pytest.raises(BadValue, match="takes no value"):
        net.start_fault("kill", "alpha", "v1", value=3)
    net.start_fault("loss", "alpha")
    with pytest.raises(AlreadyBroken):
        net.start_fault("loss", "alpha")
    with pytest.raises(UnknownFault, match="f9"):
        net.mend("f9")


def test_the_same_seed_has_the_same_bad_luck():
    def story(seed: int) -> str:
        net = network(THREE, seed=seed)
        for name in ("loss", "duplicate", "reorder", "latency"):
            net.start_fault(name, "alpha")
        with hurry(net):
            run(net, 5_000)
        return net.digest()

    assert story(5) == story(5)
    assert story(5) != story(6)
