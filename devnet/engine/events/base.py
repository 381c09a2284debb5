"""What every event has."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Anything that happened. `seq` and `at_ms` are set when it enters the stream."""

    seq: int = -1
    at_ms: int = -1

    kinds: ClassVar[dict[str, type[Event]]] = {}

    @property
    def kind(self) -> str:
        """The name under which recordings and filters know it."""
        return type(self).__name__

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a line of JSON, `kind` included."""
        return {"kind": self.kind, **asdict(self)}
