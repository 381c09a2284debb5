"""A list that only grows: all items, at every length, on every branch."""

from __future__ import annotations

import pytest

from devnet.engine.chain.column import N_ROW, Column

LENGTHS = [0, 1, N_ROW - 1, N_ROW, N_ROW + 1, 3 * N_ROW, 3 * N_ROW + 5]


def item(index, branch="a"):
    return f"{branch} {index}".encode()


def grown(n_items, start=None, branch="a"):
    column = start or Column()
    while len(column) < n_items:
        column = column.with_next(item(len(column), branch))
    return column


@pytest.mark.parametrize("n_items", LENGTHS)
def test_every_item_is_found_under_its_number_and_none_beside(n_items):
    column = grown(n_items)

    assert len(column) == n_items
    assert [column[i] for i in range(n_items)] == [item(i) for i in range(n_items)]
    assert column.get(n_items) is None
    assert column.get(-1) is None


@pytest.mark.parametrize("n_items", LENGTHS)
def test_items_come_in_their_order(n_items):
    assert list(grown(n_items)) == [item(i) for i in range(n_items)]


def test_a_number_without_an_item_is_an_index_error():
    with pytest.raises(IndexError):
        grown(3)[3]


@pytest.mark.parametrize("n_shared", [1, N_ROW - 1, N_ROW, 2 * N_ROW + 3])
def test_two_branches_share_what_is_below_and_nothing_above(n_shared):
    trunk, n_items = grown(n_shared), n_shared + 2 * N_ROW

    one, two = grown(n_items, trunk, "one"), grown(n_items, trunk, "two")

    assert trunk == grown(n_shared)
    assert one[n_shared - 1] == two[n_shared - 1] == item(n_shared - 1)
    assert one[n_shared] == item(n_shared, "one")
    assert two[n_items - 1] == item(n_items - 1, "two")
    assert one != two
