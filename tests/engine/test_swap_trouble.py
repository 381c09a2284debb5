"""Swaps that meet trouble: cuts, crashes, missing engines, lists that change."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from devnet.engine.events import InvariantBroken, RuleSwapped, SwapDropped, TxDropped
from devnet.engine.network import Network
from devnet.plugins import BUILTIN_ENGINES
from tests.engine.chaincheck import best_chain, check_all, head_of, side_of
from tests.engine.purse import Purse
from tests.engine.support import (
    BTM_UNITS,
    all_books_hold,
    branch,
    deposit,
    height,
    run,
    run_until,
    said,
    validator,
)
from tests.engine.test_swap_pairs import funded

CHAIN = "alpha"
CERTIFIED = ("dpos-bbft", "bbft", "pbft", "pos")


def others_long(names: Iterable[object], *chosen: object) -> list[object]:
    """Parameters: these by default, the others in the long suite."""
    return [
        name if name in chosen else pytest.param(name, marks=pytest.mark.long)
        for name in names
    ]


CUTS = {
    f"{engine}, {' and '.join(group)} alone": (engine, group)
    for engine in BUILTIN_ENGINES
    if engine != "solo"  # Whoever is cut off from the sealer only waits.
    for group in (("v1",), ("v1", "v2"))
}


def story(net: Network) -> dict[str, object]:
    """What show says about the swap."""
    return net.show(CHAIN).get("swap", {})


def final(net: Network) -> int:
    return int(net.show(CHAIN)["final"])


def kill(net: Network, *names: str) -> list[str]:
    return [net.start_fault("kill", CHAIN, name).id for name in names]


def mend(net: Network, ids: list[str]) -> None:
    for fault_id in ids:
        net.mend(fault_id)


def closing_begins(net: Network, engine: str, **wish: object) -> int:
    """Ask for a swap and come to the closing height. Returns it."""
    closing = net.request_swap(CHAIN, engine, **wish)  # type: ignore[arg-type]
    run_until(net, lambda: height(net, CHAIN) >= closing)
    return closing


def ends_well(net: Network, engine: str, closing: int, purse: Purse | None = None):
    """The new rule is in force, finalises, and everything is in its place."""
    run_until(net, lambda: net.rule(CHAIN) == engine and final(net) > closing + 1)
    net.set_hurry(-1)
    if purse is not None:
        run_until(net, lambda: all(map(purse.is_mined, purse.accepted)))
    goal = head_of(net, CHAIN).state.busy_height
    run_until(net, lambda: final(net) >= goal)
    accepted = [] if purse is None else purse.accepted
    assert check_all(net, CHAIN, accepted) == len(accepted)
    assert said(net, InvariantBroken) == said(net, TxDropped) == []
    assert all_books_hold(net)


def paid_on(engine: str) -> tuple[Network, Purse]:
    net = branch(funded(engine))
    purse = Purse(net, CHAIN, 40)
    net.set_hurry(1)
    return net, purse


# Who sits.


def test_outsiders_who_registered_take_over_from_some_of_the_validators():
    net = branch(funded("dpos-bbft"))
    for who in ("bob", "carol"):
        deposit(net, 200 * BTM_UNITS, "BTM", CHAIN, who=who)
        net.register_validator(who, CHAIN, 100 * BTM_UNITS)
    net.set_hurry(1)
    run_until(net, lambda: len(net.show(CHAIN)["candidates"]) == 2)
    seats = ("bob", "v2", "carol", "v3", "v4")
    closing = closing_begins(net, "pbft", validators=seats)
    ends_well(net, "pbft", closing)
    assert net.show(CHAIN)["validators"] == list(seats)
    closing = closing_begins(net, "solo", validators=("carol",))
    ends_well(net, "solo", closing)
    makers = {n.program: n.name for n in side_of(net, CHAIN).nodes}
    coinbase = best_chain(net, CHAIN)[-1].block.transactions[0].outputs[0]
    assert makers[coinbase.program] == "carol"


@pytest.mark.parametrize("engine", ["bbft", "pos"])
def test_a_validator_without_the_engine_stops_and_says_so_and_later_votes_on(engine):
    net, purse = paid_on("poa")
    fault = net.start_fault("missing-engine", CHAIN, "v2")
    closing = closing_begins(net, engine)
    purse.pay()
    run_until(net, lambda: net.rule(CHAIN) == engine and final(net) > closing + 4)
    assert validator(net, CHAIN, "v2").needs == (
        f"stopped: block {closing + 1} needs {engine}"
    )
    assert not len(validator(net, CHAIN, "v2").ballots.get(1) or ())
    net.mend(fault.id)
    run_until(net, lambda: (validator(net, CHAIN, "v2").ballots.get(1)) is not None)
    assert validator(net, CHAIN, "v2").needs == ""
    ends_well(net, engine, closing, purse)


# What waits, and says for what.


@pytest.mark.parametrize(
    "engine", others_long([*CERTIFIED, "poa", "dpos"], "pos", "poa")
)
def test_without_its_old_quorum_a_swap_waits_says_so_and_comes_about_later(engine):
    net, purse = paid_on(engine)
    closing = closing_begins(net, "solo", validators=("v3",))
    purse.pay()
    # The maker of the closing block counts among the builders, so one more goes.
    ids = kill(net, "v1", "v2", *(() if engine in CERTIFIED else ("v4",)))
    run(net, 5_000)
    waiting = story(net)
    assert net.show(CHAIN)["epoch"] == 0
    assert waiting["state"] == "closing"
    assert f"must make block {closing} final; stuck: " in str(waiting["words"])
    assert "no rule can decide without them" in str(waiting["words"])
    mend(net, ids)
    ends_well(net, "solo", closing, purse)


@pytest.mark.parametrize(
    "engine", others_long([*CERTIFIED, "poa", "solo"], "bbft", "solo")
)
def test_a_new_rule_without_its_validators_waits_says_so_and_begins_later(engine):
    old = "dpos" if engine == "solo" else "solo"
    net, purse = paid_on(old)
    # Those who are to come are down; the old rule does not need them.
    new = ("v4", "v3", "v2", "v1")
    ids: list[str] = []
    closing = net.request_swap(CHAIN, engine, validators=new)
    run_until(net, lambda: height(net, CHAIN) >= closing - 2)
    ids = kill(net, *(("v4", "v3", "v2") if old == "solo" else ("v4",)))
    run(net, 8_000)
    purse.pay()
    waiting = story(net)
    assert waiting["state"] == "opening"
    assert "; stuck: " in str(waiting["words"]), waiting
    assert final(net) == closing
    mend(net, ids)
    ends_well(net, engine, closing, purse)


def test_in_time_a_swap_is_taken_back_by_those_who_are_left():
    net, purse = paid_on("bbft")
    net.request_swap(CHAIN, "pos", at=height(net, CHAIN) + 30)
    run_until(net, lambda: story(net).get("state") == "scheduled")
    ids = kill(net, "v2")
    net.cancel_swap(CHAIN)
    purse.pay()
    run_until(net, lambda: bool(said(net, SwapDropped)))
    run_until(net, lambda: final(net) > height(net, CHAIN) - 3 > 30)
    mend(net, ids)
    run_until(net, lambda: purse.is_mined(purse.accepted[-1]))
    assert net.rule(CHAIN) == "bbft"
    assert story(net)["words"].startswith("no swap to pos: cancelled by a quorum in")
    assert said(net, RuleSwapped) == []


# Crashes and cuts at the boundary.


@pytest.mark.parametrize("engine", others_long(BUILTIN_ENGINES, "bbft", "pow", "poa"))
def test_validators_that_crash_while_closing_come_back_and_nothing_is_lost(engine):
    new = "pbft" if engine != "pbft" else "bbft"
    net, purse = paid_on(engine)
    closing = closing_begins(net, new)
    for name in ("v2", "v3", "v4", "v1"):
        purse.pay()
        ids = kill(net, name)
        run(net, 150)
        mend(net, ids)
    ends_well(net, new, closing, purse)


@pytest.mark.parametrize(
    "cut",
    others_long(
        CUTS, "pbft, v1 and v2 alone", "pos, v1 alone", "dpos, v1 and v2 alone"
    ),
)
def test_a_network_cut_across_the_boundary_heals_to_one_chain(cut: str):
    """Under pow for less than its depth: a longer cut loses the bet that it is."""
    engine, group = CUTS[cut]
    new = "pbft" if engine != "pbft" else "bbft"
    net, purse = paid_on(engine)
    closing = net.request_swap(CHAIN, new)
    run_until(net, lambda: height(net, CHAIN) >= closing - 1)
    rest = tuple(name for name in ("v1", "v2", "v3", "v4") if name not in group)
    net.partition(CHAIN, (group, rest))
    for _ in range(4):
        purse.pay()
        run(net, 1000)
    net.heal(CHAIN)
    ends_well(net, new, closing, purse)
    heads = {node.head for node in side_of(net, CHAIN).nodes}
    assert len(heads) == 1
