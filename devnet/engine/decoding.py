"""
What are these bytes? Every reading that fits, the surest first.

Short bytes can be many things: 32 of them may be a hash, a key or a program. So the
answer is a list, and says of each reading what it is and why it may be another thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devnet.engine import describing
from devnet.engine.bc.block import parse_block, parse_header
from devnet.engine.bc.definition import BadDefinition, canonical_definition_of_text
from devnet.engine.bc.merkleblock import parse_merkle_block
from devnet.engine.bc.opcodes import parse_program
from devnet.engine.bc.records import parse_record
from devnet.engine.bc.sideblock import parse_side_block, parse_side_header
from devnet.engine.bc.transaction import Claim, Transaction, parse_transaction
from devnet.engine.codec import (
    NETWORK_HRP,
    FormError,
    decode_address,
    from_hex,
    varstr,
)
from devnet.engine.describing import NOBODY, Facts, Names
from devnet.engine.errors import CodecError

MOST_BYTES = 4 * 1024 * 1024
N_MISSES_SHOWN = 3


class UnknownObject(FormError):
    """The bytes are nothing that the protocol knows."""

    code = "codec.unknown-object"
    kind = "unknown_object"


class TooLong(FormError):
    """More bytes than any object of the protocol has."""

    code = "codec.too-long"
    kind = "too_long"


class NotWritten(FormError):
    """The bytes can be read, but nobody writes them so."""

    code = "codec.not-shortest"
    kind = "not_canonical"


@dataclass(frozen=True, slots=True)
class Reading:
    """
    One thing that the bytes can be.

    Args:
        what: in words.
        facts: its fields.
        certain: False when nearly any bytes of this length would pass.
    """

    what: str
    facts: Facts
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Miss:
    """One thing that they are not, and why."""

    what: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """
    All readings that fit, and those that do not.

    Args:
        nearest: the misses that say most, when no reading is certain.
    """

    n_bytes: int
    readings: tuple[Reading, ...]
    misses: tuple[Miss, ...]
    nearest: tuple[Miss, ...] = ()


def decode(text: str, names: Names = NOBODY) -> Decoded:
    """
    Everything that a text can be: hex of an object, an address, a JSON definition.

    Raises:
        BadHex: neither hex nor an address nor JSON. TooLong.
        UnknownObject: the bytes are no object; `facts["misses"]` says why not.
    """
    text = text.strip()
    if len(text) > 2 * MOST_BYTES:
        raise TooLong(f"{len(text)} letters, {2 * MOST_BYTES} can be looked at")
    if text.startswith("{"):
        return _definition_text(text)
    prefix = text[:3].lower()
    if prefix[2:] == "1" and prefix[:2] in NETWORK_HRP.values():
        return _address(text, prefix[:2], names)
    return decode_bytes(from_hex(text), names)


def decode_bytes(raw: bytes, names: Names = NOBODY) -> Decoded:
    """Everything that these bytes can be. Raises UnknownObject."""
    readings: list[Reading] = []
    misses: list[Miss] = []
    for what, read in _READERS:
        try:
            readings += read(raw, names)
        except CodecError as error:
            misses.append(Miss(what, error.code, error.message))
    nearest = tuple(_likeliest(raw, misses))
    if not readings:
        raise UnknownObject(
            f"{len(raw)} bytes that are nothing the protocol knows",
            hint="; ".join(f"no {one.what}: {one.message}" for one in nearest),
            misses=tuple(misses),
        )
    if any(reading.certain for reading in readings):
        nearest = ()
    return Decoded(len(raw), tuple(readings), tuple(misses), nearest)


def _likeliest(raw: bytes, misses: list[Miss]) -> list[Miss]:
    """The misses that say most: those of objects that begin with this byte."""
    first = raw[:1]
    wanted = {
        b"\x07": ("transaction", "sidechain transaction"),
        b"\x01": ("header", "sidechain header"),
        b"\x03": ("block", "sidechain block"),
    }.get(first, ("program",))
    near = [one for one in misses if one.what in wanted]
    return (near or misses)[:N_MISSES_SHOWN]


# Text.


def _definition_text(text: str) -> Decoded:
    raw = canonical_definition_of_text(text)
    facts: Facts = {"definition": raw.decode(), "canonical": text == raw.decode()}
    facts["raw"] = raw.hex()
    return Decoded(len(raw), (Reading("asset definition", facts),), ())


def _address(text: str, hrp: str, names: Names) -> Decoded:
    witness_hash = decode_address(text, hrp)
    program = b"\x00" + varstr(witness_hash)
    network = next(name for name, known in NETWORK_HRP.items() if known == hrp)
    facts: Facts = {
        "address": text.lower(),
        "network": network,
        "here": hrp == names.hrp,
        "witness_version": 0,
        "hash": witness_hash.hex(),
        **describing.program_facts(program, names),
    }
    return Decoded(len(program), (Reading(f"address of {network}", facts),), ())


# Bytes.


def _transactions(raw: bytes, names: Names) -> list[Reading]:
    """One reading, or two when the dialects give different ids."""
    main = parse_transaction(raw)
    side = parse_transaction(raw, side=True)
    if main.id == side.id:
        facts = describing.transaction_facts(main, names)
        return [Reading("transaction", {**facts, "dialect": "any chain"})]
    return [_of_dialect(main, names), _of_dialect(side, names)]


def _of_dialect(tx: Transaction, names: Names) -> Reading:
    chain = "a sidechain" if tx.side else "the mainchain"
    facts = describing.transaction_facts(tx, names)
    return Reading(f"transaction of {chain}", {**facts, "dialect": chain})


def _side_transaction(raw: bytes, names: Names) -> list[Reading]:
    tx = parse_transaction(raw, side=True)
    if not any(isinstance(given, Claim) for given in tx.inputs):
        return []  # Said above, as a transaction.
    facts = describing.transaction_facts(tx, names)
    return [Reading("Claim of a sidechain", {**facts, "dialect": "a sidechain"})]


def _block(raw: bytes, names: Names) -> list[Reading]:
    block = parse_block(raw)
    facts = describing.header_facts(block.header)
    facts["transactions"] = [tx.id.hex() for tx in block.transactions]
    return [Reading("mainchain block", facts)]


def _header(raw: bytes, names: Names) -> list[Reading]:
    header = parse_header(raw)
    if header.raw != raw:
        raise NotWritten("a header begins here, but something else follows")
    return [Reading("mainchain header", describing.header_facts(header))]


def _side_block(raw: bytes, names: Names) -> list[Reading]:
    block = parse_side_block(raw)
    facts = describing.side_header_facts(block.header)
    facts["transactions"] = [tx.id.hex() for tx in block.transactions]
    return [Reading("sidechain block", facts)]


def _side_header(raw: bytes, names: Names) -> list[Reading]:
    facts = describing.side_header_facts(parse_side_header(raw))
    return [Reading("sidechain header", facts)]


def _merkle_block(raw: bytes, names: Names) -> list[Reading]:
    facts = describing.merkle_block_facts(parse_merkle_block(raw))
    return [Reading("Merkle block", facts)]


def _record(raw: bytes, names: Names) -> list[Reading]:
    parse_record(raw)
    return [Reading("side record", describing.record_facts(raw))]


def _definition(raw: bytes, names: Names) -> list[Reading]:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise BadDefinition("the bytes are no UTF-8 text") from None
    canonical = canonical_definition_of_text(text)
    facts = {"definition": text, "canonical": canonical == raw}
    return [Reading("asset definition", facts)]


def _program(raw: bytes, names: Names) -> list[Reading]:
    parse_program(raw)
    facts = describing.program_facts(raw, names)
    known = facts["kind"] not in ("contract", "empty")
    return [Reading("program", facts, certain=known)]


def _of_length(raw: bytes, names: Names) -> list[Reading]:
    found = _LENGTHS.get(len(raw))
    if found is None:
        raise UnknownObject(f"no key, hash or signature has {len(raw)} bytes")
    return [Reading(found, {"bytes": raw.hex()}, certain=False)]


_LENGTHS = {
    20: "hash of a public key",
    32: "hash, id, asset id or public key",
    64: "signature, or extended key",
}

_READERS: tuple[tuple[str, Callable[[bytes, Names], list[Reading]]], ...] = (
    ("transaction", _transactions),
    ("sidechain transaction", _side_transaction),
    ("block", _block),
    ("header", _header),
    ("sidechain block", _side_block),
    ("sidechain header", _side_header),
    ("Merkle block", _merkle_block),
    ("side record", _record),
    ("asset definition", _definition),
    ("program", _program),
    ("key or hash", _of_length),
)
"""In the order in which readings are told: what checks itself most comes first."""
