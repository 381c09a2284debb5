"""`?`: the keys of the focused part, then all keys, each with its reason."""

from __future__ import annotations

from textual.screen import Screen
from textual.widget import Widget

from devnet.tui.draw.pages import draw_keys_help
from devnet.tui.screens.events import PageModal
from devnet.tui.widgets.page import Page
from devnet.tui.widgets.rows import look_of

_PARTS = {
    "MainPanel": "Mainchain",
    "TransferRows": "Federation",
    "LaneRows": "Sidechains",
    "TabLine": "Tabs",
    "EventRows": "Events",
    "BlockRows": "Blocks",
    "Timeline": "Messages",
}


class KeysScreen(PageModal):
    """Help for what has the focus."""

    title_words = "Keys"

    def __init__(self, focused: Widget | None, screen: Screen[None]) -> None:
        super().__init__()
        kind = type(focused).__name__ if focused is not None else ""
        self.part = _PARTS.get(kind, "This part")
        self.own = (
            *getattr(focused, "keys_help", ()),
            *getattr(screen, "keys_help", ()),
        )

    def on_mount(self) -> None:
        super().on_mount()
        app, look = self.devnet, look_of(self)
        self.query_one(Page).show_drawing(
            lambda width: draw_keys_help(
                self.part,
                self.own,
                app.driver.state,
                width,
                look,
                read_only=app.session.read_only,
            )
        )
