"""
What a sidechain owes on the mainchain: one withdrawal, as its record states it.

Source: protocol page "claim", section 6; "federation", section 7.
"""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.bc.transaction import Output, Transaction

FEE_UNIT = 1_000_000
"""Relay fees are parts per million of the amount."""


@dataclass(frozen=True, slots=True)
class Owed:
    """
    A withdrawal that a sidechain's block carries.

    Args:
        id: entry id of the record; it commits to the transaction's inputs, to asset,
            amount and program, so no other record on any chain has it.
        amount: gross, in the asset's smallest unit.
        recipient: the mainchain program to be paid.
        height: of the sidechain block.
        payout_id, pin_id: what an intent record announced last, or nothing.
    """

    id: bytes
    asset: bytes
    amount: int
    recipient: bytes
    height: int
    tx_id: bytes
    payout_id: bytes = b""
    pin_id: bytes = b""

    @property
    def key(self) -> bytes:
        """What a payout looks like from outside; equal withdrawals share it."""
        return debt_key(self.asset, self.amount, self.recipient)

    def is_paid_by(self, tx: Transaction, relay_fee_ppm: int) -> bool:
        """Is output 0 what is owed, less the relay fee or, if nobody took it, whole?"""
        net = self.amount - relay_fee(self.amount, relay_fee_ppm)
        return any(
            tx.outputs[:1] == (Output(self.asset, amount, self.recipient),)
            for amount in (net, self.amount)
        )


def debt_key(asset: bytes, amount: int, recipient: bytes) -> bytes:
    """Asset (32 bytes), gross amount (8 bytes, big-endian), recipient's program."""
    return asset + amount.to_bytes(8, "big") + recipient


def relay_fee(amount: int, ppm: int) -> int:
    """What a coordinator keeps of this gross amount."""
    return amount * ppm // FEE_UNIT
