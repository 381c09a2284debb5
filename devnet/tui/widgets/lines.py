"""Widgets of one line: header, alarm, tabs, footer, a window too small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from devnet.tui.draw.header import HeaderView, draw_alarms, draw_header
from devnet.tui.draw.keybar import Span, draw_keys
from devnet.tui.draw.tables import TABS, draw_tabs
from devnet.tui.keys import Key
from devnet.tui.views import BreachView
from devnet.tui.widgets.rows import look_of

LEAST_WIDTH, LEAST_HEIGHT = 60, 16


class HeaderLine(Widget):
    """Pace, seed, heights, what is in flight, and the auditor's word."""

    view: reactive[HeaderView] = reactive(HeaderView())

    def render(self) -> Text:
        return draw_header(self.view, self.size.width, look_of(self))


class AlarmLine(Widget):
    """Which invariant broke, whose peg is frozen. Not there while all is well."""

    view: reactive[tuple[BreachView | None, tuple[str, ...]]] = reactive(
        (None, ()), layout=True
    )

    def watch_view(self, view: tuple[BreachView | None, tuple[str, ...]]) -> None:
        self.set_class(view != (None, ()), "-rings")

    def render(self) -> Text:
        # The width that it will have: before the first layout there is none of its own.
        width = self.size.width or self.app.size.width
        return Text("\n", end="").join(draw_alarms(*self.view, width, look_of(self)))


class KeyBar(Widget):
    """The footer. A click on a label is the key."""

    keys: reactive[tuple[tuple[Key, bool], ...]] = reactive(())

    @dataclass
    class Pressed(Message):
        """A label was clicked."""

        key_id: str

    def __init__(self) -> None:
        super().__init__()
        self._spans: tuple[Span, ...] = ()

    def render(self) -> Text:
        text, self._spans = draw_keys(self.keys, self.size.width, look_of(self))
        return text

    def on_click(self, event: Click) -> None:
        for start, end, key_id in self._spans:
            if start <= event.x < end:
                self.post_message(self.Pressed(key_id))


class TabLine(Widget, can_focus=True):
    """The tabs of the dashboard: left and right choose one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "turn(-1)", "Left", show=False, id="tabs.left"),
        Binding("right", "turn(1)", "Right", show=False, id="tabs.right"),
    ]
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("left right", "another table: events, balances, mempool, ..."),
    )

    names: reactive[tuple[str, ...]] = reactive(TABS)
    active: reactive[int] = reactive(0)

    @dataclass
    class Turned(Message):
        """Another tab is active."""

        index: int

    def watch_active(self, active: int) -> None:
        self.post_message(self.Turned(active))

    def render(self) -> Text:
        return draw_tabs(
            self.names,
            self.active,
            self.size.width,
            look_of(self),
            focused=self.has_focus,
            underlined=self.size.height > 1,
        )

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: Click) -> None:
        start = 0
        for index, name in enumerate(self.names):
            end = start + len(name) + 2
            if start <= event.x < end:
                self.active = index
            start = end

    def action_turn(self, by: int) -> None:
        self.active = (self.active + by) % len(self.names)


class TooSmall(Widget):
    """The one line of a window that has no room for anything else."""

    def render(self) -> Text:
        size = self.app.size
        here, least = f"{size.width}x{size.height}", f"{LEAST_WIDTH}x{LEAST_HEIGHT}"
        for words in (f"window {here}, devnet needs {least}", f"{here}, needs {least}"):
            if len(words) <= size.width:
                break
        return Text(words, look_of(self).now, end="", no_wrap=False, overflow="fold")
