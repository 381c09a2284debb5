"""
Random round trips against a model that knows nothing of chains: who was paid what, and
what the federation must still hold. The auditor looks after every block.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from devnet.engine.bc.transaction import BTM
from devnet.engine.codec import address_of_program
from devnet.engine.errors import InsufficientFunds, PayoutError, SwapError
from devnet.engine.events import Audited
from devnet.engine.network import Network, SidechainSpec
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
    SidechainSpec("alpha", "poa"),
    SidechainSpec("beta", "solo"),
    SidechainSpec("gamma", "dpos-bbft"),
)
STRANGERS = [bytes.fromhex("0014" + f"{number:02x}" * 20) for number in (1, 2, 3)]
TRIPS, LONG_TRIPS = 20, 1000
PPM = 1000


@dataclass
class Model:
    """What should be: units by (program, asset), and held by (chain, asset)."""

    paid: Counter[tuple[bytes, str]] = field(default_factory=Counter)
    held: Counter[tuple[str, str]] = field(default_factory=Counter)
    withdrawals: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def world() -> Network:
    net = network(SIDES, depth=2, relay_fee_ppm=PPM)
    for side in SIDES:
        deposit(net, 500 * BTM_UNITS, "BTM", side.name)
        deposit(net, 50_000, "GOLD", side.name)
    return net


def one_trip(net: Network, chance: Random, model: Model) -> None:
    """Something goes down, something up, and perhaps something breaks meanwhile."""
    chain = chance.choice(SIDES).name
    asset = chance.choice(("BTM", "GOLD"))
    if chance.random() < 0.3:
        amount = chance.randrange(1, 3000) * (BTM_UNITS // 100 if asset == "BTM" else 1)
        net.lock("alice", amount, asset, chain)
        model.held[chain, asset] += amount
    amount = chance.randrange(1, 400 if asset == "GOLD" else 2 * BTM_UNITS)
    to = chance.choice(STRANGERS)
    address = address_of_program(to, net.world.tree.profile.hrp)
    try:
        name = net.withdraw("alice", amount, asset, chain, address)
    except (InsufficientFunds, PayoutError):
        pass  # Its change waits in a block, or a swap closes.
    else:
        model.withdrawals.append(name)
        model.paid[to, asset] += amount - amount * PPM // 1_000_000
        model.held[chain, asset] -= amount
    trouble(net, chance, chain)
    run(net, chance.randrange(20, 1500))


def trouble(net: Network, chance: Random, chain: str) -> None:
    """A member goes or comes back, a mainchain block is lost, memory is lost."""
    kind = chance.randrange(8)
    if kind == 0:
        net.switch_member(f"fed-{chance.randrange(1, 5)}", off=chance.random() < 0.5)
    elif kind == 1:
        fork = main_block(net, net.main_height() - 1)
        deliver(net, *mine_branch(net, fork, 2))
    elif kind == 2:
        turn = meddle(net)
        forget(turn)
        settle(net, turn)
    elif kind == 3 and chance.random() < 0.3:
        wanted = chance.choice(("poa", "dpos-bbft", "solo", "dpos"))
        with contextlib.suppress(SwapError):
            net.request_swap(chain, wanted)


def come_to_rest(net: Network) -> None:
    """Everybody is back; then everything that was begun ends."""
    for number in range(1, 5):
        net.switch_member(f"fed-{number}", off=False)
    run_until(
        net,
        lambda: not net.world.open_transfers,
        600_000,
    )


def check(net: Network, before: Network, model: Model) -> None:
    """The chains against the model."""
    coins = net.world.tree[net.world.main_tip].state.coins
    ids = {"BTM": BTM, "GOLD": net.asset("GOLD").id}
    for to in STRANGERS:
        for asset, asset_id in ids.items():
            assert coins.total_of(to, asset_id) == model.paid[to, asset]
    for side in SIDES:
        for sums in net.audit(side.name).sums:
            name = next(key for key in ids if ids[key] == sums.asset)
            (old,) = (
                one for one in before.audit(side.name).sums if one.asset == sums.asset
            )
            assert sums.locked == old.locked + model.held[side.name, name]
            assert (sums.leaving, sums.arriving, sums.difference) == (0, 0, 0)
    assert all(event.ok for event in said(net, Audited))
    assert all_books_hold(net)


def rounds(world: Network, seed: int, n_trips: int) -> int:
    """Returns how many withdrawals there were."""
    net, chance, model = branch(world), Random(seed), Model()
    for _ in range(n_trips):
        one_trip(net, chance, model)
    come_to_rest(net)
    assert all(net.transfer(name).stage == "settled" for name in model.withdrawals)
    check(net, world, model)
    return len(model.withdrawals)


@pytest.mark.parametrize("seed", range(1, 7))
def test_random_round_trips_pay_everybody_once_and_balance(world: Network, seed: int):
    assert rounds(world, seed, TRIPS) > TRIPS // 2


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 110))
def test_a_thousand_random_round_trips_balance(world: Network, seed: int):
    assert rounds(world, seed, LONG_TRIPS // 10) > LONG_TRIPS // 20


def test_the_model_would_notice_a_payout_that_never_came(world: Network):
    net, model = branch(world), Model()
    model.paid[STRANGERS[0], "GOLD"] = 1
    with pytest.raises(AssertionError):
        check(net, world, model)
    with pytest.raises(AssertionError):
        check(net, world, replace(Model(), held=Counter({("alpha", "BTM"): 1})))
