"""Numbers, strings, hex and addresses against the reference's vectors."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine import bech32, codec
from devnet.engine.codec import (
    BadAddress,
    BadHex,
    FormError,
    OutOfRange,
    Reader,
    TrailingBytes,
    Truncated,
    VarintOverflow,
)
from devnet.engine.errors import CodecError
from tests.vectors import vectors

KEYS = vectors("keys")
HRP = {"main": "bm", "test": "tm", "solo": "sm"}
fast = settings(derandomize=True, deadline=None, max_examples=200)


# Numbers.


@given(st.integers(0, codec.MAX_63))
@fast
def test_a_number_reads_back_as_it_was_written(number: int) -> None:
    reader = Reader(codec.varint(number))
    assert reader.varint63() == number
    reader.expect_end()


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "8001"),
        (16384, "808001"),
        (codec.MAX_63, "ff" * 8 + "7f"),
    ],
)
def test_numbers_are_written_in_their_shortest_form(number: int, written: str) -> None:
    assert codec.varint(number).hex() == written


def test_a_number_longer_than_it_must_be_is_taken() -> None:
    assert Reader(bytes.fromhex("8100")).varint63() == 1
    assert Reader(bytes.fromhex("808000")).varint31() == 0


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        ("", Truncated),
        ("80", Truncated),
        ("ff" * 9, Truncated),
        ("ff" * 9 + "02", VarintOverflow),
        ("80" * 10, VarintOverflow),
        ("80" * 10 + "00", VarintOverflow),
        ("ff" * 9 + "01", OutOfRange),
        ("80" * 9 + "01", OutOfRange),
    ],
)
def test_a_bad_number_is_refused_by_its_class(raw: str, error: type[FormError]) -> None:
    with pytest.raises(error) as caught:
        Reader(bytes.fromhex(raw)).varint63()
    assert caught.value.facts["kind"] == error.kind
    assert isinstance(caught.value, CodecError)


def test_a_length_has_31_bits() -> None:
    assert Reader(codec.varint(codec.MAX_31)).varint31() == codec.MAX_31
    with pytest.raises(OutOfRange):
        Reader(codec.varint(codec.MAX_31 + 1)).varint31()


@pytest.mark.parametrize("number", [-1, 1 << 63])
def test_a_number_outside_63_bits_cannot_be_written(number: int) -> None:
    with pytest.raises(OutOfRange):
        codec.varint(number)


def test_inside_hashes_numbers_have_64_bits() -> None:
    assert codec.u64((1 << 64) - 1) == b"\xff" * 8
    assert codec.u64(258).hex() == "0201000000000000"
    for number in (-1, 1 << 64):
        with pytest.raises(OutOfRange):
            codec.u64(number)


# Strings and the reader.


@given(st.lists(st.binary(max_size=200), max_size=20))
@fast
def test_a_list_reads_back_as_it_was_written(items: list[bytes]) -> None:
    reader = Reader(codec.varlist(items) + b"\x01\x02")
    assert reader.varlist() == tuple(items)
    assert reader.remaining() == 2
    assert reader.rest() == b"\x01\x02"
    reader.expect_end()


def test_a_string_that_ends_early_is_truncated_and_says_where() -> None:
    with pytest.raises(Truncated) as caught:
        Reader(b"\x05ab", "input").varstr()
    assert caught.value.facts["wanted"] == 5
    assert caught.value.facts["at"] == 1
    assert caught.value.facts["n_left"] == 2
    assert str(caught.value).startswith("input:")


def test_a_huge_length_reads_nothing() -> None:
    with pytest.raises(Truncated):
        Reader(codec.varint(codec.MAX_31) + b"x").varstr()


def test_bytes_behind_the_end_are_refused() -> None:
    reader = Reader(bytes(33))
    assert reader.hash() == bytes(32)
    with pytest.raises(TrailingBytes):
        reader.expect_end()


# Hashes and hex.


def test_hashes_are_the_references() -> None:
    for case in KEYS["hashes"]:
        data = bytes.fromhex(case["data"])
        assert codec.ripemd160(data).hex() == case["ripemd160"]
        assert codec.sha3(data).hex() == case["sha3"]


def test_ripemd_works_where_openssl_leaves_it_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(name: str, data: bytes) -> None:
        raise ValueError(f"unsupported hash type {name}")

    monkeypatch.setattr(hashlib, "new", refuse)
    assert codec.ripemd160(b"").hex() == "9c1185a5c5e9fc54612808977ee8f548b2258d31"


def test_an_entry_id_is_a_tagged_hash_of_a_hash() -> None:
    # The coinbase of the genesis block, worked out in the protocol text.
    text = b"Information is power. -- Jan/11/2013. Computing is power. -- Apr/24/2018."
    wanted = "953b17a15c82cc524e0e25230736a512809dc1a5fe6c0b29747fa2de2e2d64b4"
    assert codec.entry_id("coinbase1", codec.varstr(text)).hex() == wanted


def test_hex_is_read_in_either_case_and_written_in_lower() -> None:
    assert codec.from_hex("00aBcD") == b"\x00\xab\xcd"
    assert codec.to_hex(b"\x00\xab\xcd") == "00abcd"
    assert codec.from_hex("") == b""


@pytest.mark.parametrize("text", ["abc", "0x00", "zz", "00 11", " 0011", "００", "0\n"])
def test_text_that_is_not_hex_is_refused(text: str) -> None:
    with pytest.raises(BadHex):
        codec.from_hex(text)


# Addresses.


@pytest.mark.parametrize("case", KEYS["address_encode"], ids=lambda case: case["solo"])
def test_an_address_is_the_references(case: dict[str, str]) -> None:
    witness_hash = bytes.fromhex(case["hash"])
    for network, hrp in HRP.items():
        text = codec.encode_address(witness_hash, hrp)
        assert text == case[network]
        assert codec.decode_address(text, hrp) == witness_hash
        program = codec.program_of_address(text, hrp)
        assert program == bytes((0, len(witness_hash))) + witness_hash
        assert codec.address_of_program(program, hrp) == text


@pytest.mark.parametrize(
    "case", KEYS["address_decode"], ids=lambda case: case["why"].replace(" ", "-")
)
def test_an_address_is_read_or_refused_as_the_reference_does(case: dict) -> None:
    hrp = HRP[case["network"]]
    if case["ok"]:
        assert codec.decode_address(case["text"], hrp).hex() == case["hash"]
        return
    with pytest.raises(BadAddress) as caught:
        codec.decode_address(case["text"], hrp)
    assert caught.value.hint


def test_a_whole_letter_of_padding_is_refused() -> None:
    # Version 0, 20 zero bytes in 32 letters, one letter too many, a good checksum.
    groups = [0] * 34
    text = "sm1" + "q" * 34
    checksum = bech32.polymod([*bech32.expanded("sm"), *groups, *[0] * 6]) ^ 1
    for shift in (25, 20, 15, 10, 5, 0):
        text += "qpzry9x8gf2tvdw0s3jn54khce6mua7l"[checksum >> shift & 31]
    with pytest.raises(BadAddress) as caught:
        codec.decode_address(text, "sm")
    assert "padding" in str(caught.value.facts["why"])


def test_the_networks_have_their_prefixes() -> None:
    assert codec.NETWORK_HRP == {"mainnet": "bm", "wisdom": "tm", "solonet": "sm"}


@given(st.binary(min_size=20, max_size=20) | st.binary(min_size=32, max_size=32))
@fast
def test_every_address_reads_back(witness_hash: bytes) -> None:
    text = codec.encode_address(witness_hash, "sm")
    assert codec.decode_address(text, "sm") == witness_hash
    assert codec.decode_address(text.upper(), "sm") == witness_hash


@given(
    st.binary(min_size=20, max_size=20),
    st.integers(3, 41),
    st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l"),
)
@fast
def test_one_changed_letter_never_passes(hash20: bytes, at: int, letter: str) -> None:
    text = codec.encode_address(hash20, "sm")
    changed = text[:at] + letter + text[at + 1 :]
    if changed != text:
        with pytest.raises(BadAddress):
            codec.decode_address(changed, "sm")


@given(st.text(max_size=100))
@fast
def test_any_text_is_an_address_or_an_error(text: str) -> None:
    with pytest.raises(BadAddress):
        codec.decode_address(text, "sm")


def test_other_programs_and_hashes_have_no_address() -> None:
    for program in (b"", b"\x51", b"\x51\x14" + bytes(20), b"\x00\x14" + bytes(21)):
        with pytest.raises(BadAddress):
            codec.address_of_program(program, "sm")
    with pytest.raises(BadAddress):
        codec.encode_address(bytes(21), "sm")
