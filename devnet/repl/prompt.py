"""
The prompt: a line at a time, the world going on behind it.

Time flows at the session's pace in slices on the same loop that reads keys, so nothing
here needs a lock. Ctrl-C ends what runs, Ctrl-D the session.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.completion import Completion as Shown
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import patch_stdout

from devnet.commands.completion import read_half
from devnet.commands.errors import EXIT_DONE, EXIT_ENGINE
from devnet.commands.grammar import is_open, without_secrets
from devnet.commands.outcome import Outcome
from devnet.commands.session import Session
from devnet.engine.errors import DevnetError
from devnet.repl.eventlines import NOISY, event_line
from devnet.repl.printing import Printer
from devnet.repl.script import say_of_folder

SLICE_S = 0.008
NAP_S = 0.02
MOST_LINES_AT_ONCE = 40

Beside = Callable[[Callable[[str], object]], Coroutine[Any, Any, None]]
"""Something that runs while the prompt does, and is given a way to say what it is."""


class LineCompleter(Completer):
    """What the session knows to fit, with its remark beside it."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Shown]:
        text = document.text_before_cursor
        half = read_half(text)
        if half is None:
            return
        for one in self.session.complete(text):
            yield Shown(
                one.text,
                start_position=-len(half.partial),
                display_meta=one.meta,
            )


