"""
What the federation let go: payouts as anybody sees them on the mainchain.

A payout names no withdrawal, since what it could carry is in no id. It is known by its
form: asset, gross amount and recipient of what left the federation's programs.

Source: protocol page "federation", section 9, invariant I4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from devnet.engine.bc.transaction import BTM, Spend, Transaction
from devnet.engine.federation.forwards import forwards_of
from devnet.engine.federation.programs import TREASURY_SCRIPT
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


def spends_of(tx: Transaction, programs: Collection[bytes]) -> list[Spend]:
    """The inputs that spend what these programs hold."""
    return [
        given
        for given in tx.inputs
        if isinstance(given, Spend) and given.program in programs
    ]


def releases_in(
    entry: MainEntry, scripts: Mapping[bytes, bytes], relay_fee_ppm: int
) -> list[Release]:
    """
    What left the federation in a block of the mainchain, transaction by transaction.

    Args:
        scripts: claim scripts by the federation's programs for one sidechain; empty
            for treasuries.
    """
    if not any(coin.program in scripts for coin in entry.change.spent):
        return []
    found: list[Release] = []
    txs = entry.block.transactions
    for tx, failed in zip(txs, entry.statuses, strict=True):
        found += releases_of(tx, failed, scripts, relay_fee_ppm)
    return found


def releases_of(
    tx: Transaction, failed: bool, scripts: Mapping[bytes, bytes], relay_fee_ppm: int
) -> Iterable[Release]:
    """
    The same for one transaction; of a failed one only BTM moved. What goes to a
    treasury stays, and so does a deposit that is sent on to its recipient's address in
    another epoch.
    """
    sums: dict[bytes, int] = {}
    for given in spends_of(tx, scripts):
        sums[given.asset] = sums.get(given.asset, 0) + given.amount
    if not sums:
        return
    sent_on = {one.position for one in forwards_of(tx, failed, scripts)}
    for asset in sorted(sums):
        if failed and asset != BTM:
            continue
        back = sum(
            output.amount
            for position, output in enumerate(tx.outputs)
            if output.asset == asset
            and (position in sent_on or scripts.get(output.program) == TREASURY_SCRIPT)
        )
        left = sums[asset] - back
        if left > 0:
            payee = tx.outputs[0]
            # Who coordinates its own payout takes no fee.
            amounts = (left - relay_fee(left, relay_fee_ppm), left)
            pays = payee.asset == asset and payee.amount in amounts
            recipient = payee.program if pays else NO_PAYOUT
            yield Release(tx.id, asset, left, recipient)
