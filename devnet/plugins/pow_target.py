"""
The arithmetic of proof of work: packed targets, expected tries, the retarget.

The packing is the mainchain's (devnet/engine/bc/difficulty.py, from Bytom/bytom v1.1.0,
consensus/difficulty/difficulty.go); a test compares the two. Two things differ from the
mainchain: a retarget changes the target by at most a factor of four, and no target is
easier than the epoch's first, since a chain that rests while nothing waits would else
get easier by resting.
"""

from __future__ import annotations

BLOCKS_PER_RETARGET = 16
MOST_FACTOR = 4
MOST_TARGET = (1 << 256) - 1

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
    """The bits of a target, at least 0. Only its top three bytes are kept."""
    n_bytes = (target.bit_length() + 7) // 8
    if n_bytes <= 3:
        mantissa = target << 8 * (3 - n_bytes)
    else:
        mantissa = target >> 8 * (n_bytes - 3)
    return n_bytes << 56 | mantissa


def first_bits(n_tries: int) -> int:
    """The bits with which a block takes so many tries on average."""
    return big_to_compact(MOST_TARGET // n_tries)


def tries_of_bits(bits: int) -> int:
    """The expected number of tries of a block: what it adds to its chain's weight."""
    target = compact_to_big(bits)
    return 0 if target <= 0 else (1 << 256) // (target + 1)


def meets_target(work: bytes, bits: int) -> bool:
    """Does the 32-byte work, read from its last byte down, stay within the target?"""
    return int.from_bytes(work, "little") <= compact_to_big(bits)


def is_retarget(n_below: int) -> bool:
    """
    Does a block get other bits than its parent?

    Args:
        n_below: blocks of the epoch below it.
    """
    return n_below > 0 and n_below % BLOCKS_PER_RETARGET == 0


def retarget(bits: int, span_ms: int, interval_ms: int, easiest: int) -> int:
    """
    The bits after a window of 16 blocks that took `span_ms`.

    Args:
        bits: of the window's blocks.
        interval_ms: what one block should take.
        easiest: bits of the epoch's first block; no target is above theirs.
    """
    wanted_ms = BLOCKS_PER_RETARGET * interval_ms
    span_ms = min(max(span_ms, wanted_ms // MOST_FACTOR), wanted_ms * MOST_FACTOR)
    target = compact_to_big(bits) * span_ms // wanted_ms
    return big_to_compact(max(1, min(target, compact_to_big(easiest))))
