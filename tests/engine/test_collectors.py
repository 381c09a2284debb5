"""Several collectors: who claims a lock, when the next may, and what each remembers."""

from __future__ import annotations

from collections import Counter
from itertools import count

import pytest

from devnet.engine.actors.messages import CollectorWorks
from devnet.engine.bc.transaction import BTM
from devnet.engine.errors import BadValue, ClaimError, UnknownName
from devnet.engine.events import ActorChanged, ClaimCrafted, ClaimJudged
from devnet.engine.federation.turns import anybody_from, in_turn, members_from, order_of
from devnet.engine.keys.accounts import key_program
from devnet.engine.network import Network
from tests.engine.keptworlds import Disk, kept_network
from tests.engine.support import (
    BTM_UNITS,
    ONE_SOLO,
    branch,
    claimed,
    deliver,
    main_block,
    meddle,
    mine_branch,
    network,
    run,
    run_until,
    said,
    settle,
)

T, G = 3, 20


@pytest.fixture(scope="module")
def world() -> Network:
    return network(ONE_SOLO, depth=1, relay_fee_ppm=1000)


def assigned(net: Network, name: str) -> str:
    """The collector that a deposit's lock is assigned to."""
    return order_of(net.world.collectors, net.transfer(name).lock_id)[0].name


def lock_for(net: Network, collector: str) -> str:
    """A lock that is assigned to this collector."""
    for amount in count(BTM_UNITS):
        name = net.lock("alice", amount, "BTM", "gamma")
        if assigned(net, name) == collector:
            return name
    raise AssertionError


def age(net: Network, name: str) -> int:
    """Mainchain blocks since a deposit settled."""
    transfer, tip = net.transfer(name), net.world.tree[net.world.main_tip]
    coin = tip.state.deposit(transfer.lock_program, transfer.lock_id)
    return -1 if coin is None else tip.height - net.world.depth - coin.height


def crafted(net: Network, name: str) -> list[str]:
    return [event.collector for event in said(net, ClaimCrafted, transfer=name)]


def fees(net: Network, collector: str) -> int:
    side = net.world.sidechain("gamma")
    (one,) = (one for one in net.world.collectors if one.name == collector)
    return side.tree[side.head].state.coins.total_of(key_program(one.key), BTM)


# Turns, as numbers.


def test_the_lock_id_assigns_and_each_silence_lets_one_more():
    keys = (b"a", b"b", b"c")
    assert order_of(keys, (4).to_bytes(32, "big")) == (b"b", b"c", b"a")
    assert order_of((), bytes(32)) == ()
    turns = [
        in_turn(keys, (4).to_bytes(32, "big"), age) for age in (-1, 0, 2, 3, 6, 99)
    ]
    assert [len(one) for one in turns] == [0, 1, 1, 2, 3, 3]
    assert turns[3] == (b"b", b"c")
    assert (members_from(3), anybody_from(3, G)) == (9, 29)


# Turns, as they are taken.


def test_each_lock_is_claimed_by_the_collector_that_it_is_assigned_to(world: Network):
    net = branch(world)
    names = [net.lock("alice", BTM_UNITS + n, "BTM", "gamma") for n in range(8)]
    run_until(net, lambda: all(claimed(net, name) for name in names))

    wanted = [assigned(net, name) for name in names]
    assert [crafted(net, name) for name in names] == [[one] for one in wanted]
    assert set(wanted) == {"fed-1", "fed-2"}
    each = Counter(wanted)
    amounts = Counter[str]()
    for name, who in zip(names, wanted, strict=True):
        amounts[who] += net.transfer(name).amount // 1000
    assert {who: fees(net, who) for who in each} == dict(amounts)
    assert not [event for event in said(net, ClaimJudged) if event.failed]


def test_the_next_collector_claims_when_the_assigned_one_is_silent(world: Network):
    net = branch(world)
    net.switch_collector("fed-1", off=True)
    name = lock_for(net, "fed-1")
    run_until(net, lambda: crafted(net, name) != [])
    assert age(net, name) == T
    run_until(net, lambda: claimed(net, name))

    assert crafted(net, name) == ["fed-2"]
    assert fees(net, "fed-2") == net.transfer(name).amount // 1000
    assert said(net, ActorChanged, role="collector")[-1].state == "off"
    net.switch_collector("fed-1", off=False)
    run(net, 15_000)
    assert fees(net, "fed-1") == 0
    assert not any(one.pending for one in net.world.collectors)


