"""A bar for people on stderr, while a terminal is there to read it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

WIDTH = 24
PAUSE_S = 0.1
"""Least time between two drawings."""


@dataclass(slots=True)
class Progress:
    """
    How far something is.

    Args:
        what: the noun that is counted, in the plural.
        total: how many there are in all.
    """

    what: str
    total: int
    clock_s: Callable[[], float] = time.monotonic
    started_s: float = field(init=False)
    _drawn_s: float = field(init=False, default=float("-inf"))

    def __post_init__(self) -> None:
        self.started_s = self.clock_s()

    def __call__(self, n_done: int, total: int | None = None) -> None:
        """So many are done now. A `total` corrects the first one."""
        self.total = self.total if total is None else total
        now_s = self.clock_s()
        is_last = n_done >= self.total
        if not sys.stderr.isatty() or (now_s - self._drawn_s < PAUSE_S and not is_last):
            return
        self._drawn_s = now_s
        line = bar_line(self.what, n_done, self.total, now_s - self.started_s)
        sys.stderr.write(f"\r{line}\x1b[K")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line, whatever comes next."""
        if sys.stderr.isatty() and self._drawn_s > float("-inf"):
            sys.stderr.write("\n")
            sys.stderr.flush()


def bar_line(what: str, n_done: int, total: int, taken_s: float) -> str:
    """`[######......] 55 of 110 blocks, 12 s left`"""
    share = min(n_done / total, 1.0) if total else 1.0
    filled = int(share * WIDTH)
    bar = "#" * filled + "." * (WIDTH - filled)
    line = f"[{bar}] {n_done} of {total} {what}"
    if n_done >= total:
        return f"{line}, {taken_s:.0f} s"
    if n_done and taken_s >= 1:
        return f"{line}, {taken_s / n_done * (total - n_done):.0f} s left"
    return line
