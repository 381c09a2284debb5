"""The dashboard: money falls from the mainchain to the sidechains and rises back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Horizontal
from textual.widget import Widget

from devnet.tui.draw.tables import tab_words
from devnet.tui.frame import Frame
from devnet.tui.screens.base import DevnetScreen
from devnet.tui.widgets.faults import FaultRows
from devnet.tui.widgets.finder import Finder
from devnet.tui.widgets.lines import TabLine
from devnet.tui.widgets.panels import LaneRows, MainPanel, TransferRows
from devnet.tui.widgets.rows import Rows
from devnet.tui.widgets.tables import BalanceRows, EventRows, MempoolRows, MessageRows


class Dashboard(DevnetScreen):
    """Everything at once."""

    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("tab", "next panel"),
        ("0, 1 to 9", "the mainchain, a sidechain"),
        ("z", "this panel alone"),
    )

    def body(self) -> Iterable[Widget]:
        yield MainPanel(id="main")
        yield TransferRows(id="federation")
        yield LaneRows(id="lanes")
        yield TabLine()
        with Horizontal(id="below"):
            yield BalanceRows(id="beside")
            yield EventRows(id="tab-0")
            yield BalanceRows(id="tab-1")
            yield MempoolRows(id="tab-2")
            yield MessageRows(id="tab-3")
            yield FaultRows(id="tab-4")
        yield Finder()

    def on_mount(self) -> None:
        self._turn_to(0)
        self.query_one(TransferRows).focus()

    def show_body(self, frame: Frame) -> None:
        state = frame.state
        self.query_one(TabLine).names = tab_words(len(state.mempool), len(state.faults))
        self.query_one(MainPanel).show(frame)
        self.query_one(TransferRows).show(frame)
        self.query_one(LaneRows).show(frame)
        for table in self.query("#below > *"):
            if table.display:
                table.show(frame)  # type: ignore[attr-defined]

    def on_tab_line_turned(self, message: TabLine.Turned) -> None:
        self._turn_to(message.index)

    def _turn_to(self, index: int) -> None:
        for table in self.query("#below > Rows"):
            if table.id != "beside":
                table.display = table.id == f"tab-{index}"
        self.set_class(index == 0, "-events")
        if self.frame is not None:
            self.show_body(self.frame)

    def on_rows_opened(self, message: Rows.Opened) -> None:
        rows = message.rows
        if isinstance(rows, TransferRows):
            self.devnet.open_transfer(rows.picked().transfer)
        elif isinstance(rows, LaneRows):
            self.devnet.open_screen("consensus", chain=rows.picked().chain)
        elif isinstance(rows, EventRows):
            self.devnet.open_event(rows.event_at(message.index))
        elif isinstance(rows, FaultRows):
            self.devnet.mend(rows.mending_at(message.index))

    def on_finder_changed(self, message: Finder.Changed) -> None:
        self.query_one("#tab-0", EventRows).filter(message.needle)

    # What the app asks for.

    def find(self) -> None:
        """Open the filter of the log."""
        self.query_one(TabLine).active = 0
        self.query_one(Finder).open()

    def go_to_lane(self, index: int) -> bool:
        """Focus a sidechain by its place, or the mainchain by -1."""
        if index < 0:
            self.query_one(MainPanel).focus()
            return True
        lanes = self.query_one(LaneRows)
        if index >= len(lanes.lanes):
            return False
        lanes.focus()
        lanes.pick(index)
        return True

    def go_to_trouble(self) -> None:
        """Focus the next sidechain that wants attention."""
        lanes = self.query_one(LaneRows)
        index = lanes.next_in_trouble()
        if index is not None:
            lanes.focus()
            lanes.pick(index)

    def zoom(self) -> None:
        """The focused panel alone, or all of them again."""
        if self.has_class("-zoom"):
            self.remove_class("-zoom")
            self.query(".-zoomed").remove_class("-zoomed")
            return
        focused = self.focused
        if focused is None:
            return
        panel = focused if focused.parent is self else focused.parent
        if isinstance(panel, Widget) and not isinstance(panel, TabLine):
            panel.add_class("-zoomed")
            self.add_class("-zoom")

    def action_back(self) -> None:
        if self.query_one(Finder).display:
            self.query_one(Finder).close()
        elif self.has_class("-zoom"):
            self.zoom()
