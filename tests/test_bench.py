"""The benchmark: honest about pairs, targets, wrong answers and what it cannot do."""

from __future__ import annotations

import json
import os
import shutil
import sys
from io import StringIO

import pytest

from devnet import bench
from devnet.bench import (
    cheap,
    facts,
    growing,
    hashing,
    measure,
    payments,
    reference,
    replaying,
    report,
    sharing,
    startup,
    storing,
    voting,
    worlds,
)
from devnet.bench.measure import (
    BenchUnable,
    BenchWrong,
    Measured,
    Pairs,
    Subject,
    Target,
    in_turn,
)
from devnet.engine.bc.block import parse_block
from devnet.engine.bc.transaction import with_arguments
from devnet.engine.keys import ed25519
from devnet.engine.mainchain.accounts import play_account

needs_terminal = pytest.mark.skipif(os.name != "posix", reason="needs a terminal")


def subject_of(*ratios, name="X1"):
    """A subject that gives these ratios, a measurement each."""
    left = iter(ratios)

    def take(n_pairs):
        return Measured(Pairs((next(left),), (1.0,)), "cpu", Target(2.0))

    return Subject(name, "a thing", "another", take)


def run(monkeypatch, *subjects, as_json=True):
    """The exit status and the lines printed for these subjects."""
    monkeypatch.setattr(report, "SUBJECTS", {s.name: s for s in subjects})
    monkeypatch.setattr(report, "machine_facts", lambda: {"cpu": "a fast one"})
    out = StringIO()
    status = report.run_bench((), as_json, out=out)
    lines = out.getvalue().splitlines()
    return status, [json.loads(line) for line in lines] if as_json else lines


# Measuring.


def test_subject_and_yardstick_are_measured_in_turn_after_a_warm_up():
    order = []
    ticks = iter((0, 3, 10, 12, 20, 24, 30, 32))

    pairs = in_turn(
        lambda: order.append("A"),
        lambda: order.append("B"),
        n_pairs=2,
        clock=lambda: float(next(ticks)),
    )

    assert order == ["A", "B", "A", "B", "A", "B"]
    assert pairs.ratios == (3 / 2, 4 / 2)


def test_the_ratio_is_the_median_of_the_pairs_and_not_of_the_times():
    pairs = Pairs((1.0, 20.0, 9.0), (1.0, 10.0, 3.0))

    assert Measured(pairs, "cpu", Target(2.0)).ratio == 2.0


def test_a_target_binds_on_its_own_side():
    assert Target(2.0).met(2.0)
    assert not Target(2.0).met(2.1)
    assert Target(2.0, at_least=True).met(2.0)
    assert not Target(2.0, at_least=True).met(1.9)


def test_a_target_missed_once_is_measured_again_and_can_still_be_met():
    measured, n_runs = measure.measure(subject_of(3.0, 1.5))

    assert (measured.ratio, measured.met, n_runs) == (1.5, True, 2)


def test_a_target_missed_three_times_is_missed():
    measured, n_runs = measure.measure(subject_of(3.0, 3.0, 3.0))

    assert (measured.met, n_runs) == (False, 3)


# The real subjects.


@pytest.mark.parametrize("store", ["memory", "tinydb", "sqlite"])
def test_a_store_can_be_measured_at_two_sizes(store):
    batches = storing.batch_of_500(store, 1, sizes=(900, 300))
    blocks = storing.block_of_payment(store, 1, heights=(300, 60))

    assert 0 < batches.ratio < 100 and 0 < blocks.ratio < 100
    assert batches.target.bound == (1.5 if store == "tinydb" else 5)


def test_a_store_that_is_not_at_hand_is_not_measured_and_says_why(monkeypatch):
    monkeypatch.delenv("DEVNET_POSTGRES", raising=False)

    with pytest.raises(BenchUnable, match=r"pip install|DEVNET_POSTGRES"):
        storing.batch_of_500("postgres", 1)


def test_a_store_that_loses_a_block_is_not_measured(monkeypatch):
    monkeypatch.setattr(storing, "apply_changes", lambda store, changes: None)

    with pytest.raises(BenchWrong, match="not in the store"):
        storing.block_of_payment("memory", 1, heights=(300, 60))


@pytest.mark.parametrize("name", ["T1", "T2", "T4", "T5", "T7"])
def test_a_subject_of_the_proof_of_work_can_be_measured(name):
    (subject,) = report.choose([name])

    measured = subject.measure(1)

    assert measured.clock == "cpu"
    assert 0 < measured.ratio < 100


@pytest.mark.parametrize("name", ["T8", "T9", "T10", "T16", "replay", "import"])
def test_a_subject_of_transactions_and_chains_can_be_measured(name, monkeypatch):
    monkeypatch.setattr(sharing, "N_PAYMENTS", 5)
    monkeypatch.setattr(replaying, "N_IMPORTED", 2)
    monkeypatch.setattr(voting, "N_CHECKS", 2)
    (subject,) = report.choose([name])

    measured = subject.measure(1)

    assert measured.clock == "cpu"
    assert 0 < measured.ratio < 1000


