"""
Block hashes by height, as the state at a block has them.

Every block keeps its state, and each state has one hash more than its parent's. In a
persistent map alone that hash would cost more than a kilobyte of copied nodes; here the
newest hashes are one short tuple, and only full rows of them go into the map.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rpds import HashTrieMap

N_ROW = 32


@dataclass(frozen=True, slots=True)
class Heights:
    """
    The hashes of a branch, genesis at height 0. A value: adding gives another.

    Args:
        rows: full rows by number.
        newest: the hashes above them, fewer than a row.
    """

    rows: HashTrieMap[int, tuple[bytes, ...]] = field(default_factory=HashTrieMap)
    newest: tuple[bytes, ...] = ()

    def __len__(self) -> int:
        return len(self.rows) * N_ROW + len(self.newest)

    def with_next(self, block_hash: bytes) -> Heights:
        """The branch with one more block on top."""
        newest = (*self.newest, block_hash)
        if len(newest) < N_ROW:
            return Heights(self.rows, newest)
        return Heights(self.rows.insert(len(self.rows), newest))

    def get(self, height: int) -> bytes | None:
        """The hash at a height, or None above the tip and below genesis."""
        if not 0 <= height < len(self):
            return None
        number, place = divmod(height, N_ROW)
        row = self.rows[number] if number < len(self.rows) else self.newest
        return row[place]

    def __getitem__(self, height: int) -> bytes:
        """The hash at a height. KeyError: there is no such block."""
        found = self.get(height)
        if found is None:
            raise KeyError(height)
        return found
