"""The benchmark of throughput: what it counts is there, and adds up."""

from __future__ import annotations

import pytest

from devnet.bench import loads, phases, report, throughput
from devnet.bench.loads import hand_in, loaded_network, n_mined, run_until
from devnet.bench.measure import BenchUnable, BenchWrong
from devnet.engine.network import SidechainSpec
from devnet.engine.sidechain import judge, ledger

POA = SidechainSpec("beta", "poa")


@pytest.fixture(scope="module")
def load():
    return loaded_network(POA, 30, 2)


def test_a_load_is_signed_payments_of_one_input_that_nobody_has_seen(load):
    net, rounds = load

    assert [len(raws) for raws in rounds] == [30, 30]
    assert len({raw for raws in rounds for raw in raws}) == 60
    before = net.snapshot()
    n_before = n_mined(net, "beta")
    for raws in rounds:
        hand_in(net, "beta", raws)
    run_until(net, lambda: n_mined(net, "beta") == n_before + 60)
    net.restore(before)


def test_a_refused_payment_is_a_wrong_answer(load):
    net, rounds = load
    before = net.snapshot()

    with pytest.raises(BenchWrong, match="refused"):
        hand_in(net, "beta", (rounds[0][0][:-1],))
    net.restore(before)


def test_a_world_that_stands_still_cannot_be_measured(load, monkeypatch):
    monkeypatch.setattr(loads, "LIMIT_MS", 500)
    net, _ = load
    before = net.snapshot()
    end_ms = net.now_ms

    with pytest.raises(BenchUnable, match="does not go on"):
        run_until(net, lambda: False)
    assert net.now_ms > end_ms
    net.restore(before)


def test_every_moment_belongs_to_one_phase_and_nothing_stays_wrapped(load):
    net, rounds = load
    before, meter = net.snapshot(), phases.Meter()
    old = judge.judge, ledger.Ledger.add, type(net.stores["beta"]).batch

    with meter.watching(tuple(net.stores.values())):
        assert judge.judge is not old[0]
        hand_in(net, "beta", rounds[0])
        goal = n_mined(net, "beta") + len(rounds[0])
        run_until(net, lambda: n_mined(net, "beta") == goal)
    net.restore(before)

    shares = meter.shares()
    assert set(shares) == set(phases.PHASES)
    assert sum(shares.values()) == pytest.approx(1, abs=0.01)
    assert all(shares[phase] > 0 for phase in ("parse", "admit", "gossip", "execute"))
    assert (judge.judge, ledger.Ledger.add, type(net.stores["beta"]).batch) == old


def test_each_pair_is_told_and_those_that_cannot_be_are_named(monkeypatch):
    monkeypatch.setattr(throughput, "N_ROUND", 20)

    measured = throughput.sustained(1, 20, ["poa", "no-such"], ["memory"])

    (row,) = measured.facts["rows"]
    assert row["pair"] == "poa on memory" and row["tx_per_s"] > 0
    assert len(measured.facts["skipped"]) == 1
    assert "no-such on memory" in measured.facts["skipped"][0]
    assert measured.target.bound == 1.0
    with pytest.raises(BenchUnable, match="nothing could be measured"):
        throughput.sustained(1, 20, ["no-such"], ["memory"])


def test_one_validator_alone_and_a_crowd_can_be_measured(monkeypatch):
    monkeypatch.setattr(throughput, "N_ROUND", 20)
    monkeypatch.setattr(throughput, "N_CROWD", 5)

    alone, crowd = throughput.through_engine(1), throughput.many_validators(1)

    assert alone.ratio > 0 and alone.facts["tx_per_s"] > 0
    assert crowd.ratio > 0


def test_sidechains_are_compared_over_the_same_virtual_time(monkeypatch):
    monkeypatch.setattr(throughput, "N_CHAINS", 2)
    monkeypatch.setattr(throughput, "SPAN_MS", 500)

    assert throughput.many_sidechains(1).ratio > 0


def test_rows_are_told_to_people_line_by_line():
    row = {"pair": "poa on memory", "tx_per_s": 4000, "shares": {"parse": 0.25}}
    values = {
        "name": "X", "what": "a", "yardstick": "b", "ratio": 1.0, "smallest": 1.0,
        "largest": 1.0, "n_pairs": 1, "n_runs": 1, "target": 2.0, "bound": "at most",
        "met": True, "clock": "cpu", "subject_ms": 1.0, "yardstick_ms": 1.0,
        "rows": [row], "skipped": ["y on z: not installed"],
    }  # fmt: skip

    text = report.as_line(values)

    assert "poa on memory; tx_per_s 4000; parse 25%" in text
    assert "not installed" in text


def test_a_call_for_each_payment_can_be_measured():
    measured = throughput.one_call_each(1, n_round=30)

    assert measured.clock == "cpu"
    assert measured.facts["tx_per_s"] > 0
    assert measured.pairs.yardstick_s == (1 / throughput.WANTED_PER_S,)
