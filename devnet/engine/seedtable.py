"""
The 256 matrices that a seed stands for: the memory behind Tensority.

    seed (32 bytes) -> 128 bytes -> 128 x SMix -> 16 MiB cache -> 256 matrices

SMix is the inner mixing of scrypt (N = 1024, r = 1): it fills a table V of 1024 units
of 128 bytes and gives 128 new bytes. The cache is the 128 tables one after the other;
the new bytes only start the next run. `hashlib.scrypt` is no help: it wraps SMix in a
PBKDF2 that cannot be fed with a chosen block.

Each run needs the one before, and numpy cannot hasten that. So the 128 starting blocks
come first, from the SMix inside pycryptodome (0.04 s) or, where it is not to be
trusted, in plain Python (11 s); then numpy fills all 128 tables side by side (0.2 s).

Source: Bytom/bytom v1.1.0, mining/tensority/go_algorithm/seed.go and crypto/scrypt.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha3_256
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

SIDE = 256
N_CHUNKS = 128
N_UNITS = 1024
UNIT_BYTES = 128
N_DOUBLE_ROUNDS = 4
"""Salsa20/8 has eight rounds."""

INITIAL_SEED = sha3_256(bytes(32)).digest()
"""What stands in for a block hash in the first 256 blocks of every chain."""

Table = NDArray[np.int8]
"""(256, 256, 256) int8, read-only: matrix number, row, column."""

Words = NDArray[np.uint32]

Smix = Callable[[bytes], bytes]
"""128 bytes in, the 128 bytes that start the next run out."""


@lru_cache(maxsize=2)
def seed_table(seed: bytes) -> Table:
    """
    The matrices of a seed. The last two stay in memory: a reorganisation around a
    boundary of 256 blocks needs both.

    Raises:
        ValueError: the seed does not have 32 bytes.
    """
    return build_table(seed, find_smix().run)


def build_table(seed: bytes, smix: Smix) -> Table:
    """The matrices of a seed, computed now with the SMix given."""
    return arrange(fill_cache(chunk_starts(seed, smix)))


def extend_seed(seed: bytes) -> bytes:
    """The first block that is mixed: the seed and three hashes, each of the last."""
    if len(seed) != 32:
        raise ValueError(f"a seed has 32 bytes, got {len(seed)}")
    parts = [seed]
    for _ in range(3):
        parts.append(sha3_256(parts[-1]).digest())
    return b"".join(parts)


def chunk_starts(seed: bytes, smix: Smix, n_chunks: int = N_CHUNKS) -> list[bytes]:
    """The blocks from which the runs of SMix start: each the output of the last."""
    starts = [extend_seed(seed)]
    while len(starts) < n_chunks:
        starts.append(smix(starts[-1]))
    return starts


def arrange(cache: Words) -> Table:
    """
    Cut the cache into matrices: in each chunk the even units first, then the odd ones.

    Args:
        cache: (128, 1024, 32): chunk, unit, word.
    """
    pairs = cache.astype("<u4", copy=False).reshape(N_CHUNKS, N_UNITS // 2, 2, 32)
    halves = np.ascontiguousarray(pairs.transpose(0, 2, 1, 3))
    table: Table = halves.view(np.int8).reshape(SIDE, SIDE, SIDE)
    table.setflags(write=False)
    return table


# Many runs at once. Salsa20 sees its 16 words as a square. With the words sorted by
# diagonal, a row of these arrays is one diagonal of all runs, and one numpy call takes
# the same step in all four columns (after turning the rows: in all four rows) of all
# runs. The words stay in this order until the cache is full.

DIAGONALS = (0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11)
TURN_1, TURN_2, TURN_3 = (np.roll(np.arange(4), n) for n in (1, 2, 3))


def fill_cache(starts: Sequence[bytes]) -> Words:
    """
    The table V of SMix for every starting block.

    Returns:
        (len(starts), 1024, 32): chunk, unit, word.
    """
    n_runs = len(starts)
    order = [half + place for half in (0, 16) for place in DIAGONALS]
    block = np.frombuffer(b"".join(starts), "<u4").reshape(n_runs, 32)[:, order]
    a, b = block.T.astype(np.uint32).reshape(2, 4, 4, n_runs)
    cache = np.empty((n_runs, N_UNITS, 32), np.uint32)
    for unit in range(N_UNITS):
        cache[:, unit, :16] = a.reshape(16, n_runs).T
        cache[:, unit, 16:] = b.reshape(16, n_runs).T
        a = _salsa_lanes(a ^ b)
        b = _salsa_lanes(a ^ b)
    back_in_order: Words = cache[:, :, np.argsort(order)]
    return back_in_order


def _salsa_lanes(square: Words) -> Words:
    """Salsa20/8 of many squares: (4 diagonals, 4 words, runs)."""
    a, b, c, d = square
    for _ in range(N_DOUBLE_ROUNDS):
        b = b ^ _rotate(a + d, 7)
        c = c ^ _rotate(b + a, 9)
        d = d ^ _rotate(c + b, 13)
        a = a ^ _rotate(d + c, 18)
        b, c, d = b[TURN_1], c[TURN_2], d[TURN_3]
        d = d ^ _rotate(a + b, 7)
        c = c ^ _rotate(d + a, 9)
        b = b ^ _rotate(c + d, 13)
        a = a ^ _rotate(b + c, 18)
        b, c, d = b[TURN_3], c[TURN_2], d[TURN_1]
    return np.stack((a, b, c, d)) + square


def _rotate(words: Words, n_bits: int) -> Words:
    turned: Words = np.bitwise_or(words << n_bits, words >> (32 - n_bits))
    return turned


# One run in plain Python: the witness of the compiled one, and its stand-in.


def smix_plain(block: bytes) -> bytes:
    """SMix of one block of 128 bytes, about 0.09 s."""
    return smix_with_table(block)[1]


def smix_with_table(block: bytes) -> tuple[list[tuple[int, ...]], bytes]:
    """The table V, 1024 units of 32 words, and the mixed block."""
    words = struct.unpack("<32I", block)
    table = []
    for _ in range(N_UNITS):
        table.append(words)
        words = _mix_block(words)
    for _ in range(N_UNITS):
        unit = table[words[16] % N_UNITS]
        words = _mix_block(tuple(x ^ y for x, y in zip(words, unit, strict=True)))
    return table, struct.pack("<32I", *words)


def _mix_block(words: tuple[int, ...]) -> tuple[int, ...]:
    """Scrypt's BlockMix for r = 1: both halves once through Salsa20/8."""
    a, b = words[:16], words[16:]
    a = _salsa(tuple(x ^ y for x, y in zip(a, b, strict=True)))
    b = _salsa(tuple(x ^ y for x, y in zip(a, b, strict=True)))
    return a + b


