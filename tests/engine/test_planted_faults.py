"""
Does the auditor see? Rules are broken one by one, each with an attacker who makes use
of it; what is not caught within one block fails the test. And where nothing is broken,
nothing is found.
"""

from __future__ import annotations

from random import Random

import pytest

from devnet.engine.errors import DevnetError
from devnet.engine.events import ClaimJudged, InvariantBroken
from devnet.engine.federation.payout_errors import PayoutRefused
from devnet.engine.network import Network, SidechainSpec
from tests.engine.plants import CHAIN, OPEN, PLANTS, claims_of_all_branches
from tests.engine.support import (
    BTM_UNITS,
    ONE_SOLO,
    all_books_hold,
    branch,
    deposit,
    height,
    hurry,
    meddle,
    network,
    run,
    run_until,
    said,
)

LIMIT_MS = 6000
CLEAN_RUNS, MANY_CLEAN_RUNS = 25, 1000


@pytest.fixture(scope="module")
def world() -> Network:
    """
    Two old deposits, one withdrawal that waits for the members, and a lock that is
    settled but that its collector does not claim.
    """
    net = network(ONE_SOLO, n_collectors=1, depth=1, relay_fee_ppm=1000)
    deposit(net, 50 * BTM_UNITS, "BTM", CHAIN)
    deposit(net, 40 * BTM_UNITS, "BTM", CHAIN, who="bob")
    with hurry(net):
        goal = net.main_height() + 20
        run_until(net, lambda: net.main_height() >= goal, 600_000)
    for member in net.world.members:
        net.switch_member(member.name, off=True)
    net.withdraw("alice", 2 * BTM_UNITS, "BTM", CHAIN, "bob")
    net.lock("alice", 5 * BTM_UNITS, "BTM", CHAIN)
    run_until(net, lambda: net.transfer(OPEN).stage == "proof")
    return net


@pytest.mark.parametrize("name", sorted(PLANTS))
def test_a_planted_fault_is_caught_within_one_block(
    name: str, world: Network, monkeypatch
):
    plant, net = PLANTS[name], branch(world)
    plant.plant(monkeypatch)
    before = height(net, plant.chain)
    plant.attack(net)
    with hurry(net):
        answer = run(net, LIMIT_MS)

    assert answer == "breach", f"nobody noticed that {plant.rule} was off"
    found = said(net, InvariantBroken)
    assert {event.invariant for event in found} >= plant.breaks
    assert not all_books_hold(net)
    # Time stands still since the block that held the attack.
    first = net.world.breaches[0]
    at = first.main if plant.chain == "main" else first.side
    assert before < at.height == height(net, plant.chain) <= before + 2
    assert at.hash.hex() == net.show(plant.chain)["tip"]


@pytest.mark.parametrize(
    "name", sorted(name for name in PLANTS if PLANTS[name].refused_by)
)
def test_the_same_attack_fails_by_the_rule_that_was_broken(name: str, world: Network):
    plant, net = PLANTS[name], branch(world)
    try:
        plant.attack(net)
    except PayoutRefused as error:
        refused = {error.check}
    else:
        run(net, 60)
        refused = {event.failed for event in said(net, ClaimJudged) if event.failed}
    with hurry(net):
        run(net, LIMIT_MS // 4)

    assert refused == {plant.refused_by}
    assert all_books_hold(net)


def test_a_breach_names_the_sum_that_moved(world: Network, monkeypatch):
    net = branch(world)
    PLANTS["any-payee"].plant(monkeypatch)
    PLANTS["any-payee"].attack(net)
    with hurry(net):
        run(net, LIMIT_MS)
    (breach,) = [one for one in net.world.breaches if one.invariant == "I1"]

    assert breach.terms == ("locked",)
    assert breach.moved == "locked fell by 2 BTM, leaving and arriving did not move"
    (event,) = said(net, InvariantBroken, invariant="I1")
    assert (event.moved, event.terms) == (breach.moved, breach.terms)
    assert event.main_id == breach.main.hash.hex()


def test_a_claimed_set_that_forgets_to_forget_is_caught(monkeypatch):
    """A claim stands in a block that is lost; the set keeps it, on every branch."""
    net = network((SidechainSpec("alpha", "pow"),), depth=1)
    deposit(net, 50 * BTM_UNITS, "BTM", "alpha")
    claims_of_all_branches(monkeypatch)
    net.lock("alice", 3 * BTM_UNITS, "BTM", "alpha")
    net.partition("alpha", (("v1",), ("v2", "v3", "v4")))
    with hurry(net):
        answer = run(net, 60_000)

    assert answer == "breach"
    (first, *_) = said(net, InvariantBroken)
    assert (first.invariant, first.terms) == ("I1", ("arriving",))
    assert first.moved == "arriving fell by 3 BTM, locked did not move"
    assert net.balance("alice", "alpha", "BTM") == 50 * BTM_UNITS


# Where nothing is broken, nothing is found.


def clean_run(seed: int) -> Network:
    """A short busy life of a small world."""
    chance = Random(seed)
    engine = chance.choice(("solo", "poa", "dpos-bbft", "bbft"))
    net = network(
        (SidechainSpec(CHAIN, engine),), seed=seed, depth=chance.randrange(1, 4),
        relay_fee_ppm=chance.choice((0, 1000)),
    )  # fmt: skip
    with hurry(net):
        for _ in range(4):
            who = chance.choice(("alice", "bob", "carol"))
            try:
                if chance.random() < 0.6:
                    net.lock(who, chance.randrange(1, 9) * BTM_UNITS, "BTM", CHAIN)
                else:
                    amount = chance.randrange(1, BTM_UNITS)
                    net.withdraw(who, amount, "BTM", CHAIN)
            except DevnetError:
                pass  # Not enough yet.
            run(net, chance.randrange(100, 1500))
    return net


@pytest.mark.parametrize("seed", range(CLEAN_RUNS))
def test_a_clean_run_raises_no_alarm(seed: int):
    net = clean_run(seed)

    assert not net.world.breaches
    assert all_books_hold(net)
    assert meddle(net).transfers


@pytest.mark.long
def test_a_thousand_clean_runs_raise_no_alarm():
    for seed in range(CLEAN_RUNS, CLEAN_RUNS + MANY_CLEAN_RUNS):
        assert all_books_hold(clean_run(seed)), seed
