"""
All 256 opcodes, and how an instruction is cut out of a program.

Unassigned bytes are reserved for expansion. In the outermost program of a version 1
transaction they are forbidden; everywhere else they do nothing and cost 1, so that
later versions may give them a meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devnet.engine.bc.opcodes import (
    JUMP,
    JUMPIF,
    NUMBER_16,
    OPCODE_NAMES,
    PUSHDATA1,
    PUSHDATA4,
    TRUE,
)
from devnet.engine.vm import (
    bitwise,
    control,
    crypto,
    introspection,
    numeric,
    pushing,
    splice,
    stack,
)
from devnet.engine.vm.errors import DisallowedOpcode, ProgramOverflow, ShortProgram
from devnet.engine.vm.state import Machine

UINT32_MAX = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Opcode:
    """One row of the table."""

    byte: int
    name: str
    family: str
    execute: Callable[[Machine], None]

    @property
    def meaning(self) -> str:
        """What it does, in one sentence, for people."""
        text = (self.execute.__doc__ or "").strip().split("\n\n")[0]
        return " ".join(text.split())

    @property
    def is_assigned(self) -> bool:
        """Does it mean anything today?"""
        return self.family != "unassigned"


def unassigned(m: Machine) -> None:
    """Nothing yet: reserved for expansion."""
    if m.is_strict:
        raise DisallowedOpcode(
            f"opcode {m.program[m.pc]:02x} at {m.pc} is unassigned", pc=m.pc
        )
    m.charge(1)


def _build_table() -> tuple[Opcode, ...]:
    rows = {
        byte: Opcode(byte, OPCODE_NAMES[byte], "unassigned", unassigned)
        for byte in range(256)
    }
    families = (
        pushing, control, stack, splice, bitwise, numeric, crypto, introspection,
    )  # fmt: skip
    for module in families:
        family = module.__name__.rpartition(".")[2]
        for byte, execute in module.OPCODES.items():
            assert not rows[byte].is_assigned, f"{byte:02x} is in two families"
            rows[byte] = Opcode(byte, OPCODE_NAMES[byte], family, execute)
    return tuple(rows[byte] for byte in range(256))


OPCODES = _build_table()
"""The table, by byte."""

EXECUTE = tuple(opcode.execute for opcode in OPCODES)
"""The functions alone, by byte."""


def decode(program: bytes, pc: int) -> tuple[int, bytes, int]:
    """
    Cut out the instruction at `pc`.

    Returns:
        Its opcode, the data inside it (a push, a number, a jump target), and where the
        next one begins.

    Raises:
        ShortProgram: it would go past the end.
        ProgramOverflow: a PUSHDATA4 whose end does not fit 32 bits.
    """
    op = program[pc]
    if op > NUMBER_16:
        if op != JUMP and op != JUMPIF:
            return op, b"", pc + 1
        return op, *_cut(program, pc + 1, 4)
    if op < PUSHDATA1:
        return (op, *_cut(program, pc + 1, op)) if op else (op, b"", pc + 1)
    if op <= PUSHDATA4:
        width = 1 << op - PUSHDATA1
        length, start = _cut(program, pc + 1, width)
        n_bytes = int.from_bytes(length, "little")
        if pc + 1 + width + n_bytes > UINT32_MAX:
            raise ProgramOverflow(f"a push of {n_bytes} bytes at {pc}", pc=pc)
        return op, *_cut(program, start, n_bytes)
    if op >= TRUE:
        return op, bytes([op - TRUE + 1]), pc + 1
    return op, b"", pc + 1


def _cut(program: bytes, start: int, n_bytes: int) -> tuple[bytes, int]:
    """Bytes from `start` on, and where they end."""
    end = start + n_bytes
    if end > len(program):
        raise ShortProgram(
            f"an instruction needs {end} bytes, the program has {len(program)}",
            needed=end,
            length=len(program),
        )
    return program[start:end], end
