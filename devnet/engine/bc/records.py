"""
Side records: statements on a sidechain, in outputs that nobody can spend.

A record is `FAIL` and one push of `BSR1`, a kind byte and a body. Its output's id
commits to it, so it is signed, unlike the note in a plain retirement. What the body of
a kind means is settled here; whether a record has an effect, elsewhere.

Source: protocol page "claim", section 6; "consensus", section 6.1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from devnet.engine.bc.anchors import AnchorReset, read_anchor_reset
from devnet.engine.bc.blskeys import BlsKey, read_bls_key
from devnet.engine.bc.electoral import (
    Approve,
    Leave,
    Register,
    WithdrawApproval,
    read_approve,
    read_leave,
    read_register,
    read_withdraw_approval,
)
from devnet.engine.bc.entries import asset_id, record_payload
from devnet.engine.bc.evidence import Evidence, read_evidence
from devnet.engine.bc.handover import Handover, read_handover
from devnet.engine.bc.recordform import (
    MAX_COMPLETION_BYTES,
    MAX_PAYLOAD_BYTES,
    BadRecord,
    BaseRecord,
    check_size,
    record_kind,
    record_program,
)
from devnet.engine.bc.sideblock import read_params, write_validators
from devnet.engine.codec import Reader, sha3, varint, varlist, varstr
from devnet.engine.interfaces import Validator

__all__ = [
    "AnchorReset", "Approve", "BadRecord", "Definition", "Evidence", "Handover",
    "Leave", "MAX_COMPLETION_BYTES", "MAX_PAYLOAD_BYTES", "OtherRecord",
    "PayoutIntent", "Record", "Register", "SwapCancelled", "SwapRecord",
    "Withdrawal", "WithdrawApproval", "WithdrawalCompleted", "is_recipient",
    "parse_record", "record_kind", "record_program",
]  # fmt: skip


@dataclass(frozen=True)
class Withdrawal(BaseRecord):
    """The output's value is owed to this program on the parent chain."""

    parent_id: bytes
    recipient: bytes
    kind: ClassVar[int] = 0x01

    def body(self) -> bytes:
        return self.parent_id + varstr(self.recipient)


@dataclass(frozen=True)
class WithdrawalCompleted(BaseRecord):
    """A withdrawal was paid out; the transaction and its proof."""

    withdrawal_id: bytes
    raw_transaction: bytes
    merkle_block: bytes
    kind: ClassVar[int] = 0x02

    def body(self) -> bytes:
        proof = varstr(self.raw_transaction) + varstr(self.merkle_block)
        return self.withdrawal_id + proof


@dataclass(frozen=True)
class Definition(BaseRecord):
    """What an asset is. It proves itself: it hashes to the asset's id."""

    issuance_program: bytes
    definition: bytes
    vm_version: int = 1
    kind: ClassVar[int] = 0x03

    def body(self) -> bytes:
        return (
            varint(self.vm_version)
            + varstr(self.issuance_program)
            + varstr(self.definition)
        )

    @property
    def asset(self) -> bytes:
        """The id of the asset that this defines."""
        return asset_id(self.issuance_program, self.definition, self.vm_version)


@dataclass(frozen=True)
class PayoutIntent(BaseRecord):
    """Which mainchain transaction will pay a withdrawal, and which output pins it."""

    withdrawal_id: bytes
    payout_id: bytes
    pin_id: bytes
    kind: ClassVar[int] = 0x04

    def body(self) -> bytes:
        return self.withdrawal_id + self.payout_id + self.pin_id


@dataclass(frozen=True)
class SwapRecord(BaseRecord):
    """
    From the block above `closing_height` on, another rule, once that block is final.

    params: canonical JSON text. Validators read from bytes have no names of their own,
    only the first digits of their keys. Bitmap and signatures are the approvals, by
    the validators of `from_epoch`.
    """

    from_epoch: int
    engine: str
    params: str
    closing_height: int
    validators: tuple[Validator, ...]
    bitmap: bytes = b""
    signatures: tuple[bytes, ...] = ()
    kind: ClassVar[int] = 0x20

    def body_without_approvals(self) -> bytes:
        """What validators approve: everything but the approvals."""
        return b"".join(
            (
                varint(self.from_epoch),
                varstr(self.engine.encode()),
                varstr(self.params.encode()),
                varint(self.closing_height),
                write_validators(self.validators),
            )
        )

    def body(self) -> bytes:
        approvals = varstr(self.bitmap) + varlist(self.signatures)
        return self.body_without_approvals() + approvals

    @property
    def body_hash(self) -> bytes:
        """How a cancellation names this swap."""
        return sha3(self.body_without_approvals())


