"""What every screen has: header line, alarm, footer, room to be too small."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from devnet.tui.draw.keybar import footer_keys
from devnet.tui.frame import Frame, Picked
from devnet.tui.keys import why_not
from devnet.tui.widgets.lines import (
    LEAST_HEIGHT,
    LEAST_WIDTH,
    AlarmLine,
    HeaderLine,
    KeyBar,
    TooSmall,
)

if TYPE_CHECKING:
    from devnet.tui.desk import Desk


class DevnetScreen(Screen[None]):
    """A screen of the devnet: a body between header and footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False, id="screen.back"),
    ]
    AUTO_FOCUS = ".first"
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Keys of this screen that belong to no widget: (keys, what they do)."""

    def __init__(self) -> None:
        super().__init__()
        self.frame: Frame | None = None

    @property
    def devnet(self) -> Desk:
        """The app."""
        return cast("Desk", self.app)

    def compose(self) -> ComposeResult:
        yield HeaderLine()
        yield AlarmLine()
        yield from self.body()
        yield KeyBar()
        yield TooSmall()

    def body(self) -> Iterable[Widget]:
        """What stands between the lines."""
        return ()

    def show(self, frame: Frame) -> None:
        """Draw this frame, as far as it is new."""
        self.frame = frame
        self.query_one(HeaderLine).view = frame.header
        self.query_one(AlarmLine).view = (frame.state.breach, frame.frozen)
        lane = self.picked().chain
        self.query_one(KeyBar).keys = tuple(
            (key, not why_not(key, frame.state, read_only=frame.read_only, lane=lane))
            for key in footer_keys()
        )
        self.show_body(frame)

    def show_body(self, frame: Frame) -> None:
        """Hand the frame to the widgets of the body."""

    def picked(self) -> Picked:
        """What the focused part has under its cursor."""
        focused = self.focused
        pick = getattr(focused, "picked", None)
        return pick() if pick is not None else Picked()

    def on_screen_resume(self) -> None:
        self.devnet.draw_now()

    def on_resize(self, event: Resize) -> None:
        mark_too_small(self)

    def action_back(self) -> None:
        """Leave this screen, or what is open in it."""
        self.devnet.back()


class DevnetModal(ModalScreen[None]):
    """A form, an inspector or a help: stands above a screen that goes on living."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("ctrl+c", "app.interrupt", "Quit", show=False, priority=True),
    ]

    @property
    def devnet(self) -> Desk:
        """The app."""
        return cast("Desk", self.app)

    def show(self, frame: Frame) -> None:
        """Draw this frame, as far as it is new."""

    def on_resize(self, event: Resize) -> None:
        mark_too_small(self)

    def action_back(self) -> None:
        """Close."""
        self.dismiss(None)


def mark_too_small(screen: Screen[None]) -> None:
    """Set the class that hides everything but one line."""
    size = screen.app.size
    small = size.width < LEAST_WIDTH or size.height < LEAST_HEIGHT
    screen.set_class(small, "-too-small")
