"""
BLS signatures on the curve BLS12-381: many signatures under one message become one.

Public keys are 48 bytes (G1), signatures 96 (G2), ciphersuite SUITE. A merged signature
is a sum, so whoever may choose a key after seeing the others' could choose one that
cancels them (a rogue key) and sign for everybody alone. Therefore no key counts without
a proof of possession: a signature of the key under itself, with a tag of its own, which
nobody can make for a key that was computed from other people's.

The curve comes from py_arkworks_bls12381, which is imported when somebody first asks.

Source: draft-irtf-cfrg-bls-signature-05; RFC 9380; tests compare with py_ecc.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from functools import cache, lru_cache
from types import ModuleType
from typing import Any

from devnet.engine.errors import PluginError

SUITE = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
PROOF_SUITE = b"BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
KEY_BYTES, SIGNATURE_BYTES = 48, 96
REQUIREMENT = "py_arkworks_bls12381>=0.5,<0.6"
ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001


class BlsMissing(PluginError):
    """Merged votes need a library that is not installed."""

    code = "plugin.bls-missing"
    default_hint = f'Install it with: python -m pip install "{REQUIREMENT}"'


def check_installed() -> None:
    """Raise BlsMissing when there is no curve here."""
    _curve()


@lru_cache(maxsize=4096)
def secret_key(seed: bytes) -> int:
    """The secret number of a seed of at least 32 bytes: KeyGen of the draft."""
    assert len(seed) >= 32, "a short seed can be guessed"
    salt, secret = b"BLS-SIG-KEYGEN-SALT-", 0
    while not secret:
        salt = hashlib.sha256(salt).digest()
        pseudo_random = _hmac(salt, seed + b"\x00")
        first = _hmac(pseudo_random, b"\x00\x30\x01")
        second = _hmac(pseudo_random, first + b"\x00\x30\x02")
        secret = int.from_bytes((first + second)[:48], "big") % ORDER
    return secret


@lru_cache(maxsize=4096)
def public_key(secret: int) -> bytes:
    """The 48-byte key. Raises BlsMissing."""
    curve = _curve()
    return bytes((curve.G1Point() * _scalar(secret)).to_compressed_bytes())


def sign(secret: int, message: bytes) -> bytes:
    """The 96-byte signature under a message. Raises BlsMissing."""
    return _sign(secret, message, SUITE)


def prove_possession(secret: int) -> bytes:
    """The key's signature under itself. Raises BlsMissing."""
    return _sign(secret, public_key(secret), PROOF_SUITE)


def is_possessed(key: bytes, proof: bytes) -> bool:
    """Is this a good key, and the proof its own? Raises BlsMissing."""
    return _verified((key,), key, proof, PROOF_SUITE)


def merge(signatures: Sequence[bytes]) -> bytes:
    """
    The sum of good signatures.

    Raises:
        BlsMissing. ValueError: one of them is no point.
    """
    point = _curve().G2Point.identity()
    for signature in signatures:
        point += _signature_point(signature)
    return bytes(point.to_compressed_bytes())


def verify(keys: Sequence[bytes], message: bytes, signature: bytes) -> bool:
    """
    Did all of these keys, whose possession is proved, sign this message? Any bytes give
    an answer. It is remembered: all nodes of a process ask the same. Raises BlsMissing.
    """
    return _verified(tuple(keys), message, signature, SUITE)


def forget_answers() -> None:
    """Ask anew from now on: for those who measure, and for nobody else."""
    _verified.cache_clear()
    _sum_of_keys.cache_clear()


# The curve.


@cache
def _curve() -> ModuleType:
    try:
        import py_arkworks_bls12381
    except ImportError as error:
        raise BlsMissing(f"merged votes need {REQUIREMENT}: {error}") from None
    module: ModuleType = py_arkworks_bls12381
    return module


def _sign(secret: int, message: bytes, suite: bytes) -> bytes:
    point = _curve().G2Point.hash_to_curve(message, suite) * _scalar(secret)
    return bytes(point.to_compressed_bytes())


@lru_cache(maxsize=1 << 14)
def _verified(
    keys: tuple[bytes, ...], message: bytes, signature: bytes, suite: bytes
) -> bool:
    """e(sum of keys, H(message)) = e(g1, signature), as one check of a product."""
    curve = _curve()
    try:
        key, point = _sum_of_keys(keys), _signature_point(signature)
    except ValueError:
        return False
    hashed = curve.G2Point.hash_to_curve(message, suite)
    one = -curve.G1Point()
    return bool(curve.GT.pairing_check([key, one], [hashed, point]))


@lru_cache(maxsize=4096)
def _sum_of_keys(keys: tuple[bytes, ...]) -> Any:
    """The sum of keys. ValueError: none, or one that is no good key."""
    if not keys:
        raise ValueError("nobody signed")
    total = _curve().G1Point.identity()
    for key in keys:
        total += _key_point(key)
    return total


@lru_cache(maxsize=4096)
def _key_point(key: bytes) -> Any:
    """A key as a point in the subgroup, checked. ValueError: it is none."""
    curve = _curve()
    if len(key) != KEY_BYTES:
        raise ValueError("a key has 48 bytes")
    point = curve.G1Point.from_compressed_bytes(key)
    if point == curve.G1Point.identity():
        raise ValueError("the neutral element is nobody's key")
    return point


@lru_cache(maxsize=1 << 14)
def _signature_point(signature: bytes) -> Any:
    """A signature as a point in the subgroup, checked. ValueError: it is none."""
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError("a signature has 96 bytes")
    return _curve().G2Point.from_compressed_bytes(signature)


def _scalar(secret: int) -> Any:
    return _curve().Scalar.from_be_bytes(secret.to_bytes(32, "big"))


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()
