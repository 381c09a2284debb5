"""
Play accounts. Their keys follow from their names, so everybody has the same ones:
they are for play and guard nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from devnet.engine.bc.programs import p2wpkh
from devnet.engine.codec import ripemd160
from devnet.engine.keys.chainkd import derive_xprv, public_key, root_xprv, xpub
from devnet.engine.keys.paths import account_path

ACCOUNT_NAMES = ("alice", "bob", "carol")
FEDERATION_RELAYER = "relayer"


@dataclass(frozen=True, slots=True)
class Account:
    """One key and the program that it opens, the same on every chain."""

    name: str
    root: bytes
    xprv: bytes
    key: bytes
    program: bytes


@cache
def play_root(name: str) -> bytes:
    """Root private key (64 bytes) of a play actor, from its name."""
    return root_xprv(f"bystack devnet, keys for play, {name}".encode())


@cache
def play_account(name: str) -> Account:
    """The account of this name: first address of the first account of its root key."""
    root = play_root(name)
    xprv = derive_xprv(root, account_path(1, 1, False, 1))
    key = public_key(xpub(xprv))
    return Account(name, root, xprv, key, p2wpkh(ripemd160(key)))
