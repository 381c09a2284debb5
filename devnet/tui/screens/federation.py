"""The federation: members, backing, addresses."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from devnet.tui.draw.federation import draw_federation
from devnet.tui.draw.transfers import federation_title
from devnet.tui.frame import Frame
from devnet.tui.screens.base import DevnetScreen
from devnet.tui.widgets.page import Page
from devnet.tui.widgets.rows import look_of


class FederationScreen(DevnetScreen):
    """One page, drawn again when something of it changes."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: object = None

    def body(self) -> Iterable[Widget]:
        yield Page(id="federation-page")

    def on_mount(self) -> None:
        self.query_one(Page).focus()

    def show_body(self, frame: Frame) -> None:
        state, look = frame.state, look_of(self)
        books = tuple((lane.name, lane.books, lane.broken) for lane in state.lanes)
        shown = (state.members, state.quorum, state.transfers, books, look)
        if shown == self._shown:
            return
        self._shown = shown
        page = self.query_one(Page)
        page.border_title = federation_title(state, look)
        page.show_drawing(lambda width: draw_federation(state, width, look))
