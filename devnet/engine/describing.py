"""
Objects of the protocol as plain facts, for people and for JSON: every field, the raw
bytes in hex, programs in words, names where the world knows them.

Pure functions. An amount is an int of smallest units and stands beside the name of its
asset; hashes are hex.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from devnet.engine.bc import fingerprint
from devnet.engine.bc.block import BlockHeader
from devnet.engine.bc.difficulty import work_of_bits
from devnet.engine.bc.entries import record_payload
from devnet.engine.bc.merkleblock import MerkleBlock
from devnet.engine.bc.opcodes import CHECKMULTISIG
from devnet.engine.bc.programs import (
    disassemble,
    expand_program,
    is_p2wpkh,
    is_p2wsh,
    is_unspendable,
    issuance_limit_height,
    number_of,
    parse_program,
)
from devnet.engine.bc.records import parse_record, record_kind
from devnet.engine.bc.sideblock import SideHeader
from devnet.engine.bc.stakes import stake_of
from devnet.engine.bc.transaction import (
    BTM,
    Claim,
    Coinbase,
    Input,
    Issuance,
    Spend,
    Transaction,
)
from devnet.engine.codec import FormError, address_of_program
from devnet.engine.errors import CodecError

Facts = dict[str, Any]
N_SHORT = 8


@dataclass(frozen=True)
class Names:
    """
    What the world calls things.

    Args:
        assets: names by asset id.
        owners: accounts and others by program.
        hrp: address prefix of the network.
    """

    assets: dict[bytes, str] = field(default_factory=dict)
    owners: dict[bytes, str] = field(default_factory=dict)
    hrp: str = "sm"

    def asset(self, asset: bytes) -> str:
        """The asset's name, or the first digits of its id."""
        if asset == BTM:
            return "BTM"
        return self.assets.get(asset) or asset.hex()[:N_SHORT]


NOBODY = Names()


# Programs.


def program_facts(program: bytes, names: Names = NOBODY) -> Facts:
    """A program: its kind, its words, whom it pays, what it carries."""
    facts: Facts = {"kind": program_kind(program), "program": program.hex()}
    try:
        facts["words"] = disassemble(program)
    except FormError as error:
        facts["words"] = None
        facts["error"] = error.code
    shape = len(program), program[:2]
    if shape in ((22, b"\x00\x14"), (34, b"\x00\x20")):
        facts["address"] = address_of_program(program, names.hrp)
        facts["runs"] = disassemble(expand_program(program))
    if program in names.owners:
        facts["owner"] = names.owners[program]
    return facts | _carried(program)


def _carried(program: bytes) -> Facts:
    """What a program says besides who may spend."""
    found: Facts = {}
    several = multisig_of(program)
    if several is not None:
        keys, quorum = several
        found["keys"] = [key.hex() for key in keys]
        found["quorum"] = quorum
    stake = stake_of(program)
    if stake is not None:
        found["validator"] = stake.key.hex()
        found["owner_hash"] = stake.owner_hash.hex()
    limit = issuance_limit_height(program)
    if limit:
        found["limit_height"] = limit
    told = fingerprint.in_program(program)
    if told is not None:
        found["fingerprint"] = told.digest.hex()
    if record_payload(program) is not None:
        found["record"] = record_facts(program)
    elif is_unspendable(program):
        found |= _note(program)
    return found


def program_kind(program: bytes) -> str:
    """What a program is, in a word or two."""
    if record_payload(program) is not None:
        return "side record"
    if is_unspendable(program):
        return "retirement"
    if is_p2wpkh(program):
        return "P2WPKH" if program[0] == 0 else "P2WPKH shape, spendable by anybody"
    if is_p2wsh(program):
        return "P2WSH" if program[0] == 0 else "P2WSH shape, spendable by anybody"
    if program == b"\x51":
        return "TRUE, spendable by anybody"
    if fingerprint.in_program(program) is not None:
        return "fingerprint"
    if multisig_of(program) is not None:
        return "multisig"
    stake = stake_of(program)
    if stake is not None:
        return f"{stake.kind} for a validator"
    try:
        parse_program(program)
    except FormError:
        return "does not parse"
    return "empty" if not program else "contract"


