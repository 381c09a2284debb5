"""The whole stream: every event, filtered while typing, followed at its end."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from devnet.engine.events import Event
from devnet.tui.draw.pages import draw_event
from devnet.tui.draw.text import line, plural
from devnet.tui.frame import Frame, Picked
from devnet.tui.screens.base import DevnetModal, DevnetScreen
from devnet.tui.widgets.finder import Finder
from devnet.tui.widgets.lines import TooSmall
from devnet.tui.widgets.page import Page
from devnet.tui.widgets.rows import Rows, look_of
from devnet.tui.widgets.tables import EventRows


class EventsScreen(DevnetScreen):
    """Every event, quiet kinds too."""

    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("/", "filter; esc drops the filter"),
        ("G", "to the end, and follow"),
        ("e", "write what is listed to a file, an event a line"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "export", "Export", show=False, id="events.export"),
    ]

    def body(self) -> Iterable[Widget]:
        yield EventRows(id="stream", everything=True)
        yield Finder()

    def on_mount(self) -> None:
        self.query_one(EventRows).focus()

    def show_body(self, frame: Frame) -> None:
        rows = self.query_one(EventRows)
        rows.show(frame)
        look = look_of(self)
        following = rows.cursor >= rows.n_items() - 1
        words = f"  {rows.n_items()} of {plural(len(frame.stream), 'event')}"
        words += f"  with {rows.needle!r}" if rows.needle else ""
        words += "  following" if following else "  G follows"
        rows.border_title = line(
            ("events", f"bold {look.federation}"), (words, look.federation)
        )

    def action_export(self) -> None:
        """Write the listed events as JSON lines into the present folder."""
        events = self.query_one(EventRows).listed()
        last = events[-1].seq if events else 0
        path = Path(f"events-{self.devnet.driver.state.seed}-{last}.jsonl")
        rows = (json.dumps(one.as_dict(), sort_keys=True) for one in events)
        try:
            path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
        except OSError as error:
            self.devnet.toast(f"{path}: {error.strerror}", "not written", bad=True)
            return
        self.devnet.toast(str(path.absolute()), f"{plural(len(events), 'event')} in")

    def find(self) -> None:
        """Open the filter."""
        self.query_one(Finder).open()

    def on_finder_changed(self, message: Finder.Changed) -> None:
        self.query_one(EventRows).filter(message.needle)
        self.devnet.draw_now()

    def on_rows_opened(self, message: Rows.Opened) -> None:
        rows = self.query_one(EventRows)
        self.devnet.open_event(rows.event_at(message.index))

    def action_back(self) -> None:
        if self.query_one(Finder).display:
            self.query_one(Finder).close()
        else:
            self.devnet.back()


class PageModal(DevnetModal):
    """A box with a page in it."""

    title_words = ""

    def compose(self) -> ComposeResult:
        box = Vertical(classes="box wide-box")
        box.border_title = self.title_words
        box.border_subtitle = "esc back"
        with box:
            yield Page(id="page")
        yield TooSmall()

    def on_mount(self) -> None:
        self.query_one(Page).focus()


class EventScreen(PageModal):
    """All fields of one event."""

    title_words = "Event"

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event

    def on_mount(self) -> None:
        super().on_mount()
        look = look_of(self)
        self.query_one(Page).show_drawing(
            lambda width: draw_event(self.event, width, look)
        )

    def picked(self) -> Picked:
        """The event, for `y`."""
        return Picked(copy_what="event", copy_text=str(self.event.as_dict()))
