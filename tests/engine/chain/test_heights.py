"""Hashes by height: all of them, at every length, on every branch."""

from __future__ import annotations

import pytest

from devnet.engine.chain.heights import N_ROW, Heights


def hash_of(height, branch="a"):
    return f"{branch} {height}".encode()


def grown(n_blocks, start=None, branch="a"):
    heights = start or Heights()
    while len(heights) < n_blocks:
        heights = heights.with_next(hash_of(len(heights), branch))
    return heights


@pytest.mark.parametrize(
    "n_blocks", [0, 1, N_ROW - 1, N_ROW, N_ROW + 1, 3 * N_ROW, 3 * N_ROW + 5]
)
def test_every_hash_is_found_at_its_height_and_none_beside(n_blocks):
    heights = grown(n_blocks)

    assert len(heights) == n_blocks
    assert [heights[h] for h in range(n_blocks)] == [
        hash_of(h) for h in range(n_blocks)
    ]
    assert heights.get(n_blocks) is None
    assert heights.get(-1) is None


def test_a_height_without_a_block_is_a_key_error():
    with pytest.raises(KeyError):
        grown(3)[3]


@pytest.mark.parametrize("n_shared", [1, N_ROW - 1, N_ROW, 2 * N_ROW + 3])
def test_two_branches_share_what_is_below_and_nothing_above(n_shared):
    trunk = grown(n_shared)

    one = grown(n_shared + 2 * N_ROW, trunk, "one")
    two = grown(n_shared + 2 * N_ROW, trunk, "two")

    assert trunk == grown(n_shared)
    assert one.get(n_shared - 1) == two.get(n_shared - 1) == hash_of(n_shared - 1)
    assert one[n_shared] == hash_of(n_shared, "one")
    assert two[n_shared + 2 * N_ROW - 1] == hash_of(n_shared + 2 * N_ROW - 1, "two")
    assert one != two