def _salsa(square: tuple[int, ...]) -> tuple[int, ...]:
    """Salsa20/8 of 16 words. Unrolled: a loop over quarters would take 40 s a seed."""
    m = 0xFFFFFFFF
    x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15 = square
    for _ in range(N_DOUBLE_ROUNDS):
        x4 ^= (t := x0 + x12 & m) << 7 & m | t >> 25
        x8 ^= (t := x4 + x0 & m) << 9 & m | t >> 23
        x12 ^= (t := x8 + x4 & m) << 13 & m | t >> 19
        x0 ^= (t := x12 + x8 & m) << 18 & m | t >> 14
        x9 ^= (t := x5 + x1 & m) << 7 & m | t >> 25
        x13 ^= (t := x9 + x5 & m) << 9 & m | t >> 23
        x1 ^= (t := x13 + x9 & m) << 13 & m | t >> 19
        x5 ^= (t := x1 + x13 & m) << 18 & m | t >> 14
        x14 ^= (t := x10 + x6 & m) << 7 & m | t >> 25
        x2 ^= (t := x14 + x10 & m) << 9 & m | t >> 23
        x6 ^= (t := x2 + x14 & m) << 13 & m | t >> 19
        x10 ^= (t := x6 + x2 & m) << 18 & m | t >> 14
        x3 ^= (t := x15 + x11 & m) << 7 & m | t >> 25
        x7 ^= (t := x3 + x15 & m) << 9 & m | t >> 23
        x11 ^= (t := x7 + x3 & m) << 13 & m | t >> 19
        x15 ^= (t := x11 + x7 & m) << 18 & m | t >> 14
        x1 ^= (t := x0 + x3 & m) << 7 & m | t >> 25
        x2 ^= (t := x1 + x0 & m) << 9 & m | t >> 23
        x3 ^= (t := x2 + x1 & m) << 13 & m | t >> 19
        x0 ^= (t := x3 + x2 & m) << 18 & m | t >> 14
        x6 ^= (t := x5 + x4 & m) << 7 & m | t >> 25
        x7 ^= (t := x6 + x5 & m) << 9 & m | t >> 23
        x4 ^= (t := x7 + x6 & m) << 13 & m | t >> 19
        x5 ^= (t := x4 + x7 & m) << 18 & m | t >> 14
        x11 ^= (t := x10 + x9 & m) << 7 & m | t >> 25
        x8 ^= (t := x11 + x10 & m) << 9 & m | t >> 23
        x9 ^= (t := x8 + x11 & m) << 13 & m | t >> 19
        x10 ^= (t := x9 + x8 & m) << 18 & m | t >> 14
        x12 ^= (t := x15 + x14 & m) << 7 & m | t >> 25
        x13 ^= (t := x12 + x15 & m) << 9 & m | t >> 23
        x14 ^= (t := x13 + x12 & m) << 13 & m | t >> 19
        x15 ^= (t := x14 + x13 & m) << 18 & m | t >> 14
    mixed = (x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15)
    return tuple(x + y & m for x, y in zip(mixed, square, strict=True))


