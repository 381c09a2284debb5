"""A store: an ordered map of bytes with atomic batches and snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar, Protocol

STORE_API_VERSION = 1


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """Who the store is. A durable one keeps its content across close and open."""

    name: str
    summary: str
    durable: bool
    api: int = STORE_API_VERSION
    file_suffix: str = ""


class Reader(Protocol):
    """Reading from a store, or from a frozen state of it."""

    def get(self, key: bytes) -> bytes | None:
        """The value, or None. An empty value is not an absent key."""

    def iterate(
        self, prefix: bytes = b"", start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Pairs in unsigned byte order, from `start` (included) in the direction."""


class Batch(Protocol):
    """Changes that happen together or not at all. The last write to a key wins."""

    def put(self, key: bytes, value: bytes) -> None:
        """Set a key. Keys have 1 to 255 bytes, values up to 16 MiB."""

    def delete(self, key: bytes) -> None:
        """Remove a key. An absent one is no error."""


class Store(Reader, Protocol):
    """
    An ordered map of bytes with atomic batches and snapshots. Built with the path of
    its file, or None for one that lives in memory.
    """

    info: ClassVar[StoreInfo]

    def put(self, key: bytes, value: bytes) -> None:
        """Set one key."""

    def delete(self, key: bytes) -> None:
        """Remove one key."""

    def batch(self) -> AbstractContextManager[Batch]:
        """All on a clean exit, nothing on an exception."""

    def snapshot(self) -> AbstractContextManager[Reader]:
        """A frozen state that later writes do not change."""

    def close(self) -> None:
        """Everything committed is there after the next open, if durable."""
