"""
Hierarchical keys: roots from a seed, children from a selector, signatures.

An xprv is 64 bytes: a scalar and a chain code. An xpub is 64 bytes: the encoded point
and the same chain code. A derived scalar is a plain sum, neither clamped nor reduced,
so a library that starts from a 32-byte seed cannot sign with these keys.

Source: protocol page "keys", sections 1 and 2; Bytom/bytom v1.1.0,
crypto/ed25519/chainkd.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from functools import lru_cache

from devnet.engine.errors import CodecError
from devnet.engine.keys import ed25519

__all__ = [
    "BadKey",
    "child_xprv",
    "child_xpub",
    "derive_xprv",
    "derive_xpub",
    "expanded",
    "grabbed_parent",
    "public_key",
    "root_xprv",
    "sign",
    "verify",
    "xpub",
]


class BadKey(CodecError):
    """An extended key has another length than 64 bytes."""

    code = "codec.bad-key"
    default_hint = "Extended keys are written as 128 hex digits."


def root_xprv(seed: bytes) -> bytes:
    """The root key of a seed of any length."""
    digest = _hmac(b"Root", seed)
    return _prune_root(digest[:32]) + digest[32:]


@lru_cache(maxsize=4096)
def xpub(xprv: bytes) -> bytes:
    """The public half of an extended private key."""
    scalar, chain_code = _split(xprv)
    return ed25519.multiply_base(int.from_bytes(scalar, "little")) + chain_code


def public_key(key: bytes) -> bytes:
    """The 32-byte key inside an xpub."""
    return _split(key)[0]


def child_xprv(xprv: bytes, selector: bytes, hardened: bool = False) -> bytes:
    """One step down. No xpub leads to the public key of a hardened child."""
    scalar, chain_code = _split(xprv)
    if hardened:
        digest = _hmac(chain_code, b"H" + scalar + selector)
        return _prune_root(digest[:32]) + digest[32:]
    digest = _hmac(chain_code, b"N" + xpub(xprv)[:32] + selector)
    # The sum is not reduced modulo L; f is below 2**233, so a root's descendants stay
    # below 2**256 for millions of levels.
    total = int.from_bytes(scalar, "little") + _prune_child(digest[:32])
    return (total % 2**256).to_bytes(32, "little") + digest[32:]


def child_xpub(parent: bytes, selector: bytes) -> bytes:
    """
    The normal child of an xpub, equal to xpub(child_xprv(...)).

    Raises:
        BadPoint: the first half of the parent is not a point of the curve.
    """
    point, chain_code = _split(parent)
    digest = _hmac(chain_code, b"N" + point + selector)
    step = ed25519.multiply_base(_prune_child(digest[:32]))
    return ed25519.add_points(point, step) + digest[32:]


def grabbed_parent(parent: bytes, selector: bytes, child: bytes) -> bytes:
    """
    The private key above a leaked normal child: whoever has one child's private key and
    the parent's xpub has the parent. That is why members never hand out child keys.

    Args:
        parent: the parent's xpub. child: the child's xprv, or its scalar alone.
    """
    point, chain_code = _split(parent)
    digest = _hmac(chain_code, b"N" + point + selector)
    total = int.from_bytes(child[:32], "little") - _prune_child(digest[:32])
    return (total % 2**256).to_bytes(32, "little") + chain_code


def derive_xprv(xprv: bytes, path: Iterable[bytes]) -> bytes:
    """Normal steps along a path."""
    for selector in path:
        xprv = child_xprv(xprv, selector)
    return xprv


def derive_xpub(parent: bytes, path: Iterable[bytes]) -> bytes:
    """Normal steps along a path, without any secret."""
    for selector in path:
        parent = child_xpub(parent, selector)
    return parent


def expanded(xprv: bytes) -> bytes:
    """The expanded private key: the scalar and the 32 bytes that nonces come from."""
    return _split(xprv)[0] + _hmac(b"Expand", xprv)[32:]


def sign(xprv: bytes, message: bytes) -> bytes:
    """The deterministic 64-byte signature of a message."""
    key = expanded(xprv)
    scalar = int.from_bytes(key[:32], "little")
    return ed25519.sign(scalar, key[32:], message, xpub(xprv)[:32])


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Is this the signature of an xpub's owner?"""
    return ed25519.verify(public_key(key), message, signature)


def _split(key: bytes) -> tuple[bytes, bytes]:
    if len(key) != 64:
        raise BadKey(f"an extended key has 64 bytes, not {len(key)}", n_bytes=len(key))
    return key[:32], key[32:]


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha512")


def _prune_root(scalar: bytes) -> bytes:
    pruned = bytearray(scalar)
    pruned[0] &= 0xF8
    pruned[31] = pruned[31] & 0x1F | 0x40
    return bytes(pruned)


def _prune_child(scalar: bytes) -> int:
    """Below 2**233 and a multiple of 8, as a number."""
    pruned = bytearray(scalar)
    pruned[0] &= 0xF8
    pruned[29] &= 0x01
    pruned[30] = pruned[31] = 0
    return int.from_bytes(pruned, "little")
