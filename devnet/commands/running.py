"""
What verbs answer: at once, or by and by.

Most verbs are done when they return a `Said`. `mine`, `wait` and `step` return
something that runs: whoever drives the session lets the network go on and polls it. Its
test is asked after every single step of the network, so the moment at which it came
true does not depend on the host.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from devnet.commands.context import Context
from devnet.commands.errors import WaitRanOut
from devnet.commands.values import Said
from devnet.engine.errors import DevnetError


@dataclass(frozen=True, slots=True)
class Script:
    """What the verb `run` answers: lines to be run next."""

    name: str
    lines: tuple[tuple[int, str], ...]


class Running(Protocol):
    """A verb that needs time."""

    def start(self, session: Context) -> None:
        """Called once, before the first poll."""

    def poll(self, session: Context, now_ms: int) -> bool:
        """Carry on. Is it over?"""

    def settled(self, session: Context, now_ms: int) -> bool:
        """Would the next poll end it? Changes nothing."""

    def end(self, error: DevnetError) -> None:
        """It is to end now, with this error."""

    def finish(self, session: Context) -> Said:
        """The answer, or the error it ended with."""

    def stop(self, session: Context) -> None:
        """Called once, however it ended."""

    @property
    def deadline_ms(self) -> int | None:
        """The virtual time at which it must be polled, if it did not end before."""

    @property
    def is_stepping(self) -> bool:
        """Does it take steps of its own, so that nobody else should drive?"""


class Until:
    """
    Let the network run until a test holds. Chains run at full pace meanwhile.

    Args:
        holds: the test.
        done: the answer when it held.
        deadline_ms: virtual time at which it is given up.
        mines: it is mainchain blocks that are waited for.
        spent: another reason to give up, asked when the test does not hold.
        ran_out: the sentence of WaitRanOut.
    """

    is_stepping = False

    def __init__(
        self,
        holds: Callable[[], bool],
        done: Callable[[], Said],
        *,
        deadline_ms: int,
        ran_out: Callable[[], str],
        hint: str = "",
        mines: bool = False,
        spent: Callable[[], bool] = lambda: False,
    ) -> None:
        self.holds, self.done, self.spent = holds, done, spent
        self.ran_out, self.hint, self.mines = ran_out, hint, mines
        self._deadline_ms = deadline_ms
        self._error: DevnetError | None = None

    @property
    def deadline_ms(self) -> int | None:
        return self._deadline_ms

    def start(self, session: Context) -> None:
        session.hurry(1, self.mines)

    def stop(self, session: Context) -> None:
        session.hurry(-1, self.mines)

    def settled(self, session: Context, now_ms: int) -> bool:
        return self.poll(session, now_ms)

    def end(self, error: DevnetError) -> None:
        self._error = error

    def poll(self, session: Context, now_ms: int) -> bool:
        self._error = None
        try:
            if self.holds():
                return True
        except DevnetError as error:
            self._error = error
            return True
        if now_ms < self._deadline_ms and not self.spent():
            return False
        self._error = WaitRanOut(self.ran_out(), hint=self.hint)
        return True

    def finish(self, session: Context) -> Said:
        if self._error is not None:
            raise self._error
        return self.done()


class Stepping:
    """Take so many steps of the network, one per poll, paused or not."""

    deadline_ms: int | None = None
    is_stepping = True

    def __init__(self, n_steps: int, done: Callable[[], Said]) -> None:
        self.n_left, self.done = n_steps, done
        self._error: DevnetError | None = None

    def start(self, session: Context) -> None:
        """Nothing to prepare."""

    def stop(self, session: Context) -> None:
        """Nothing to take back."""

    def poll(self, session: Context, now_ms: int) -> bool:
        while self.n_left and session.step_once():
            self.n_left -= 1
        return not self.n_left

    def settled(self, session: Context, now_ms: int) -> bool:
        return False

    def end(self, error: DevnetError) -> None:
        self._error = error

    def finish(self, session: Context) -> Said:
        if self._error is not None:
            raise self._error
        return self.done()
