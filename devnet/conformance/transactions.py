"""transactions.json: raw transactions, their ids, verdicts, and unspent outputs."""

from __future__ import annotations

from collections.abc import Mapping

from devnet.conformance.coins import utxo_case
from devnet.conformance.fields import Case
from devnet.conformance.sections import Family, Opened, Section, each, marks
from devnet.engine.bc.transaction import (
    Coinbase,
    Input,
    Issuance,
    Spend,
    Transaction,
    parse_transaction,
    serialize,
)
from devnet.engine.chain.mempool import is_dust
from devnet.engine.codec import Reader, from_hex, sha3
from devnet.engine.errors import CodecError
from devnet.engine.rules.transaction import RULE_AA_HEIGHT, validate_transaction

ASSET_VERSION = "bad_asset_version"
"""
Our own class of refusal. The reference reads an asset version that it does not know,
and then meets another error, or crashes.
"""

QUIRK = "reference_quirk"
GROUPS = {"valid": "valid", "gas_only": "status_fail", "invalid": "invalid"}

READ_FIELDS = (
    "size", "version", "time_range", "tx_id", "mux_id", "inputs", "outputs", "dust",
    "reserialized",
)  # fmt: skip


def _transaction(case: Case) -> None:
    """Read it, compare what it says, judge it."""
    raw, wanted = case.text("raw"), case.any("parse_error")
    try:
        tx = parse_transaction(from_hex(raw))
    except CodecError as refusal:
        _refused(case, str(refusal.facts.get("kind")), wanted)
        return
    case.same("parse_error", wanted, None)
    if wanted is not None:
        case.ignore(*case.names())
        return
    _compare(case, tx)
    _compare_written(case, tx, from_hex(raw))
    case.expect("dust", is_dust(tx))
    _judge(case, tx)


def _refused(case: Case, kind: str, wanted: object) -> None:
    """We did not read it. Was that right, and is it what happens to the reference?"""
    case.ignore("context")
    _compare_group(case, "malformed")
    if wanted is None:
        verdict = case.inside("validation")
        status = verdict.any("status")
        verdict.ignore("error", "error_any_of", "reference_panic")
        case.ignore(*READ_FIELDS)
        if kind != ASSET_VERSION or status not in ("crash", "invalid"):
            case.same("parse_error", None, kind)
        case.remark(
            "asset versions other than 1 are refused here while reading; the reference "
            "reads on, and crashes or refuses later"
        )
    elif wanted == "crash":
        case.remark("what makes the reference crash is refused here while reading")
    elif kind != ASSET_VERSION:
        case.same("parse_error", wanted, kind)


# What it says.


def _compare(case: Case, tx: Transaction) -> None:
    case.expect("size", tx.size)
    case.expect("version", tx.version)
    case.expect("time_range", tx.time_range)
    case.expect("tx_id", tx.id)
    case.expect("mux_id", tx.mux_id)
    inputs, outputs = case.each("inputs"), case.each("outputs")
    case.same("number of inputs", len(inputs), len(tx.inputs))
    case.same("number of outputs", len(outputs), len(tx.outputs))
    for index, wanted in enumerate(inputs[: len(tx.inputs)]):
        _compare_input(wanted, tx, index)
    for index, wanted in enumerate(outputs[: len(tx.outputs)]):
        output = tx.outputs[index]
        retired = output.program[:1] == b"\x6a"
        wanted.expect("type", "retirement" if retired else "output")
        wanted.expect("id", tx.result_ids[index])
        wanted.expect("asset_id", output.asset)
        wanted.expect("amount", output.amount)
        wanted.expect("program", output.program)


def _compare_input(wanted: Case, tx: Transaction, index: int) -> None:
    wanted.expect("entry_id", tx.input_ids[index])
    if tx.input_ids[index] == bytes(32):
        # The reference lost it to a later equal input and knows no more of it.
        wanted.expect("type", "none")
        return
    given = tx.inputs[index]
    wanted.expect("type", type(given).__name__.lower())
    wanted.expect("sig_hash", tx.sig_hash(index))
    for name, value in _facts_of(given, tx.spent_output_ids[index]).items():
        wanted.expect(name, value)


