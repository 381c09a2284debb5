"""The devnet's controls as verbs: what they do and refuse, and that it replays."""

from __future__ import annotations

import pytest

from devnet.commands.recording import load_recording, save_recording
from devnet.commands.replaying import replay
from devnet.commands.verbs import all_commands, find
from devnet.engine.mainchain.accounts import play_account
from tests.commands.sessions import START_HEIGHT, make_session, run

SMALL = "alpha:poa"


def session_of(*lines):
    session = make_session(sidechains=SMALL)
    for line in lines:
        outcome = session.execute(line)
        assert outcome.ok, (line, outcome.error)
    return session


def told(session, line):
    outcome = session.execute(line)
    assert outcome.ok, outcome.error
    return outcome.result


def test_blocks_on_demand_take_what_waits_and_no_virtual_time():
    session = session_of("transfer alice bob 5 BTM main", "b = balance bob main BTM")

    made = told(session, "mine 2 --now")

    assert made["height"] == START_HEIGHT + 2 and session.now_ms == 0
    assert made["block_hashes"][-1] == made["tip"] == told(session, "show main")["tip"]
    assert session.network.show("main")["mempool"] == 0


def test_blocks_on_demand_pay_whom_they_should_and_say_when():
    session = session_of()
    clock = told(session, "set-time")["time"]

    made = told(session, f"mine 2 --address carol --timestamp {clock + 3000}")

    tree = session.network.world.tree
    blocks = [tree[bytes.fromhex(one)].block for one in made["block_hashes"]]
    assert blocks[0].header.timestamp == clock + 3000 < blocks[1].header.timestamp
    for block in blocks:
        assert block.transactions[0].outputs[0].program == play_account("carol").program


