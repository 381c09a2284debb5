"""The handover record: one form of its bytes, and what its members sign."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.engine.bc.handover import Handover, handover_message
from devnet.engine.bc.records import BadRecord, parse_record, record_program
from devnet.engine.codec import FormError, sha3, varint, varlist, varstr

CHAIN_ID = b"\xc1" * 32
XPUBS = tuple(bytes([n]) * 64 for n in range(1, 12))
SIGNATURES = {0: b"\xa0" * 64, 1: b"\xa1" * 64, 3: b"\xa3" * 64}
GOOD = Handover(3, 3, XPUBS[:4]).signed_by(SIGNATURES)


def test_a_handover_reads_as_it_was_written():
    assert parse_record(GOOD.program) == GOOD
    unsigned = Handover(1, 7, XPUBS[:10])
    assert parse_record(unsigned.program) == unsigned


def test_its_bytes_are_those_of_the_protocol_page():
    body = (
        varint(3) + varint(3) + varlist(XPUBS[:4]) + varstr(b"\x0b")
        + varlist(SIGNATURES.values())
    )  # fmt: skip
    assert GOOD.program == record_program(0x30, body)
    assert GOOD.signers() == (0, 1, 3)


def test_members_sign_the_set_and_the_chain_but_not_the_signatures():
    message = handover_message(CHAIN_ID, GOOD)
    inner = sha3(varint(3) + varint(3) + varlist(XPUBS[:4]))
    assert message == b"bystack-handover-1" + CHAIN_ID + inner
    assert message == handover_message(CHAIN_ID, Handover(3, 3, XPUBS[:4]))
    for other in (Handover(4, 3, XPUBS[:4]), Handover(3, 4, XPUBS[:4])):
        assert handover_message(CHAIN_ID, other) != message
    assert handover_message(b"\xc2" * 32, GOOD) != message


PARTS = {
    "epoch": varint(3),
    "quorum": varint(3),
    "members": XPUBS[:4],
    "bitmap": b"\x0b",
    "signatures": tuple(SIGNATURES.values()),
}


def body(**changes):
    """The bytes of GOOD's body, with some parts changed."""
    epoch, quorum, members, bitmap, signatures = {**PARTS, **changes}.values()
    return epoch + quorum + varlist(members) + varstr(bitmap) + varlist(signatures)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"members": XPUBS[:2]}, "2 members, 3 to 10"),
        ({"members": XPUBS[:11]}, "11 members, 3 to 10"),
        ({"members": (*XPUBS[:2], b"short")}, "root keys of"),
        ({"members": (XPUBS[1], XPUBS[0], XPUBS[2])}, "not ascending"),
        ({"members": (XPUBS[0], XPUBS[0], XPUBS[2])}, "not ascending"),
        ({"quorum": varint(5)}, "quorum of 5 among 4"),
        ({"quorum": varint(0)}, "quorum of 0 among 4"),
        ({"bitmap": b"\x0f"}, "3 signatures for 4 bits"),
        ({"bitmap": b"\x03"}, "3 signatures for 2 bits"),
        ({"bitmap": b"\x0b\x00"}, "shortest form"),
        ({"bitmap": b"\x03\x00\x01"}, "shortest form"),
        ({"signatures": (b"a" * 64, b"b" * 64, b"c" * 63)}, "not of 64 bytes"),
        ({"epoch": b"\x83\x00"}, "shortest form"),
    ],
)
def test_another_form_is_refused_by_name(what, why):
    with pytest.raises(BadRecord, match=why):
        parse_record(record_program(0x30, body(**what)))


@given(st.binary(max_size=80))
def test_any_bytes_are_a_handover_or_refused_by_name(data):
    try:
        record = parse_record(record_program(0x30, data))
    except FormError:
        return
    assert record.body() == data


@given(st.data())
def test_a_damaged_handover_is_refused_by_name_or_says_something_else(data):
    good = bytearray(GOOD.body())
    place = data.draw(st.integers(0, len(good) - 1))
    good[place] ^= data.draw(st.integers(1, 255))
    try:
        record = parse_record(record_program(0x30, bytes(good)))
    except FormError:
        return
    assert record != GOOD and record.body() == bytes(good)
