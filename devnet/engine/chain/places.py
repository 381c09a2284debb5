"""
Where a transaction stands on a chain: in which block, as which of its transactions.

The index is part of the state at a block, made from the parent's: no block is read
twice, and a block that is undone takes its entries along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rpds import HashTrieMap

from devnet.engine.bc.transaction import Transaction


@dataclass(frozen=True, slots=True)
class TxPlace:
    """Height of the block, and index in it. 0 is the coinbase."""

    height: int
    index: int


Places: TypeAlias = "HashTrieMap[bytes, TxPlace]"
"""By transaction id."""


def with_places(
    places: Places, transactions: Sequence[Transaction], height: int
) -> Places:
    """The index with the transactions of one more block."""
    return places.update(
        {tx.id: TxPlace(height, index) for index, tx in enumerate(transactions)}
    )
