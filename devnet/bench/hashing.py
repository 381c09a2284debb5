"""The proof of work against what the processor can do: T1, T2, T4, T5, T6, T7."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha3_256
from pathlib import Path

import numpy as np

from devnet.bench.measure import (
    BenchUnable,
    BenchWrong,
    Measured,
    Pairs,
    Subject,
    Target,
    in_turn,
    load_average,
    n_cores,
)
from devnet.engine import tensority, tensority_plain
from devnet.engine.blas import blas_facts, one_blas_thread
from devnet.engine.seedtable import (
    INITIAL_SEED,
    SIDE,
    Table,
    build_table,
    find_smix,
    seed_table,
)
from devnet.engine.tensority import KNOWN_PAIRS
from devnet.worker import HashPool
from devnet.worker.pool import default_cache_dir
from devnet.worker.tables import load_table, save_table

N_PRODUCTS = 252
"""Of the 256 products of a hash, four are with the identity."""

AVX512_KERNELS = ("skylakex", "cooperlake", "sapphirerapids")

BATCH = 8
"""Hashes per measurement of the workers."""

N_ASKED = 1000
WORKERS_START_S = 60.0


def one_hash(n_pairs: int) -> Measured:
    """T1: a hash, against its bare products."""
    pairs = in_turn(checked_hash(tensority.hash_header), _yardstick(), n_pairs)
    return Measured(pairs, "cpu", Target(1.25))


def plain_port(n_pairs: int) -> Measured:
    """T2: the plain float64 port, against the shipped hash."""
    plain = checked_hash(tensority_plain.hash_header)
    pairs = in_turn(plain, checked_hash(tensority.hash_header), n_pairs)
    return Measured(pairs, "cpu", Target(1.8, at_least=True))


def table_computed(n_pairs: int) -> Measured:
    """T4: the table of a seed, computed from nothing."""
    smix = find_smix()

    def compute() -> None:
        tables[:] = [build_table(INITIAL_SEED, smix.run)]

    tables: list[Table] = []
    pairs = in_turn(compute, _yardstick(), n_pairs)
    _check_table(tables[0])
    bound = 8.0 if has_avx512() else 5.0
    return Measured(pairs, "cpu", Target(bound), {"slow_smix": smix.why_slow})


def table_from_disk(n_pairs: int) -> Measured:
    """T5: the table of a seed, read from its file and checked."""

    def load() -> None:
        tables[:] = [load_table(folder, INITIAL_SEED)]

    tables: list[Table | None] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_table(folder, INITIAL_SEED, _table())
        pairs = in_turn(load, _yardstick(), n_pairs)
    if tables[0] is None:
        raise BenchUnable(f"a file in {name} could not be read back")
    _check_table(tables[0])
    return Measured(pairs, "cpu", Target(0.4))


def two_workers(n_pairs: int) -> Measured:
    """T6: how many times as fast two worker processes are as one."""
    if n_cores() < 2:
        raise BenchUnable("two workers need two cores, and this process has one")
    folder = default_cache_dir()
    with HashPool(1, folder) as one, HashPool(2, folder) as two:
        _wait_until_ready(one, two)
        load_before = load_average()
        # One worker is the subject and two are the yardstick: times, not speeds.
        batches = iter(range(2 * (n_pairs + 1)))
        pairs = in_turn(
            lambda: _hash_batch(one, next(batches) // 2),
            lambda: _hash_batch(two, next(batches) // 2),
            n_pairs,
            time.perf_counter,
        )
        _check_batches(one, two)
    facts = {"load_average_before": load_before, "load_average": load_average()}
    return Measured(pairs, "wall", Target(1.85, at_least=True), facts)


def asked_again(n_pairs: int) -> Measured:
    """T7: a hash whose answer is known."""
    header_hash, work = KNOWN_PAIRS[0]
    works = HashPool(1)  # Never started: remembering is what is measured.
    works.remember({(INITIAL_SEED, header_hash): work})

    def ask() -> None:
        for _ in range(N_ASKED):
            if works.get(INITIAL_SEED, header_hash) != work:
                raise BenchWrong("a remembered work is not the one that was computed")

    hashed = checked_hash(tensority.hash_header)
    pairs = in_turn(ask, lambda: [hashed() for _ in range(2)], n_pairs)
    each = Pairs(
        tuple(total_s / N_ASKED for total_s in pairs.subject_s),
        tuple(total_s / 2 for total_s in pairs.yardstick_s),
    )
    return Measured(each, "cpu", Target(0.001))


SUBJECTS = (
    Subject("T1", "one hash", "252 float32 products", one_hash),
    Subject("T2", "the plain float64 port", "the shipped hash", plain_port),
    Subject("T4", "a seed table computed", "252 float32 products", table_computed),
    Subject("T5", "a seed table from disk", "252 float32 products", table_from_disk),
    Subject("T6", "two hash workers", "one hash worker", two_workers),
    Subject("T7", "a hash asked for again", "the hash", asked_again),
)


@lru_cache(maxsize=1)
def _table() -> Table:
    return seed_table(INITIAL_SEED)


def checked_hash(hash_header: Callable[[bytes, Table], bytes]) -> Callable[[], None]:
    """A hash of one known pair after the other, each compared with its work."""
    table = _table()
    turn = 0

    def run() -> None:
        nonlocal turn
        header_hash, expected = KNOWN_PAIRS[turn % len(KNOWN_PAIRS)]
        turn += 1
        if hash_header(header_hash, table) != expected:
            raise BenchWrong(f"the work of {header_hash.hex()[:8]} came out wrong")

    return run


def _yardstick() -> Callable[[], None]:
    """The bare products of a hash: the least that float32 on this BLAS can take."""
    matrices = _table().astype(np.float32)
    state = matrices[0].copy()
    product = np.empty((SIDE, SIDE), np.float32)

    @one_blas_thread()
    def multiply() -> None:
        for index in range(N_PRODUCTS):
            np.matmul(matrices[index], state, out=product)

    return multiply


def _check_table(table: Table) -> None:
    header_hash, expected = KNOWN_PAIRS[0]
    if tensority.hash_header(header_hash, table) != expected:
        raise BenchWrong("the seed table is not that of the initial seed")


def has_avx512() -> bool:
    return str(blas_facts()["kernel"]).lower() in AVX512_KERNELS


def _wait_until_ready(*pools: HashPool) -> None:
    """Until every worker has loaded numpy and its table: that is not measured."""
    deadline_s = time.monotonic() + WORKERS_START_S
    for pool in pools:
        while (stats := pool.stats()).n_ready < stats.n_workers:
            if failure := pool.failure:
                raise failure
            if time.monotonic() > deadline_s:
                raise BenchUnable("the hash workers are not ready after a minute")
            pool.wait(0.01)


def _hash_batch(pool: HashPool, number: int) -> None:
    """Header hashes that this pool has never seen, all through it."""
    wishes = tuple((INITIAL_SEED, header_hash) for header_hash in _batch(number))
    pool.want(wishes)
    while not all(pool.get(*pair) for pair in wishes):
        pool.wait(WORKERS_START_S)


def _batch(number: int) -> list[bytes]:
    """The known pairs first, so that the workers' answers are compared with them."""
    if number == 0:
        return [*dict(KNOWN_PAIRS), *(_header(0, i) for i in range(BATCH - 2))]
    return [_header(number, i) for i in range(BATCH)]


def _header(number: int, index: int) -> bytes:
    return sha3_256(f"bench {number} {index}".encode()).digest()


def _check_batches(one: HashPool, two: HashPool) -> None:
    known = one.known()
    right = all(known[INITIAL_SEED, header] == work for header, work in KNOWN_PAIRS)
    if not right or known != two.known():
        raise BenchWrong("the workers' answers differ, or are not the known ones")
