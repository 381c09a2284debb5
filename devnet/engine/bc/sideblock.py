"""
Sidechain blocks: Bytom's outer shape, with consensus fields behind the two roots.

The fields stand where Bytom's reader finds a suffix, which it skips, so it can read our
headers. They are under the block hash; the witness (the proposer's signature, the
certificate) is not: signatures are added without changing the block.

Source: protocol page "claim", section 7; "consensus", section 1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from devnet.engine.bc.transaction import Transaction, read_transaction
from devnet.engine.codec import (
    FormError,
    Reader,
    entry_id,
    sha3,
    u64,
    varint,
    varlist,
    varstr,
)
from devnet.engine.interfaces import Certificate, Checkpoint, Header, Validator
from devnet.engine.once import once

HEADER_ALONE, FULL_BLOCK = 1, 3
MAX_COMMITMENT_BYTES = 512
MAX_WITNESS_BYTES = 65536

NO_CERTIFICATE = Certificate()


class BadSideForm(FormError):
    """The bytes are no sidechain header or block in the one form that they may have."""

    code = "codec.side-block"
    kind = "side_block"


@dataclass(frozen=True)
class SideHeader:
    """
    A sidechain block's header. Times are milliseconds since 1970.

    justify: newest certified ancestor that the proposer knew; `certificate` is for it.
    anchor: the settled mainchain block against which the block's claims are judged.
    engine_data: the engine's own bytes, under the hash.
    nonce, bits: 0 unless the engine uses proof of work.
    """

    version: int
    height: int
    previous: bytes
    timestamp_ms: int
    tx_root: bytes
    status_root: bytes
    epoch: int
    engine: str
    rules_hash: bytes
    round: int
    justify: Checkpoint
    anchor: Checkpoint
    engine_data: bytes = b""
    signature: bytes = b""
    certificate: Certificate = NO_CERTIFICATE
    nonce: int = 0
    bits: int = 0

    @property
    def commitment(self) -> bytes:
        """The consensus fields that the hash commits to."""
        return b"".join(
            (
                varint(self.epoch),
                varstr(self.engine.encode()),
                self.rules_hash,
                varint(self.round),
                _write_checkpoint(self.justify),
                _write_checkpoint(self.anchor),
                varstr(self.engine_data),
            )
        )

    @property
    def witness(self) -> bytes:
        """Signature and certificate, empty when there is neither. Not in the hash."""
        if not self.signature and self.certificate == NO_CERTIFICATE:
            return b""
        return b"".join(
            (
                varstr(self.signature),
                varstr(self.certificate.bitmap),
                varlist(self.certificate.signatures),
            )
        )

    @property
    def raw(self) -> bytes:
        """The header alone."""
        return bytes((HEADER_ALONE,)) + self.fields()

    @once
    def hash(self) -> bytes:
        """The block hash. Its type string keeps it apart from a mainchain block's."""
        return entry_id(
            "sideblockheader1",
            b"".join(
                (
                    u64(self.version),
                    u64(self.height),
                    self.previous,
                    u64(self.timestamp_ms),
                    self.tx_root,
                    self.status_root,
                    u64(self.bits),
                    u64(self.nonce),
                    varstr(self.commitment),
                )
            ),
        )

    def fields(self) -> bytes:
        """All fields as they stand after the first byte."""
        roots = self.tx_root + self.status_root
        return b"".join(
            (
                varint(self.version),
                varint(self.height),
                self.previous,
                varint(self.timestamp_ms),
                varstr(roots + varstr(self.commitment) + varstr(self.witness)),
                varint(self.nonce),
                varint(self.bits),
            )
        )


@dataclass(frozen=True)
class SideBlock:
    """A header and its transactions, the coinbase first."""

    header: SideHeader
    transactions: tuple[Transaction, ...]
    received: bytes | None = field(default=None, compare=False, repr=False)

    @property
    def raw(self) -> bytes:
        """The bytes as received, or the shortest form when made here."""
        if self.received is not None:
            return self.received
        return b"".join(
            (
                bytes((FULL_BLOCK,)),
                self.header.fields(),
                varint(len(self.transactions)),
                *(transaction.raw for transaction in self.transactions),
            )
        )

    @property
    def hash(self) -> bytes:
        """The hash of the header."""
        return self.header.hash


def parse_side_header(raw: bytes) -> SideHeader:
    """
    The header that these bytes are.

    Raises:
        FormError: they are something else, or not in the form that writing gives.
    """
    reader = Reader(raw, "sidechain header")
    header = _read_header(reader, HEADER_ALONE)
    reader.expect_end()
    if header.raw != raw:
        raise BadSideForm("the sidechain header is not written in its shortest form")
    return header


def parse_side_block(raw: bytes) -> SideBlock:
    """The full block that these bytes are. FormError otherwise."""
    reader = Reader(raw, "sidechain block")
    header = _read_header(reader, FULL_BLOCK)
    if raw[1 : reader.position] != header.fields():
        raise BadSideForm("the sidechain header is not written in its shortest form")
    n_transactions = reader.varint31()
    transactions = tuple(
        [read_transaction(reader, side=True) for _ in range(n_transactions)]
    )
    reader.expect_end()
    return SideBlock(header, transactions, raw)


