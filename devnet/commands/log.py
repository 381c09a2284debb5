"""What a session keeps for its recording: each line that acted, and its moment."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that acted, and when it was accepted: virtual time and number of steps."""

    at_ms: int
    step: int
    line: str


@dataclass(slots=True)
class Log:
    """What a session will write into its recording. Grows only."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, at_ms: int, step: int, line: str) -> None:
        """Keep a line that acted."""
        self.entries.append(Entry(at_ms, step, line))
