"""
Random round trips against an account that knows nothing of chains. The auditor looks
after every block, and what it keeps is what it counts.
"""

from __future__ import annotations

import contextlib
from random import Random

import pytest

from devnet.engine.errors import SwapError
from devnet.engine.events import Audited, BlockUndone
from devnet.engine.network import Network, SidechainSpec
from tests.engine.accounts import Life, Model, begun, differences
from tests.engine.support import (
    BTM_UNITS,
    all_books_hold,
    branch,
    deliver,
    deposit,
    forget,
    main_block,
    meddle,
    mine_branch,
    network,
    run,
    run_until,
    said,
    settle,
)

SIDES = (
    SidechainSpec("alpha", "pow"),
    SidechainSpec("beta", "solo"),
    SidechainSpec("gamma", "dpos-bbft"),
)
CHAINS = tuple(side.name for side in SIDES)
DEPTH = 2
TRIPS = 50
REST_MS = 900_000


@pytest.fixture(scope="module", params=[0, 1000])
def world(request: pytest.FixtureRequest) -> Network:
    net = network(SIDES, depth=DEPTH, relay_fee_ppm=request.param)
    for side in SIDES:
        for who in ("alice", "bob"):
            deposit(net, 20 * BTM_UNITS, "BTM", side.name, who=who)
        deposit(net, 50_000, "GOLD", side.name)
    return net


def trouble(net: Network, chance: Random) -> None:
    """Something or somebody breaks, or is mended; coordinators forget."""
    match chance.randrange(11):
        case 0 | 1:
            net.switch_member(
                f"fed-{chance.randrange(1, 5)}", off=chance.random() < 0.4
            )
        case 2:
            depth = chance.randrange(1, DEPTH + 1)
            fork = main_block(net, net.main_height() - depth)
            # A block under way, or a tie, would make it deeper than all must bear.
            if {node.view.tip for node in net.world.main_nodes} == {net.world.main_tip}:
                deliver(net, *mine_branch(net, fork, depth + 2))
        case 3 | 4:
            with contextlib.suppress(SwapError):
                rule = chance.choice(("poa", "dpos-bbft", "solo", "dpos"))
                net.request_swap(chance.choice(("beta", "gamma")), rule)
        case 5 | 6 | 7:
            # Not so long that either half takes anything for final.
            net.partition("alpha", (("v1", "v2"), ("v3", "v4")))
            run(net, 4000)
            net.heal("alpha")
        case 8 | 9:
            one = chance.choice(net.world.collectors)
            net.switch_collector(one.name, off=chance.random() < 0.4)
        case 10:
            turn = meddle(net)
            forget(turn)
            settle(net, turn)


def live(world: Network, seed: int, n_trips: int) -> tuple[Network, Model]:
    """Trips there and back, many at once, until so many have begun; then rest."""
    net, chance = branch(world), Random(seed)
    model = begun(net, net.config.relay_fee_ppm, CHAINS)
    life = Life(net, chance, model, CHAINS)
    while model.n_trips < n_trips:
        for _ in range(chance.randrange(2, 5)):
            life.lock()
            life.withdraw()
        chance.choice((life.transfer, life.burn, life.give))()
        trouble(net, chance)
        run(net, chance.randrange(50, 1200))
        chain = chance.choice(CHAINS)
        kept, counted = net.audit(chain, from_scratch=False), net.audit(chain)
        assert kept.sums == counted.sums
        assert counted.ok, counted.findings
    come_to_rest(net, model)
    return net, model


def come_to_rest(net: Network, model: Model) -> None:
    """Everybody is back; then everything that was begun ends."""
    for member in net.world.members:
        net.switch_member(member.name, off=False)
    for collector in net.world.collectors:
        net.switch_collector(collector.name, off=False)
    end_ms = net.now_ms + REST_MS
    while differences(net, model, CHAINS) and net.now_ms < end_ms:
        assert run(net, 2000) == "reached"
    run_until(net, lambda: not net.world.open_transfers, REST_MS)


def check(net: Network, model: Model) -> None:
    """The chains against the model."""
    assert not differences(net, model, CHAINS)
    assert all(event.ok for event in said(net, Audited))
    assert all_books_hold(net)


@pytest.mark.parametrize("seed", [3, 4])
def test_random_round_trips_leave_everybody_what_the_account_says(
    world: Network, seed: int
):
    net, model = live(world, seed, TRIPS)

    check(net, model)
    assert model.n_refused < model.n_trips
    for chain in ("main", "alpha"):
        assert said(net, BlockUndone, chain=chain), "nothing was ever taken back"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 200))
def test_ten_thousand_random_round_trips(world: Network, seed: int):
    """Two fees, a hundred seeds each."""
    check(*live(world, seed, TRIPS))


def test_the_account_would_notice_a_single_unit(world: Network):
    net = branch(world)
    model = begun(net, 0, CHAINS)
    assert not differences(net, model, CHAINS)
    model.has["xena", "main", "GOLD"] += 1
    model.has["alice", "gamma", "BTM"] -= 1
    model.vault["beta", "GOLD"] += 1

    assert len(differences(net, model, CHAINS)) == 3
