"""
A store on RocksDB, through the package `rocksdict` (an extra): for long chains that are
written faster than a tree on disk can follow.

A folder holds `format`, one line that says whose it is, and `db`, RocksDB's own files.
It is made under another name and renamed when it is whole. Before an existing one is
opened for writing it is read from end to end without writing anything, every checksum
looked at, so that what is damaged stays as it is.

Snapshots stand on one iterator each: RocksDB fixes what an iterator sees when it is
made, while `Snapshot.items` of rocksdict 0.3 shows what was written after it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from devnet.engine.interfaces import StoreInfo
from devnet.plugins.extras import missing_package
from devnet.plugins.store_parts import (
    BaseStore,
    FileFailed,
    StoreClosed,
    StoreDamaged,
    StoreInUse,
    StoreOfOtherVersion,
    WriterLock,
    end_of_prefix,
    file_errors,
)

REQUIREMENT = "rocksdict>=0.3.29,<0.4"
try:
    import rocksdict
except ImportError as error:
    raise missing_package("the store rocksdict", REQUIREMENT, error) from error

FORMAT_FILE, DB_FOLDER = "format", "db"
FORMAT_STEM = "bystack devnet, rocksdict, format "
FORMAT = f"{FORMAT_STEM}1\n"
PAGE_OF_PAIRS = 512
LOGS_KEPT = 2


class RocksStore(BaseStore):
    """
    Pairs in a folder of RocksDB; without a path in a temporary one, gone at the end.

    A batch that was acknowledged survives the death of the process; after a power cut
    the newest batches may be missing, but never a part of one.

    Raises: StoreInUse, StoreDamaged, StoreOfOtherVersion, FileFailed.
    """

    info: ClassVar[StoreInfo] = StoreInfo(
        name="rocksdict",
        summary="a folder of RocksDB; the choice for heavy writing (an extra)",
        durable=True,
        file_suffix=".rocksdict",
    )

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        if path is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="devnet-rocksdict-")
            path = Path(self._temporary.name) / "store"
        self._path = path = Path(path)
        self._readers: set[_RocksReader] = set()
        self._writer_lock = WriterLock(path)
        try:
            with _named_errors(path), file_errors(path):
                if path.exists():
                    _check(path)
                else:
                    _create(path)
                self._db: Any = rocksdict.Rdict(str(path / DB_FOLDER), _options())
        except BaseException:
            self._writer_lock.release()
            raise

    @classmethod
    def remove(cls, path: Path) -> None:
        """Remove what a closed store left at this path."""
        with file_errors(path):
            if path.exists():
                shutil.rmtree(path)
            path.with_name(path.name + ".lock").unlink(missing_ok=True)

    def get(self, key: bytes) -> bytes | None:
        with self._lock:
            self._check_open()
            with _named_errors(self._path):
                found: bytes | None = self._db.get(key)
                return found

    @contextmanager
    def snapshot(self) -> Iterator[_RocksReader]:
        with self._lock:
            self._check_open()
            reader = _RocksReader(self, self._db.iter())
            self._readers.add(reader)
        try:
            yield reader
        finally:
            with self._lock:
                reader.let_go()
                self._readers.discard(reader)

    def _write(self, changes: dict[bytes, bytes | None]) -> None:
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value in changes.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        with _named_errors(self._path):
            self._db.write(batch)

    def _close(self) -> None:
        # RocksDB keeps its folder while an iterator is alive.
        for reader in self._readers:
            reader.let_go()
        try:
            with _named_errors(self._path):
                self._db.close()
        finally:
            self._writer_lock.release()
            if self._temporary is not None:
                self._temporary.cleanup()


class _RocksReader:
    """A frozen state: one iterator of RocksDB, moved about under the store's lock."""

    def __init__(self, store: RocksStore, steps: Any) -> None:
        self._store = store
        self._steps = steps

    def let_go(self) -> None:
        """Nothing is read any more."""
        self._steps = None

    def get(self, key: bytes) -> bytes | None:
        with self._moving() as steps:
            steps.seek(key)
            if steps.valid() and steps.key() == key:
                return bytes(steps.value())
            steps.status()
            return None

    def iterate(
        self, prefix: bytes = b"", start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        # Page by page: between pages somebody else may move the iterator.
        at, is_next = start, False
        while page := self._page(prefix, at, reverse, is_next):
            yield from page
            at, is_next = page[-1][0], True

    def _page(
        self, prefix: bytes, at: bytes | None, reverse: bool, is_next: bool
    ) -> list[tuple[bytes, bytes]]:
        """Pairs from a key on; from behind it with `is_next`. Empty at the end."""
        page: list[tuple[bytes, bytes]] = []
        with self._moving() as steps:
            go_on = steps.prev if reverse else steps.next
            if reverse:
                _seek_down(steps, prefix, at)
            else:
                steps.seek(prefix if at is None else max(prefix, at))
            if is_next and steps.valid() and steps.key() == at:
                go_on()
            while len(page) < PAGE_OF_PAIRS and steps.valid():
                key = steps.key()
                if not key.startswith(prefix):
                    break
                page.append((key, steps.value()))
                go_on()
            steps.status()
        return page

    @contextmanager
    def _moving(self) -> Iterator[Any]:
        store = self._store
        with store._lock:
            if self._steps is None:
                raise StoreClosed("this snapshot of a rocksdict store is closed")
            with _named_errors(store._path):
                yield self._steps


def _seek_down(steps: Any, prefix: bytes, at: bytes | None) -> None:
    """To the last key of a prefix that is not above `at`."""
    end = end_of_prefix(prefix)
    if at is not None and (end is None or at < end):
        steps.seek_for_prev(at)
    elif end is None:
        steps.seek_to_last()
    else:
        steps.seek_for_prev(end)
        if steps.valid() and steps.key() == end:
            steps.prev()


def _options(logs: Path | None = None) -> Any:
    options = rocksdict.Options(raw_mode=True)
    options.create_if_missing(False)
    # A torn end is what a killed process leaves; anything else is damage, and not to be
    # dropped in silence.
    options.set_wal_recovery_mode(
        rocksdict.DBRecoveryMode.tolerate_corrupted_tail_records()
    )
    options.set_keep_log_file_num(LOGS_KEPT)
    if logs is not None:
        options.set_db_log_dir(str(logs))
    return options


def _create(path: Path) -> None:
    """An empty store, there as a whole or not at all."""
    making = path.with_name(path.name + ".new")
    if making.exists():
        shutil.rmtree(making)
    making.mkdir()
    (making / FORMAT_FILE).write_text(FORMAT)
    options = _options()
    options.create_if_missing(True)
    rocksdict.Rdict(str(making / DB_FOLDER), options).close()
    making.rename(path)


def _check(path: Path) -> None:
    """Read all there is and write nothing. Raises what is wrong with it."""
    form = path / FORMAT_FILE
    said = form.read_bytes()[:100].decode(errors="replace") if form.is_file() else ""
    if not said.startswith(FORMAT_STEM):
        raise StoreDamaged(f"{path} is not a rocksdict store", path=str(path))
    if said != FORMAT:
        raise StoreOfOtherVersion(
            f"{path} has format {said[len(FORMAT_STEM) :].strip()}, "
            f"this version knows {FORMAT[len(FORMAT_STEM) :].strip()}",
            path=str(path),
        )
    with tempfile.TemporaryDirectory(prefix="devnet-rocksdict-") as logs:
        looking = rocksdict.AccessType.read_only(False)
        db = rocksdict.Rdict(
            str(path / DB_FOLDER), _options(Path(logs)), access_type=looking
        )
        try:
            steps = db.iter()
            steps.seek_to_first()
            while steps.valid():
                steps.next()
            steps.status()
            del steps
        finally:
            db.close()


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    """Turn what RocksDB says into the errors of stores. It raises bare exceptions."""
    try:
        yield
    except rocksdict.DbClosedError as error:
        raise StoreClosed(f"{path} is closed") from error
    except Exception as error:
        if type(error) is not Exception:
            raise
        said = f"{path}: {error}"
        if "lock hold" in said or "While lock file" in said:
            raise StoreInUse(said, path=str(path)) from error
        if "No space" in said or "ermission denied" in said:
            raise FileFailed(said, path=str(path)) from error
        raise StoreDamaged(said, path=str(path)) from error
