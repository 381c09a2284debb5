"""Signers in turn: who may seal when, and what is final."""

from typing import Any

import pytest

from devnet.engine.interfaces import (
    ChainReader,
    Checkpoint,
    ConsensusError,
    Filled,
    HeadChanged,
    Header,
    Propose,
    Publish,
    Seat,
    SetTimer,
    TimerFired,
    Woken,
)
from devnet.plugins.poa import (
    TURN,
    ProofOfAuthority,
    chain_weight,
    encode_data,
    n_rest,
    patience_ms,
    places_behind,
    signer_index,
)
from tests.plugins.fakechain import reseal
from tests.plugins.fakehost import FakeHost

POA = ProofOfAuthority()


def played(until_ms: int = 5000, n: int = 4, **settings: Any) -> FakeHost:
    host = FakeHost(POA, n, busy=True, **settings)
    host.run(until_ms)
    return host


def chain_of(host: FakeHost) -> list[Header]:
    """The blocks of validator 0's chain above the base, lowest first."""
    chain, blocks = host.nodes[0].chain, []
    block = chain.tip
    while block.height > host.rules.base.height and block.epoch == host.rules.epoch:
        blocks.append(block)
        block = chain.known[block.previous]
    return blocks[::-1]


def test_the_signer_in_turn_seals_and_adds_weight_2():
    host = played(until_ms=5040)
    blocks = chain_of(host)
    signers = [signer_index(block) for block in blocks]
    assert signers == [1, 2, 3, 0, 1, 2, 3, 0, 1, 2]
    assert chain_weight(blocks[-1], host.rules) == 20
    assert [block.time_ms for block in blocks] == list(range(500, 5001, 500))


def test_the_next_in_line_steps_in_half_an_interval_later_with_weight_1():
    host = FakeHost(POA, 4, busy=True)
    host.down(2, at_ms=600, until_ms=9000)
    host.run(1800)
    blocks = chain_of(host)
    assert [(signer_index(b), b.time_ms) for b in blocks] == [(1, 500), (3, 1250)]
    assert chain_weight(blocks[-1], host.rules) == 3


def test_no_signer_seals_twice_among_a_majority_of_consecutive_blocks():
    for n in range(1, 8):
        host = FakeHost(POA, n, seed=n, busy=True, jitter_ms=300)
        if n > 2:
            host.down(0, at_ms=3000, until_ms=12_000)
        host.run(20_000)
        signers = [signer_index(block) for block in chain_of(host)]
        assert len(signers) > 15
        width = n // 2 + 1
        for start in range(len(signers) - width + 1):
            assert len(set(signers[start : start + width])) == width


def literal_final(tip: Header, chain: ChainReader) -> Checkpoint:
    """The rule in its own words: count different producers from the tip down."""
    rules = chain.rules(tip.epoch)
    producers: set[int] = set()
    block: Header | None = tip
    while block and block.epoch == rules.epoch and block.height > rules.base.height:
        producers.add(signer_index(block))
        if len(producers) >= len(rules.validators) // 2 + 1:
            return Checkpoint(block.height, block.hash)
        block = chain.header(block.previous)
    return rules.base


@pytest.mark.parametrize("old_blocks", [0, 5])
@pytest.mark.parametrize("n", range(1, 8))
def test_final_is_the_newest_block_with_a_majority_of_producers_above(
    n: int, old_blocks: int
):
    host = FakeHost(POA, n, busy=True, old_blocks=old_blocks, jitter_ms=300)
    if n > 2:
        host.down(1, at_ms=3000, until_ms=8000)
    host.run(12_000)
    chain = host.nodes[0].chain
    assert len(chain_of(host)) > 9
    for block in chain_of(host):
        assert POA.final_seen(block, chain) == literal_final(block, chain)


@pytest.mark.parametrize(
    ("signer", "changes", "code"),
    [
        (3, {}, "consensus.wrong-proposer"),
        (2, {"engine_data": encode_data(4, 20)}, "consensus.not-a-signer"),
        (2, {"engine_data": encode_data(2, 21)}, "consensus.stray-data"),
        (2, {"engine_data": encode_data(2, 20) + b"x"}, "consensus.stray-data"),
        (2, {"engine_data": b""}, "consensus.stray-data"),
        (2, {"nonce": 1}, "consensus.stray-work"),
        (2, {"bits": 1 << 56}, "consensus.stray-work"),
        (2, {"round": 11}, "consensus.wrong-round"),
        (2, {"time_ms": 4999, "round": 9}, "consensus.wrong-round"),
        (3, {"engine_data": encode_data(3, 19)}, "consensus.too-soon"),
        (2, {"time_ms": 6000, "round": 12}, "consensus.from-the-future"),
        (2, {"justify": Checkpoint(6, bytes(32))}, "consensus.wrong-justify"),
        (
            1,
            {"engine_data": encode_data(1, 19), "time_ms": 6250, "round": 12},
            "consensus.sealed-too-recently",
        ),
    ],
)
def test_a_header_that_breaks_a_rule_is_refused(
    signer: int, changes: dict[str, Any], code: str
):
    host = played()
    chain = host.nodes[2].chain
    chain.now_ms = 5499 if "future" in code else 7000
    good = chain.tip
    parent = chain.known[good.previous]
    assert (good.height, good.time_ms, signer_index(good)) == (10, 5000, 2)
    POA.check_header(good, parent, chain)
    with pytest.raises(ConsensusError) as refused:
        POA.check_header(reseal(good, host.rules, signer, **changes), parent, chain)
    assert refused.value.code == code


