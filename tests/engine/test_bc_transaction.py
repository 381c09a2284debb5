"""Transactions against the reference: bytes, refusals, ids and signature hashes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.bc.entries import asset_id
from devnet.engine.bc.inputs import AssetIdMismatch
from devnet.engine.bc.transaction import (
    BTM,
    Claim,
    Coinbase,
    Issuance,
    LoneCoinbase,
    ManyCoinbases,
    Output,
    Spend,
    Transaction,
    output_id,
    parse_transaction,
    serialize,
    with_arguments,
)
from devnet.engine.codec import FormError, OutOfRange, from_hex, sha3
from devnet.engine.errors import CodecError
from tests.vectors import vectors

CASES: list[dict[str, Any]] = vectors("transactions")["cases"]
GOOD = [case for case in CASES if case["parse_error"] is None]
BAD = [case for case in CASES if case["parse_error"] is not None]

# What we refuse while reading although the reference reads it: it crashes soon after.
READ_AND_CRASH = {
    "input with asset version 2, before rule AA": "bad_asset_version",
    "output with asset version 2": "bad_asset_version",
}
# Both refuse it; the reference reads an output of version 97 first, we stop there.
OTHER_CLASS = {"input count smaller than the inputs": "bad_asset_version"}

fast = settings(derandomize=True, deadline=None, max_examples=200)


def name_of(case: dict[str, Any]) -> str:
    return case["name"].replace(" ", "-").replace(",", "")


READ = [case for case in GOOD if case["name"] not in READ_AND_CRASH]


@pytest.mark.parametrize("case", READ, ids=name_of)
def test_ids_are_the_references(case: dict[str, Any]) -> None:
    transaction = parse_transaction(from_hex(case["raw"]))

    assert transaction.version == case["version"]
    assert transaction.time_range == case["time_range"]
    assert transaction.size == case["size"]
    assert transaction.id.hex() == case["tx_id"]
    assert transaction.mux_id.hex() == case["mux_id"]
    assert [one.hex() for one in transaction.input_ids] == [
        one["entry_id"] for one in case["inputs"]
    ]
    assert [one.hex() for one in transaction.result_ids] == [
        one["id"] for one in case["outputs"]
    ]


@pytest.mark.parametrize("case", READ, ids=name_of)
def test_inputs_and_outputs_are_what_the_reference_decodes(
    case: dict[str, Any],
) -> None:
    transaction = parse_transaction(from_hex(case["raw"]))

    assert len(transaction.inputs) == len(case["inputs"])
    for index, wanted in enumerate(case["inputs"]):
        if wanted["type"] == "none":  # The reference lost it to a later equal one.
            continue
        given_input = transaction.inputs[index]
        assert type(given_input).__name__.lower() == wanted["type"]
        assert transaction.sig_hash(index).hex() == wanted["sig_hash"]
        asset, amount = transaction.value_of(given_input)
        if "asset_id" in wanted:
            assert (asset.hex(), amount) == (wanted["asset_id"], wanted["amount"])
        if isinstance(given_input, Spend | Issuance):
            assert given_input.program.hex() == wanted["program"]
        if isinstance(given_input, Issuance):
            assert sha3(given_input.nonce).hex() == wanted["nonce_hash"]
        spent = transaction.spent_output_ids[index]
        assert (spent.hex() if spent else None) == wanted.get("spent_output_id")
    assert [
        (one.asset.hex(), one.amount, one.program.hex()) for one in transaction.outputs
    ] == [(one["asset_id"], one["amount"], one["program"]) for one in case["outputs"]]


@pytest.mark.parametrize("case", BAD, ids=name_of)
def test_bad_bytes_are_refused_by_the_references_class(case: dict[str, Any]) -> None:
    with pytest.raises(FormError) as caught:
        parse_transaction(from_hex(case["raw"]))
    wanted = OTHER_CLASS.get(case["name"], case["parse_error"])
    assert caught.value.facts["kind"] == wanted


@pytest.mark.parametrize("name", READ_AND_CRASH)
def test_what_crashes_the_reference_is_refused(name: str) -> None:
    (case,) = (case for case in GOOD if case["name"] == name)
    assert case["validation"]["status"] == "crash"
    with pytest.raises(FormError) as caught:
        parse_transaction(from_hex(case["raw"]))
    assert caught.value.facts["kind"] == READ_AND_CRASH[name]


@pytest.mark.parametrize("case", READ, ids=name_of)
def test_the_shortest_form_is_what_the_reference_writes(case: dict[str, Any]) -> None:
    raw = from_hex(case["raw"])
    transaction = parse_transaction(raw)
    assert transaction.raw == raw

    written = serialize(transaction)
    if "suffix" not in case["name"]:  # Suffixes: the reference writes some twice.
        assert written.hex() == case.get("reserialized", case["raw"].lower())
    again = parse_transaction(written)
    assert again == transaction
    assert (again.id, again.input_ids) == (transaction.id, transaction.input_ids)


def test_a_suffix_is_kept_in_the_bytes_and_counts_in_the_size() -> None:
    cases = [case for case in READ if "suffix" in case["name"]]
    assert len(cases) == 2
    for case in cases:
        transaction = parse_transaction(from_hex(case["raw"]))
        assert transaction.size == case["size"] > len(serialize(transaction))


def test_genesis_ids_are_those_of_the_worked_example() -> None:
    raw = from_hex(vectors("genesis")["networks"][0]["raw_coinbase_tx"])
    transaction = parse_transaction(raw)
    assert len(raw) == 151
    ids = [*transaction.input_ids, transaction.mux_id, *transaction.result_ids]
    assert [one.hex()[:16] for one in ids] == [
        "953b17a15c82cc52",
        "d5156f4477fcb694",
        "e3325bf07c4385af",
    ]
    assert transaction.id.hex()[:16] == "158d7d7c6a8d2464"


# Assets.


@pytest.mark.parametrize("case", vectors("assets")["asset_ids"])
def test_an_asset_id_is_the_references(case: dict[str, Any]) -> None:
    definition = from_hex(case["definition"])
    program = from_hex(case["issuance_program"])
    assert asset_id(program, definition, case["vm_version"]).hex() == case["asset_id"]
    assert sha3(definition).hex() == case["definition_hash"]


def test_an_issuance_of_another_asset_is_refused_with_both_ids() -> None:
    issued = Issuance(b"n", bytes(32), 5, b"{}", 1, b"\x51")
    raw = Transaction(1, 0, (issued,), (Output(bytes(32), 5, b"\x51"),)).raw
    with pytest.raises(AssetIdMismatch) as caught:
        parse_transaction(raw)
    assert caught.value.facts["computed"] == asset_id(b"\x51", b"{}")


# Building.


def payment(arguments: tuple[bytes, ...] = ()) -> Transaction:
    spend = Spend(b"\x01" * 32, BTM, 1_000, 0, b"\x00\x14" + bytes(20), arguments)
    outputs = (Output(BTM, 300, b"\x51"), Output(BTM, 600, b"\x51"))
    return Transaction(1, 0, (spend,), outputs)


def test_arguments_change_no_id_but_the_size() -> None:
    bare = payment()
    signed = with_arguments(bare, 0, (bytes(64), bytes(32)))
    assert signed.inputs[0] == payment((bytes(64), bytes(32))).inputs[0]
    assert (signed.id, signed.sig_hash(0)) == (bare.id, bare.sig_hash(0))
    assert signed.size == bare.size + 2 + 64 + 32


def test_new_arguments_replace_the_bytes_that_were_received() -> None:
    received = parse_transaction(payment((b"old",)).raw)
    changed = with_arguments(received, 0, (b"new",))
    assert parse_transaction(changed.raw).inputs[0] == payment((b"new",)).inputs[0]


def test_a_coinbase_runs_nothing_and_takes_no_arguments() -> None:
    coinbase = Transaction(1, 0, (Coinbase(b""),), (Output(BTM, 1, b"\x51"),))
    with pytest.raises(TypeError):
        with_arguments(coinbase, 0, (b"x",))


def test_an_output_is_named_by_the_mux_and_its_place() -> None:
    transaction = payment()
    wanted = output_id(transaction.mux_id, BTM, 600, 1, 1, b"\x51")
    assert transaction.result_ids[1] == wanted
    spend = Spend(transaction.mux_id, BTM, 600, 1, b"\x51")
    assert spend.spent_output_id == wanted


def test_inputs_with_one_entry_id_lose_it_to_the_last() -> None:
    single = payment()
    double = replace(single, inputs=single.inputs * 2)
    assert double.input_ids == (bytes(32), single.input_ids[0])
    assert double.spent_output_ids == single.spent_output_ids * 2


def test_a_retirement_commits_to_its_value_but_not_to_its_note() -> None:
    spend = payment().inputs
    first = Transaction(1, 0, spend, (Output(BTM, 9, b"\x6a\x01a"),))
    second = Transaction(1, 0, spend, (Output(BTM, 9, b"\x6a\x01b"),))
    other = Transaction(1, 0, spend, (Output(BTM, 8, b"\x6a\x01a"),))
    assert first.id == second.id != other.id


def test_a_coinbase_without_outputs_is_refused_read_or_built() -> None:
    built = Transaction(1, 0, (Coinbase(b"x"),), ())
    with pytest.raises(LoneCoinbase):
        _ = built.id
    with pytest.raises(LoneCoinbase):
        parse_transaction(built.raw)


def test_two_coinbases_are_refused() -> None:
    inputs = (Coinbase(b"a"), Coinbase(b"b"))
    built = Transaction(1, 0, inputs, (Output(BTM, 1, b"\x51"),))
    with pytest.raises(ManyCoinbases):
        parse_transaction(built.raw)
    with pytest.raises(ManyCoinbases):
        _ = built.id


def test_an_amount_of_64_bits_cannot_be_written() -> None:
    with pytest.raises(OutOfRange):
        _ = replace(payment(), outputs=(Output(BTM, 1 << 63, b"\x51"),)).raw


# Any bytes.

RAWS = [from_hex(case["raw"]) for case in READ]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good transaction with a few bytes changed, lost or added."""
    raw = bytearray(draw(st.sampled_from(RAWS)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(raw) - 1)))
        n_lost = draw(st.integers(0, 2))
        raw[at : at + n_lost] = draw(st.binary(max_size=3))
    return bytes(raw)


