"""
Tensority: the mainchain's proof of work, byte for byte as Bytom v1.1.0 computes it.

    seed --------> 256 matrices of 256 x 256 bytes   once per 256 blocks: seedtable.py
    header hash -> 4 sequences of 64 matrix numbers  once per nonce: from here on down
                -> 4 chains of 64 products
                -> 1 sum -> 256 bytes -> SHA3-256 -> 32 bytes of work

Why float32 is exact. A matrix entry is a byte read as -128..127, so an entry of a
product is a sum of 256 terms of at most 2**14, and every partial sum, in whatever order
the BLAS adds, is an integer of at most 2**22. float32 holds all integers up to 2**24.
It is twice as fast as the float64 of Bytom's Go code, and beats Bytom's own C++.

Why the chain is turned round. Bytom multiplies the state from the right by a transposed
matrix: M <- compress(M x transpose(A)). Transposing both sides, X = transpose(M) obeys
X <- compress(A x X): the same bytes, and no matrix is turned, only the sum at the end.

Source: Bytom/bytom v1.1.0, mining/tensority/go_algorithm/algorithm.go and matrix.go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha3_256

import numpy as np
from numpy.typing import NDArray

from devnet.engine import tensority_plain
from devnet.engine.blas import one_blas_thread
from devnet.engine.errors import DevnetError
from devnet.engine.seedtable import INITIAL_SEED, SIDE, Table, seed_table

N_CHAINS = 4
FNV_PRIME = np.uint32(0x01000193)


class NoHashEngine(DevnetError):
    """Every way to compute the proof of work gave wrong bytes, or broke."""

    code = "tensority.no-engine"
    default_hint = "reinstall numpy; `devnet bench T1 T2` shows which one is wrong"


def work(header_hash: bytes, seed: bytes) -> bytes:
    """
    The work of a block header.

    Args:
        header_hash: 32 bytes, the block hash of the header with its nonce.
        seed: 32 bytes, from the seed rule of the header's height and branch.

    Returns:
        32 bytes. Read little-endian, they must not exceed the header's target.

    Raises:
        ValueError: an argument does not have 32 bytes.
        NoHashEngine: nothing on this machine computes the hash rightly.
    """
    return best_engine().hash_header(header_hash, seed_table(seed))


@one_blas_thread()
def hash_header(header_hash: bytes, table: Table) -> bytes:
    """The work of a header under a seed's table, in float32. Raises as `work` does."""
    return fold(sum_of_chains(header_hash, table))


def sum_of_chains(header_hash: bytes, table: Table) -> NDArray[np.int8]:
    """The four chains of products added up, each entry wrapped to a byte."""
    total = np.zeros((SIDE, SIDE), np.int8)
    for sequence in index_sequences(header_hash):
        total += chain_of_products(sequence, table)
    return total.T


def index_sequences(header_hash: bytes) -> tuple[bytes, ...]:
    """Four times 32 matrix numbers, each 32 from their own quarter of the hash."""
    if len(header_hash) != 32:
        raise ValueError(f"a header hash has 32 bytes, got {len(header_hash)}")
    return tuple(
        sha3_256(header_hash[8 * i : 8 * i + 8]).digest() for i in range(N_CHAINS)
    )


def chain_of_products(sequence: bytes, table: Table) -> NDArray[np.int8]:
    """
    Run through the sequence twice, without a reset between: 64 products.

    The chain starts from the identity, so its first product is the matrix itself.

    Returns:
        (256, 256) int8, the transpose of what Bytom holds at this point.
    """
    first, *rest = sequence * 2
    state = compress(table[first].astype(np.float32))
    left, right, product = (np.empty((SIDE, SIDE), np.float32) for _ in range(3))
    for index in rest:
        left[:] = table[index]
        right[:] = state
        np.matmul(left, right, out=product)
        state = compress(product)
    return state


