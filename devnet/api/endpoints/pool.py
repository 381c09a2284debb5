"""Transactions that are brought, wait, or are only looked at."""

from __future__ import annotations

from typing import Any

from devnet.api.fields import HEX, TEXT, Field, list_of
from devnet.api.node import Node
from devnet.api.refusals import Refused, bad_body, unreadable
from devnet.api.shapes import Facts, Shaper, block_transaction
from devnet.api.table import Ask, endpoint
from devnet.engine.bc.programs import expand_program, parse_program
from devnet.engine.bc.transaction import Transaction, parse_transaction
from devnet.engine.codec import from_hex
from devnet.engine.errors import CodecError
from devnet.engine.keys.accounts import verify_message
from devnet.wallet.template import fee_of

ORPHAN = "finalize can't find transaction input utxo"


def read_transaction(raw: bytes) -> Transaction:
    """The transaction of a request. Raises NotUnderstood."""
    if not raw:
        raise bad_body("EOF")
    try:
        return parse_transaction(raw)
    except CodecError as error:
        raise unreadable(error) from None


def submit_one(node: Node, tx: Transaction) -> str:
    """Hand a transaction in. Returns its id. Raises the rule that it breaks."""
    if node.submit(tx) == "orphan":
        raise Refused(ORPHAN, "BTM712")
    return tx.id.hex()


@endpoint("list-unconfirmed-transactions", answer="total tx_ids")
def list_unconfirmed_transactions(node: Node, ask: Ask) -> Facts:
    """What waits for a block."""
    ids = [tx_id.hex() for tx_id in node.waiting()]
    return {"total": len(ids), "tx_ids": ids}


@endpoint(
    "get-unconfirmed-transaction", Field("tx_id", HEX), answer="(a block transaction)"
)
def get_unconfirmed_transaction(node: Node, ask: Ask) -> Facts:
    """One transaction that waits."""
    waiting = node.waiting().get(ask["tx_id"])
    if waiting is None:
        raise Refused("transaction are not existed in the mempool")
    return block_transaction(Shaper(node.wallet.hrp), waiting.tx, waiting.failed)


@endpoint(
    "decode-raw-transaction", Field("raw_transaction", HEX),
    answer="tx_id version size time_range inputs outputs fee",
)  # fmt: skip
def decode_raw_transaction(node: Node, ask: Ask) -> Facts:
    """What a raw transaction says."""
    tx, shaper = read_transaction(ask["raw_transaction"]), Shaper(node.wallet.hrp)
    return {
        "tx_id": tx.id.hex(), "version": tx.version, "size": tx.size,
        "time_range": tx.time_range, "inputs": shaper.inputs(tx),
        "outputs": shaper.outputs(tx), "fee": fee_of(tx) % 2**64,
    }  # fmt: skip


@endpoint("submit-transaction", Field("raw_transaction", HEX), answer="tx_id")
def submit_transaction(node: Node, ask: Ask) -> Facts:
    """Hand a signed transaction in."""
    return {"tx_id": submit_one(node, read_transaction(ask["raw_transaction"]))}


@endpoint(
    "submit-transactions", Field("raw_transactions", list_of(HEX)), mark="nice",
    answer="tx_id (a list)",
)  # fmt: skip
def submit_transactions(node: Node, ask: Ask) -> Facts:
    """Hand some in, one after the other, until one is refused."""
    txs = [read_transaction(raw) for raw in ask["raw_transactions"]]
    return {"tx_id": [submit_one(node, tx) for tx in txs]}


@endpoint("decode-program", Field("program", TEXT), answer="instructions")
def decode_program(node: Node, ask: Ask) -> Facts:
    """A program, one instruction a line."""
    raw = hex_of(ask["program"])
    lines = [
        f"{one.name} {one.data.hex() if one.data and one.n_bytes > 1 else ''}\n"
        for one in parse_program(expand_program(raw))
    ]
    return {"instructions": "".join(lines)}


@endpoint(
    "verify-message", Field("address", TEXT), Field("derived_xpub", HEX),
    Field("message", HEX), Field("signature", HEX), answer="result",
)  # fmt: skip
def verify(node: Node, ask: Ask) -> Facts:
    """Did the owner of an address sign this message?"""
    try:
        good = verify_message(
            ask["address"], ask["derived_xpub"], ask["message"], ask["signature"],
            node.wallet.hrp,
        )  # fmt: skip
    except CodecError:
        good = False
    return {"result": good}


def hex_of(text: Any) -> bytes:
    """Bytes that a handler reads by itself, so that they fail as its own."""
    odd = next((c for c in text if c not in "0123456789abcdefABCDEF"), None)
    if odd is not None:
        raise Refused(f"encoding/hex: invalid byte: U+{ord(odd):04X} {odd!r}")
    if len(text) % 2:
        raise Refused("encoding/hex: odd length hex string")
    return from_hex(text.lower())
