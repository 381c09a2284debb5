"""
A list that only grows, as a value: for states that each have one item more.

Every block keeps its state. In a persistent map one more item costs more than a
kilobyte of copied nodes, in a tuple a copy of the whole; here the newest items are one
short tuple, and only full rows of them go into a map.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from rpds import HashTrieMap

N_ROW = 32

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """
    Items by number, from 0 on.

    Args:
        rows: full rows by number.
        newest: the items above them, fewer than a row.
    """

    rows: HashTrieMap[int, tuple[T, ...]] = field(default_factory=HashTrieMap)
    newest: tuple[T, ...] = ()

    def __len__(self) -> int:
        return len(self.rows) * N_ROW + len(self.newest)

    def __iter__(self) -> Iterator[T]:
        for number in range(len(self.rows)):
            yield from self.rows[number]
        yield from self.newest

    def with_next(self, item: T) -> Column[T]:
        """The list with one more item at its end."""
        newest = (*self.newest, item)
        if len(newest) < N_ROW:
            return Column(self.rows, newest)
        return Column(self.rows.insert(len(self.rows), newest))

    def get(self, index: int) -> T | None:
        """The item of this number, or None below 0 and from the end on."""
        if not 0 <= index < len(self):
            return None
        number, place = divmod(index, N_ROW)
        row = self.rows[number] if number < len(self.rows) else self.newest
        return row[place]

    def __getitem__(self, index: int) -> T:
        """The item of this number. IndexError: there is none."""
        found = self.get(index)
        if found is None:
            raise IndexError(index)
        return found