class Prompt:
    """
    One attached session at a terminal.

    Args:
        session: its pacer says how fast time flows.
        as_json: answers as JSON lines.
        ascii_signs: nothing but ascii.
        history: lines of earlier sessions.
        beside: runs beside the prompt; it is told how to print.
        terminal: input and output for tests.
    """

    def __init__(
        self,
        session: Session,
        *,
        as_json: bool = False,
        ascii_signs: bool = False,
        history: History | None = None,
        beside: Beside | None = None,
        terminal: dict[str, Any] | None = None,
    ) -> None:
        self.session, self.ascii_signs = session, ascii_signs
        self.as_json, self._beside = as_json, beside
        self._n_printed = 0
        self._n_worlds = -1
        self._n_lines = 0
        self._default = ""
        self._lines: PromptSession[str] = PromptSession(
            history=history or InMemoryHistory(),
            completer=LineCompleter(session),
            auto_suggest=AutoSuggestFromHistory(),
            key_bindings=_keys(),
            bottom_toolbar=self.toolbar,
            multiline=True,
            prompt_continuation=lambda width, number, wrap: "... ".rjust(width),
            refresh_interval=0.5,
            complete_while_typing=True,
            enable_history_search=False,
            **(terminal or {}),
        )

    def run(self) -> int:
        """Ask for lines until the session ends. Returns the exit status."""
        with suppress(KeyboardInterrupt):
            asyncio.run(self._run())
        return EXIT_ENGINE if self.session.fault else EXIT_DONE

    def toolbar(self) -> str:
        """Heights, pace, what is in flight."""
        session = self.session
        network = session.network
        parts = [f"main {network.main_height()}"]
        for name in network.sidechain_names():
            facts = network.show(name)
            parts.append(f"{name} {facts['height']} {facts['rule']}")
        open_ones = [one for one in network.transfers() if one.is_open]
        parts += [session.pacer.label, f"{len(open_ones)} in flight"]
        if session.fault:
            parts.append("ENGINE FAILED")
        return "  ".join(parts)

    async def _run(self) -> None:
        session = self.session
        try:
            _ = session.network
        except DevnetError as error:
            self._printer()(_failed("start", error))
            return
        self._banner()
        tasks = [asyncio.create_task(self._flow())]
        if self._beside is not None:
            tasks.append(asyncio.create_task(self._beside(print)))
        try:
            with patch_stdout():
                while not session.wants_to_quit:
                    line = await self._ask()
                    if line is None:
                        return
                    await self._do(line)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _banner(self) -> None:
        options = self.session.options
        print(
            f"devnet  seed {options.seed}  {options.profile}. "
            "help lists the verbs, lock ? explains one, ctrl+d ends.\n"
            "The world lives in memory; save recording FILE keeps it."
        )

    async def _ask(self) -> str | None:
        """The next line; None at the end of input. Ctrl-C drops the line."""
        default, self._default = self._default, ""
        while True:
            try:
                return await self._lines.prompt_async("devnet> ", default=default)
            except KeyboardInterrupt:
                default = ""
            except EOFError:
                return None

    async def _do(self, line: str) -> None:
        """Run a line while time goes on; Ctrl-C ends it."""
        self._n_lines += 1
        if line.rstrip().endswith(" ?"):
            self._default = line.rstrip().removesuffix("?")
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(signal.SIGINT, self.session.interrupt)
        try:
            task = self.session.begin(line, self._n_lines, self._printer())
            while not task.done:
                await asyncio.sleep(NAP_S)
        finally:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(signal.SIGINT)

    def _printer(self) -> Printer:
        return Printer(
            sys.stdout, sys.stderr if self.as_json else sys.stdout, self.as_json,
            numbered=False, ascii_signs=self.ascii_signs,
        )  # fmt: skip

    async def _flow(self) -> None:
        """Let time pass in slices, and print events when they are wanted."""
        while True:
            status = self._slice(time.monotonic() + SLICE_S)
            self._print_events(status)
            await asyncio.sleep(0.001 if status == "stopped" else NAP_S)

    def _slice(self, end_s: float) -> str:
        session = self.session
        session.pacer = session.pacer.tick(time.monotonic() * 1000, session.now_ms)
        status = session.advance(
            session.pacer.until_ms, lambda: time.monotonic() < end_s
        )
        if status in ("work", "stopped"):
            session.pacer = session.pacer.held_back(session.now_ms)
        return status

    def _print_events(self, status: str) -> None:
        session = self.session
        events = session.network.events
        if session.n_worlds != self._n_worlds:
            self._n_worlds, self._n_printed = session.n_worlds, len(events)
        new = events[self._n_printed :]
        self._n_printed = len(events)
        if status == "breach" or session.settings.events:
            shown = [one for one in new if one.kind not in NOISY]
            if len(shown) > MOST_LINES_AT_ONCE:
                print(f"... {len(shown) - MOST_LINES_AT_ONCE} events before these")
            known = session.network.assets()
            decimals = {name: info.decimals for name, info in known.items()}
            for event in shown[-MOST_LINES_AT_ONCE:]:
                print(event_line(event, decimals, ascii_signs=self.ascii_signs))


def _failed(verb: str, error: DevnetError) -> Outcome:
    return Outcome(False, verb, 0, verb, None, error, (0, 0), "")


def _keys() -> KeyBindings:
    """Enter goes on in the next line while a quote or bracket is open."""
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_open(buffer.text):
            buffer.newline(copy_margin=False)
        else:
            buffer.validate_and_handle()

    return keys


class KeptHistory(FileHistory):
    """Lines in a file, without the secrets in them."""

    def store_string(self, string: str) -> None:
        """Keep a line."""
        super().store_string(without_secrets(string))


def history_file(data: str | None) -> History:
    """Lines of earlier sessions: in the data folder, or where such things are kept."""
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    folder = Path(data) if data else Path(home) / "bystack-devnet"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "history"
        file.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return KeptHistory(str(file))


def run_prompt(
    session: Session,
    *,
    as_json: bool = False,
    ascii_signs: bool = False,
    data: str | None = None,
    beside: Beside | None = None,
) -> int:
    """Run a prompt on an attached session. Returns the exit status."""
    session.on_world(say_of_folder)
    prompt = Prompt(
        session,
        as_json=as_json,
        ascii_signs=ascii_signs,
        history=history_file(data),
        beside=beside,
    )
    return prompt.run()
