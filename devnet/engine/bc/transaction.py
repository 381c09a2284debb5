"""
Transactions: their wire form, and the ids that follow from it.

A transaction travels in a compact form and is mapped to entries, each with an id; see
entries.py. Two dialects share all but two rules: a sidechain (`side=True`) also knows
the Claim input, and its outputs that are side records commit to their program.

Refused here although Bytom's reader takes them, because its node then crashes: asset
versions other than 1, a coinbase without outputs, more than one coinbase input.

Source: Bytom/bytom v1.1.0, protocol/bc/types/{transaction,map}.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from devnet.engine.bc import entries
from devnet.engine.bc.entries import asset_id, is_side_record, output_id
from devnet.engine.bc.inputs import (
    BTM,
    AssetIdMismatch,
    BadAssetVersion,
    BadInputType,
    BadVmVersion,
    Claim,
    ClaimSuffix,
    Coinbase,
    Input,
    Issuance,
    Output,
    Spend,
    read_input,
    read_output,
    write_input,
    write_output,
)
from devnet.engine.codec import FormError, Reader, sha3, varint
from devnet.engine.once import once

__all__ = [
    "BTM", "AssetIdMismatch", "BadAssetVersion", "BadInputType", "BadSerflags",
    "BadVmVersion", "Claim", "ClaimSuffix", "Coinbase", "Input", "Issuance",
    "LoneCoinbase", "ManyCoinbases", "Output", "Spend", "Transaction", "asset_id",
    "is_side_record", "output_id", "parse_transaction", "read_transaction",
    "serialize", "with_arguments",
]  # fmt: skip

SERFLAGS = 0x07


class BadSerflags(FormError):
    """The first byte says that this is something else."""

    code = "codec.bad-serflags"
    kind = "bad_serflags"


class LoneCoinbase(FormError):
    """A coinbase input in a transaction without outputs: its value is undefined."""

    code = "codec.lone-coinbase"
    kind = "crash"


class ManyCoinbases(FormError):
    """More than one coinbase input in a transaction."""

    code = "codec.many-coinbases"
    kind = "crash"


@dataclass(frozen=True)
class Transaction:
    """
    A transaction and all its ids, each computed once when first asked for.

    `time_range` is the last block height at which it is valid, 0 for no limit.
    `received` holds the bytes as they came; equality does not look at them.
    """

    version: int
    time_range: int
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    side: bool = False
    received: bytes | None = field(default=None, compare=False, repr=False)

    @once
    def raw(self) -> bytes:
        """The bytes as received, or the shortest form when made here."""
        return serialize(self) if self.received is None else self.received

    @property
    def size(self) -> int:
        """Number of raw bytes; storage gas counts these."""
        return len(self.raw)

    @once
    def id(self) -> bytes:
        """The transaction id. No argument of any input is in it."""
        return entries.header_id(self.version, self.time_range, self.result_ids)

    @once
    def mux_id(self) -> bytes:
        """The source id of all outputs."""
        sources = [
            entries.source(entry, asset, amount, 0)
            for entry, (asset, amount) in zip(
                self._entry_ids, map(self.value_of, self.inputs), strict=True
            )
        ]
        return entries.mux_id(sources)

    @once
    def input_ids(self) -> tuple[bytes, ...]:
        """
        The entry id of each input. When inputs share one (the same output spent twice)
        only the last keeps it; the others have 32 zero bytes, as in the reference.
        """
        return entries.last_of_each(self._entry_ids)

    @once
    def result_ids(self) -> tuple[bytes, ...]:
        """The id of each output; that of a retirement or record is never spendable."""
        mux = self.mux_id
        return tuple(
            [self._result_id(mux, index) for index in range(len(self.outputs))]
        )

    @once
    def spent_output_ids(self) -> tuple[bytes | None, ...]:
        """The output that each input consumes; None for inputs that spend nothing."""
        return tuple(
            [
                given.spent_output_id if isinstance(given, Spend) else None
                for given in self.inputs
            ]
        )

    @once
    def keys_taken(self) -> tuple[bytes, ...]:
        """What no second transaction may take: outputs spent and locks claimed."""
        taken: list[bytes] = []
        for spent_id, entry in zip(self.spent_output_ids, self.inputs, strict=True):
            if spent_id is not None:
                taken.append(spent_id)
            elif isinstance(entry, Claim):
                taken.append(entry.mainchain_output_id)
        return tuple(taken)

    def sig_hash(self, index: int) -> bytes:
        """What the arguments of input `index` sign, 32 bytes."""
        return sha3(self.input_ids[index] + self.id)

    def value_of(self, given: Input) -> tuple[bytes, int]:
        """The asset and amount that one of the inputs brings. A coinbase: output 0."""
        if isinstance(given, Coinbase):
            _check_coinbase(self)
            return self.outputs[0].asset, self.outputs[0].amount
        return given.asset, given.amount

    @once
    def _entry_ids(self) -> tuple[bytes, ...]:
        return tuple(
            [
                _entry_id(given, spent)
                for given, spent in zip(self.inputs, self.spent_output_ids, strict=True)
            ]
        )

    def _result_id(self, mux: bytes, index: int) -> bytes:
        output = self.outputs[index]
        asset, amount, program = output.asset, output.amount, output.program
        if program[:1] != entries.FAIL:
            return output_id(mux, asset, amount, index, output.vm_version, program)
        if self.side and is_side_record(program):
            return entries.side_record_id(
                mux, asset, amount, index, output.vm_version, program
            )
        return entries.retirement_id(mux, asset, amount, index)


def _entry_id(given: Input, spent_output_id: bytes | None) -> bytes:
    if spent_output_id is not None:
        return entries.spend_id(spent_output_id)
    match given:
        case Issuance():
            return entries.issuance_id(given.nonce, given.asset, given.amount)
        case Coinbase():
            return entries.coinbase_id(given.arbitrary)
        case Claim():
            return entries.claim_id(
                given.mainchain_output_id, given.parent_id, given.claim_script
            )
        case Spend():
            return entries.spend_id(given.spent_output_id)


def with_arguments(
    transaction: Transaction, index: int, arguments: tuple[bytes, ...]
) -> Transaction:
    """
    The transaction with other arguments for input `index`, an issuance or a spend. Its
    ids are the same; its bytes are those of the shortest form.
    """
    inputs = list(transaction.inputs)
    given = inputs[index]
    if not isinstance(given, Issuance | Spend):
        raise TypeError(f"input {index} is a {type(given).__name__}: it runs nothing")
    inputs[index] = replace(given, arguments=tuple(arguments))
    return replace(transaction, inputs=tuple(inputs), received=None)


def serialize(transaction: Transaction) -> bytes:
    """The shortest form: minimal numbers, no suffixes, whatever was received."""
    return b"".join(
        (
            b"\x07",
            varint(transaction.version),
            varint(transaction.time_range),
            varint(len(transaction.inputs)),
            *map(write_input, transaction.inputs),
            varint(len(transaction.outputs)),
            *map(write_output, transaction.outputs),
        )
    )


def parse_transaction(raw: bytes, side: bool = False) -> Transaction:
    """
    The transaction that these bytes are.

    Args:
        raw: all of them; nothing may follow.
        side: read in the sidechain dialect, where Claims are allowed.

    Raises:
        FormError: they are not a transaction; `facts["kind"]` says why.
    """
    reader = Reader(bytes(raw))
    transaction = read_transaction(reader, side)
    reader.expect_end()
    return transaction


def read_transaction(reader: Reader, side: bool = False) -> Transaction:
    """One transaction from the front, as it stands in a block."""
    start = reader.position
    flags = reader.byte()
    if flags != SERFLAGS:
        raise BadSerflags(
            f"a transaction begins with byte 07, this with {flags:02x}", value=flags
        )
    version, time_range = reader.varint63(), reader.varint63()
    inputs = tuple([read_input(reader, side) for _ in range(reader.varint31())])
    outputs = tuple([read_output(reader) for _ in range(reader.varint31())])
    received = reader.data[start : reader.position]
    transaction = Transaction(version, time_range, inputs, outputs, side, received)
    if any(isinstance(given, Coinbase) for given in inputs):
        _check_coinbase(transaction)
    return transaction


def _check_coinbase(transaction: Transaction) -> None:
    if not transaction.outputs:
        raise LoneCoinbase("a coinbase input brings the value of output 0; none is")
    n_coinbases = sum(isinstance(given, Coinbase) for given in transaction.inputs)
    if n_coinbases > 1:
        raise ManyCoinbases(
            f"{n_coinbases} coinbase inputs, at most one is allowed", n=n_coinbases
        )
