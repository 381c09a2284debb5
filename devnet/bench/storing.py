"""
Does a full database cost more than an empty one? Each store, at two sizes in turn.

T12 is the page's: a batch of 500 new random keys among 100,000 entries and among 3,000.
`blocks-NAME` is what a chain pays: the batch that connects a block with one payment, at
10,000 blocks and at 1,000. What the engine itself pays for a long chain, `chain` and
`worlds` measure.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from hashlib import sha3_256, shake_128
from pathlib import Path

from devnet.bench.measure import (
    BenchUnable,
    BenchWrong,
    Clock,
    Measured,
    Pairs,
    Subject,
    Target,
)
from devnet.engine.interfaces import PluginError, StorageError, Store
from devnet.engine.sidechain.persist import Changes, apply_changes
from devnet.plugins import load_store

N_MANY, N_FEW = 100_000, 3_000
N_KEYS_OF_BATCH = 500
N_BATCHES = 10
"""Batches in one sample."""
KEY_BYTES, VALUE_BYTES = 33, 200
FILL_KEYS = 5_000

HIGH, LOW = 10_000, 1_000
N_BLOCKS = 50
"""Blocks in one sample."""
HEADER_BYTES, BLOCK_BYTES, COIN_BYTES = 180, 620, 130
FILL_BLOCKS = 250

SERVED = ("postgres",)
"""Their work is done by another process: only the clock on the wall sees it."""
TINYDB_BOUND, OTHERS_BOUND = 1.5, 5.0
BLOCK_BOUND = 1.5


def batch_of_500(
    store: str, n_pairs: int, sizes: tuple[int, int] = (N_MANY, N_FEW)
) -> Measured:
    """A batch in a full store against one in a store that holds little."""
    with _two(store) as (full, small):
        for one, size in ((full, sizes[0]), (small, sizes[1])):
            fill(one, size)
        pairs = _in_turn(
            partial(_put_batches, full), partial(_put_batches, small), n_pairs, store
        )
    bound = TINYDB_BOUND if store == "tinydb" else OTHERS_BOUND
    return Measured(_each(pairs, N_BATCHES), _clock_name(store), Target(bound))


def block_of_payment(
    store: str, n_pairs: int, heights: tuple[int, int] = (HIGH, LOW)
) -> Measured:
    """A block's batch on a long chain against one on a short chain."""
    with _two(store) as (long, short):
        chains = []
        for one, height in zip((long, short), heights, strict=True):
            grow(one, height)
            chains.append(_Chain(one, height))
        pairs = _in_turn(chains[0].connect, chains[1].connect, n_pairs, store)
        for chain in chains:
            chain.check()
    return Measured(_each(pairs, N_BLOCKS), _clock_name(store), Target(BLOCK_BOUND))


def _subjects() -> Iterator[Subject]:
    for store in ("tinydb", "sqlite", "memory", "rocksdict", "postgres"):
        name = "T12" if store == "tinydb" else f"T12-{store}"
        what = f"{store}: a batch of 500 at 100,000 entries"
        yield Subject(name, what, "at 3,000", partial(batch_of_500, store))
    for store in ("memory", "tinydb", "sqlite", "rocksdict", "postgres"):
        what = f"{store}: a block's batch at 10,000 blocks"
        measure = partial(block_of_payment, store)
        yield Subject(f"blocks-{store}", what, "at 1,000", measure)


SUBJECTS = tuple(_subjects())


# Filling.


def fill(store: Store, n_entries: int) -> None:
    """Random keys, as many as that."""
    for first in range(0, n_entries, FILL_KEYS):
        with store.batch() as batch:
            for number in range(first, min(first + FILL_KEYS, n_entries)):
                batch.put(_key(b"filled", number), _bytes(b"value", number))


def grow(store: Store, height: int) -> None:
    """A chain up to a height; some hundred blocks to a batch, since nobody looks."""
    for first in range(1, height + 1, FILL_BLOCKS):
        merged: dict[bytes, bytes | None] = {}
        for number in range(first, min(first + FILL_BLOCKS, height + 1)):
            merged.update(block_changes(number))
        apply_changes(store, tuple(merged.items()))


