"""The sidechain dialect: Claims and side records, against their vectors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from devnet.engine.bc.entries import (
    is_side_record,
    record_payload,
    retirement_id,
    side_record_id,
)
from devnet.engine.bc.inputs import BadInputType, ClaimSuffix
from devnet.engine.bc.programs import p2wpkh
from devnet.engine.bc.transaction import (
    BTM,
    Claim,
    Output,
    Transaction,
    parse_transaction,
    serialize,
)
from devnet.engine.codec import from_hex, varlist, varstr
from tests.vectors import vectors

CLAIMS = vectors("claim")["claims"]
RECORDS = vectors("claim")["records"]
WITHDRAWALS = [case for case in RECORDS if case["kind"] == "withdrawal"]
SHAPES = [case for case in RECORDS if case["kind"] == "is it a side record?"]


def claim_of(case: dict[str, Any]) -> tuple[Transaction, Claim]:
    transaction = parse_transaction(from_hex(case["claim_tx"]), side=True)
    (claim,) = transaction.inputs
    assert isinstance(claim, Claim)
    return transaction, claim


@pytest.mark.parametrize("case", CLAIMS, ids=lambda case: case["name"])
def test_ids_of_a_claim_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    transaction, claim = claim_of(case)

    assert claim.mainchain_output_id.hex() == case["mainchain_output_id"]
    assert claim.parent_id.hex() == case["parent_id"]
    assert claim.merkle_block.hex() == case["merkle_block"]
    assert claim.collector_auth.hex() == case["collector_auth"]
    assert [one.hex() for one in transaction.input_ids] == [case["claim_entry_id"]]
    assert transaction.mux_id.hex() == case["mux_id"]
    assert [one.hex() for one in transaction.result_ids] == case["result_ids"]
    assert transaction.id.hex() == case["tx_id"]
    assert transaction.sig_hash(0).hex() == case["sighash_0"]
    assert transaction.spent_output_ids == (None,)
    assert serialize(transaction) == from_hex(case["claim_tx"])


@pytest.mark.parametrize("case", CLAIMS[:3], ids=lambda case: case["name"])
def test_the_proof_is_in_no_id(case: dict[str, Any]) -> None:
    transaction, claim = claim_of(case)
    bare = replace(claim, raw_transaction=b"", merkle_block=b"", collector_auth=b"")
    changed = replace(transaction, inputs=(bare,), received=None)
    assert changed.id == transaction.id
    assert changed.size < transaction.size


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 1},
        {"asset": bytes(32)},
        {"source_position": 9},
        {"program": b"\x51"},
        {"parent_id": bytes(32)},
        {"claim_script": b"\x51"},
    ],
    ids=str,
)
def test_every_field_of_the_commitment_is_in_the_id(change: dict[str, Any]) -> None:
    transaction, claim = claim_of(CLAIMS[0])
    changed = replace(transaction, inputs=(replace(claim, **change),))
    assert changed.input_ids != transaction.input_ids
    assert changed.id != transaction.id


def test_the_mainchain_knows_no_claims() -> None:
    with pytest.raises(BadInputType):
        parse_transaction(from_hex(CLAIMS[0]["claim_tx"]))


@pytest.mark.parametrize(
    ("commitment_suffix", "lock_suffix", "witness_suffix", "n_items"),
    [
        (b"x", b"", b"", 3),
        (b"", b"x", b"", 3),
        (b"", b"", b"x", 3),
        (b"", b"", b"", 2),
        (b"", b"", b"", 4),
    ],
)
def test_a_claim_that_goes_on_is_refused(
    commitment_suffix: bytes, lock_suffix: bytes, witness_suffix: bytes, n_items: int
) -> None:
    lock = bytes(64) + b"\x05\x00\x01" + varstr(b"\x51") + lock_suffix
    commitment = b"\x03" + varstr(lock) + bytes(32) + varstr(b"s") + commitment_suffix
    witness = varlist([b"w"] * n_items) + witness_suffix
    one_input = b"\x01" + varstr(commitment) + varstr(witness)
    raw = b"\x07\x01\x00\x01" + one_input + b"\x00"
    with pytest.raises(ClaimSuffix):
        parse_transaction(raw, side=True)


@pytest.mark.parametrize("case", WITHDRAWALS)
def test_a_side_record_is_an_entry_that_commits_to_its_program(
    case: dict[str, Any],
) -> None:
    raw = from_hex(case["tx"])
    transaction = parse_transaction(raw, side=True)
    record = transaction.outputs[0]

    assert transaction.id.hex() == case["tx_id"]
    assert transaction.mux_id.hex() == case["mux_id"]
    assert [one.hex() for one in transaction.result_ids] == case["result_ids"]
    assert transaction.result_ids[0].hex() == case["withdrawal_id"]
    assert record.program.hex() == case["program"]
    where = transaction.mux_id, record.asset, record.amount, 0
    assert side_record_id(*where, 1, record.program) == transaction.result_ids[0]
    plain = retirement_id(*where).hex()
    assert plain == case["same_output_as_a_plain_retirement_would_be"]


def test_the_mainchain_sees_a_side_record_as_a_retirement() -> None:
    for case in WITHDRAWALS:
        main = parse_transaction(from_hex(case["tx"]))
        plain = case["same_output_as_a_plain_retirement_would_be"]
        assert main.result_ids[0].hex() == plain
        assert main.mux_id.hex() == case["mux_id"]
        assert main.id.hex() != case["tx_id"]


@pytest.mark.parametrize("case", SHAPES, ids=lambda case: case["program"][:16])
def test_a_program_is_a_side_record_or_not(case: dict[str, Any]) -> None:
    program = from_hex(case["program"])
    assert is_side_record(program) == (case["record_kind"] is not None)
    if case["record_kind"] is not None:
        payload = record_payload(program)
        assert payload is not None
        assert payload[4] == int(case["record_kind"])


@pytest.mark.parametrize(
    ("program", "is_record"),
    [
        ("6a4d0500" + "4253523101", True),
        ("6a4d0600" + "4253523101", False),
        ("6a4d0400" + "4253523101", False),
        ("6a4c04" + "42535231", False),
        ("6a4e05000000" + "4253523101", False),
        ("6a4d", False),
        ("6a4c", False),
        ("", False),
    ],
)
def test_only_three_kinds_of_push_make_a_side_record(
    program: str, is_record: bool
) -> None:
    assert is_side_record(from_hex(program)) == is_record


def test_a_zero_amount_record_is_no_obstacle() -> None:
    program = b"\x6a\x05BSR1\x03"
    outputs = (Output(BTM, 0, program), Output(BTM, 1, p2wpkh(bytes(20))))
    one, other = (Transaction(1, 0, (), outputs, side) for side in (True, False))
    assert one.result_ids[0] != other.result_ids[0]
    assert one.result_ids[1] == other.result_ids[1]
