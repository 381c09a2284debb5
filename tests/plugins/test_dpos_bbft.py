"""Slots, turns, and delegates at work."""

from typing import Any

import pytest

from devnet.engine.interfaces import (
    BlockJudged,
    Broadcast,
    Certificate,
    Checkpoint,
    ConsensusError,
    Filled,
    HeadChanged,
    MessageGot,
    Propose,
    Publish,
    Seat,
    SetTimer,
    TimerFired,
    Vote,
    Voted,
    VoteMessage,
    Woken,
    quorum,
)
from devnet.plugins.dpos_bbft import SLOT, DposBbft
from devnet.plugins.vapor_turns import (
    BeforeTheTurns,
    proposer_order,
    turns_start_ms,
    vote_sequence,
)
from tests.plugins.fakechain import reseal, toy_sign
from tests.plugins.fakehost import FakeHost
from tests.vectors import vectors

DPOS = DposBbft()
VAPOR = vectors("dpos")["vapor_1x"]


def played(until_ms: int = 5040, n: int = 4, **settings: Any) -> FakeHost:
    host = FakeHost(DPOS, n, busy=True, **settings)
    host.run(until_ms)
    return host


def sealed(host: FakeHost) -> list[tuple[str, int]]:
    """Who sealed in which round, in order."""
    lines = [line.split() for line in host.lines() if " seals " in line]
    return [(words[1], int(words[words.index("round") + 1][:-1])) for words in lines]


# The arithmetic.


@pytest.mark.parametrize("case", VAPOR["proposer_order"])
def test_proposer_order_is_vapors(case: dict[str, Any]):
    got = [
        proposer_order(
            time_ms, case["start_ms"], case["interval_ms"], case["blocks_per_node"],
            case["nodes"],
        )
        for time_ms, _ in case["rows"]
    ]  # fmt: skip
    assert got == [order for _, order in case["rows"]]


def test_a_time_before_the_turns_is_refused_where_vapor_wraps_around():
    with pytest.raises(BeforeTheTurns):
        proposer_order(9_999, 10_000, 500, 3, 4)


@pytest.mark.parametrize("case", VAPOR["vote_sequence"])
def test_vote_sequence_is_vapors(case: dict[str, Any]):
    got = [vote_sequence(height, case["round_blocks"]) for height, _ in case["rows"]]
    assert got == [sequence for _, sequence in case["rows"]]


def test_signatures_needed_are_vapors():
    cases = VAPOR["signatures_needed"]
    assert [quorum(case["n"]) for case in cases] == [case["needed"] for case in cases]


def test_the_turns_start_again_after_each_vote_round():
    host = played(until_ms=9000, round_blocks=5, per_node=2)
    owners = [who for who, _ in sealed(host)]
    assert owners[:15] == ["v0", "v0", "v1", "v1", "v2"] * 3


def test_the_turns_start_again_at_the_base_of_a_new_epoch():
    host = FakeHost(DPOS, 4, busy=True, old_blocks=5)
    chain = host.nodes[0].chain
    base = chain.ancestor(chain.tip.hash, 5)
    assert turns_start_ms(chain.tip, host.rules, chain) == base.time_ms + 500


# The rules.


@pytest.mark.parametrize(
    ("signer", "changes", "code"),
    [
        (2, {}, "consensus.wrong-proposer"),
        (3, {"time_ms": 5001}, "consensus.off-the-grid"),
        (3, {"round": 9}, "consensus.wrong-round"),
        (3, {"time_ms": 4500, "round": 9}, "consensus.wrong-round"),
        (3, {"time_ms": 7500, "round": 15}, "consensus.from-the-future"),
        (3, {"engine_data": b"x"}, "consensus.stray-data"),
        (3, {"nonce": 1}, "consensus.stray-work"),
        (3, {"bits": 1 << 56}, "consensus.stray-work"),
        (3, {"justify": Checkpoint(8, bytes(32))}, "consensus.justify-not-ancestor"),
        (3, {"certificate": Certificate()}, "consensus.certificate-short"),
    ],
)
def test_a_header_that_breaks_a_rule_is_refused(
    signer: int, changes: dict[str, Any], code: str
):
    host = played()
    chain = host.nodes[0].chain
    good = chain.tip
    parent = chain.known[good.previous]
    assert (good.height, good.round, good.time_ms) == (10, 10, 5000)
    DPOS.check_header(good, parent, chain)
    with pytest.raises(ConsensusError) as refused:
        DPOS.check_header(reseal(good, host.rules, signer, **changes), parent, chain)
    assert refused.value.code == code


def test_the_first_block_of_an_epoch_keeps_its_distance_from_the_closing_block():
    host = FakeHost(DPOS, 4, busy=True, old_blocks=5)
    chain = host.nodes[0].chain
    closing = chain.tip
    assert (closing.time_ms, closing.round) == (959, 907)
    host.run(1600)
    first = chain.tip
    assert (first.time_ms, first.round) == (1500, 3)
    hasty = reseal(first, host.rules, 0, time_ms=1000, round=2)
    with pytest.raises(ConsensusError, match="41 ms after its parent"):
        DPOS.check_header(hasty, closing, chain)


# Acting.


def test_each_delegate_makes_three_blocks_in_a_row():
    host = played(until_ms=6540)
    assert sealed(host) == [(f"v{(slot - 1) // 3 % 4}", slot) for slot in range(1, 14)]


