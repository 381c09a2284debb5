"""What is known is never computed twice: (seed, header hash) -> work, remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Pair = tuple[bytes, bytes]
"""A seed and a header hash, 32 bytes each."""

MOST_REMEMBERED = 200_000
"""About 60 MB, and five hours of hashing on one core."""


class Memo:
    """Works by pair. When it is full, the oldest are forgotten: they can be redone."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._works: dict[Pair, bytes] = {}
        self._most = most

    def __contains__(self, pair: Pair) -> bool:
        return pair in self._works

    def __len__(self) -> int:
        return len(self._works)

    def get(self, pair: Pair) -> bytes | None:
        """The work, or None."""
        return self._works.get(pair)

    def add(self, works: Mapping[Pair, bytes] | Iterable[tuple[Pair, bytes]]) -> None:
        """Remember these."""
        self._works.update(works)
        while len(self._works) > self._most:
            del self._works[next(iter(self._works))]

    def all(self) -> dict[Pair, bytes]:
        """A copy of everything, oldest first."""
        return dict(self._works)