def test_anybody_claims_without_a_fee_after_the_grace_and_not_before(world: Network):
    net = branch(world)
    for one in net.world.collectors:
        net.switch_collector(one.name, off=True)
    name = net.lock("alice", BTM_UNITS, "BTM", "gamma")
    run_until(net, lambda: age(net, name) == G - 1)
    first = assigned(net, name)
    with pytest.raises(
        ClaimError, match=f"turn of {first}, .*anybody may from main"
    ) as no:
        net.claim(name)
    assert no.value.code == "claim.collector-missing"
    opens = net.main_height() + 1
    assert f"main {opens} on" in no.value.message
    run_until(net, lambda: age(net, name) == G)
    run(net, 100)  # Until the validators have heard of the block, too.
    net.claim(name)
    run_until(net, lambda: claimed(net, name))
    assert net.balance("alice", "gamma", "BTM") == BTM_UNITS
    assert fees(net, "fed-1") == fees(net, "fed-2") == 0


def test_a_world_has_one_to_four_collectors():
    for n in (1, 4):
        net = network((), n_collectors=n)
        assert [one.name for one in net.world.collectors] == [
            f"fed-{index}" for index in range(1, n + 1)
        ]
    for n in (0, 5):
        with pytest.raises(BadValue, match="number of collectors must be from 1 to 4"):
            network((), n_collectors=n)
    with pytest.raises(UnknownName):
        net.switch_collector("fed-9", off=True)


# What one remembers.


def test_handing_in_twice_is_harmless(world: Network):
    net = branch(world)
    name = net.lock("alice", BTM_UNITS, "BTM", "gamma")
    run_until(net, lambda: crafted(net, name) != [])
    for _ in range(3):
        turn = meddle(net)
        for one in turn.collectors:
            turn.later(0, f"collector:{one.name}", CollectorWorks())
        settle(net, turn)
        run(net, 20)
    run_until(net, lambda: claimed(net, name))
    assert len(crafted(net, name)) == 1
    assert not [event for event in said(net, ClaimJudged) if event.failed]


def test_a_refusal_is_remembered_and_tried_again_at_the_next_anchor(world: Network):
    net = branch(world)
    fault = net.start_fault("inflate", "gamma")
    name = net.lock("alice", BTM_UNITS, "BTM", "gamma")
    (first,) = [one for one in net.world.collectors if one.name == assigned(net, name)]

    def refused() -> str:
        (one,) = [one for one in net.world.collectors if one.name == first.name]
        return next((lock.refused for lock in one.pending), "")

    run_until(net, lambda: refused() != "")
    assert refused().startswith("C")
    states = {fact.state for fact in net.collector_locks() if fact.transfer == name}
    assert "rejected" in states
    net.mend(fault.id)
    run_until(net, lambda: claimed(net, name))
    assert net.balance("alice", "gamma", "BTM") == BTM_UNITS - BTM_UNITS // 1000


def test_a_lock_that_leaves_the_best_chain_is_forgotten_and_found_again(world: Network):
    net = network(ONE_SOLO, depth=3)
    name = net.lock("alice", BTM_UNITS, "BTM", "gamma")
    run_until(net, lambda: age(net, name) == -3)
    run(net, 100)
    assert all(len(one.pending) == 1 for one in net.world.collectors)
    deliver(net, *mine_branch(net, main_block(net, net.main_height() - 1), 2))
    run(net, 100)
    assert all(one.pending == () for one in net.world.collectors)
    run_until(net, lambda: claimed(net, name))
    assert len(crafted(net, name)) == 1


@pytest.mark.parametrize("at", ["lock", "confirm", "proof", "claim"])
def test_a_restart_in_each_state_ends_in_one_claim(at: str):
    disk = Disk()
    net = kept_network(disk, ONE_SOLO)
    names = [net.lock("alice", BTM_UNITS + n, "BTM", "gamma") for n in range(2)]
    net.switch_collector("fed-1", off=True)
    run_until(net, lambda: net.transfer(names[0]).stage == at)
    net.close()

    again = kept_network(disk)
    assert [one.off for one in again.world.collectors] == [True, False]
    run_until(again, lambda: all(claimed(again, name) for name in names))
    run(again, 2000)
    assert again.balance("alice", "gamma", "BTM") == sum(
        again.transfer(name).amount for name in names
    )
    again.close()
