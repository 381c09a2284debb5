"""
The record of a validator's BLS key, kind 22. It stands in the coinbase that carries a
swap to a rule whose votes are merged, one record for each validator of the new rule.

Source: ours; the protocol says that keys register with a proof of possession.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from devnet.engine.bc.recordform import BaseRecord
from devnet.engine.codec import Reader


@dataclass(frozen=True)
class BlsKey(BaseRecord):
    """
    A validator says which BLS key its votes will bear.

    Args:
        key: its own key, 32 bytes.
        bls_key: 48 bytes.
        proof: the BLS key's signature under itself, 96 bytes: nobody registers a key
            that was computed from those of others.
        signature: of `key` over `bls_key_message`, 64 bytes: nobody registers a key for
            somebody else.
    """

    key: bytes
    bls_key: bytes
    proof: bytes
    signature: bytes
    kind: ClassVar[int] = 0x22

    def body(self) -> bytes:
        return self.key + self.bls_key + self.proof + self.signature


def read_bls_key(reader: Reader) -> BlsKey:
    """The body of a record of this kind. FormError: it is too short."""
    return BlsKey(reader.take(32), reader.take(48), reader.take(96), reader.take(64))


def bls_key_message(chain_id: bytes, bls_key: bytes) -> bytes:
    """What a validator signs with its own key."""
    return b"bystack-blskey-1" + chain_id + bls_key
