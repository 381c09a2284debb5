"""Answers of the proof-of-work function, computed outside the engine."""

from __future__ import annotations

from typing import Protocol


class WorkSource(Protocol):
    """
    Answers of the proof-of-work function, computed outside the engine. A pure function
    with a delay: when an answer arrives never changes what it is.
    """

    def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
        """The 32-byte work, or None when it is not known yet."""

    def want(self, pairs: tuple[tuple[bytes, bytes], ...]) -> None:
        """These (seed, header hash) pairs will be needed, soonest first."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until one more answer is there. False when time ran out."""

    def close(self) -> None:
        """Stop whatever computes."""
