"""Headers and blocks against the reference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.bc.block import (
    BadHeaderFlags,
    Block,
    BlockHeader,
    parse_block,
    parse_header,
)
from devnet.engine.bc.difficulty import compact_to_big, subsidy, work_of_bits
from devnet.engine.bc.merkle import status_root, tx_root
from devnet.engine.bc.transaction import Coinbase, parse_transaction
from devnet.engine.codec import OutOfRange, TrailingBytes, Truncated, from_hex
from devnet.engine.errors import CodecError
from tests.vectors import vectors

HEADERS = vectors("headers")["headers"]
PARSES = vectors("headers")["parse"]
NETWORKS = vectors("genesis")["networks"]


def header_of(case: dict[str, Any]) -> BlockHeader:
    return BlockHeader(
        version=int(case["version"]),
        height=int(case["height"]),
        previous=from_hex(case["previous_block_hash"]),
        timestamp=int(case["timestamp"]),
        tx_root=from_hex(case["transactions_merkle_root"]),
        status_root=from_hex(case["transaction_status_hash"]),
        nonce=int(case["nonce"]),
        bits=int(case["bits"]),
    )


@pytest.mark.parametrize("case", HEADERS, ids=lambda case: case["note"])
def test_a_header_has_the_references_hash_and_bytes(case: dict[str, Any]) -> None:
    header = header_of(case)
    assert header.hash.hex() == case["hash"]
    assert len(header.hash_body()) == 136
    if case["raw"] is None:
        with pytest.raises(OutOfRange):
            _ = header.raw
        return
    assert header.raw.hex() == case["raw"]
    assert parse_header(header.raw) == header


@pytest.mark.parametrize("case", PARSES, ids=lambda case: case["note"])
def test_a_header_is_read_or_refused_as_the_reference_does(
    case: dict[str, Any],
) -> None:
    raw = from_hex(case["raw"])
    if not case["ok"]:
        with pytest.raises(CodecError):
            parse_header(raw)
        return
    header = parse_header(raw)
    assert header.hash.hex() == case["hash"]
    assert header.raw.hex() == case["reserialized"]


def test_each_way_to_break_a_header_has_its_class() -> None:
    kinds = {}
    for case in PARSES:
        if not case["ok"]:
            with pytest.raises(CodecError) as caught:
                parse_header(from_hex(case["raw"]))
            kinds[case["note"]] = caught.value.facts["kind"]
    assert kinds == {
        "serflags 2": "bad_serflags",
        "serflags 0": "bad_serflags",
        "empty input": "truncated",
        "last byte missing": "truncated",
        "commitment string of 63 bytes": "truncated",
        "version varint above 2^63-1": "out_of_range",
        "version varint of ten bytes that overflows 64 bits": "varint_overflow",
    }


@pytest.mark.parametrize("network", NETWORKS, ids=lambda case: case["chain_id"])
def test_a_genesis_block_is_the_references(network: dict[str, Any]) -> None:
    raw = from_hex(network["raw_block"])
    block = parse_block(raw)

    assert block.hash.hex() == network["hash"]
    assert block.header == header_of(network["header"])
    assert block.header.raw.hex() == network["raw_header"]
    assert block.raw == raw
    assert Block(block.header, block.transactions).raw == raw
    (coinbase,) = block.transactions
    assert coinbase.id.hex() == network["coinbase_tx_id"]
    assert coinbase.raw.hex() == network["raw_coinbase_tx"]
    assert isinstance(coinbase.inputs[0], Coinbase)
    assert coinbase.outputs[0].amount == subsidy(0)
    assert block.header.tx_root == tx_root([coinbase.id])
    assert block.header.status_root == status_root([False])
    assert compact_to_big(block.header.bits) == int(network["target"])
    assert work_of_bits(block.header.bits) == int(network["difficulty"])


def two_transactions() -> Block:
    genesis = parse_block(from_hex(NETWORKS[2]["raw_block"]))
    case = vectors("transactions")["cases"][0]
    payment = parse_transaction(from_hex(case["raw"]))
    return replace(
        genesis, transactions=(*genesis.transactions, payment), received=None
    )


def test_a_block_reads_back_as_it_was_built() -> None:
    built = two_transactions()
    read = parse_block(built.raw)
    assert read == built
    assert [one.size for one in read.transactions] == [151, 269]
    assert parse_header(built.raw) == built.header


def test_a_transaction_in_a_block_keeps_the_bytes_it_came_with() -> None:
    longer = parse_transaction(
        from_hex(
            next(
                case["raw"]
                for case in vectors("transactions")["cases"]
                if case["name"] == "non-minimal varint for the version"
            )
        )
    )
    built = replace(two_transactions(), transactions=(longer,))
    assert parse_block(built.raw).transactions[0].size == longer.size


def test_bytes_behind_the_last_transaction_are_refused() -> None:
    with pytest.raises(TrailingBytes):
        parse_block(two_transactions().raw + b"\x00")


def test_a_block_that_ends_early_is_refused() -> None:
    with pytest.raises(Truncated):
        parse_block(two_transactions().raw[:-1])


def test_a_bare_header_is_no_block() -> None:
    with pytest.raises(BadHeaderFlags):
        parse_block(two_transactions().header.raw)


def test_bits_and_nonce_change_places_in_the_hash() -> None:
    header = header_of(HEADERS[0])
    assert header.hash_body()[120:128] == header.bits.to_bytes(8, "little")
    assert header.hash_body()[128:] == header.nonce.to_bytes(8, "little")
    assert replace(header, nonce=header.bits, bits=header.nonce).hash != header.hash


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good block with a few bytes changed, lost or added."""
    raw = bytearray(two_transactions().raw)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(raw) - 1))
        raw[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=3))
    return bytes(raw)


@given(damaged() | st.binary(max_size=200).map(lambda tail: b"\x03" + tail))
@settings(derandomize=True, deadline=None, max_examples=500)
def test_any_bytes_are_refused_or_read_back_as_they_came(raw: bytes) -> None:
    try:
        block = parse_block(raw)
    except CodecError as error:
        assert error.facts["kind"]
        return
    assert block.raw == raw
    assert len(block.hash) == 32


@given(damaged() | st.binary(max_size=200).map(lambda tail: b"\x01" + tail))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_any_bytes_are_no_header_or_one_that_reads_back(raw: bytes) -> None:
    try:
        header = parse_header(raw)
    except CodecError:
        return
    assert parse_header(header.raw) == header
