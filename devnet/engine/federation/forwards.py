"""
What old members send on: a deposit to an expired epoch, paid to the address of the same
recipient in another epoch, where it can be claimed.

Source: protocol page "federation", section 8, "Handover".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devnet.engine.bc.transaction import BTM, Spend, Transaction


@dataclass(frozen=True, slots=True)
class Forward:
    """
    One deposit that was sent on.

    Args:
        lock_id: of the deposit. position: of the output that takes its place.
    """

    lock_id: bytes
    position: int
    asset: bytes
    amount: int


def forwards_of(
    tx: Transaction, failed: bool, scripts: Mapping[bytes, bytes]
) -> list[Forward]:
    """
    The deposits that a transaction sends on, each whole and to its own recipient.

    Args:
        failed: only BTM moved.
        scripts: claim scripts by the federation's programs; empty for treasuries.
    """
    taken: set[int] = set()
    found: list[Forward] = []
    for lock_id, given in zip(tx.spent_output_ids, tx.inputs, strict=True):
        if lock_id is None or not isinstance(given, Spend):
            continue
        script = scripts.get(given.program)
        if not script or (failed and given.asset != BTM):
            continue
        for position, output in enumerate(tx.outputs):
            if (
                position not in taken
                and (output.asset, output.amount) == (given.asset, given.amount)
                and output.program != given.program
                and scripts.get(output.program) == script
            ):
                taken.add(position)
                found.append(Forward(lock_id, position, given.asset, given.amount))
                break
    return found
