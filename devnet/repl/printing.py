"""
What a script and a prompt print: words for people, or one JSON object per call.

Results own stdout; what is said about them goes to stderr.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TextIO

from devnet.commands.outcome import Outcome
from devnet.engine.errors import DevnetError
from devnet.repl.eventlines import ASCII


def json_line(outcome: Outcome) -> str:
    """The object of `--json`, keys sorted, in ascii."""
    return json.dumps(outcome.as_dict(), sort_keys=True)


def error_words(error: DevnetError) -> str:
    """The sentence, the next step, and the code."""
    hint = f"\n  {error.hint}" if error.hint else ""
    return f"{error.message}{hint}\n  [{error.code}]"


@dataclass(frozen=True, slots=True)
class Printer:
    """
    Prints outcomes as they come.

    Args:
        out: for results.
        err: for what is said to people about them.
        as_json: one object per call on `out`, and nothing else there.
        script: the script's name, before the number of the line in an error.
        numbered: lines carry their number, as in a script.
        ascii_signs: nothing but ascii.
    """

    out: TextIO
    err: TextIO
    as_json: bool = False
    script: str = ""
    numbered: bool = True
    ascii_signs: bool = False

    def __call__(self, outcome: Outcome) -> None:
        """Print one outcome and flush."""
        if self.as_json:
            self.out.write(json_line(outcome) + "\n")
        elif outcome.error is None and outcome.text:
            self.out.write(self._numbered(outcome) + "\n")
        self.out.flush()
        if outcome.error is not None:
            where = f"{self.script}:{outcome.line}: " if self.script else ""
            words = f"{where}{outcome.source}\n  " if self.numbered else ""
            self.err.write(self._plain(words + error_words(outcome.error)) + "\n")
            self.err.flush()

    def _numbered(self, outcome: Outcome) -> str:
        text = self._plain(outcome.text)
        if not self.numbered:
            return text
        first, *more = text.split("\n")
        return "\n".join([f"{outcome.line:4d}  {first}", *(f"      {m}" for m in more)])

    def _plain(self, text: str) -> str:
        if not self.ascii_signs:
            return text
        return text.translate(ASCII).encode("ascii", "replace").decode()