def block_changes(height: int) -> Changes:
    """What connecting a block stores that spends one output and makes two."""
    block_hash = _key(b"block", height)[:32]
    return (
        (b"u" + _key(b"change", height - 1)[:32], None),
        (b"u" + _key(b"change", height)[:32], _bytes(b"coin", height, COIN_BYTES)),
        (b"u" + _key(b"paid", height)[:32], _bytes(b"coin", height, COIN_BYTES)),
        (b"n" + height.to_bytes(8, "big") + block_hash, b""),
        (b"h" + block_hash, _bytes(b"header", height, HEADER_BYTES)),
        (b"b" + block_hash, _bytes(b"raw", height, BLOCK_BYTES)),
        (b"mtip", block_hash),
    )


class _Chain:
    """A store that goes on taking blocks."""

    def __init__(self, store: Store, height: int) -> None:
        self.store, self.height = store, height

    def connect(self, clock: Clock) -> float:
        """Some more blocks. Gives the seconds that it took."""
        batches = [block_changes(self.height + 1 + index) for index in range(N_BLOCKS)]
        began_s = clock()
        for changes in batches:
            apply_changes(self.store, changes)
        self.height += N_BLOCKS
        return clock() - began_s

    def check(self) -> None:
        """Is the last block there, and its predecessor's change spent?"""
        tip = _key(b"block", self.height)[:32]
        spent = b"u" + _key(b"change", self.height - 1)[:32]
        if self.store.get(b"mtip") != tip or self.store.get(spent) is not None:
            raise BenchWrong(f"block {self.height} is not in the store as it should be")


def _put_batches(store: Store, clock: Clock) -> float:
    """New keys, timed; they are taken out again afterwards, untimed."""
    taken_s = 0.0
    for number in range(N_BATCHES):
        numbers = range(number * N_KEYS_OF_BATCH, (number + 1) * N_KEYS_OF_BATCH)
        pairs = [(_key(b"new", one), _bytes(b"new", one)) for one in numbers]
        began_s = clock()
        with store.batch() as batch:
            for key, value in pairs:
                batch.put(key, value)
        taken_s += clock() - began_s
        if store.get(pairs[-1][0]) != pairs[-1][1]:
            raise BenchWrong("what was put is not there")
        with store.batch() as batch:
            for key, _ in pairs:
                batch.delete(key)
    return taken_s


def _key(stem: bytes, number: int) -> bytes:
    return b"k" + sha3_256(stem + number.to_bytes(8, "big")).digest()[: KEY_BYTES - 1]


def _bytes(stem: bytes, number: int, n_bytes: int = VALUE_BYTES) -> bytes:
    return shake_128(stem + number.to_bytes(8, "big")).digest(n_bytes)


# Measuring.


def _clock_name(store: str) -> str:
    return "wall" if store in SERVED else "cpu"


def _in_turn(
    subject: Callable[[Clock], float],
    yardstick: Callable[[Clock], float],
    n_pairs: int,
    store: str,
) -> Pairs:
    """Both once to warm up, then both in turn; each says itself how long it took."""
    clock = time.perf_counter if store in SERVED else time.process_time
    subject(clock)
    yardstick(clock)
    pairs = [(subject(clock), yardstick(clock)) for _ in range(max(1, n_pairs))]
    return Pairs(tuple(a for a, _ in pairs), tuple(b for _, b in pairs))


def _each(pairs: Pairs, n_parts: int) -> Pairs:
    return Pairs(
        tuple(taken_s / n_parts for taken_s in pairs.subject_s),
        tuple(taken_s / n_parts for taken_s in pairs.yardstick_s),
    )


@contextmanager
def _two(store: str) -> Iterator[tuple[Store, Store]]:
    """Two empty stores in a temporary folder. Raises BenchUnable without the store."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        opened: list[Store] = []
        try:
            made = load_store(store)
            for name in ("one", "two"):
                path = Path(folder) / f"{name}.{store}"
                one = made(path)
                # Whatever a store keeps elsewhere, in a server, goes too.
                stack.callback(getattr(made, "remove", lambda path: None), path)
                stack.callback(one.close)
                opened.append(one)
        except (PluginError, StorageError) as error:
            raise BenchUnable(f"{error.message}. {error.hint}") from error
        yield opened[0], opened[1]
