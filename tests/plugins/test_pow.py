"""Miners and the heaviest chain: whose blocks are good, what leads, what is final."""

from dataclasses import replace
from typing import Any

import pytest

from devnet.engine.interfaces import (
    Certificate,
    Checkpoint,
    ConsensusError,
    Filled,
    Foresee,
    HeadChanged,
    Header,
    Propose,
    Publish,
    Seat,
    SetTimer,
    TimerFired,
    TryNonce,
    Woken,
)
from devnet.plugins.lab.links import Conflict
from devnet.plugins.pow import (
    IDLE_TRIES,
    TRY,
    Miner,
    ProofOfWork,
    bits_above,
    chain_tries,
    encode_data,
    miner_index,
    next_try_ms,
    work_of,
)
from devnet.plugins.pow_target import first_bits, meets_target, tries_of_bits
from tests.plugins.fakechain import reseal
from tests.plugins.fakehost import FakeHost

POW = ProofOfWork()


def played(until_ms: int = 30_000, n: int = 4, **settings: Any) -> FakeHost:
    host = FakeHost(POW, n, busy=True, **settings)
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


# Mining.


def test_every_miner_has_its_own_phase_of_the_grid():
    phases = [next_try_ms(10_000, index, 4, 1000) for index in range(4)]
    assert phases == [11_000, 10_250, 10_500, 10_750]
    assert next_try_ms(10_250, 1, 4, 1000) == 11_250


def test_validators_all_mine_and_blocks_carry_their_work():
    host = played(until_ms=60_000)
    blocks = chain_of(host)
    assert {miner_index(block) for block in blocks} == {0, 1, 2, 3}
    tries = 0
    for block in blocks:
        assert meets_target(work_of(block.hash, host.rules, host.nodes[0].chain),
                            block.bits)  # fmt: skip
        tries += tries_of_bits(block.bits)
        assert chain_tries(block, host.rules) == tries
    assert any(block.nonce for block in blocks)


def test_two_hundred_blocks_take_two_hundred_seconds():
    """The bound on the page: tries * try_ms / n for a block, k+1 blocks to final."""
    host = played(until_ms=200_000)
    assert 160 <= len(chain_of(host)) <= 240
    assert min(host.finals()) >= max(n.chain.tip.height for n in host.nodes) - 7


def test_nothing_is_tried_while_nothing_waits():
    host = FakeHost(POW, 4)
    seen: list[object] = []
    host.engine = Watcher(seen)
    host.run(30_000)
    assert not [one for one in seen if isinstance(one, TryNonce | Publish)]
    assert host.nodes[0].chain.tip.height == 0


class Watcher(ProofOfWork):
    """Writes down what the miners ask for."""

    def __init__(self, seen: list[object]) -> None:
        self.seen = seen

    def step(self, state: Any, event: Any, chain: Any) -> Any:
        state, effects = super().step(state, event, chain)
        self.seen += effects
        return state, effects


def mining(sha3: int = 0) -> tuple[FakeHost, Miner, Header]:
    """A miner with a block to try."""
    host = FakeHost(POW, 4, sha3=sha3)
    chain = host.nodes[1].chain
    state, effects = POW.start(Seat(1, host.rules, 5000), chain)
    assert effects == (SetTimer(5250, TRY),)
    state, effects = POW.step(state, Woken(5010), chain)
    rest, *_, propose = effects
    assert rest == SetTimer(5250 + (IDLE_TRIES - 1) * 1000, TRY)
    assert isinstance(propose, Propose) and propose.bits == first_bits(4)
    block = Header(
        b"first", 1, chain.tip.hash, 5010, 0, "pow", 5010, host.rules.base,
        encode_data(1, 4), bits=first_bits(1_000_000),
    )  # fmt: skip
    state, effects = POW.step(state, Filled(5010, block), chain)
    assert effects == (
        SetTimer(5250, TRY), *([] if sha3 else [Foresee((b"first",))]),
    )  # fmt: skip
    return host, state, block


