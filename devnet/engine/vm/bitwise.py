"""Opcodes on the bits of items, and equality: 83 to 88."""

from __future__ import annotations

from devnet.engine.vm.errors import VerifyFailed
from devnet.engine.vm.state import Machine
from devnet.engine.vm.values import from_bool

FLIPPED = bytes(255 - byte for byte in range(256))


def invert(m: Machine) -> None:
    """a -> ~a : flip every bit of the top item."""
    m.charge(1)
    m.need(1)
    top = m.stack[-1]
    m.charge(len(top))
    m.stack[-1] = top.translate(FLIPPED)


def bit_and(m: Machine) -> None:
    """a b -> a&b : the result is as long as the shorter one."""
    m.charge(1)
    b = m.pop_late()
    a = m.pop_late()
    length = min(len(a), len(b))
    m.charge(length)
    m.push_late((_bits(a[:length]) & _bits(b[:length])).to_bytes(length, "little"))


def bit_or(m: Machine) -> None:
    """a b -> a|b : the shorter one is continued with zeros."""
    m.charge(1)
    b = m.pop_late()
    a = m.pop_late()
    length = max(len(a), len(b))
    m.charge(length)
    m.push_late((_bits(a) | _bits(b)).to_bytes(length, "little"))


def bit_xor(m: Machine) -> None:
    """a b -> a^b : the shorter one is continued with zeros."""
    m.charge(1)
    b = m.pop_late()
    a = m.pop_late()
    length = max(len(a), len(b))
    m.charge(length)
    m.push_late((_bits(a) ^ _bits(b)).to_bytes(length, "little"))


def _bits(item: bytes) -> int:
    """An item as one large number whose low end is the first byte."""
    return int.from_bytes(item, "little")


def _pop_equal(m: Machine) -> bool:
    """Take two items and compare every byte, the length too."""
    m.charge(1)
    b = m.pop_late()
    a = m.pop_late()
    m.charge(min(len(a), len(b)))
    return a == b


def equal(m: Machine) -> None:
    """a b -> bool : take two items; push whether they are the same."""
    m.push_late(from_bool(_pop_equal(m)))


def equal_verify(m: Machine) -> None:
    """a b -> : take two items; fail if they differ."""
    if not _pop_equal(m):
        raise VerifyFailed


OPCODES = {
    0x83: invert,
    0x84: bit_and,
    0x85: bit_or,
    0x86: bit_xor,
    0x87: equal,
    0x88: equal_verify,
}
