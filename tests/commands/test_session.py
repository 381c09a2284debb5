"""The session: lines, names, waiting, pace, alarms, failures."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from devnet.commands.errors import exit_status
from devnet.commands.session import Session
from devnet.commands.values import Amount, TransferRef
from devnet.engine.events import BlockAdded, Refused
from tests.commands.sessions import (
    START_HEIGHT,
    CountingWorks,
    fail_once,
    forge_coins,
    forging_session,
    happened,
    make_session,
    run,
)


def hurry(session: Session) -> int:
    return session.network.world.hurry


def test_a_lock_answers_with_its_transfer_and_a_name_follows_it():
    session = make_session()

    outcome = session.execute("d = lock alice 250 BTM alpha")

    assert outcome.as_dict()["result"] == {
        "transfer": "d1", "who": "alice", "to": "alice", "amount": "25000000000",
        "asset": "BTM", "chain": "alpha", "stage": "lock",
    }  # fmt: skip
    assert session.names["d"] == TransferRef("d1") == session.names["_"]
    assert run(session, "wait $d.stage == claimed", "expect $d.amount == 250") == [
        "ok", "ok",
    ]  # fmt: skip


def test_the_issues_deposit_script_runs():
    session = make_session()
    script = [
        "start --seed 42 --sidechains alpha:poa --depth 6",
        "d = lock alice 250 BTM alpha",
        "wait $d.stage == confirm",
        "mine 6",
        "wait $d.stage == claimed --within 10blocks",
        "refuses claim.replayed claim $d",
        "b = balance alice alpha BTM",
        "expect $b == 250",
        "swap alpha dpos-bbft --at +12",
        "wait alpha.rule == dpos-bbft --within 60s",
        "expect fed.alpha.backed == true",
    ]

    task = session.begin_lines(enumerate(script, 1))
    session.run(task)

    assert [outcome.ok for outcome in task.outcomes] == [True] * len(script)
    assert session.names["b"] == Amount(25_000_000_000, "BTM", 8)


def test_a_line_stops_at_its_first_failure():
    session = make_session()

    task = session.begin("pause; lok; resume")

    assert [outcome.verb for outcome in task.outcomes] == ["pause", "lok"]
    assert session.pacer.paused


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("lok alice", "usage.unknown-verb", "lock"),
        ("withdraw alice 1 BTM alpha", "request.insufficient-funds", "alice has 0"),
        ("withdraw alice 0 BTM alpha", "request.bad-value", "above zero"),
        ("withdraw alice 1 BTM main", "request.unknown-name", "sidechain"),
        ("withdraw alice 1 BTM alpha --to xx", "request.unknown-name", "an address"),
        ("lock alic 1 BTM alpha", "request.unknown-name", "alice"),
        ("lock alice 1 BTC alpha", "request.unknown-name", "BTM"),
        ("lock alice 1 BTM alpa", "request.unknown-name", "alpha"),
        ("lock alice 1 BTM main", "request.unknown-name", "sidechain"),
        ("lock alice x BTM alpha", "usage.bad-argument", "250"),
        ("lock alice 0 BTM alpha", "request.bad-value", "above zero"),
        ("lock alice 0.5 GOLD alpha", "request.bad-value", "0 decimals"),
        ("lock alice 999999999 BTM alpha", "request.insufficient-funds", "alice"),
        ("lock alice 99999999999999999999 BTM alpha", "request.bad-value", "the most"),
        ("lock alice 101649.99 BTM alpha", "request.insufficient-funds", "for the fee"),
        ("lock alice -1 BTM alpha", "usage.bad-argument", "not an amount"),
        ("transfer alice bob 1 GOLD alpha", "request.insufficient-funds", "alice"),
        ("swap alpha dpos-bbft", "swap.nothing-changes", "another engine"),
        ('swap alpha poa --params {"x": 1}', "request.bad-value", "interval_ms"),
        (
            'swap alpha poa --param interval_ms=300 --params {"interval_ms": 400}',
            "usage.bad-argument",
            "Leave one of them out",
        ),
        ("swap alpha poa --params {x}", "usage.syntax", "interval_ms"),
        ("swap alpha poa --validators v9", "request.unknown-name", "v9"),
        ("new-sidechain delta poa --store disk", "request.unknown-name", "sqlite"),
        ("new-sidechain delta poa --validators 129", "request.bad-value", "128"),
        ("lock alice 1 BTM", "usage.missing-argument", "SIDECHAIN"),
        ("lock alice 1 BTM alpha beta", "usage.too-many-arguments", "beta"),
        ("lock alice 1 BTM alpha --two bob", "usage.unknown-option", "--to"),
        ("lock alice 1 BTM alpha --to", "usage.missing-argument", "WHO"),
        ("claim d9", "request.unknown-name", "d9"),
        ("claim $d", "usage.unknown-path", "$d"),
        ("balance alice alpha", "usage.missing-argument", "ASSET"),
        ("swap alpha sollo", "request.unknown-name", "solo"),
        ("swap alpha poa --at soon", "usage.bad-argument", "+12"),
        ("swap alpha poa --params [1]", "usage.bad-argument", "JSON"),
        ("swap alpha poa --at +2", "swap.too-soon", "notice"),
        ("new-sidechain alpha poa", "request.name-taken", "alpha"),
        ("new-sidechain main poa", "request.bad-value", "main"),
        ("mine many", "usage.bad-argument", "whole number"),
        ("mine 0", "usage.bad-argument", "1 to"),
        ("wait alpha.hight > 3", "usage.unknown-path", "height"),
        ("wait delta.height > 3", "usage.unknown-path", "delta"),
        ("wait alpha > 3", "usage.unknown-path", "needs a field"),
        ("wait alpha.rule > poa", "usage.not-comparable", "order"),
        ("wait main.height > 3 --within soon", "usage.bad-argument", "20blocks"),
        ("expect fed.delta.backed == true", "usage.unknown-path", "delta"),
        ("speed fast", "usage.bad-argument", "x1"),
        ("start --profile slow", "usage.bad-argument", "profile"),
        ("start --sidechains alpha", "usage.bad-argument", "NAME:ENGINE"),
        ("save world x", "usage.bad-argument", "recording"),
        ("save recording /nowhere/x.jsonl", "usage.bad-file", "folder"),
        ("run /nowhere/x.dn", "usage.bad-file", "script"),
        ("set colour red", "usage.bad-argument", "colour"),
        ("help lok", "usage.unknown-verb", "lock"),
        ("show nothing", "request.unknown-name", "nothing"),
        ('say "open', "usage.unfinished", "quote"),
        ("= 3", "usage.syntax", "verb"),
    ],
)
def test_wrong_input_gets_one_sentence_and_changes_nothing(line, code, says):
    session = make_session()
    before = session.network.snapshot()

    error = session.execute(line).error

    assert error is not None
    assert error.code == code
    assert says in f"{error.message} {error.hint}"
    assert error.hint and "\n" not in error.message
    after = session.network.snapshot()
    assert replace(after, n_events=before.n_events) == before


def test_a_refused_request_is_an_event_and_a_line_without_sense_is_none():
    session = make_session()
    n_before = len(session.network.events)

    outcome = session.execute("lock alice 999999999 BTM alpha")
    session.execute("lok")
    session.execute("expect main.height == 0")
    session.execute("refuses request.unknown-name claim d1")

    first, second = session.network.events[n_before:]
    assert isinstance(first, Refused) and isinstance(second, Refused)
    assert (first.command, first.code) == ("lock", "request.insufficient-funds")
    assert first.message == outcome.error.message and first.hint == outcome.error.hint
    assert (second.command, second.code) == ("claim", "request.unknown-name")
    assert outcome.seq_range == (n_before, n_before + 1)


def test_a_read_only_session_leaves_no_trace_of_what_it_refuses():
    session = make_session(read_only=True)
    n_before = len(session.network.events)

    assert run(session, "lock alice 1 BTM alpha") == ["request.read-only"]
    assert len(session.network.events) == n_before


def test_refuses_wants_the_very_code():
    session = make_session()

    assert run(
        session,
        "refuses request.unknown-name lock nobody 1 BTM alpha",
        "refuses claim.replayed lock nobody 1 BTM alpha",
        "refuses claim.replayed balance alice main BTM",
        "refuses usage.missing-argument lock",
        "refuses wait.ran-out wait main.height == 0 --within 2s",
        "refuses expect.missed expect main.height == 0",
    ) == ["ok", "refuses.missed", "refuses.missed", "ok", "ok", "ok"]
    assert hurry(session) == 0


def test_an_expectation_shows_both_sides():
    error = make_session().execute("expect main.height == 7").error

    assert error is not None
    assert error.message == (
        f"main.height == 7 does not hold: main.height is {START_HEIGHT}"
    )
    assert exit_status(error) == 1


def test_a_wait_ends_at_the_very_step_that_makes_it_true():
    session = make_session()

    session.execute("wait alpha.height >= 3")

    (third,) = [
        event
        for event in session.network.events
        if isinstance(event, BlockAdded) and (event.chain, event.height) == ("alpha", 3)
    ]
    assert session.now_ms == third.at_ms == session.network.events[-1].at_ms
    assert hurry(session) == 0


def test_a_wait_counts_mainchain_blocks_or_virtual_seconds():
    session = make_session()

    by_blocks = session.execute("wait alpha.rule == solo --within 3blocks").error
    assert by_blocks is not None and exit_status(by_blocks) == 4
    assert session.network.main_height() == START_HEIGHT + 3
    start_ms = session.now_ms
    session.execute("wait alpha.rule == solo --within 2s")
    assert session.now_ms == start_ms + 2000
    session.execute("set within 1; wait alpha.rule == solo")
    assert session.now_ms == start_ms + 3000


def test_mine_brings_so_many_blocks_at_full_pace():
    session = make_session()

    outcome = session.execute("mine 6")

    assert outcome.result["height"] == START_HEIGHT + 6
    assert hurry(session) == 0
    assert session.now_ms < 15_000, "an idle world takes ten seconds a block"


def test_the_host_may_be_slow_without_changing_anything():
    script = "d = lock alice 1 BTM alpha; mine 3; wait $d.stage == claimed"
    quick, slow_works = make_session(), CountingWorks()
    slow = make_session(slow_works)

    quick.execute(script)
    slow.execute(script)

    assert slow_works.n_waits > 0
    assert happened(slow) == happened(quick)
    assert slow.network.digest() == quick.network.digest()


def test_slices_of_an_attached_front_end_give_the_same_events_as_a_script():
    lines = ("d = lock alice 1 BTM alpha", "wait $d.stage == claimed", "mine 2")
    script, attached = make_session(), make_session(attached=True)
    for line in lines:
        script.execute(line)

    for line in lines:
        task = attached.begin(line)
        while not task.done:
            # A front end with a time budget of one step per slice.
            attached.advance(attached.now_ms + 700, lambda: False)

    assert attached.now_ms == script.now_ms
    assert happened(attached) == happened(script)
    assert attached.log.entries == script.log.entries


def test_what_an_account_holds_can_be_waited_for():
    session = make_session()
    session.execute("lock alice 2.5 BTM alpha --to bob")

    assert run(
        session,
        "wait bob.alpha.BTM == 2.5",
        "expect bob.alpha.GOLD == 0",
        "expect bob.alpha.BTC == 0",
        "expect bob.alpha == 0",
    ) == ["ok", "ok", "usage.unknown-path", "usage.unknown-path"]


def test_a_deadline_is_kept_inside_a_longer_slice():
    session = make_session(attached=True)
    task = session.begin("wait alpha.rule == solo --within 3s")

    session.advance(10_000)

    assert task.done and task.outcome.error.code == "wait.ran-out"
    assert [entry.at_ms for entry in session.log.entries] == [0, 3000]
    assert session.now_ms == 10_000


def test_several_tasks_may_wait_at_once():
    session = make_session(attached=True)
    first, second = session.begin("mine 2"), session.begin("mine 4")

    while not first.done:
        session.advance(session.now_ms + 100)
    assert (first.done, second.done, hurry(session)) == (True, False, 1)
    session.advance(session.now_ms + 30_000)

    assert second.done and hurry(session) == 0


def test_an_interrupt_ends_what_runs_and_keeps_the_session():
    session = make_session(attached=True)
    task = session.begin("mine 50; pause")

    session.advance(3000)
    session.interrupt()
    session.advance(3000)

    assert task.outcome.error.code == "interrupted"
    assert task.outcome.exit_status == 130
    assert hurry(session) == 0
    assert run(session, "mine 1", "balance alice main BTM") == ["ok", "ok"]


def test_an_interrupt_from_a_signal_ends_a_script():
    works = CountingWorks()
    session = make_session(works)
    works.wait = lambda timeout_s: session.interrupt() or False  # type: ignore[method-assign]

    outcome = session.execute("mine 3")

    assert outcome.error is not None and outcome.error.code == "interrupted"


def test_a_breach_ends_what_waits_and_names_the_invariant():
    session = make_session()
    session.execute("mine 1")
    forge_coins(session.network)

    outcome = session.execute("mine 9")

    assert outcome.error is not None
    assert outcome.error.code == "world.invariant-broken"
    assert "I1, I2 broke on alpha" in outcome.error.message
    assert exit_status(outcome.error) == 5
    assert session.pacer.paused
    assert hurry(session) == 0
    assert run(
        session, "mine 1", "expect fed.alpha.backed == false", "resume", "mine 1"
    ) == ["request.paused", "ok", "ok", "ok"]
    assert "acknowledge" in [entry.line for entry in session.log.entries]


def test_a_script_can_assert_an_alarm():
    session = forging_session()

    assert run(session, "refuses world.invariant-broken mine 9", "resume; mine 1") == [
        "ok", "ok",
    ]  # fmt: skip


def test_a_failing_engine_freezes_the_world_and_keeps_a_recording(monkeypatch):
    session = make_session()
    session.host.keep_wreck = lambda session: "wreck.jsonl"
    fail_once(monkeypatch, 2000)

    outcome = session.execute("mine 9; pause")

    assert outcome.error is not None and exit_status(outcome.error) == 5
    assert "RuntimeError: planted by a test" in outcome.error.message
    assert "devnet replay wreck.jsonl --check" in outcome.error.hint
    assert session.fault is outcome.error
    assert session.advance(99_000) == "failed"
    assert run(session, "mine 1", "resume; mine 1") == [
        "request.paused",
        "engine.failed",
    ]
    assert run(session, "balance alice main BTM", "start", "mine 1") == [
        "ok", "ok", "ok",
    ]  # fmt: skip


def test_a_bug_in_what_a_test_reads_ends_the_wait(monkeypatch):
    session = make_session(attached=True)
    task = session.begin("wait alpha.height > 50")
    monkeypatch.setattr(session.network, "show", lambda name: 1 / 0)

    session.advance(9000)

    assert task.done and task.outcome.exit_status == 5
    assert "ZeroDivisionError" in task.outcome.error.message


def test_what_a_front_end_raises_is_its_own_affair():
    session = make_session(attached=True)

    def leave() -> bool:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        session.advance(9000, leave)

    assert session.fault is None
    assert run(session, "balance alice main BTM") == ["ok"]


def test_a_bug_in_a_verb_is_an_engine_failure_not_a_traceback(monkeypatch):
    session = make_session()
    monkeypatch.setattr(session.network, "lock", lambda *args: 1 / 0)

    outcome = session.execute("lock alice 1 BTM alpha; pause")

    assert outcome.error is not None and outcome.exit_status == 5
    assert "ZeroDivisionError" in outcome.error.message


def test_time_stands_still_while_paused_but_steps():
    session = make_session()

    assert run(session, "pause", "mine 1", "wait main.height > 200") == [
        "ok", "request.paused", "request.paused",
    ]  # fmt: skip
    assert session.execute("step 3").result == {"at_ms": session.now_ms, "steps": 3}
    assert session.n_steps == 3
    assert run(session, "resume", "mine 1") == ["ok", "ok"]


def test_step_waits_for_work_like_everything_else():
    works = CountingWorks()
    session = make_session(works)

    assert session.execute("step 500").ok
    assert works.n_waits > 0


def test_speed_is_said_and_changed():
    session = make_session()

    assert session.pacer.speed == math.inf
    assert session.execute("speed x4").result == {"speed": "x4", "paused": False}
    assert session.execute("speed").text == "time runs at x4"


def test_a_script_with_a_speed_sleeps_for_it():
    session = make_session()
    wall = session.host.wall
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)

    wall.now_s, wall.sleep = lambda: sum(slept), sleep
    session.execute("speed x10; mine 2")

    assert sum(slept) == pytest.approx(session.now_ms / 10_000, abs=0.1)
    assert session.network.main_height() == START_HEIGHT + 2


def test_start_replaces_the_world_and_forgets_its_names(monkeypatch):
    session = make_session()
    told = []
    session.on_world(told.append)
    session.execute("d = lock alice 1 BTM alpha")
    old = session.network

    closed = []
    monkeypatch.setattr(old, "close", lambda: closed.append(old))
    outcome = session.execute("start --seed 7 --sidechains one:poa,two:solo --depth 3")

    assert outcome.result["sidechains"] == ["one", "two"]
    assert outcome.seq_range[0] == 0
    assert "d" not in session.names
    assert session.options.seed == 7
    assert told == [old, session.network]
    assert closed == [old]
    assert run(session, "start") == ["ok"] and session.options.seed == 42


def test_a_refused_start_keeps_the_world():
    session = make_session()
    network = session.network

    assert run(session, "start --depth 0") == ["usage.bad-argument"]
    assert session.network is network


def test_a_read_only_session_shows_and_refuses_to_act():
    session = make_session(read_only=True)

    assert run(session, "lock alice 1 BTM alpha", "mine", "show alpha", "pause") == [
        "request.read-only", "request.read-only", "ok", "ok",
    ]  # fmt: skip


def test_json_has_sorted_keys_and_the_range_of_events():
    session = make_session()
    session.execute("show main")

    found = json.dumps(session.execute("mine 1", number=4).as_dict(), sort_keys=True)

    height = START_HEIGHT + 1
    assert found.startswith('{"line": 4, "ok": true, "result": {"block_hashes": ["')
    assert f'"], "height": {height}, "tip": "' in found
    first, end = json.loads(found)["seq"]
    assert 0 < first < end == len(session.network.events)


def test_the_same_lines_give_the_same_bytes():
    def said() -> list[str]:
        session = make_session()
        script = ["d = lock alice 1 BTM alpha", "mine 3", "wait $d.stage == claimed",
                  "show", "show transfers", "show accounts", "nonsense"]  # fmt: skip
        return [json.dumps(session.execute(one).as_dict()) for one in script]

    assert said() == said()


def test_a_script_may_run_another_and_ends_with_it(tmp_path):
    inner = tmp_path / "inner.dn"
    inner.write_text(f"mine 1\nexpect main.height == {START_HEIGHT + 1}\nlok\n")
    session = make_session()

    task = session.begin_lines([(1, f"run {inner}"), (2, "pause")])
    session.run(task)

    assert [(one.line, one.verb, one.ok) for one in task.outcomes] == [
        (1, "run", True), (1, "mine", True), (2, "expect", True), (3, "lok", False),
    ]  # fmt: skip


def test_a_script_that_runs_itself_has_an_end(tmp_path):
    script = tmp_path / "loop.dn"
    script.write_text(f"run {script}\n")
    session = make_session()

    assert run(session, f"run {script}") == ["usage.bad-file"]


def test_quit_ends_a_script_where_it_stands():
    session = make_session()

    task = session.begin("pause; quit; resume")

    assert [one.verb for one in task.outcomes] == ["pause", "quit"]
    assert session.wants_to_quit


def test_the_history_keeps_lines():
    session = make_session()
    run(session, "pause", "nonsense", "resume")

    assert session.execute("history 3").result == ["nonsense", "resume", "history 3"]
