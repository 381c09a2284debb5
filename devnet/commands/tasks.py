"""
Lines at work: a task is a line, or a script, on its way through the session.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from devnet.commands.context import Context
from devnet.commands.errors import BadFile, ReadOnly, was_refused
from devnet.commands.grammar import Call, without_secrets
from devnet.commands.outcome import Outcome
from devnet.commands.registry import Command, bind, find, line_of
from devnet.commands.running import Running, Script
from devnet.commands.values import Said
from devnet.engine.errors import DevnetError
from devnet.engine.events import Refused

DEEPEST_SCRIPT = 8


@dataclass(frozen=True, slots=True)
class _Item:
    """A line that waits, read or not yet."""

    line: int
    what: str | Call
    depth: int = 0


@dataclass(slots=True)
class _Current:
    """The call that runs now."""

    item: _Item
    call: Call
    command: Command
    first_seq: int
    running: Running
    n_worlds: int


class Task:
    """
    One line or script. `poll` carries it on as far as it can go now.

    Args:
        session: where it runs.
        lines: (number, text) pairs; taken one by one, so they may still be typed.
        told: gets every outcome as soon as it is there.
        closed: called once, when nothing is left to do.
        quiet: outcomes leave no trace in the session (a call under `refuses`).
    """

    def __init__(
        self,
        session: Context,
        lines: Iterable[tuple[int, str | Call]],
        told: Callable[[Outcome], None] = lambda outcome: None,
        closed: Callable[[Task], None] = lambda task: None,
        *,
        quiet: bool = False,
    ) -> None:
        self._session, self._quiet = session, quiet
        self._told, self._closed = told, closed
        self._more: Iterator[tuple[int, str | Call]] = iter(lines)
        self._items: deque[_Item] = deque()
        self._now: _Current | None = None
        self.outcomes: list[Outcome] = []
        self.done = False

    @property
    def outcome(self) -> Outcome:
        """The last outcome; an empty line has an empty one."""
        if self.outcomes:
            return self.outcomes[-1]
        return Outcome(True, "", 0, "", None, None, (0, 0), "")

    @property
    def deadline_ms(self) -> int | None:
        """When the call that runs now must be polled."""
        return self._now.running.deadline_ms if self._now else None

    @property
    def is_stepping(self) -> bool:
        """Does it take steps of its own, so that nobody else should drive?"""
        return self._now is not None and self._now.running.is_stepping

    def settled(self, now_ms: int) -> bool:
        """Would the next poll end the call that runs now? Changes nothing."""
        now = self._now
        return now is not None and now.running.settled(self._session, now_ms)

    def poll(self, now_ms: int | None = None) -> bool:
        """
        Carry on. True when nothing is left to do.

        Args:
            now_ms: the virtual time that was reached, when later than the last event.
        """
        while not self.done:
            if self._now is not None and not self._carry_on(now_ms):
                return False
            if not self.done and self._now is None and not self._start_next():
                self._close()
        return True

    def end(self, error: DevnetError) -> None:
        """End the call that runs now, and the line, with this error."""
        if self.done:
            return
        if self._now is None:
            self._close()
            return
        self._now.running.end(error)
        self._finish(self._now)

    # Below: one call at a time.

    def _carry_on(self, now_ms: int | None) -> bool:
        """Poll the call that runs now. True when it is over."""
        now = self._now
        assert now is not None
        session = self._session
        at_ms = session.now_ms if now_ms is None else max(now_ms, session.now_ms)
        try:
            is_over = now.running.poll(session, at_ms)
        except Exception as error:
            session.failed(error)  # Ends this task too.
            return self.done
        if not is_over:
            return self.done  # A step may have failed, which ended this task.
        self._finish(now)
        return True

    def _finish(self, now: _Current) -> None:
        """The call that runs now is over, one way or the other."""
        said, error = None, None
        try:
            said = now.running.finish(self._session)
        except DevnetError as refused:
            error = refused
        except Exception as bug:
            self._now = None
            error = self._session.failed(bug)
        self._now = None
        # A world that was replaced meanwhile has no hurry of ours to take back, and one
        # that failed takes none.
        if now.n_worlds == self._session.n_worlds and self._session.fault is None:
            now.running.stop(self._session)
        self._report(now.item, now.call, now.first_seq, said=said, error=error)

    def _start_next(self) -> bool:
        """Begin the next call. False when there is none."""
        if not self._items:
            line = next(self._more, None)
            if line is None:
                return False
            self._items.append(_Item(*line))
        item = self._items.popleft()
        if isinstance(item.what, Call):
            self._begin(item, item.what)
            return True
        try:
            calls = self._session.read_line(item.what)
        except DevnetError as error:
            self._report(item, None, self._session.next_seq, error=error)
            return True
        ready = [_Item(item.line, call, item.depth) for call in calls]
        self._items.extendleft(reversed(ready))
        return True

    def _begin(self, item: _Item, call: Call) -> None:
        session = self._session
        first_seq, n_worlds = session.next_seq, session.n_worlds
        try:
            command, answer = begin_call(session, call)
            if isinstance(answer, Script):
                answer = self._enter(item, answer)
            if not isinstance(answer, Said):
                start_running(session, answer)
        except DevnetError as error:
            self._report(item, call, first_seq, error=error)
            return
        if n_worlds != session.n_worlds:
            first_seq = 0
        if isinstance(answer, Said):
            self._report(item, call, first_seq, said=answer)
            return
        self._now = _Current(item, call, command, first_seq, answer, session.n_worlds)

    def _enter(self, item: _Item, script: Script) -> Said:
        """Put the lines of a script before all others."""
        if item.depth >= DEEPEST_SCRIPT:
            raise BadFile(
                f"{script.name} would run {DEEPEST_SCRIPT + 1} scripts deep",
                hint="a script that runs itself has no end",
            )
        lines = [_Item(number, text, item.depth + 1) for number, text in script.lines]
        self._items.extendleft(reversed(lines))
        value = {"file": script.name, "lines": len(lines)}
        return Said(value, f"running {script.name}")

    def _report(
        self,
        item: _Item,
        call: Call | None,
        first_seq: int,
        said: Said | None = None,
        error: DevnetError | None = None,
    ) -> None:
        """Close a call with its outcome. The first error ends the task."""
        session = self._session
        if error is not None and call is not None and not error.hint:
            error.hint = f"help {call.verb} explains it"
        if error is not None and was_refused(error):
            session.tell_refusal(
                Refused(
                    command=call.verb if call else "line",
                    code=error.code,
                    message=error.message,
                    hint=error.hint,
                )
            )
        outcome = Outcome(
            ok=error is None,
            verb=call.verb if call else "",
            line=item.line,
            source=without_secrets(call.text if call else str(item.what)),
            result=said.value if said else None,
            error=error,
            seq_range=(min(first_seq, session.next_seq), session.next_seq),
            text=said.text if said else "",
            name=call.name if call else None,
        )
        self.outcomes.append(outcome)
        if not self._quiet:
            session.remember(outcome, said)
        self._told(outcome)
        if error is not None or session.wants_to_quit:
            self._close()

    def _close(self) -> None:
        self.done = True
        self._items.clear()
        self._closed(self)


def start_running(session: Context, answer: Running) -> None:
    """Start what takes time. Raises DevnetError when the engine cannot."""
    try:
        answer.start(session)
    except DevnetError:
        raise
    except Exception as error:
        raise session.failed(error) from error


def _recorded(command: Command, values: dict[str, Any], said: Said) -> str:
    """The line of a call that a recording keeps."""
    if isinstance(said.recorded, str):
        return said.recorded
    return line_of(command, values | (said.recorded or {}))


def begin_call(session: Context, call: Call) -> tuple[Command, Any]:
    """
    Read a call's arguments and run its verb.

    Returns:
        The command, and a Said, a Script or something Running.

    Raises:
        DevnetError: the line is wrong, or the request was refused; nothing changed.
    """
    command = find(call.verb)
    words = [word.text for word in call.tokens if word.kind == "word"]
    if words and (words[-1] == "?" or words[0] == "--help"):
        return command, session.explain_call(call)
    tokens = command.asked_about(call.tokens)
    only_looks = command.only_looks(tokens)
    if command.acts and session.read_only and not only_looks:
        raise ReadOnly(
            f"{call.verb} would change the world, and this session only shows"
        )
    try:
        values = bind(command, tokens, session)
        answer = command.run(session, **values)
    except DevnetError:
        raise
    except Exception as error:
        raise session.failed(error) from error
    # What takes time is recorded as the hurry that it causes.
    if command.recorded and isinstance(answer, Said) and not only_looks:
        session.record(_recorded(command, values, answer))
    session.held.save()
    return command, answer
