"""
A store that lives in memory: a dict, its keys in order, and snapshots by copy on write.

Nothing outlives the process. It is the fastest store, and the model for the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from devnet.engine.interfaces import StoreInfo
from devnet.plugins.store_parts import BaseStore, Content, end_of_prefix


class MemoryStore(BaseStore):
    """Pairs in memory. A path may be given and is not used: nothing is kept."""

    info: ClassVar[StoreInfo] = StoreInfo(
        name="memory",
        summary="a sorted dict in memory; gone when the devnet ends",
        durable=False,
    )

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self._content: Content[bytes, bytes] = Content({})

    def get(self, key: bytes) -> bytes | None:
        with self._lock:
            self._check_open()
            return self._content.pairs.get(key)

    @contextmanager
    def snapshot(self) -> Iterator[_MemoryReader]:
        with self._lock:
            self._check_open()
            content = self._content
            content.sorted_keys()  # Merged once here, and not by each reader.
            content.n_readers += 1
        try:
            yield _MemoryReader(content)
        finally:
            with self._lock:
                content.n_readers -= 1

    def _write(self, changes: dict[bytes, bytes | None]) -> None:
        self._content = self._content.changed(changes)

    def _close(self) -> None:
        self._content = Content({})


class _MemoryReader:
    """A frozen state."""

    def __init__(self, content: Content[bytes, bytes]) -> None:
        self._content = content

    def get(self, key: bytes) -> bytes | None:
        return self._content.pairs.get(key)

    def iterate(
        self, prefix: bytes = b"", start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        return self._content.select(prefix, end_of_prefix(prefix), start, reverse)
