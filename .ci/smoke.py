"""
Uses the installed command as a person would: in a pseudo-terminal, by keys.

    python .ci/smoke.py PATH_OF_DEVNET [--show]

Starts it, sees a mainchain block arrive, locks, sees the transfer claimed, quits. Reads
the stream of the terminal into a small model of the screen; only what stands on that
screen counts as seen. Ends with status 1 and the screen when something does not come.
"""

import codecs
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

WIDTH, HEIGHT = 140, 40
PATIENCE_S = 60.0
CONTROL = re.compile(
    r"\x1b\[(?P<private>[<=>?]?)(?P<numbers>[\d;:]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b[\]PX^_].*?(?:\x1b\\|\x07)"
    r"|\x1b[ -/]+[0-~]|\x1b[0-OQ-WYZ\\`-~]",
    re.DOTALL,
)


class Screen:
    """What a terminal would show: text and cursor, no colours."""

    def __init__(self) -> None:
        self.lines = [[" "] * WIDTH for _ in range(HEIGHT)]
        self.row = self.column = 0
        self._rest = ""
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join("".join(line).rstrip() for line in self.lines)

    def feed(self, raw: bytes) -> None:
        """Take bytes as they come; a control sequence may be cut anywhere."""
        text, self._rest = self._rest + self._decode(raw), ""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self._put(text[at])
                at += 1
            elif found := CONTROL.match(text, at):
                if found["final"]:
                    self._control(found["private"], found["numbers"], found["final"])
                at = found.end()
            else:
                self._rest = text[at:]
                break

    def _put(self, sign: str) -> None:
        if sign == "\r":
            self.column = 0
        elif sign == "\n":
            self.row = min(self.row + 1, HEIGHT - 1)
        elif sign == "\b":
            self.column = max(self.column - 1, 0)
        elif sign >= " " and self.row < HEIGHT and self.column < WIDTH:
            self.lines[self.row][self.column] = sign
            self.column += 1

    def _control(self, private: str, numbers: str, final: str) -> None:
        values = [int(part or 0) for part in numbers.replace(":", ";").split(";")]
        first = values[0]
        if private:
            return
        if final in "Hf":
            column = values[1] if len(values) > 1 else 1
            self.row, self.column = max(first, 1) - 1, max(column, 1) - 1
        elif final == "J":
            for row in range(self.row if first == 0 else 0, HEIGHT):
                self.lines[row] = [" "] * WIDTH
        elif final == "K":
            start = self.column if first == 0 else 0
            self.lines[self.row][start:] = [" "] * (WIDTH - start)
        elif final in "ABCD":
            step = max(first, 1)
            self.row += {"A": -step, "B": step}.get(final, 0)
            self.column += {"C": step, "D": -step}.get(final, 0)
        elif final == "G":
            self.column = max(first, 1) - 1


class Terminal:
    """A program in a pseudo-terminal, and its screen."""

    def __init__(self, command: list[str]) -> None:
        self.screen = Screen()
        self.status: int | None = None
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            for name in ("COLUMNS", "LINES", "NO_COLOR"):
                os.environ.pop(name, None)
            os.environ["TERM"] = "xterm-256color"
            os.execv(command[0], command)
        size = struct.pack("HHHH", HEIGHT, WIDTH, 0, 0)
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, size)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._descriptor, keys.encode())

    def wait_for(self, what: str, pattern: str) -> re.Match[str]:
        """Read until a pattern stands on the screen. Exits when it does not come."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if found := re.search(pattern, self.screen.text):
                say(f"saw {what}: {found[0].strip()!r}")
                return found
            if not self._read(end):
                break
        self.fail(f"did not see {what} ({pattern})")
        raise AssertionError("not reached")

    def wait_for_end(self) -> int:
        """Read until the program ends; its exit status."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and self._read(end):
            pass
        while self.status is None and time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            else:
                time.sleep(0.02)
        if self.status is None:
            self.fail("did not end")
        return self.status if self.status is not None else 1

    def fail(self, reason: str) -> None:
        """Show what there is, end the program, leave."""
        print(self.screen.text)
        say(f"smoke: {reason}")
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        raise SystemExit(1)

    def _read(self, end: float) -> bool:
        """Take what came; False when the program closed its terminal."""
        ready, _, _ = select.select([self._descriptor], [], [], 0.2)
        if not ready:
            return time.monotonic() < end
        try:
            raw = os.read(self._descriptor, 65536)
        except OSError:  # Linux says so when the other side is closed.
            return False
        self.screen.feed(raw)
        return bool(raw)


def main(arguments: list[str]) -> int:
    """The whole visit."""
    began = time.monotonic()
    terminal = Terminal([arguments[0]])
    height = int(terminal.wait_for("the mainchain", r"\bmain (\d+)\b")[1])
    say(f"first screen after {time.monotonic() - began:.2f} s")
    higher = "|".join(str(height + step) for step in range(1, 6))
    terminal.wait_for("a new block", rf"\bmain (?:{higher})\b")
    terminal.press("l")
    terminal.wait_for("the form", r"same as: lock")
    terminal.press("250")
    terminal.wait_for("the command of the form", r"lock alice 250 BTM alpha")
    locked = time.monotonic()
    terminal.press("\r")
    terminal.wait_for("the transfer on its way", r"main > alpha\s+250")
    terminal.wait_for("the claim", r"claimed in alpha")
    say(f"claimed after {time.monotonic() - locked:.2f} s")
    if "--show" in arguments:
        print(terminal.screen.text)
    terminal.press("q")
    status = terminal.wait_for_end()
    if status:
        terminal.fail(f"quitting gave status {status}")
    say("smoke: all good")
    return 0


def say(text: str) -> None:
    """Words for people."""
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
