"""
The terminal app: bindings and wiring. Screens say what it shows, draw how.

`run(session, options)` is the only way in. The world moves in slices on the app's own
loop (see driver.py); screens are drawn from one frame, at most eight times a second.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import Screen

from devnet.tui.doing import HANDLERS, why_off
from devnet.tui.draw.header import header_view
from devnet.tui.driver import Driver
from devnet.tui.frame import Frame
from devnet.tui.keys import BY_ID, KEYS
from devnet.tui.screens.dashboard import Dashboard
from devnet.tui.theme import (
    DARK_NAME,
    Palette,
    own_themes,
    palette_for,
    role_variables,
)
from devnet.tui.widgets.lines import KeyBar

if TYPE_CHECKING:
    from textual.command import Provider

    from devnet.commands.outcome import Outcome
    from devnet.commands.session import Session
    from devnet.engine.events import Event

REDRAW_S = 1 / 8
LOST_S = 3.0
"""Wall time for which blocks of a lost branch stay on the screen."""

MOST_TOAST_LINES = 6
EXIT_ENGINE, EXIT_INTERRUPTED = 5, 130


@dataclass(frozen=True, slots=True)
class TuiOptions:
    """
    How the screens look.

    Args:
        signs: "unicode", or "ascii" where ambiguous signs take two cells.
        theme: name of a theme; empty for our dark one.
        no_color: no colour at all, as the variable NO_COLOR asks for.
        keymap: other keys, by the id of a binding.
    """

    signs: str = "unicode"
    theme: str = ""
    no_color: bool = False
    keymap: Mapping[str, str] = field(default_factory=dict)
    beside: Callable[[Callable[[str], object]], Any] | None = None


def run(session: Session, options: TuiOptions | None = None) -> int:
    """Show the session until the reader leaves. Returns the exit status."""
    options = options or TuiOptions()
    if options.no_color:
        os.environ["NO_COLOR"] = "1"
    app = DevnetApp(session, options)
    app.run()
    if app.broken:
        print(app.broken, file=sys.stderr)
        return EXIT_ENGINE
    return app.return_code or 0


def _palette_commands() -> type[Provider]:
    from devnet.tui.palette import DevnetCommands

    return DevnetCommands


class DevnetApp(App[None]):
    """One session on the screen."""

    TITLE = "bystack devnet"
    CSS_PATH = "devnet.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-short"), (32, "-tall")]
    COMMANDS = {_palette_commands}
    NOTIFICATION_TIMEOUT = 6
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key.key, f"press('{key.id}')", key.word, show=False, id=key.id)
            for key in KEYS
        ),
        *(
            Binding(str(n), f"lane({n})", f"Lane {n}", show=False, id=f"lane.{n}")
            for n in range(10)
        ),
        Binding("ctrl+c", "interrupt", "Quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False),
    ]

    def __init__(self, session: Session, options: TuiOptions | None = None) -> None:
        super().__init__()
        self.session = session
        self.options = options or TuiOptions()
        for theme in own_themes():
            self.register_theme(theme)
        self.theme = self.options.theme or DARK_NAME
        self.driver = Driver(session)
        self.drafts: dict[str, dict[str, str]] = {}
        self.broken = ""
        self._looks: dict[str, Palette] = {}
        self._lost_since: tuple[int, float] = (-1, 0.0)
        self._alarmed = False
        self._news: tuple[object, ...] = ()
        self._frozen_at: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._filters_more: tuple[LineFilter, ...] = ()
        if self.options.signs == "ascii":
            from devnet.tui.plain_signs import PlainSigns

            self._filters_more = (PlainSigns(),)
        if self.no_color:
            from devnet.tui.colourless import Colourless

            self._filters_more = (Colourless(), *self._filters_more)
        if self.options.keymap:
            self.set_keymap(dict(self.options.keymap))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What our stylesheet names, for themes that are not ours."""
        look = palette_for(self.current_theme)
        return role_variables(look)

    # What screens ask for.

    @property
    def look(self) -> Palette:
        """The palette of the theme in use."""
        theme = self.current_theme
        if theme.name not in self._looks:
            self._looks[theme.name] = palette_for(theme)
        return self._looks[theme.name]

    def frame(self) -> Frame:
        """The picture of this moment."""
        state, pacer = self.driver.state, self.session.pacer
        now_ms = max(self.session.now_ms, int(pacer.target_ms))
        if state.main.lost_at_ms != self._lost_since[0]:
            self._lost_since = (state.main.lost_at_ms, time.monotonic())
        read_only = self.session.read_only
        frozen = self._frozen()
        return Frame(
            state=state,
            header=header_view(
                state,
                pace=pacer.label,
                paused=pacer.paused,
                now_ms=now_ms,
                read_only=read_only,
            ),
            stream=self.driver.stream,
            now_ms=now_ms,
            with_lost=time.monotonic() - self._lost_since[1] < LOST_S,
            read_only=read_only,
            paused=pacer.paused,
            frozen=frozen,
        )

    def _frozen(self) -> tuple[str, ...]:
        """Sidechains whose peg rests, asked for again when a chain has moved."""
        state = self.driver.state
        tips = state.main.tip, *(lane.tip for lane in state.lanes)
        if tips != self._frozen_at[0]:
            network = self.session.network
            names = (lane.name for lane in state.lanes)
            self._frozen_at = tips, tuple(filter(network.frozen, names))
        return self._frozen_at[1]

    def draw_now(self) -> None:
        """Show the present to the screens that are to be seen."""
        if not self._running:
            return
        frame = self.frame()
        for screen in self.screen_stack[-2:]:
            show = getattr(screen, "show", None)
            if show is not None and screen.is_mounted and screen.query("*"):
                show(frame)

    def begin(self, line: str, *, quiet: bool = False) -> Outcome | None:
        """
        Run a command line. Its answers, now or later, become toasts.

        Args:
            line: one or more calls.
            quiet: the screen shows the answer anyway; only a refusal is said.

        Returns:
            The outcome, or None when it needs time and goes on by itself.
        """
        told = self._told_refusal if quiet else self._told
        task = self.session.begin(line, told=told)
        if self.session.wants_to_quit:
            self.exit()
        self.driver.fold()
        self.draw_now()
        return task.outcome if task.done else None

    def mend(self, line: str) -> None:
        """End a fault by its command, if anybody may act here."""
        reason = why_off(self, BY_ID["mend"])
        if reason:
            self.toast(reason)
        else:
            self.begin(line)

    def toast(self, words: str, title: str = "", *, bad: bool = False) -> None:
        """Say something in the corner."""
        self.notify(
            words,
            title=title,
            severity="error" if bad else "information",
            markup=False,
        )

    def _told(self, outcome: Outcome) -> None:
        self._told_refusal(outcome)
        if outcome.ok and outcome.text and outcome.text.count("\n") < MOST_TOAST_LINES:
            self.toast(outcome.text)

    def _told_refusal(self, outcome: Outcome) -> None:
        error = outcome.error
        if error is None:
            return
        # The stream has it already: the session says each refusal once.
        verb = outcome.verb or "line"
        words = f"{error.message}\n{error.hint}" if error.hint else error.message
        self.toast(words, f"{verb} refused: {error.code}", bad=True)

    # Screens.

    def get_default_screen(self) -> Screen[Any]:
        return Dashboard()

    @property
    def dashboard(self) -> Dashboard:
        """The screen at the bottom of the stack."""
        return cast(Dashboard, self.screen_stack[0])

    def open_screen(self, name: str, **arguments: Any) -> None:
        """Show a screen by the id of its key; the dashboard is always below."""
        from devnet.tui.screens import make_screen

        while len(self.screen_stack) > 2:
            self.pop_screen()
        if name == "dashboard":
            if len(self.screen_stack) > 1:
                self.pop_screen()
            return
        screen = make_screen(name, **arguments)
        if len(self.screen_stack) > 1:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    def push_named(self, name: str, **arguments: Any) -> None:
        """Open a screen or a modal above the present one."""
        from devnet.tui.screens import make_screen

        self.push_screen(make_screen(name, **arguments))

    def back(self) -> None:
        """Leave the topmost screen, if it is not the dashboard."""
        if len(self.screen_stack) > 1:
            self.pop_screen()

    def open_transfer(self, transfer: str) -> None:
        """The inspector of a transfer."""
        if transfer:
            screen = "withdrawal" if transfer.startswith("w") else "claim"
            self.push_named(screen, transfer=transfer)

    def open_block(self, chain: str, height: int) -> None:
        """The details of a block."""
        self.push_named("block", chain=chain, height=height)

    def open_event(self, event: Event | None) -> None:
        """All fields of an event."""
        if event is not None:
            self.push_named("event", event=event)

    # Keys.

    def action_press(self, key_id: str) -> None:
        """A key of the table: do it, or say why it is off."""
        reason = why_off(self, BY_ID[key_id])
        if reason:
            self.toast(reason)
            return
        HANDLERS[key_id](self)
        self.draw_now()

    def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        self.action_press(message.key_id)

    def action_lane(self, number: int) -> None:
        """Keys 0 to 9: the mainchain, or a sidechain by its place."""
        self.open_screen("dashboard")
        if not self.dashboard.go_to_lane(number - 1):
            self.toast(f"there is no sidechain {number}")

    def action_interrupt(self) -> None:
        """Ctrl-C: leave, with the status of something interrupted."""
        self.exit(return_code=EXIT_INTERRUPTED)

    # Life.

    def on_mount(self) -> None:
        self.theme_changed_signal.subscribe(self, lambda _: self._new_theme())
        self.set_interval(REDRAW_S, self._redraw, name="redraw")
        self.call_after_refresh(self._begin_to_drive)
        self._catch_signals()

    def _begin_to_drive(self) -> None:
        self.draw_now()
        self.run_worker(self._drive(), name="drive", exit_on_error=True)
        if self.options.beside is not None:
            self.run_worker(self.options.beside(self.toast), exit_on_error=False)

    async def _drive(self) -> None:
        while True:
            await asyncio.sleep(self.driver.slice())

    def _redraw(self) -> None:
        if not self.screen_stack:
            return  # The app is leaving.
        state, pacer = self.driver.state, self.session.pacer
        # An idle world costs nothing: only its clock, once a second, is news.
        news = (
            state,
            len(self.driver.stream),
            pacer.label,
            max(self.session.now_ms, int(pacer.target_ms)) // 1000,
            time.monotonic() - self._lost_since[1] < LOST_S,
            self.screen,
        )
        if news != self._news:
            self._news = news
            self.draw_now()
        if state.failure is not None and not self._alarmed:
            self._alarmed = True
            self.push_named("failure", failure=state.failure, seed=state.seed)

    def _new_theme(self) -> None:
        for screen in self.screen_stack:
            screen.refresh(repaint=True, layout=True)
        self.draw_now()

    def _catch_signals(self) -> None:
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP", "SIGINT"):
            number = getattr(signal, name, None)
            if number is None:
                continue
            try:
                loop.add_signal_handler(number, self._leave, 128 + number)
            except (NotImplementedError, RuntimeError):
                return

    def _leave(self, status: int) -> None:
        """Told to end from outside: leave the terminal as it was."""
        self.exit(return_code=status)

    def get_line_filters(self) -> Sequence[LineFilter]:
        # Ours come first: they know a cursor by its colour.
        return (*self._filters_more, *super().get_line_filters())

    def _fatal_error(self) -> None:
        """A bug of ours: leave with one sentence, never with a traceback."""
        error = self._exception
        seed = self.driver.state.seed
        self.broken = (
            f"devnet: the screens failed: {type(error).__name__}: {error} "
            f"(seed {seed}). This is a bug of the devnet; please report what came "
            "before it."
        )
        self._close_messages_no_wait()