# The compiled SMix. It is a private function of pycryptodome, so it is asked for with
# care: the right version, the right arguments, the right bytes, or not at all.


@dataclass(frozen=True, slots=True)
class FoundSmix:
    """The SMix in use. `why_slow` says why it is the plain one, "" if it is not."""

    run: Smix
    why_slow: str = ""


@lru_cache(maxsize=1)
def find_smix() -> FoundSmix:
    """The compiled SMix if its output is that of plain Python, else the plain one."""
    try:
        run = compiled_smix()
        probe = extend_seed(INITIAL_SEED)
        if run(probe) == smix_plain(probe):
            return FoundSmix(run)
        why = "its scryptROMix gives other bytes than plain Python"
    except Exception as error:  # Private code may have changed in any way.
        why = f"{type(error).__name__}: {error}"
    return FoundSmix(smix_plain, f"no compiled SMix in pycryptodome: {why}")


def compiled_smix() -> Smix:
    """
    SMix by pycryptodome's `scryptROMix`, in the calling convention of its version.

    Raises:
        Exception: of any kind, when this pycryptodome is not as expected.
    """
    version = import_module("Crypto").version_info
    kdf = import_module("Crypto.Protocol.KDF")
    raw = import_module("Crypto.Util._raw_api")
    # cffi counts the arguments and refuses; ctypes would pass them on and crash.
    if raw.backend != "cffi":
        raise RuntimeError(f"it is called through {raw.backend}, which checks nothing")
    mix = kdf._raw_scrypt_lib.scryptROMix
    size = raw.c_size_t(UNIT_BYTES)
    if version[0] == 3:
        last: tuple[object, ...] = (kdf._raw_salsa20_lib.Salsa20_8_core,)
    else:  # The first flow, how many flows, the length of all of them.
        last = (raw.c_size_t(0), raw.c_size_t(1), size)

    def run(block: bytes) -> bytes:
        output = raw.create_string_buffer(UNIT_BYTES)
        if code := mix(block, output, size, N_UNITS, *last):
            raise RuntimeError(f"scryptROMix failed with {code:#x}")
        return bytes(raw.get_raw_buffer(output))

    return run
