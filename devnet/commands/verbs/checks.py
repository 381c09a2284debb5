"""Verbs that judge: what must hold now, and what must be refused."""

from __future__ import annotations

from devnet.commands.context import Context
from devnet.commands.errors import (
    ExpectMissed,
    Interrupted,
    RefusesMissed,
)
from devnet.commands.grammar import Call
from devnet.commands.paths import make_test
from devnet.commands.registry import command
from devnet.commands.tasks import Task
from devnet.commands.types import Code, TestWords
from devnet.commands.values import Said
from devnet.engine.errors import DevnetError


@command(group="checks", example="expect alpha.height >= 0")
def expect(session: Context, test: TestWords) -> Said:
    """Hold a test against the world as it is now; a script stops when it misses."""
    wanted = make_test(test, session)
    if not wanted():
        raise ExpectMissed(
            wanted.both_sides(), hint="wait TEST lets time pass until it holds"
        )
    value = {"path": wanted.path, "value": wanted.read()}
    return Said(value, f"{wanted.path} {wanted.operator} {wanted.expected}")


@command(group="checks", example="refuses claim.replayed claim d1")
def refuses(session: Context, code: Code, call: Call) -> Refusing:
    """Run a call that must fail with this very code."""
    return Refusing(session, code, call)


class Refusing:
    """A call whose failure is the point."""

    def __init__(self, session: Context, code: str, call: Call) -> None:
        self.code, self.call = code, call
        self._task: Task | None = None

    @property
    def deadline_ms(self) -> int | None:
        return self._task.deadline_ms if self._task else None

    def start(self, session: Context) -> None:
        self._task = Task(session, [(0, self.call)], quiet=True)

    def stop(self, session: Context) -> None:
        if self._task is not None:
            self._task.end(Interrupted("interrupted"))

    @property
    def is_stepping(self) -> bool:
        return self._task is not None and self._task.is_stepping

    def settled(self, session: Context, now_ms: int) -> bool:
        return self._task is None or self._task.settled(now_ms)

    def end(self, error: DevnetError) -> None:
        if self._task is not None:
            self._task.end(error)

    def poll(self, session: Context, now_ms: int) -> bool:
        assert self._task is not None
        return self._task.poll(now_ms)

    def finish(self, session: Context) -> Said:
        assert self._task is not None
        outcome = self._task.outcome
        error = outcome.error
        if error is not None and (isinstance(error, Interrupted) or session.fault):
            raise error
        if error is None:
            raise RefusesMissed(
                f"{self.call.text} was accepted, not refused with {self.code}",
                hint="was the world really in the state that forbids it?",
            )
        if error.code != self.code:
            raise RefusesMissed(
                f"{self.call.text} was refused with {error.code}, not {self.code}: "
                f"{error.message}",
                hint=error.hint,
            )
        value = {"code": error.code, "message": error.message}
        return Said(value, f"refused as it should be: {error.message}")
