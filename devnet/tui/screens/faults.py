"""What is broken on purpose, and everything that can be: does, and what one sees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual.widget import Widget

from devnet.tui.draw.faults import draw_catalogue
from devnet.tui.draw.text import line, plural
from devnet.tui.frame import Frame
from devnet.tui.screens.base import DevnetScreen
from devnet.tui.widgets.faults import FaultRows
from devnet.tui.widgets.page import Page
from devnet.tui.widgets.rows import Rows, look_of


class FaultsScreen(DevnetScreen):
    """The faults at work above the table of all faults."""

    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("enter", "mend the fault under the cursor"),
        ("f", "break something"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._look: object = None

    def body(self) -> Iterable[Widget]:
        yield FaultRows(id="at-work")
        yield Page(id="catalogue")

    def on_mount(self) -> None:
        self.query_one(FaultRows).focus()

    def show_body(self, frame: Frame) -> None:
        look, rows = look_of(self), self.query_one(FaultRows)
        rows.show(frame)
        n_faults = len(frame.state.faults)
        words = f"  {plural(n_faults, 'fault')}" + "  enter mends" * bool(n_faults)
        rows.border_title = line(("at work", f"bold {look.good}"), (words, look.good))
        if look == self._look:
            return
        self._look = look
        page = self.query_one("#catalogue", Page)
        page.border_title = line(("what can be broken", f"bold {look.federation}"))
        kinds = self.devnet.session.network.fault_kinds()

        def drawing(width: int) -> list[Text]:
            return draw_catalogue(kinds, width, look)

        page.show_drawing(drawing)

    def on_rows_opened(self, message: Rows.Opened) -> None:
        if isinstance(message.rows, FaultRows):
            self.devnet.mend(message.rows.mending_at(message.index))
