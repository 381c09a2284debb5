"""
Ed25519 exactly as the chain checks it, and fast where a library agrees.

The chain multiplies by no cofactor, takes S of L and more, takes small-order and
non-canonical keys, and compares R as bytes. libsodium refuses some of that but never
accepts more, so its yes is final and its no is asked again from `exact_verify`. Before
it is trusted it must refuse a few signatures that a cofactored rule would take.

Source: protocol page "keys", sections 2, 4 and 5; Bytom/bytom v1.1.0, crypto/ed25519.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import cache, lru_cache
from types import ModuleType

from devnet.engine.errors import CodecError
from devnet.engine.keys import curve

L = curve.L
"""The order of the base point."""

_MEMO_SIZE = 1 << 15
_LONGEST_MEMO_MESSAGE = 256


class BadPoint(CodecError):
    """32 bytes that are not a point of the curve stand where a public key should."""

    code = "codec.bad-point"
    default_hint = "Check that the key was copied whole."


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """
    Does the chain accept this signature? Any bytes give an answer, never an error.

    Answers are remembered: one process holds many nodes that ask the same question.
    """
    if len(message) > _LONGEST_MEMO_MESSAGE:
        return _judge(public_key, message, signature)
    return _remembered(public_key, message, signature)


def uses_libsodium() -> bool:
    """Is libsodium here, and as strict as it must be? Else all is plain Python."""
    return _sodium() is not None


def forget_answers() -> None:
    """Ask anew from now on: for those who measure, and for nobody else."""
    _remembered.cache_clear()


def exact_verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """The rule itself, in plain Python. `verify` gives the same answers sooner."""
    if len(signature) != 64 or signature[63] & 0xE0:
        return False
    key = curve.decode(public_key)
    if key is None:
        return False
    r_encoded, s = signature[:32], int.from_bytes(signature[32:], "little")
    h = _hash_to_scalar(r_encoded + public_key + message)
    s_b = curve.multiply_base(s)
    minus_h_a = curve.multiply(curve.negate(key), h)
    return curve.encode(curve.add(s_b, minus_h_a)) == r_encoded


def sign(scalar: int, prefix: bytes, message: bytes, public_key: bytes) -> bytes:
    """
    The deterministic 64-byte signature of an already expanded key.

    Args:
        scalar: the secret number, not reduced modulo L.
        prefix: 32 secret bytes from which the nonce is drawn.
        message: any bytes; for a transaction input its 32-byte signature hash.
        public_key: encode(scalar * B); a wrong one makes a worthless signature.
    """
    nonce = _hash_to_scalar(prefix + message)
    r_encoded = multiply_base(nonce)
    challenge = _hash_to_scalar(r_encoded + public_key + message)
    s = (challenge * scalar + nonce) % L
    return r_encoded + s.to_bytes(32, "little")


def multiply_base(scalar: int) -> bytes:
    """encode(scalar * B) for a scalar of 0 or more, reduced modulo L on the way."""
    sodium, reduced = _sodium(), scalar % L
    if sodium is not None and reduced:  # libsodium refuses to return the identity
        encoded = reduced.to_bytes(32, "little")
        product: bytes = sodium.crypto_scalarmult_ed25519_base_noclamp(encoded)
        return product
    return curve.encode(curve.multiply_base(reduced))


def add_points(one: bytes, two: bytes) -> bytes:
    """
    The encoded sum of two encoded points.

    Raises:
        BadPoint: one of them is not on the curve.
    """
    sodium = _sodium()
    if sodium is not None and len(one) == len(two) == 32:
        with suppress(RuntimeError):  # it refuses more than what is off the curve
            total: bytes = sodium.crypto_core_ed25519_add(one, two)
            return total
    return curve.encode(curve.add(_point(one), _point(two)))


@lru_cache(maxsize=_MEMO_SIZE)
def _remembered(public_key: bytes, message: bytes, signature: bytes) -> bool:
    return _judge(public_key, message, signature)


def _judge(public_key: bytes, message: bytes, signature: bytes) -> bool:
    if len(public_key) != 32 or len(signature) != 64:
        return False
    sodium = _sodium()
    if sodium is not None and _accepts(sodium, public_key, message, signature):
        return True
    return exact_verify(public_key, message, signature)


def _point(encoded: bytes) -> curve.Point:
    point = curve.decode(encoded)
    if point is None:
        raise BadPoint(f"{encoded.hex()} is not a point of Ed25519", point=encoded)
    return point


def _hash_to_scalar(data: bytes) -> int:
    return int.from_bytes(hashlib.sha512(data).digest(), "little") % L


# libsodium, once it has shown that it does not multiply by the cofactor.


def _accepts(
    sodium: ModuleType, public_key: bytes, message: bytes, signature: bytes
) -> bool:
    """What libsodium says. Its wrapper raises several kinds of error for "no"."""
    try:
        sodium.crypto_sign_open(signature + message, public_key)
    except Exception:
        return False
    return True


@cache
def _sodium() -> ModuleType | None:
    """PyNaCl's bindings, or None when they are missing or lax."""
    try:
        import nacl.bindings as sodium
    except ImportError:
        return None
    if not (
        sodium.has_crypto_scalarmult_ed25519
        and sodium.has_crypto_core_ed25519
        and _accepts(sodium, _PROBE_KEY, _PROBE_MESSAGE, _PROBE_SIGNATURE)
    ):
        return None
    lax = any(
        _accepts(sodium, public_key, _PROBE_MESSAGE, signature)
        for public_key, signature in _COFACTORED_PROBES
    )
    return None if lax else sodium


_PROBE_MESSAGE = b"probe"
_PROBE_KEY = bytes.fromhex(
    "b3108d61195d18e300ad97b8ab53f433fe76c4eaa9710999822771655cad863b"
)
_PROBE_SIGNATURE = bytes.fromhex(
    "b75d4a09febf66d508902190e3a43f760ff87e6407653ae4b2b4803267c6f4bb"
    "35be7b3b4e91b0b00edb782e64e60141d36dcd3f91295f15a8562ab4bc5ef405"
)
_PROBE_KEY_PLUS_ORDER_8 = bytes.fromhex(
    "cf9861c7174c9f09d50aed14e0c5bf99617122def88207e80539c231c874f49e"
)

_COFACTORED_PROBES = tuple(
    (public_key, bytes.fromhex(text))
    for public_key, text in (
        # R moved by a point of order 2, 4 and 8.
        (
            _PROBE_KEY,
            "36a2b5f60140992af76fde6f1c5bc089f007819bf89ac51b4d4b7fcd98390b44"
            "185076a197391eb1ca6190a09ac83425d9fc3abee97e92277a60e2cd37a0ef01",
        ),
        (
            _PROBE_KEY,
            "04e2c6314248295fa4e7319faecbb16a07ff6b0151873f0e8f8e1428ed78d866"
            "aa334c5393f0a40a21a225c296f068fc026d1c191c5a2c4a450f0167f8daf70d",
        ),
        (
            _PROBE_KEY,
            "a869eb0516510df100ca885641b7532b91d8f570d74965a21e16ed6a3bc36902"
            "0e52d042d061058b27c396ca7d9a79078b05d8b7bede3d5fda7a45f807642d0b",
        ),
        # The key moved by a point of order 8, and h not a multiple of 8.
        (
            _PROBE_KEY_PLUS_ORDER_8,
            "b75d4a09febf66d508902190e3a43f760ff87e6407653ae4b2b4803267c6f4bb"
            "94d771fcea33721e30e7291c69fb403f0703c01b5f992bbc3842786000c6880f",
        ),
    )
)
