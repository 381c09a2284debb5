"""
Making and judging the records of BLS keys that go with a swap to merged votes.
"""

from __future__ import annotations

from collections.abc import Sequence

from devnet.engine.bc.blskeys import BlsKey, bls_key_message
from devnet.engine.bc.records import SwapRecord
from devnet.engine.bc.sideblock import read_params
from devnet.engine.keys import bls
from devnet.engine.keys.aggregation import bls_key_of, bls_secret
from devnet.engine.keys.chainkd import public_key, sign, xpub
from devnet.engine.keys.ed25519 import verify
from devnet.engine.sidechain.node import OpenSwap
from devnet.engine.sidechain.swap import BadSwapRecord


def wants_bls(record: SwapRecord) -> bool:
    """Will votes be merged under the rule of this swap?"""
    return bool(read_params(record.params).get("bls"))


def own_record(xprv: bytes, chain_id: bytes) -> BlsKey:
    """What a validator registers. Raises BlsMissing."""
    bls_key = bls_key_of(xprv)
    return BlsKey(
        public_key(xpub(xprv)),
        bls_key,
        bls.prove_possession(bls_secret(xprv)),
        sign(xprv, bls_key_message(chain_id, bls_key)),
    )


def is_good(record: BlsKey, chain_id: bytes) -> bool:
    """Did both keys sign? Raises BlsMissing."""
    message = bls_key_message(chain_id, record.bls_key)
    return verify(record.key, message, record.signature) and bls.is_possessed(
        record.bls_key, record.proof
    )


def check_bls_keys(
    swap: SwapRecord | None, found: Sequence[BlsKey], chain_id: bytes
) -> tuple[bytes, ...]:
    """
    The BLS keys of a swap's validators, in their order; none where votes stay a list.

    Args:
        swap: the swap record of the same coinbase, or none.
        found: the key records of that coinbase.

    Raises:
        BadSwapRecord: one is missing, too many, or not signed. BlsMissing.
    """
    validators = swap.validators if swap is not None and wants_bls(swap) else ()
    if [one.key for one in found] != [one.key for one in validators]:
        raise BadSwapRecord(
            f"{len(found)} records of BLS keys for {len(validators)} validators who "
            "need one, in their order"
        )
    for record, validator in zip(found, validators, strict=True):
        if not is_good(record, chain_id):
            raise BadSwapRecord(f"the BLS key of {validator.name} is not proved")
    return tuple(record.bls_key for record in found)


def registrations(wish: OpenSwap) -> tuple[bytes, ...] | None:
    """Programs of the key records that a swap needs; None while some are missing."""
    swap = wish.record
    if not isinstance(swap, SwapRecord) or not wants_bls(swap):
        return ()
    found = [wish.bls_keys.get(one.key) for one in swap.validators]
    if any(one is None for one in found):
        return None
    return tuple(one.program for one in found if one is not None)
