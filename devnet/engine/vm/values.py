"""
What a stack item means: the bytes themselves, a boolean, or a number.

Numbers are signed 64-bit, little-endian, at most eight bytes. A short item is padded
with zeros, so `ff` is 255, and a negative number always has eight bytes.
"""

from __future__ import annotations

from devnet.engine.vm.errors import BadValue

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1

TRUE = b"\x01"
FALSE = b""


def as_bool(item: bytes) -> bool:
    """False if every byte is zero, also when there is none."""
    return item != bytes(len(item))


def from_bool(value: bool) -> bytes:
    """`01` or the empty string."""
    return TRUE if value else FALSE


def as_number(item: bytes) -> int:
    """The number in an item; trailing zeros do no harm. BadValue: above 8 bytes."""
    if len(item) > 8:
        raise BadValue(f"a number has at most 8 bytes, this item has {len(item)}")
    return int.from_bytes(item.ljust(8, b"\0"), "little", signed=True)


def from_number(value: int) -> bytes:
    """
    The shortest item that reads back as this number; zero is the empty string.

    Args:
        value: -2**63 to 2**64 - 1. From 2**63 on it turns negative when read back, as
            a cast does in the reference.
    """
    return (value & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little").rstrip(b"\0")


def fits(value: int) -> bool:
    """Is it a signed 64-bit number?"""
    return INT64_MIN <= value <= INT64_MAX
