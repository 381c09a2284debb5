"""Opcodes by which a program looks at its transaction: c1 to c4, c9 to cb, cd."""

from __future__ import annotations

from devnet.engine.bc.programs import is_unspendable
from devnet.engine.vm.errors import BadValue, Context
from devnet.engine.vm.state import Machine, Payment
from devnet.engine.vm.values import from_bool, from_number


def _known(fact: bytes | None, what: str) -> bytes:
    if fact is None:
        raise Context(f"this input has no {what}")
    return fact


def _known_number(fact: int | None, what: str) -> bytes:
    if fact is None:
        raise Context(f"this input has no {what}")
    return from_number(fact)


def _pop_not_negative(m: Machine, what: str) -> int:
    number = m.pop_number()
    if number < 0:
        raise BadValue(f"the {what} is negative: {number}")
    return number


def check_output(m: Machine) -> None:
    """index amount asset version program -> bool : is there such an output?"""
    m.charge(16)
    program = m.pop_late()
    version = _pop_not_negative(m, "version of an output")
    asset = m.pop_late()
    amount = _pop_not_negative(m, "amount of an output")
    index = _pop_not_negative(m, "index of an output")
    outputs = m.shared.context.outputs
    if outputs is None:
        raise Context("there are no outputs here")
    if index >= len(outputs):
        raise BadValue(f"output {index} of {len(outputs)}")
    output = outputs[index]
    has_value = output.asset == asset and output.amount == amount
    pays = has_value and _has_program(output, program, version, m.is_strict)
    m.push_late(from_bool(pays))


def _has_program(output: Payment, program: bytes, version: int, strict: bool) -> bool:
    """
    Does the output have this program? A retirement has none, and its version is 0; in
    the outermost program of a version 1 transaction any program matches it.
    """
    if is_unspendable(output.program):
        return version == 0 and (strict or program == b"")
    return output.vm_version == version and output.program == program


def asset(m: Machine) -> None:
    """-> id : push the asset of this input."""
    m.charge(1)
    m.push_late(_known(m.shared.context.asset_id, "asset"))


def amount(m: Machine) -> None:
    """-> n : push the amount of this input."""
    m.charge(1)
    m.push_late(_known_number(m.shared.context.amount, "amount"))


def program(m: Machine) -> None:
    """-> program : push the outermost program, as it is executed."""
    m.charge(1)
    m.push_late(m.shared.program)


def index(m: Machine) -> None:
    """-> n : push the index of this input."""
    m.charge(1)
    m.push_late(_known_number(m.shared.context.destination_position, "position"))


def entry_id(m: Machine) -> None:
    """-> id : push the id of the entry of this input."""
    m.charge(1)
    m.push_late(m.shared.context.entry_id)


def output_id(m: Machine) -> None:
    """-> id : push the id of the output that is spent. An issuance spends none."""
    m.charge(1)
    m.push_late(_known(m.shared.context.spent_output_id, "spent output"))


def block_height(m: Machine) -> None:
    """-> n : push the height of the block that holds this transaction."""
    m.charge(1)
    m.push_late(_known_number(m.shared.context.block_height, "block height"))


OPCODES = {
    0xC1: check_output,
    0xC2: asset,
    0xC3: amount,
    0xC4: program,
    0xC9: index,
    0xCA: entry_id,
    0xCB: output_id,
    0xCD: block_height,
}