def _facts_of(given: Input, spent_id: bytes | None) -> dict[str, object]:
    match given:
        case Spend():
            return {
                "asset_id": given.asset, "amount": given.amount,
                "program": given.program, "spent_output_id": spent_id,
            }  # fmt: skip
        case Issuance():
            return {
                "asset_id": given.asset, "amount": given.amount,
                "program": given.program, "nonce_hash": sha3(given.nonce),
            }  # fmt: skip
        case Coinbase():
            return {"arbitrary": given.arbitrary}
        case _:
            return {}


def _compare_written(case: Case, tx: Transaction, raw: bytes) -> None:
    """The bytes as received are kept; what we write ourselves is the shortest form."""
    case.same("bytes kept", raw.hex(), tx.raw.hex())
    written = serialize(tx)
    expected = case.hex("reserialized") if "reserialized" in case else raw
    if written == expected:
        return
    if not has_suffix(raw) or parse_transaction(expected) != tx:
        case.same("reserialized", expected.hex(), written.hex())
        return
    case.remark(
        "suffixes: kept in the bytes received, never written anew; the reference "
        "writes some of them twice"
    )


def has_suffix(raw: bytes) -> bool:
    """Does anything follow the known fields of an input or output in these bytes?"""
    reader = Reader(raw[1:])
    reader.varint63(), reader.varint63()
    found = False
    for _ in range(reader.varint31()):
        reader.varint63()
        commitment, witness = Reader(reader.varstr()), Reader(reader.varstr())
        kind = commitment.byte()
        if kind == 1:
            spent = Reader(commitment.varstr())
            spent.take(64), [spent.varint63() for _ in range(3)], spent.varstr()
            found |= spent.remaining() > 0
        elif kind == 0:
            commitment.varstr(), commitment.hash(), commitment.varint63()
            witness.varstr(), witness.varint63(), witness.varstr()
        else:
            commitment.varstr()
        if kind != 2:
            witness.varlist()
        found |= commitment.remaining() + witness.remaining() > 0
    for _ in range(reader.varint31()):
        reader.varint63()
        commitment = Reader(reader.varstr())
        reader.varstr()
        commitment.hash(), commitment.varint63(), commitment.varint63()
        commitment.varstr()
        found |= commitment.remaining() > 0
    return found


# What it is worth.


def _judge(case: Case, tx: Transaction) -> None:
    context, wanted = case.inside("context"), case.inside("validation")
    verdict = validate_transaction(
        tx,
        height=context.number("block_height"),
        block_version=context.number("block_version"),
        first_in_block=context.flag("first_in_block"),
        rule_aa_height=RULE_AA_HEIGHT,
    )
    if wanted.any("status") == "crash":
        case.ignore("group")
        wanted.ignore("error", "reference_panic")
        case.same("validation.status", "invalid", verdict.status)
        return
    wanted.expect("status", verdict.status)
    _compare_group(case, GROUPS[verdict.status])
    name = verdict.error_name or None
    if "error_any_of" in wanted:
        wanted.ignore("error")
        if name not in wanted.items("error_any_of"):
            wanted.differs("error", wanted.any("error_any_of"), name)
    else:
        wanted.expect("error", name)
    for figure in ("fee", "gas_used", "gas_left", "storage_gas"):
        if verdict.status != "invalid" or figure in wanted:
            wanted.expect(figure, getattr(verdict, figure))


def _compare_group(case: Case, group: str) -> None:
    """The file's own heading. Under `reference_quirk` anything can stand."""
    if case.text("group") != QUIRK:
        case.expect("group", group)


def _open(opened: Opened) -> Mapping[str, Section]:
    return {"cases": each(_transaction), "utxo_cases": each(utxo_case)}


TRANSACTIONS = Family(
    "transactions",
    marks("cases: raw context parse_error", "utxo_cases: view steps"),
    _open,
)
