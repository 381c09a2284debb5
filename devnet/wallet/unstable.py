"""
The order in which the reference leaves equal coins: its sort is not stable, and which
of many equal coins stands first decides which is spent.

It is pattern-defeating quicksort: up to twelve items are inserted one by one, more are
parted around a pivot. Source: sort.Slice of Go 1.19, by which bytomd 1.1.0 was built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cmp_to_key
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_INSERTED = 12
LEAST_NINTHER = 50
LEAST_SHIFTED = 50
N_SHIFTS = 5


def go_sorted(items: Iterable[T], less: Callable[[T, T], bool]) -> list[T]:
    """The items in the order that the reference's sort gives them."""
    sorting = _Sorting(list(items), less)
    sorting.sort(0, len(sorting.items), len(sorting.items).bit_length())
    return sorting.items


class _Sorting(Generic[T]):
    def __init__(self, items: list[T], less: Callable[[T, T], bool]) -> None:
        self.items, self._is_less = items, less

    def sort(self, start: int, end: int, limit: int) -> None:
        balanced = parted = True
        while (length := end - start) > MOST_INSERTED:
            if limit == 0:
                # The reference sorts by heap from here; a stable sort is as good.
                part = sorted(self.items[start:end], key=cmp_to_key(self._compare))
                self.items[start:end] = part
                return
            if not balanced:
                self._break_patterns(start, end)
                limit -= 1
            pivot, n_swaps, most = self._pivot(start, end)
            rising = n_swaps == 0
            if n_swaps == most:
                self.items[start:end] = self.items[start:end][::-1]
                pivot, rising = end - 1 - (pivot - start), True
            if balanced and parted and rising and self._shifted(start, end):
                return
            if start > 0 and not self._less(start - 1, pivot):
                start = self._part_equal(start, end, pivot)
                continue
            middle, parted = self._part(start, end, pivot)
            left, right = middle - start, end - middle
            balanced = min(left, right) >= length // 8
            if left < right:
                self.sort(start, middle, limit)
                start = middle + 1
            else:
                self.sort(middle + 1, end, limit)
                end = middle
        self._insert(start, end)

    def _less(self, one: int, two: int) -> bool:
        return self._is_less(self.items[one], self.items[two])

    def _compare(self, one: T, two: T) -> int:
        return -1 if self._is_less(one, two) else int(self._is_less(two, one))

    def _swap(self, one: int, two: int) -> None:
        items = self.items
        items[one], items[two] = items[two], items[one]

    def _insert(self, start: int, end: int) -> None:
        for place in range(start + 1, end):
            while place > start and self._less(place, place - 1):
                self._swap(place, place - 1)
                place -= 1

    def _pivot(self, start: int, end: int) -> tuple[int, int, int]:
        """A place, how many pairs were out of order on the way, the most of them."""
        length, n_swaps = end - start, 0
        low, pivot, high = (start + length // 4 * n for n in (1, 2, 3))

        def median(one: int, two: int, three: int) -> int:
            nonlocal n_swaps
            places = [one, two, three]
            for at in (0, 1, 0):
                if self._less(places[at + 1], places[at]):
                    n_swaps += 1
                    places[at], places[at + 1] = places[at + 1], places[at]
            return places[1]

        if length >= LEAST_NINTHER:
            low, pivot, high = (
                median(one - 1, one, one + 1) for one in (low, pivot, high)
            )
        pivot = median(low, pivot, high)
        return pivot, n_swaps, 12

    def _shifted(self, start: int, end: int) -> bool:
        """Is it in order, or nearly so? Then it is, afterwards."""
        place = start + 1
        for _ in range(N_SHIFTS):
            while place < end and not self._less(place, place - 1):
                place += 1
            if place == end:
                return True
            if end - start < LEAST_SHIFTED:
                return False
            self._swap(place, place - 1)
            if place - start >= 2:
                for at in range(place - 1, 0, -1):
                    if not self._less(at, at - 1):
                        break
                    self._swap(at, at - 1)
            if end - place >= 2:
                for at in range(place + 1, end):
                    if not self._less(at, at - 1):
                        break
                    self._swap(at, at - 1)
        return False

    def _part(self, start: int, end: int, pivot: int) -> tuple[int, bool]:
        self._swap(start, pivot)
        low, high, was_parted = start + 1, end - 1, True
        while True:
            while low <= high and self._less(low, start):
                low += 1
            while low <= high and not self._less(high, start):
                high -= 1
            if low > high:
                break
            was_parted = False
            self._swap(low, high)
            low, high = low + 1, high - 1
        self._swap(high, start)
        return high, was_parted

    def _part_equal(self, start: int, end: int, pivot: int) -> int:
        self._swap(start, pivot)
        low, high = start + 1, end - 1
        while True:
            while low <= high and not self._less(start, low):
                low += 1
            while low <= high and self._less(start, high):
                high -= 1
            if low > high:
                return low
            self._swap(low, high)
            low, high = low + 1, high - 1

    def _break_patterns(self, start: int, end: int) -> None:
        length = end - start
        state, mask = length, (1 << length.bit_length()) - 1
        at = start + length // 4 * 2 - 1
        for step in range(3):
            state ^= state << 13 & 0xFFFF_FFFF_FFFF_FFFF
            state ^= state >> 17
            state ^= state << 5 & 0xFFFF_FFFF_FFFF_FFFF
            other = state & mask
            if other >= length:
                other -= length
            self._swap(at + step, start + other)
