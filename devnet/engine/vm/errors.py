"""
How a program can fail.

Each class bears the name of Bytom's specification, so `error.name` is what vectors and
other implementations say; `btm_code` is what Bytom's API answers. Source: Bytom/bytom
v1.1.0, protocol/vm/errors.go and api/errors.go.
"""

from __future__ import annotations

from typing import ClassVar

from devnet.engine.errors import VmError


class ProgramFailure(VmError):
    """A program ended without success. Concrete failures follow."""

    code = "vm.failure"
    btm_code: ClassVar[str] = "BTM000"
    sentence: ClassVar[str] = "the program failed"

    def __init__(self, sentence: str = "", *, hint: str = "", **facts: object) -> None:
        super().__init__(sentence or self.sentence, hint=hint, **facts)

    @property
    def name(self) -> str:
        """Bytom's name of this failure."""
        return type(self).__name__


class AltStackUnderflow(ProgramFailure):
    """FROMALTSTACK met an empty alt stack."""

    code = "vm.alt-stack-underflow"
    btm_code = "BTM760"
    sentence = "the alt stack has no item to give back"


class BadValue(ProgramFailure):
    """An operand has the wrong size or is out of its range."""

    code = "vm.bad-value"
    btm_code = "BTM761"
    sentence = "an operand has a value that this opcode does not take"


class Context(ProgramFailure):
    """The program asks for a fact that its transaction or input does not have."""

    code = "vm.context"
    btm_code = "BTM762"
    sentence = "the program asks for something that its input does not have"


class DataStackUnderflow(ProgramFailure):
    """An opcode needs more items than the stack has."""

    code = "vm.data-stack-underflow"
    btm_code = "BTM763"
    sentence = "the stack has fewer items than the opcode needs"
    default_hint = "check the arguments of the input"


class DisallowedOpcode(ProgramFailure):
    """An unassigned opcode in the outermost program of a version 1 transaction."""

    code = "vm.disallowed-opcode"
    btm_code = "BTM764"
    sentence = "an unassigned opcode is not allowed here"


class DivZero(ProgramFailure):
    """DIV or MOD by zero."""

    code = "vm.division-by-zero"
    btm_code = "BTM765"
    sentence = "division by zero"


class FalseVMResult(ProgramFailure):
    """The program ran to its end and left nothing, or something false, on top."""

    code = "vm.false-result"
    btm_code = "BTM766"
    sentence = "the program ended without a true item on top of its stack"
    default_hint = "a wrong signature looks like this: check who signed, and what"


class Range(ProgramFailure):
    """A result does not fit 64 bits."""

    code = "vm.range"
    btm_code = "BTM768"
    sentence = "a number left the signed 64-bit range"


class Return(ProgramFailure):
    """FAIL was executed."""

    code = "vm.return"
    btm_code = "BTM769"
    sentence = "the program says FAIL"


class RunLimitExceeded(ProgramFailure):
    """The gas is used up."""

    code = "vm.run-limit-exceeded"
    btm_code = "BTM770"
    sentence = "the program needs more gas than it has"
    default_hint = "pay a higher fee: 200 neu buy one unit of gas"


class ShortProgram(ProgramFailure):
    """An instruction would go past the end of the program."""

    code = "vm.short-program"
    btm_code = "BTM771"
    sentence = "the program ends in the middle of an instruction"


class UnsupportedVM(ProgramFailure):
    """The program asks for a machine of another version."""

    code = "vm.unsupported-vm"
    btm_code = "BTM774"
    sentence = "only VM version 1 can be run"


class VerifyFailed(ProgramFailure):
    """A VERIFY opcode met something false."""

    code = "vm.verify-failed"
    btm_code = "BTM775"
    sentence = "a VERIFY met something false"
    default_hint = "with a wrong key or script this is where it ends"


class ProgramOverflow(ProgramFailure):
    """PUSHDATA4 with a length that does not fit 32 bits."""

    code = "vm.program-overflow"
    btm_code = "BTM000"
    sentence = "the length of a push does not fit 32 bits"


# Three names of the reference have no class here. LongProgram (BTM767) needs a program
# above 2**31 - 1 bytes, Unexpected (BTM773) is a crash inside the reference, and Token
# (BTM772) belongs to the assembler.
