"""How a call ended: what front ends print, and what `--json` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from devnet.commands.errors import exit_status
from devnet.commands.values import plain
from devnet.engine.errors import DevnetError


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    How a call ended.

    Args:
        ok: it did what it says.
        verb: empty when the line could not be read.
        line: number of the line in its script.
        source: the call as written.
        result: what it gave.
        error: why it did not.
        seq_range: events of the stream that came meanwhile: first, and one past last.
        text: the answer for people.
        name: what the result is called from now on.
    """

    ok: bool
    verb: str
    line: int
    source: str
    result: Any
    error: DevnetError | None
    seq_range: tuple[int, int]
    text: str
    name: str | None = None

    @property
    def exit_status(self) -> int:
        """The status of a script that ends with this."""
        return exit_status(self.error)

    def as_dict(self) -> dict[str, Any]:
        """The object of `--json`."""
        shared = {
            "v": 1,
            "ok": self.ok,
            "line": self.line,
            "verb": self.verb,
            "seq": list(self.seq_range),
        }
        if self.error is None:
            return {**shared, "result": plain(self.result)}
        error = {
            "code": self.error.code,
            "message": self.error.message,
            "hint": self.error.hint,
        }
        return {**shared, "error": error}
