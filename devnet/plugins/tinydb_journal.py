"""
The storage below the TinyDB store: a snapshot file, a journal, and all of it in memory.

Snapshot: one ordinary TinyDB file. Journal: a first line that names the snapshot to
which it belongs, then one line per batch, `[[table, {id: document}, [removed ids]]]`.
A line without its end is what a killed process left; it is cut off, so a batch is there
whole or not at all. The snapshot's number grows with each one: a journal of an older
snapshot is already contained in the newer one and is dropped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from tinydb.storages import Storage

from devnet.plugins.store_parts import (
    Content,
    FileFailed,
    StoreClosed,
    StoreDamaged,
    StoreOfOtherVersion,
    file_errors,
)

Document: TypeAlias = dict[str, Any]
Tables: TypeAlias = dict[str, dict[str, Document]]

FORMAT_VERSION = 1
FORMAT_TABLE = "format"
FORMAT_ID = "devnet"
LEAST_JOURNAL_BYTES = 4 * 1024 * 1024


class JournalledStorage(Storage):
    """
    Keeps all tables in memory and writes what changed.

    Raises: StoreDamaged, StoreOfOtherVersion when a file is not what this class wrote
    (then nothing is changed on disk); FileFailed when the system refuses.
    """

    def __init__(self, path: Path | None, force_to_disk: bool) -> None:
        self._path = path
        self._force = force_to_disk
        self._contents: dict[str, Content[str, Document]] = {}
        self._number = 0
        self._snapshot_bytes = 0
        self._journal: _Journal | None = None
        if path is not None:
            self._open(path)

    def content(self, table: str) -> Content[str, Document]:
        """The documents of a table with their order; empty when there is none."""
        return self._contents.setdefault(table, Content({}))

    def append(self, table: str, changes: Mapping[str, Document | None]) -> None:
        """Do these changes, all or none; None removes."""
        if not changes:
            return
        if self._journal is not None:
            self._journal.append(_line_of(table, changes))
        self._contents[table] = self.content(table).changed(changes)
        journal = self._journal
        if journal is not None and journal.size_bytes > max(
            self._snapshot_bytes, LEAST_JOURNAL_BYTES
        ):
            self.compact()

    def read(self) -> Tables | None:
        """A copy of all tables, for TinyDB's own verbs to change."""
        tables = {
            name: {key: dict(document) for key, document in content.pairs.items()}
            for name, content in self._contents.items()
        }
        return tables or None

    def write(self, data: Tables) -> None:
        """Take these tables instead of all that was there."""
        contents = {name: Content(table) for name, table in data.items()}
        self._write_snapshot(contents)
        self._contents = contents

    def compact(self) -> None:
        """Write all in one file and begin an empty journal."""
        self._write_snapshot(self._contents)

    def close(self) -> None:
        """Leave one file with all in it."""
        if self._journal is None:
            return
        try:
            if self._journal.n_batches:
                self.compact()
        finally:
            self._journal.close()
            self._journal = None

    def _open(self, path: Path) -> None:
        with file_errors(path):
            tables, self._number, self._snapshot_bytes = _read_snapshot(path)
            self._contents = {name: Content(table) for name, table in tables.items()}
            journal_path = path.with_name(path.name + ".journal")
            replayed, end = _read_journal(journal_path, self._number)
            for table, changes in replayed:
                self._contents[table] = self.content(table).changed(changes)
            # All is read and understood; only from here on is anything written.
            if self._snapshot_bytes == 0:
                self._write_snapshot(self._contents)
            self._journal = _Journal(journal_path, self._force)
            self._journal.take_over(self._number, len(replayed), end)

    def _write_snapshot(self, contents: Mapping[str, Content[str, Document]]) -> None:
        path = self._path
        if path is None:
            return
        number = self._number + 1
        document = {"version": FORMAT_VERSION, "snapshot": number}
        tables: Tables = {FORMAT_TABLE: {FORMAT_ID: document}}
        tables |= {name: content.pairs for name, content in contents.items()}
        raw = json.dumps(tables, separators=(",", ":")).encode()
        temporary = path.with_name(path.name + ".tmp")
        with file_errors(path):
            with temporary.open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        self._number, self._snapshot_bytes = number, len(raw)
        if self._journal is not None:
            self._journal.restart(number)