@given(damaged() | st.binary(max_size=200).map(lambda tail: b"\x07" + tail))
@settings(derandomize=True, deadline=None, max_examples=600)
def test_any_bytes_are_refused_or_read_back_as_they_came(raw: bytes) -> None:
    for side in (False, True):
        try:
            transaction = parse_transaction(raw, side)
        except CodecError as error:
            assert error.facts["kind"]
            continue
        assert transaction.raw == raw
        assert transaction.size == len(raw)
        assert len(transaction.id) == 32
        assert parse_transaction(serialize(transaction), side) == transaction


hashes = st.binary(min_size=32, max_size=32)
amounts = st.integers(0, (1 << 63) - 1)
strings = st.binary(max_size=140)
arguments = st.lists(strings, max_size=4).map(tuple)
outputs = st.builds(Output, hashes, amounts, strings)
spends = st.builds(Spend, hashes, hashes, amounts, amounts, strings, arguments)
claims = st.builds(
    Claim, *[hashes] * 2, amounts, amounts, strings, hashes, *[strings] * 4
)


@st.composite
def issuances(draw: st.DrawFn) -> Issuance:
    definition, program = draw(strings), draw(strings)
    vm_version = draw(amounts)
    asset = asset_id(program, definition, vm_version)
    rest = draw(strings), asset, draw(amounts), definition, vm_version, program
    return Issuance(*rest, draw(arguments))


@given(
    amounts,
    amounts,
    st.lists(spends | issuances() | claims, max_size=4).map(tuple),
    st.lists(outputs, max_size=4).map(tuple),
)
@fast
def test_any_transaction_reads_back_as_it_was_built(
    version: int, time_range: int, inputs: tuple, outputs: tuple
) -> None:
    built = Transaction(version, time_range, inputs, outputs, side=True)
    read = parse_transaction(built.raw, side=True)
    assert read == built
    assert (read.id, read.input_ids) == (built.id, built.input_ids)
