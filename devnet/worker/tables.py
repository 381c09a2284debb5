"""
Seed tables on disk: computed once per machine, 16 MiB each.

A file is written under a temporary name and renamed, so that nobody ever reads half of
one, and it is checked whenever it is read. A folder that cannot be used costs time and
nothing else. The newest few files stay, since a long chain has a seed every 256 blocks.
"""

from __future__ import annotations

import os
import struct
import tempfile
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from devnet.engine.errors import StorageError
from devnet.engine.seedtable import (
    SIDE,
    UNIT_BYTES,
    Table,
    build_table,
    extend_seed,
    find_smix,
)

HEAD = struct.Struct("<12s32sI")
MAGIC = b"tensority v1"
MOST_FILES = 8
PART_LIVES_S = 3600
"""Writing one takes well under a second; an older one was left by a killed worker."""
IN_MEMORY = 4
"""A reorganisation around a boundary of 256 blocks needs two, and each sidechain that
mines by Tensority one of its own. They are only there when they are used."""


class TableFileCorrupt(StorageError):
    """A file of the cache does not hold the table that its name promises."""

    code = "worker.table-corrupt"
    default_hint = "nothing to do: the table is computed again"


class TableShelf:
    """
    Seed tables from memory, else from disk, else computed (and then put on disk).

    Args:
        folder: where the files are, or None to do without.
        say: takes a sentence for the screen about anything that takes long or failed.
    """

    def __init__(self, folder: Path | None, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._newest: dict[bytes, Table] = {}

    def get(self, seed: bytes) -> Table:
        """The table of a seed. Takes 0.3 s when it must be computed, or 11 s."""
        table = self._newest.pop(seed, None)
        if table is None:
            table = self._load(seed)
        if table is None:
            table = self._compute(seed)
        self._newest[seed] = table
        while len(self._newest) > IN_MEMORY:
            del self._newest[next(iter(self._newest))]
        return table

    def _load(self, seed: bytes) -> Table | None:
        if self._folder is None:
            return None
        try:
            return load_table(self._folder, seed)
        except StorageError as error:
            self._say(error.message)
            return None

    def _compute(self, seed: bytes) -> Table:
        smix = find_smix()
        if smix.why_slow:
            self._say(f"seed table {seed.hex()[:8]} takes about 11 s: {smix.why_slow}")
        table = build_table(seed, smix.run)
        if self._folder is not None:
            try:
                save_table(self._folder, seed, table)
            except OSError as error:
                self._say(f"seed table {seed.hex()[:8]} is not kept on disk: {error}")
        return table


def load_table(folder: Path, seed: bytes) -> Table | None:
    """
    The table in the folder, read-only, or None when there is none to be read.

    Raises:
        TableFileCorrupt: there is a file, but not with this table in it.
    """
    path = table_path(folder, seed)
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    content = memoryview(raw)[HEAD.size :]
    expected = HEAD.pack(MAGIC, seed, zlib.crc32(content))
    # The first unit of every table is the extended seed: a check that costs nothing.
    if (
        len(content) != SIDE**3
        or raw[: HEAD.size] != expected
        or content[:UNIT_BYTES] != extend_seed(seed)
    ):
        raise TableFileCorrupt(f"the seed table in {path.name} is damaged", path=path)
    with suppress(OSError):
        os.utime(path)  # In use: not the one to be removed next.
    return np.frombuffer(content, np.int8).reshape(SIDE, SIDE, SIDE)


def save_table(folder: Path, seed: bytes, table: Table) -> None:
    """
    Put a table into the folder, whole or not at all.

    Raises:
        OSError: the folder cannot be made or written, or the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = table.tobytes()
    handle, name = tempfile.mkstemp(prefix="tensority-", suffix=".part", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(HEAD.pack(MAGIC, seed, zlib.crc32(content)))
            file.write(content)
        os.replace(name, table_path(folder, seed))
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    _keep_newest(folder)


def table_path(folder: Path, seed: bytes) -> Path:
    """Where the table of a seed lies."""
    return folder / f"tensority-{seed.hex()}.table"


def _keep_newest(folder: Path) -> None:
    """Remove the tables longest unused, and what a killed worker left unfinished."""
    with suppress(OSError):  # Another worker may be tidying up, too.
        tables = sorted(folder.glob("tensority-*.table"), key=_last_used)
        for path in tables[:-MOST_FILES]:
            path.unlink(missing_ok=True)
        for path in folder.glob("tensority-*.part"):
            if time.time() - _last_used(path) > PART_LIVES_S:
                path.unlink(missing_ok=True)


def _last_used(path: Path) -> float:
    return path.stat().st_mtime
