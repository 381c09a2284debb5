"""
The one form of all side records: `FAIL` and one push of `BSR1`, a kind byte, a body.

What the kinds say stands in records.py.
"""

from __future__ import annotations

from typing import ClassVar

from devnet.engine.bc.entries import RECORD_MAGIC, record_payload
from devnet.engine.bc.pushes import push
from devnet.engine.codec import FormError

MAX_PAYLOAD_BYTES = 4096
MAX_COMPLETION_BYTES = 65535
"""The longest push that a record may have (PUSHDATA2)."""
LONG_KINDS = (0x02, 0x40)
"""Completions and evidence: what they prove by may be a whole transaction or block."""


class BadRecord(FormError):
    """A program is no side record, or its body is not that of its kind."""

    code = "codec.bad-record"
    kind = "bad_record"


class BaseRecord:
    """What all records share."""

    kind: ClassVar[int]

    def body(self) -> bytes:
        """The bytes after the kind."""
        raise NotImplementedError

    @property
    def program(self) -> bytes:
        """The control program of the record's output."""
        return record_program(self.kind, self.body())


def record_program(kind: int, body: bytes) -> bytes:
    """
    The program of a record.

    Raises:
        BadRecord: the body is longer than a record of this kind may be.
    """
    payload = RECORD_MAGIC + bytes((kind,)) + body
    check_size(kind, payload)
    return b"\x6a" + push(payload)


def record_kind(program: bytes) -> int | None:
    """The kind byte of a side record, or None: it is another program."""
    payload = record_payload(program)
    return None if payload is None else payload[4]


def check_size(kind: int, payload: bytes) -> None:
    """Raise BadRecord when a record of this kind may not be so long."""
    most = MAX_COMPLETION_BYTES if kind in LONG_KINDS else MAX_PAYLOAD_BYTES
    if len(payload) > most:
        raise BadRecord(f"a record of {len(payload)} bytes, {most} are allowed")
