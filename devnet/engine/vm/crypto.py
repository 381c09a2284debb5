"""Opcodes that hash and that check signatures: a8 to ae."""

from __future__ import annotations

from hashlib import sha256

from devnet.engine import codec
from devnet.engine.keys import ed25519
from devnet.engine.vm.errors import BadValue, Context
from devnet.engine.vm.state import Machine
from devnet.engine.vm.values import INT64_MAX, from_bool

LEAST_HASH_GAS = 64
SIGNATURE_GAS = 1024
SIG_HASH_GAS = 256
N_KEY_BYTES = 32
N_MESSAGE_BYTES = 32


def hash_sha256(m: Machine) -> None:
    """x -> hash : SHA2-256 of the top item."""
    item = m.pop_now()
    m.charge(max(LEAST_HASH_GAS, len(item)))
    m.push_now(sha256(item).digest())


def hash_sha3(m: Machine) -> None:
    """x -> hash : SHA3-256 of the top item."""
    item = m.pop_now()
    m.charge(max(LEAST_HASH_GAS, len(item)))
    m.push_now(codec.sha3(item))


def hash_160(m: Machine) -> None:
    """x -> hash : RIPEMD-160 of the top item. Bitcoin's has a SHA-256 before it."""
    item = m.pop_now()
    m.charge(LEAST_HASH_GAS + len(item))
    m.push_now(codec.ripemd160(item))


def _pop_message(m: Machine) -> bytes:
    message = m.pop_late()
    if len(message) != N_MESSAGE_BYTES:
        raise BadValue(f"a signed message has 32 bytes, this item has {len(message)}")
    return message


def check_sig(m: Machine) -> None:
    """sig message key -> bool : is it the key's signature of the message?"""
    m.charge(SIGNATURE_GAS)
    key = m.pop_late()
    message = m.pop_late()
    signature = m.pop_late()
    if len(message) != N_MESSAGE_BYTES:
        raise BadValue(f"a signed message has 32 bytes, this item has {len(message)}")
    is_good = len(key) == N_KEY_BYTES and ed25519.verify(key, message, signature)
    m.push_late(from_bool(is_good))


def check_multi_sig(m: Machine) -> None:
    """
    sig1..sigm message key1..keyn m n -> bool : m signatures of n keys.

    Signatures stand in the order of their keys. There is no dummy argument below them
    as Bitcoin has it.
    """
    n_keys = m.pop_number()
    if n_keys < 0 or n_keys * SIGNATURE_GAS > INT64_MAX:
        raise BadValue(f"a count of {n_keys} keys")
    m.charge(n_keys * SIGNATURE_GAS)
    n_signatures = m.pop_number()
    if not 0 <= n_signatures <= n_keys or (n_signatures == 0 and n_keys > 0):
        raise BadValue(f"{n_signatures} signatures of {n_keys} keys")
    keys = [m.pop_late() for _ in range(n_keys)]
    message = _pop_message(m)
    signatures = [m.pop_late() for _ in range(n_signatures)]
    m.push_late(from_bool(_all_signed(keys, message, signatures)))


def _all_signed(keys: list[bytes], message: bytes, signatures: list[bytes]) -> bool:
    """Last key and last signature first: a key that does not match is passed over."""
    if any(len(key) != N_KEY_BYTES for key in keys):
        return False
    waiting = iter(signatures)
    signature = next(waiting, None)
    for key in keys:
        if signature is None:
            break
        if ed25519.verify(key, message, signature):
            signature = next(waiting, None)
    return signature is None


def tx_sig_hash(m: Machine) -> None:
    """-> hash : push what the signatures of this input sign."""
    m.charge(SIG_HASH_GAS)
    if m.shared.context.sig_hash is None:
        raise Context("there is no signature hash here")
    m.push_now(m.shared.context.sig_hash)


OPCODES = {
    0xA8: hash_sha256,
    0xAA: hash_sha3,
    0xAB: hash_160,
    0xAC: check_sig,
    0xAD: check_multi_sig,
    0xAE: tx_sig_hash,
}
