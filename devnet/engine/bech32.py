"""
The arithmetic of bech32, which addresses are written in: letters and checksum.

Source: BIP-173; Bytom/bytom v1.1.0, common/bech32/bech32.go.
"""

from __future__ import annotations

from collections.abc import Iterable

LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
VALUES = {letter: value for value, letter in enumerate(LETTERS)}
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def expanded(hrp: str) -> list[int]:
    """The prefix as the checksum takes it in."""
    return [*(ord(letter) >> 5 for letter in hrp), 0, *(ord(c) & 31 for c in hrp)]


def polymod(groups: Iterable[int]) -> int:
    """The remainder that six checksum letters make 1."""
    checksum = 1
    for group in groups:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ group
        for bit, generator in enumerate(_GENERATORS):
            if top >> bit & 1:
                checksum ^= generator
    return checksum


def eight_to_five(data: bytes) -> list[int]:
    """Bytes as groups of five bits, padded with zeros."""
    n_groups = -(-8 * len(data) // 5)
    number = int.from_bytes(data, "big") << 5 * n_groups - 8 * len(data)
    return [number >> 5 * index & 31 for index in reversed(range(n_groups))]