class _Journal:
    """The open journal file: lines are appended whole or not at all."""

    def __init__(self, path: Path, force_to_disk: bool) -> None:
        self._path = path
        self._force = force_to_disk
        self._file: BinaryIO = path.open("r+b" if path.exists() else "x+b", buffering=0)
        self.size_bytes = 0
        self.n_batches = 0

    def take_over(self, number: int, n_batches: int, end: int) -> None:
        """Go on behind the good part of what is there, or begin when there is none."""
        if end == 0:
            self.restart(number)
            return
        self._file.truncate(end)
        self._file.seek(end)
        self.size_bytes, self.n_batches = end, n_batches

    def restart(self, number: int) -> None:
        """Begin an empty journal of the snapshot with this number."""
        with file_errors(self._path):
            self._file.seek(0)
            self._file.truncate(0)
            self.size_bytes = self.n_batches = 0
            self.append(_dump({"journal": FORMAT_VERSION, "snapshot": number}))
            self.n_batches = 0

    def append(self, line: bytes) -> None:
        """Add a line; when that fails the file is as before, or the journal closed."""
        if self._file.closed:
            raise StoreClosed(f"{self._path} failed before and is closed")
        try:
            self._write_all(line)
        except OSError as error:
            self._undo()
            raise FileFailed(f"{self._path}: {error.strerror or error}") from error
        self.size_bytes += len(line)
        self.n_batches += 1

    def close(self) -> None:
        self._file.close()

    def _write_all(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            rest = rest[self._file.write(rest) :]
        if self._force:
            os.fsync(self._file.fileno())

    def _undo(self) -> None:
        try:
            self._file.truncate(self.size_bytes)
            self._file.seek(self.size_bytes)
        except OSError:
            # A torn line stays at the end; the next open cuts it off. Nothing more may
            # be written behind it.
            self._file.close()


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _line_of(table: str, changes: Mapping[str, Document | None]) -> bytes:
    kept = {key: document for key, document in changes.items() if document is not None}
    removed = [key for key, document in changes.items() if document is None]
    return _dump([[table, kept, removed]])


def _read_snapshot(path: Path) -> tuple[Tables, int, int]:
    """Tables, number and size of a snapshot; nothing when there is no file yet."""
    if not path.exists():
        return {}, 0, 0
    raw = path.read_bytes()
    try:
        tables = json.loads(raw)
        document = tables.pop(FORMAT_TABLE)[FORMAT_ID]
        version, number = document["version"], document["snapshot"]
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise StoreDamaged(
            f"{path} is not a TinyDB file of the devnet", path=str(path)
        ) from error
    _check_version(path, version)
    return tables, number, len(raw)


def _read_journal(
    path: Path, number: int
) -> tuple[list[tuple[str, dict[str, Document | None]]], int]:
    """
    The batches in a journal, and where the last good one ends.

    Nothing and 0 when the journal belongs to an older snapshot or has no whole line.
    """
    raw = path.read_bytes() if path.exists() else b""
    lines = raw.split(b"\n")[:-1]
    if not lines:
        return [], 0
    try:
        head = json.loads(lines[0])
        version, of_snapshot = head["journal"], head["snapshot"]
    except (ValueError, LookupError, TypeError) as error:
        raise StoreDamaged(f"{path} is not a journal of the devnet") from error
    _check_version(path, version)
    if of_snapshot > number:
        raise StoreDamaged(
            f"{path} belongs to snapshot {of_snapshot}, the file beside it is {number}"
        )
    if of_snapshot < number:
        return [], 0
    batches: list[tuple[str, dict[str, Document | None]]] = []
    end = len(lines[0]) + 1
    for index, line in enumerate(lines[1:], start=2):
        try:
            changes = list(_changes_of(line))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            if index < len(lines):
                # Not a torn end: good batches follow, and they must not be lost.
                raise StoreDamaged(f"{path} is damaged in line {index}") from error
            break
        batches += changes
        end += len(line) + 1
    return batches, end


def _changes_of(line: bytes) -> Iterator[tuple[str, dict[str, Document | None]]]:
    for table, kept, removed in json.loads(line):
        yield table, {**kept, **dict.fromkeys(removed)}


def _check_version(path: Path, version: object) -> None:
    if version != FORMAT_VERSION:
        raise StoreOfOtherVersion(
            f"{path} has format {version}, this version knows {FORMAT_VERSION}"
        )
