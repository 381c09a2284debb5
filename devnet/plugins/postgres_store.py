"""
A store in a PostgreSQL server, over psycopg 3 (an extra): a table for each sidechain.

The file at the store's path names the table, so that two devnets can share a server and
a folder that is moved finds its table again; without a path the table goes with the
store. Where the server is, `postgres_place` finds out.

A batch is one statement over `unnest`ed arrays. A snapshot is a repeatable-read
transaction on a connection of its own. The one writer holds an advisory lock, which the
server lets go of when the connection ends, however it ends. The type bytea compares
bytewise, as the contract wants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha3_256
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from devnet.engine.interfaces import StoreInfo
from devnet.plugins.postgres_place import (
    FORMAT_VERSION,
    LOCK_PATIENCE_MS,
    check_version,
    connect,
    find_server,
    named_errors,
    read_table,
    write_table,
)
from devnet.plugins.store_parts import (
    BaseStore,
    StoreClosed,
    StoreDamaged,
    end_of_prefix,
    file_errors,
)

PAGE_OF_PAIRS = 512
SCRATCH = "devnet_scratch_"
COMMENT = f"bystack devnet, pairs, format {FORMAT_VERSION}"
COMMENT_PATTERN = re.compile(r"bystack devnet, pairs, format (\d+)")

CREATE = "CREATE {kind} TABLE {table} (key bytea PRIMARY KEY, value bytea NOT NULL)"
WRITE = (
    "WITH gone AS (DELETE FROM {table} WHERE key = ANY(%b::bytea[]))"
    " INSERT INTO {table} (key, value)"
    " SELECT * FROM unnest(%b::bytea[], %b::bytea[])"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)
FROZEN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresStore(BaseStore):
    """
    Pairs in a table of a PostgreSQL server.

    A batch that was acknowledged is as safe as the server's `synchronous_commit` says;
    the death of the devnet costs nothing.

    Raises: ServerUnreachable, StoreInUse, StoreDamaged, StoreOfOtherVersion,
    FileFailed.
    """

    info: ClassVar[StoreInfo] = StoreInfo(
        name="postgres",
        summary="a table in a PostgreSQL server that you run (an extra)",
        durable=True,
        file_suffix=".postgres",
    )

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self._path = None if path is None else Path(path)
        self._server = find_server(self._path)
        self._readers: set[_PostgresReader] = set()
        self._spare: Any = None
        table = None if self._path is None else read_table(self._path)
        self._db = connect(self._server)
        try:
            if table is None:
                self._table = self._create()
            else:
                self._table = table
                with named_errors(self._where):
                    _lock(self._db, table)
                    _check(self._db, table, f"{self._path}, {self._server}")
        except BaseException:
            self._db.close()
            raise

    @classmethod
    def remove(cls, path: Path) -> None:
        """Remove what a closed store left: its table, and the file that names it."""
        table = read_table(path)
        if table is None:
            return
        server = find_server(path)
        db = connect(server)
        try:
            with named_errors(f"table {table} in {server}"):
                _lock(db, table)
                db.execute(_sql("DROP TABLE IF EXISTS {table}", table))
        finally:
            db.close()
        with file_errors(path):
            path.unlink()

    def get(self, key: bytes) -> bytes | None:
        with self._lock:
            self._check_open()
            with named_errors(self._where):
                return _get(self._db, self._table, key)

    @contextmanager
    def snapshot(self) -> Iterator[_PostgresReader]:
        with self._lock:
            self._check_open()
            db, self._spare = self._spare or connect(self._server), None
            reader = _PostgresReader(db, self._table, self._where)
            reader.freeze()
            self._readers.add(reader)
        try:
            yield reader
        finally:
            with self._lock:
                self._readers.discard(reader)
                self._spare = reader.let_go(keep=self._spare is None) or self._spare

    def _write(self, changes: dict[bytes, bytes | None]) -> None:
        if not changes:
            return
        gone = [key for key, value in changes.items() if value is None]
        kept = {key: value for key, value in changes.items() if value is not None}
        values = (gone, list(kept), list(kept.values()))
        with named_errors(self._where):
            self._db.execute(_sql(WRITE, self._table), values)

    def _close(self) -> None:
        for reader in tuple(self._readers):
            reader.let_go(keep=False)
        if self._spare is not None:
            self._spare.close()
        try:
            if self._path is None and not self._db.closed:
                with named_errors(self._where):
                    self._db.execute(_sql("DROP TABLE IF EXISTS {table}", self._table))
        finally:
            self._db.close()

    @property
    def _where(self) -> str:
        return f"table {self._table} in {self._server}"

    def _create(self) -> str:
        """A new table, and the file that names it. Gives its name."""
        db, path = self._db, self._path
        own = uuid4().hex[:12]
        with named_errors(str(self._server)):
            if path is None:
                _sweep(db)
                table, kind = f"{SCRATCH}{own}", "UNLOGGED"
            else:
                word = re.sub(r"[^a-z0-9]+", "_", path.stem.lower())[:30]
                table, kind = f"devnet_{word}_{own}", ""
            # Locked before it is there, so that nobody can take it for a leftover.
            _lock(db, table)
            with db.transaction():
                db.execute(_sql(CREATE.replace("{kind}", kind), table))
                db.execute(_sql(f"COMMENT ON TABLE {{table}} IS '{COMMENT}'", table))
        if path is not None:
            # Named only now: killed in between, a table without a name is left behind,
            # and not a name without a table.
            write_table(path, table)
        return table


class _PostgresReader:
    """A frozen state: a transaction that sees what was there at its first look."""

    def __init__(self, db: Any, table: str, where: str) -> None:
        self._db, self._table, self._where = db, table, where

    def freeze(self) -> None:
        """From now on later writes are not seen."""
        with named_errors(self._where):
            self._db.execute(FROZEN)
            self._db.execute(_sql("SELECT 1 FROM {table} LIMIT 1", self._table))

    def let_go(self, *, keep: bool) -> Any:
        """End it. Gives the connection when it is to be kept and can be used again."""
        db, self._db = self._db, None
        if db is None:
            return None
        with suppress(Exception):
            if keep:
                db.execute("ROLLBACK")
                return db
        with suppress(Exception):
            db.close()
        return None

    def get(self, key: bytes) -> bytes | None:
        with named_errors(self._where):
            return _get(self._open_db(), self._table, key)

    def iterate(
        self, prefix: bytes = b"", start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        # Page by page: the server holds no cursor for those who stop in the middle.
        at, sign = start, "<=" if reverse else ">="
        while page := self._page(prefix, at, sign):
            yield from page
            at, sign = page[-1][0], "<" if reverse else ">"

    def _page(
        self, prefix: bytes, at: bytes | None, sign: str
    ) -> list[tuple[bytes, bytes]]:
        bounds = [(">=", prefix), ("<", end_of_prefix(prefix)), (sign, at)]
        used = [(how, bound) for how, bound in bounds if bound is not None]
        query = (
            "SELECT key, value FROM {table} WHERE "
            + " AND ".join(f"key {how} %b" for how, _ in used)
            + f" ORDER BY key {'DESC' if '<' in sign else 'ASC'} LIMIT {PAGE_OF_PAIRS}"
        )
        with named_errors(self._where), self._open_db().cursor(binary=True) as cursor:
            cursor.execute(_sql(query, self._table), [bound for _, bound in used])
            found: list[tuple[bytes, bytes]] = cursor.fetchall()
            return found

    def _open_db(self) -> Any:
        if self._db is None:
            raise StoreClosed("this snapshot of a postgres store is closed")
        return self._db


def _sql(text: str, table: str) -> Any:
    """A statement with the table's name set in, quoted."""
    return text.replace("{table}", '"' + table.replace('"', '""') + '"')


