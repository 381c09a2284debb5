"""
The pacer: how far virtual time may go, given the clock on the wall.

A frozen value. Whoever drives a world in wall time hands the wall clock in with `tick`
and then lets the world run up to `until_ms`. Nothing here reads a clock, so tests are
plain arithmetic. The verbs `pause`, `resume` and `speed` replace the session's pacer;
a script, which runs as fast as it can, ignores it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

SPEEDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0, math.inf)
"""What `faster` and `slower` walk through; the last is as fast as possible."""

NO_LIMIT_MS = 1 << 62
"""A virtual time that no world reaches: run until something else says stop."""

MOST_CATCH_UP_MS = 250.0
"""Wall time for which a late world may run ahead. A longer debt is forgotten: after a
sleep or a slow hash the world goes on at its pace and does not race."""


@dataclass(frozen=True, slots=True)
class Pacer:
    """
    Virtual milliseconds per wall millisecond, and how far they have come.

    Args:
        speed: virtual time per wall time; `math.inf` means as fast as possible.
        paused: time stands still, whatever the speed.
        wall_ms: wall time of the last tick, None before the first.
        target_ms: the virtual time that was reached by the last tick.
    """

    speed: float = 1.0
    paused: bool = False
    wall_ms: float | None = None
    target_ms: float = 0.0

    @property
    def until_ms(self) -> int:
        """How far the world may run now."""
        if self.speed == math.inf and not self.paused:
            return NO_LIMIT_MS
        return int(self.target_ms)

    @property
    def label(self) -> str:
        """For a header line: `x1`, `x0.5`, `max`, `paused`."""
        if self.paused:
            return "paused"
        return "max" if self.speed == math.inf else f"x{self.speed:g}"

    def tick(self, wall_ms: float, now_ms: int) -> Pacer:
        """
        The pacer at this wall time, for a world that stands at `now_ms`.

        Args:
            wall_ms: a monotonic clock.
            now_ms: the world's virtual time, perhaps behind because it waits for work,
                perhaps ahead because something else drove it.
        """
        passed_ms = 0.0 if self.wall_ms is None else max(0.0, wall_ms - self.wall_ms)
        if self.paused or self.speed == math.inf:
            return replace(self, wall_ms=wall_ms, target_ms=float(now_ms))
        passed_ms = min(passed_ms, MOST_CATCH_UP_MS)
        # An idle world stands before its target, at its last event. Counting from the
        # world's time would then lose what was waited; counting from the target alone
        # would make a world that was late race.
        base_ms = max(float(now_ms), self.target_ms)
        if self.wall_ms is None:
            base_ms = float(now_ms)
        return replace(
            self, wall_ms=wall_ms, target_ms=base_ms + passed_ms * self.speed
        )

    def held_back(self, now_ms: int) -> Pacer:
        """The pacer after a slice that could not reach its target: drop the debt."""
        most_behind_ms = MOST_CATCH_UP_MS * (
            1.0 if self.speed == math.inf else self.speed
        )
        return replace(self, target_ms=min(self.target_ms, now_ms + most_behind_ms))

    def pause(self) -> Pacer:
        """Time stands still from here."""
        return replace(self, paused=True)

    def resume(self) -> Pacer:
        """Time goes on. What passed meanwhile on the wall does not count."""
        return replace(self, paused=False, wall_ms=None)

    def at_speed(self, speed: float) -> Pacer:
        """Another speed. ValueError unless it is above zero."""
        if not speed > 0:
            raise ValueError(f"a speed is above zero, got {speed:g}")
        return replace(self, speed=speed, wall_ms=None)

    def faster(self) -> Pacer:
        """The next higher of SPEEDS."""
        higher = [speed for speed in SPEEDS if speed > self.speed]
        return self.at_speed(higher[0] if higher else SPEEDS[-1])

    def slower(self) -> Pacer:
        """The next lower of SPEEDS."""
        lower = [speed for speed in SPEEDS if speed < self.speed]
        return self.at_speed(lower[-1] if lower else SPEEDS[0])
