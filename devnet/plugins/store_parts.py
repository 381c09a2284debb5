"""
What the built-in stores share: their errors, the buffer that a batch fills, pairs in
order, the lock that keeps a second process out, and the digest over all pairs.

A store of somebody else may use these parts too; nothing obliges it to.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha3_256
from pathlib import Path
from threading import RLock
from typing import Any, ClassVar, Generic, TypeVar

from devnet.engine.interfaces import Reader, StorageError, StoreInfo

Key = TypeVar("Key", bound=Any)  # bytes, or text
Value = TypeVar("Value")

MAX_KEY_BYTES = 255
MAX_VALUE_BYTES = 16 * 1024 * 1024


class PairOutOfRange(StorageError):
    """A key or a value is not of a size that every store can keep."""

    code = "storage.out-of-range"
    default_hint = "Keys have 1 to 255 bytes, values 0 to 16777216."


class StoreClosed(StorageError):
    """The store was closed, or closed itself after a failure of its file."""

    code = "storage.closed"
    default_hint = "Open it again."


class SecondWriter(StorageError):
    """A batch is open, and somebody else wants to write."""

    code = "storage.second-writer"
    default_hint = "Finish the open batch first; a store has one writer at a time."


class StoreInUse(StorageError):
    """The file is open for writing already, here or in another process."""

    code = "storage.in-use"
    default_hint = "Close the devnet that holds it, or choose another folder."


class StoreDamaged(StorageError):
    """The file does not hold what a store writes. It is left as it is."""

    code = "storage.damaged"
    default_hint = "Put a copy of the file back, or start with a new folder."


class StoreOfOtherVersion(StorageError):
    """The file was written in a form that this version does not know."""

    code = "storage.other-version"
    default_hint = "Open it with the version that wrote it. It was left as it is."


class FileFailed(StorageError):
    """The operating system refused to read or write the file."""

    code = "storage.file-failed"
    default_hint = "Look at the free space and at the permissions of the folder."


def check_pair(key: bytes, value: bytes = b"") -> None:
    """Refuse a pair that not every store could keep. Raises PairOutOfRange."""
    if not 1 <= len(key) <= MAX_KEY_BYTES:
        raise PairOutOfRange(f"a key has {len(key)} bytes", key_bytes=len(key))
    if len(value) > MAX_VALUE_BYTES:
        raise PairOutOfRange(f"a value has {len(value)} bytes", value_bytes=len(value))


class Changes:
    """What a batch will do, by key; None deletes. Nothing is written before its end."""

    def __init__(self) -> None:
        self.by_key: dict[bytes, bytes | None] = {}

    def put(self, key: bytes, value: bytes) -> None:
        check_pair(key, value)
        self.by_key[bytes(key)] = bytes(value)

    def delete(self, key: bytes) -> None:
        check_pair(key)
        self.by_key[bytes(key)] = None


class BaseStore(ABC):
    """
    What all stores do alike: one writer at a time, a single write as a batch of one,
    iteration over a snapshot. A concrete store gives get, snapshot, _write and _close.
    """

    info: ClassVar[StoreInfo]

    def __init__(self) -> None:
        self._lock = RLock()
        self._closed = False
        self._batch_open = False

    @abstractmethod
    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Reader]:
        """A frozen state that later writes do not change."""

    @abstractmethod
    def _write(self, changes: dict[bytes, bytes | None]) -> None:
        """Do all changes or none; None deletes. The lock is held."""

    @abstractmethod
    def _close(self) -> None:
        """Let go of everything. Called once, with the lock held."""

    @classmethod
    def remove(cls, path: Path) -> None:
        """
        Remove what a closed store left at this path; a chain was moved away from it.
        Not a part of the contract: a store without it just keeps its files.
        """
        remove_files(path)

    def iterate(
        self, prefix: bytes = b"", start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Pairs as they were at the first step; writing meanwhile is harmless."""
        with self.snapshot() as reader:
            yield from reader.iterate(prefix, start, reverse)

    def put(self, key: bytes, value: bytes) -> None:
        """Set one key."""
        with self.batch() as batch:
            batch.put(key, value)

    def delete(self, key: bytes) -> None:
        """Remove one key."""
        with self.batch() as batch:
            batch.delete(key)

    @contextmanager
    def batch(self) -> Iterator[Changes]:
        """All on a clean exit, nothing on an exception. Raises SecondWriter."""
        with self._lock:
            self._check_open()
            if self._batch_open:
                raise SecondWriter("a batch is open already")
            self._batch_open = True
        try:
            changes = Changes()
            yield changes
            with self._lock:
                self._check_open()
                self._write(changes.by_key)
        finally:
            self._batch_open = False

    def close(self) -> None:
        """Everything committed is there after the next open, if durable."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._close()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosed(f"this {self.info.name} store is closed")


class Content(Generic[Key, Value]):
    """
    A dict, its keys in order, and the number of those who look at it. It changes in
    place while nobody looks; else the writer goes on with a copy.
    """

    def __init__(self, pairs: dict[Key, Value]) -> None:
        self.pairs = pairs
        self.n_readers = 0
        self._sorted: list[Key] | None = None
        self._added: set[Key] = set()
        self._removed: set[Key] = set()

    def changed(self, changes: Mapping[Key, Value | None]) -> Content[Key, Value]:
        """What is there after these changes; None removes. Self, or a changed copy."""
        content = self._copy() if self.n_readers else self
        for key, value in changes.items():
            if value is None:
                content._remove(key)
            else:
                content._set(key, value)
        return content

    def select(
        self, low: Key, end: Key | None, start: Key | None, reverse: bool
    ) -> Iterator[tuple[Key, Value]]:
        """Pairs from `low` up to `end` (not included), from `start` on."""
        keys = self.sorted_keys()
        first = bisect_left(keys, low)
        last = len(keys) if end is None else bisect_left(keys, end)
        if start is not None and reverse:
            last = min(last, bisect_right(keys, start))
        elif start is not None:
            first = max(first, bisect_left(keys, start))
        places = range(first, last)
        for index in reversed(places) if reverse else places:
            yield keys[index], self.pairs[keys[index]]

    def sorted_keys(self) -> list[Key]:
        """
        All keys in order. Additions and removals are only noted when they happen and
        merged here, since a chain writes often and iterates seldom. A list that was
        given out is never changed.
        """
        keys = self._sorted
        if keys is None:
            keys = sorted(self.pairs)
        else:
            if self._removed:
                gone = self._removed
                keys = [key for key in keys if key not in gone]
            if self._added:
                # Two sorted runs: Python's sort merges them in one pass.
                keys = sorted(keys + sorted(self._added))
        self._sorted = keys
        self._added, self._removed = set(), set()
        return keys

    def _copy(self) -> Content[Key, Value]:
        copy: Content[Key, Value] = Content(dict(self.pairs))
        copy._sorted = self._sorted
        copy._added, copy._removed = set(self._added), set(self._removed)
        return copy

    def _set(self, key: Key, value: Value) -> None:
        if key not in self.pairs and key in self._removed:
            self._removed.discard(key)
        elif key not in self.pairs:
            self._added.add(key)
        self.pairs[key] = value

    def _remove(self, key: Key) -> None:
        if self.pairs.pop(key, None) is None:
            return
        if key in self._added:
            self._added.discard(key)
        else:
            self._removed.add(key)


def end_of_prefix(prefix: bytes) -> bytes | None:
    """The smallest key above all keys with this prefix; None when there is none."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None


