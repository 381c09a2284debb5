"""Opcodes that push what stands in the program: 00 to 60."""

from __future__ import annotations

from devnet.engine.vm.state import Machine
from devnet.engine.vm.values import FALSE, from_number

MINUS_ONE = from_number(-1)


def push_false(m: Machine) -> None:
    """Push the empty string, which is also the number 0."""
    m.charge(1)
    m.push_now(FALSE)


def push_data(m: Machine) -> None:
    """Push the bytes that stand in the program."""
    m.charge(1)
    m.push_now(m.data)


def push_minus_one(m: Machine) -> None:
    """Push the number -1: eight bytes ff."""
    m.charge(1)
    m.push_now(MINUS_ONE)


def push_small_number(m: Machine) -> None:
    """Push a number from 1 to 16 as one byte."""
    m.charge(1)
    m.push_now(m.data)


OPCODES = {
    0x00: push_false,
    **dict.fromkeys(range(1, 76), push_data),
    0x4C: push_data,
    0x4D: push_data,
    0x4E: push_data,
    0x4F: push_minus_one,
    **{0x50 + n: push_small_number for n in range(1, 17)},
}
