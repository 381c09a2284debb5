"""The fold: each kind of event changes what it is about, and nothing else."""

from dataclasses import fields

import pytest
from fakestream import (
    BTM,
    Tape,
    dashboard,
    main_block,
    named,
    side_block,
    start,
    transfer,
)

from devnet.engine import events as ev
from devnet.tui.folds.chains import MOST_BLOCKS
from devnet.tui.folds.consensus import MOST_MESSAGES
from devnet.tui.state import State, dismiss, reduce, reduce_all


@pytest.fixture
def tape():
    tape = Tape()
    start(tape)
    return tape


def fold(tape):
    return reduce_all(State(), tape.events)


def test_a_world_starts_with_its_chains_its_people_and_its_assets(tape):
    state = fold(tape)

    assert (state.seed, state.main.height, state.depth) == (42, 113, 6)
    assert [lane.name for lane in state.lanes] == ["alpha", "beta", "gamma"]
    assert state.decimals == {"BTM": 8, "GOLD": 0}
    assert state.balance("alice", "main", "BTM") == 98_750 * BTM
    assert state.n_events == len(tape.events)


def test_a_second_world_leaves_nothing_of_the_first(tape):
    transfer(tape, "d1", "alpha", BTM)
    start(tape, 1)

    state = fold(tape)

    assert len(state.lanes) == 1
    assert state.transfers == ()


def test_a_block_joins_its_chain_only(tape):
    before = fold(tape)
    side_block(tape, "beta", 1)

    state = fold(tape)

    assert state.lane("beta").height == 1
    assert state.lane("beta").final_height == 1
    assert state.lane("alpha") == before.lane("alpha")
    assert state.main == before.main


def test_a_lane_remembers_only_so_many_blocks(tape):
    for height in range(1, 3 * MOST_BLOCKS):
        side_block(tape, "alpha", height)

    blocks = fold(tape).lane("alpha").blocks

    assert len(blocks) == MOST_BLOCKS
    assert blocks[-1].height == 3 * MOST_BLOCKS - 1


def test_a_reorganisation_keeps_the_lost_blocks_apart(tape):
    main_block(tape, 114)
    main_block(tape, 115)
    tape.later(10)
    for height in (115, 114):
        tape.say(ev.BlockUndone(chain="main", height=height, id=named("main", height)))
    tape.say(
        ev.BlockAdded(
            chain="main", height=114, id=named("other"), producer="node-1", n_txs=1
        )
    )

    main = fold(tape).main

    assert [block.height for block in main.blocks] == [113, 114]
    assert main.blocks[-1].id == main.tip == named("other")
    assert [block.height for block in main.lost] == [114, 115]


def test_tries_count_until_the_block_is_there_and_are_remembered_with_it(tape):
    for node, tries in (("node-0", 8), ("node-1", 9)):
        tape.say(
            ev.MiningTried(
                node=node, height=114, tries=tries, expected_tries=20, since_tip_ms=9
            )
        )
    assert fold(tape).main.mining.tries == 9

    main_block(tape, 114)

    main = fold(tape).main
    assert main.mining is None
    assert (main.mined.height, main.mined.tries) == (114, 9)


def test_what_waits_is_what_was_queued_and_neither_mined_nor_dropped(tape):
    for name in "abc":
        tape.say(ev.TxQueued(chain="main", id=named(name), what="payment"))
    tape.say(ev.TxsMined(chain="main", height=114, ids=(named("a"),)))
    tape.say(ev.TxDropped(chain="main", id=named("b"), reason="spent elsewhere"))
    tape.say(ev.TxDropped(chain="alpha", id=named("c"), reason="another chain"))

    assert [tx.id for tx in fold(tape).mempool] == [named("c")]


def test_a_transfer_is_in_flight_until_it_is_claimed(tape):
    transfer(tape, "d1", "alpha", BTM, "BTM", ("lock", 0, 0, "in mempool"))
    assert fold(tape).n_in_flight == 1

    tape.say(ev.TransferMoved(transfer="d1", stage="claimed"))

    state = fold(tape)
    assert state.n_in_flight == 0
    assert state.transfer("d1").finished


def test_a_failed_transfer_counts_until_somebody_has_seen_it(tape):
    transfer(tape, "d1", "alpha", BTM, "BTM", ("claim", 0, 0, "no"), failed=True)
    state = fold(tape)
    assert (state.n_failed, state.n_in_flight) == (1, 0)

    assert dismiss(state, "d1").n_failed == 0