def store_digest(reader: Reader) -> str:
    """SHA3-256 over all pairs in order, each part behind its length of 4 bytes."""
    digest = sha3_256()
    for key, value in reader.iterate():
        for part in (key, value):
            digest.update(len(part).to_bytes(4, "big"))
            digest.update(part)
    return digest.hexdigest()


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system says about a file into FileFailed."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileFailed(f"{path}: {reason}", path=str(path)) from error


def remove_files(path: Path, *suffixes: str) -> None:
    """Remove what a closed store left: its file, its lock, and the files beside it."""
    for suffix in ("", ".lock", *suffixes):
        with file_errors(path):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


class WriterLock:
    """
    Holds `PATH.lock` so that nobody else opens the store at PATH for writing. The
    operating system lets go of it when the process ends, however it ends, so the file
    itself may stay. Raises StoreInUse.
    """

    def __init__(self, path: Path) -> None:
        lock_path = path.with_name(path.name + ".lock")
        with file_errors(lock_path):
            self._descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o644)
        if not _try_lock(self._descriptor):
            os.close(self._descriptor)
            raise StoreInUse(f"{path} is open for writing already", path=str(path))

    def release(self) -> None:
        """Let the next writer in."""
        os.close(self._descriptor)


def _try_lock(descriptor: int) -> bool:
    """Lock the whole file, or say at once that somebody else holds it."""
    try:
        try:
            import fcntl
        except ImportError:  # Windows
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
