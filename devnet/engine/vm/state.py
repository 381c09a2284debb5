"""
One machine: a program, its two stacks and its gas.

A machine lives only inside one run and is the one mutable thing here. Opcodes change it
through the few methods below, and these methods are the whole gas rule of the stack:
every item is worth 8 + its length. An opcode deals in that worth either at once ("now")
or when the instruction has ended ("late"); which of the two is part of consensus, since
gas left over at a failure is handed back to a parent machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from devnet.engine.vm.errors import DataStackUnderflow, RunLimitExceeded
from devnet.engine.vm.values import as_number

ITEM_GAS = 8
"""What an item is worth beside its length."""


class Payment(Protocol):
    """What CHECKOUTPUT needs of an output: the fields of `bc.transaction.Output`."""

    @property
    def asset(self) -> bytes: ...
    @property
    def amount(self) -> int: ...
    @property
    def program(self) -> bytes: ...
    @property
    def vm_version(self) -> int: ...


@dataclass(frozen=True, slots=True)
class VmContext:
    """
    What a program can learn about its transaction. None is a fact that is not there;
    asking for it is the failure `Context`. Issuances have no spent output.
    """

    entry_id: bytes = bytes(32)
    tx_version: int | None = None
    block_height: int | None = None
    asset_id: bytes | None = None
    amount: int | None = None
    destination_position: int | None = None
    spent_output_id: bytes | None = None
    sig_hash: bytes | None = None
    outputs: tuple[Payment, ...] | None = None


class Shared:
    """
    What a machine and its children have in common: the outermost program, the context,
    and a bound that `control.end_predicate` explains.
    """

    __slots__ = ("context", "program", "unpaid_credit_left")

    def __init__(self, program: bytes, context: VmContext, gas: int) -> None:
        self.program = program
        self.context = context
        self.unpaid_credit_left = gas


class Machine:
    """
    The state of one running program.

    `is_strict` forbids unassigned opcodes; children are never strict. `pc` is the
    instruction being executed, `next_pc` where the run goes on, `data` the bytes inside
    the instruction. `child` is a machine that must run, or has run, before
    CHECKPREDICATE can end. `received_gas` is all that the machine got, in gas and in
    items.
    """

    __slots__ = (
        "alt_stack", "child", "child_succeeded", "data", "deferred", "depth", "gas",
        "is_strict", "next_pc", "pc", "program", "received_gas", "shared", "stack",
    )  # fmt: skip

    def __init__(
        self,
        program: bytes,
        gas: int,
        shared: Shared,
        *,
        is_strict: bool = False,
        depth: int = 0,
        stack: list[bytes] | None = None,
    ) -> None:
        self.program = program
        self.gas = gas
        self.shared = shared
        self.is_strict = is_strict
        self.depth = depth
        self.stack: list[bytes] = [] if stack is None else stack
        self.alt_stack: list[bytes] = []
        self.pc = 0
        self.next_pc = 0
        self.data = b""
        self.deferred = 0
        self.child: Machine | None = None
        self.child_succeeded = False
        self.received_gas = gas

    def charge(self, gas: int) -> None:
        """Take gas at once. Whoever cannot pay loses all that is left."""
        if gas > self.gas:
            left, self.gas = self.gas, 0
            raise RunLimitExceeded(needed=gas, left=left)
        self.gas -= gas

    def push_now(self, item: bytes) -> None:
        """Pay for an item, then put it on the stack."""
        gas = ITEM_GAS + len(item)
        if gas > self.gas:
            self.charge(gas)
        self.gas -= gas
        self.stack.append(item)

    def pop_now(self) -> bytes:
        """Take the top item and its worth."""
        if not self.stack:
            raise DataStackUnderflow
        item = self.stack.pop()
        self.gas += ITEM_GAS + len(item)
        return item

    def push_late(self, item: bytes) -> None:
        """Put an item on the stack; it is paid when the instruction has ended."""
        self.deferred += ITEM_GAS + len(item)
        self.stack.append(item)

    def pop_late(self) -> bytes:
        """Take the top item; its worth comes when the instruction has ended."""
        if not self.stack:
            raise DataStackUnderflow
        item = self.stack.pop()
        self.deferred -= ITEM_GAS + len(item)
        return item

    def pop_number(self) -> int:
        """`pop_late` of a number. A bad one is gone from the stack nevertheless."""
        return as_number(self.pop_late())

    def worth(self) -> int:
        """Of all items on both stacks, in gas."""
        n_items = len(self.stack) + len(self.alt_stack)
        n_bytes = sum(map(len, self.stack)) + sum(map(len, self.alt_stack))
        return ITEM_GAS * n_items + n_bytes

    def need(self, n_items: int) -> None:
        """Raise DataStackUnderflow unless the stack is at least this deep."""
        if len(self.stack) < n_items:
            raise DataStackUnderflow(needed=n_items, depth=len(self.stack))
