"""How long people wait for the first picture: T14 and T15, in fresh processes."""

from __future__ import annotations

import os
import re
import select
import signal
import struct
import subprocess
import sys
import time
from contextlib import suppress

from devnet.bench.measure import (
    BenchUnable,
    Measured,
    Pairs,
    Subject,
    Target,
    in_turn,
    load_average,
)

COLUMNS, ROWS = 140, 40
PAINT_WITHIN_S = 30.0
END_WITHIN_S = 5.0
ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?<>=]*[ -/]*[@-~]|[()][0-9A-Z]|[=>])")
FIRST_WORD = b"mainchain"
"""Stands in the frame of the first panel, so it is there when the screen is painted."""


def first_paint(n_pairs: int) -> Measured:
    """T14: from the start of the process to the dashboard on the terminal."""
    if os.name != "posix":
        raise BenchUnable("the first paint is measured on a pseudo-terminal")
    yardstick = [sys.executable, "-c", "import textual.app"]
    devnet = [sys.executable, "-m", "devnet"]
    paint_once(devnet)
    _run(yardstick)
    painted_s, imported_s = [], []
    for _ in range(n_pairs):
        painted_s.append(paint_once(devnet))
        began_s = time.perf_counter()
        _run(yardstick)
        imported_s.append(time.perf_counter() - began_s)
    pairs = Pairs(tuple(painted_s), tuple(imported_s))
    return Measured(pairs, "wall", Target(3.0), {"load_average": load_average()})


def version(n_pairs: int) -> Measured:
    """T15: `devnet --version` against an interpreter that does nothing."""
    if os.name != "posix":
        raise BenchUnable("the time of a finished process is read in the POSIX way")
    pairs = in_turn(
        lambda: _run([sys.executable, "-m", "devnet", "--version"]),
        lambda: _run([sys.executable, "-c", "pass"]),
        n_pairs,
        _cpu_of_children,
    )
    return Measured(pairs, "cpu", Target(5.0))


SUBJECTS = (
    Subject("T14", "first paint of the dashboard", "import textual.app", first_paint),
    Subject("T15", "devnet --version", "a bare interpreter", version),
)


def _environment() -> dict[str, str]:
    """Ours; Python may keep what it compiled, as it does for everybody."""
    kept = "PYTHONDONTWRITEBYTECODE"
    return {name: value for name, value in os.environ.items() if name != kept}


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False,
        env=_environment(),
    )  # fmt: skip
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise BenchUnable(
            f"`{' '.join(command[1:])}` ended with status {done.returncode}: "
            f"{' '.join(last) or 'nothing said'}"
        )


def _cpu_of_children() -> float:
    """CPU seconds of all processes that were started here and have ended."""
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def paint_once(command: list[str]) -> float:
    """
    Seconds until a fresh process has painted the dashboard on a terminal of its own.
    The process is ended then.

    Raises:
        BenchUnable: it ended, or half a minute went by, without a dashboard.
    """
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    size = struct.pack("HHHH", ROWS, COLUMNS, 0, 0)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
    began_s = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**_environment(), "TERM": "xterm-256color"},
        start_new_session=True,
    )
    os.close(theirs)
    try:
        return _read_until_painted(ours, began_s)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(ours)


def _read_until_painted(terminal: int, began_s: float) -> float:
    """Seconds from the beginning to the first word of the dashboard."""
    seen = b""
    while (left_s := began_s + PAINT_WITHIN_S - time.perf_counter()) > 0:
        ready, _, _ = select.select([terminal], [], [], left_s)
        chunk = b""
        with suppress(OSError):  # The process has ended: Linux says so in this way.
            chunk = os.read(terminal, 65536) if ready else b""
        if not chunk:
            break
        seen += chunk
        if FIRST_WORD in ESCAPES.sub(b"", seen):
            return time.perf_counter() - began_s
    shown = ESCAPES.sub(b"", seen).decode(errors="replace").split()
    raise BenchUnable(f"the dashboard was not painted: {' '.join(shown[-12:]) or '-'}")
