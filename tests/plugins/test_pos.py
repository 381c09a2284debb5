"""Slots drawn by weight: the draw, its seed, and what a header must show."""

from collections import Counter
from dataclasses import replace
from hashlib import sha3_256
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
)
from devnet.plugins.lab.links import LINK_MS
from devnet.plugins.pos import ProofOfStake, draw_number, owner_of_number
from devnet.plugins.slots import SLOT, SLOTS_AHEAD
from tests.plugins.fakechain import CHAIN_ID, reseal
from tests.plugins.fakehost import FakeHost

POS = ProofOfStake()
WEIGHTS = (5, 3, 1, 1)


def played(until_ms: int = 5100, n: int = 4, **settings: Any) -> FakeHost:
    host = FakeHost(ProofOfStake(), n, busy=True, **settings)
    host.run(until_ms)
    return host


def chain_of(host: FakeHost, index: int = 0) -> list[Header]:
    """The blocks of a validator's chain above the base, lowest first."""
    chain, blocks = host.nodes[index].chain, []
    block = chain.tip
    while block.height > host.rules.base.height and block.epoch == host.rules.epoch:
        blocks.append(block)
        block = chain.known[block.previous]
    return blocks[::-1]


def sealer_of(host: FakeHost, block: Header) -> int:
    """Who signed a block."""
    chain = host.nodes[0].chain
    return next(i for i in range(len(host.nodes)) if chain.signed_by(block, i))


# The draw.


def test_the_number_is_the_hash_of_chain_epoch_slot_and_seed():
    content = CHAIN_ID + bytes(7) + b"\2" + bytes(6) + b"\1\x2c" + b"s" * 32
    want = int.from_bytes(sha3_256(content).digest(), "big")
    assert draw_number(CHAIN_ID, 2, 300, b"s" * 32) == want


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(0, 2**256 - 1))
def test_shares_follow_one_another_in_the_order_of_the_list(
    weights: list[int], number: int
):
    tickets = [index for index, weight in enumerate(weights) for _ in range(weight)]
    want = tickets[number % len(tickets)]
    assert owner_of_number(number, tuple(weights)) == want


def test_owners_follow_their_weights():
    n_slots, n_all = 20_000, sum(WEIGHTS)
    drawn = Counter(
        owner_of_number(draw_number(CHAIN_ID, 0, slot, bytes(32)), WEIGHTS)
        for slot in range(n_slots)
    )
    for index, weight in enumerate(WEIGHTS):
        assert drawn[index] == pytest.approx(n_slots * weight / n_all, rel=0.06)


def test_blocks_are_made_by_weight():
    host = played(until_ms=300_000, weights=WEIGHTS, round_blocks=24)
    made = Counter(sealer_of(host, block) for block in chain_of(host))
    n_blocks = sum(made.values())
    assert n_blocks > 580
    for index, weight in enumerate(WEIGHTS):
        assert abs(made[index] / n_blocks - weight / 10) < 0.07


# The seed.


def test_the_first_two_vote_rounds_draw_from_the_base():
    host = played(until_ms=12_100, round_blocks=8, old_blocks=3)
    engine, chain = host.engine, host.nodes[0].chain
    base = host.rules.base
    seeds = {
        block.height: engine.seed_above(chain.known[block.previous], host.rules, chain)
        for block in chain_of(host)
    }
    assert {seeds[height] for height in seeds if height <= base.height + 16} == {
        base.hash
    }
    assert all(seeds[height] != base.hash for height in seeds if height > 3 + 16)


def test_a_later_seed_is_what_was_final_when_the_vote_round_before_the_last_ended():
    host = played(until_ms=20_000, round_blocks=6)
    engine, chain = host.engine, host.nodes[0].chain
    for block in chain_of(host):
        vote_round = (block.height - 1) // 6
        if vote_round < 2:
            continue
        last = chain.ancestor(block.hash, 6 * (vote_round - 1))
        parent = chain.known[block.previous]
        final = engine.final_seen(last, chain)
        assert 0 < final.height < last.height
        assert engine.seed_above(parent, host.rules, chain) == final.hash


def test_another_seed_gives_slots_to_others():
    host = played(until_ms=12_000, round_blocks=8)
    engine, chain, tip = host.engine, host.nodes[0].chain, host.nodes[0].chain.tip
    early = engine.owners(chain.ancestor(tip.hash, 1), host.rules, chain)
    late = engine.owners(tip, host.rules, chain)
    assert [early(slot) for slot in range(64)] != [late(slot) for slot in range(64)]


# The rules.


def a_block(host: FakeHost) -> Header:
    """One whose justify is a certified ancestor."""
    return chain_of(host)[-1]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"time_ms": 5001}, "consensus.off-the-grid"),
        ({"round": 9}, "consensus.wrong-round"),
        ({"time_ms": 9_500, "round": 19}, "consensus.from-the-future"),
        ({"engine_data": b"x"}, "consensus.stray-data"),
        ({"nonce": 1}, "consensus.stray-work"),
        ({"bits": 1}, "consensus.stray-work"),
        ({"justify": Checkpoint(8, bytes(32))}, "consensus.justify-not-ancestor"),
        ({"certificate": Certificate()}, "consensus.certificate-short"),
    ],
)
def test_a_header_that_breaks_a_rule_is_refused(changes: dict[str, Any], code: str):
    host = played(weights=WEIGHTS)
    chain, good = host.nodes[0].chain, a_block(host)
    chain.now_ms = 7000
    parent = chain.known[good.previous]
    POS.check_header(good, parent, chain)
    late = reseal(good, host.rules, 0, **changes)
    owner = POS.owners(parent, host.rules, chain)(late.round)
    with pytest.raises(ConsensusError) as refused:
        POS.check_header(reseal(late, host.rules, owner), parent, chain)
    assert refused.value.code == code


