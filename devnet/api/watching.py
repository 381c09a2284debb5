"""
What is new on a chain since the last look, as websockets tell it: blocks that left and
blocks that joined, transactions that came into the pool.

What is new is found by looking at the tip and the pool, so a reorganisation or a revert
is told block by block, and nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from devnet.engine.chain.mempool import Mempool

BLOCKS, TRANSACTIONS = "raw_blocks", "new_transactions"


class Entry(Protocol):
    """A block in a tree."""

    @property
    def height(self) -> int:
        """Its height."""

    @property
    def block(self) -> Any:
        """Of the mainchain or of a sidechain; it has `raw` and `header.previous`."""


class Tree(Protocol):
    """All blocks of a chain."""

    def get(self, block_hash: bytes, /) -> Entry | None:
        """The entry, or None."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A chain at one moment, as a value that stays as it is."""

    tree: Tree
    tip: bytes
    pool: Mempool


@dataclass(frozen=True, slots=True)
class News:
    """A frame for whoever asked for a topic."""

    topic: str
    kind: str
    data: object


class Watch:
    """
    Looks at a chain.

    Args:
        see: the chain now; None: it is not there (any more).
    """

    def __init__(self, see: Callable[[], Sight | None]) -> None:
        self._see = see
        self._seen = see()

    def look(self) -> Iterator[News]:
        """What is new since the last look, or since this was made."""
        old, new = self._seen, self._see()
        self._seen = new
        if old is None or new is None:
            return
        if old.tip != new.tip:
            yield from _moves(old, new)
        if old.pool is not new.pool:
            yield from _arrivals(old.pool, new.pool)


def _moves(old: Sight, new: Sight) -> Iterator[News]:
    """
    Blocks that left, newest first, then blocks that joined, oldest first. The old ones
    need not be in the new tree: a revert takes them away.
    """
    left, joined = old.tree.get(old.tip), new.tree.get(new.tip)
    gone, came = [], []
    left_hash, joined_hash = old.tip, new.tip
    while left is not None or joined is not None:
        if left_hash == joined_hash:
            break
        left_height = left.height if left is not None else -1
        joined_height = joined.height if joined is not None else -1
        if left is not None and left_height >= joined_height:
            gone.append(left)
            left_hash = left.block.header.previous
            left = old.tree.get(left_hash)
        if joined is not None and joined_height >= left_height:
            came.append(joined)
            joined_hash = joined.block.header.previous
            joined = new.tree.get(joined_hash)
    for kind, entries in (
        ("raw_blocks_disconnected", gone),
        ("raw_blocks_connected", came[::-1]),
    ):
        for one in entries:
            yield News(BLOCKS, kind, one.block.raw.hex())


def _arrivals(old: Mempool, new: Mempool) -> Iterator[News]:
    known = set(old.order)
    for tx_id in new.order:
        if tx_id not in known:
            waiting = new.by_id[tx_id]
            data = {"transaction": waiting.tx.raw.hex(), "status_fail": waiting.failed}
            yield News(TRANSACTIONS, "new_transaction", data)
