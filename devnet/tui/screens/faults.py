"""What is broken on purpose, and everything that can be: does, and what one sees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.widget import Widget

from devnet.tui.draw.faults import draw_catalogue
from devnet.tui.draw.text import line, plural
from devnet.tui.frame import Frame
from devnet.tui.screens.base import DevnetScreen
from devnet.tui.widgets.faults import FaultRows
from devnet.tui.widgets.finder import Finder
from devnet.tui.widgets.page import Page
from devnet.tui.widgets.rows import Rows, look_of

if TYPE_CHECKING:
    from devnet.engine.actors.faultkinds import FaultKind


def _words(kind: FaultKind) -> str:
    return f"{kind.name} {kind.target} {kind.does} {kind.sees}".lower()


class FaultsScreen(DevnetScreen):
    """The faults at work above the table of all faults."""

    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("enter", "mend the fault under the cursor"),
        ("f", "break something"),
        ("/", "list only faults with a word"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._listed: object = None
        self._needle = ""

    def body(self) -> Iterable[Widget]:
        yield FaultRows(id="at-work")
        yield Page(id="catalogue")
        yield Finder(hint="only faults with this word")

    def on_mount(self) -> None:
        self.query_one(FaultRows).focus()

    def show_body(self, frame: Frame) -> None:
        look, rows = look_of(self), self.query_one(FaultRows)
        rows.show(frame)
        n_faults = len(frame.state.faults)
        words = f"  {plural(n_faults, 'fault')}" + "  enter mends" * bool(n_faults)
        rows.border_title = line(("at work", f"bold {look.good}"), (words, look.good))
        if (look, self._needle) == self._listed:
            return
        self._listed = look, self._needle
        page = self.query_one("#catalogue", Page)
        all_kinds = self.devnet.session.network.fault_kinds()
        kinds = [one for one in all_kinds if self._needle in _words(one)]
        said = f"  {len(kinds)} of {plural(len(all_kinds), 'fault')}  / narrows"
        page.border_title = line(
            ("what can be broken", f"bold {look.federation}"), (said, look.federation)
        )

        def drawing(width: int) -> list[Text]:
            return draw_catalogue(kinds, width, look)

        page.show_drawing(drawing)

    def find(self) -> None:
        """Open the filter of the catalogue."""
        self.query_one(Finder).open()

    def on_finder_changed(self, message: Finder.Changed) -> None:
        self._needle = message.needle.strip().lower()
        self.devnet.draw_now()

    def action_back(self) -> None:
        if self.query_one(Finder).display:
            self.query_one(Finder).close()
        else:
            self.devnet.back()

    def on_rows_opened(self, message: Rows.Opened) -> None:
        if isinstance(message.rows, FaultRows):
            self.devnet.mend(message.rows.mending_at(message.index))
