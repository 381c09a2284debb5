"""
Mainchain blocks: the header, its hash, and the block around it.

Two orders that surprise: on the wire the nonce comes before bits, in the hash after
them; the two roots stand in an extensible string between timestamp and nonce. The
timestamp counts seconds, not milliseconds.

Source: Bytom/bytom v1.1.0, protocol/bc/types/{block,block_header,block_commitment}.go,
protocol/bc/blockheader.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from devnet.engine.bc.transaction import Transaction, read_transaction
from devnet.engine.codec import FormError, Reader, entry_id, u64, varint, varstr
from devnet.engine.once import once

HEADER_ALONE, FULL_BLOCK = 1, 3


class BadHeaderFlags(FormError):
    """The first byte announces neither a header nor a full block."""

    code = "codec.bad-header-flags"
    kind = "bad_serflags"


@dataclass(frozen=True)
class BlockHeader:
    """
    All that the block hash commits to. `timestamp` is in seconds since 1970; `tx_root`
    and `status_root` are the roots of merkle.py. Numbers have 64 bits in the hash but
    63 on the wire, so a miner must stay below 2**63.
    """

    version: int
    height: int
    previous: bytes
    timestamp: int
    tx_root: bytes
    status_root: bytes
    nonce: int
    bits: int

    @property
    def raw(self) -> bytes:
        """The header alone, about 115 bytes. OutOfRange: a number of 2**63 or more."""
        return bytes((HEADER_ALONE,)) + self._fields()

    @once
    def hash(self) -> bytes:
        """The block hash; the child refers to it, and the work is computed from it."""
        return entry_id("blockheader", self.hash_body())

    def hash_body(self) -> bytes:
        """The 136 bytes that are hashed. Only the last 8 change while mining."""
        return b"".join(
            (
                u64(self.version),
                u64(self.height),
                self.previous,
                u64(self.timestamp),
                self.tx_root,
                self.status_root,
                u64(self.bits),
                u64(self.nonce),
            )
        )

    def _fields(self) -> bytes:
        return b"".join(
            (
                varint(self.version),
                varint(self.height),
                self.previous,
                varint(self.timestamp),
                varstr(self.tx_root + self.status_root),
                varint(self.nonce),
                varint(self.bits),
            )
        )


@dataclass(frozen=True)
class Block:
    """A header and its transactions, the coinbase first."""

    header: BlockHeader
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
                self.header._fields(),
                varint(len(self.transactions)),
                *(transaction.raw for transaction in self.transactions),
            )
        )

    @property
    def hash(self) -> bytes:
        """The hash of the header."""
        return self.header.hash


def parse_header(raw: bytes) -> BlockHeader:
    """
    The header at the front of these bytes, which may be a header or a full block.

    Like the reference it takes whatever follows, and a commitment string that goes on
    after the two roots; a rule that guards money compares `raw` with what it was given.
    """
    return _read_header(Reader(bytes(raw), "block header"), (HEADER_ALONE, FULL_BLOCK))


def parse_block(raw: bytes) -> Block:
    """The full block that these bytes are. FormError otherwise."""
    reader = Reader(bytes(raw), "block")
    header = _read_header(reader, (FULL_BLOCK,))
    n_transactions = reader.varint31()
    transactions = tuple([read_transaction(reader) for _ in range(n_transactions)])
    reader.expect_end()
    return Block(header, transactions, reader.data)


def _read_header(reader: Reader, allowed: tuple[int, ...]) -> BlockHeader:
    flags = reader.byte()
    if flags not in allowed:
        raise BadHeaderFlags(
            f"{reader.what}: begins with byte {flags:02x}, wanted "
            f"{' or '.join(f'{flag:02x}' for flag in allowed)}",
            value=flags,
        )
    version, height = reader.varint63(), reader.varint63()
    previous, timestamp = reader.hash(), reader.varint63()
    commitment = Reader(reader.varstr(), "block commitment")
    tx_root, status_root = commitment.hash(), commitment.hash()
    nonce, bits = reader.varint63(), reader.varint63()
    return BlockHeader(
        version, height, previous, timestamp, tx_root, status_root, nonce, bits
    )
