"""
Random adversarial search at the boundary of a swap.

A failure names the seed; `python -m tests.plugins.swap_search 1 N F SEED` plays it.
"""

import pytest

from devnet.engine.sidechain import swap
from tests.plugins.swap_search import SwapSearch, at_a_fixed_height, many

SIZES = [(4, 1, 200), (7, 2, 50)]


@pytest.mark.parametrize(("n", "f", "n_runs"), SIZES)
def test_no_final_block_is_lost_when_the_swap_waits_for_finality(n, f, n_runs):
    found = many(n_runs, n, f)

    assert found.n_conflicts == 0, f"first seed {found.first}, n={n}, f={f}"
    assert found.n_swapped > 0.93 * n_runs, "too few swaps came about: little is shown"


@pytest.mark.long
@pytest.mark.parametrize(("n", "f"), [(4, 1), (7, 2)])
def test_ten_thousand_swaps_lose_nothing_and_nearly_all_come_about(n, f):
    found = many(10_000, n, f)

    assert found.n_conflicts == 0, f"first seed {found.first}, n={n}, f={f}"
    assert found.n_swapped > 9_600


@pytest.mark.parametrize(("n", "f", "n_runs"), SIZES)
def test_a_swap_at_a_fixed_height_contradicts_what_was_final(
    n, f, n_runs, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(swap, "in_force", at_a_fixed_height)

    assert many(n_runs, n, f, enough=1).n_conflicts == 1


def test_two_traitors_of_four_undo_what_was_final_across_a_swap():
    assert many(200, 4, 2, enough=1).n_conflicts == 1


def test_the_same_seed_plays_the_same_run():
    one, two = SwapSearch(3, 4, 1), SwapSearch(3, 4, 1)
    assert one.finals() == two.finals()
