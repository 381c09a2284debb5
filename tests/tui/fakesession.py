"""A session without an engine: a stream that is there, and lines that are kept."""

from __future__ import annotations

from types import SimpleNamespace

from devnet.commands.pacer import Pacer
from devnet.engine.errors import DevnetError
from devnet.engine.events import Event


class FakeNetwork:
    """Holds the stream and the time of its last event."""

    def __init__(self, events: list[Event]) -> None:
        self.events = list(events)

    @property
    def now_ms(self) -> int:
        """The time of the last event."""
        return self.events[-1].at_ms if self.events else 0


class FakeSession:
    """What the app asks of a session, and what it was asked."""

    def __init__(self, events: list[Event], *, read_only: bool = False) -> None:
        self.network = FakeNetwork(events)
        self.read_only = read_only
        self.pacer = Pacer(paused=True)
        self.n_worlds, self.has_network = 1, True
        self.fault: DevnetError | None = None
        self.busy = False
        self.wants_to_quit = False
        self.history: list[str] = []
        self.lines: list[str] = []
        self.refuse: DevnetError | None = None
        self.slices = 0

    @property
    def now_ms(self) -> int:
        """Virtual time."""
        return self.network.now_ms

    def advance(self, until_ms: int, keep_going: object = None) -> str:
        """Nothing happens by itself."""
        self.slices += 1
        return "reached"

    def begin(self, line: str, number: int = 1, told=lambda outcome: None):
        """Keep the line; answer as `refuse` says."""
        self.lines.append(line)
        if line in ("pause", "resume"):
            self.pacer = self.pacer.pause() if line == "pause" else self.pacer.resume()
        outcome = SimpleNamespace(
            ok=self.refuse is None,
            verb=line.split()[0],
            error=self.refuse,
            text=f"done: {line}",
            result=None,
        )
        told(outcome)
        return SimpleNamespace(done=True, outcome=outcome)

    def complete(self, text: str, cursor: int | None = None) -> list[object]:
        """Nothing fits."""
        return []
