"""Transactions of a sidechain as the API shows them: Vapor's names for their kinds."""

from __future__ import annotations

from typing import Any

from devnet.api.shapes import Facts, Shaper
from devnet.engine.bc.programs import p2wpkh
from devnet.engine.bc.records import Withdrawal, parse_record
from devnet.engine.bc.stakes import stake_of
from devnet.engine.bc.transaction import (
    Claim,
    Input,
    Output,
    Spend,
    Transaction,
    is_side_record,
)
from devnet.engine.errors import CodecError

IN, OUT = "cross_chain_in", "cross_chain_out"


class SideShaper(Shaper):
    """Writes inputs and outputs of a sidechain: claims, and records."""

    def _input(self, tx: Transaction, place: int, given: Input) -> Facts:
        if not isinstance(given, Claim):
            facts = super()._input(tx, place, given)
            vote = vote_of(given.program) if isinstance(given, Spend) else None
            return facts if vote is None else facts | {"type": "veto", "vote": vote}
        return {
            "type": IN, "asset_id": given.asset.hex(), **self._asset(given.asset),
            "amount": given.amount, "control_program": given.program.hex(),
            **self._place(given.program), "source_id": given.source_id.hex(),
            "source_pos": given.source_position,
            "claim_script": given.claim_script.hex(),
            "input_id": tx.input_ids[place].hex(), "witness_arguments": None,
            "sign_data": tx.sig_hash(place).hex(),
        }  # fmt: skip

    def _output(self, tx: Transaction, place: int, output: Output) -> Facts:
        facts = super()._output(tx, place, output)
        record = record_of(output.program)
        if record is not None:
            facts["type"] = "record"
            facts["record"] = type(record).__name__
        if isinstance(record, Withdrawal):
            facts["type"] = OUT
            facts["recipient_program"] = record.recipient.hex()
        vote = vote_of(output.program)
        return facts if vote is None else facts | {"type": "vote", "vote": vote}

    def _owner(self, program: bytes) -> Facts:
        stake = stake_of(program)
        return super()._owner(p2wpkh(stake.owner_hash) if stake else program)


def vote_of(program: bytes) -> str | None:
    """The key that a program votes for, or None."""
    stake = stake_of(program)
    return stake.key.hex() if stake and stake.kind == "vote" else None


def record_of(program: bytes) -> Any:
    """What a record says, or None."""
    if not is_side_record(program):
        return None
    try:
        return parse_record(program)
    except CodecError:
        return None
