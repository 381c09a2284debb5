"""The consensus of one sidechain: rule, votes, seats, messages, changes of rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from devnet.tui.draw.consensus import consensus_title, draw_facts
from devnet.tui.draw.faults import time_left
from devnet.tui.draw.rulepart import draw_rule, rule_title
from devnet.tui.draw.sidechains import NO_SIDECHAIN
from devnet.tui.draw.swaps import draw_swaps
from devnet.tui.draw.text import line
from devnet.tui.draw.timeline import locks_of
from devnet.tui.draw.votes import draw_votes, votes_title
from devnet.tui.frame import Frame, Picked
from devnet.tui.screens.base import DevnetScreen
from devnet.tui.views import LaneView
from devnet.tui.widgets.page import Drawing, Page
from devnet.tui.widgets.rows import look_of
from devnet.tui.widgets.tables import MessageRows
from devnet.tui.widgets.timeline import Timeline

if TYPE_CHECKING:
    from devnet.engine.picturing import ConsensusFacts


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
        ("s S", "change the rule of this one, take the change back"),
        ("v", "its validators: votes, bonds, who comes next"),
        ("f M", "break something here, mend it"),
    )

    def __init__(self, chain: str = "") -> None:
        super().__init__()
        self.chain = chain
        self._shown: object = None
        self._asked: object = None
        self._facts: ConsensusFacts | None = None

    def body(self) -> Iterable[Widget]:
        yield Page(id="rule-facts")
        yield Timeline(id="timeline")
        with Horizontal(id="halves"):
            yield Page(id="votes")
            yield Page(id="rule")
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
        facts, look = self._facts_of(lane, frame), look_of(self)
        messages = self.query_one(MessageRows)
        messages.chain = lane.name
        messages.show(frame)
        self.query_one(Timeline).show(lane, locks_of(facts.seats))
        faults = tuple(one for one in frame.state.faults if one.chain == lane.name)
        moment = (frame.now_ms, frame.state.main.height)
        times = tuple(time_left(one, *moment) for one in faults)
        page = self.query_one("#rule", Page)
        shown = (lane, facts, faults, times, look, page.size.height)
        if shown == self._shown:
            return
        self._shown = shown
        self._draw("rule-facts", consensus_title(lane, look), lambda width: draw_facts(
            lane, width, look, certified=facts.certified, faults=faults,
            now_ms=moment[0], main_height=moment[1],
        ))  # fmt: skip
        self._draw(
            "votes",
            votes_title(facts, look),
            lambda width: draw_votes(facts, width, look),
        )
        self._draw(
            "rule",
            rule_title(facts, look),
            lambda width: draw_rule(lane, facts, width, page.size.height, look),
        )
        self._draw(
            "swaps",
            line(("changes of rule", f"bold {look.good}")),
            lambda width: draw_swaps(lane, width, look, story=facts.swap),
        )
        messages.border_title = line(("messages", f"bold {look.good}"))

    def _draw(self, part: str, title: Text, drawing: Drawing) -> None:
        page = self.query_one(f"#{part}", Page)
        page.border_title = title
        page.show_drawing(drawing)

    def _facts_of(self, lane: LaneView, frame: Frame) -> ConsensusFacts:
        """What the engine knows, asked for only when something has happened."""
        asked = (lane.name, frame.state.n_events, frame.now_ms // 250)
        if self._facts is None or asked != self._asked:
            network = self.devnet.session.network
            self._facts, self._asked = network.consensus_facts(lane.name), asked
        return self._facts

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