def test_without_faults_a_block_is_final_two_intervals_after_it_was_made():
    lines = played().lines()
    assert "  2000  v1 seals 4 on 3 empty, round 4, justify 3" in lines
    assert "  2580  v0 v1 v2 v3 see 4 final" in lines


def test_the_certificate_of_the_parent_travels_in_the_next_header():
    host = played()
    chain = host.nodes[3].chain
    tip = chain.tip
    assert tip.justify.hash == tip.previous
    assert len(tip.certificate.voters()) == quorum(4)


def test_an_unanswered_proposal_is_no_obstacle():
    host = FakeHost(DPOS, 4)
    host.work(30_010, 1)
    host.run(40_000)
    assert [round_ for _, round_ in sealed(host)] == [61, 62, 63]
    assert host.finals() == [2] * 4  # Two certified neighbours above prove the first.


def test_slots_of_a_silent_delegate_pass_and_the_chain_goes_on():
    host = FakeHost(DPOS, 4, busy=True)
    host.down(2, at_ms=100, until_ms=60_000)
    host.run(12_600)
    rounds = [round_ for _, round_ in sealed(host)]
    assert rounds == [slot for slot in range(1, 26) if (slot - 1) // 3 % 4 != 2]
    assert max(host.finals()) == len(rounds) - 1


def test_without_a_quorum_nothing_is_certified():
    host = FakeHost(DPOS, 4, busy=True)
    host.down(2, at_ms=100, until_ms=60_000)
    host.down(3, at_ms=100, until_ms=60_000)
    host.run(12_000)
    assert host.nodes[0].chain.tip.height > 10
    assert host.finals() == [0] * 4
    assert not any("certif" in line for line in host.lines())


def test_a_slot_is_used_though_a_vote_arrives_in_its_first_millisecond():
    host = FakeHost(DPOS, 4)
    chain = host.nodes[0].chain
    state, effects = DPOS.start(Seat(0, host.rules, 0), chain)
    assert effects == (SetTimer(500, SLOT),)
    chain.now_ms = 500
    state, effects = DPOS.step(state, HeadChanged(500, chain.tip), chain)
    assert effects == ()
    state, effects = DPOS.step(state, TimerFired(500, SLOT), chain)
    assert [type(effect) for effect in effects] == [SetTimer, Propose]
    _, effects = DPOS.step(state, TimerFired(500, SLOT), chain)
    assert not any(isinstance(effect, Propose) for effect in effects)


def test_who_takes_its_seat_leaves_the_running_slot_alone():
    host = FakeHost(DPOS, 4)
    chain = host.nodes[0].chain
    state, effects = DPOS.start(Seat(0, host.rules, 500), chain)
    assert effects == (SetTimer(1000, SLOT),)
    assert DPOS.step(state, Woken(600), chain) == (state, ())


def test_a_delegate_publishes_once_in_a_slot():
    host = played()
    chain, state = host.nodes[3].chain, host.nodes[3].state
    assert chain.tip.round == 10  # its own block
    assert DPOS.step(state, Filled(5040, chain.tip), chain) == (state, ())
    later = reseal(chain.tip, host.rules, 3, round=11)
    assert DPOS.step(state, Filled(5500, later), chain)[1] == (Publish(later.hash),)


def test_a_vote_that_the_signer_let_pass_goes_to_everybody():
    host = played()
    node, tip = host.nodes[0], host.nodes[0].chain.tip
    key = host.rules.validators[0].key
    vote = Vote(0, tip.round, tip.height, tip.hash, 0, toy_sign("vote", key, tip.hash))
    _, effects = DPOS.step(node.state, Voted(5040, vote), node.chain)
    assert Broadcast(VoteMessage(vote)) in effects


def test_messages_of_another_kind_mean_nothing():
    host = played()
    node = host.nodes[0]
    stray = MessageGot(5040, 1, "gossip")  # type: ignore[arg-type]
    assert DPOS.step(node.state, stray, node.chain) == (node.state, ())


def test_an_observer_counts_votes_but_sets_no_alarm():
    host = played()
    chain = host.nodes[0].chain
    state, effects = DPOS.start(Seat(-1, host.rules, 5040), chain)
    assert effects == ()
    _, effects = DPOS.step(state, BlockJudged(5040, chain.tip), chain)
    assert effects == ()
    assert state.ballots.final == Checkpoint(8, chain.ancestor(chain.tip.hash, 8).hash)


def test_a_cut_off_delegate_gives_up_its_branch():
    """The lost block of Vapor 1.x: v1 builds alone, and nothing final is lost."""
    host = FakeHost(DPOS, 4, busy=True)
    host.cut({1}, at_ms=1600, until_ms=3600)
    host.run(9000)
    tips = {node.chain.ancestor(node.chain.tip.hash, 6).hash for node in host.nodes}
    assert [host.names[tip] for tip in tips] == ["6b"]


def test_it_says_whose_slot_runs_and_what_is_certified():
    host = played(until_ms=5100)
    node = host.nodes[0]
    node.chain.now_ms = 5100
    line = DPOS.describe(node.state, node.chain)
    assert line == "slot 11 is v3's; 10 certified, final 9"
    host = played(until_ms=5041)
    line = DPOS.describe(host.nodes[1].state, host.nodes[1].chain)
    assert line == "slot 11 is v3's; 10 has 2/3 votes, final 8"
