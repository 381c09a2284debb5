"""
Where the PostgreSQL server is, which table belongs to a path, and what goes wrong.

The server is named by `DEVNET_POSTGRES`, or else by the one line of `postgres.dsn` in
the data folder: a connection string as libpq reads it, for example
`postgresql://devnet@127.0.0.1:5432/devnet`. The store's own file is a line of JSON with
the name of its table; it holds no password and no server.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devnet.plugins.extras import ServerUnreachable, missing_package
from devnet.plugins.store_parts import (
    FileFailed,
    StoreDamaged,
    StoreInUse,
    StoreOfOtherVersion,
    file_errors,
)

REQUIREMENT = "psycopg[binary]>=3.2,<4"
try:
    import psycopg
    from psycopg import conninfo, errors
except ImportError as error:
    raise missing_package("the store postgres", REQUIREMENT, error) from error

VARIABLE = "DEVNET_POSTGRES"
DSN_FILE = "postgres.dsn"
EXAMPLE = "postgresql://USER:PASSWORD@127.0.0.1:5432/DATABASE"
FORMAT_VERSION = 1
CONNECT_TIMEOUT_S = 5
TABLE_PATTERN = re.compile(r"[a-z0-9_]{1,63}")
LOCK_PATIENCE_MS = 2000
"""A killed devnet's lock lasts until the server sees that its connection is gone."""


@dataclass(frozen=True, slots=True)
class Server:
    """
    A connection string, and where it was found.

    Args:
        dsn: as libpq reads it; may hold a password, so it is never shown.
        named_by: what the user has to look at when it is wrong.
    """

    dsn: str
    named_by: str

    def __str__(self) -> str:
        """Host, port and database, for messages."""
        parts = conninfo.conninfo_to_dict(self.dsn)
        host = parts.get("host") or "the local socket"
        return f"{host}:{parts.get('port') or 5432}/{parts.get('dbname') or ''}"


def find_server(path: Path | None) -> Server:
    """The server of a store at a path. Raises ServerUnreachable."""
    beside = None if path is None else path.parent / DSN_FILE
    if dsn := os.environ.get(VARIABLE, "").strip():
        server = Server(dsn, VARIABLE)
    elif beside is not None and beside.is_file():
        with file_errors(beside):
            server = Server(beside.read_text().strip(), str(beside))
    else:
        folder = "" if beside is None else f", or write it in {beside}"
        raise ServerUnreachable(
            "the store postgres does not know its server",
            hint=f"Set {VARIABLE}, for example to {EXAMPLE}{folder}.",
        )
    try:
        conninfo.conninfo_to_dict(server.dsn)
    except psycopg.ProgrammingError:
        # What libpq says may hold a part of the password.
        raise ServerUnreachable(
            f"what {server.named_by} says is not a connection string",
            hint=f"It looks like {EXAMPLE}.",
        ) from None
    return server


def connect(server: Server) -> Any:
    """A connection on which each statement is a transaction of its own."""
    try:
        return psycopg.connect(
            server.dsn,
            autocommit=True,
            application_name="bystack-devnet",
            connect_timeout=CONNECT_TIMEOUT_S,
        )
    except psycopg.OperationalError as error:
        first = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise ServerUnreachable(
            f"no PostgreSQL at {server}: {first}",
            hint=f"Start the server, or correct {server.named_by}: "
            f"it looks like {EXAMPLE}.",
        ) from error


def read_table(path: Path) -> str | None:
    """The table that belongs to a path; None when there is no store yet."""
    with file_errors(path):
        if not path.exists():
            return None
        raw = path.read_bytes()
    try:
        said = json.loads(raw)
        version, table = said["postgres"], said["table"]
    except (ValueError, LookupError, TypeError) as error:
        raise StoreDamaged(
            f"{path} does not name a table of the devnet", path=str(path)
        ) from error
    check_version(str(path), version)
    if not isinstance(table, str) or not TABLE_PATTERN.fullmatch(table):
        raise StoreDamaged(f"{path} does not name a table of the devnet")
    return table


def write_table(path: Path, table: str) -> None:
    """Say that this table belongs to a path, as a whole or not at all."""
    raw = json.dumps({"postgres": FORMAT_VERSION, "table": table}).encode() + b"\n"
    making = path.with_name(path.name + ".new")
    with file_errors(path):
        with making.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        making.replace(path)


def check_version(what: str, version: object) -> None:
    """Refuse what another version wrote. Raises StoreOfOtherVersion."""
    if version != FORMAT_VERSION:
        raise StoreOfOtherVersion(
            f"{what} has format {version}, this version knows {FORMAT_VERSION}"
        )


@contextmanager
def named_errors(where: str) -> Iterator[None]:
    """Turn what the server says into the errors of stores."""
    try:
        yield
    except errors.LockNotAvailable as error:
        raise StoreInUse(f"{where} is open for writing already") from error
    except (
        errors.UndefinedTable,
        errors.DataCorrupted,
        errors.IndexCorrupted,
    ) as error:
        raise StoreDamaged(f"{where}: {_first_line(error)}") from error
    except (errors.AdminShutdown, psycopg.InterfaceError) as error:
        raise _lost(where, error) from error
    except psycopg.Error as error:
        # Without a code it is not the server that speaks, but the connection.
        if error.sqlstate is None:
            raise _lost(where, error) from error
        raise FileFailed(f"{where}: {_first_line(error)}") from error


def _lost(where: str, error: Exception) -> ServerUnreachable:
    return ServerUnreachable(
        f"{where}: the connection is lost: {_first_line(error)}",
        hint="Look whether the server runs; what was acknowledged is in it. "
        "Then start the devnet again.",
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
