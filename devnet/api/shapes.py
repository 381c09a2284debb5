"""
Transactions as the API shows them: from a block, and from the wallet's view, which
knows aliases. Source: protocol page "http-api", section 8.
"""

from __future__ import annotations

from typing import Any

from devnet.api.wire import RawJson
from devnet.engine.bc.programs import is_unspendable
from devnet.engine.bc.transaction import (
    Coinbase,
    Input,
    Issuance,
    Output,
    Spend,
    Transaction,
)
from devnet.engine.codec import address_of_program
from devnet.wallet.assets import Asset
from devnet.wallet.definitions import object_text
from devnet.wallet.wallet import Wallet, is_standard_form

Facts = dict[str, Any]
NO_HASH = "0" * 64
_EMPTY = RawJson("{}")


class Shaper:
    """
    Writes inputs and outputs.

    Args:
        wallet: gives aliases and owners; None in views that know nothing of them.
    """

    def __init__(self, hrp: str, wallet: Wallet | None = None) -> None:
        self._hrp, self._wallet = hrp, wallet
        self._assets: dict[bytes, Asset | None] = {}

    def inputs(self, tx: Transaction) -> list[Facts]:
        """All annotated inputs."""
        return [self._input(tx, place, one) for place, one in enumerate(tx.inputs)]

    def outputs(self, tx: Transaction) -> list[Facts]:
        """All annotated outputs."""
        return [self._output(tx, place, one) for place, one in enumerate(tx.outputs)]

    def summary(self, tx: Transaction, block_time: int) -> Facts:
        """A transaction in a few fields."""
        names = (
            "type", "asset_id", "asset_alias", "amount", "account_id", "account_alias",
            "arbitrary",
        )  # fmt: skip
        parts = [
            [
                {n: one[n] for n in names if n in one and (n != "amount" or one[n])}
                for one in side
            ]
            for side in (self.inputs(tx), self.outputs(tx))
        ]
        return {
            "tx_id": tx.id.hex(), "block_time": block_time,
            "inputs": parts[0], "outputs": parts[1],
        }  # fmt: skip

    def _input(self, tx: Transaction, place: int, given: Input) -> Facts:
        if isinstance(given, Coinbase):
            return {
                "type": "coinbase", "asset_id": NO_HASH, **self._asset(bytes(32)),
                "amount": 0, "arbitrary": given.arbitrary.hex(),
                "input_id": tx.input_ids[place].hex(), "witness_arguments": None,
                "sign_data": NO_HASH,
            }  # fmt: skip
        facts: Facts = {
            "type": "spend", "asset_id": given.asset.hex(), **self._asset(given.asset),
            "amount": given.amount,
        }  # fmt: skip
        if isinstance(given, Issuance):
            facts["type"] = "issue"
            facts["asset_definition"] = RawJson(object_text(given.definition))
            facts["issuance_program"] = given.program.hex()
        elif isinstance(given, Spend):
            facts["control_program"] = given.program.hex()
            facts |= self._place(given.program)
            facts["spent_output_id"] = given.spent_output_id.hex()
            facts |= self._owner(given.program)
        arguments = getattr(given, "arguments", ())
        return facts | {
            "input_id": tx.input_ids[place].hex(),
            "witness_arguments": [one.hex() for one in arguments] or None,
            "sign_data": tx.sig_hash(place).hex(),
        }

    def _output(self, tx: Transaction, place: int, output: Output) -> Facts:
        retires = is_unspendable(output.program)
        return {
            "type": "retire" if retires else "control",
            "id": tx.result_ids[place].hex(),
            "position": place,
            "asset_id": output.asset.hex(),
            **self._asset(output.asset),
            "amount": output.amount,
            **self._owner(output.program),
            "control_program": output.program.hex(),
            **self._place(output.program),
        }

    def _place(self, program: bytes) -> Facts:
        if not is_standard_form(program) or program[0]:
            return {}
        return {"address": address_of_program(program, self._hrp)}

    def _asset(self, asset: bytes) -> Facts:
        if self._wallet is None:
            return {"asset_definition": _EMPTY}
        if asset not in self._assets:
            self._assets[asset] = self._wallet.asset(asset)
        found = self._assets[asset]
        if found is None:
            return {"asset_definition": None}
        return {
            "asset_alias": found.alias,
            "asset_definition": RawJson(found.definition_text),
        }

    def _owner(self, program: bytes) -> Facts:
        if self._wallet is None:
            return {}
        receiver = self._wallet.book.receivers.get(program)
        if receiver is None:
            return {}
        account = self._wallet.book.accounts[receiver.account_id]
        facts = {"account_id": account.id}
        return facts | ({"account_alias": account.alias} if account.alias else {})


def block_transaction(shaper: Shaper, tx: Transaction, failed: bool) -> Facts:
    """A transaction as get-block and get-unconfirmed-transaction show it."""
    return {
        "id": tx.id.hex(),
        "version": tx.version,
        "size": tx.size,
        "time_range": tx.time_range,
        "inputs": shaper.inputs(tx),
        "outputs": shaper.outputs(tx),
        "status_fail": failed,
        "mux_id": tx.mux_id.hex(),
    }