def test_a_time_too_far_ahead_is_refused_until_the_clock_is_set():
    session = session_of()
    wanted = told(session, "set-time")["time"] + 100_000

    assert run(session, f"mine --timestamp {wanted}") == ["block.timestamp"]
    assert run(session, f"set-time {wanted}", f"mine --timestamp {wanted}") == [
        "ok", "ok",
    ]  # fmt: skip
    assert session.network.main_height() == START_HEIGHT + 1


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("mine 0 --now", "usage.bad-argument"),
        ("mine --address nobody", "request.unknown-name"),
        ("automine sometimes", "request.bad-value"),
        ("automine interval", "request.bad-value"),
        ("automine off 5", "usage.bad-argument"),
        ("set-time 5", "request.time-gone-by"),
        ("set-time 5 --advance 3", "usage.bad-argument"),
        ("set-time --advance 999999999999", "request.bad-value"),
        ("revert s9", "request.unknown-name"),
        ("snapshot first", "request.name-taken"),
        ("reorg 0", "usage.bad-argument"),
        ("reorg 500", "usage.bad-argument"),
        ("reorg 1 0", "usage.bad-argument"),
        ("drop-transaction cafe", "usage.bad-argument"),
        (f"drop-transaction {'0' * 64}", "request.not-waiting"),
        ("faucet nobody 5", "request.unknown-name"),
        ("faucet bob 90000000000", "request.insufficient-funds"),
        ("devnet-events --kind BlockAded", "request.unknown-name"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(line, code):
    session = session_of()
    before = session.network.snapshot()

    assert run(session, line) == [code]

    after = session.network.snapshot()
    assert (after.tree, after.main_nodes) == (before.tree, before.main_nodes)
    assert after.steering == before.steering


def test_a_revert_takes_back_chains_balances_names_and_events():
    session = session_of("d = lock alice 5 BTM alpha", "wait $d.stage == claimed")
    kept = told(session, "snapshot here")
    digest, at_ms = session.network.digest(), session.now_ms
    n_events = len(session.network.events)
    kept_events = told(session, "devnet-events --after 0 --count 10000")
    for line in ("x = lock bob 7 BTM alpha", "wait $x.stage == claimed", "snapshot"):
        assert session.execute(line).ok

    n_told = len(session.network.events)

    back = told(session, "revert here")

    assert back["height"] == kept["height"] == session.network.main_height()
    assert (session.network.digest(), session.now_ms) == (digest, at_ms)
    assert len(session.network.events) == n_events < n_told == back["next_event"]
    assert told(session, "devnet-events --after 0 --count 10000") == kept_events
    assert "x" not in session.names and "d" in session.names
    assert run(session, "revert s2") == ["request.unknown-name"]
    assert run(session, "lock bob 7 BTM alpha; wait d2.stage == claimed") == ["ok"]


def test_no_number_of_the_stream_comes_twice():
    session = session_of("snapshot a", "mine 1", "snapshot b", "mine 1")
    seen = set()
    for line in ("revert b", "revert b", "revert a", "reset", "start --seed 5"):
        seen |= {one["seq"] for one in session_events(session)}
        kept = told(session, "devnet-info")["next_event"]
        assert session.execute(line).ok and session.execute("mine 1").ok
        fresh = session_events(session, f"--after {kept} --count 10000")
        assert fresh and seen.isdisjoint(one["seq"] for one in fresh)
        assert [one["seq"] for one in fresh] == list(range(kept, kept + len(fresh)))
        assert session_events(session, "--count 1")[0]["seq"] == fresh[-1]["seq"]


def session_events(session, words="--after 0 --count 10000"):
    return told(session, f"devnet-events {words}")


def test_a_world_goes_on_from_a_snapshot_as_it_did_before():
    def go_on(session):
        session.execute("lock carol 2 BTM alpha; wait d1.stage == claimed; mine 2")
        return session.network.digest()

    session = session_of("mine 2", "snapshot")
    first = go_on(session)
    told(session, "revert s1")

    assert go_on(session) == first


def test_whoever_waits_while_the_world_goes_back_is_told():
    session = make_session(sidechains=SMALL, attached=True)
    session.execute("snapshot")
    waiting = session.begin("mine 5")
    digging = session.begin("wait main.height > 900")

    assert session.begin("revert s1").outcome.ok

    assert [one.outcome.error.code for one in (waiting, digging)] == ["interrupted"] * 2
    assert session.network.world.hurry == 0


def test_a_snapshot_remembers_nobody_who_waits():
    session = make_session(sidechains=SMALL, attached=True)
    session.begin("mine 5")
    assert session.network.world.hurry == 1

    session.begin("snapshot")
    session.begin("revert s1")

    assert session.network.world.hurry == 0


def test_a_breach_is_undone_with_what_led_to_it():
    session = session_of("d = lock alice 5 BTM alpha", "snapshot")
    told(session, "wait $d.stage == claimed")
    assert "world.invariant-broken" in run(session, "reorg 6", "mine 3", "mine 3")

    told(session, "revert s1")

    assert not session.network.is_paused_by_breach() and not session.pacer.paused
    assert run(session, "wait $d.stage == claimed") == ["ok"]


def test_reset_leads_back_to_the_beginning():
    session = session_of()
    digest = session.network.digest()
    run(session, "lock alice 5 BTM alpha", "mine 5", "new-sidechain beta solo")

    assert told(session, "reset") == {"height": START_HEIGHT}

    assert session.network.digest() == digest
    assert session.network.sidechain_names() == ("alpha",)


def test_a_reorganisation_brings_waiting_payments_back():
    session = session_of("t = transfer alice bob 5 BTM main", "mine 2 --now")
    old = session.network.main_hashes(START_HEIGHT + 1)

    told_ = told(session, "reorg 2")

    assert told_["old"] == old and len(told_["new"]) == 3 and told_["reorganised"]
    assert session.network.main_hashes(START_HEIGHT + 1) == told_["new"]
    assert session.network.show("main")["mempool"] == 1


def test_a_second_branch_from_the_same_block_is_another_one():
    session = session_of("mine 3 --now")

    first, second = (told(session, "reorg 2 2")["new"] for _ in range(2))

    assert not {*first} & {*second}


def test_a_shorter_branch_changes_no_tip():
    session = session_of("mine 3 --now")
    tip = session.network.show("main")["tip"]

    assert told(session, "reorg 3 1")["reorganised"] is False
    assert session.network.show("main")["tip"] == tip


def test_a_replay_goes_through_all_of_it(tmp_path):
    lines = [
        "mine 2", "faucet bob 5", "mine 2 --now", "snapshot a", "automine interval 3",
        "d = lock alice 5 BTM alpha", "wait $d.stage == claimed", "reorg 1",
        "set-time --advance 9000", "mine 2", "revert a", "mine 1",
        "transfer alice bob 1 BTM main", "snapshot", "mine --address carol", "reset",
        "mine 3", "devnet-mine 1",
    ]  # fmt: skip
    session = session_of(*lines)
    save_recording(session, str(tmp_path / "all.jsonl"))
    recording = load_recording(str(tmp_path / "all.jsonl"))

    verdict = replay(recording, make_session(sidechains=SMALL))

    assert verdict.same, verdict.difference


def test_the_events_of_a_chain_can_be_asked_for():
    session = session_of("mine 3 --now")

    found = told(session, "devnet-events --chain main --kind BlockAdded --after 0")

    assert [one["kind"] for one in found] == ["BlockAdded"] * 3
    last = found[-1]["seq"]
    assert told(session, f"devnet-events --after {last + 1} --kind BlockAdded") == []
    assert len(told(session, "devnet-events --count 2")) == 2


def test_the_devnet_says_what_it_is():
    found = told(session_of("mine 1"), "devnet-info")

    assert found["mainchain"]["height"] == START_HEIGHT + 1
    assert [one["name"] for one in found["sidechains"]] == ["alpha"]
    assert [one["alias"] for one in found["accounts"]] == ["alice", "bob", "carol"]
    assert found["snapshots"] == ["first"] and found["seed"] == 42


def test_every_control_has_the_name_that_it_has_over_http():
    names = {one.verb for one in all_commands() if one.verb.startswith("devnet-")}

    assert names == {
        "devnet-info", "devnet-mine", "devnet-set-automine", "devnet-faucet",
        "devnet-set-time", "devnet-snapshot", "devnet-revert", "devnet-reorg",
        "devnet-drop-transaction", "devnet-set-fault", "devnet-clear-fault",
        "devnet-swap-consensus", "devnet-events", "devnet-reset",
    }  # fmt: skip
    assert find("devnet-mine").params == find("mine").params


def test_a_session_that_only_shows_goes_nowhere():
    session = make_session(sidechains=SMALL, read_only=True)

    assert run(session, "devnet-info", "snapshot", "revert first", "faucet bob 5") == [
        "ok", "ok", "request.read-only", "request.read-only",
    ]  # fmt: skip


def test_a_deposit_whose_transaction_is_dropped_is_told_at_once():
    session = session_of("lock alice 5 BTM alpha")
    (lock,) = session.network.transfers()

    told(session, f"drop-transaction {lock.lock_tx.hex()}")

    (gone,) = session.network.transfers()
    assert (gone.note, gone.failed) == ("gone from the mempool", True)
    moved = [one for one in session.network.events if one.kind == "TransferMoved"]
    assert "gone" in moved[-1].note
