"""Sidechain headers against the vectors, and the one form that they may have."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.engine.bc.block import parse_header
from devnet.engine.bc.sideblock import (
    BadSideForm,
    SideBlock,
    SideHeader,
    parse_side_block,
    parse_side_header,
    proposal_message,
    read_params,
    rules_hash,
    swap_message,
    view,
    view_message,
    vote_message,
)
from devnet.engine.bc.transaction import BTM, Coinbase, Output, Transaction
from devnet.engine.codec import CodecError, sha3
from devnet.engine.interfaces import Certificate, Checkpoint, Validator
from tests.vectors import vectors

CASES = vectors("claim")["headers"]


def names(case):
    return case["engine"]


def validators(case):
    return tuple(
        Validator(f"v{index}", bytes.fromhex(one["pubkey"]), one["weight"])
        for index, one in enumerate(case["validators"], 1)
    )


def built(case):
    """The header from its single fields; the witness from the wire."""
    on_wire = parse_side_header(bytes.fromhex(case["header"]))
    return SideHeader(
        version=case["version"],
        height=case["height"],
        previous=bytes.fromhex(case["previous"]),
        timestamp_ms=case["timestamp"],
        tx_root=bytes.fromhex(case["tx_root"]),
        status_root=bytes.fromhex(case["status_root"]),
        epoch=case["epoch"],
        engine=case["engine"],
        rules_hash=bytes.fromhex(case["rules_hash"]),
        round=case["round"],
        justify=Checkpoint(case["justify_height"], bytes.fromhex(case["justify_hash"])),
        anchor=Checkpoint(case["anchor_height"], bytes.fromhex(case["anchor_hash"])),
        engine_data=bytes.fromhex(case["engine_data"]),
        signature=on_wire.signature,
        certificate=on_wire.certificate,
        nonce=case["nonce"],
        bits=case["bits"],
    )


@pytest.mark.parametrize("case", CASES, ids=names)
def test_a_header_is_written_and_hashed_as_in_the_vectors(case):
    header = built(case)

    assert header.commitment.hex() == case["consensus_commitment"]
    assert header.witness.hex() == case["consensus_witness"]
    assert header.raw.hex() == case["header"]
    assert header.hash.hex() == case["hash"]


@pytest.mark.parametrize("case", CASES, ids=names)
def test_a_header_is_read_back_as_it_was_written(case):
    assert parse_side_header(bytes.fromhex(case["header"])) == built(case)


@pytest.mark.parametrize("case", CASES, ids=names)
def test_bytoms_own_reader_takes_a_sidechain_header(case):
    seen = parse_header(bytes.fromhex(case["header"]))

    assert (seen.height, seen.tx_root.hex()) == (case["height"], case["tx_root"])


@pytest.mark.parametrize("case", CASES, ids=names)
def test_rules_and_signed_messages_are_those_of_the_vectors(case):
    chain_id, block_hash = bytes.fromhex(case["chain_id"]), built(case).hash

    fingerprint = rules_hash(
        case["engine"], json.loads(case["params"]), validators(case)
    )

    assert fingerprint.hex() == case["rules_hash"]
    assert vote_message(chain_id, block_hash).hex() == case["vote_message"]
    assert proposal_message(chain_id, block_hash).hex() == case["proposal_message"]


def test_messages_about_the_same_block_differ_by_what_they_say():
    chain_id, block_hash = bytes(32), b"\x01" * 32

    messages = {
        vote_message(chain_id, block_hash),
        proposal_message(chain_id, block_hash),
        swap_message(chain_id, block_hash),
        view_message(chain_id, 0, 1, block_hash),
    }

    assert len(messages) == 4
    assert swap_message(chain_id, b"body").endswith(sha3(b"body"))


def test_the_hash_covers_each_consensus_field_and_no_signature():
    header = built(CASES[2])
    changes = {
        "epoch": 3, "engine": "poa", "rules_hash": bytes(32), "round": 1,
        "justify": Checkpoint(1, bytes(32)), "anchor": Checkpoint(1, bytes(32)),
        "engine_data": b"x", "bits": 1, "nonce": 1, "timestamp_ms": 1,
    }  # fmt: skip

    for name, value in changes.items():
        assert replace(header, **{name: value}).hash != header.hash, name
    assert replace(header, signature=b"", certificate=Certificate()).hash == header.hash


def test_an_engine_sees_the_header_but_no_roots():
    header = built(CASES[2])

    seen = view(header)

    assert (seen.hash, seen.height, seen.round) == (header.hash, 458, 7419)
    assert seen.certificate.voters() and seen.time_ms == header.timestamp_ms
    assert not hasattr(seen, "tx_root")


def test_a_block_is_read_back_with_its_transactions():
    coinbase = Transaction(
        1, 0, (Coinbase(b"9"),), (Output(BTM, 0, b"\x51"),), side=True
    )
    block = SideBlock(built(CASES[1]), (coinbase,))

    again = parse_side_block(block.raw)

    assert again == block
    assert again.hash == block.header.hash


def test_a_block_is_read_in_one_form_only():
    raw = SideBlock(built(CASES[1]), ()).raw
    assert parse_side_block(raw).raw == raw

    for other in (b"\x01" + raw[1:], raw[:1] + b"\x81\x00" + raw[2:]):
        with pytest.raises(BadSideForm):
            parse_side_block(other)


@pytest.mark.parametrize(
    ("what", "spoil"),
    [
        ("a byte more", lambda raw: raw + b"\x00"),
        ("a byte less", lambda raw: raw[:-1]),
        ("another first byte", lambda raw: b"\x03" + raw[1:]),
        ("a longer number", lambda raw: raw[:1] + b"\x81\x00" + raw[2:]),
    ],
)
def test_a_header_in_another_form_is_refused(what, spoil):
    with pytest.raises(CodecError):
        parse_side_header(spoil(bytes.fromhex(CASES[2]["header"])))


def test_an_oversized_commitment_or_witness_is_refused():
    header = built(CASES[0])
    n_free = 512 - len(header.commitment)
    # The last byte of room goes to the longer length of the data, above 127.
    most = replace(header, engine_data=bytes(n_free - 1), signature=bytes(65531))
    assert (len(most.commitment), len(most.witness)) == (512, 65536)
    assert parse_side_header(most.raw) == most

    for big in (
        replace(header, engine_data=bytes(n_free)),
        replace(header, signature=bytes(65532)),
    ):
        with pytest.raises(BadSideForm, match="consensus"):
            parse_side_header(big.raw)


def test_an_engine_name_is_ascii():
    header = replace(built(CASES[0]), engine="sólo")

    with pytest.raises(BadSideForm, match="ASCII"):
        parse_side_header(header.raw)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_header_or_refused_by_name(data):
    for parse in (parse_side_header, parse_side_block):
        with pytest.raises(CodecError):
            parse(data)


@given(st.integers(0, 10**6), st.data())
def test_a_damaged_header_is_refused_or_another_one(seed, data):
    raw = bytearray.fromhex(CASES[3]["header"])
    index = data.draw(st.integers(0, len(raw) - 1))
    raw[index] ^= data.draw(st.integers(1, 255))
    try:
        header = parse_side_header(bytes(raw))
    except CodecError:
        return
    assert header.raw == bytes(raw)
    assert header != built(CASES[3])


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"b":1,"a":2}', '{"a": 1}', '{"a":true}', '{"a":1.0}', "[" * 4000,
     '{"a":' + "9" * 4500 + "}"],
)  # fmt: skip
def test_parameters_are_canonical_json_or_refused(text):
    with pytest.raises(BadSideForm, match="canonical"):
        read_params(text)


def test_canonical_parameters_are_read():
    assert read_params('{"a":1,"b":-2}') == {"a": 1, "b": -2}
