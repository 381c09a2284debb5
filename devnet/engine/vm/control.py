"""Opcodes that decide where a program goes on, and whether: 61 to 6a, c0."""

from __future__ import annotations

from devnet.engine.vm.errors import (
    BadValue,
    DataStackUnderflow,
    Return,
    VerifyFailed,
)
from devnet.engine.vm.state import Machine
from devnet.engine.vm.values import as_bool, from_bool

PREDICATE_GAS = 256
PREDICATE_GAS_BACK = 192
"""A child machine costs 256 at first and 64 in the end."""


def nop(m: Machine) -> None:
    """Do nothing."""
    m.charge(1)


def jump(m: Machine) -> None:
    """Go on at the target. A target past the end ends the run."""
    m.charge(1)
    m.next_pc = int.from_bytes(m.data, "little")


def jump_if(m: Machine) -> None:
    """Take the top item; go on at the target if it is true."""
    m.charge(1)
    if as_bool(m.pop_late()):
        m.next_pc = int.from_bytes(m.data, "little")


def verify(m: Machine) -> None:
    """Take the top item; fail if it is false."""
    m.charge(1)
    if not as_bool(m.pop_late()):
        raise VerifyFailed


def fail(m: Machine) -> None:
    """Fail. An output whose program begins so can never be spent."""
    m.charge(1)
    raise Return


def check_predicate(m: Machine) -> None:
    """
    Take a gas limit, a program and a count; run the program in a child machine over so
    many items from the top, and push whether it succeeded.

    This is the half before the child runs; `end_predicate` is the half after. A count
    below 0 takes all items, a limit of 0 hands down all gas.
    """
    m.charge(PREDICATE_GAS)
    m.deferred -= PREDICATE_GAS_BACK

    gas_limit = m.pop_number()
    predicate = m.pop_late()
    n_items = m.pop_number()
    if gas_limit < 0:
        raise BadValue("the gas limit of a predicate is negative", limit=gas_limit)
    if n_items < 0:
        n_items = len(m.stack)
    if n_items > len(m.stack):
        raise DataStackUnderflow(needed=n_items, depth=len(m.stack))
    if gas_limit == 0:
        # The worth of the three operands is still deferred, so this is less than one
        # might expect.
        gas_limit = m.gas
    m.charge(gas_limit)

    first = len(m.stack) - n_items
    m.child = Machine(
        predicate,
        gas_limit,
        m.shared,
        depth=m.depth + 1,
        stack=m.stack[first:],
    )
    m.child.received_gas += m.child.worth()
    del m.stack[first:]


def end_predicate(m: Machine) -> None:
    """
    Take back what the ended child left, in gas and in items, and push its verdict.

    A child that cannot pay for its last push keeps the item, and its parent is credited
    for what nobody paid. In the reference a program can loop on that for ever. So what
    can be earned this way in one run is bounded by the gas that the run began with.
    """
    assert m.child is not None, "a predicate ends after its child ran"
    child, m.child = m.child, None
    left = child.gas + child.worth()
    unpaid = max(0, left - child.received_gas)
    credited = min(unpaid, m.shared.unpaid_credit_left)
    m.shared.unpaid_credit_left -= credited
    m.received_gas += credited
    m.deferred -= left - unpaid + credited
    m.push_late(from_bool(m.child_succeeded))


OPCODES = {
    0x61: nop,
    0x63: jump,
    0x64: jump_if,
    0x69: verify,
    0x6A: fail,
    0xC0: check_predicate,
}
