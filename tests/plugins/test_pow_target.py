"""Targets of mined sidechains: the mainchain's packing, a bounded retarget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.engine.bc import difficulty
from devnet.plugins import pow_target
from devnet.plugins.pow_target import (
    MOST_TARGET,
    big_to_compact,
    compact_to_big,
    first_bits,
    is_retarget,
    meets_target,
    retarget,
    tries_of_bits,
)

TARGETS = st.integers(0, MOST_TARGET)
BITS = st.integers(0, (1 << 64) - 1)


@given(TARGETS)
def test_a_target_is_packed_as_on_the_mainchain(target: int):
    assert big_to_compact(target) == difficulty.big_to_compact(target)


@given(BITS)
def test_bits_mean_what_they_mean_on_the_mainchain(bits: int):
    assert compact_to_big(bits) == difficulty.compact_to_big(bits)
    assert tries_of_bits(bits) == difficulty.work_of_bits(bits)


@given(st.binary(min_size=32, max_size=32), TARGETS)
def test_work_passes_where_it_does_on_the_mainchain(work: bytes, target: int):
    bits = big_to_compact(target)
    assert meets_target(work, bits) == difficulty.meets_target(work, bits)


@pytest.mark.parametrize("n_tries", [1, 2, 3, 4, 7, 100, 65_537, 1_000_000])
def test_the_first_target_takes_as_many_tries_as_asked_for(n_tries: int):
    assert tries_of_bits(first_bits(n_tries)) == pytest.approx(n_tries, rel=1e-4)


@given(st.integers(1, 1 << 200), st.integers(0, 1 << 40), st.integers(20, 60_000))
def test_a_retarget_changes_a_target_by_a_factor_of_four_at_most(
    n_tries: int, span_ms: int, interval_ms: int
):
    bits, easiest = first_bits(n_tries), first_bits(1)
    old = compact_to_big(bits)
    new = compact_to_big(retarget(bits, span_ms, interval_ms, easiest))
    # Packing keeps the top three bytes, so a target loses 1 in 65536 at most.
    assert 0 < new <= min(4 * old, compact_to_big(easiest))
    assert new * 4 * 65_537 >= old * 65_536


@given(st.integers(1, 1000), st.integers(1, 1000), st.integers(0, 1 << 40))
def test_no_target_is_easier_than_the_first(first: int, more: int, span_ms: int):
    easiest, bits = first_bits(first), first_bits(first * more)
    new = retarget(bits, span_ms, 1000, easiest)
    assert compact_to_big(new) <= compact_to_big(easiest)


def test_a_window_in_time_keeps_its_target_and_half_the_time_halves_it():
    bits, easiest = first_bits(64), first_bits(1)
    assert retarget(bits, 16 * 500, 500, easiest) == bits
    halved = compact_to_big(retarget(bits, 8 * 500, 500, easiest))
    assert halved == pytest.approx(compact_to_big(bits) / 2, rel=1e-4)


def test_the_smallest_target_is_never_nothing():
    assert compact_to_big(retarget(big_to_compact(1), 0, 500, first_bits(1))) == 1


def test_targets_change_every_sixteen_blocks():
    found = [n for n in range(50) if is_retarget(n)]
    assert found == [16, 32, 48] and pow_target.BLOCKS_PER_RETARGET == 16
