"""
Numbers of events for whoever follows them: none comes twice, whatever the world goes
back to.

An event's place in its world's history is taken again after a revert; its number is
not. Between two reverts both count by one.
"""

from __future__ import annotations

from bisect import bisect_right


class Stream:
    """Numbers by place, and places by number."""

    def __init__(self) -> None:
        self._starts: list[tuple[int, int]] = [(0, 0)]
        """Places from which on, and with which number, it is counted by one."""

    def number(self, place: int) -> int:
        """The number of the event that has, or will have, this place."""
        at, number = self._starts[
            bisect_right(self._starts, place, key=lambda start: start[0]) - 1
        ]
        return number + place - at

    def place(self, number: int) -> int:
        """Where the first event of at least this number stands."""
        at, first = 0, 0
        for start in self._starts:
            if start[1] > number:
                return min(at + max(0, number - first), start[0])
            at, first = start
        return at + max(0, number - first)

    def went_back(self, n_before: int, n_after: int) -> None:
        """So many events stood in the history, and so many are left of them."""
        number = self.number(n_before)
        kept = [start for start in self._starts if start[0] < n_after]
        self._starts = [*kept, (n_after, number)]
