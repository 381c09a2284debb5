"""The chain's signature rule: the reference's verdicts, the fast path against it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.engine.keys import chainkd, curve, ed25519
from tests.vectors import vectors

CASES = vectors("keys")["verify"]


@pytest.mark.parametrize("verify", [ed25519.verify, ed25519.exact_verify])
@pytest.mark.parametrize("index", range(len(CASES)))
def test_each_odd_signature_gets_the_references_verdict(index, verify):
    case = CASES[index]
    key, message, signature = (
        bytes.fromhex(case[name]) for name in ("public_key", "message", "signature")
    )

    assert verify(key, message, signature) is case["valid"], case["name"]


def test_the_fast_library_never_accepts_what_the_rule_refuses():
    sodium = ed25519._sodium()
    if sodium is None:
        pytest.skip("libsodium is not trusted here")
    for key, message, signature in near_misses(seed=1, n_cases=150):
        if ed25519._accepts(sodium, key, message, signature):
            assert ed25519.exact_verify(key, message, signature)


def test_a_library_that_multiplies_by_the_cofactor_is_not_trusted(monkeypatch):
    class Lax:
        has_crypto_scalarmult_ed25519 = has_crypto_core_ed25519 = True

        @staticmethod
        def crypto_sign_open(signed, key):
            return signed[64:]

    monkeypatch.setitem(__import__("sys").modules, "nacl.bindings", Lax)
    monkeypatch.setattr(__import__("nacl"), "bindings", Lax)

    assert ed25519._sodium.__wrapped__() is None


def test_without_the_library_all_answers_are_the_same(monkeypatch):
    xprv = chainkd.root_xprv(b"floor")
    signed = chainkd.sign(xprv, b"message")
    child = chainkd.child_xpub(chainkd.xpub(xprv), b"child")

    monkeypatch.setattr(ed25519, "_sodium", lambda: None)
    chainkd.xpub.cache_clear()

    assert chainkd.sign(xprv, b"message") == signed
    assert chainkd.child_xpub(chainkd.xpub(xprv), b"child") == child
    assert ed25519._judge(chainkd.xpub(xprv)[:32], b"message", signed)
    assert not ed25519._judge(chainkd.xpub(xprv)[:32], b"massage", signed)


def test_the_library_does_the_work_where_it_is_trusted(monkeypatch):
    if ed25519._sodium() is None:
        pytest.skip("libsodium is not trusted here")
    xprv = chainkd.root_xprv(b"fast")
    key = chainkd.xpub(xprv)[:32]
    for name in ("multiply", "multiply_base", "decode", "encode"):
        monkeypatch.setattr(curve, name, None)

    signature = chainkd.sign(xprv, b"quick")

    assert ed25519.verify(key, b"quick", signature)
    assert ed25519.add_points(key, key)


def test_a_verdict_on_a_short_message_is_remembered(monkeypatch):
    key, signature = curve.encode(curve.IDENTITY), bytes(64)
    before = ed25519.verify(key, b"asked twice", signature)
    monkeypatch.setattr(ed25519, "_judge", None)

    assert ed25519.verify(key, b"asked twice", signature) is before
    with pytest.raises(TypeError):
        ed25519.verify(key, bytes(257), signature)


def test_only_32_bytes_can_be_a_point():
    assert curve.decode(bytes([1]) + bytes(31)) == curve.IDENTITY
    assert curve.decode(bytes([1]) + bytes(30)) is None
    assert curve.decode(bytes([1]) + bytes(32)) is None


def test_the_multiple_zero_of_the_base_point_is_the_identity():
    identity = curve.encode(curve.IDENTITY)

    assert ed25519.multiply_base(0) == ed25519.multiply_base(ed25519.L) == identity


def test_small_order_points_add_up_like_others():
    order_8 = small_order_points()[-1]
    twice = curve.encode(curve.double(order_8))

    assert ed25519.add_points(curve.encode(order_8), curve.encode(order_8)) == twice


def test_adding_what_is_no_point_is_refused_by_name():
    no_point = (2).to_bytes(32, "little")
    assert curve.decode(no_point) is None

    with pytest.raises(ed25519.BadPoint, match=no_point.hex()):
        ed25519.add_points(ed25519.multiply_base(1), no_point)


@given(st.binary(max_size=80), st.binary(max_size=300), st.binary(max_size=80))
def test_any_bytes_get_a_verdict_and_never_an_error(key, message, signature):
    assert ed25519.verify(key, message, signature) in (True, False)


@given(st.integers(0, 2**260), st.integers(0, 2**260))
def test_multiples_of_the_base_point_add_up(one, two):
    both = ed25519.add_points(ed25519.multiply_base(one), ed25519.multiply_base(two))

    assert both == curve.encode(curve.multiply(curve.multiply_base(1), one + two))


def small_order_points():
    """One point each of order 2, 4 and 8."""
    point = None
    number = 2
    while point is None or curve.encode(curve.multiply(point, 4)) == curve.encode(
        curve.IDENTITY
    ):
        found = curve.decode(number.to_bytes(32, "little"))
        number += 1
        if found is not None:
            point = curve.multiply(found, curve.L)
    return [curve.multiply(point, factor) for factor in (4, 2, 1)]


def near_misses(seed, n_cases):
    """Signatures with small-order parts mixed into key or R, good ones among them."""
    chance = random.Random(seed)
    parts = [curve.IDENTITY, *small_order_points()]
    for _ in range(n_cases):
        scalar, nonce = chance.randrange(curve.L), chance.randrange(curve.L)
        message = chance.randbytes(32)
        key = curve.add(curve.multiply_base(scalar), chance.choice(parts))
        r_point = curve.add(curve.multiply_base(nonce), chance.choice(parts))
        key, r_encoded = curve.encode(key), curve.encode(r_point)
        h = ed25519._hash_to_scalar(r_encoded + key + message)
        s = (nonce + h * scalar) % curve.L
        yield key, message, r_encoded + s.to_bytes(32, "little")
