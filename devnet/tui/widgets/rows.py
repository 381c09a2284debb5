"""A list that draws only the rows in sight, with a cursor that may follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click, MouseMove
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from devnet.tui.desk import Desk
    from devnet.tui.frame import Picked
    from devnet.tui.theme import Palette


N_HINT = 200
"""Letters of a hint: an id or an address, no list of facts."""


def desk_of(widget: Widget) -> Desk:
    """The app that a widget is part of."""
    return cast("Desk", widget.app)


def look_of(widget: Widget) -> Palette:
    """The palette of the theme in use."""
    return desk_of(widget).look


class Rows(ScrollView, can_focus=True):
    """
    Items in rows. A subclass says how many there are and draws one at a time.

    A cursor that stands on the last item of a list with `follows` stays on the last
    when more come.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="rows.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="rows.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="rows.page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="rows.page-down"),
        Binding("home,g", "edge(-1)", "First", show=False, id="rows.first"),
        Binding("end,G", "edge(1)", "Last", show=False, id="rows.last"),
        Binding("enter", "open", "Open", show=False, id="rows.open"),
    ]

    follows = False
    shows_cursor = True
    empty_words = ""
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("j k up down", "move the cursor"),
        ("g G", "first, last"),
    )

    @dataclass
    class Opened(Message):
        """The reader pressed enter on an item, or clicked it."""

        rows: Rows
        index: int

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.cursor = 0
        self._base = Style.null()
        self._pending = True
        # The click that brings the focus picks; the next one on the row opens.
        self._had_focus = False

    # For subclasses.

    def n_items(self) -> int:
        """How many items there are."""
        return 0

    def rows_per_item(self) -> int:
        """Rows that one item takes."""
        return 1

    def draw_item(self, index: int, width: int) -> tuple[Text, ...]:
        """The rows of one item."""
        return ()

    def picked(self) -> Picked:
        """What stands under the cursor."""
        from devnet.tui.frame import Picked

        return Picked()

    # For screens.

    def rows_changed(self) -> None:
        """Draw again: items came, went or changed."""
        n_items = self.n_items()
        n_before = self.virtual_size.height // max(1, self.rows_per_item())
        at_end = self.scroll_offset.y >= self.max_scroll_y and (
            self.cursor >= n_before - 1
        )
        n_rows = max(1, n_items * self.rows_per_item())
        self._resize_content(n_rows)
        if self.follows and (at_end or self._pending):
            self.cursor = max(0, n_items - 1)
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
            self._pending = n_items == 0
        self.cursor = max(0, min(self.cursor, n_items - 1))
        self.refresh()

    def _resize_content(self, n_rows: int) -> None:
        """Tell Textual how many rows there are, without a new layout if it can be."""
        n_before, n_shown = self.virtual_size.height, self.container_size.height
        if n_rows == n_before:
            return
        height = self.styles.height
        if height is None or height.is_auto or min(n_rows, n_before) <= n_shown:
            self.virtual_size = Size(1, n_rows)
            return
        # The scroll bar is there and stays there: a layout of the whole screen for
        # each line of the log would be most of what the log costs.
        self.set_reactive(Rows.virtual_size, Size(1, n_rows))
        self.vertical_scrollbar.window_virtual_size = n_rows

    def pick(self, index: int) -> None:
        """Put the cursor on an item and show it."""
        n_items = self.n_items()
        if not n_items:
            return
        self.cursor = max(0, min(index, n_items - 1))
        per_item = self.rows_per_item()
        top, height = self.cursor * per_item, self.size.height
        if height == 0:
            # Not laid out yet: there is nothing to scroll within.
            self.call_after_refresh(self.pick, self.cursor)
        elif top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)
        elif top + per_item > self.scroll_offset.y + height:
            self.scroll_to(y=top + per_item - height, animate=False, force=True)
        self.refresh()

    # Textual.

    def render_lines(self, crop: Region) -> list[Strip]:
        # One look-up for all lines: Textual computes it from every ancestor.
        self._base = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        row = self.scroll_offset.y + y
        per_item = self.rows_per_item()
        index = row // per_item
        base = self._base
        if index >= self.n_items():
            words = f" {self.empty_words}" if row == 0 and self.empty_words else ""
            text = Text(words[:width], style=look_of(self).dim, end="")
        else:
            text = self.draw_item(index, width)[row % per_item]
            if self.shows_cursor and self.has_focus and index == self.cursor:
                base += Style.parse(f"on {look_of(self).cursor}")
        strip = Strip(text.render(self.app.console))
        return strip.apply_style(base).adjust_cell_length(width, base)

    def on_mouse_move(self, event: MouseMove) -> None:
        """The whole of what is cut on the row below the pointer."""
        place = event.get_content_offset(self)
        words = None
        if place is not None and self.shows_cursor:
            index = (self.scroll_offset.y + place.y) // self.rows_per_item()
            words = self._hint_at(index) if index < self.n_items() else None
        if self.tooltip != words:
            self.tooltip = words

    def _hint_at(self, index: int) -> str | None:
        here, self.cursor = self.cursor, index
        picked = self.picked()
        self.cursor = here
        if not picked.copy_text or len(picked.copy_text) > N_HINT:
            return None
        return f"{picked.copy_what}\n{picked.copy_text}"

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self._had_focus = False
        self.refresh()

    def on_resize(self) -> None:
        if self.follows and self.cursor >= self.n_items() - 1:
            self.call_after_refresh(
                lambda: self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
            )

    def on_click(self, event: Click) -> None:
        place = event.get_content_offset(self)
        if place is None:
            return
        index = (self.scroll_offset.y + place.y) // self.rows_per_item()
        if index >= self.n_items():
            return
        opened = index == self.cursor and self._had_focus
        self._had_focus = True
        self.pick(index)
        if opened:
            self.action_open()

    def action_move(self, by: int) -> None:
        self.pick(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.pick(self.cursor + by * max(1, self.size.height // self.rows_per_item()))

    def action_edge(self, side: int) -> None:
        self.pick(0 if side < 0 else self.n_items() - 1)

    def action_open(self) -> None:
        if self.n_items():
            self.post_message(self.Opened(self, self.cursor))
