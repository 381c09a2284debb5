"""
A store in one readable JSON file, kept by TinyDB, with a journal beside it.

TinyDB by itself writes its whole file anew for each change, in place. Here a batch is
one line of JSON appended to `FILE.journal`, so it costs the same however long the chain
is; now and then everything is written to a temporary file which then takes the name of
the old one. After `close` the file alone holds all, and TinyDB alone can read it:

    TinyDB("alpha.json").table("pairs").get(doc_id="6d746970")   # {"value": "..."}

Keys and values are hex; hex digits sort like the bytes that they stand for. All pairs
are in memory as well, so this is for worlds of some 100 000 pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tinydb import TinyDB
from tinydb.table import Table

from devnet.engine.interfaces import StoreInfo
from devnet.plugins.store_parts import (
    BaseStore,
    Content,
    WriterLock,
    end_of_prefix,
    remove_files,
)
from devnet.plugins.tinydb_journal import Document, JournalledStorage

TABLE = "pairs"
FIELD = "value"


class TinyStore(BaseStore):
    """
    Pairs in a journalled TinyDB, or in memory when there is no path.

    A batch that was acknowledged survives the death of the process. `force_to_disk`
    makes each batch survive a power cut too, for about a millisecond more.

    Raises: StoreInUse, StoreDamaged, StoreOfOtherVersion, FileFailed.
    """

    info: ClassVar[StoreInfo] = StoreInfo(
        name="tinydb",
        summary="one readable JSON file with a journal; the choice for lessons",
        durable=True,
        file_suffix=".json",
    )

    def __init__(
        self, path: Path | None = None, *, force_to_disk: bool = False
    ) -> None:
        super().__init__()
        path = None if path is None else Path(path)
        self._writer_lock = None if path is None else WriterLock(path)
        try:
            self.db = JournalledTinyDB(path, force_to_disk=force_to_disk)
        except BaseException:
            self._unlock()
            raise
        table = self.db.table(TABLE)
        assert isinstance(table, PairTable)
        self.table = table

    @classmethod
    def remove(cls, path: Path) -> None:
        remove_files(path, ".journal", ".tmp")

    def get(self, key: bytes) -> bytes | None:
        with self._lock:
            self._check_open()
            return _bytes_of(self.table.documents().get(key.hex()))

    @contextmanager
    def snapshot(self) -> Iterator[_TinyReader]:
        with self._lock:
            self._check_open()
            content = self.table.content()
            content.sorted_keys()
            content.n_readers += 1
        try:
            yield _TinyReader(content)
        finally:
            with self._lock:
                content.n_readers -= 1

    def _write(self, changes: dict[bytes, bytes | None]) -> None:
        self.table.change(
            {
                key.hex(): None if value is None else {FIELD: value.hex()}
                for key, value in changes.items()
            }
        )

    def _close(self) -> None:
        try:
            self.db.close()
        finally:
            self._unlock()

    def _unlock(self) -> None:
        if self._writer_lock is not None:
            self._writer_lock.release()
            self._writer_lock = None


class PairTable(Table):
    """
    A table with text as ids that takes whole batches on the short path. TinyDB's own
    verbs (search, update with a query) work too; each of them writes the whole file.
    """

    document_id_class = str  # type: ignore[assignment]  # TinyDB says int, takes any

    @property
    def storage(self) -> JournalledStorage:
        storage = self._storage
        assert isinstance(storage, JournalledStorage)
        return storage

    def content(self) -> Content[str, Document]:
        """The documents with their order."""
        return self.storage.content(self.name)

    def documents(self) -> Mapping[str, Document]:
        """The documents themselves. Not to be changed."""
        return self.content().pairs

    def change(self, changes: Mapping[str, Document | None]) -> None:
        """Set and remove documents by id, all of them or none."""
        self.storage.append(self.name, changes)
        self.clear_cache()

    def _read_table(self) -> dict[str, Mapping[str, object]]:
        # TinyDB's readers copy each document before they hand it out.
        return dict(self.documents())


class JournalledTinyDB(TinyDB):
    """A TinyDB whose tables take the short path."""

    table_class = PairTable

    def __init__(self, path: Path | None, *, force_to_disk: bool) -> None:
        super().__init__(path, force_to_disk, storage=JournalledStorage)


class _TinyReader:
    """A frozen state."""

    def __init__(self, content: Content[str, Document]) -> None:
        self._content = content

    def get(self, key: bytes) -> bytes | None:
        return _bytes_of(self._content.pairs.get(key.hex()))

    def iterate(
        self, prefix: bytes = b"", start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        end = end_of_prefix(prefix)
        pairs = self._content.select(
            prefix.hex(),
            None if end is None else end.hex(),
            None if start is None else start.hex(),
            reverse,
        )
        for key, document in pairs:
            yield bytes.fromhex(key), bytes.fromhex(document[FIELD])


def _bytes_of(document: Document | None) -> bytes | None:
    return None if document is None else bytes.fromhex(document[FIELD])
