"""
Swaps drawn at random, while the chain is paid on, one validator lies and one is down.

What is drawn, and why no more is at fault than each rule promises to bear, stands in
tests/swapfire.py; `python -m tests.swapfire SEED` repeats a seed and tells its story.
"""

from __future__ import annotations

import pytest

from tests.swapfire import Fire


def check_seed(seed: int, n_swaps: int, step_ms: int, storm: bool = False) -> Fire:
    """
    Play and judge a seed: each payment is in the chain once, heights and epochs have
    no gap, each parent gave one answer, and a fresh observer comes to the same state.
    """
    fire = Fire(seed, n_swaps, step_ms, storm)
    fire.play()
    n_paid = fire.check()
    assert n_paid == len(fire.purse.accepted) > 10 * n_swaps
    assert fire.counts["swapped"] == n_swaps
    return fire


@pytest.mark.parametrize("seed", [102, 107])
def test_three_random_swaps_under_fire_lose_nothing(seed: int):
    check_seed(seed, n_swaps=3, step_ms=200)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 21))
def test_ten_random_swaps_under_fire_at_twenty_payments_a_second(seed: int):
    check_seed(seed, n_swaps=10, step_ms=50)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(21, 31))
def test_ten_random_swaps_under_fire_and_in_a_storm(seed: int):
    check_seed(seed, n_swaps=10, step_ms=50, storm=True)
