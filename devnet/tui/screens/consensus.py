"""The consensus of one sidechain: rule, validators, messages, changes of rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget

from devnet.tui.draw.consensus import (
    Spoken,
    consensus_title,
    draw_facts,
    draw_swaps,
    draw_timeline,
    spoken,
)
from devnet.tui.draw.sidechains import NO_SIDECHAIN
from devnet.tui.draw.text import line
from devnet.tui.frame import Frame, Picked
from devnet.tui.screens.base import DevnetScreen
from devnet.tui.views import LaneView
from devnet.tui.widgets.page import Page
from devnet.tui.widgets.rows import look_of
from devnet.tui.widgets.tables import MessageRows


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
        self._picked: Spoken | None = None

    def show(self, lane: LaneView) -> None:
        """Draw this chain's messages, if they are new."""
        before = self.lane
        if before is not None and (before.messages, before.validators) == (
            lane.messages,
            lane.validators,
        ):
            return
        if before is not None and before.name != lane.name:
            self._picked = None
        self.lane, self.said = lane, spoken(lane.messages)
        self.styles.height = len(lane.validators) + 4 if self.said else 1
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
            self.lane, self.said, self.size.width, look_of(self), cursor=self._cursor()
        )
        return Text("\n", end="").join(rows)


class ConsensusScreen(DevnetScreen):
    """
    One sidechain at a time; `[` and `]` or the digits change it.

    Args:
        chain: which one; the first when empty.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "turn(-1)", "Back", show=False),
        Binding("right_square_bracket", "turn(1)", "Next", show=False),
        *(
            Binding(str(number), f"go({number - 1})", show=False)
            for number in range(1, 10)
        ),
    ]
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("[ ] 1 to 9", "another sidechain"),
        ("s", "change the rule of this one"),
    )

    def __init__(self, chain: str = "") -> None:
        super().__init__()
        self.chain = chain
        self._shown: object = None

    def body(self) -> Iterable[Widget]:
        yield Page(id="rule-facts")
        yield Timeline(id="timeline")
        yield Page(id="swaps")
        yield MessageRows(id="messages", chain=self.chain)

    def on_mount(self) -> None:
        self.query_one(Timeline).focus()

    def show_body(self, frame: Frame) -> None:
        lanes = frame.state.lanes
        lane = frame.state.lane(self.chain) or (lanes[0] if lanes else None)
        if lane is None:
            self.query_one("#rule-facts", Page).show_drawing(
                lambda width: [line(f" {NO_SIDECHAIN}")]
            )
            return
        self.chain = lane.name
        look = look_of(self)
        messages = self.query_one(MessageRows)
        messages.chain = lane.name
        messages.show(frame)
        self.query_one(Timeline).show(lane)
        if (lane, look) == self._shown:
            return
        self._shown = (lane, look)
        facts = self.query_one("#rule-facts", Page)
        facts.border_title = consensus_title(lane, look)
        facts.show_drawing(lambda width: draw_facts(lane, width, look))
        swaps = self.query_one("#swaps", Page)
        swaps.border_title = line(("changes of rule", f"bold {look.good}"))
        swaps.show_drawing(lambda width: draw_swaps(lane, width, look))
        messages.border_title = line(("messages", f"bold {look.good}"))

    def picked(self) -> Picked:
        frame = self.frame
        lane = frame.state.lane(self.chain) if frame is not None else None
        if lane is None:
            return Picked()
        return Picked(
            chain=lane.name,
            height=lane.height,
            copy_what=f"tip of {lane.name}",
            copy_text=lane.tip,
        )

    def action_turn(self, by: int) -> None:
        """The next sidechain, or the one before."""
        names = [lane.name for lane in self.devnet.driver.state.lanes]
        if self.chain in names:
            self._go(names[(names.index(self.chain) + by) % len(names)])

    def action_go(self, index: int) -> None:
        """A sidechain by its place."""
        lanes = self.devnet.driver.state.lanes
        if index < len(lanes):
            self._go(lanes[index].name)
        else:
            self.devnet.toast(f"there is no sidechain {index + 1}")

    def _go(self, chain: str) -> None:
        self.chain = chain
        self.devnet.draw_now()
