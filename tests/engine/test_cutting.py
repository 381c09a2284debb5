"""A chain's network cut in two, and joined again."""

from __future__ import annotations

import pytest

from devnet.engine.actors.cutting import AlreadyCut, NotCut
from devnet.engine.errors import BadValue, UnknownName
from tests.engine import support
from tests.engine.support import BTM_UNITS, THREE


def heights(network):
    tree = network.world.tree
    return [tree[node.view.tip].height for node in network.world.main_nodes]


def grow_apart(network):
    """Both sides of a cut mainchain mine until the second is ahead."""
    network.set_hurry(1)
    support.run_until(network, lambda: heights(network)[1] > heights(network)[0])
    network.set_hurry(-1)


def test_two_sides_of_a_cut_mainchain_follow_two_tips_and_one_after_healing():
    network = support.network(THREE)
    assert network.partition("main") == (("node-0",), ("node-1",))

    grow_apart(network)
    tips = {node.view.tip for node in network.world.main_nodes}
    ahead = network.world.main_nodes[1].view.tip
    network.heal("main")
    support.run(network, 200)

    assert len(tips) == 2
    assert network.world.main_tip == ahead
    followers = [node for side in network.world.sidechains for node in side.nodes]
    assert {node.main.tip for node in followers} == {ahead}


def test_a_lock_of_the_losing_side_goes_back_to_the_mempool_and_is_mined_again():
    network = support.network(THREE, depth=30)
    network.partition("main")
    transfer = network.lock("alice", 5 * BTM_UNITS, "BTM", "gamma")
    grow_apart(network)
    assert network.transfer(transfer).stage == "confirm"

    network.heal("main")
    support.run(network, 100)
    stage_after_healing = network.transfer(transfer).stage
    support.run_until(network, lambda: network.transfer(transfer).stage == "claimed")

    assert stage_after_healing == "lock"
    assert network.balance("alice", "gamma", "BTM") == 5 * BTM_UNITS
    assert network.audit("gamma").ok


def test_half_of_the_validators_certify_nothing_until_the_cut_is_healed():
    network = support.network(THREE)
    network.partition("alpha", (("v1", "v2"), ("v3", "v4")))
    network.set_hurry(1)
    support.run(network, 8_000)
    final_while_cut = network.show("alpha")["final"]

    network.heal("alpha")
    support.run(network, 4_000)
    network.set_hurry(-1)
    support.run(network, 3_000)

    assert final_while_cut == 0
    assert network.show("alpha")["final"] > 0
    assert len({node.head for node in network.world.sidechain("alpha").nodes}) == 1


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda network: network.heal("main"), NotCut),
        (lambda network: network.partition("nowhere"), UnknownName),
        (lambda network: network.partition("alpha", (("v1", "v9"),)), BadValue),
        (lambda network: network.partition("alpha", (("v1",), ("v1",))), BadValue),
        (lambda network: network.partition("main", (("node-0", "node-1"),)), BadValue),
    ],
)
def test_a_cut_that_makes_no_sense_is_refused_and_changes_nothing(act, error):
    network = support.network(THREE)
    before = network.world

    with pytest.raises(error):
        act(network)

    assert network.world is before


def test_a_chain_is_cut_once_at_a_time():
    network = support.network(THREE)
    network.partition("main")

    with pytest.raises(AlreadyCut):
        network.partition("main")
