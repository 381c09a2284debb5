"""Standard programs, their classes and their text forms against the reference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.bc import programs
from devnet.engine.bc.opcodes import OPCODE_NAMES
from devnet.engine.codec import FormError, OutOfRange, from_hex
from devnet.engine.errors import CodecError
from tests.vectors import vectors

VECTORS = vectors("programs")
PARSED = [case for case in VECTORS["programs"] if "parse_error" not in case]
fast = settings(derandomize=True, deadline=None, max_examples=300)


def short(case: dict[str, Any]) -> str:
    return (case["program"] or "empty")[:24]


# Building.


@pytest.mark.parametrize("case", VECTORS["templates"])
def test_a_template_is_the_references(case: dict[str, str]) -> None:
    data = from_hex(case["data"])
    match case["template"]:
        case "p2wpkh":
            program = programs.p2wpkh(data)
        case "p2wsh":
            program = programs.p2wsh(data)
        case "p2pkh_sig":
            program = programs.expand_program(programs.p2wpkh(data))
        case "p2sh":
            program = programs.expand_program(programs.p2wsh(data))
        case "retire":
            program = programs.retire_program(data)
        case "coinbase":
            program = programs.TRUE_PROGRAM
    assert program.hex() == case["program"]


@pytest.mark.parametrize("case", VECTORS["multisig"])
def test_a_multisig_script_is_the_references_or_refused(case: dict[str, Any]) -> None:
    keys = [from_hex(key) for key in case["public_keys"]]
    if "error" in case:
        with pytest.raises(programs.BadTemplate):
            programs.multisig_script(keys, case["quorum"], case["block_height"])
        return
    script = programs.multisig_script(keys, case["quorum"], case["block_height"])
    assert script.hex() == case["program"]
    assert programs.issuance_limit_height(script) == case["block_height"]


def test_a_hash_of_a_wrong_length_makes_no_program() -> None:
    for build in (programs.p2wpkh, programs.p2wsh):
        with pytest.raises(programs.BadTemplate):
            build(bytes(21))


@pytest.mark.parametrize("case", VECTORS["push"], ids=lambda c: str(len(c["data"])))
def test_a_push_is_the_references(case: dict[str, str]) -> None:
    assert programs.push(from_hex(case["data"])).hex() == case["bytes"]


@pytest.mark.parametrize("case", VECTORS["push_int"], ids=lambda c: str(c["value"]))
def test_a_pushed_number_is_the_references(case: dict[str, Any]) -> None:
    assert programs.push_int(case["value"]).hex() == case["bytes"]
    assert programs.number_bytes(case["value"]).hex() == case["number_bytes"]
    assert programs.number_of(from_hex(case["number_bytes"])) == case["value"]


def test_a_number_has_eight_bytes_at_most() -> None:
    assert programs.number_of(b"\x03\x00\x00") == 3
    with pytest.raises(programs.NotANumber):
        programs.number_of(bytes(9))
    with pytest.raises(OutOfRange):
        programs.number_bytes(1 << 63)


@given(st.binary(max_size=300) | st.integers(250, 70_000).map(bytes))
@fast
def test_a_push_parses_to_what_was_pushed(data: bytes) -> None:
    (instruction,) = programs.parse_program(programs.push(data))
    assert instruction.data == data
    assert instruction.is_push


# Telling apart.


@pytest.mark.parametrize("case", VECTORS["programs"], ids=short)
def test_a_program_is_classified_as_the_reference_does(case: dict[str, Any]) -> None:
    program = from_hex(case["program"])
    assert programs.is_p2wpkh(program) == case["is_p2wpkh"]
    assert programs.is_p2wsh(program) == case["is_p2wsh"]
    assert programs.is_straightforward(program) == case["is_straightforward"]
    assert programs.is_standard(program) == case["is_standard"]
    assert programs.is_unspendable(program) == case["is_unspendable"]
    assert programs.expand_program(program).hex() == case["executed_program"]
    limit = programs.issuance_limit_height(program)
    assert limit == case["issuance_limit_height"]


@pytest.mark.parametrize("case", PARSED, ids=short)
def test_a_program_reads_as_the_references_text(case: dict[str, Any]) -> None:
    program = from_hex(case["program"])
    instructions = programs.parse_program(program)
    assert [str(one) for one in instructions] == case["instructions"]
    assert programs.disassemble(program) == case["disassembly"]


@pytest.mark.parametrize(
    "case", [case for case in VECTORS["programs"] if "parse_error" in case], ids=short
)
def test_a_program_that_ends_early_is_refused(case: dict[str, Any]) -> None:
    for read in (programs.parse_program, programs.disassemble):
        with pytest.raises(FormError) as caught:
            read(from_hex(case["program"]))
        assert caught.value.facts["kind"] == case["parse_error"]


def test_a_push_past_32_bits_is_an_overflow_and_not_just_short() -> None:
    with pytest.raises(programs.ProgramOverflow):
        programs.parse_program(b"\x4e\xff\xff\xff\xff")
    with pytest.raises(programs.ShortProgram):
        programs.parse_program(b"\x4e\xff\xff\xff\x7f")


def test_only_a_first_byte_of_zero_is_expanded() -> None:
    for first in range(256):
        program = bytes((first, 0x14)) + bytes(20)
        is_expanded = programs.expand_program(program) != program
        assert is_expanded == (first == 0)
        # DATA_1 and longer pushes swallow the length byte; those shapes differ.
        is_single = first == 0 or 0x4F <= first <= 0x60
        assert programs.is_p2wpkh(program) == is_single


def parses_to_a_witness(program: bytes, n_hash: int) -> bool:
    """The rule in its own words, to hold the short cut against."""
    try:
        instructions = programs.parse_program(program)
    except CodecError:
        return False
    if len(instructions) != 2 or instructions[0].opcode > 0x60:
        return False
    return instructions[1].opcode == n_hash


witnesses = st.builds(
    lambda head, n_hash: head + bytes((n_hash,)) + bytes(n_hash),
    st.binary(min_size=0, max_size=6),
    st.sampled_from([20, 32]),
)


@given(witnesses | st.binary(max_size=40))
@fast
def test_the_short_cut_finds_the_same_witness_programs(program: bytes) -> None:
    assert programs.is_p2wpkh(program) == parses_to_a_witness(program, 20)
    assert programs.is_p2wsh(program) == parses_to_a_witness(program, 32)


# Text.


def test_opcodes_have_the_references_names() -> None:
    assert list(OPCODE_NAMES) == VECTORS["opcode_names"]


@pytest.mark.parametrize("case", VECTORS["assemble"], ids=lambda c: c["text"][:30])
def test_a_text_is_assembled_as_the_reference_does(case: dict[str, Any]) -> None:
    if case["ok"]:
        assert programs.assemble(case["text"]).hex() == case["program"]
        return
    with pytest.raises(FormError):
        programs.assemble(case["text"])


@pytest.mark.parametrize(
    "text", ["JUMP:", "JUMP:x", "JUMP:4294967296", "'open", "'a'b", "DATA_1x", "--1"]
)
def test_a_text_that_is_no_program_is_refused(text: str) -> None:
    with pytest.raises(FormError):
        programs.assemble(text)


@given(st.text(max_size=40))
@fast
def test_any_text_is_a_program_or_an_error(text: str) -> None:
    try:
        program = programs.assemble(text)
    except CodecError as error:
        assert error.facts["kind"]
        return
    assert isinstance(program, bytes)


plain = st.sampled_from([0x61, 0x69, 0x6A, 0x75, 0x76, 0x93, 0xAC, 0xAE, 0xC0, 0xCD])
instructions = plain.map(lambda opcode: bytes((opcode,))) | st.one_of(
    st.binary(max_size=100).map(programs.push),
    st.integers(17, 1 << 62).map(programs.push_int),
)


@given(st.lists(instructions, max_size=12).map(b"".join))
@fast
def test_a_program_survives_its_text(program: bytes) -> None:
    assert programs.assemble(programs.disassemble(program)) == program


def test_a_jump_survives_its_text() -> None:
    program = from_hex("64070000005152630000000053")
    assert programs.assemble(programs.disassemble(program)).hex() == (
        # The numbers 1 to 3 come back as pushes of one byte: the text shows data only.
        "64090000000101010263000000000103"
    )


@given(st.binary(max_size=60))
@fast
def test_any_bytes_are_classified_without_an_error(program: bytes) -> None:
    programs.is_standard(program)
    programs.issuance_limit_height(program)
    expanded = programs.expand_program(program)
    assert expanded == program or programs.is_standard(program)