def multisig_of(program: bytes) -> tuple[tuple[bytes, ...], int] | None:
    """Keys and quorum of a multisig program, a height limit before it or not."""
    try:
        parts = parse_program(program)
        if parts and parts[-1].opcode == CHECKMULTISIG and len(parts) >= 4:
            pushes = [one for one in parts if len(one.data) == 32 and one.is_push]
            quorum, n_keys = (number_of(one.data) for one in parts[-3:-1])
            if n_keys == len(pushes) >= quorum >= 1:
                return tuple(one.data for one in pushes), quorum
    except FormError:
        pass
    return None


def _note(program: bytes) -> Facts:
    """The note behind a retirement, with what it is worth as a proof."""
    try:
        data = b"".join(one.data for one in parse_program(program[1:]) if one.is_push)
    except FormError:
        data = program[1:]
    if not data:
        return {}
    return {
        "note": data.decode("utf-8", "replace"),
        "note_hex": data.hex(),
        "committed": False,
    }


def record_facts(program: bytes) -> Facts:
    """A side record: its kind, and the fields of its body."""
    kind = record_kind(program)
    facts: Facts = {"record_kind": None if kind is None else f"{kind:02x}"}
    try:
        record = parse_record(program)
    except CodecError as error:
        return {**facts, "error": error.code, "reason": error.message}
    facts["record"] = type(record).__name__
    for name, value in vars(record).items():
        facts[name] = _plain(value)
    return facts


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "key") and hasattr(value, "weight"):
        return {"key": value.key.hex(), "weight": value.weight}
    return value


# Transactions.


def transaction_facts(tx: Transaction, names: Names = NOBODY) -> Facts:
    """A transaction: ids, inputs, outputs, raw bytes."""
    facts: Facts = {
        "tx": tx.id.hex(),
        "version": tx.version,
        "time_range": tx.time_range,
        "size": tx.size,
        "mux": tx.mux_id.hex(),
        "inputs": [input_facts(tx, at, names) for at in range(len(tx.inputs))],
        "outputs": [output_facts(tx, at, names) for at in range(len(tx.outputs))],
    }
    fee = fee_of(tx)
    if fee is not None:
        facts["fee"] = {"amount": fee, "asset": "BTM"}
    facts["raw"] = tx.raw.hex()
    return facts


def fee_of(tx: Transaction) -> int | None:
    """What its BTM inputs bring more than its outputs pay; None for new money."""
    if any(isinstance(given, Coinbase | Claim) for given in tx.inputs):
        return None
    came = sum(one.amount for one in map(_value, tx.inputs) if one.asset == BTM)
    return came - sum(output.amount for output in tx.outputs if output.asset == BTM)


def _value(given: Input) -> Issuance | Spend:
    assert isinstance(given, Issuance | Spend), "new money was asked for before"
    return given


def input_facts(tx: Transaction, index: int, names: Names = NOBODY) -> Facts:
    """One input."""
    given = tx.inputs[index]
    facts: Facts = {"index": index, "kind": type(given).__name__.lower()}
    facts["entry"] = tx.input_ids[index].hex()
    if not isinstance(given, Coinbase):
        facts |= _amount(given.amount, given.asset, names)
    match given:
        case Coinbase():
            facts["arbitrary"] = given.arbitrary.hex()
            facts["text"] = given.arbitrary.decode("utf-8", "replace")
            return facts
        case Spend():
            facts["spends"] = given.spent_output_id.hex()
            facts["source"] = given.source_id.hex()
            facts["position"] = given.source_position
        case Issuance():
            facts["nonce"] = given.nonce.hex()
            facts["definition"] = given.definition.decode("utf-8", "replace")
            facts["definition_hex"] = given.definition.hex()
        case Claim():
            return facts | claim_facts(given, names)
    facts["sig_hash"] = tx.sig_hash(index).hex()
    facts["locked_by"] = program_facts(given.program, names)
    facts["arguments"] = [argument.hex() for argument in given.arguments]
    return facts


