"""
Opcodes on signed 64-bit numbers: 8b to a5. A result that does not fit is `Range`.

The base is charged first; then operands are taken from the top, each checked as it is
taken. Python's integers are larger than 64 bits, so every result passes `_push_number`.
"""

from __future__ import annotations

from devnet.engine.vm.errors import BadValue, DivZero, Range, VerifyFailed
from devnet.engine.vm.state import Machine
from devnet.engine.vm.values import as_bool, fits, from_bool, from_number


def _push_number(m: Machine, value: int) -> None:
    if not fits(value):
        raise Range(f"{value} does not fit a signed 64-bit number")
    m.push_late(from_number(value))


def _pop_pair(m: Machine, gas: int) -> tuple[int, int]:
    """Charge, then take y from the top and x from below it."""
    m.charge(gas)
    y = m.pop_number()
    x = m.pop_number()
    return x, y


# One operand.


def add_1(m: Machine) -> None:
    """x -> x+1"""
    m.charge(2)
    _push_number(m, m.pop_number() + 1)


def sub_1(m: Machine) -> None:
    """x -> x-1"""
    m.charge(2)
    _push_number(m, m.pop_number() - 1)


def mul_2(m: Machine) -> None:
    """x -> 2x"""
    m.charge(2)
    _push_number(m, m.pop_number() * 2)


def div_2(m: Machine) -> None:
    """x -> x/2 : half, rounded down, so that -7 gives -4."""
    m.charge(2)
    _push_number(m, m.pop_number() >> 1)


def negate(m: Machine) -> None:
    """x -> -x"""
    m.charge(2)
    _push_number(m, -m.pop_number())


def absolute(m: Machine) -> None:
    """x -> |x|"""
    m.charge(2)
    _push_number(m, abs(m.pop_number()))


def logical_not(m: Machine) -> None:
    """x -> bool : is this number 0?"""
    m.charge(2)
    m.push_late(from_bool(m.pop_number() == 0))


def not_equal_0(m: Machine) -> None:
    """x -> bool : is this number other than 0?"""
    m.charge(2)
    m.push_late(from_bool(m.pop_number() != 0))


# Two operands.


def add(m: Machine) -> None:
    """x y -> x+y"""
    x, y = _pop_pair(m, 2)
    _push_number(m, x + y)


def sub(m: Machine) -> None:
    """x y -> x-y"""
    x, y = _pop_pair(m, 2)
    _push_number(m, x - y)


def mul(m: Machine) -> None:
    """x y -> xy"""
    x, y = _pop_pair(m, 8)
    _push_number(m, x * y)


def div(m: Machine) -> None:
    """x y -> x/y : rounded toward zero, so that -7 by 2 gives -3."""
    x, y = _pop_pair(m, 8)
    if y == 0:
        raise DivZero
    quotient = abs(x) // abs(y)
    _push_number(m, quotient if (x < 0) == (y < 0) else -quotient)


def mod(m: Machine) -> None:
    """x y -> x mod y : the rest of a division that rounds down; its sign is y's."""
    x, y = _pop_pair(m, 8)
    if y == 0:
        raise DivZero
    if not fits(x // y):
        raise Range(f"{x} by {y} does not fit a signed 64-bit number")
    _push_number(m, x % y)


def shift_left(m: Machine) -> None:
    """x y -> x<<y"""
    m.charge(8)
    y = m.pop_number()
    if y < 0:
        raise BadValue(f"a shift by {y}")
    x = m.pop_number()
    if x != 0 and y >= 64:
        raise Range(f"{x} shifted left by {y} does not fit 64 bits")
    _push_number(m, x << y if x else 0)


def shift_right(m: Machine) -> None:
    """x y -> x>>y : rounds down; far shifts end at 0 or -1."""
    x, y = _pop_pair(m, 8)
    if y < 0:
        raise BadValue(f"a shift by {y}")
    _push_number(m, x >> min(y, 63))


def minimum(m: Machine) -> None:
    """x y -> the smaller one"""
    x, y = _pop_pair(m, 2)
    _push_number(m, min(x, y))


def maximum(m: Machine) -> None:
    """x y -> the greater one"""
    x, y = _pop_pair(m, 2)
    _push_number(m, max(x, y))


# Two booleans, of any length.


def bool_and(m: Machine) -> None:
    """a b -> bool : are both true?"""
    m.charge(2)
    b = as_bool(m.pop_late())
    a = as_bool(m.pop_late())
    m.push_late(from_bool(a and b))


def bool_or(m: Machine) -> None:
    """a b -> bool : is one of them true?"""
    m.charge(2)
    b = as_bool(m.pop_late())
    a = as_bool(m.pop_late())
    m.push_late(from_bool(a or b))


# Comparisons.


def num_equal(m: Machine) -> None:
    """x y -> bool : are the numbers equal? Trailing zero bytes do not count."""
    x, y = _pop_pair(m, 2)
    m.push_late(from_bool(x == y))


def num_equal_verify(m: Machine) -> None:
    """x y -> : fail if the numbers differ."""
    x, y = _pop_pair(m, 2)
    if x != y:
        raise VerifyFailed(f"{x} is not {y}")


def num_not_equal(m: Machine) -> None:
    """x y -> bool : do the numbers differ?"""
    x, y = _pop_pair(m, 2)
    m.push_late(from_bool(x != y))


def less_than(m: Machine) -> None:
    """x y -> bool : is x below y?"""
    x, y = _pop_pair(m, 2)
    m.push_late(from_bool(x < y))


def greater_than(m: Machine) -> None:
    """x y -> bool : is x above y?"""
    x, y = _pop_pair(m, 2)
    m.push_late(from_bool(x > y))


def less_than_or_equal(m: Machine) -> None:
    """x y -> bool : is x at most y?"""
    x, y = _pop_pair(m, 2)
    m.push_late(from_bool(x <= y))


def greater_than_or_equal(m: Machine) -> None:
    """x y -> bool : is x at least y?"""
    x, y = _pop_pair(m, 2)
    m.push_late(from_bool(x >= y))


def within(m: Machine) -> None:
    """x low high -> bool : is x at least low and below high?"""
    m.charge(4)
    high = m.pop_number()
    low = m.pop_number()
    x = m.pop_number()
    m.push_late(from_bool(low <= x < high))


OPCODES = {
    0x8B: add_1,
    0x8C: sub_1,
    0x8D: mul_2,
    0x8E: div_2,
    0x8F: negate,
    0x90: absolute,
    0x91: logical_not,
    0x92: not_equal_0,
    0x93: add,
    0x94: sub,
    0x95: mul,
    0x96: div,
    0x97: mod,
    0x98: shift_left,
    0x99: shift_right,
    0x9A: bool_and,
    0x9B: bool_or,
    0x9C: num_equal,
    0x9D: num_equal_verify,
    0x9E: num_not_equal,
    0x9F: less_than,
    0xA0: greater_than,
    0xA1: less_than_or_equal,
    0xA2: greater_than_or_equal,
    0xA3: minimum,
    0xA4: maximum,
    0xA5: within,
}
