"""The pool: what leaves it takes its traces along, and nothing else."""

from __future__ import annotations

import pytest

from devnet.bench.payments import standard_transactions
from devnet.engine.chain.mempool import Mempool, Waiting

HEIGHT = 7


def pool_of(txs):
    pool = Mempool()
    for tx in txs:
        pool = pool.add(Waiting(tx, 1), HEIGHT)
    return pool


@pytest.mark.parametrize("n_gone", [0, 1, 4, 5, 9, 10])
def test_a_pool_without_some_is_the_pool_that_never_had_them(n_gone):
    txs = standard_transactions()[:10]
    gone, left = txs[:n_gone], txs[n_gone:]

    pool = pool_of(txs).without([*(tx.id for tx in gone), b"unknown"])

    assert pool == pool_of(left)
    assert pool.order == tuple(tx.id for tx in left)


def test_what_leaves_frees_the_outputs_that_it_took_and_made():
    first, second, third = standard_transactions()[:3]

    pool = pool_of((first, second, third)).without([first.id, third.id])

    assert sorted(pool.spent) == sorted(second.keys_taken)
    assert sorted(pool.created) == sorted(second.result_ids)


def test_a_pool_that_nothing_leaves_stays_the_same_value():
    pool = pool_of(standard_transactions()[:3])

    assert pool.without([b"unknown"]) is pool
