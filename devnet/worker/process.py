"""One hash worker process, seen from its parent."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

import devnet
from devnet.worker.frames import HASH, REQUEST, write_frame
from devnet.worker.memo import Pair

GRACE_S = 0.5


def worker_command(folder: Path | None) -> list[str]:
    """What starts the worker of this very devnet, with its folder for seed tables."""
    # -P: a file named numpy.py in the folder where somebody works is not ours to load.
    return [
        sys.executable or "python3",
        "-P",
        "-m",
        "devnet.worker",
        *([str(folder)] if folder else []),
    ]


class WorkerProcess:
    """
    A running worker with a pipe to it and a pipe from it.

    Its standard error goes nowhere: the terminal belongs to the front end, and what a
    worker has to say comes as a frame.

    Raises:
        OSError: it could not be started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        # Ctrl-C goes to the terminal's group of processes: the worker has its own.
        own_group = 0 if os.name == "posix" else None
        self._popen = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            process_group=own_group,
        )
        self._requests = cast(IO[bytes], self._popen.stdin)
        self.answers = cast(IO[bytes], self._popen.stdout)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    def ask(self, pair: Pair) -> None:
        """Send a request. Raises OSError or ValueError when the worker is gone."""
        write_frame(self._requests, HASH, REQUEST.pack(*pair))

    def hang_up(self) -> None:
        """Close the pipe to it, upon which it ends."""
        with suppress(OSError):
            self._requests.close()

    def reap(self, patience_s: float) -> int:
        """Make sure that it has ended, by force if need be. Its exit status."""
        self.hang_up()
        for insist in (None, self._popen.terminate, self._popen.kill):
            if insist:
                insist()
            with suppress(subprocess.TimeoutExpired):
                return self._popen.wait(GRACE_S if insist else patience_s)
        return self._popen.wait()


def _environment() -> dict[str, str]:
    """Ours, with the folder of this devnet in the search path."""
    home = str(Path(devnet.__file__).resolve().parent.parent)
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
