"""
What a run did, step by step, for a screen that walks through it.

`machine.run(..., trace=steps.append)` hands out one TraceStep per instruction as it
ends; a child's steps come before the step that started it. `in_order` sorts them as a
reader wants them. Without a trace nothing here is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from devnet.engine.vm.errors import ProgramFailure
from devnet.engine.vm.state import Machine
from devnet.engine.vm.table import OPCODES, Opcode

Tracer = Callable[["TraceStep"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStep:
    """
    One executed instruction. Stacks have their bottom first.

    `index` counts in the order in which instructions began; `depth` is 0 in the
    outermost machine. `failure` is the name of what went wrong in this instruction.
    """

    index: int
    depth: int
    pc: int
    op: int
    data: bytes
    gas_before: int
    gas_after: int
    stack_before: tuple[bytes, ...]
    stack_after: tuple[bytes, ...]
    alt_stack_after: tuple[bytes, ...]
    failure: str = ""

    @property
    def change(self) -> int:
        """Gas earned (above 0) or spent (below 0)."""
        return self.gas_after - self.gas_before

    @property
    def opcode(self) -> Opcode:
        """The row of the table: name, family, meaning."""
        return OPCODES[self.op]

    @property
    def text(self) -> str:
        """The name, and the data if there is any."""
        if self.data and self.opcode.family != "control":
            return f"{self.opcode.name} {self.data.hex()}"
        if self.data:
            return f"{self.opcode.name} {int.from_bytes(self.data, 'little')}"
        return self.opcode.name


def in_order(steps: Iterable[TraceStep]) -> tuple[TraceStep, ...]:
    """The steps as they began: a child's after the CHECKPREDICATE that started it."""
    return tuple(sorted(steps, key=lambda step: step.index))


class StepRecorder:
    """Watches the loop and makes TraceSteps. One for a machine and all its children."""

    def __init__(self, trace: Tracer) -> None:
        self._trace = trace
        self._n_begun = 0
        self._open: list[tuple[int, int, int, tuple[bytes, ...]]] = []

    def begin(self, m: Machine) -> None:
        """An instruction is about to be decoded."""
        opened = (self._n_begun, m.program[m.pc], m.gas, tuple(m.stack))
        self._open.append(opened)
        self._n_begun += 1

    def end(self, m: Machine, failure: ProgramFailure | None = None) -> None:
        """The newest instruction that is still open has ended."""
        index, op, gas_before, stack_before = self._open.pop()
        self._trace(
            TraceStep(
                index=index,
                depth=m.depth,
                pc=m.pc,
                op=op,
                data=m.data,
                gas_before=gas_before,
                gas_after=m.gas,
                stack_before=stack_before,
                stack_after=tuple(m.stack),
                alt_stack_after=tuple(m.alt_stack),
                failure=failure.name if failure else "",
            )
        )
