"""Same seed, same acts at the same virtual times: the same bytes here and elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from devnet.engine.events import RuleSwapped, SidechainAdded
from devnet.engine.network import Network
from devnet.worker import InProcessWorks
from tests.engine.support import (
    BTM_UNITS,
    THREE,
    InstantWorks,
    LateWorks,
    advance,
    branch,
    deposit,
    network,
    run,
    said,
    tips,
)
from tests.engine.tips import story, told

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def first() -> Network:
    """The story as it goes with seed 7."""
    return story(7)


def test_the_story_is_worth_comparing(first: Network):
    assert {event.chain for event in said(first, RuleSwapped)} == {"alpha", "gamma"}
    assert len(said(first, SidechainAdded)) == 4
    assert {transfer.stage for transfer in first.transfers()} == {"claimed"}


def test_the_same_story_ends_in_the_same_bytes(first: Network):
    again = story(7)

    assert again.events == first.events
    assert again.digest() == first.digest()
    assert tips(again) == tips(first)


def test_another_seed_gives_other_tips_on_every_chain(first: Network):
    other = tips(story(8))

    assert all(other[chain] != tip for chain, tip in tips(first).items())


def test_other_processes_elsewhere_come_to_the_same_bytes(
    first: Network, tmp_path: Path
):
    """Neither the order of hashing, nor the folder, nor the language of the host."""
    told_there = []
    for hash_seed, folder in (("0", ROOT), ("1", tmp_path), ("4242", tmp_path)):
        told_there.append(
            subprocess.run(
                [sys.executable, "-m", "tests.engine.tips", "7"],
                cwd=folder,
                env={
                    **os.environ,
                    "PYTHONHASHSEED": hash_seed,
                    "PYTHONPATH": str(ROOT),
                    "HOME": str(tmp_path),
                    "TZ": "Asia/Kolkata",
                    "LC_ALL": "C",
                },
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            ).stdout
        )

    assert [json.loads(line) for line in told_there] == [told(first)] * 3


def test_proof_of_work_that_comes_late_changes_nothing(first: Network):
    late = LateWorks()

    assert told(story(7, late)) == told(first)
    assert late.known, "nothing was ever waited for"


def test_how_time_is_cut_into_slices_changes_nothing():
    told_by_slice = []
    for slice_ms in (1, 37, 5000):
        net = network(THREE)
        net.lock("alice", BTM_UNITS, "BTM", "alpha")
        while net.now_ms < 5000:
            advance(net, min(5000, net.now_ms + slice_ms))
        told_by_slice.append(told(net))

    assert told_by_slice[0] == told_by_slice[1] == told_by_slice[2]


def test_single_steps_and_running_come_to_the_same():
    running, stepping = network(THREE), network(THREE)
    for net in (running, stepping):
        net.lock("alice", BTM_UNITS, "BTM", "beta")
    run(running, 5000)
    while (due := stepping.world.schedule.first()) and due.at_ms <= 5000:
        assert stepping.step_once() == "stepped"
    advance(stepping, 5000)

    assert stepping.events == running.events
    assert stepping.world == running.world


def test_real_proof_of_work_gives_the_same_bytes_twice(real_works: InProcessWorks):
    """Tensority itself: the second run knows every answer that the first needed."""
    ends = []
    for _ in range(2):
        net = network(THREE, works=real_works)  # type: ignore[arg-type]
        deposit(net, 250 * BTM_UNITS, "BTM", "alpha")
        ends.append((told(net), real_works.known().keys()))

    assert ends[0] == ends[1]
    assert tips(net)["main"] != tips(network(THREE, works=InstantWorks()))["main"]


def test_numbers_of_events_have_no_gap_and_times_never_go_back(first: Network):
    assert [event.seq for event in first.events] == list(range(len(first.events)))
    assert all(a.at_ms <= b.at_ms for a, b in pairwise(first.events))
    assert first.world.n_events == len(first.events)


def test_listeners_hear_each_event_once_and_in_order():
    net = network(THREE)
    heard, others = [], []
    end = net.subscribe(heard.append)
    n_before = len(net.events)
    net.subscribe(others.append)
    net.lock("alice", BTM_UNITS, "BTM", "beta")
    run(net, 1000)
    assert heard == net.events[n_before:]
    end()
    run(net, 1000)

    assert len(heard) < len(others)
    assert others == net.events[n_before:]


def test_going_back_gives_the_same_future_and_another_act_another():
    net = network(THREE)
    deposit(net, 9 * BTM_UNITS, "BTM", "alpha")
    then, digest, n_events = net.snapshot(), net.digest(), len(net.events)
    futures = []
    for amount in (1, 1, 2):
        net.transfer_value("alice", "bob", amount * BTM_UNITS, "BTM", "alpha")
        run(net, 2000)
        futures.append(told(net))
        net.restore(then)
        assert net.snapshot() is then
        assert (net.digest(), len(net.events)) == (digest, n_events)

    assert futures[0] == futures[1]
    assert futures[0]["tips"]["alpha"] != futures[2]["tips"]["alpha"]


def test_a_snapshot_does_not_change_while_the_network_goes_on():
    net = network(THREE)
    then = net.snapshot()
    before = (then.now_ms, then.main_tip, then.n_events, then.schedule)
    deposit(net, 9 * BTM_UNITS, "BTM", "gamma")
    net.new_sidechain("delta", "poa")
    run(net, 2000)

    assert (then.now_ms, then.main_tip, then.n_events, then.schedule) == before
    assert [side.name for side in then.sidechains] == ["alpha", "beta", "gamma"]
    assert len(then.transfers) == 0


def test_two_branches_of_a_world_do_not_feel_each_other():
    net = network(THREE)
    one, two = branch(net), branch(net)
    deposit(one, 9 * BTM_UNITS, "BTM", "gamma")
    alone = told(one)
    deposit(two, 5 * BTM_UNITS, "BTM", "gamma")

    deposit(net, 9 * BTM_UNITS, "BTM", "gamma")

    assert told(net) == alone
    assert told(two) != alone


def test_more_sidechains_do_not_change_the_luck_of_the_mainchain():
    """Chance is drawn by question, so an actor more changes nobody's draws."""
    few, many = network(THREE[:1]), network(THREE)
    for net in (few, many):
        net.set_hurry(1)
        run(net, 10_000)

    assert tips(few)["main"] == tips(many)["main"]
