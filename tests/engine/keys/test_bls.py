"""BLS signatures: byte-equal to py_ecc's, and no way around the proof of possession."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from devnet.engine.interfaces import Certificate, Validator
from devnet.engine.keys import bls
from devnet.engine.keys.aggregation import (
    BLS_MERGED,
    ED25519_LIST,
    Aggregation,
    bls_key_of,
)
from devnet.engine.keys.chainkd import public_key, xpub
from devnet.engine.mainchain.accounts import play_root

MESSAGE = b"bystack-vote-1" + bytes(64)
SECRETS = [bls.secret_key(bytes([number]) * 64) for number in (1, 2, 3)]
KEYS = [bls.public_key(secret) for secret in SECRETS]


@pytest.fixture
def recursion_limit() -> Iterator[None]:
    """py_ecc raises it for good; the next deeply nested text would crash Python."""
    limit = sys.getrecursionlimit()
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.usefixtures("recursion_limit")
def test_keys_signatures_and_sums_are_those_of_py_ecc():
    from py_ecc.bls import G2ProofOfPossession as oracle

    assert oracle.KeyGen(bytes([1]) * 64) == SECRETS[0]
    assert oracle.SkToPk(SECRETS[0]) == KEYS[0]
    assert oracle.Sign(SECRETS[0], MESSAGE) == bls.sign(SECRETS[0], MESSAGE)
    assert oracle.PopProve(SECRETS[1]) == bls.prove_possession(SECRETS[1])
    ours = [bls.sign(secret, MESSAGE) for secret in SECRETS]
    assert oracle.Aggregate(ours) == bls.merge(ours)
    assert oracle.FastAggregateVerify(KEYS, MESSAGE, bls.merge(ours))


def test_a_sum_is_good_for_exactly_its_signers_and_its_message():
    merged = bls.merge([bls.sign(secret, MESSAGE) for secret in SECRETS])
    assert bls.verify(KEYS, MESSAGE, merged)
    assert not bls.verify(KEYS[:2], MESSAGE, merged)
    assert not bls.verify([*KEYS, KEYS[0]], MESSAGE, merged)
    assert not bls.verify(KEYS, MESSAGE + b"x", merged)
    assert not bls.verify([], MESSAGE, merged)


@pytest.mark.parametrize(
    "signature", [b"", bytes(96), b"\xff" * 96, b"\xc0" + bytes(95), bytes(95)]
)
def test_bytes_that_are_no_signature_are_answered_with_no(signature: bytes):
    assert not bls.verify(KEYS, MESSAGE, signature)


@pytest.mark.parametrize(
    "key", [b"", bytes(48), b"\xff" * 48, b"\xc0" + bytes(47), bytes(47)]
)
def test_bytes_that_are_no_key_sign_nothing(key: bytes):
    infinity = b"\xc0" + bytes(95)
    assert not bls.verify([key], MESSAGE, infinity)
    assert not bls.is_possessed(key, infinity)


def test_a_rogue_key_can_sign_for_others_but_has_no_proof_of_possession():
    """The attack, and why registration asks for a proof."""
    import py_arkworks_bls12381 as curve

    victim = curve.G1Point.from_compressed_bytes(KEYS[0])
    own = curve.G1Point() * curve.Scalar.from_be_bytes(SECRETS[1].to_bytes(32, "big"))
    rogue = bytes((own - victim).to_compressed_bytes())
    alone = bls.sign(SECRETS[1], MESSAGE)
    assert bls.verify([KEYS[0], rogue], MESSAGE, alone)

    for proof in (bls.prove_possession(SECRETS[1]), bls.prove_possession(SECRETS[0])):
        assert not bls.is_possessed(rogue, proof)
    assert bls.is_possessed(KEYS[0], bls.prove_possession(SECRETS[0]))


def test_a_vote_is_no_proof_of_possession():
    assert not bls.is_possessed(KEYS[0], bls.sign(SECRETS[0], KEYS[0]))


# Both ways to hold votes.

XPRVS = [play_root(f"bls test {number}") for number in range(5)]
SEATS = [
    Validator(f"v{at}", public_key(xpub(xprv)), bls_key=bls_key_of(xprv))
    for at, xprv in enumerate(XPRVS)
]
BOTH = pytest.mark.parametrize("way", [ED25519_LIST, BLS_MERGED], ids=lambda w: w.name)


def vote(way: Aggregation, *voters: int) -> Certificate:
    parts = [Certificate.of({at: way.sign(XPRVS[at], MESSAGE)}) for at in voters]
    return way.merge(parts)


@BOTH
def test_votes_come_together_and_are_checked(way: Aggregation):
    votes = way.merge([vote(way, 0, 3), vote(way, 1), vote(way, 4)])
    assert votes.voters() == (0, 1, 3, 4)
    assert votes.n_bytes == way.size(4) + 1
    assert way.verify(SEATS, MESSAGE, votes)
    assert not way.verify(SEATS[:4], MESSAGE, votes)
    assert not way.verify(SEATS, b"other", votes)
    more = Certificate(b"\x1f", votes.signatures)
    assert not way.verify(SEATS, MESSAGE, more)
    assert not way.verify(SEATS, MESSAGE, Certificate())
    assert not way.verify(SEATS, MESSAGE, Certificate(b"\x01", (b"junk",)))


def test_parts_that_overlap_lose_no_voter_in_a_list_and_some_in_a_sum():
    parts = {way.name: [vote(way, 0, 1, 2), vote(way, 2, 3), vote(way, 4)]
             for way in (ED25519_LIST, BLS_MERGED)}  # fmt: skip
    assert ED25519_LIST.merge(parts["ed25519-list"]).voters() == (0, 1, 2, 3, 4)
    merged = BLS_MERGED.merge(parts["bls"])
    assert merged.voters() == (0, 1, 2, 4)
    assert BLS_MERGED.verify(SEATS, MESSAGE, merged)


def test_a_list_grows_with_its_voters_and_a_sum_does_not():
    assert [ED25519_LIST.size(n) for n in (3, 67)] == [192, 4288]
    assert [BLS_MERGED.size(n) for n in (3, 67)] == [96, 96]