@pytest.mark.parametrize("sha3", [0, 1])
def test_too_little_work_means_the_next_nonce(sha3: int):
    host, state, _ = mining(sha3)
    state, effects = POW.step(state, TimerFired(5250, TRY), host.nodes[1].chain)
    assert effects == (SetTimer(6250, TRY), TryNonce(b"first", 1))
    assert state.n_tries == 1


def test_enough_work_is_published_once():
    host, state, block = mining()
    chain = host.nodes[1].chain
    state = replace(state, block=replace(block, bits=first_bits(1)))
    state, effects = POW.step(state, TimerFired(5250, TRY), chain)
    assert effects[-1] == Publish(b"first") and state.block is None


def test_what_comes_during_a_try_is_put_in_after_it():
    host, state, _ = mining()
    chain = host.nodes[1].chain
    state, effects = POW.step(state, Woken(5100), chain)
    assert effects == ()
    _, effects = POW.step(state, TimerFired(5250, TRY), chain)
    assert isinstance(effects[-1], Propose)


def test_a_new_head_ends_the_try():
    host, state, _ = mining()
    chain = host.nodes[1].chain
    state, effects = POW.step(state, HeadChanged(5100, chain.tip), chain)
    assert state.block is None and Foresee() in effects
    assert isinstance(effects[-1], Propose)


def test_a_block_that_the_host_lost_is_asked_for_again():
    host, state, _ = mining()
    chain = host.nodes[1].chain
    state, _ = POW.step(state, TimerFired(5250, TRY), chain)  # No answer to TryNonce.
    _, effects = POW.step(state, TimerFired(6250, TRY), chain)
    assert isinstance(effects[-1], Propose)


def test_who_has_no_seat_only_watches():
    host = played(until_ms=5000)
    chain = host.nodes[0].chain
    state, effects = POW.start(Seat(-1, host.rules, 5000), chain)
    assert effects == () and POW.step(state, Woken(5000), chain) == (state, ())
    assert "watches" in POW.describe(state, chain)


# The rules.


@pytest.mark.parametrize(
    ("signer", "changes", "code"),
    [
        (3, {}, "consensus.wrong-proposer"),
        (0, {"engine_data": encode_data(4, 0)}, "consensus.not-a-miner"),
        (0, {"bits": first_bits(3)}, "consensus.wrong-bits"),
        (0, {"bits": 0}, "consensus.wrong-bits"),
        (0, {"engine_data": encode_data(0, 9999)}, "consensus.stray-data"),
        (0, {"engine_data": b""}, "consensus.stray-data"),
        (0, {"round": 1}, "consensus.wrong-round"),
        (0, {"time_ms": 0, "round": 0}, "consensus.wrong-round"),
        (0, {"time_ms": 40_000, "round": 40_000}, "consensus.from-the-future"),
        (0, {"justify": Checkpoint(1, bytes(32))}, "consensus.wrong-justify"),
        (0, {"certificate": Certificate(b"\1", (b"x",))}, "consensus.stray-data"),
    ],
)
def test_a_header_that_breaks_a_rule_is_refused(
    signer: int, changes: dict[str, Any], code: str
):
    host = played()
    chain = host.nodes[0].chain
    good = next(block for block in chain_of(host)[::-1] if miner_index(block) == 0)
    parent = chain.known[good.previous]
    POW.check_header(good, parent, chain)
    with pytest.raises(ConsensusError) as refused:
        POW.check_header(reseal(good, host.rules, signer, **changes), parent, chain)
    assert refused.value.code == code


def test_work_above_the_target_is_refused_and_nonces_decide():
    host = played()
    chain = host.nodes[0].chain
    good = chain.tip
    parent = chain.known[good.previous]
    refused = 0
    for nonce in range(200):
        tried = reseal(good, host.rules, miner_index(good), nonce=nonce)
        try:
            POW.check_header(tried, parent, chain)
        except ConsensusError as error:
            assert error.code == "consensus.work-too-small"
            refused += 1
    assert 120 <= refused <= 175  # Three of four, on average.


