"""A mined sidechain in a whole world: works from outside, forks, swaps, weights."""

import pytest

from devnet.engine.actors.foreseeing import upcoming_works
from devnet.engine.errors import BadValue
from devnet.engine.events import BlockAdded, BlockFinal, BlockUndone
from devnet.engine.network import SidechainSpec
from tests.engine.support import (
    LateWorks,
    all_books_hold,
    claimed,
    deposit,
    height,
    hurry,
    network,
    run,
    run_until,
    said,
    tips,
)

MINED = (SidechainSpec("delta", "pow"),)


def test_a_lock_is_claimed_and_its_finality_told_as_a_bet():
    net = network(MINED)
    deposit(net, 5 * 10**8, "BTM", "delta")
    assert all_books_hold(net)
    assert {one.finality for one in said(net, BlockFinal, chain="delta")} == {"depth"}
    assert net.show("delta")["final"] == height(net, "delta") - 6


def test_works_that_come_late_change_no_hash():
    worlds = [network(MINED), network(MINED, works=LateWorks())]
    for net in worlds:
        deposit(net, 10**8, "BTM", "delta")
    assert tips(worlds[0]) == tips(worlds[1])


def test_the_next_try_of_each_miner_is_asked_for_ahead():
    net = network(MINED)
    with hurry(net):
        run_until(net, lambda: height(net, "delta") > 0)
        run(net, 1500)
        side = net.world.sidechain("delta")
        chain_id = side.tree.spec.chain_id
        tried = {hash_ for node in side.nodes for hash_ in node.filled}
        ahead = [hash_ for seed, hash_ in upcoming_works(net.world) if seed == chain_id]
    assert len(ahead) == 4 and set(ahead) == tried


def test_a_chain_that_rests_asks_for_no_work():
    net = network(MINED, idle_ms=60_000)
    run(net, 30_000)
    side = net.world.sidechain("delta")
    assert height(net, "delta") == 0 and not any(n.foreseen for n in side.nodes)


def test_a_healed_cut_undoes_the_lighter_side():
    net = network(MINED)
    name = net.lock("alice", 10**8, "BTM", "delta")
    net.partition("delta", (("v1", "v2"), ("v3", "v4")))
    with hurry(net):
        run_until(net, lambda: len({n.head for n in net.world.sidechains[0].nodes}) > 1)
        run(net, 4000)
        net.heal("delta")
        run(net, 30_000)
    assert claimed(net, name) and all_books_hold(net)
    side = net.world.sidechain("delta")
    forks = [
        entry
        for entry in side.tree.entries.values()
        if not side.tree.is_ancestor(entry.hash, side.head)
        and entry.height < side.final.height
    ]
    assert forks, "the lighter side built blocks that nobody follows now"
    undone = said(net, BlockUndone, chain="delta")
    assert all(one.height <= side.final.height for one in undone)


def test_a_cut_longer_than_depth_breaks_what_was_final():
    net = network((SidechainSpec("delta", "pow", params=(("depth", 1),)),))
    net.partition("delta", (("v1", "v2"), ("v3", "v4")))
    net.set_hurry(1)
    assert run(net, 60_000) == "breach"
    assert {one.invariant for one in net.world.breaches} == {"I6"}


def test_six_closing_blocks_lead_away_from_pow():
    net = network(MINED)
    closing = net.request_swap("delta", "dpos-bbft")
    run_until(net, lambda: net.show("delta")["epoch"] == 1)
    closers = [e.height for e in said(net, BlockAdded, chain="delta") if e.closing]
    assert closers == list(range(closing + 1, closing + 7))
    closing = net.request_swap("delta", "pow", params={"sha3": 1, "depth": 2})
    run_until(net, lambda: net.show("delta")["epoch"] == 2)
    deposit(net, 10**8, "BTM", "delta")
    assert all_books_hold(net) and net.rule("delta") == "pow"


# Weights.


def test_a_swap_gives_weights_by_name_and_one_where_none_is_named():
    net = network((SidechainSpec("delta", "pos", weights=(5, 3, 1, 1)),))
    assert weights_of(net) == {"v1": 5, "v2": 3, "v3": 1, "v4": 1}
    net.request_swap("delta", "pos", validators={"v4": 7, "v1": 2, "v2": 1})
    run_until(net, lambda: net.show("delta")["epoch"] == 1)
    assert weights_of(net) == {"v4": 7, "v1": 2, "v2": 1}
    net.request_swap("delta", "pos", validators=("v1", "v2", "v4"))
    run_until(net, lambda: net.show("delta")["epoch"] == 2)
    assert weights_of(net) == {"v1": 1, "v2": 1, "v4": 1}


def weights_of(net):
    side = net.world.sidechain("delta")
    rules = side.tree[side.head].state.rules
    return {one.name: one.weight for one in rules.validators}


@pytest.mark.parametrize("weight", [0, -1, 1_000_001])
def test_weights_out_of_bounds_are_refused(weight):
    net = network(MINED)
    before = net.digest()
    with pytest.raises(BadValue, match="weight"):
        net.request_swap("delta", "pos", validators={"v1": weight, "v2": 1})
    with pytest.raises(BadValue, match="weight"):
        net.new_sidechain("epsilon", "pos", 2, weights=(1, weight))
    with pytest.raises(BadValue, match="2 weights for 3 validators"):
        net.new_sidechain("epsilon", "pos", 3, weights=(1, 1))
    assert net.digest() == before