def view(header: SideHeader) -> Header:
    """What a consensus engine may know of the block."""
    return Header(
        hash=header.hash,
        height=header.height,
        previous=header.previous,
        time_ms=header.timestamp_ms,
        epoch=header.epoch,
        engine=header.engine,
        round=header.round,
        justify=header.justify,
        engine_data=header.engine_data,
        signature=header.signature,
        certificate=header.certificate,
        nonce=header.nonce,
        bits=header.bits,
    )


def rules_hash(
    engine: str, params: Mapping[str, int], validators: Sequence[Validator]
) -> bytes:
    """
    The fingerprint of an epoch's rules: engine, parameters, who decides, and with which
    keys where votes are merged.
    """
    return sha3(
        b"".join(
            (
                b"bystack-rules-1",
                varstr(engine.encode()),
                varstr(params_text(params).encode()),
                write_validators(validators),
                *(validator.bls_key for validator in validators),
            )
        )
    )


def params_text(params: Mapping[str, int]) -> str:
    """Parameters as canonical JSON: keys sorted, no spaces."""
    return json.dumps(dict(params), sort_keys=True, separators=(",", ":"))


def read_params(text: str) -> dict[str, int]:
    """
    The parameters of a canonical text.

    Raises:
        BadSideForm: it is not the canonical JSON of an object of whole numbers.
    """
    try:
        params = json.loads(text)
        numbers = all(type(value) is int for value in params.values())
        good = numbers and params_text(params) == text
    except (ValueError, AttributeError, RecursionError):
        good = False
    if not good:
        raise BadSideForm(f"{text[:60]!r} are no parameters in canonical JSON")
    return dict(params)


def write_validators(validators: Sequence[Validator]) -> bytes:
    """Count, then key and weight of each. Names are not on the wire."""
    pairs = [validator.key + varint(validator.weight) for validator in validators]
    return varint(len(pairs)) + b"".join(pairs)


# What validators sign. Never a bare hash: each message says what it is, on which chain.


def vote_message(chain_id: bytes, block_hash: bytes) -> bytes:
    """A vote for a block."""
    return b"bystack-vote-1" + chain_id + block_hash


def phase_message(
    chain_id: bytes, phase: str, epoch: int, view: int, block_hash: bytes
) -> bytes:
    """A vote in one of several phases of a view, "prepare" or "commit"."""
    numbers = varint(epoch) + varint(view)
    return f"bystack-{phase}-1".encode() + chain_id + numbers + block_hash


def proposal_message(chain_id: bytes, block_hash: bytes) -> bytes:
    """A proposer's signature under its own block."""
    return b"bystack-prop-1" + chain_id + block_hash


def swap_message(chain_id: bytes, body_without_approvals: bytes) -> bytes:
    """An approval of a consensus swap, or of its cancellation."""
    return b"bystack-swap-1" + chain_id + sha3(body_without_approvals)


def view_message(
    chain_id: bytes, epoch: int, round_number: int, justify_hash: bytes
) -> bytes:
    """A change of view."""
    numbers = varint(epoch) + varint(round_number)
    return b"bystack-view-1" + chain_id + numbers + justify_hash


def _write_checkpoint(checkpoint: Checkpoint) -> bytes:
    return varint(checkpoint.height) + checkpoint.hash


def _read_checkpoint(reader: Reader) -> Checkpoint:
    return Checkpoint(reader.varint63(), reader.hash())


def _read_header(reader: Reader, first_byte: int) -> SideHeader:
    found = reader.byte()
    if found != first_byte:
        raise BadSideForm(f"{reader.what}: begins with byte {found:02x}", value=found)
    version, height = reader.varint63(), reader.varint63()
    previous, timestamp_ms = reader.hash(), reader.varint63()
    roots = Reader(reader.varstr(), "sidechain roots")
    tx_root, status_root = roots.hash(), roots.hash()
    commitment, witness = roots.varstr(), roots.varstr()
    roots.expect_end()
    nonce, bits = reader.varint63(), reader.varint63()
    signature, certificate = _read_witness(witness)
    if len(commitment) > MAX_COMMITMENT_BYTES:
        raise BadSideForm(f"a consensus commitment of {len(commitment)} bytes")
    fields = Reader(commitment, "consensus commitment")
    header = SideHeader(
        version, height, previous, timestamp_ms, tx_root, status_root,
        epoch=fields.varint63(),
        engine=_read_name(fields),
        rules_hash=fields.hash(),
        round=fields.varint63(),
        justify=_read_checkpoint(fields),
        anchor=_read_checkpoint(fields),
        engine_data=fields.varstr(),
        signature=signature,
        certificate=certificate,
        nonce=nonce,
        bits=bits,
    )  # fmt: skip
    fields.expect_end()
    return header


def _read_name(reader: Reader) -> str:
    name = reader.varstr()
    if not name.isascii():
        raise BadSideForm(f"{reader.what}: an engine's name is ASCII, not {name!r}")
    return name.decode("ascii")


def _read_witness(witness: bytes) -> tuple[bytes, Certificate]:
    if len(witness) > MAX_WITNESS_BYTES:
        raise BadSideForm(f"a consensus witness of {len(witness)} bytes")
    if not witness:
        return b"", NO_CERTIFICATE
    reader = Reader(witness, "consensus witness")
    signature, bitmap = reader.varstr(), reader.varstr()
    signatures = reader.varlist()
    reader.expect_end()
    return signature, Certificate(bitmap, signatures)
