"""One key seals: what it makes, what others refuse."""

from dataclasses import replace
from typing import Any

import pytest

from devnet.engine.interfaces import (
    Certificate,
    Checkpoint,
    ConsensusError,
    Filled,
    Header,
    Propose,
    Publish,
    Seat,
    SetTimer,
    TimerFired,
    Woken,
)
from devnet.plugins.solo import IDLE_INTERVALS, TURN, Solo
from tests.plugins.fakechain import reseal
from tests.plugins.fakehost import FakeHost

SOLO = Solo()


def played(**settings: Any) -> FakeHost:
    host = FakeHost(SOLO, 3, busy=True, **settings)
    host.run(3000)
    return host


def test_only_validator_0_ever_seals():
    host = played()
    height = host.nodes[0].chain.tip.height
    assert height == 12
    sealers = {line.split()[1] for line in host.lines() if " seals " in line}
    assert sealers == {"v0"}


def test_every_block_is_final_at_once_for_whoever_has_it():
    host = played()
    assert host.finals() == [12, 11, 11]  # The last block is on its way to v1, v2.


def test_blocks_keep_their_distance_though_work_comes_faster():
    host = FakeHost(SOLO, 1, interval_ms=400)
    for item in range(30):
        host.work(1000 + 10 * item, item)
    host.run(5000)
    times = sorted(header.time_ms for header in host.headers.values())
    assert times == [0, 1000, 1400]


def test_an_idle_sealer_asks_again_though_nobody_woke_it():
    host = FakeHost(SOLO, 1)
    chain = host.nodes[0].chain
    state, _ = SOLO.start(Seat(0, host.rules, 0), chain)
    _, effects = SOLO.step(state, TimerFired(9000, TURN), chain)
    assert [type(effect) for effect in effects] == [SetTimer, Propose]
    assert effects[0] == SetTimer(9000 + IDLE_INTERVALS * 250, TURN)


def test_a_second_fill_on_the_same_parent_is_not_published():
    host = FakeHost(SOLO, 1)
    chain = host.nodes[0].chain
    state, _ = SOLO.start(Seat(0, host.rules, 0), chain)
    blank = Header(b"one", 1, chain.tip.hash, 1000, 0, "solo", 1, host.rules.base)
    state, effects = SOLO.step(state, Filled(1000, blank), chain)
    assert effects == (Publish(b"one"),)
    twin = replace(blank, hash=b"two")
    assert SOLO.step(state, Filled(1000, twin), chain) == (state, ())


@pytest.mark.parametrize(
    ("signer", "changes", "code"),
    [
        (1, {}, "consensus.wrong-proposer"),
        (0, {"round": 99}, "consensus.wrong-round"),
        (0, {"time_ms": 2999}, "consensus.too-soon"),
        (0, {"time_ms": 3251}, "consensus.from-the-future"),
        (0, {"justify": Checkpoint(1, bytes(32))}, "consensus.wrong-justify"),
        (0, {"certificate": Certificate(b"\1", (b"x",))}, "consensus.stray-data"),
        (0, {"engine_data": b"x"}, "consensus.stray-data"),
        (0, {"nonce": 1}, "consensus.stray-work"),
        (0, {"bits": 1 << 56}, "consensus.stray-work"),
    ],
)
def test_a_header_that_breaks_a_rule_is_refused(
    signer: int, changes: dict[str, Any], code: str
):
    host = played()
    chain = host.nodes[0].chain
    good = chain.tip
    parent = chain.known[good.previous]
    SOLO.check_header(good, parent, chain)
    with pytest.raises(ConsensusError) as refused:
        SOLO.check_header(reseal(good, host.rules, signer, **changes), parent, chain)
    assert refused.value.code == code


def test_a_new_epoch_starts_on_its_base_and_finalises_its_first_block():
    host = FakeHost(SOLO, 1, old_blocks=5, busy=True)
    host.run(1300)
    first = next(header for header in host.headers.values() if header.height == 8)
    assert (first.epoch, first.round, first.justify.height) == (1, 8, 5)
    assert host.finals() == [host.nodes[0].chain.tip.height]


def test_an_observer_does_nothing_but_follow():
    host = played()
    chain = host.nodes[0].chain
    state, effects = SOLO.start(Seat(-1, host.rules, 3000), chain)
    assert effects == ()
    assert SOLO.step(state, Woken(3000), chain) == (state, ())
    assert SOLO.describe(state, chain) == "follows v0, who alone seals; 12 is final"
