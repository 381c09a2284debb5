"""
How byte strings and numbers stand in programs.

Source: Bytom/bytom v1.1.0, protocol/vm/{pushdata,types}.go.
"""

from __future__ import annotations

from devnet.engine.codec import MAX_63, FormError, OutOfRange


class NotANumber(FormError):
    """A byte string of more than 8 bytes where a number is wanted."""

    code = "codec.not-a-number"
    kind = "BadValue"


def push(data: bytes) -> bytes:
    """The shortest instruction that pushes these bytes (numbers: see push_int)."""
    n_bytes = len(data)
    if n_bytes <= 75:
        return bytes((n_bytes,)) + data
    if n_bytes <= 0xFF:
        return b"\x4c" + bytes((n_bytes,)) + data
    if n_bytes <= 0xFFFF:
        return b"\x4d" + n_bytes.to_bytes(2, "little") + data
    return b"\x4e" + n_bytes.to_bytes(4, "little") + data


def push_int(number: int) -> bytes:
    """The instruction that pushes a number. -1 is eight bytes, not 1NEGATE."""
    if 1 <= number <= 16:
        return bytes((0x50 + number,))
    return push(number_bytes(number))


def number_bytes(number: int) -> bytes:
    """Two's complement, little-endian, zero bytes at the end left out. 0 is empty."""
    if not -MAX_63 - 1 <= number <= MAX_63:
        raise OutOfRange(f"{number} does not fit 64 bits with sign", value=number)
    return number.to_bytes(8, "little", signed=True).rstrip(b"\x00")


def number_of(data: bytes) -> int:
    """The number that a byte string stands for. NotANumber: above 8 bytes."""
    if len(data) > 8:
        raise NotANumber(f"{len(data)} bytes are no number, 8 are the most")
    return int.from_bytes(data.ljust(8, b"\x00"), "little", signed=True)
