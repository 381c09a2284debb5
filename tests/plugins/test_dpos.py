"""The slot clock, lists by approvals, and what enough distinct delegates make final."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.engine.interfaces import (
    Candidate,
    Certificate,
    Checkpoint,
    ConsensusError,
    Filled,
    Header,
    Publish,
    Seat,
    SetTimer,
    TimerFired,
)
from devnet.plugins import early_dpos
from devnet.plugins.dpos import SLOT, Dpos, delegates_at, list_hash, slot_of
from devnet.plugins.lab.chain import LabChain, make_genesis, make_rules
from tests.plugins.fakechain import reseal
from tests.plugins.fakehost import FakeHost

DPOS = Dpos()
BTM = 10**8


def host(n: int = 4, **settings: Any) -> FakeHost:
    return FakeHost(Dpos(), n, busy=True, **settings)


def candidate(name: str, key: bytes, **values: Any) -> Candidate:
    facts = {"address": f"bm1{name}", "balance": 10 * BTM, "weight": 0}
    return Candidate(name, key, **{**facts, "n_approvals": 0, **values})


# The clock.


@given(st.integers(0, 10**9), st.integers(20, 60_000), st.integers(1, 30))
def test_slots_are_those_of_the_reference(time_ms: int, interval_ms: int, n: int):
    rules = make_rules(DPOS, n, make_genesis(), interval_ms=interval_ms)
    chain = LabChain({0: rules}, make_genesis(), {})
    slot = slot_of(time_ms, rules, chain)
    assert divmod(slot, n) == (
        early_dpos.round_index(time_ms, 0, interval_ms, n),
        early_dpos.slot_index(time_ms, 0, interval_ms, n),
    )


def test_the_clock_is_described_with_its_owner():
    play = host()
    play.run(2600)
    node = play.nodes[0]
    node.chain.now_ms = 2600
    line = DPOS.describe(node.state, node.chain)
    assert line == "round 1, slot 2/4 is v1's; final 3"


# Lists.


@dataclass
class Poll:
    """A chain about which only the candidates are known."""

    found: tuple[Candidate, ...]
    gone: frozenset[bytes] = frozenset()
    block: Header = field(default_factory=make_genesis)

    def candidates(self, block_hash: bytes) -> tuple[Candidate, ...]:
        return self.found

    def banned(self, block_hash: bytes) -> frozenset[bytes]:
        return self.gone


def listed(*found: Candidate, n: int = 4, gone: tuple[bytes, ...] = ()) -> list[str]:
    poll: Any = Poll(found, frozenset(gone))
    rules = make_rules(DPOS, n, poll.block)
    return [one.name for one in delegates_at(poll.block, rules, poll)]


def test_without_candidates_the_epochs_own_list_has_the_slots():
    assert listed() == ["v0", "v1", "v2", "v3"]


def test_the_heaviest_come_first_and_the_bootstrap_producer_last():
    light = candidate("light", b"l", n_approvals=1, weight=3)
    heavy = candidate("heavy", b"h", n_approvals=1, weight=5)
    twin = candidate("twin", b"t", n_approvals=2, weight=3, address="bm1z")
    assert listed(light, heavy) == ["heavy", "light", "v0", "v3"]
    assert listed(light, heavy, twin) == ["heavy", "twin", "light", "v3"]


def test_who_holds_too_little_gets_no_slot():
    poor = candidate("poor", b"p", n_approvals=1, weight=5, balance=BTM - 1)
    assert listed(poor) == ["v0", "v1", "v2", "v3"]
    assert listed(replace(poor, balance=BTM)) == ["poor", "v0", "v1", "v3"]


def test_the_rich_fill_seats_without_approvals_behind_those_approved_of():
    rich = candidate("rich", b"r", balance=500 * BTM)
    later = candidate("later", b"x", balance=500 * BTM, address="bm1a")
    voted = candidate("voted", b"v", n_approvals=1, weight=1)
    almost = replace(rich, balance=500 * BTM - 1)
    assert listed(later, rich, voted) == ["voted", "rich", "later", "v3"]
    assert listed(almost) == ["v0", "v1", "v2", "v3"]


def test_a_banned_key_gets_no_slot():
    bad = candidate("bad", b"b", n_approvals=1, weight=9)
    own = make_rules(DPOS, 4, make_genesis()).validators[1].key
    assert listed(bad, gone=(b"b", own)) == ["v0", "v2", "v3"]


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.sets(st.integers(0, 6))),
        min_size=7,
        max_size=7,
    ),
    st.integers(2, 6),
)
def test_the_order_is_that_of_the_corrected_reference(
    people: list[tuple[int, set[int]]], n: int
):
    """Registered are 0 to 3; everybody holds whole coins and approves of some."""
    ballot = early_dpos.Ballot()
    for index, (coins, _) in enumerate(people):
        ballot = ballot.paid(f"bm1{index}", coins * BTM)
        if index < 4:
            ballot, _ = ballot.register(f"bm1{index}", f"c{index}")
    for index, (_, approved) in enumerate(people):
        names = [f"bm1{one}" for one in sorted(approved) if one < 4]
        ballot, _ = ballot.approve(f"bm1{index}", names)
    weights = ballot.weights()
    found = [
        candidate(
            f"c{index}", b"%d" % index, address=f"bm1{index}", balance=coins * BTM,
            weight=weights.get(f"bm1{index}", 0),
            n_approvals=sum(index in approved for _, approved in people),
        )
        for index, (coins, _) in enumerate(people[:4])
    ]  # fmt: skip
    want = [f"c{who[3:]}" for who, _ in early_dpos.elect(ballot, n, BTM).seats()]
    assert listed(*found, n=n)[: len(want)] == want


def test_a_list_holds_for_its_round_and_is_elected_at_the_first_block_of_the_next():
    play = host(watchers=1)
    new = play.nodes[4]
    play.candidates_from(5, (candidate("v4", new.key, n_approvals=1, weight=1),))
    play.run(6000)
    makers = {block.height: who(play, block) for block in play.headers.values()}
    assert [makers[height] for height in range(5, 12)] == [
        "v1", "v2", "v3", "v4", "v0", "v1", "v3",
    ]  # fmt: skip
    assert play.refused == []


def who(play: FakeHost, block: Header) -> str:
    rules = play.nodes[0].chain.rules_of(block)
    return rules.validators[block.round % 4].name if block.height else ""


# Headers.


def blocks(n: int = 4) -> tuple[FakeHost, LabChain, Header, Header]:
    """Four blocks, the parent of the last one, and the last one."""
    play = host(n)
    play.run(2100)
    chain = play.nodes[0].chain
    last = chain.head()
    return play, chain, chain.known[last.previous], last


def code_of(header: Header, parent: Header, chain: LabChain) -> str:
    with pytest.raises(ConsensusError) as caught:
        DPOS.check_header(header, parent, chain)
    return caught.value.code


def test_a_block_of_the_slots_owner_passes():
    _, chain, parent, block = blocks()
    DPOS.check_header(block, parent, chain)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("consensus.wrong-round", {"round": 5}),
        ("consensus.wrong-round", {"time_ms": 1700, "round": 3}),
        ("consensus.from-the-future", {"time_ms": 4100, "round": 8}),
        ("consensus.stray-data", {"engine_data": bytes(32)}),
        ("consensus.stray-data", {"certificate": Certificate(b"\1", (b"sig",))}),
        ("consensus.stray-work", {"nonce": 1}),
        ("consensus.wrong-justify", {"justify": Checkpoint(0, make_genesis().hash)}),
    ],
)
def test_a_header_that_breaks_a_rule_is_refused(code: str, changes: dict[str, Any]):
    play, chain, parent, block = blocks()
    index = 0
    assert code_of(reseal(block, play.rules, index, **changes), parent, chain) == code


def test_only_the_slots_owner_may_seal():
    play, chain, parent, block = blocks()
    for index in (1, 2, 3):
        foul = reseal(block, play.rules, index)
        assert code_of(foul, parent, chain) == "consensus.wrong-proposer"


def test_a_slot_beyond_the_lists_end_is_nobodys():
    play = host(4, seats=6)
    play.run(2600)
    chain = play.nodes[0].chain
    parent = chain.head()
    chain.now_ms = 2500
    foul = reseal(parent, play.rules, 0, previous=parent.hash, height=parent.height + 1,
                  time_ms=2500, round=5)  # fmt: skip
    assert code_of(foul, parent, chain) == "consensus.empty-slot"


def test_the_header_names_the_list():
    play, _, _, block = blocks()
    assert block.engine_data == list_hash(play.rules.validators)


# Acting.


def test_a_slot_is_taken_once():
    play = host()
    chain = play.nodes[1].chain
    state, effects = DPOS.start(Seat(1, play.rules, 0, play.nodes[1].key), chain)
    assert effects == (SetTimer(500, SLOT),)
    chain.now_ms = 500
    state, effects = DPOS.step(state, TimerFired(500, SLOT), chain)
    assert [type(effect).__name__ for effect in effects] == ["SetTimer", "Propose"]
    header = replace(make_genesis(), hash=b"new", height=1, round=1)
    state, effects = DPOS.step(state, Filled(500, header), chain)
    assert effects == (Publish(b"new"),)
    assert DPOS.step(state, Filled(500, header), chain) == (state, ())
    state, effects = DPOS.step(state, TimerFired(500, SLOT), chain)
    assert "Propose" not in [type(effect).__name__ for effect in effects]


def test_who_restarts_in_its_slot_leaves_it_alone():
    play = host()
    seat = Seat(1, play.rules, 700, play.nodes[1].key)
    _, effects = DPOS.start(seat, play.nodes[1].chain)
    assert effects == (SetTimer(2500, SLOT),)


# Finality.


def test_a_block_is_final_when_enough_distinct_delegates_built_on_it():
    play = host()
    play.run(4100)
    chain = play.nodes[0].chain
    assert DPOS.final_seen(chain.head(), chain).height == chain.head().height - 2


def test_one_delegate_alone_finalises_nothing_however_long_it_builds():
    play = host()
    play.cut({3}, 0, 40_000)
    play.run(30_000)
    assert play.nodes[3].chain.head().height > 10
    assert play.nodes[3].final.height == 0


def test_the_answer_does_not_depend_on_what_was_asked_before():
    play = host(7)
    play.run(20_000)
    chain = play.nodes[0].chain
    fresh, used = Dpos(), Dpos()
    for height in range(1, chain.head().height + 1):
        used.final_seen(chain.ancestor(chain.head().hash, height), chain)
    assert fresh.final_seen(chain.head(), chain) == used.final_seen(chain.head(), chain)


@pytest.mark.parametrize(("n", "silent"), [(4, 1), (7, 2), (10, 3)])
def test_finality_advances_within_two_rounds_whoever_is_silent(n: int, silent: int):
    """The bound on the page: 2 * N * interval_ms."""
    bound_ms = 2 * n * 500
    for shift in range(n):
        play = host(n)
        for index in range(silent):
            play.down((shift + index) % n, 100, 10**9)
        play.run(3 * bound_ms)
        held = max(play.finals())
        play.run(4 * bound_ms)
        assert max(play.finals()) > held, f"{silent} of {n} down from {shift}"
