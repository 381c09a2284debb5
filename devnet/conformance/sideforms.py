"""The parts of claim.json that are not claims: side records and sidechain headers."""

from __future__ import annotations

import json

from devnet.conformance.fields import Case
from devnet.conformance.values import BadCase
from devnet.engine.bc.block import parse_header
from devnet.engine.bc.entries import record_payload, retirement_id
from devnet.engine.bc.records import Withdrawal, parse_record, record_kind
from devnet.engine.bc.sideblock import (
    SideHeader,
    parse_side_header,
    proposal_message,
    rules_hash,
    vote_message,
)
from devnet.engine.bc.transaction import parse_transaction
from devnet.engine.interfaces import Checkpoint, Validator


def side_record(case: Case) -> None:
    """A withdrawal, or the question whether a program is a record at all."""
    program = case.hex("program")
    if "record_kind" in case:
        case.ignore("kind")
        case.expect("record_kind", record_kind(program))
        is_record = record_payload(program) is not None
        case.same("is a side record", case.any("record_kind") is not None, is_record)
        return
    if case.text("kind") != "withdrawal":
        raise BadCase(f"{case.place}.kind: this kind of record is not known here")
    record = Withdrawal(case.hash("parent_id"), case.hex("recipient_program"))
    case.expect("program", record.program)
    case.same("reads back", True, parse_record(record.program) == record)
    tx = parse_transaction(case.hex("tx"), side=True)
    case.expect("tx_id", tx.id)
    case.expect("mux_id", tx.mux_id)
    case.expect("result_ids", tx.result_ids)
    positions = [n for n, one in enumerate(tx.outputs) if one.program == record.program]
    if len(positions) != 1:
        raise BadCase(f"{case.place}.tx has not one output with this program")
    output = tx.outputs[positions[0]]
    case.expect("withdrawal_id", tx.result_ids[positions[0]])
    case.expect("asset_id", output.asset)
    case.expect("amount", output.amount)
    plain = retirement_id(tx.mux_id, output.asset, output.amount, positions[0])
    case.expect("same_output_as_a_plain_retirement_would_be", plain)


# Headers.


def side_header(case: Case) -> None:
    """A sidechain header from its fields; its witness stands on the wire alone."""
    read = parse_side_header(case.hex("header"))
    built = SideHeader(
        version=case.number("version"),
        height=case.number("height"),
        previous=case.hash("previous"),
        timestamp_ms=case.number("timestamp"),
        tx_root=case.hash("tx_root"),
        status_root=case.hash("status_root"),
        epoch=case.number("epoch"),
        engine=case.text("engine"),
        rules_hash=case.hash("rules_hash"),
        round=case.number("round"),
        justify=Checkpoint(case.number("justify_height"), case.hash("justify_hash")),
        anchor=Checkpoint(case.number("anchor_height"), case.hash("anchor_hash")),
        engine_data=case.hex("engine_data"),
        signature=read.signature,
        certificate=read.certificate,
        nonce=case.number("nonce"),
        bits=case.number("bits"),
    )
    case.expect("consensus_commitment", built.commitment)
    case.expect("consensus_witness", built.witness)
    case.expect("header", built.raw)
    case.expect("hash", built.hash)
    case.same("reads back", True, read == built)
    seen = parse_header(case.hex("header"))
    case.same("Bytom's reader sees the height", built.height, seen.height)
    _expect_messages(case, built)


def _expect_messages(case: Case, built: SideHeader) -> None:
    params = json.loads(case.text("params"))
    validators = tuple(
        Validator(f"v{number}", one.hex("pubkey"), one.number("weight"))
        for number, one in enumerate(case.each("validators"), 1)
    )
    case.expect("rules_hash", rules_hash(built.engine, params, validators))
    chain_id = case.hash("chain_id")
    case.expect("vote_message", vote_message(chain_id, built.hash))
    case.expect("proposal_message", proposal_message(chain_id, built.hash))
