"""Verbs for transactions that somebody brings as bytes."""

from __future__ import annotations

from devnet.commands.context import Context
from devnet.commands.registry import command
from devnet.commands.types import Chain, Text
from devnet.commands.values import Said
from devnet.engine.codec import from_hex

FATES = {
    "waiting": "waits for the next block",
    "status_fail": "waits, but will fail: only its fee and its BTM side count",
    "orphan": "is kept until what it spends arrives",
}


@command(group="money", example="submit $raw main", acts=True)
def submit(session: Context, raw: Text, chain: Chain | None = None) -> Said:
    """Hand in a raw transaction, in hex, as a wallet of any kind would.

    It passes every rule of the chain's mempool or is refused by name.
    """
    where = chain or "main"
    submitted = session.network.submit(from_hex(raw), where)
    tx_id = submitted.tx.id.hex()
    result = {"tx": tx_id, "chain": where, "fate": submitted.fate}
    return Said(result, f"{tx_id[:8]}..{tx_id[-4:]} {FATES[submitted.fate]}")
