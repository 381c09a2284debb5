"""
The arithmetic of proof of work: packed targets, the retarget, the subsidy, the seed.

`bits` packs a target into 64 bits: the number of its bytes in the top byte, a sign in
bit 55, a mantissa below. It looks like Bitcoin's form and is not: mantissas of 24 bits
need no zero byte in front, and there are no limits anywhere. A retarget after a window
of no time gives the target 0, one after seven years a target above 2**256.

Source: Bytom/bytom v1.1.0, consensus/difficulty/difficulty.go, consensus/general.go,
protocol/state/blockindex.go.
"""

from __future__ import annotations

from collections.abc import Sequence

from devnet.engine.codec import sha3

BLOCKS_PER_RETARGET = 2016
TARGET_BLOCK_S = 150
WINDOW_S = BLOCKS_PER_RETARGET * TARGET_BLOCK_S

BLOCKS_PER_SEED = 256
INITIAL_SEED = sha3(bytes(32))

GENESIS_SUBSIDY_NEU = 140_700_041_250_000_000
FIRST_SUBSIDY_NEU = 41_250_000_000
BLOCKS_PER_HALVING = 840_000

MEDIAN_BLOCKS = 11

_SIGN = 1 << 55
_MANTISSA = _SIGN - 1


def compact_to_big(bits: int) -> int:
    """The target that `bits` stands for. It may be negative, or above 2**256."""
    n_bytes, mantissa = bits >> 56, bits & _MANTISSA
    if n_bytes <= 3:
        target = mantissa >> 8 * (3 - n_bytes)
    else:
        target = mantissa << 8 * (n_bytes - 3)
    return -target if bits & _SIGN else target


def big_to_compact(target: int) -> int:
    """The bits of a target. Only its top three bytes are kept."""
    if target == 0:
        return 0
    n_bytes = (abs(target).bit_length() + 7) // 8
    if n_bytes <= 3:
        mantissa = abs(target) << 8 * (3 - n_bytes)
    else:
        # The shift rounds down, so a negative target may get a greater mantissa.
        mantissa = abs(target >> 8 * (n_bytes - 3))
    sign = _SIGN if target < 0 else 0
    return (n_bytes & 0xFF) << 56 | sign | mantissa


def work_of_bits(bits: int) -> int:
    """The expected number of hashes for a block with these bits, rounded down."""
    target = compact_to_big(bits)
    return 0 if target <= 0 else (1 << 256) // (target + 1)


def meets_target(work_hash: bytes, bits: int) -> bool:
    """Does the 32-byte work, read from its last byte down, stay within the target?"""
    return int.from_bytes(work_hash, "little") <= compact_to_big(bits)


def is_retarget_height(parent_height: int) -> bool:
    """Does the child of a block at this height get other bits than its parent?"""
    return parent_height > 0 and parent_height % BLOCKS_PER_RETARGET == 0


def next_bits(
    parent_bits: int,
    parent_height: int,
    parent_timestamp: int,
    window_timestamp: int,
) -> int:
    """
    The bits that the child of a block must have.

    Args:
        parent_timestamp: of the parent, in seconds.
        window_timestamp: of the block 2016 below the parent, in seconds. Only looked
            at when `is_retarget_height(parent_height)`.
    """
    if not is_retarget_height(parent_height):
        return parent_bits
    span_s = _signed_64(parent_timestamp - window_timestamp)
    return big_to_compact(compact_to_big(parent_bits) * span_s // WINDOW_S)


def subsidy(height: int) -> int:
    """New BTM of a block, in neu."""
    if height == 0:
        return GENESIS_SUBSIDY_NEU
    return FIRST_SUBSIDY_NEU >> height // BLOCKS_PER_HALVING


def seed_height(height: int) -> int | None:
    """The height of the block whose hash seeds the work of a block; None: the initial
    seed does, up to height 256."""
    seeding = (height - 1) // BLOCKS_PER_SEED * BLOCKS_PER_SEED
    return seeding if seeding > 0 else None


def median_time(timestamps: Sequence[int]) -> int:
    """
    The middle one of the last 11 timestamps of a chain that ends in the parent; the
    upper of the two middle ones when there are fewer and their count is even.
    """
    last = sorted(timestamps[-MEDIAN_BLOCKS:])
    return last[len(last) // 2]


def _signed_64(n: int) -> int:
    n &= (1 << 64) - 1
    return n - (1 << 64) if n >> 63 else n
