"""
Ways to forge a Claim, to watch which check refuses it.

Each takes an honest claim with a collector's signature and gives a forged copy; nothing
else is touched, so the first check that breaks is the one that guards the changed part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from devnet.engine.bc.merkle import LEAF, STATUS_FAILED, STATUS_GOOD, leaf
from devnet.engine.bc.merkleblock import MerkleBlock, parse_merkle_block
from devnet.engine.bc.transaction import (
    BTM,
    Claim,
    Output,
    Transaction,
    parse_transaction,
)
from devnet.engine.codec import MAX_63
from devnet.engine.keys import chainkd
from devnet.engine.keys.accounts import key_program
from devnet.engine.sidechain.claims import sign_claim

_STRANGER = chainkd.root_xprv(b"a stranger, who forges claims")
_STRANGER_KEY = chainkd.xpub(_STRANGER)[:32]


@dataclass(frozen=True, slots=True)
class Tamper:
    """A forgery: what it changes, and the check that it is there to break."""

    sentence: str
    check: str
    apply: Callable[[Transaction], Transaction]

    def __call__(self, tx: Transaction) -> Transaction:
        """The forged copy of an honest claim."""
        return self.apply(tx)


def _claim(tx: Transaction) -> Claim:
    (claim,) = tx.inputs
    assert isinstance(claim, Claim), "only a Claim can be tampered with"
    return claim


def _with_claim(tx: Transaction, **changes: object) -> Transaction:
    claim = replace(_claim(tx), **changes)  # type: ignore[arg-type]
    return replace(tx, inputs=(claim,), received=None)


def _with_proof(tx: Transaction, **changes: object) -> Transaction:
    proof = replace(_proof(tx), **changes)  # type: ignore[arg-type]
    return _with_claim(tx, merkle_block=proof.raw)


def _proof(tx: Transaction) -> MerkleBlock:
    return parse_merkle_block(_claim(tx).merkle_block)


def _with_outputs(tx: Transaction, *outputs: Output) -> Transaction:
    return replace(tx, outputs=outputs, received=None)


def _flip(data: bytes, index: int = -1) -> bytes:
    """The same bytes with the lowest bit of one of them turned."""
    flipped = bytearray(data)
    flipped[index] ^= 1
    return bytes(flipped)


def _surplus(tx: Transaction) -> Transaction:
    return replace(tx, received=tx.raw + b"\x00")


def _second_claim(tx: Transaction) -> Transaction:
    return replace(tx, inputs=tx.inputs * 2, received=None)


def _parent(tx: Transaction) -> Transaction:
    return _with_claim(tx, parent_id=_flip(_claim(tx).parent_id))


def _cut_lock(tx: Transaction) -> Transaction:
    return _with_claim(tx, raw_transaction=_claim(tx).raw_transaction[:-1])


def _position(tx: Transaction) -> Transaction:
    return _with_claim(tx, source_position=_claim(tx).source_position + 1)


def _amount(tx: Transaction) -> Transaction:
    honest, first = _claim(tx).amount, tx.outputs[0]
    inflated = honest * 1000 if honest * 1000 <= MAX_63 else honest - 1
    paid = replace(first, amount=first.amount + inflated - honest)
    return _with_outputs(_with_claim(tx, amount=inflated), paid, *tx.outputs[1:])


def _asset(tx: Transaction) -> Transaction:
    other = BTM if _claim(tx).asset != BTM else bytes(32)
    swapped = [replace(output, asset=other) for output in tx.outputs]
    return _with_outputs(_with_claim(tx, asset=other), *swapped)


def _script(tx: Transaction) -> Transaction:
    stranger = key_program(_STRANGER_KEY)
    paid = replace(tx.outputs[0], program=stranger)
    changed = _with_claim(tx, claim_script=stranger)
    return _with_outputs(changed, paid, *tx.outputs[1:])


def _invented_lock(tx: Transaction) -> Transaction:
    claim = _claim(tx)
    lock_tx = parse_transaction(claim.raw_transaction)
    outputs = list(lock_tx.outputs)
    lock = outputs[claim.source_position]
    outputs[claim.source_position] = replace(lock, amount=lock.amount + 1)
    invented = replace(lock_tx, outputs=tuple(outputs), received=None)
    changed = _with_claim(
        tx,
        amount=claim.amount + 1,
        source_id=invented.mux_id,
        raw_transaction=invented.raw,
    )
    paid = replace(tx.outputs[0], amount=tx.outputs[0].amount + 1)
    return _with_outputs(changed, paid, *tx.outputs[1:])


def _hash(tx: Transaction) -> Transaction:
    first, *others = _proof(tx).tx_hashes
    return _with_proof(tx, tx_hashes=(_flip(first), *others))


def _flags(tx: Transaction) -> Transaction:
    return _with_proof(tx, flags=tuple(range(len(_proof(tx).flags))))


def _nothing(tx: Transaction) -> Transaction:
    header = _proof(tx).header
    return _with_proof(
        tx,
        tx_hashes=(header.tx_root,),
        flags=(0,),
        status_hashes=(header.status_root,),
    )


def _status(tx: Transaction) -> Transaction:
    proof = _proof(tx)
    stops = [flag for flag in proof.flags if flag != 1]
    good, failed = leaf(STATUS_GOOD), leaf(STATUS_FAILED)
    hashes = list(proof.status_hashes)
    at = stops.index(LEAF)
    hashes[at] = failed if hashes[at] == good else good
    return _with_proof(tx, status_hashes=tuple(hashes))


def _header(tx: Transaction) -> Transaction:
    header = _proof(tx).header
    return _with_proof(tx, header=replace(header, timestamp=header.timestamp + 1))


def _recipient(tx: Transaction) -> Transaction:
    stolen = replace(tx.outputs[0], program=key_program(_STRANGER_KEY))
    return _with_outputs(tx, stolen, *tx.outputs[1:])


def _fee(tx: Transaction) -> Transaction:
    claim, first = _claim(tx), tx.outputs[0]
    fee = claim.amount - first.amount + 1
    collector = key_program(claim.collector_auth[:32])
    return _with_outputs(
        tx,
        replace(first, amount=first.amount - 1),
        Output(claim.asset, fee, collector),
    )


def _unsigned(tx: Transaction) -> Transaction:
    claim = _claim(tx)
    whole = replace(tx.outputs[0], amount=claim.amount)
    return _with_outputs(_with_claim(tx, collector_auth=b""), whole)


def _stranger_collects(tx: Transaction) -> Transaction:
    taken = [
        replace(output, program=key_program(_STRANGER_KEY)) for output in tx.outputs[1:]
    ]
    return sign_claim(_with_outputs(tx, tx.outputs[0], *taken), _STRANGER)


def _signature(tx: Transaction) -> Transaction:
    return _with_claim(tx, collector_auth=_flip(_claim(tx).collector_auth, 40))


TAMPERS: dict[str, Tamper] = {
    "surplus": Tamper("one byte more at the end", "C1", _surplus),
    "second-claim": Tamper("the same lock as a second input", "C1", _second_claim),
    "parent": Tamper("another mainchain's genesis hash", "C3", _parent),
    "lock-bytes": Tamper("the lock transaction cut short by a byte", "C4", _cut_lock),
    "position": Tamper("the output after the lock", "C5", _position),
    "amount": Tamper("a thousand times the locked amount", "C5", _amount),
    "asset": Tamper("another asset than the locked one", "C5", _asset),
    "script": Tamper("a stranger named as recipient from the start", "C6", _script),
    "invented-lock": Tamper(
        "a lock transaction of one unit more, never mined", "C8", _invented_lock
    ),
    "hash": Tamper("one bit of a hash of the proof", "C8", _hash),
    "flags": Tamper("flags replaced by 0, 1, 2, ...: early Vapor's bug", "C8", _flags),
    "nothing": Tamper("a proof of the root itself, without a leaf", "C8", _nothing),
    "status": Tamper("the other status at the leaf", "C9", _status),
    "header": Tamper("an invented header: one second later, no work", "C10", _header),
    "recipient": Tamper("the output pays a stranger", "C12", _recipient),
    "fee": Tamper("the collector takes one unit more", "C13", _fee),
    "unsigned": Tamper("the collector's part removed, its fee too", "C14", _unsigned),
    "collector": Tamper("signed by a stranger", "C14", _stranger_collects),
    "signature": Tamper("one bit of the collector's signature", "C14", _signature),
}
"""By name, in the order of the checks that they break."""
