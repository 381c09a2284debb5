"""The three panels of the dashboard: mainchain, federation, sidechains."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget

from devnet.tui.draw.mainchain import cut_of, draw_mainchain, main_foot, main_title
from devnet.tui.draw.sidechains import (
    NO_SIDECHAIN,
    draw_lane,
    sidechains_title,
    sparkline,
)
from devnet.tui.draw.transfers import (
    NO_TRANSFER,
    draw_transfer,
    federation_title,
    in_order,
)
from devnet.tui.frame import Frame, Picked
from devnet.tui.theme import DEPOSIT
from devnet.tui.views import LaneView, MainView, TransferView
from devnet.tui.widgets.rows import Rows, desk_of, look_of

MANY_LANES = 5
"""From so many sidechains on, a lane is one row even where two would fit."""


class MainPanel(Widget, can_focus=True):
    """The mainchain lane and its proof of work."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,left_square_bracket", "move(-1)", "Back", show=False),
        Binding("right,right_square_bracket", "move(1)", "Next", show=False),
        Binding("enter", "open", "Open", show=False, id="main.open"),
    ]
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("left right", "pick a block"),
        ("enter", "what the block is made of"),
        ("y", "copy the block's hash"),
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.main = MainView()
        self.now_ms = 0
        self.with_lost = False
        self.picked_height: int | None = None
        self._shown: object = None

    def show(self, frame: Frame) -> None:
        """Draw this frame, if anything here is new."""
        main = frame.state.main
        n_waiting = sum(tx.chain == "main" for tx in frame.state.mempool)
        second = frame.now_ms // 1000
        cut = cut_of(frame.state.faults)
        shown = (main, n_waiting, second, frame.with_lost, cut, look_of(self))
        if shown == self._shown:
            return
        self._shown = shown
        self.main, self.now_ms, self.with_lost = main, frame.now_ms, frame.with_lost
        look = look_of(self)
        self.border_title = main_title(main, look, cut)
        self.border_subtitle = main_foot(main, n_waiting, look)
        self.refresh()

    def render(self) -> Text:
        cursor = self._height() if self.has_focus else None
        return draw_mainchain(
            self.main,
            self.size.width,
            look_of(self),
            now_ms=self.now_ms,
            cursor=cursor,
            with_lost=self.with_lost,
        )

    def _height(self) -> int:
        height = self.picked_height
        return self.main.height if height is None else height

    def picked(self) -> Picked:
        """The block under the cursor."""
        height = self._height()
        known = [block.id for block in self.main.blocks if block.height == height]
        return Picked(
            chain="main",
            height=height,
            copy_what=f"hash of main {height}",
            copy_text=known[0] if known else "",
            command=f"show block {height}",
        )

    def action_move(self, by: int) -> None:
        heights = [block.height for block in self.main.blocks] or [0]
        height = max(heights[0], min(self._height() + by, heights[-1]))
        # The newest block is picked by following the tip, not by number.
        self.picked_height = None if height == heights[-1] else height
        self.refresh()

    def action_open(self) -> None:
        desk_of(self).open_block("main", self._height())

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()


class TransferRows(Rows):
    """Deposits and withdrawals; enter opens the inspector of one."""

    empty_words = NO_TRANSFER
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("j k up down", "pick a transfer"),
        ("enter", "the claim with its path and its checks"),
        ("x", "a failed transfer has been seen"),
        ("y", "copy the lock's transaction id"),
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.transfers: tuple[TransferView, ...] = ()
        self._decimals: dict[str, int] = {}
        self._shown: object = None

    def show(self, frame: Frame) -> None:
        """Draw this frame, if anything here is new."""
        state, look = frame.state, look_of(self)
        shown = (state.transfers, state.members, state.collectors, look)
        if shown == self._shown:
            return
        self._shown = shown
        before = self.picked().transfer
        self.transfers = in_order(state.transfers)
        self._decimals = dict(state.decimals)
        names = [one.id for one in self.transfers]
        if before in names:
            self.cursor = names.index(before)
        self.border_title = federation_title(state, look)
        self.border_subtitle = Text(f"{DEPOSIT} deposit", look.dim)
        self.rows_changed()

    def n_items(self) -> int:
        return len(self.transfers)

    def draw_item(self, index: int, width: int) -> tuple[Text, ...]:
        one = self.transfers[index]
        decimals = self._decimals.get(one.asset, 0)
        return (draw_transfer(one, width, decimals, look_of(self)),)

    def picked(self) -> Picked:
        if not 0 <= self.cursor < len(self.transfers):
            return Picked()
        one = self.transfers[self.cursor]
        return Picked(
            transfer=one.id,
            copy_what=f"lock transaction of {one.id}",
            copy_text=one.lock_tx,
            command=f"{'show' if one.is_deposit else 'withdrawals'} {one.id}",
        )


class LaneRows(Rows):
    """The sidechains; enter opens the consensus of one."""

    empty_words = NO_SIDECHAIN
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("j k 1 to 9", "pick a sidechain"),
        ("enter", "its rule, validators and messages"),
        ("s", "change its rule"),
        ("n", "next one in trouble"),
        ("y", "copy the hash of its tip"),
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lanes: tuple[LaneView, ...] = ()
        self.now_ms = 0
        self._decimals: dict[str, int] = {}
        self._shown: object = None

    def show(self, frame: Frame) -> None:
        """Draw this frame, if anything here is new."""
        state, look = frame.state, look_of(self)
        # Of time itself only the sparklines show something.
        sparks = tuple(sparkline(lane, frame.now_ms) for lane in state.lanes)
        shown = (state.lanes, sparks, look, self.rows_per_item())
        if shown == self._shown:
            return
        self._shown = shown
        self.lanes, self.now_ms = state.lanes, frame.now_ms
        self._decimals = dict(state.decimals)
        self.border_title = sidechains_title(state, look)
        self.rows_changed()

    def n_items(self) -> int:
        return len(self.lanes)

    def rows_per_item(self) -> int:
        tall = self.screen.has_class("-tall") and self.screen.has_class("-wide")
        return 2 if tall and len(self.lanes) < MANY_LANES else 1

    def draw_item(self, index: int, width: int) -> tuple[Text, ...]:
        return draw_lane(
            self.lanes[index],
            width,
            look_of(self),
            decimals=self._decimals,
            two_rows=self.rows_per_item() == 2,
            now_ms=self.now_ms,
        )

    def next_in_trouble(self) -> int | None:
        """The next lane below the cursor that wants attention, going round."""
        n_lanes = len(self.lanes)
        for step in range(1, n_lanes + 1):
            index = (self.cursor + step) % n_lanes
            if self.lanes[index].in_trouble:
                return index
        return None

    def picked(self) -> Picked:
        if not 0 <= self.cursor < len(self.lanes):
            return Picked()
        lane = self.lanes[self.cursor]
        return Picked(
            chain=lane.name,
            height=lane.height,
            copy_what=f"tip of {lane.name}",
            copy_text=lane.tip,
            command=f"show {lane.name}",
        )