def test_out_of_turn_is_in_time_exactly_when_its_patience_is_over():
    host = played()
    chain = host.nodes[2].chain
    chain.now_ms = 7000
    parent = chain.known[chain.tip.previous]
    changes = {"engine_data": encode_data(3, 19), "justify": chain.tip.justify}
    for time_ms, round_, good in [(5249, 10, False), (5250, 10, True)]:
        when = {"time_ms": time_ms, "round": round_}
        late = reseal(chain.tip, host.rules, 3, **when, **changes)
        if good:
            POA.check_header(late, parent, chain)
            continue
        with pytest.raises(ConsensusError):
            POA.check_header(late, parent, chain)


def test_a_signer_never_publishes_two_blocks_of_one_height():
    host = played()
    chain = host.nodes[2].chain
    state = host.nodes[2].state
    again = Filled(5100, chain.tip)  # It sealed this height already.
    assert POA.step(state, again, chain) == (state, ())
    returned, _ = POA.start(Seat(2, host.rules, 5100), chain)
    assert POA.step(returned, again, chain)[1] == ()
    assert POA.step(state, Filled(6000, after(chain.tip)), chain)[1] == (
        Publish(b"next"),
    )


def after(tip: Header) -> Header:
    """A block above the tip, as the host would fill it."""
    return Header(
        b"next", tip.height + 1, tip.hash, tip.time_ms + 1500, 0, "poa", 99, tip.justify
    )


def test_patience_counts_from_the_moment_that_work_appeared():
    host = FakeHost(POA, 4)
    chain = host.nodes[2].chain
    state, _ = POA.start(Seat(2, host.rules, 60_000), chain)  # An hour of quiet.
    state, effects = POA.step(state, Woken(60_000), chain)
    behind = places_behind(2, 1, 4)
    assert effects == (SetTimer(60_000 + patience_ms(behind, 500), TURN),)
    state, effects = POA.step(state, Woken(60_200), chain)
    assert effects == ()  # More work does not put it off.
    state, effects = POA.step(state, TimerFired(60_250, TURN), chain)
    assert [type(effect) for effect in effects] == [SetTimer, Propose]
    state, effects = POA.step(state, HeadChanged(60_300, chain.tip), chain)
    assert state.woken is False


def test_a_tip_that_proves_more_final_beats_a_heavier_one():
    host = FakeHost(POA, 7, busy=True)
    genesis = host.nodes[0].chain.tip
    chain = host.nodes[0].chain

    def branch(signers: list[int]) -> Header:
        block = genesis
        for signer in signers:
            height = block.height + 1
            weight = chain_weight(block, host.rules)
            weight += 2 if places_behind(signer, height, 7) == 0 else 1
            blank = Header(
                b"", height, block.hash, 0, 0, "poa", height, genesis.justify
            )
            block = reseal(
                blank, host.rules, signer, engine_data=encode_data(signer, weight)
            )
            chain.known[block.hash] = block
        return block

    minority, majority = branch([1, 2, 3]), branch([5, 6, 0, 4])
    assert chain_weight(minority, host.rules) > chain_weight(majority, host.rules)
    assert POA.rank(majority, chain) > POA.rank(minority, chain)
    longer_in_turn, longer = branch([1, 2]), branch([5, 6, 0])
    assert POA.rank(longer_in_turn, chain) > POA.rank(longer, chain)


def test_half_of_the_signers_come_to_a_halt():
    host = FakeHost(POA, 4, busy=True)
    host.cut({0, 1}, at_ms=2100, until_ms=60_000)
    host.run(60_000)
    heights = [node.chain.tip.height for node in host.nodes]
    assert max(heights) <= 4 + n_rest(4)


def test_builders_finality_breaks_when_delivery_is_slower_than_blocks():
    """Why the interface must say what kind of final it shows."""
    broken = 0
    for seed in range(20):
        host = FakeHost(POA, 4, busy=True, seed=seed, jitter_ms=1200)
        try:
            host.run(20_000)
        except AssertionError as conflict:
            assert "final" in str(conflict)
            broken += 1
    assert broken


def test_it_says_whose_turn_it_is():
    host = played()
    chain = host.nodes[0].chain
    chain.now_ms = 5100
    lines = [POA.describe(node.state, node.chain) for node in host.nodes]
    # Block 10 is still on its way from v2 to the others.
    assert lines[3] == "10: v2 in turn, I am 1 behind; weight 18"
    assert lines[2] == "11: v3 in turn, I rest; weight 20"
    state, effects = POA.start(Seat(-1, host.rules, 5100), chain)
    assert effects == ()
    assert "I watch" in POA.describe(state, chain)