def test_a_block_as_old_as_its_parent_is_too_soon_in_a_new_epoch():
    host = played(old_blocks=5)
    chain, first = host.nodes[0].chain, chain_of(host)[0]
    parent = chain.known[first.previous]
    twin = reseal(
        first, host.rules, miner_index(first),
        time_ms=parent.time_ms, round=parent.time_ms,
    )  # fmt: skip
    with pytest.raises(ConsensusError) as refused:
        POW.check_header(twin, parent, chain)
    assert refused.value.code == "consensus.too-soon"


def test_the_target_follows_the_time_that_sixteen_blocks_took():
    host = played(until_ms=120_000, n=7, interval_ms=2000)
    chain, blocks = host.nodes[0].chain, chain_of(host)
    by_height = {block.height: block for block in blocks}
    changed = [b.height for b in blocks[1:] if b.bits != by_height[b.height - 1].bits]
    assert changed and all(height % 16 == 1 for height in changed)
    assert tries_of_bits(blocks[17].bits) > tries_of_bits(blocks[0].bits)
    late = [b for b in blocks if b.time_ms > 60_000]
    pace_ms = (late[-1].time_ms - late[0].time_ms) / (len(late) - 1)
    assert 1200 < pace_ms < 3200
    assert bits_above(chain.tip, host.rules, chain) >= 0


# Fork choice and finality.


def branch(host: FakeHost, parent: Header, bits: list[int], salt: int) -> Header:
    """A chain of blocks with these bits, whatever their work."""
    chain = host.nodes[0].chain
    for step, each in enumerate(bits):
        tries = chain_tries(parent, host.rules) + tries_of_bits(each)
        blank = Header(
            b"", parent.height + 1, parent.hash, parent.time_ms + 1, 0, "pow",
            parent.round + 1, parent.justify, bits=each, nonce=salt + step,
        )  # fmt: skip
        parent = reseal(blank, host.rules, 0, engine_data=encode_data(0, tries))
        chain.known[parent.hash] = parent
    return parent


def test_the_heaviest_chain_leads_and_not_the_longest():
    host = FakeHost(POW, 4)
    genesis, chain = host.nodes[0].chain.tip, host.nodes[0].chain
    longer = branch(host, genesis, [first_bits(4)] * 9, salt=100)
    heavier = branch(host, genesis, [first_bits(4)] * 2 + [first_bits(40)], salt=200)
    assert longer.height > heavier.height
    assert POW.rank(heavier, chain) > POW.rank(longer, chain)


def test_a_block_is_final_when_depth_blocks_stand_on_it():
    for depth in (1, 3, 6):
        host = played(depth=depth, old_blocks=4)
        chain = host.nodes[0].chain
        for block in chain_of(host):
            final = POW.final_seen(block, chain)
            below = chain.ancestor(block.hash, max(block.height - depth, 0))
            own = below.epoch == 1 and below.height > host.rules.base.height
            assert final.hash == (below.hash if own else host.rules.base.hash)


def test_a_cut_shorter_than_depth_ends_in_one_chain():
    host = FakeHost(POW, 4, busy=True)
    host.cut({0, 1}, at_ms=5000, until_ms=10_000)
    host.run(30_000)
    left = [line for line in host.lines() if " leave" in line]
    assert left and len({host.nodes[i].chain.ancestor(
        host.nodes[i].chain.tip.hash, 12).hash for i in range(4)}) == 1  # fmt: skip


def test_a_cut_longer_than_depth_loses_the_bet():
    with pytest.raises(Conflict):
        host = FakeHost(POW, 4, busy=True, depth=2)
        host.cut({0, 1}, at_ms=5000, until_ms=40_000)
        host.run(60_000)


def test_tries_faster_than_messages_bring_reorganisations_by_themselves():
    host = played(sha3=1, try_ms=100, interval_ms=100, jitter_ms=200, depth=40)
    assert [line for line in host.lines() if " leaves " in line]
    assert not host.refused


def test_it_says_what_it_tries_and_that_final_is_a_bet():
    host = played(until_ms=5100)
    lines = [POW.describe(node.state, node.chain) for node in host.nodes]
    assert all("is a bet, 6 deep" in line and len(line) <= 60 for line in lines)
    assert any("mines" in line and "of ~4" in line for line in lines)
