"""
Without a terminal: `devnet run FILE...`, `devnet repl` fed from a pipe, and `devnet`.

A script stops at its first miss. Ctrl-C ends the running command and the script.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from devnet.commands.errors import (
    EXIT_DONE,
    EXIT_ENGINE,
    EXIT_INTERRUPTED,
)
from devnet.commands.grammar import logical_lines
from devnet.commands.pacer import NO_LIMIT_MS
from devnet.commands.session import Session
from devnet.commands.values import parse_span
from devnet.commands.verbs.world import read_script
from devnet.engine.events import HistoryNotKept, WorldResumed
from devnet.repl.eventlines import event_line, learn
from devnet.repl.printing import Printer, error_words

if TYPE_CHECKING:
    from devnet.engine.network import Network

OpenSession = Callable[[], AbstractContextManager[Session]]


def run_scripts(
    files: Iterable[str],
    open_session: OpenSession,
    *,
    as_json: bool = False,
    ascii_signs: bool = False,
) -> int:
    """
    Run each script in a session of its own, until one fails.

    Args:
        files: paths; `-` is the standard input.
        open_session: makes a fresh session.

    Returns:
        The exit status: 0, or that of the first failure.

    Raises:
        BadFile: a script cannot be read. It is read before anything runs.
    """
    named = [(file, _lines_of(file)) for file in files]
    for name, lines in named:
        printer = Printer(
            sys.stdout, sys.stderr, as_json, script=name, ascii_signs=ascii_signs
        )
        with open_session() as session:
            session.on_world(say_of_folder)
            status = run_lines(lines, session, printer)
            if status != EXIT_DONE or session.wants_to_quit:
                return status
    return EXIT_DONE


def say_of_folder(network: Network) -> None:
    """Of a world on disk: that it came back, and what did not."""
    for event in network.events:
        if isinstance(event, HistoryNotKept | WorldResumed):
            sys.stderr.write(event_line(event) + "\n")


def _lines_of(file: str) -> Iterable[str]:
    return _typed(sys.stdin) if file == "-" else read_script(file)


def _typed(stream: TextIO) -> Iterator[str]:
    """Lines of a stream as they come; bytes that are no text become marks."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")
    yield from stream


def run_lines(lines: Iterable[str], session: Session, printer: Printer) -> int:
    """Run the lines of one script. Returns the exit status."""
    with interruptible(session):
        task = session.begin_lines(logical_lines(lines), printer)
        session.run(task)
    return task.outcome.exit_status


@contextmanager
def interruptible(session: Session) -> Iterator[None]:
    """The first Ctrl-C ends the running command, a second one the program."""

    def handle(*_: Any) -> None:
        session.interrupt()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    try:
        before = signal.signal(signal.SIGINT, handle)
    except ValueError:  # Not the main thread: Ctrl-C does not arrive here anyway.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run_headless(
    session: Session,
    *,
    until: str | None = None,
    as_json: bool = False,
    ascii_signs: bool = False,
) -> int:
    """
    Let a world run without a screen, one line per event.

    Args:
        session: its pacer says how fast.
        until: a span such as 30s or 20blocks; without it until Ctrl-C.
        as_json: events as JSON objects.
    """
    network = session.network
    count, unit = parse_span(until) if until else (0, "")
    end_ms = session.now_ms + count * 1000 if unit == "s" else NO_LIMIT_MS
    end_height = network.main_height() + count
    n_printed, stopped = 0, False
    decimals: dict[str, int] = {}

    def print_new() -> None:
        nonlocal n_printed
        while n_printed < len(network.events):
            event = network.events[n_printed]
            n_printed += 1
            if as_json:
                line = json.dumps(event.as_dict(), sort_keys=True)
            else:
                learn(decimals, event)
                line = event_line(event, decimals, ascii_signs=ascii_signs)
            sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def keep_going() -> bool:
        if n_printed < len(network.events):
            print_new()
        return not stopped and (unit != "blocks" or network.main_height() < end_height)

    def stop(*_: Any) -> None:
        nonlocal stopped
        stopped = True

    before = signal.signal(signal.SIGINT, stop)
    try:
        print_new()
        session.run_for(end_ms, keep_going)
        print_new()
    finally:
        signal.signal(signal.SIGINT, before)
    if session.fault is not None:
        sys.stderr.write(error_words(session.fault) + "\n")
        return EXIT_ENGINE
    if session.pacer.paused:
        sys.stderr.write("an invariant broke; the world stands still\n")
        return EXIT_ENGINE
    return EXIT_INTERRUPTED if stopped else EXIT_DONE
