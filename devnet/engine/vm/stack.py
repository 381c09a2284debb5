"""
Opcodes that copy, drop and reorder items: 6b to 7d.

Pictures in the docstrings: bottom left, top right. Copies are paid and dropped items
are credited at once; items that only move cost nothing beside the base.
"""

from __future__ import annotations

from devnet.engine.vm.errors import AltStackUnderflow, BadValue, DataStackUnderflow
from devnet.engine.vm.state import Machine
from devnet.engine.vm.values import INT64_MAX, as_bool, as_number, from_number


def to_alt_stack(m: Machine) -> None:
    """x -> : move the top item to the alt stack."""
    m.charge(2)
    m.need(1)
    m.alt_stack.append(m.stack.pop())


def from_alt_stack(m: Machine) -> None:
    """-> x : move the top item of the alt stack back."""
    m.charge(2)
    if not m.alt_stack:
        raise AltStackUnderflow
    m.stack.append(m.alt_stack.pop())


def drop_2(m: Machine) -> None:
    """a b -> : drop two items."""
    m.charge(2)
    m.pop_now()
    m.pop_now()


def dup_2(m: Machine) -> None:
    """a b -> a b a b : copy the two top items."""
    m.charge(2)
    m.need(2)
    m.push_now(m.stack[-2])
    m.push_now(m.stack[-2])


def dup_3(m: Machine) -> None:
    """a b c -> a b c a b c : copy the three top items."""
    m.charge(3)
    m.need(3)
    m.push_now(m.stack[-3])
    m.push_now(m.stack[-3])
    m.push_now(m.stack[-3])


def over_2(m: Machine) -> None:
    """a b c d -> a b c d a b : copy the pair below the top pair."""
    m.charge(2)
    m.need(4)
    m.push_now(m.stack[-4])
    m.push_now(m.stack[-4])


def rot_2(m: Machine) -> None:
    """a b c d e f -> c d e f a b : bring the third pair to the top."""
    m.charge(2)
    m.need(6)
    m.stack[-6:] = m.stack[-4:] + m.stack[-6:-4]


def swap_2(m: Machine) -> None:
    """a b c d -> c d a b : swap the two top pairs."""
    m.charge(2)
    m.need(4)
    m.stack[-4:] = m.stack[-2:] + m.stack[-4:-2]


def if_dup(m: Machine) -> None:
    """x -> x or x x : copy the top item if it is true."""
    m.charge(1)
    m.need(1)
    if as_bool(m.stack[-1]):
        m.push_now(m.stack[-1])


def depth(m: Machine) -> None:
    """-> n : push the number of items."""
    m.charge(1)
    m.push_now(from_number(len(m.stack)))


def drop(m: Machine) -> None:
    """x -> : drop the top item."""
    m.charge(1)
    m.pop_now()


def dup(m: Machine) -> None:
    """x -> x x : copy the top item."""
    m.charge(1)
    m.need(1)
    m.push_now(m.stack[-1])


def nip(m: Machine) -> None:
    """a b -> b : drop the item below the top one."""
    m.charge(1)
    m.need(1)
    # The reference lifts the top item off without credit and only then looks below;
    # when nothing is there, both the item and its worth are gone.
    top = m.stack.pop()
    m.pop_now()
    m.stack.append(top)


def over(m: Machine) -> None:
    """a b -> a b a : copy the item below the top one."""
    m.charge(1)
    m.need(2)
    m.push_now(m.stack[-2])


def _pop_depth(m: Machine) -> int:
    """The operand of PICK and ROLL: how deep below the top the wanted item lies."""
    below_top = as_number(m.pop_now())
    if below_top < 0 or below_top == INT64_MAX:
        raise BadValue(f"no stack has an item {below_top} below its top")
    if below_top >= len(m.stack):
        raise DataStackUnderflow(needed=below_top + 1, depth=len(m.stack))
    return below_top


def pick(m: Machine) -> None:
    """xn .. x0 n -> xn .. x0 xn : copy the item n below the top."""
    m.charge(2)
    below_top = _pop_depth(m)
    m.push_now(m.stack[-1 - below_top])


def roll(m: Machine) -> None:
    """xn .. x0 n -> .. x0 xn : move the item n below the top to the top."""
    m.charge(2)
    below_top = _pop_depth(m)
    m.stack.append(m.stack.pop(-1 - below_top))


def rot(m: Machine) -> None:
    """a b c -> b c a : bring the third item to the top."""
    m.charge(2)
    m.need(3)
    m.stack.append(m.stack.pop(-3))


def swap(m: Machine) -> None:
    """a b -> b a : swap the two top items."""
    m.charge(1)
    m.need(2)
    m.stack[-2], m.stack[-1] = m.stack[-1], m.stack[-2]


def tuck(m: Machine) -> None:
    """a b -> b a b : copy the top item below the second."""
    m.charge(1)
    m.need(2)
    # Lifted off first, as the reference does: without gas for the copy both are gone.
    top, below = m.stack.pop(), m.stack.pop()
    m.push_now(top)
    m.stack += (below, top)


OPCODES = {
    0x6B: to_alt_stack,
    0x6C: from_alt_stack,
    0x6D: drop_2,
    0x6E: dup_2,
    0x6F: dup_3,
    0x70: over_2,
    0x71: rot_2,
    0x72: swap_2,
    0x73: if_dup,
    0x74: depth,
    0x75: drop,
    0x76: dup,
    0x77: nip,
    0x78: over,
    0x79: pick,
    0x7A: roll,
    0x7B: rot,
    0x7C: swap,
    0x7D: tuck,
}
