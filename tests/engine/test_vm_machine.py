"""The machine's own promises: the table, the trace, nesting, and what gas bounds."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devnet.engine.bc.opcodes import OPCODE_NAMES, instruction_at, is_unassigned
from devnet.engine.bc.programs import assemble, expand_program, p2wpkh, push, push_int
from devnet.engine.bc.transaction import Output
from devnet.engine.codec import FormError, ripemd160
from devnet.engine.errors import DevnetError
from devnet.engine.keys import ed25519
from devnet.engine.vm import errors
from devnet.engine.vm.errors import ProgramFailure
from devnet.engine.vm.machine import VmContext, VmResult, run
from devnet.engine.vm.table import OPCODES, decode
from devnet.engine.vm.trace import TraceStep, in_order
from devnet.engine.vm.values import as_bool, as_number, from_number

CONTEXT = VmContext(
    entry_id=b"\x01" * 32,
    tx_version=1,
    block_height=100,
    asset_id=b"\xff" * 32,
    amount=5,
    destination_position=0,
    spent_output_id=b"\x02" * 32,
    sig_hash=b"\x03" * 32,
    outputs=(Output(b"\xff" * 32, 5, b"\x51"), Output(b"\xaa" * 32, 7, b"\x6a\x01x")),
)
FAILURES = {kind.__name__ for kind in ProgramFailure.__subclasses__()}


def run_text(text: str, gas_limit: int = 20_000, *args: bytes) -> VmResult:
    return run(assemble(text), args, gas_limit, CONTEXT)


# The table.


def test_each_assigned_opcode_is_in_one_family_and_says_what_it_does() -> None:
    for byte, opcode in enumerate(OPCODES):
        assert opcode.byte == byte
        assert opcode.name == OPCODE_NAMES[byte]
        assert opcode.is_assigned != is_unassigned(byte)
        assert opcode.meaning, f"{opcode.name} does not say what it does"


def test_each_failure_has_its_own_code_and_its_name_in_the_reference() -> None:
    codes = {kind.code for kind in ProgramFailure.__subclasses__()}

    assert len(codes) == len(FAILURES)
    assert errors.VerifyFailed().name == "VerifyFailed"
    assert errors.VerifyFailed().btm_code == "BTM775"
    assert isinstance(errors.VerifyFailed(), DevnetError)


@given(st.binary(min_size=1, max_size=80), st.data())
@example(b"\x4e\xff\xff\xff\xff", None)
def test_instructions_are_cut_as_the_disassembler_cuts_them(
    program: bytes, data: st.DataObject | None
) -> None:
    pc = 0 if data is None else data.draw(st.integers(0, len(program) - 1))
    try:
        wanted = instruction_at(program, pc)
    except FormError as refusal:
        with pytest.raises(ProgramFailure) as caught:
            decode(program, pc)
        assert caught.value.name == refusal.facts["kind"]
        return

    assert decode(program, pc) == (wanted.opcode, wanted.data, pc + wanted.n_bytes)


# Values.


@given(st.integers(-(2**63), 2**63 - 1))
def test_numbers_read_back_as_they_were_written(value: int) -> None:
    assert as_number(from_number(value)) == value
    assert not from_number(value).endswith(b"\0")


def test_an_item_of_zeros_is_false_whatever_its_length() -> None:
    assert not as_bool(b"")
    assert not as_bool(bytes(1000))
    assert as_bool(bytes(1000) + b"\x80")


# The trace.


def a_p2wpkh_input() -> tuple[bytes, tuple[bytes, bytes]]:
    secret, prefix = 12345, b"p" * 32
    key = ed25519.multiply_base(secret)
    signature = ed25519.sign(secret, prefix, b"\x03" * 32, key)
    return p2wpkh(ripemd160(key)), (signature, key)


def test_a_trace_shows_the_gas_of_each_step_of_a_payment() -> None:
    program, arguments = a_p2wpkh_input()
    steps: list[TraceStep] = []

    run(expand_program(program), arguments, 30_000, CONTEXT, trace=steps.append)

    assert [(s.pc, s.opcode.name, s.gas_before, s.change) for s in steps] == [
        (0, "DUP", 29_888, -41),
        (1, "HASH160", 29_847, -84),
        (2, "DATA_20", 29_763, -29),
        (23, "EQUALVERIFY", 29_734, 35),
        (24, "TXSIGHASH", 29_769, -296),
        (25, "SWAP", 29_473, -1),
        (26, "CHECKSIG", 29_472, -881),
    ]
    assert steps[2].text == f"DATA_20 {program[2:].hex()}"
    assert steps[3].stack_before == (*arguments, program[2:], program[2:])
    assert steps[3].stack_after == arguments
    assert steps[-1].stack_after == (b"\x01",)


def test_a_childs_steps_stand_behind_the_step_that_started_it() -> None:
    steps: list[TraceStep] = []
    child = assemble("ADD 5 NUMEQUAL")

    result = run(
        assemble(f"2 3 2 0x{child.hex()} 0 CHECKPREDICATE"),
        (),
        20_000,
        CONTEXT,
        trace=steps.append,
    )

    assert result.error is None
    names = [(step.depth, step.opcode.name) for step in in_order(steps)]
    assert names[5:] == [(0, "CHECKPREDICATE"), (1, "ADD"), (1, "5"), (1, "NUMEQUAL")]
    parent = in_order(steps)[5]
    assert parent.stack_after == (b"\x01",)


def test_a_trace_ends_with_the_step_that_failed() -> None:
    steps: list[TraceStep] = []

    run(assemble("1 0 VERIFY 1"), (), 100, CONTEXT, trace=steps.append)

    assert [step.failure for step in steps] == ["", "", "VerifyFailed"]


def test_a_jump_shows_its_target() -> None:
    steps: list[TraceStep] = []

    run(assemble("JUMP:$end FAIL $end 1"), (), 100, CONTEXT, trace=steps.append)

    assert [step.text for step in steps] == ["JUMP 6", "1 01"]


# Nesting.


def test_machines_nest_deeper_than_python_recurses() -> None:
    """Each machine copies its program from the stack and runs it again in a child."""
    again = assemble("DUP 1 SWAP 0 CHECKPREDICATE")
    deepest = 0

    def trace(step: TraceStep) -> None:
        nonlocal deepest
        deepest = max(deepest, step.depth)

    result = run(again, (again,), 2_000_000, CONTEXT, trace=trace)

    assert deepest > 1500
    assert result.error_name == "FalseVMResult"


def test_a_program_cannot_live_on_what_its_children_did_not_pay() -> None:
    """PROGRAM with too little gas leaves an item that the parent is credited for."""
    loop = assemble("0 0xc4 10 CHECKPREDICATE DROP") + b"\x63" + bytes(4)
    n_steps = 0

    def trace(step: TraceStep) -> None:
        nonlocal n_steps
        n_steps += 1
        assert n_steps < 4 * 10_000, "it runs for ever"

    result = run(loop + bytes(2000), (), 10_000, CONTEXT, trace=trace)

    assert result.error_name == "RunLimitExceeded"
    assert n_steps > 1000, "it earned something, as in the reference"


def test_a_child_that_cannot_pay_its_last_push_credits_its_parent() -> None:
    """The reference's gas, to the unit: 2 of the child's gas buy 1 + 8 + 12 here."""
    program = assemble("0 0xc4 2 CHECKPREDICATE")
    result = run(program, (), 1000, CONTEXT)

    # Three operands cost 1 + 8, 1 + 9 and 1 + 9 and come back but for the 3; the child
    # costs 64 and its limit; the item it could not pay (8 + 5 bytes) comes back too.
    assert result.error_name == "FalseVMResult"
    assert result.stack == (b"",)
    assert result.gas_left == 1000 - 3 - 64 - 2 + (8 + len(program)) - 8


def test_an_unpaid_item_deep_inside_is_credited_once_on_its_way_up() -> None:
    """A program 100 bytes longer earns 100 more, through two machines as well."""

    def gas_left(n_padding: int) -> int:
        inner = assemble("0 0xc4 2 CHECKPREDICATE")
        outer = assemble(f"0 0x{inner.hex()} 0 CHECKPREDICATE 1 JUMP:0")
        padded = outer[:-4] + (len(outer) + n_padding).to_bytes(4, "little")
        return run(padded + bytes(n_padding), (), 3000, CONTEXT).gas_left

    assert gas_left(2000) - gas_left(1900) == 100


def test_tuck_without_gas_for_its_copy_loses_both_items() -> None:
    def gas_left(child: str) -> int:
        program = assemble(f"2 0x{assemble(child).hex()} 5 CHECKPREDICATE")
        return run(program, (b"aaa", b"bb"), 1000, CONTEXT).gas_left

    assert gas_left("OVER") - gas_left("TUCK") == (8 + 3) + (8 + 2)


# What no program can do.

ASSIGNED = [opcode.byte for opcode in OPCODES if opcode.is_assigned]
INSTRUCTIONS = st.one_of(
    st.binary(max_size=40).map(push),
    st.integers(-3, 40).map(push_int),
    st.sampled_from(ASSIGNED).map(lambda byte: bytes([byte])),
    st.sampled_from([0x63, 0x64]).flatmap(
        lambda op: st.integers(0, 90).map(lambda to: bytes([op, to, 0, 0, 0]))
    ),
)
PROGRAMS = st.lists(INSTRUCTIONS, max_size=25).map(b"".join)
NESTED = st.tuples(PROGRAMS, PROGRAMS, st.integers(-1, 3), st.integers(0, 900)).map(
    lambda parts: (
        parts[0]
        + push_int(parts[2])
        + push(parts[1])
        + push_int(parts[3])
        + b"\xc0"
        + parts[0]
    )
)
ARGUMENTS = st.lists(st.binary(max_size=40), max_size=6)


def worth(result: VmResult) -> int:
    return sum(8 + len(item) for item in (*result.stack, *result.alt_stack))


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=120), PROGRAMS, NESTED), ARGUMENTS)
def test_any_program_ends_with_a_result_and_within_its_gas(
    program: bytes, arguments: list[bytes]
) -> None:
    gas_limit, n_steps = 3000, 0

    def trace(step: TraceStep) -> None:
        nonlocal n_steps
        n_steps += 1
        assert n_steps <= 4 * gas_limit, "it runs for ever"

    traced = run(program, arguments, gas_limit, CONTEXT, trace=trace)
    result = run(program, arguments, gas_limit, CONTEXT)

    assert result == traced, "watching changes nothing"
    assert result.error_name in FAILURES | {""}
    assert (result.error is None) == (result.error_name == "")
    assert result.gas_left >= 0
    assert n_steps > 0 or program == b"" or result.error_name == "RunLimitExceeded"


@settings(max_examples=200, deadline=None)
@given(PROGRAMS, ARGUMENTS)
def test_no_program_without_children_makes_gas(
    program: bytes, arguments: list[bytes]
) -> None:
    result = run(program.replace(b"\xc0", b"\x61"), arguments, 3000, CONTEXT)

    if result.error_name in ("", "FalseVMResult"):
        assert result.gas_left + worth(result) <= 3000


@settings(max_examples=100, deadline=None)
@given(PROGRAMS, ARGUMENTS)
def test_a_context_without_facts_gives_named_failures_too(
    program: bytes, arguments: list[bytes]
) -> None:
    result = run(program, arguments, 3000, VmContext())

    assert result.error_name in FAILURES | {""}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("-7 2 DIV -3 NUMEQUAL", ""),
        ("-7 2 MOD 1 NUMEQUAL", ""),
        ("-7 2DIV -4 NUMEQUAL", ""),
        ("1 63 LSHIFT", "Range"),
        ("-1 63 LSHIFT", ""),
        ("-1 1000000 RSHIFT -1 NUMEQUAL", ""),
        ("0 1000000 LSHIFT 0 NUMEQUAL", ""),
        ("'ab' 1 9223372036854775807 SUBSTR", "RunLimitExceeded"),
        ("1 9223372036854775807 PICK", "BadValue"),
        ("1 5 PICK", "DataStackUnderflow"),
        ("9223372036854775807 CHECKMULTISIG", "BadValue"),
        ("FROMALTSTACK", "AltStackUnderflow"),
        ("1 FAIL", "Return"),
    ],
)
def test_corners_of_arithmetic_and_of_large_operands(text: str, wanted: str) -> None:
    assert run_text(text).error_name == wanted


def test_another_vm_version_runs_nothing_and_costs_nothing() -> None:
    result = run(b"\x51", (), 500, CONTEXT, vm_version=2)

    assert (result.error_name, result.gas_left) == ("UnsupportedVM", 500)