def test_a_swap_goes_from_asked_to_done(tape):
    tape.say(
        ev.SwapProposed(
            chain="beta", engine="solo", old_engine="poa", closing_height=20, needed=5
        )
    )
    tape.say(ev.SwapApproved(chain="beta", validator="v1", approvals=1, needed=5))
    swap = fold(tape).lane("beta").swap
    assert (swap.stage, swap.approvals, swap.closing_height) == ("asked", 1, 20)

    tape.say(ev.SwapScheduled(chain="beta", engine="solo", closing_height=20, height=9))
    assert fold(tape).lane("beta").swap.stage == "scheduled"

    tape.say(
        ev.RuleSwapped(
            chain="beta",
            old_engine="poa",
            engine="solo",
            height=21,
            epoch=1,
            validators=("v1",),
            finality="instant",
        )
    )
    lane = fold(tape).lane("beta")
    assert (lane.swap, lane.engine, lane.epoch) == (None, "solo", 1)
    assert [one.stage for one in lane.swaps] == ["done"]
    assert [one.name for one in lane.validators] == ["v1"]


def test_a_dropped_swap_leaves_the_rule_and_its_reason(tape):
    tape.say(
        ev.SwapProposed(
            chain="beta", engine="solo", old_engine="poa", closing_height=20, needed=5
        )
    )
    tape.say(ev.SwapDropped(chain="beta", engine="solo", reason="nobody agreed"))

    lane = fold(tape).lane("beta")
    assert (lane.engine, lane.swap) == ("poa", None)
    assert lane.swaps[0].reason == "nobody agreed"


def test_a_lane_knows_where_it_is_kept_and_where_to_it_moves(tape):
    old = fold(tape).lane("beta").store
    way = {"chain": "beta", "old_store": old, "store": "elsewhere"}
    tape.say(ev.StorageMoving(**way))
    assert fold(tape).lane("beta").moving_to == "elsewhere"

    tape.say(ev.StorageStayed(**way, reason="the disk is full"))
    lane = fold(tape).lane("beta")
    assert (lane.store, lane.moving_to) == (old, "")

    tape.say(ev.StorageMoving(**way))
    tape.say(ev.StorageMoved(**way, keys=1, digest_before="ab", digest_after="ab"))
    lane = fold(tape).lane("beta")
    assert (lane.store, lane.moving_to) == ("elsewhere", "")


def test_a_validator_that_is_down_is_trouble(tape):
    assert not fold(tape).lane("beta").in_trouble

    tape.say(ev.ValidatorChanged(chain="beta", validator="v7", state="down"))

    state = fold(tape)
    assert state.lane("beta").n_down == 1
    assert state.lane("beta").in_trouble
    assert not state.lane("alpha").in_trouble


def test_messages_are_bounded(tape):
    for number in range(2 * MOST_MESSAGES):
        tape.say(
            ev.ConsensusSent(
                chain="alpha",
                validator="v1",
                to="all",
                what="vote",
                height=number,
                round=1,
            )
        )

    messages = fold(tape).lane("alpha").messages
    assert len(messages) == MOST_MESSAGES
    assert messages[-1].height == 2 * MOST_MESSAGES - 1


def test_faults_are_known_while_they_last(tape):
    tape.say(ev.FaultStarted(fault="crash", target="v1"))
    tape.say(ev.FaultStarted(fault="crash", target="v2"))
    tape.say(ev.FaultEnded(fault="crash", target="v1"))

    assert [one.target for one in fold(tape).faults] == ["v2"]


def test_a_breach_is_kept_and_marks_its_lane():
    state = reduce_all(State(), dashboard(breach=True))

    assert state.breach.invariant == "I2"
    assert state.lane("alpha").broken == "I2"


def test_an_engine_failure_is_kept(tape):
    tape.say(ev.EngineFailed(message="ValueError: no", replay="seed 42"))

    assert fold(tape).failure.replay == "seed 42"


def test_a_kind_that_the_screens_do_not_know_changes_the_clock_and_nothing_else(tape):
    state = fold(tape)
    refused = ev.Refused(
        seq=99, at_ms=5_000, command="lock", code="x", message="no", hint=""
    )

    after = reduce(state, refused)

    changed = {
        one.name
        for one in fields(State)
        if getattr(after, one.name) != getattr(state, one.name)
    }
    assert changed == {"n_events", "now_ms"}