def test_the_standard_transaction_has_the_size_that_everybody_measures():
    (tx, *_) = payments.standard_transactions()

    assert (len(tx.inputs), len(tx.outputs), tx.size) == (1, 2, 331)


def test_a_transaction_that_is_refused_is_not_a_fast_one():
    (tx, *_) = payments.standard_transactions()
    unsigned = with_arguments(tx, 0, (bytes(64), play_account("alice").key))

    with pytest.raises(BenchWrong, match="a good transaction is invalid"):
        payments.check_all([unsigned.raw])


def test_nothing_remembered_answers_for_a_new_signature(monkeypatch):
    asked = []
    judge = ed25519._judge
    monkeypatch.setattr(
        ed25519, "_judge", lambda *question: asked.append(1) or judge(*question)
    )

    payments.check_of_new_signature(2)

    assert len(asked) == 3 * payments.N_TRANSACTIONS


def test_the_second_validator_is_given_the_block_of_another(monkeypatch):
    monkeypatch.setattr(sharing, "N_PAYMENTS", 5)
    net = sharing._world_with_parts()

    entry = sharing._next_arrival(net, sharing._side(net).tree[net_head(net)].height)

    due = net.world.schedule.first()
    node = next(n for n in sharing._side(net).nodes if due.actor.endswith(n.name))
    assert entry.hash == due.what.block_hash
    assert entry.hash not in node.seen
    assert entry.block.transactions[0].outputs[0].program != node.program


def net_head(net):
    return sharing._side(net).head


SHORT = (3, 6, 9)


def test_a_long_chain_is_measured_against_a_short_one():
    measured = growing.block_at_height(1, SHORT)

    assert measured.ratio > 0
    assert list(measured.facts["us_at_height"]) == ["3", "6", "9"]


def test_the_blocks_of_the_long_chain_hold_payments_and_follow_each_other():
    grown = growing.grow(SHORT)

    blocks = [parse_block(raw) for raw in grown.raws]

    assert [block.header.height for block in blocks] == list(range(1, 10))
    assert all(len(block.transactions) == 2 for block in blocks)
    assert [mark.tree[mark.tip].height for mark in grown.marks] == [3, 6, 9]


def test_the_memory_of_a_chain_is_that_of_a_fresh_process():
    measured = growing.memory_of_blocks(1, SHORT)

    assert measured.clock == measure.MEMORY
    assert measured.facts["n_blocks"] == 9
    assert 10 < measured.pairs.subject_s[0] < 200


def test_a_process_that_fails_has_used_no_memory():
    with pytest.raises(BenchUnable, match=r"bench\.growing failed: .*nowhere"):
        growing.run_fresh("devnet.bench.growing", "take_in", "nowhere")


def test_the_memory_of_a_world_follows_from_how_it_grows(monkeypatch):
    told = {"n_blocks": 100, "n_events": 5, "peak_mib": 50.0, "mib_per_block": 0.01}
    monkeypatch.setattr(worlds, "run_fresh", lambda *call: dict(told))

    measured = worlds.memory_of_world(1)

    assert measured.pairs.subject_s == (50.0 + 9_900 * 0.01,)
    assert measured.facts["bytes_per_main_block"] == 10486


def test_a_world_lives_through_the_blocks_that_it_is_told_to():
    told = worlds.live(4)

    assert told["n_blocks"] >= 4
    assert all(ms > 0 for ms in told["cpu_ms_per_main_block"])
    assert set(told["side_heights"]) == {"alpha", "beta", "gamma"}


def test_the_cheap_proof_of_work_answers_like_a_function():
    works = cheap.CheapWorks()

    assert works.get(b"a", b"b") == works.get(b"a", b"b") != works.get(b"a", b"c")


def test_the_reference_is_measured_only_where_it_is(monkeypatch, tmp_path):
    monkeypatch.delenv(reference.REFERENCE, raising=False)
    with pytest.raises(BenchUnable, match="DEVNET_GO_REFERENCE names no folder"):
        reference.go_reference(1)

    monkeypatch.setenv(reference.REFERENCE, str(tmp_path))
    with pytest.raises(BenchUnable, match="has no mining/tensority/go_algorithm"):
        reference.go_reference(1)


def test_a_reference_that_does_not_compile_is_said(tmp_path):
    if shutil.which("go") is None:
        pytest.skip("needs a Go toolchain")
    source, workshop = tmp_path / "source", tmp_path / "workshop"
    (source / reference.ALGORITHM).mkdir(parents=True)
    workshop.mkdir()

    with pytest.raises(BenchUnable, match="does not compile"):
        reference.build(source, workshop)

    assert list((source / reference.ALGORITHM).iterdir()) == []


