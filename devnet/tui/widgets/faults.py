"""The faults at work as rows: enter mends the one under the cursor."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text

from devnet.tui.draw.faults import NO_FAULT, draw_fault, mending, time_left
from devnet.tui.frame import Frame, Picked
from devnet.tui.views import FaultView
from devnet.tui.widgets.rows import Rows, look_of


class FaultRows(Rows):
    """What is broken on purpose, on all chains."""

    empty_words = NO_FAULT
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("j k up down", "pick a fault"),
        ("enter", "mend it"),
        ("f", "break something more"),
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.faults: tuple[FaultView, ...] = ()
        self._moment = (0, 0)
        self._shown: object = None

    def show(self, frame: Frame) -> None:
        """Draw this frame, if anything here is new."""
        moment = (frame.now_ms, frame.state.main.height)
        faults, look = frame.state.faults, look_of(self)
        shown = (faults, tuple(time_left(one, *moment) for one in faults), look)
        if shown == self._shown:
            return
        self._shown, self._moment, self.faults = shown, moment, faults
        self.rows_changed()

    def n_items(self) -> int:
        return len(self.faults)

    def draw_item(self, index: int, width: int) -> tuple[Text, ...]:
        now_ms, height = self._moment
        one, look = self.faults[index], look_of(self)
        return (draw_fault(one, width, look, now_ms=now_ms, main_height=height),)

    def mending_at(self, index: int) -> str:
        """The command that ends a fault by its place."""
        return mending(self.faults[index])

    def picked(self) -> Picked:
        if not 0 <= self.cursor < len(self.faults):
            return Picked()
        one = self.faults[self.cursor]
        return Picked(
            chain=one.chain, copy_what="how to mend it", copy_text=mending(one)
        )