def _get(db: Any, table: str, key: bytes) -> bytes | None:
    with db.cursor(binary=True) as cursor:
        cursor.execute(_sql("SELECT value FROM {table} WHERE key = %b", table), (key,))
        row = cursor.fetchone()
    return None if row is None else row[0]


def _lock_number(table: str) -> int:
    return int.from_bytes(sha3_256(table.encode()).digest()[:8], "big", signed=True)


def _lock(db: Any, table: str) -> None:
    """Be the only writer of a table. Raises LockNotAvailable after a moment."""
    db.execute(f"SET lock_timeout = {LOCK_PATIENCE_MS}")
    db.execute("SELECT pg_advisory_lock(%s)", (_lock_number(table),))


def _check(db: Any, table: str, where: str) -> None:
    """Is the table there, and one of ours?"""
    row = db.execute(
        "SELECT obj_description(oid, 'pg_class') FROM pg_class"
        " WHERE oid = to_regclass(%s)",
        (_sql("{table}", table),),
    ).fetchone()
    if row is None:
        raise StoreDamaged(
            f"{where} has no table {table}",
            hint="Name the server that holds it, or put the table back.",
        )
    match = COMMENT_PATTERN.fullmatch(row[0] or "")
    if match is None:
        raise StoreDamaged(f"{where}: table {table} is not one of the devnet")
    check_version(f"{where}: table {table}", int(match[1]))


def _sweep(db: Any) -> None:
    """Remove tables without a path whose devnet was killed before it could do so."""
    rows = db.execute(
        "SELECT tablename FROM pg_tables"
        " WHERE schemaname = current_schema() AND starts_with(tablename, %s)",
        (SCRATCH,),
    ).fetchall()
    for (table,) in rows:
        number = _lock_number(table)
        if db.execute("SELECT pg_try_advisory_lock(%s)", (number,)).fetchone()[0]:
            db.execute(_sql("DROP TABLE IF EXISTS {table}", table))
            db.execute("SELECT pg_advisory_unlock(%s)", (number,))
