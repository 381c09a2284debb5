"""
From root keys to what an account is paid at: its program, its script, its addresses.

One key makes a P2WPKH program, several make a P2WSH program over their multisig script.
Keys keep the order in which the account lists them; nothing sorts.

Source: protocol page "keys", sections 3, 6 and 8; Bytom/bytom v1.1.0,
account/accounts.go, api/message.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devnet.engine.bc.programs import multisig_script, p2wpkh, p2wsh
from devnet.engine.codec import address_of_program, ripemd160, sha3
from devnet.engine.errors import RequestError
from devnet.engine.keys import chainkd
from devnet.engine.keys.paths import BIP44_RULE, account_path


class BadQuorum(RequestError):
    """The quorum is not between 1 and the number of keys."""

    code = "request.bad-quorum"
    default_hint = "Choose a quorum from 1 to the number of keys."


class DuplicateKey(RequestError):
    """An account lists the same root key twice."""

    code = "request.duplicate-key"
    default_hint = "List each root key once."


@dataclass(frozen=True, slots=True)
class Account:
    """Root keys in their order, and how many of them must sign."""

    xpubs: tuple[bytes, ...]
    quorum: int = 1
    index: int = 1
    rule: int = BIP44_RULE

    def __post_init__(self) -> None:
        if not 1 <= self.quorum <= len(self.xpubs):
            raise BadQuorum(f"quorum {self.quorum} with {len(self.xpubs)} keys")
        if len(set(self.xpubs)) != len(self.xpubs):
            raise DuplicateKey("the same root key is listed twice")
        account_path(self.rule, self.index, change=False, address=1)


@dataclass(frozen=True, slots=True)
class Receiver:
    """One place where an account is paid. `script` is empty for a single key."""

    program: bytes
    public_keys: tuple[bytes, ...]
    script: bytes = b""


def receiver(account: Account, address: int, change: bool = False) -> Receiver:
    """The control program of an account's address, and what spending it needs."""
    path = account_path(account.rule, account.index, change, address)
    keys = tuple(
        chainkd.public_key(chainkd.derive_xpub(xpub, path)) for xpub in account.xpubs
    )
    return receiver_of_keys(keys, account.quorum)


def receiver_of_keys(public_keys: Sequence[bytes], quorum: int = 1) -> Receiver:
    """Where these 32-byte keys are paid, in their order."""
    keys = tuple(public_keys)
    if len(keys) == 1:
        return Receiver(p2wpkh(ripemd160(keys[0])), keys)
    script = multisig_script(keys, quorum)
    return Receiver(p2wsh(sha3(script)), keys, script)


def key_program(public_key: bytes) -> bytes:
    """The P2WPKH program of one 32-byte key."""
    return p2wpkh(ripemd160(public_key))


def verify_message(
    address: str, xpub: bytes, message: bytes, signature: bytes, hrp: str
) -> bool:
    """
    Did the owner of this address sign these bytes?

    Args:
        xpub: the derived key; its P2WPKH address must be the one given.
        hrp: the address prefix of the active network.
    """
    program = key_program(chainkd.public_key(xpub))
    if address_of_program(program, hrp) != address.strip():
        return False
    return chainkd.verify(xpub, message, signature)
