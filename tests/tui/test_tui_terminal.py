"""The installed command on a real pseudo-terminal: it runs, and leaves it clean."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

import pytest

ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?<>=]*[ -/]*[@-~]|[()][0-9A-Z]|[=>])")
MOST_S = 60


class Terminal:
    """A child process on a pseudo-terminal of 80x24."""

    def __init__(self, *arguments: str) -> None:
        self.written = b""
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", LANG="C.UTF-8")
            os.execv(sys.executable, [sys.executable, "-m", "devnet", *arguments])
        size = struct.pack("HHHH", 24, 80, 0, 0)
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, size)

    @property
    def plain(self) -> str:
        """Everything written so far, without what moves the cursor."""
        return ESCAPES.sub(b"", self.written).decode(errors="replace")

    def wait_for(self, words: str) -> None:
        """Read until the words were written. They must come in one run of cells."""
        deadline_s = time.monotonic() + MOST_S
        while words not in self.plain:
            left_s = deadline_s - time.monotonic()
            assert left_s > 0, f"no {words!r} in:\n{self.plain[-3000:]}"
            if select.select([self.file], [], [], left_s)[0]:
                self.written += self._read() or self._ended(words)

    def _read(self) -> bytes:
        try:
            return os.read(self.file, 65536)
        except OSError:  # The other side is closed.
            return b""

    def _ended(self, words: str) -> bytes:
        raise AssertionError(f"it ended before {words!r}:\n{self.plain[-3000:]}")

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.file, keys.encode())

    def end(self) -> int:
        """Read to the end. The exit status."""
        deadline_s = time.monotonic() + MOST_S
        while time.monotonic() < deadline_s:
            if select.select([self.file], [], [], 1.0)[0]:
                read = self._read()
                if not read:
                    break
                self.written += read
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


def is_clean(written: bytes) -> bool:
    """Is the screen that was there before back, with its cursor and without mouse?"""
    ends = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?1003l")
    starts = (b"\x1b[?1049h", b"\x1b[?25l", b"\x1b[?1000h", b"\x1b[?1003h")
    return all(
        written.rfind(end) > written.rfind(start)
        for end, start in zip(ends, starts, strict=True)
    )


def test_a_lock_is_claimed_on_the_terminal_and_q_leaves_it_clean():
    terminal = Terminal("--speed", "x5")
    terminal.wait_for("mainchain")
    terminal.press("l")
    terminal.wait_for("Lock: from main to a sidechain")
    terminal.press("250\r")
    terminal.wait_for("claimed in alpha")
    terminal.press("q")

    assert terminal.end() == 0
    assert is_clean(terminal.written)


@pytest.mark.parametrize("how", ["key", "signal"])
def test_ctrl_c_and_a_kill_leave_the_terminal_clean(how):
    terminal = Terminal()
    terminal.wait_for("mainchain")
    if how == "key":
        terminal.press("\x03")
    else:
        os.kill(terminal.pid, signal.SIGTERM)

    assert terminal.end() == {"key": 130, "signal": 143}[how]
    assert is_clean(terminal.written)
    assert "Traceback" not in terminal.plain