def compress(product: NDArray[np.float32]) -> NDArray[np.int8]:
    """
    Squeeze each entry back into a byte: its low byte plus its second byte, wrapped.

    Both come from the two's complement of the integer, so -5 turns into -6.

    Args:
        product: (256, 256), whole numbers within 2**22 of zero.
    """
    # The cast to int32 must come first: float to int8 is undefined beyond 127. Seen as
    # bytes, each entry is four columns: low byte, second byte, and two to leave out.
    entry_bytes = product.astype("<i4").view(np.int8)
    low: NDArray[np.int8] = entry_bytes[:, 0::4]
    second: NDArray[np.int8] = entry_bytes[:, 1::4]
    return low + second


def fold(total: NDArray[np.int8]) -> bytes:
    """
    From the sum of the four chains to the work.

    A row of 256 bytes becomes 64 words, each of bytes 64 apart; then the lower half of
    the rows is folded into the upper half until one row of words is left.
    """
    columns = np.ascontiguousarray(total).reshape(SIDE, 4, 64).transpose(0, 2, 1)
    words = np.ascontiguousarray(columns).view("<u4").reshape(SIDE, 64)
    while len(words) > 1:
        upper, lower = np.split(words, 2)
        words = (upper * FNV_PRIME) ^ lower
    return sha3_256(words.astype("<u4").tobytes()).digest()


# Engines. All compute the same function; the first that proves it is used.


@dataclass(frozen=True, slots=True)
class HashEngine:
    """One way to compute the work of a header from a seed's table."""

    name: str
    hash_header: Callable[[bytes, Table], bytes]


@dataclass(frozen=True, slots=True)
class Picked:
    """The engine in use, and why those before it are not: "name: reason"."""

    engine: HashEngine
    dropped: tuple[str, ...] = ()


ENGINES: tuple[HashEngine, ...] = (
    HashEngine("numpy float32", hash_header),
    HashEngine("numpy float64", tensority_plain.hash_header),
)
"""Fastest first. A compiled accelerator would stand before these."""

KNOWN_PAIRS: tuple[tuple[bytes, bytes], ...] = (
    (
        sha3_256(b"header 0").digest(),
        bytes.fromhex(
            "67a6186b8e9cfe58efe88627dc7f29c9cd618e6005f96b5c39ded92bf15d7b54"
        ),
    ),
    (
        sha3_256(b"header 1").digest(),
        bytes.fromhex(
            "8f50eb41871bae9878ffa51b775eaf51d91733fdc79b98c6289ad9a7c6c4424d"
        ),
    ),
)
"""Header hashes and their work under the initial seed, from Bytom's Go code."""


def self_test(engine: HashEngine, table: Table) -> str:
    """
    What is wrong with an engine, as far as the two known pairs show it.

    Args:
        table: the table of the initial seed.

    Returns:
        A reason, or "" when there is none.
    """
    for header_hash, expected in KNOWN_PAIRS:
        try:
            computed = engine.hash_header(header_hash, table)
        except Exception as error:  # A foreign engine may break in any way.
            return f"{type(error).__name__}: {error}"
        if computed != expected:
            return (
                f"work of {header_hash.hex()[:8]} is {expected.hex()[:8]}, "
                f"it computed {computed.hex()[:8]}"
            )
    return ""


def pick_engine(table: Table, engines: Sequence[HashEngine] = ENGINES) -> Picked:
    """
    The first engine that passes the self-test.

    Args:
        table: the table of the initial seed.

    Raises:
        NoHashEngine: none passes.
    """
    dropped: list[str] = []
    for engine in engines:
        reason = self_test(engine, table)
        if not reason:
            return Picked(engine, tuple(dropped))
        dropped.append(f"{engine.name}: {reason}")
    raise NoHashEngine(
        f"no engine computes Tensority rightly here ({'; '.join(dropped) or 'none'})",
        dropped=tuple(dropped),
    )


@lru_cache(maxsize=1)
def best_engine() -> HashEngine:
    """The engine that `work` uses, tested once per process."""
    return pick_engine(seed_table(INITIAL_SEED)).engine