def test_two_workers_are_measured_against_one():
    if measure.n_cores() < 2:
        pytest.skip("needs two cores")

    measured = hashing.two_workers(1)

    assert measured.clock == "wall"
    assert measured.ratio > 0  # How much is for `devnet bench` to judge, in quiet.
    assert "load_average_before" in measured.facts


def test_a_wrong_hash_does_not_count_however_fast_it_is():
    hashed = hashing.checked_hash(lambda header_hash, table: bytes(32))

    with pytest.raises(BenchWrong, match="came out wrong"):
        hashed()


def test_the_cpu_time_of_a_finished_process_is_counted():
    before_s = startup._cpu_of_children()

    startup._run([sys.executable, "-c", "pass"])

    assert startup._cpu_of_children() > before_s


def test_a_command_that_fails_is_not_a_fast_one():
    with pytest.raises(BenchUnable, match=r"ended with status 1: .*nothing_here"):
        startup._run([sys.executable, "-c", "import nothing_here"])


def test_the_facts_name_the_kernel_and_its_one_thread():
    found = facts.machine_facts()

    assert found["blas_kernel"]
    assert found["blas_threads"] == 1
    assert found["hash_engine"] == "numpy float32"
    assert found["cpu"]
    assert found["signatures"] != "none"


PAINTING = r"""
import os, sys, time
assert os.get_terminal_size() == (140, 40)
print(end="\x1b[?1049h\x1b[2J\x1b[1;1Hmain\x1b[1mchain", flush=True)
time.sleep(60)
"""


@needs_terminal
def test_the_first_paint_is_seen_through_escape_codes_and_the_painter_is_ended():
    assert 0 < startup.paint_once([sys.executable, "-c", PAINTING]) < 30


@needs_terminal
def test_a_dashboard_that_is_never_painted_is_no_paint():
    with pytest.raises(BenchUnable, match=r"was not painted: .*no such screen"):
        startup.paint_once([sys.executable, "-c", "raise SystemExit('no such screen')"])


# Reporting.


def test_a_json_line_names_the_target_the_spread_and_the_machine(monkeypatch):
    status, (line,) = run(monkeypatch, subject_of(1.5, name="T1"))

    assert status == 0
    assert line["name"] == "T1"
    assert (line["ratio"], line["target"], line["bound"]) == (1.5, 2.0, "at most")
    assert (line["met"], line["n_pairs"], line["n_runs"]) == (True, 1, 1)
    assert (line["smallest"], line["largest"]) == (1.5, 1.5)
    assert line["facts"] == {"cpu": "a fast one"}


def test_a_missed_target_is_said_and_sets_the_exit_status(monkeypatch):
    subject = subject_of(3.0, 3.0, 3.0)

    status, lines = run(monkeypatch, subject, as_json=False)

    assert status == 1
    assert "target at most 2: MISSED in 3 runs" in lines[-1]


def test_memory_is_told_in_mib(monkeypatch):
    def take(n_pairs):
        pairs = Pairs((512.0,), (1024.0,))
        facts = {"bytes_per_block": 17}
        return Measured(pairs, measure.MEMORY, Target(1.0), facts)

    subject = Subject("memory", "a chain", "1 GiB", take)

    _, (line,) = run(monkeypatch, subject)
    assert (line["subject_mib"], line["yardstick_mib"], line["ratio"]) == (
        512,
        1024,
        0.5,
    )
    lines = run(monkeypatch, subject, as_json=False)[1]
    assert lines[-2].endswith("512 / 1.02e+03 MiB")
    assert lines[-1] == "        bytes_per_block: 17"


def test_what_cannot_be_measured_here_is_said_and_is_no_miss(monkeypatch):
    def unable(n_pairs):
        raise BenchUnable("there is no terminal")

    subject = Subject("T14", "first paint", "an import", unable)

    assert run(monkeypatch, subject, as_json=False)[1][-1].endswith(
        "not measured: there is no terminal"
    )
    status, (line,) = run(monkeypatch, subject)
    assert (status, line["ratio"], line["why"]) == (0, None, "there is no terminal")


def test_an_unknown_name_is_refused_with_those_that_there_are(capsys):
    assert bench.main(["T1", "T99"]) == 2

    refusal = capsys.readouterr().err
    assert "there is no benchmark T99" in refusal
    assert "T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T" in refusal


def test_no_pairs_are_refused(capsys):
    assert bench.main(["T7", "--pairs", "0"]) == 2
    assert "0 pairs cannot be measured" in capsys.readouterr().err


def test_the_command_prints_one_object_per_name(capsys):
    status = bench.main(["t7", "--json", "--pairs", "1"])

    line = json.loads(capsys.readouterr().out)
    assert (status, line["name"], line["met"]) == (0, "T7", True)
    assert line["facts"]["blas_threads"] == 1
