"""A page of text that is drawn for its width and scrolls by lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text

from devnet.tui.draw.text import fit
from devnet.tui.widgets.rows import Rows

Drawing = Callable[[int], Sequence[Text]]
"""Width in cells to lines."""


class Page(Rows):
    """Lines of one drawing. `show_drawing` replaces it."""

    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (("j k up down", "scroll"),)

    def __init__(
        self, *, id: str | None = None, classes: str | None = None, cursor: bool = False
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.shows_cursor = cursor
        self._drawing: Drawing = lambda width: ()
        self._lines: tuple[Text, ...] = ()
        self._width = -1

    def show_drawing(self, drawing: Drawing) -> None:
        """Draw this from now on."""
        self._drawing, self._width = drawing, -1
        self._draw_if_needed()
        self.rows_changed()

    def _draw_if_needed(self) -> None:
        width = self.scrollable_content_region.width or self.size.width
        if width > 0 and width != self._width:
            self._width = width
            self._lines = tuple(fit(line, width) for line in self._drawing(width))

    def n_items(self) -> int:
        return len(self._lines)

    def draw_item(self, index: int, width: int) -> tuple[Text, ...]:
        return (self._lines[index],)

    def on_resize(self) -> None:
        # A drawing may depend on the height, too.
        self._width = -1
        self._draw_if_needed()
        self.rows_changed()

    def pick(self, index: int) -> None:
        if self.shows_cursor:
            super().pick(index)
            return
        # Without a cursor the keys scroll.
        by = index - self.cursor
        self.scroll_to(y=self.scroll_offset.y + by, animate=False, force=True)
