"""What people ask for: it happens whole, or is refused in words and nothing happens."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from devnet.engine.actors.birth import MOST_VALIDATORS
from devnet.engine.errors import DevnetError
from devnet.engine.events import InvariantBroken, SidechainAdded
from devnet.engine.network import EngineFault, Network, SidechainSpec, WorldConfig
from devnet.worker import InProcessWorks
from tests.engine.support import (
    BTM_UNITS,
    ONE_SOLO,
    THREE,
    all_books_hold,
    branch,
    deposit,
    environment,
    hurry,
    network,
    run,
    run_until,
    said,
)

Ask = Callable[[Network], object]
TOO_MUCH = 200_000 * BTM_UNITS
"""More than any account has."""
MANY = MOST_VALIDATORS + 1


@pytest.fixture(scope="module")
def used() -> Network:
    """A world with a deposit on each sidechain, a payment and a lock on their way."""
    net = network(THREE)
    for chain in net.sidechain_names():
        deposit(net, 20 * BTM_UNITS, "BTM", chain)
    net.transfer_value("alice", "bob", BTM_UNITS, "BTM", "main")
    net.lock("bob", 5, "GOLD", "alpha")
    run(net, 100)
    return net


def assert_refused(net: Network, ask: Ask) -> DevnetError:
    """The asking is refused by name, with a sentence, and leaves no trace."""
    world, digest, n_events = net.world, net.digest(), len(net.events)
    with pytest.raises(DevnetError) as caught:
        ask(net)
    assert net.world is world, "not even an equal world: the same"
    assert (net.digest(), len(net.events)) == (digest, n_events)
    assert net.failure is None
    assert not isinstance(caught.value, EngineFault)
    assert caught.value.message
    assert len(caught.value.message) < 240
    return caught.value


REFUSED: list[tuple[str, Ask]] = [
    ("request.unknown-name", lambda n: n.lock("mallory", 1, "BTM", "alpha")),
    ("request.unknown-name", lambda n: n.lock("alice", 1, "SILVER", "alpha")),
    ("request.unknown-name", lambda n: n.lock("alice", 1, "BTM", "omega")),
    ("request.unknown-name", lambda n: n.lock("alice", 1, "BTM", "main")),
    ("request.unknown-name", lambda n: n.lock("alice", 1, "BTM", "alpha", "mallory")),
    ("request.bad-value", lambda n: n.lock("alice", 0, "BTM", "alpha")),
    ("request.bad-value", lambda n: n.lock("alice", -1, "BTM", "alpha")),
    ("request.bad-value", lambda n: n.lock("alice", 2**63, "BTM", "alpha")),
    ("request.bad-value", lambda n: n.lock("alice", 2**200, "GOLD", "alpha")),
    (
        "request.insufficient-funds",
        lambda n: n.lock("alice", TOO_MUCH, "BTM", "alpha"),
    ),
    ("request.insufficient-funds", lambda n: n.lock("bob", TOO_MUCH, "BTM", "beta")),
    ("request.insufficient-funds", lambda n: n.lock("bob", 10**7, "GOLD", "beta")),
    ("request.unknown-name", lambda n: _pay(n, "mallory", "bob", 1, "BTM", "main")),
    ("request.unknown-name", lambda n: _pay(n, "alice", "mallory", 1, "BTM", "main")),
    ("request.unknown-name", lambda n: _pay(n, "alice", "bob", 1, "SILVER", "main")),
    ("request.unknown-name", lambda n: _pay(n, "alice", "bob", 1, "BTM", "omega")),
    ("request.bad-value", lambda n: _pay(n, "alice", "bob", 0, "BTM", "alpha")),
    ("request.bad-value", lambda n: _pay(n, "alice", "bob", -5, "BTM", "main")),
    (
        "request.insufficient-funds",
        lambda n: _pay(n, "alice", "bob", 20 * BTM_UNITS, "BTM", "alpha"),
    ),
    (
        "request.insufficient-funds",
        lambda n: _pay(n, "carol", "bob", 1, "BTM", "alpha"),
    ),
    (
        "request.insufficient-funds",
        lambda n: _pay(n, "alice", "bob", 1, "GOLD", "beta"),
    ),
    ("request.unknown-name", lambda n: n.claim("d99")),
    ("request.unknown-name", lambda n: n.claim("")),
    ("request.not-settled", lambda n: n.claim("d4")),
    ("claim.replayed", lambda n: n.claim("d1")),
    ("request.name-taken", lambda n: n.new_sidechain("alpha", "poa")),
    ("request.name-taken", lambda n: n.new_sidechain("main", "poa")),
    ("request.name-taken", lambda n: n.new_sidechain("fed", "poa")),
    ("request.name-taken", lambda n: n.new_sidechain("alice", "poa")),
    ("request.bad-value", lambda n: n.new_sidechain("", "poa")),
    ("request.bad-value", lambda n: n.new_sidechain("Delta", "poa")),
    ("request.bad-value", lambda n: n.new_sidechain("del ta", "poa")),
    ("request.bad-value", lambda n: n.new_sidechain("delta\n", "poa")),
    ("request.bad-value", lambda n: n.new_sidechain("-delta", "poa")),
    ("request.bad-value", lambda n: n.new_sidechain("d/e", "poa")),
    ("request.bad-value", lambda n: n.new_sidechain("d" * 17, "poa")),
    ("plugin.unknown", lambda n: n.new_sidechain("delta", "paxos")),
    ("plugin.unknown", lambda n: n.new_sidechain("delta", "poa", store="stone")),
    ("request.bad-value", lambda n: n.new_sidechain("delta", "poa", 0)),
    ("request.bad-value", lambda n: n.new_sidechain("delta", "poa", -1)),
    ("request.bad-value", lambda n: n.new_sidechain("delta", "poa", MANY)),
    (
        "request.bad-value",
        lambda n: n.new_sidechain("delta", "poa", params={"speed": 3}),
    ),
    (
        "request.bad-value",
        lambda n: n.new_sidechain("delta", "poa", params={"interval_ms": -3}),
    ),
    ("request.unknown-name", lambda n: n.balance("mallory", "main", "BTM")),
    ("request.unknown-name", lambda n: n.balance("alice", "omega", "BTM")),
    ("request.unknown-name", lambda n: n.balance("alice", "main", "SILVER")),
    ("request.unknown-name", lambda n: n.show("omega")),
    ("request.unknown-name", lambda n: n.rule("main")),
    ("request.unknown-name", lambda n: n.audit("main")),
    ("request.unknown-name", lambda n: n.backed("omega")),
    ("request.unknown-name", lambda n: n.frozen("omega")),
    ("request.unknown-name", lambda n: n.transfer("d99")),
    ("request.unknown-name", lambda n: n.address("mallory")),
    ("request.unknown-name", lambda n: n.inspect_claim("d99")),
    ("request.unknown-name", lambda n: n.inspect_claim("d1", "everything")),
    ("request.not-settled", lambda n: n.inspect_claim("d4")),
]  # fmt: skip


def _pay(net: Network, *payment: object) -> str:
    return net.transfer_value(*payment)  # type: ignore[arg-type]


@pytest.mark.parametrize(("code", "ask"), REFUSED)
def test_what_cannot_be_is_refused_and_leaves_no_trace(
    code: str, ask: Ask, used: Network
):
    assert assert_refused(used, ask).code == code


def test_after_all_those_refusals_the_world_goes_on(used: Network):
    net, untouched = branch(used), branch(used)
    for _, ask in REFUSED:
        assert_refused(net, ask)
    for one in (net, untouched):
        run(one, 3000)

    assert net.digest() == untouched.digest()
    assert net.events == untouched.events


def test_refusals_say_what_there_is_instead(used: Network):
    wrong_account = assert_refused(used, lambda n: n.balance("mallory", "main", "BTM"))
    wrong_asset = assert_refused(used, lambda n: n.balance("alice", "main", "SILVER"))
    wrong_chain = assert_refused(used, lambda n: n.show("omega"))
    wrong_transfer = assert_refused(used, lambda n: n.transfer("d99"))

    assert "alice, bob, carol" in wrong_account.hint
    assert "BTM, GOLD" in wrong_asset.hint
    assert "alpha, beta, gamma" in wrong_chain.hint
    assert "d1, d2, d3, d4" in wrong_transfer.hint


def test_an_account_cannot_spend_the_same_coins_twice_before_a_block():
    net = network(ONE_SOLO)
    half = 60_000 * BTM_UNITS
    net.lock("alice", half, "BTM", "gamma")

    error = assert_refused(net, lambda n: n.lock("alice", half, "BTM", "gamma"))

    assert error.code == "request.insufficient-funds"


def test_to_hurry_more_often_than_to_rest_keeps_the_pace():
    net = network(ONE_SOLO)
    net.set_hurry(-1)
    with hurry(net):
        assert net.world.hurry == 1
        run(net, 5000)
        fast = net.show("gamma")["height"]
    run(net, 5000)

    assert net.world.hurry == 0
    assert fast >= 15
    assert net.show("gamma")["height"] <= fast + 3


# Worlds that cannot begin.


@pytest.mark.parametrize(
    ("code", "config"),
    [
        ("request.bad-value", {"seed": -1}),
        ("request.bad-value", {"seed": 2**63}),
        ("request.bad-value", {"depth": 0}),
        ("request.bad-value", {"depth": 101}),
        ("request.bad-value", {"relay_fee_ppm": -1}),
        ("request.bad-value", {"relay_fee_ppm": 10**6}),
        ("request.bad-value", {"n_miners": 0}),
        ("request.bad-value", {"n_miners": 9}),
        ("request.bad-value", {"idle_ms": 0}),
        ("request.bad-value", {"low_latency_ms": 50}),
        ("request.bad-value", {"low_latency_ms": -1}),
        ("request.bad-value", {"high_latency_ms": 10**9}),
        ("request.bad-value", {"profile": "slow"}),
        ("request.name-taken", {"sidechains": (*ONE_SOLO, *ONE_SOLO)}),
        ("request.name-taken", {"sidechains": (SidechainSpec("main", "solo"),)}),
        ("plugin.unknown", {"sidechains": (SidechainSpec("alpha", "paxos"),)}),
    ],
)
def test_a_world_that_cannot_be_does_not_begin(code: str, config: dict[str, object]):
    with pytest.raises(DevnetError) as caught:
        Network(WorldConfig(**config), environment())  # type: ignore[arg-type]

    assert caught.value.code == code


# Sidechains made at run time.


@pytest.mark.parametrize(
    ("engine", "store"),
    list(product(("solo", "poa", "dpos-bbft"), ("memory", "tinydb", "sqlite"))),
)
def test_a_sidechain_made_while_others_run_takes_deposits(
    engine: str, store: str, used: Network
):
    net = branch(used)
    net.new_sidechain("delta", engine, 5, store, {"interval_ms": 300})
    deposit(net, 5 * BTM_UNITS, "BTM", "delta")
    net.transfer_value("alice", "carol", BTM_UNITS, "BTM", "delta")
    run_until(net, lambda: net.balance("carol", "delta", "BTM") == BTM_UNITS)

    facts = net.show("delta")
    assert (facts["rule"], facts["store"], facts["epoch"]) == (engine, store, 0)
    assert facts["validators"] == ["v1", "v2", "v3", "v4", "v5"]
    assert facts["params"]["interval_ms"] == 300
    assert net.chain_names() == ("main", "alpha", "beta", "gamma", "delta")
    (added,) = said(net, SidechainAdded, name="delta")
    assert (added.engine, added.store, added.chain_id) == (
        engine,
        store,
        facts["chain_id"],
    )
    assert all_books_hold(net)


@pytest.mark.parametrize("n_validators", [1, 2, 3, 7, 32])
@pytest.mark.parametrize("engine", ["solo", "poa", "dpos-bbft"])
def test_any_number_of_validators_makes_a_sidechain_that_works(
    engine: str, n_validators: int
):
    net = network(())
    net.new_sidechain("delta", engine, n_validators)
    deposit(net, 5 * BTM_UNITS, "BTM", "delta")

    assert net.balance("alice", "delta", "BTM") == 5 * BTM_UNITS


def test_sidechains_of_equal_make_have_ids_and_addresses_of_their_own():
    """A lock for one must not be a lock for the other."""
    net = network(())
    net.new_sidechain("delta", "solo")
    net.new_sidechain("epsilon", "solo")
    first = net.lock("alice", BTM_UNITS, "BTM", "delta")
    second = net.lock("alice", BTM_UNITS, "BTM", "epsilon")

    assert net.show("delta")["chain_id"] != net.show("epsilon")["chain_id"]
    programs = {net.transfer(name).lock_program for name in (first, second)}
    assert len(programs) == 2


# Bugs.


def test_a_bug_in_an_act_is_no_traceback_and_changes_nothing(monkeypatch):
    net = network(ONE_SOLO)
    before = net.world
    monkeypatch.setattr("devnet.engine.actors.acts.pay", lambda *_, **__: 1 // 0)

    with pytest.raises(EngineFault, match="ZeroDivisionError"):
        net.lock("alice", 1, "BTM", "gamma")

    assert net.world is before
    monkeypatch.undo()
    deposit(net, 1, "BTM", "gamma")


def test_a_bug_in_a_step_stops_the_world_in_order_and_says_where(monkeypatch):
    net = network(ONE_SOLO)
    net.set_hurry(1)
    run(net, 600)

    def broken(*_: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr("devnet.engine.network.dispatch", broken)
    with pytest.raises(EngineFault, match="KeyError"):
        run(net, 1000)
    last = net.events[-1]
    digest = net.digest()
    with pytest.raises(EngineFault):
        run(net, 1000)
    with pytest.raises(EngineFault):
        net.lock("alice", 1, "BTM", "gamma")

    assert (last.kind, last.seq) == ("EngineFailed", len(net.events) - 1)
    assert last.at_ms == net.now_ms
    assert f"seed {net.config.seed}" in last.replay
    assert net.digest() == digest
    assert net.show("gamma")["height"] >= 0, "everything stays readable"
    assert said(net, InvariantBroken) == []


def test_a_world_waits_for_work_and_says_so():
    works = InProcessWorks(lambda header, seed: bytes(32))
    net = network(ONE_SOLO, works=works)
    net.set_hurry(1)
    world = net.world

    assert net.advance(5000) == "work"
    stopped = net.world
    assert net.advance(5000) == "work"
    assert net.world is stopped, "the same step, not taken"
    assert works.wait(0.0)
    assert net.advance(net.now_ms + 1) in ("reached", "work")
    assert world is not net.world


def test_running_can_be_stopped_between_two_steps():
    net = network(ONE_SOLO)
    net.set_hurry(1)
    steps = iter(range(1000))

    assert net.advance(60_000, keep_going=lambda: next(steps) < 9) == "stopped"
    assert next(steps) == 10
    assert net.now_ms < 60_000
