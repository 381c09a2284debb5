"""
Opcodes that cut and join byte strings: 7e to 82, 89.

The reference joins in place when the array behind an item has room, so that a copy of
an item can change behind the program's back. Here items are values: no rule of a
protocol can depend on the memory of one implementation.
"""

from __future__ import annotations

from devnet.engine.bc.pushes import push
from devnet.engine.vm.errors import BadValue
from devnet.engine.vm.state import Machine
from devnet.engine.vm.values import from_number


def _lend(m: Machine, gas: int) -> None:
    """Charge now and give back at the end: working memory must be affordable."""
    m.charge(gas)
    m.deferred -= gas


def _pop_size(m: Machine) -> int:
    """A size or an offset. A huge one is no harm, nothing is allocated for it."""
    size = m.pop_number()
    if size < 0:
        raise BadValue(f"a size or an offset is negative: {size}")
    return size


def cat(m: Machine) -> None:
    """a b -> ab : join two items."""
    m.charge(4)
    b = m.pop_late()
    a = m.pop_late()
    _lend(m, len(a) + len(b))
    m.push_late(a + b)


def substr(m: Machine) -> None:
    """s offset size -> part : cut a part out of an item."""
    m.charge(4)
    size = _pop_size(m)
    _lend(m, size)
    offset = _pop_size(m)
    s = m.pop_late()
    if offset + size > len(s):
        raise BadValue(f"bytes {offset} to {offset + size} of an item of {len(s)}")
    m.push_late(s[offset : offset + size])


def left(m: Machine) -> None:
    """s size -> part : keep the first bytes of an item."""
    m.charge(4)
    size = _pop_size(m)
    _lend(m, size)
    s = m.pop_late()
    if size > len(s):
        raise BadValue(f"the first {size} bytes of an item of {len(s)}")
    m.push_late(s[:size])


def right(m: Machine) -> None:
    """s size -> part : keep the last bytes of an item."""
    m.charge(4)
    size = _pop_size(m)
    _lend(m, size)
    s = m.pop_late()
    if size > len(s):
        raise BadValue(f"the last {size} bytes of an item of {len(s)}")
    m.push_late(s[len(s) - size :])


def size(m: Machine) -> None:
    """s -> s n : push the length of the top item."""
    m.charge(1)
    m.need(1)
    m.push_late(from_number(len(m.stack[-1])))


def cat_push_data(m: Machine) -> None:
    """a b -> a push(b) : append to a the instruction that pushes b."""
    m.charge(4)
    b = m.pop_late()
    a = m.pop_late()
    _lend(m, len(a) + len(b))
    m.push_late(a + push(b))


OPCODES = {
    0x7E: cat,
    0x7F: substr,
    0x80: left,
    0x81: right,
    0x82: size,
    0x89: cat_push_data,
}
