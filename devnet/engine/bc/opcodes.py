"""
The names of the 256 opcodes, and how one instruction is cut out of a program.

This is all that is needed to read a program; what instructions do is in engine/vm.

Source: Bytom/bytom v1.1.0, protocol/vm/{ops,vmutil}.go.
"""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.codec import FormError

FALSE, PUSHDATA1, PUSHDATA2, PUSHDATA4, NEGATIVE_1 = 0x00, 0x4C, 0x4D, 0x4E, 0x4F
TRUE, NUMBER_16, JUMP, JUMPIF, VERIFY, FAIL = 0x51, 0x60, 0x63, 0x64, 0x69, 0x6A
GREATERTHAN, CHECKMULTISIG, TXSIGHASH, BLOCKHEIGHT = 0xA0, 0xAD, 0xAE, 0xCD

MAX_32 = (1 << 32) - 1

# Runs of names from the opcode at the left on; what is in no run is unassigned.
_RUNS = {
    0x00: "FALSE",
    0x4C: "PUSHDATA1 PUSHDATA2 PUSHDATA4 1NEGATE",
    0x61: "NOP",
    0x63: "JUMP JUMPIF",
    0x69: "VERIFY FAIL TOALTSTACK FROMALTSTACK 2DROP 2DUP 3DUP 2OVER 2ROT 2SWAP "
    "IFDUP DEPTH DROP DUP NIP OVER PICK ROLL ROT SWAP TUCK CAT SUBSTR LEFT RIGHT SIZE "
    "INVERT AND OR XOR EQUAL EQUALVERIFY CATPUSHDATA",
    0x8B: "1ADD 1SUB 2MUL 2DIV NEGATE ABS NOT 0NOTEQUAL ADD SUB MUL DIV MOD LSHIFT "
    "RSHIFT BOOLAND BOOLOR NUMEQUAL NUMEQUALVERIFY NUMNOTEQUAL LESSTHAN GREATERTHAN "
    "LESSTHANOREQUAL GREATERTHANOREQUAL MIN MAX WITHIN",
    0xA8: "SHA256",
    0xAA: "SHA3 HASH160 CHECKSIG CHECKMULTISIG TXSIGHASH",
    0xC0: "CHECKPREDICATE CHECKOUTPUT ASSET AMOUNT PROGRAM",
    0xC9: "INDEX ENTRYID OUTPUTID",
    0xCD: "BLOCKHEIGHT",
}


def _names() -> tuple[str, ...]:
    names = [f"NOPx{opcode:02x}" for opcode in range(256)]
    for n_bytes in range(1, 76):
        names[n_bytes] = f"DATA_{n_bytes}"
    for number in range(1, 17):
        names[0x50 + number] = str(number)
    for first, run in _RUNS.items():
        for offset, name in enumerate(run.split()):
            names[first + offset] = name
    return tuple(names)


OPCODE_NAMES = _names()
OPCODES = {name: opcode for opcode, name in enumerate(OPCODE_NAMES)}


def is_unassigned(opcode: int) -> bool:
    """Is the opcode reserved for expansion?"""
    return OPCODE_NAMES[opcode].startswith("NOPx")


class ShortProgram(FormError):
    """The last instruction would go past the end of the program."""

    code = "codec.short-program"
    kind = "ShortProgram"


class ProgramOverflow(FormError):
    """A push whose length does not fit 32 bits."""

    code = "codec.program-overflow"
    kind = "ProgramOverflow"


@dataclass(frozen=True, slots=True)
class Instruction:
    """
    One instruction: its opcode, where it begins, how many bytes it takes with its
    data, and the data (the number itself for the opcodes 1 to 16, the 4-byte target
    for jumps).
    """

    opcode: int
    at: int
    n_bytes: int
    data: bytes = b""

    @property
    def name(self) -> str:
        """The opcode's name."""
        return OPCODE_NAMES[self.opcode]

    @property
    def is_push(self) -> bool:
        """Does it only push its data?"""
        return self.opcode <= PUSHDATA4 or TRUE <= self.opcode <= NUMBER_16

    def __str__(self) -> str:
        return f"{self.name} {self.data.hex()}".rstrip()


def instruction_at(program: bytes, at: int) -> Instruction:
    """
    The instruction that begins at byte `at`.

    Raises:
        ShortProgram: it goes past the end.
        ProgramOverflow: its end does not fit 32 bits.
    """
    if at >= len(program):
        raise _short(program, at)
    opcode = program[at]
    if 1 <= opcode <= 75:
        start, n_data = at + 1, opcode
    elif PUSHDATA1 <= opcode <= PUSHDATA4:
        width = 1 << opcode - PUSHDATA1
        start = at + 1 + width
        if start > len(program):
            raise _short(program, at)
        n_data = int.from_bytes(program[at + 1 : start], "little")
        if start + n_data > MAX_32:
            raise ProgramOverflow(f"a push of {n_data} bytes at byte {at}", at=at)
    elif opcode in (JUMP, JUMPIF):
        start, n_data = at + 1, 4
    elif TRUE <= opcode <= NUMBER_16:
        return Instruction(opcode, at, 1, bytes((opcode - TRUE + 1,)))
    else:
        return Instruction(opcode, at, 1)
    stop = start + n_data
    if stop > len(program):
        raise _short(program, at)
    return Instruction(opcode, at, stop - at, program[start:stop])


def parse_program(program: bytes) -> tuple[Instruction, ...]:
    """All instructions in order. ShortProgram or ProgramOverflow: it does not parse."""
    instructions = []
    at = 0
    while at < len(program):
        instruction = instruction_at(program, at)
        instructions.append(instruction)
        at += instruction.n_bytes
    return tuple(instructions)


def _short(program: bytes, at: int) -> ShortProgram:
    return ShortProgram(
        f"the instruction at byte {at} goes past the {len(program)} bytes", at=at
    )
