"""
Tensority written down a second time, as plainly as it can be, to witness the fast one.

No rule is shared with tensority.py: products in float64 as in Bytom's Go code, the
chain in Bytom's own direction, masks instead of byte views, loops instead of reshaping.
Tests and the benchmark compare the two; should the fast one fail its self-test on some
machine, this one takes over, at about a third of the speed.

Source: Bytom/bytom v1.1.0, mining/tensority/go_algorithm/algorithm.go and matrix.go.
"""

from __future__ import annotations

from hashlib import sha3_256

import numpy as np
from numpy.typing import NDArray

from devnet.engine.blas import one_blas_thread

Integers = NDArray[np.int64]


@one_blas_thread()
def hash_header(header_hash: bytes, table: NDArray[np.int8]) -> bytes:
    """
    The work of a header.

    Args:
        header_hash: 32 bytes.
        table: (256, 256, 256) int8: matrix number, row, column.

    Returns:
        32 bytes.
    """
    total = np.zeros((256, 256), np.int64)
    for start in (0, 8, 16, 24):
        sequence = sha3_256(header_hash[start : start + 8]).digest()
        state = np.identity(256)
        for _ in range(2):
            for index in sequence:
                product = state @ table[index].T.astype(np.float64)
                state = _compress(product.astype(np.int64)).astype(np.float64)
        total += state.astype(np.int64)
    return _fold(total % 256)


def _compress(product: Integers) -> Integers:
    """Low byte plus second byte; what passes 127 goes on at -128."""
    total = (product & 0xFF) + ((product >> 8) & 0xFF)
    return (total + 128) % 256 - 128


def _fold(total: Integers) -> bytes:
    """Rows of bytes to rows of words, rows to one row, one row to 32 bytes."""
    rows = [
        total[r, :64]
        + (total[r, 64:128] << 8)
        + (total[r, 128:192] << 16)
        + (total[r, 192:] << 24)
        for r in range(256)
    ]
    n_rows = 256
    while n_rows > 1:
        n_rows //= 2
        for r in range(n_rows):
            rows[r] = (rows[r] * 0x01000193) % 2**32 ^ rows[r + n_rows]
    return sha3_256(b"".join(int(w).to_bytes(4, "little") for w in rows[0])).digest()
