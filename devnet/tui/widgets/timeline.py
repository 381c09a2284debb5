"""The messages of one sidechain over time, with a cursor on one of them."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget

from devnet.tui.draw.text import line
from devnet.tui.draw.timeline import Locks, Spoken, draw_timeline, spoken
from devnet.tui.views import LaneView
from devnet.tui.widgets.rows import look_of

LEAST_ROWS, MOST_ROWS, OTHER_ROWS = 4, 12, 27
"""Validators shown at least and at most, and rows that a tall screen needs besides."""


class Timeline(Widget, can_focus=True):
    """Messages over time; left and right pick one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1)", "Earlier", show=False, id="timeline.left"),
        Binding("right,l", "move(1)", "Later", show=False, id="timeline.right"),
        Binding("end,G", "move(9999)", "Newest", show=False, id="timeline.end"),
    ]
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("left right", "pick a message: below stands who got it"),
        ("G", "the newest, and follow"),
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lane: LaneView | None = None
        self.said: tuple[Spoken, ...] = ()
        self.locks: Locks | None = None
        self.most_rows = LEAST_ROWS
        self._picked: Spoken | None = None
        self._shown: object = None

    def show(self, lane: LaneView, locks: Locks | None = None) -> None:
        """
        Draw this chain's messages, if they are new.

        Args:
            lane: the sidechain.
            locks: what binds its validators, beside their rows.
        """
        before = self.lane
        most = max(LEAST_ROWS, min(MOST_ROWS, self.screen.size.height - OTHER_ROWS))
        shown = (lane.messages, lane.validators, lane.proposer, locks, most)
        if shown == self._shown:
            return
        self._shown = shown
        if before is not None and before.name != lane.name:
            self._picked = None
        self.lane, self.locks, self.most_rows = lane, locks, most
        self.said = spoken(lane.messages)
        n_rows = min(most, len(lane.validators))
        self.styles.height = n_rows + 3 if self.said else 1
        self.refresh()

    def _cursor(self) -> int:
        if self._picked is not None and self._picked in self.said:
            return self.said.index(self._picked)
        return len(self.said) - 1

    def action_move(self, by: int) -> None:
        if not self.said:
            return
        index = max(0, min(self._cursor() + by, len(self.said) - 1))
        # The newest is picked by following, so that new messages show.
        self._picked = None if index == len(self.said) - 1 else self.said[index]
        self.refresh()

    def render(self) -> Text:
        if self.lane is None:
            return line("")
        rows = draw_timeline(
            self.lane,
            self.said,
            self.size.width,
            look_of(self),
            cursor=self._cursor(),
            locks=self.locks,
            most_rows=self.most_rows,
        )
        return Text("\n", end="").join(rows)