def claim_facts(claim: Claim, names: Names = NOBODY) -> Facts:
    """The fields of a Claim, its proof as bytes and as far as they can be read."""
    return {
        "lock": claim.mainchain_output_id.hex(),
        "source": claim.source_id.hex(),
        "position": claim.source_position,
        "lock_program": program_facts(claim.program, names),
        "parent": claim.parent_id.hex(),
        "claim_script": program_facts(claim.claim_script, names),
        "raw_transaction": claim.raw_transaction.hex(),
        "merkle_block": claim.merkle_block.hex(),
        "collector_auth": claim.collector_auth.hex(),
    }


def output_facts(tx: Transaction, index: int, names: Names = NOBODY) -> Facts:
    """One output."""
    output = tx.outputs[index]
    kind = "output"
    if is_unspendable(output.program):
        is_record = tx.side and record_payload(output.program) is not None
        kind = "record" if is_record else "retirement"
    return {
        "index": index,
        "kind": kind,
        "id": tx.result_ids[index].hex(),
        **_amount(output.amount, output.asset, names),
        "locked_by": program_facts(output.program, names),
    }


def _amount(amount: int, asset: bytes, names: Names) -> Facts:
    return {"amount": amount, "asset": names.asset(asset), "asset_id": asset.hex()}


# Blocks.


def utc(timestamp_s: int) -> str:
    """Seconds since 1970 as people write them."""
    try:
        return datetime.fromtimestamp(timestamp_s, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return "out of any calendar"


def header_facts(header: BlockHeader) -> Facts:
    """A mainchain header."""
    return {
        "hash": header.hash.hex(),
        "version": header.version,
        "height": header.height,
        "previous": header.previous.hex(),
        "timestamp": header.timestamp,
        "time": utc(header.timestamp),
        "tx_root": header.tx_root.hex(),
        "status_root": header.status_root.hex(),
        "nonce": header.nonce,
        "bits": f"{header.bits:016x}",
        "expected_tries": _safe(lambda: work_of_bits(header.bits)),
        "header": header.raw.hex(),
    }


def _safe(read: Callable[[], int]) -> int | None:
    """A number, or None where the fields make no sense."""
    try:
        return read()
    except (ArithmeticError, ValueError, CodecError):
        return None


def side_header_facts(header: SideHeader) -> Facts:
    """A sidechain header."""
    return {
        "hash": header.hash.hex(),
        "version": header.version,
        "height": header.height,
        "previous": header.previous.hex(),
        "timestamp_ms": header.timestamp_ms,
        "time": utc(header.timestamp_ms // 1000),
        "tx_root": header.tx_root.hex(),
        "status_root": header.status_root.hex(),
        "epoch": header.epoch,
        "rule": header.engine,
        "rules_hash": header.rules_hash.hex(),
        "round": header.round,
        "justify": {"height": header.justify.height, "hash": header.justify.hash.hex()},
        "anchor": {"height": header.anchor.height, "hash": header.anchor.hash.hex()},
        "engine_data": header.engine_data.hex(),
        "signature": header.signature.hex(),
        "certificate": {
            "bitmap": header.certificate.bitmap.hex(),
            "signatures": [one.hex() for one in header.certificate.signatures],
        },
        "nonce": header.nonce,
        "bits": f"{header.bits:016x}",
        "header": header.raw.hex(),
    }


def merkle_block_facts(block: MerkleBlock) -> Facts:
    """A Merkle block: its header and the walk."""
    return {
        "header": header_facts(block.header),
        "flags": list(block.flags),
        "tx_hashes": [one.hex() for one in block.tx_hashes],
        "status_hashes": [one.hex() for one in block.status_hashes],
    }
