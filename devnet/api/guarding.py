"""
Handlers of a session that two threads touch: the guard is held while one runs, and let
go whenever it waits.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any


class Guarded:
    """A coroutine to be awaited, each of its steps under a guard."""

    def __init__(
        self, guard: AbstractContextManager[object], steps: Coroutine[Any, Any, Any]
    ) -> None:
        self._guard, self._steps = guard, steps

    def __await__(self) -> Generator[Any, Any, Any]:
        step: Callable[[], Any] = partial(self._steps.send, None)
        while True:
            with self._guard:
                try:
                    waited = step()
                except StopIteration as end:
                    return end.value
            try:
                yield waited
            except BaseException as error:
                step = partial(self._steps.throw, error)
            else:
                step = partial(self._steps.send, None)
