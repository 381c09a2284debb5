"""
Which transactions of the chain are ours: those that pay or spend one of our programs.

For every block we keep which programs it touches, once; a block that is undone is just
not on the branch any more, so nothing is ever rolled back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from devnet.engine.bc.transaction import Spend, Transaction
from devnet.engine.mainchain.state import MainEntry, MainTree


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction in a block."""

    tx: Transaction
    entry: MainEntry
    index: int

    @property
    def failed(self) -> bool:
        """Did only its fee count?"""
        return self.entry.statuses[self.index]


def touches(tx: Transaction, programs: Collection[bytes]) -> bool:
    """Does a transaction pay or spend one of these programs?"""
    return any(output.program in programs for output in tx.outputs) or any(
        isinstance(given, Spend) and given.program in programs for given in tx.inputs
    )


class History:
    """What blocks touch, remembered by block hash."""

    def __init__(self) -> None:
        self._touched: dict[bytes, frozenset[bytes]] = {}

    def newest_first(
        self, tree: MainTree, tip: bytes, programs: Collection[bytes]
    ) -> Iterator[Mined]:
        """Our transactions on a branch: newest block first, last position first."""
        wanted = frozenset(programs)
        entry: MainEntry | None = tree[tip]
        while entry is not None:
            if not wanted.isdisjoint(self._programs(entry)):
                txs = entry.block.transactions
                for index in range(len(txs) - 1, -1, -1):
                    if touches(txs[index], wanted):
                        yield Mined(txs[index], entry, index)
            entry = tree.get(entry.block.header.previous)

    def used(self, tree: MainTree, tip: bytes) -> set[bytes]:
        """Every program that a branch ever touched."""
        found: set[bytes] = set()
        entry: MainEntry | None = tree[tip]
        while entry is not None:
            found |= self._programs(entry)
            entry = tree.get(entry.block.header.previous)
        return found

    def _programs(self, entry: MainEntry) -> frozenset[bytes]:
        known = self._touched.get(entry.hash)
        if known is None:
            known = self._touched[entry.hash] = frozenset(
                [
                    *(
                        out.program
                        for tx in entry.block.transactions
                        for out in tx.outputs
                    ),
                    *(
                        given.program
                        for tx in entry.block.transactions
                        for given in tx.inputs
                        if isinstance(given, Spend)
                    ),
                ]
            )
        return known
