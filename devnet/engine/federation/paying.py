"""
What the federation let go: payouts as anybody sees them on the mainchain.

A payout names no withdrawal, since what it could carry is in no id. It is known by its
form: asset, gross amount and recipient of what left the federation's programs.

Source: protocol page "federation", section 9, invariant I4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devnet.engine.bc.transaction import BTM, Spend, Transaction
from devnet.engine.federation.withdrawals import debt_key, relay_fee
from devnet.engine.mainchain.state import MainEntry

NO_PAYOUT = b""
"""The recipient of what left in no payout's form: nothing that is owed looks so."""


@dataclass(frozen=True, slots=True)
class Release:
    """
    Value of one asset that left the federation's programs in one transaction.

    key: as that of the withdrawal that it pays (`withdrawals.debt_key`).
    """

    tx_id: bytes
    asset: bytes
    amount: int
    recipient: bytes

    @property
    def key(self) -> bytes:
        return debt_key(self.asset, self.amount, self.recipient)


def spends_of(tx: Transaction, programs: frozenset[bytes]) -> list[Spend]:
    """The inputs that spend what these programs hold."""
    return [
        given
        for given in tx.inputs
        if isinstance(given, Spend) and given.program in programs
    ]


def releases_in(
    entry: MainEntry,
    programs: frozenset[bytes],
    treasuries: frozenset[bytes],
    relay_fee_ppm: int,
) -> list[Release]:
    """
    What left the federation in a block of the mainchain, transaction by transaction.

    Args:
        programs: of the federation, for one sidechain, treasuries included.
    """
    if not any(coin.program in programs for coin in entry.change.spent):
        return []
    found: list[Release] = []
    txs = entry.block.transactions
    for tx, failed in zip(txs, entry.statuses, strict=True):
        found += releases_of(tx, failed, programs, treasuries, relay_fee_ppm)
    return found


def releases_of(
    tx: Transaction,
    failed: bool,
    programs: frozenset[bytes],
    treasuries: frozenset[bytes],
    relay_fee_ppm: int,
) -> Iterable[Release]:
    """The same for one transaction; of a failed one only BTM moved."""
    sums: dict[bytes, int] = {}
    for given in spends_of(tx, programs):
        sums[given.asset] = sums.get(given.asset, 0) + given.amount
    for asset in sorted(sums):
        if failed and asset != BTM:
            continue
        back = sum(
            output.amount
            for output in tx.outputs
            if output.asset == asset and output.program in treasuries
        )
        left = sums[asset] - back
        if left > 0:
            payee = tx.outputs[0]
            net = left - relay_fee(left, relay_fee_ppm)
            pays = (payee.asset, payee.amount) == (asset, net)
            recipient = payee.program if pays else NO_PAYOUT
            yield Release(tx.id, asset, left, recipient)
