"""
The record that hands a federation's locks to the next one, kind 30.

It stands in a coinbase; its authority is the signatures of the old members, by their
root keys. A record is read in one form only: keys and signers in order, a bit for each
signature, no empty byte behind the last bit.

Source: protocol page "claim", section 6; "federation", section 8. The message that
members sign is ours, made like that of a swap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from devnet.engine.bc.recordform import BadRecord, BaseRecord
from devnet.engine.codec import Reader, sha3, varint, varlist, varstr
from devnet.engine.interfaces import Certificate

N_XPUB_BYTES, N_SIGNATURE_BYTES = 64, 64
LEAST_MEMBERS, MOST_MEMBERS = 3, 10
N_BITMAP_BYTES = 2


@dataclass(frozen=True)
class Handover(BaseRecord):
    """
    From the block above on, another federation.

    Args:
        epoch: its number, one above the old federation's.
        quorum: how many of the new members must sign.
        members: root xpubs of the new members, 64 bytes each, ascending.
        bitmap: bit i (least significant bit of byte 0 first) is old member i, in the
            order of the old federation.
        signatures: of the old members whose bit is set, ascending.
    """

    epoch: int
    quorum: int
    members: tuple[bytes, ...]
    bitmap: bytes = b""
    signatures: tuple[bytes, ...] = ()
    kind: ClassVar[int] = 0x30

    def body_without_signatures(self) -> bytes:
        """What the old members sign: who comes, and from when on."""
        return varint(self.epoch) + varint(self.quorum) + varlist(self.members)

    def body(self) -> bytes:
        signed = varstr(self.bitmap) + varlist(self.signatures)
        return self.body_without_signatures() + signed

    def signers(self) -> tuple[int, ...]:
        """Which old members signed, by their place in the old federation."""
        return Certificate(self.bitmap).voters()

    def signed_by(self, signatures: Mapping[int, bytes]) -> Handover:
        """The record with these signatures, by place in the old federation."""
        proof = Certificate.of(signatures)
        return replace(self, bitmap=proof.bitmap, signatures=proof.signatures)


def handover_message(chain_id: bytes, record: Handover) -> bytes:
    """What an old member signs with its root key."""
    body_hash = sha3(record.body_without_signatures())
    return b"bystack-handover-1" + chain_id + body_hash


def read_handover(reader: Reader) -> Handover:
    """
    The body of the record.

    Raises:
        FormError: and which part is not in its one form.
    """
    record = Handover(
        reader.varint63(), reader.varint31(), reader.varlist(), reader.varstr(),
        reader.varlist(),
    )  # fmt: skip
    _check_members(record)
    _check_signatures(record)
    return record


def _check_members(record: Handover) -> None:
    members, n_members = record.members, len(record.members)
    if not LEAST_MEMBERS <= n_members <= MOST_MEMBERS:
        raise BadRecord(
            f"a federation of {n_members} members, {LEAST_MEMBERS} to {MOST_MEMBERS} "
            "are allowed"
        )
    lengths = {len(member) for member in members}
    if lengths != {N_XPUB_BYTES}:
        raise BadRecord(f"root keys of {sorted(lengths)} bytes, {N_XPUB_BYTES} are due")
    if list(members) != sorted(set(members)):
        raise BadRecord("the members' root keys are not ascending, each once")
    if not 1 <= record.quorum <= n_members:
        raise BadRecord(f"a quorum of {record.quorum} among {n_members} members")


def _check_signatures(record: Handover) -> None:
    n_signers, n_signatures = len(record.signers()), len(record.signatures)
    if n_signers != n_signatures:
        raise BadRecord(f"{n_signatures} signatures for {n_signers} bits that are set")
    if len(record.bitmap) > N_BITMAP_BYTES or record.bitmap[-1:] == b"\x00":
        raise BadRecord(f"bitmap {record.bitmap.hex()} is not in its shortest form")
    if any(len(one) != N_SIGNATURE_BYTES for one in record.signatures):
        raise BadRecord(f"a signature is not of {N_SIGNATURE_BYTES} bytes")
