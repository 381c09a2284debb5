"""What is set by hand: when blocks come, what the clock says, who forgets what."""

from __future__ import annotations

import pytest

from devnet.engine.actors.steering import NotWaiting, TimeGoneBy
from devnet.engine.codec import address_of_program
from devnet.engine.errors import BadValue, InsufficientFunds, UnknownName
from devnet.engine.events import TxDropped
from devnet.engine.mainchain.accounts import play_account
from tests.engine.support import BTM_UNITS, THREE, height, network, run, run_blocks


def newest_block_ms(net):
    world = net.world
    return world.tree[world.main_tip].block.header.timestamp * 1000


def test_with_mining_off_no_block_comes_until_somebody_digs():
    net = network(())
    net.set_automine("off")
    before = height(net, "main")
    net.transfer_value("alice", "bob", 5, "BTM", "main")

    run(net, 60_000)
    assert height(net, "main") == before

    net.set_hurry(1, mines=True)
    run(net, 10_000)
    assert height(net, "main") > before


def test_on_transaction_a_block_comes_for_what_waits_and_no_other():
    net = network(())
    net.set_automine("on_transaction")
    run(net, 60_000)
    before = height(net, "main")

    net.transfer_value("alice", "bob", 5, "BTM", "main")
    run(net, 60_000)

    assert 1 <= height(net, "main") - before <= 2
    assert not net.world.main_nodes[0].pool.order


def test_an_interval_sets_the_pace():
    net = network(())
    net.set_automine("interval", 30_000)
    before = height(net, "main")

    run(net, 300_000)

    assert 8 <= height(net, "main") - before <= 10


@pytest.mark.parametrize(("mode", "ms"), [("always", 0), ("interval", 0)])
def test_a_way_of_mining_that_is_none_changes_nothing(mode, ms):
    net = network(())

    with pytest.raises(BadValue):
        net.set_automine(mode, ms)

    assert net.steering.automine == "world"


def test_all_chains_go_on_after_the_clock_was_moved_by_a_year():
    net = network(THREE)
    run(net, 3_000)
    before = {name: height(net, name) for name in net.chain_names()}

    net.set_clock(net.wall_ms + 366 * 86_400_000)
    run_blocks(net, "main", 3)

    assert newest_block_ms(net) >= 1735689600_000 + 366 * 86_400_000
    assert all(height(net, name) > low for name, low in before.items())


def test_the_clock_does_not_go_back_behind_a_block():
    net = network(())
    run_blocks(net, "main", 1)
    net.set_clock(net.wall_ms + 5_000)
    at_ms = net.wall_ms

    with pytest.raises(TimeGoneBy):
        net.set_clock(newest_block_ms(net) - 1)

    assert net.wall_ms == at_ms
    net.set_clock(newest_block_ms(net))
    assert net.wall_ms < at_ms


def test_a_dropped_transaction_is_forgotten_everywhere_with_what_follows_it():
    net = network(())
    before = net.balance("bob", "main", "BTM")
    first = net.give("bob", 7 * BTM_UNITS, "BTM")
    after = net.give("bob", 3 * BTM_UNITS, "BTM")  # It spends the change of the first.

    net.drop_transaction("main", bytes.fromhex(first))
    run_blocks(net, "main", 3)

    assert net.balance("bob", "main", "BTM") == before
    dropped = [one.id for one in net.events if isinstance(one, TxDropped)]
    assert dropped == [first, after]


def test_a_dropped_payment_on_a_sidechain_is_forgotten_too():
    net = network()
    net.lock("alice", 9 * BTM_UNITS, "BTM", "gamma")
    run_blocks(net, "main", 6)
    paid = net.transfer_value("alice", "bob", BTM_UNITS, "BTM", "gamma")

    net.drop_transaction("gamma", bytes.fromhex(paid))
    run_blocks(net, "main", 3)

    assert net.balance("bob", "gamma", "BTM") == 0


def test_what_does_not_wait_cannot_be_dropped():
    net = network()

    with pytest.raises(NotWaiting):
        net.drop_transaction("gamma", bytes(32))


def test_coins_for_nothing_arrive_at_accounts_and_addresses():
    net = network(())
    before = net.balance("carol", "main", "BTM")
    gold = net.balance("bob", "main", "GOLD")
    address = address_of_program(play_account("bob").program, "sm")

    for _ in range(3):
        net.give("carol", 1_000_000 * BTM_UNITS, "BTM")
    net.give(address, 5, "GOLD")
    run_blocks(net, "main", 3)

    assert net.balance("carol", "main", "BTM") - before == 3_000_000 * BTM_UNITS
    assert net.balance("bob", "main", "GOLD") == gold + 5


def test_new_units_are_made_where_nobody_has_so_many():
    net = network(())
    net.issue("alice", 10, "silver", decimals=0)
    run_blocks(net, "main", 2)

    net.give("bob", 25, "silver")
    run_blocks(net, "main", 2)

    assert net.balance("bob", "main", "silver") == 25


def test_nobody_gives_what_nobody_has():
    net = network(())

    with pytest.raises(InsufficientFunds):
        net.give("bob", 2**62, "BTM")
    with pytest.raises(UnknownName):
        net.give("dora", 1, "BTM")
    assert not net.world.main_nodes[0].pool.order
