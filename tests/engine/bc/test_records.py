"""Side records: which programs are one, what they say, and ids that commit to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.engine.bc.entries import retirement_id
from devnet.engine.bc.records import (
    BadRecord,
    Definition,
    OtherRecord,
    PayoutIntent,
    SwapCancelled,
    SwapRecord,
    Withdrawal,
    WithdrawalCompleted,
    parse_record,
    record_kind,
    record_program,
)
from devnet.engine.bc.transaction import asset_id, is_side_record, parse_transaction
from devnet.engine.codec import CodecError, varint, varlist, varstr
from devnet.engine.interfaces import Validator
from tests.vectors import vectors

CASES = vectors("claim")["records"]
WITHDRAWALS = [case for case in CASES if case["kind"] == "withdrawal"]
SHAPES = [case for case in CASES if "record_kind" in case]
PARENT, RECIPIENT = b"\x11" * 32, bytes.fromhex("0014") + b"\x22" * 20
SWAP = SwapRecord(
    from_epoch=0,
    engine="poa",
    params='{"interval_ms":500}',
    closing_height=40,
    validators=(Validator("0101", b"\x01" * 32, 1), Validator("0202", b"\x02" * 32, 3)),
    bitmap=b"\x03",
    signatures=(b"\x04" * 64, b"\x05" * 64),
)


def test_withdrawal_programs_and_ids_are_those_of_the_vectors():
    for case in WITHDRAWALS:
        record = Withdrawal(
            bytes.fromhex(case["parent_id"]), bytes.fromhex(case["recipient_program"])
        )
        tx = parse_transaction(bytes.fromhex(case["tx"]), side=True)

        assert record.program.hex() == case["program"]
        assert parse_record(record.program) == record
        assert tx.id.hex() == case["tx_id"]
        assert tx.mux_id.hex() == case["mux_id"]
        assert [one.hex() for one in tx.result_ids] == case["result_ids"]
        position = [output.program for output in tx.outputs].index(record.program)
        output = tx.outputs[position]
        assert tx.result_ids[position].hex() == case["withdrawal_id"]
        assert (output.asset.hex(), output.amount) == (case["asset_id"], case["amount"])
        plain = retirement_id(tx.mux_id, output.asset, output.amount, position)
        assert plain.hex() == case["same_output_as_a_plain_retirement_would_be"]


def test_which_programs_are_side_records_is_as_in_the_vectors():
    assert len(SHAPES) == 8
    for case in SHAPES:
        program = bytes.fromhex(case["program"])

        assert record_kind(program) == case["record_kind"], case["program"]
        assert is_side_record(program) == (case["record_kind"] is not None)


@pytest.mark.parametrize(
    "record",
    [
        Withdrawal(PARENT, RECIPIENT),
        WithdrawalCompleted(PARENT, b"raw" * 3000, b"proof"),
        Definition(b"\xae\x51", b'{"decimals":0}'),
        PayoutIntent(b"\x01" * 32, b"\x02" * 32, b"\x03" * 32),
        SwapCancelled(0, b"\x07" * 32, b"\x01", (b"\x04" * 64,)),
        OtherRecord(0x77, b"anything"),
    ],
    ids=lambda record: type(record).__name__,
)
def test_each_kind_is_read_back_as_it_was_written(record):
    assert parse_record(record.program) == record


def test_a_swap_record_keeps_all_but_the_validators_names():
    again = parse_record(SWAP.program)

    assert again.body() == SWAP.body()
    assert again.params == SWAP.params and again.signatures == SWAP.signatures
    assert [v.name for v in again.validators] == ["01010101", "02020202"]


def test_a_swaps_body_is_laid_out_as_the_protocol_says():
    body = SWAP.body_without_approvals()

    assert body == (
        varint(0) + varstr(b"poa") + varstr(b'{"interval_ms":500}') + varint(40)
        + varint(2) + b"\x01" * 32 + varint(1) + b"\x02" * 32 + varint(3)
    )  # fmt: skip
    assert SWAP.body() == body + varstr(b"\x03") + varlist(SWAP.signatures)
    assert SwapRecord.kind == 0x20 and SwapCancelled.kind == 0x21


def test_a_definition_proves_itself_by_the_assets_id():
    record = Definition(b"\xae\x51", b"{}")

    assert record.asset == asset_id(b"\xae\x51", b"{}")


@pytest.mark.parametrize(
    "recipient", [b"", b"\x51", b"\x00\x14" + bytes(21), b"\x51\x14" + bytes(20)]
)
def test_a_withdrawal_to_a_program_that_pays_nobody_is_refused(recipient):
    with pytest.raises(BadRecord, match="nobody can be paid"):
        parse_record(Withdrawal(PARENT, recipient).program)


@pytest.mark.parametrize("kind", [0x01, 0x02, 0x03, 0x04, 0x20, 0x21])
def test_a_body_of_another_kind_is_refused_by_name(kind):
    with pytest.raises(CodecError):
        parse_record(record_program(kind, b"\xff" * 7))


@pytest.mark.parametrize("program", [b"", b"\x6a", b"\x51", RECIPIENT])
def test_another_program_is_no_record(program):
    with pytest.raises(BadRecord, match="no side record"):
        parse_record(program)


def test_a_swap_record_is_ascii():
    body = SWAP.body().replace(b"\x03poa", b"\x03p\xc3\xb6")

    with pytest.raises(BadRecord, match="ASCII"):
        parse_record(record_program(0x20, body))


def test_a_byte_behind_the_body_is_refused():
    body = Withdrawal(PARENT, RECIPIENT).body()

    with pytest.raises(CodecError, match="follow"):
        parse_record(record_program(0x01, body + b"\x00"))


def test_a_longer_number_than_needed_is_refused():
    body = b"\x80\x00" + SWAP.body()[1:]

    with pytest.raises(BadRecord, match="shortest"):
        parse_record(record_program(0x20, body))


def test_a_record_that_is_too_long_is_neither_made_nor_read():
    with pytest.raises(BadRecord, match="4096 are allowed"):
        record_program(0x77, bytes(4092))
    assert record_program(0x77, bytes(4091))
    long = b"\x6a\x4d" + (4097).to_bytes(2, "little") + b"BSR1\x77" + bytes(4092)
    with pytest.raises(BadRecord, match="4096 are allowed"):
        parse_record(long)


@given(st.sampled_from([0x01, 0x02, 0x03, 0x04, 0x20, 0x21, 0x40]), st.binary())
def test_any_body_is_read_or_refused_by_name(kind, body):
    try:
        record = parse_record(record_program(kind, body))
    except CodecError:
        return
    assert record.body() == body


def test_swap_parameters_that_are_no_canonical_json_are_refused():
    spoiled = SwapRecord(0, "poa", "[" * 3000, 40, SWAP.validators)

    with pytest.raises(CodecError, match="canonical"):
        parse_record(spoiled.program)
