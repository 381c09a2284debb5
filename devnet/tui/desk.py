"""
What screens, widgets, keys and the palette may ask of the app.

They rest on this and not on the app itself, which is built from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from textual.screen import Screen

from devnet.tui.driver import Driver
from devnet.tui.theme import Palette

if TYPE_CHECKING:
    from devnet.commands.outcome import Outcome
    from devnet.commands.session import Session
    from devnet.engine.events import Event


class Board(Protocol):
    """The dashboard, as far as keys lead there."""

    def go_to_lane(self, index: int) -> bool:
        """Focus a sidechain by its place, or the mainchain by -1."""

    def go_to_trouble(self) -> None:
        """Focus the next sidechain that wants attention."""


class Desk(Protocol):
    """The app as those see it who stand on it."""

    session: Session
    driver: Driver
    drafts: dict[str, dict[str, str]]

    @property
    def look(self) -> Palette:
        """The palette of the theme in use."""

    @property
    def screen(self) -> Screen[Any]:
        """The topmost screen."""

    @property
    def dashboard(self) -> Board:
        """The screen at the bottom of the stack."""

    def begin(self, line: str, *, quiet: bool = False) -> Outcome | None:
        """Run a command line. Its answers, now or later, become toasts."""

    def mend(self, line: str) -> None:
        """End a fault by its command, if anybody may act here."""

    def toast(self, words: str, title: str = "", *, bad: bool = False) -> None:
        """Say something in the corner."""

    def draw_now(self) -> None:
        """Show the present to the screens that are to be seen."""

    def open_screen(self, name: str, **arguments: Any) -> None:
        """Show a screen by the id of its key."""

    def push_named(self, name: str, **arguments: Any) -> None:
        """Open a screen or a modal above the present one."""

    def open_transfer(self, transfer: str) -> None:
        """The inspector of a transfer."""

    def open_block(self, chain: str, height: int) -> None:
        """The details of a block."""

    def open_event(self, event: Event | None) -> None:
        """All fields of an event."""

    def back(self) -> None:
        """Leave the topmost screen, if it is not the dashboard."""

    def action_press(self, key_id: str) -> None:
        """A key of the table: do it, or say why it is off."""

    def action_lane(self, number: int) -> None:
        """Keys 0 to 9: the mainchain, or a sidechain by its place."""

    def copy_to_clipboard(self, text: str) -> None:
        """Hand a text to the terminal."""

    def exit(self) -> None:
        """Leave."""