@dataclass(frozen=True)
class SwapCancelled(BaseRecord):
    """The pending swap with this body hash does not happen."""

    from_epoch: int
    body_hash: bytes
    bitmap: bytes = b""
    signatures: tuple[bytes, ...] = ()
    kind: ClassVar[int] = 0x21

    def body_without_approvals(self) -> bytes:
        """What validators approve."""
        return varint(self.from_epoch) + self.body_hash

    def body(self) -> bytes:
        approvals = varstr(self.bitmap) + varlist(self.signatures)
        return self.body_without_approvals() + approvals


@dataclass(frozen=True)
class OtherRecord(BaseRecord):
    """A record of a kind that has no effect (yet)."""

    kind: int  # type: ignore[misc]
    content: bytes

    def body(self) -> bytes:
        return self.content


Record: TypeAlias = (
    Withdrawal
    | WithdrawalCompleted
    | Definition
    | PayoutIntent
    | SwapRecord
    | Register
    | Approve
    | WithdrawApproval
    | Leave
    | SwapCancelled
    | BlsKey
    | AnchorReset
    | Evidence
    | Handover
    | OtherRecord
)


def parse_record(program: bytes) -> Record:
    """
    What a side record says.

    Raises:
        FormError: it is no side record, or not written in the one form of its kind.
    """
    payload = record_payload(program)
    if payload is None:
        raise BadRecord(f"program {program.hex()[:32]} is no side record")
    kind, body = payload[4], payload[5:]
    check_size(kind, payload)
    read = _READERS.get(kind)
    if read is None:
        return OtherRecord(kind, body)
    reader = Reader(body, f"record of kind {kind:02x}")
    record = read(reader)
    reader.expect_end()
    if record.body() != body:
        raise BadRecord(f"{reader.what} is not written in its shortest form")
    return record


def _read_withdrawal(reader: Reader) -> Withdrawal:
    record = Withdrawal(reader.hash(), reader.varstr())
    if not is_recipient(record.recipient):
        raise BadRecord(
            f"nobody can be paid at {record.recipient.hex()[:32] or 'nothing'}",
            hint="The recipient's program is P2WPKH or P2WSH.",
        )
    return record


def is_recipient(program: bytes) -> bool:
    """Is it exactly P2WPKH (22 bytes) or P2WSH (34 bytes)? Claims ask this, too."""
    shape = len(program), program[:2]
    return shape in ((22, b"\x00\x14"), (34, b"\x00\x20"))


def _read_completed(reader: Reader) -> WithdrawalCompleted:
    return WithdrawalCompleted(reader.hash(), reader.varstr(), reader.varstr())


def _read_definition(reader: Reader) -> Definition:
    vm_version = reader.varint63()
    return Definition(reader.varstr(), reader.varstr(), vm_version)


def _read_intent(reader: Reader) -> PayoutIntent:
    return PayoutIntent(reader.hash(), reader.hash(), reader.hash())


def _read_swap(reader: Reader) -> SwapRecord:
    record = SwapRecord(
        reader.varint63(),
        _read_text(reader),
        _read_text(reader),
        reader.varint63(),
        _read_validators(reader),
        reader.varstr(),
        reader.varlist(),
    )
    read_params(record.params)
    return record


def _read_cancelled(reader: Reader) -> SwapCancelled:
    return SwapCancelled(
        reader.varint63(), reader.hash(), reader.varstr(), reader.varlist()
    )


def _read_text(reader: Reader) -> str:
    data = reader.varstr()
    if not data.isascii():
        raise BadRecord(f"{reader.what}: names and parameters are ASCII")
    return data.decode("ascii")


def _read_validators(reader: Reader) -> tuple[Validator, ...]:
    pairs = [(reader.hash(), reader.varint63()) for _ in range(reader.varint31())]
    return tuple([Validator(key.hex()[:8], key, weight) for key, weight in pairs])


_READERS: dict[int, Callable[[Reader], Record]] = {
    Withdrawal.kind: _read_withdrawal,
    WithdrawalCompleted.kind: _read_completed,
    Definition.kind: _read_definition,
    PayoutIntent.kind: _read_intent,
    SwapRecord.kind: _read_swap,
    SwapCancelled.kind: _read_cancelled,
    BlsKey.kind: read_bls_key,
    AnchorReset.kind: read_anchor_reset,
    Register.kind: read_register,
    Approve.kind: read_approve,
    WithdrawApproval.kind: read_withdraw_approval,
    Leave.kind: read_leave,
    Evidence.kind: read_evidence,
    Handover.kind: read_handover,
}
