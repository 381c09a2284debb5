"""The blocks of a chain, and the details of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget

from devnet.engine.errors import DevnetError
from devnet.engine.events import BlockAdded, BlockUndone, Event
from devnet.tui.draw.blocks import draw_block, draw_block_row
from devnet.tui.draw.pages import wrapped
from devnet.tui.draw.text import line
from devnet.tui.frame import Frame, Picked
from devnet.tui.screens.base import DevnetScreen
from devnet.tui.widgets.page import Page
from devnet.tui.widgets.rows import Rows, look_of


class BlockRows(Rows):
    """Blocks of the best chain, newest last, followed."""

    follows = True
    empty_words = "No block since the start: the first one is on its way."
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("j k up down", "pick a block; on the newest the list follows"),
        ("enter", "what the block is made of"),
        ("y", "copy its hash"),
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.chain = ""
        self.blocks: list[BlockAdded] = []
        self._stream: Sequence[Event] = ()
        self._n_seen = 0

    def show(self, frame: Frame, chain: str) -> None:
        """Take what is new of this chain."""
        if frame.stream is not self._stream or chain != self.chain:
            self._stream, self.chain = frame.stream, chain
            self.blocks, self._n_seen, self._pending = [], 0, True
        end, before = len(self._stream), len(self.blocks)
        for index in range(self._n_seen, end):
            event = self._stream[index]
            if isinstance(event, BlockAdded) and event.chain == chain:
                self._drop_from(event.height)
                self.blocks.append(event)
            elif isinstance(event, BlockUndone) and event.chain == chain:
                self._drop_from(event.height)
        self._n_seen = end
        if len(self.blocks) != before or self._pending:
            self.rows_changed()

    def _drop_from(self, height: int) -> None:
        while self.blocks and self.blocks[-1].height >= height:
            self.blocks.pop()

    def n_items(self) -> int:
        return len(self.blocks)

    def draw_item(self, index: int, width: int) -> tuple[Text, ...]:
        return (draw_block_row(self.blocks[index], width, look_of(self)),)

    def picked(self) -> Picked:
        if not 0 <= self.cursor < len(self.blocks):
            return Picked(chain=self.chain)
        block = self.blocks[self.cursor]
        return Picked(
            chain=block.chain,
            height=block.height,
            copy_what=f"hash of {block.chain} {block.height}",
            copy_text=block.id,
            command=f"show block {block.height} {block.chain}",
        )


class BlocksScreen(DevnetScreen):
    """
    A chain's blocks; `[` and `]` change the chain.

    Args:
        chain: "main" or a sidechain.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "turn(-1)", "Back", show=False),
        Binding("right_square_bracket", "turn(1)", "Next", show=False),
        *(Binding(str(number), f"go({number})", show=False) for number in range(10)),
    ]
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("[ ] 0 to 9", "another chain"),
    )

    def __init__(self, chain: str = "main") -> None:
        super().__init__()
        self.chain = chain

    def body(self) -> Iterable[Widget]:
        yield BlockRows(id="blocks")

    def on_mount(self) -> None:
        self.query_one(BlockRows).focus()

    def show_body(self, frame: Frame) -> None:
        look = look_of(self)
        rows = self.query_one(BlockRows)
        rows.show(frame, self.chain)
        tone = look.main if self.chain == "main" else look.good
        rows.border_title = line(
            (f"blocks of {self.chain}", f"bold {tone}"),
            (f"  {len(rows.blocks)} since the start  enter opens one", tone),
        )

    def on_rows_opened(self, message: Rows.Opened) -> None:
        block = self.query_one(BlockRows).blocks[message.index]
        self.devnet.open_block(block.chain, block.height)

    def action_turn(self, by: int) -> None:
        """The next chain, or the one before."""
        names = self._names()
        self._go((names.index(self.chain) + by) % len(names))

    def action_go(self, index: int) -> None:
        """A chain by its place: 0 is the mainchain."""
        if index < len(self._names()):
            self._go(index)
        else:
            self.devnet.toast(f"there is no sidechain {index}")

    def _names(self) -> list[str]:
        return ["main", *(lane.name for lane in self.devnet.driver.state.lanes)]

    def _go(self, index: int) -> None:
        self.chain = self._names()[index]
        self.devnet.draw_now()


class BlockScreen(DevnetScreen):
    """
    One block: header, roots, transactions. `[` and `]` go along the chain.

    Args:
        chain: "main" or a sidechain.
        height: on its best branch.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket,left", "turn(-1)", "Back", show=False),
        Binding("right_square_bracket,right", "turn(1)", "Next", show=False),
    ]
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("[ ] left right", "the block before, the next"),
        ("y", "copy the hash"),
    )

    def __init__(self, chain: str, height: int) -> None:
        super().__init__()
        self.chain, self.at_height = chain, height
        self._facts: Mapping[str, Any] = {}
        self._shown: object = None

    def body(self) -> Iterable[Widget]:
        yield Page(id="block-page")

    def on_mount(self) -> None:
        self.query_one(Page).focus()

    def show_body(self, frame: Frame) -> None:
        look = look_of(self)
        tip = frame.state.main.tip
        lane = frame.state.lane(self.chain)
        shown = (self.at_height, tip if lane is None else lane.tip, look)
        if shown == self._shown:
            return
        self._shown = shown
        page = self.query_one(Page)
        tone = look.main if self.chain == "main" else look.good
        page.styles.border_top = ("solid", tone)
        page.border_title = line(
            (f"block {self.at_height} of {self.chain}", f"bold {tone}"),
            ("  [ ] go along the chain", tone),
        )
        try:
            facts = self._facts = self._read()
        except DevnetError as error:
            words = f"{error.message} {error.hint}"
            page.show_drawing(lambda width: wrapped(words, width, look.now))
            return
        decimals = frame.state.decimals
        page.show_drawing(
            lambda width: draw_block(facts, width, look, decimals=decimals)
        )

    def _read(self) -> Mapping[str, Any]:
        network: Any = self.devnet.session.network
        facts: Mapping[str, Any] = network.describe_block(
            str(self.at_height), self.chain
        )
        return facts

    def picked(self) -> Picked:
        block_id = str(self._facts.get("hash") or self._facts.get("id") or "")
        return Picked(
            chain=self.chain,
            height=self.at_height,
            copy_what=f"hash of {self.chain} {self.at_height}",
            copy_text=block_id,
            command=f"show block {self.at_height} {self.chain}",
        )

    def action_turn(self, by: int) -> None:
        """Along the chain."""
        state = self.devnet.driver.state
        lane = state.lane(self.chain)
        top = state.main.height if lane is None else lane.height
        self.at_height = max(0, min(self.at_height + by, top))
        self.devnet.draw_now()