def test_only_the_drawn_owner_may_sign():
    host = played(weights=WEIGHTS)
    chain, good = host.nodes[0].chain, a_block(host)
    parent = chain.known[good.previous]
    owner = sealer_of(host, good)
    assert POS.owners(parent, host.rules, chain)(good.round) == owner
    for index in {0, 1, 2, 3} - {owner}:
        with pytest.raises(ConsensusError) as refused:
            POS.check_header(reseal(good, host.rules, index), parent, chain)
        assert refused.value.code == "consensus.wrong-proposer"


def test_a_certificate_needs_two_thirds_of_the_weight_not_of_the_heads():
    host = played(weights=WEIGHTS)
    chain, good = host.nodes[0].chain, a_block(host)
    parent = chain.known[good.previous]
    votes = dict(
        zip(good.certificate.voters(), good.certificate.signatures, strict=True)
    )
    assert set(votes) >= {0, 1}
    two = replace(good, certificate=Certificate.of({i: votes[i] for i in (0, 1)}))
    POS.check_header(two, parent, chain)  # 8 of 10.
    three = {i: votes[i] for i in votes if i != 0}
    with pytest.raises(ConsensusError, match=r"weigh \d, 7 are needed"):
        POS.check_header(
            replace(good, certificate=Certificate.of(three)), parent, chain
        )


def test_a_block_of_a_slot_that_its_parent_has_is_refused_in_a_new_epoch():
    host = played(until_ms=4000, old_blocks=5)
    chain, first = host.nodes[0].chain, chain_of(host)[0]
    parent = chain.known[first.previous]
    hasty = reseal(first, host.rules, 0, time_ms=1000, round=2)
    with pytest.raises(ConsensusError) as refused:
        POS.check_header(hasty, parent, chain)
    assert refused.value.code == "consensus.too-soon"


# Acting.


def test_it_asks_in_its_own_slots_and_publishes_once_in_each():
    host = FakeHost(POS, 4)
    chain = host.nodes[2].chain
    owner_of = POS.owners(chain.tip, host.rules, chain)
    mine = [slot for slot in range(1, 60) if owner_of(slot) == 2]
    state, effects = POS.start(Seat(2, host.rules, 0), chain)
    assert effects == (SetTimer(mine[0] * 500, SLOT),)
    state, effects = POS.step(state, TimerFired(mine[0] * 500, SLOT), chain)
    assert effects[0] == SetTimer(mine[1] * 500, SLOT)
    assert isinstance(effects[1], Propose) and effects[1].round == mine[0]
    block = Header(
        b"one", 1, chain.tip.hash, mine[0] * 500, 0, "pos", mine[0], host.rules.base
    )
    state, effects = POS.step(state, Filled(mine[0] * 500, block), chain)
    assert effects == (Publish(b"one"),)
    twin = replace(block, hash=b"two")
    assert POS.step(state, Filled(mine[0] * 500, twin), chain) == (state, ())


def test_after_a_restart_the_running_slot_is_left_alone():
    host = FakeHost(POS, 4)
    chain = host.nodes[2].chain
    owner_of = POS.owners(chain.tip, host.rules, chain)
    mine = [slot for slot in range(1, 60) if owner_of(slot) == 2]
    _, effects = POS.start(Seat(2, host.rules, mine[0] * 500 + 20), chain)
    assert effects == (SetTimer(mine[1] * 500, SLOT),)


def test_who_owns_nothing_for_long_looks_again_later():
    host = FakeHost(POS, 2, weights=(1_000_000, 1))
    chain = host.nodes[1].chain
    state, effects = POS.start(Seat(1, host.rules, 0), chain)
    assert effects == (SetTimer((1 + SLOTS_AHEAD) * 500, SLOT),)
    _, effects = POS.step(state, TimerFired(effects[0].at_ms, SLOT), chain)
    assert [type(effect) for effect in effects] == [SetTimer]


# How long it takes: the bounds on the page.


def test_with_all_up_a_block_is_final_an_interval_and_two_messages_later():
    host = played(until_ms=60_000, weights=WEIGHTS)
    made = {block.height: block.time_ms for block in chain_of(host)}
    told = [(at, what) for at, _, what in host.log if what.endswith(" final")]
    assert len(told) > 400
    waits = {at - made[int(what.split()[1])] for at, what in told}
    assert max(waits) == 500 + 2 * LINK_MS and min(waits) > 500


def test_with_a_quarter_silent_neighbours_who_are_up_come_often_enough():
    host = FakeHost(POS, 4, busy=True)
    host.down(3, at_ms=10, until_ms=900_000)
    host.run(400_000)
    seen = sorted({at for at, who, what in host.log if what.endswith(" final")})
    gaps = [(late - early) / 500 for early, late in pairwise(seen)]
    # A block is final with each pair of neighbours: 1 in (4/3)^2 slots.
    assert sum(gaps) / len(gaps) == pytest.approx(16 / 9, rel=0.15)
    assert max(gaps) < 40


def test_it_says_whose_slot_it_is():
    host = played(weights=WEIGHTS)
    lines = [POS.describe(node.state, node.chain) for node in host.nodes]
    assert all("'s; " in line and len(line) <= 60 for line in lines)
    state, effects = POS.start(Seat(-1, host.rules, 5100), host.nodes[0].chain)
    assert effects == () and POS.describe(state, host.nodes[0].chain)
