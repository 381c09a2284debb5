"""A PostgreSQL server of our own on loopback, in a temporary folder, for the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
OTHER_USERS = ("postgres", "nobody")


class NoServer(Exception):
    """It cannot be started here. The text says why."""


@contextmanager
def running_server() -> Iterator[str]:
    """
    Start a server and stop it at the end. Gives its connection string.

    Raises:
        NoServer: PostgreSQL is not installed, or cannot run here.
    """
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    with tempfile.TemporaryDirectory(prefix="devnet-postgres-") as folder:
        prefix = _as_somebody_else(Path(folder))
        data, port = f"{folder}/data", _free_port()
        _run([*prefix, initdb, "-D", data, "-U", "devnet", "-A", "trust", "-N"], folder)
        options = (
            f"-p {port} -k '{folder}' -c listen_addresses=127.0.0.1"
            " -c fsync=off -c shared_buffers=32MB -c max_connections=40"
        )
        log = f"{folder}/log"
        start = [pg_ctl, "-D", data, "-o", options, "-l", log, "-w", "start"]
        _run([*prefix, *start], folder)
        try:
            yield f"postgresql://devnet@127.0.0.1:{port}/postgres"
        finally:
            _run([*prefix, pg_ctl, "-D", data, "-m", "immediate", "stop"], folder)


def _program(name: str) -> str:
    for folder in FOLDERS:
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise NoServer(f"PostgreSQL is not installed: there is no {name}")
    return found


def _as_somebody_else(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: give the folder to somebody and become him."""
    if os.name != "posix" or os.geteuid() != 0:
        return []
    import pwd

    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise NoServer("root cannot run PostgreSQL, and there is no setpriv")
    for name in OTHER_USERS:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        who = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        return [setpriv, *who]
    raise NoServer("root cannot run PostgreSQL, and there is nobody to become")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(command: list[str], folder: str) -> None:
    # A file and not a pipe: the server would keep a pipe open.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        said.seek(0)
        if done.returncode:
            words = said.read().decode(errors="replace").strip().splitlines()
            raise NoServer(f"{command[-1]} failed: {words[-1:] or 'nothing said'}")
