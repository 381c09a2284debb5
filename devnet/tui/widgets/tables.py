"""What stands below the tabs: events, balances, mempool, messages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text

from devnet.engine.events import Event
from devnet.tui.draw.tables import (
    balance_rows,
    draw_balance,
    draw_balance_head,
    draw_message,
    draw_waiting,
)
from devnet.tui.draw.words import draw_line, is_quiet, tell
from devnet.tui.frame import Frame, Picked
from devnet.tui.views import MessageView, TxView
from devnet.tui.widgets.rows import Rows, look_of

MOST_SCANNED = 200_000
"""Newest events that a filter looks at: older ones are in the recording."""


class EventRows(Rows):
    """The log. Holds indexes into the stream, draws the lines that are to be seen."""

    follows = True
    empty_words = "Nothing happened yet."
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("j k up down", "move; on the last line the log follows"),
        ("/", "keep only lines with a word"),
        ("enter", "the whole event"),
        ("y", "copy the event as JSON"),
    )

    def __init__(self, *, id: str | None = None, everything: bool = False) -> None:
        super().__init__(id=id)
        self.everything = everything
        self.needle = ""
        self._stream: Sequence[Event] = ()
        self._hits: list[int] = []
        self._n_seen = 0
        self._decimals: dict[str, int] = {}
        self._look: object = None

    def show(self, frame: Frame) -> None:
        """Take what is new in the stream."""
        if frame.stream is not self._stream:
            self._stream = frame.stream
            self._restart()
        self._decimals = dict(frame.state.decimals)
        look = look_of(self)
        if self._scan() or look is not self._look:
            self._look = look
            self.rows_changed()

    def filter(self, needle: str) -> None:
        """Keep lines that have this text in them, in any case of letters."""
        self.needle = needle.strip().lower()
        self._restart()
        self._scan()
        self.rows_changed()

    def _restart(self) -> None:
        self._hits = []
        self._n_seen = max(0, len(self._stream) - MOST_SCANNED)
        self._pending = True

    def _scan(self) -> bool:
        start, end = self._n_seen, len(self._stream)
        for index in range(start, end):
            if self._wanted(self._stream[index]):
                self._hits.append(index)
        self._n_seen = end
        return end > start

    def _wanted(self, event: Event) -> bool:
        if not self.everything and is_quiet(event):
            return False
        if not self.needle:
            return True
        one = tell(event, self._decimals)
        return self.needle in f"{one.chain} {one.words} {event.kind}".lower()

    def n_items(self) -> int:
        return len(self._hits)

    def draw_item(self, index: int, width: int) -> tuple[Text, ...]:
        one = tell(self._stream[self._hits[index]], self._decimals)
        return (draw_line(one, width, look_of(self)),)

    def listed(self) -> list[Event]:
        """Every event that has a line, in order."""
        return [self._stream[index] for index in self._hits]

    def event_at(self, index: int) -> Event | None:
        """The event of a line."""
        if not 0 <= index < len(self._hits):
            return None
        return self._stream[self._hits[index]]

    def picked(self) -> Picked:
        event = self.event_at(self.cursor)
        if event is None:
            return Picked()
        text = json.dumps(event.as_dict(), sort_keys=True)
        return Picked(copy_what=f"event {event.seq}", copy_text=text)


class BalanceRows(Rows):
    """Who has what where, and what the federation holds for each sidechain."""

    empty_words = "Nobody has anything yet."

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: tuple[tuple[str, str, str, str], ...] = ()
        self._shown: object = None

    def show(self, frame: Frame) -> None:
        """Draw this frame, if anything here is new."""
        state = frame.state
        books = tuple(lane.books for lane in state.lanes)
        shown = (state.balances, books, look_of(self))
        if shown == self._shown:
            return
        self._shown = shown
        self._rows = balance_rows(state)
        self.rows_changed()

    def n_items(self) -> int:
        # The first row names the columns.
        return len(self._rows) + 1 if self._rows else 0

    def draw_item(self, index: int, width: int) -> tuple[Text, ...]:
        look = look_of(self)
        if index == 0:
            return (draw_balance_head(width, look),)
        return (draw_balance(self._rows[index - 1], width, look),)

    def picked(self) -> Picked:
        if not 0 < self.cursor <= len(self._rows):
            return Picked()
        who, chain, asset, amount = self._rows[self.cursor - 1]
        what = f"{asset} of {who} on {chain}"
        return Picked(copy_what=what, copy_text=amount.replace(" ", ""))


class MempoolRows(Rows):
    """Transactions that wait, of all chains."""

    empty_words = "No transaction waits."

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._waiting: tuple[TxView, ...] = ()

    def show(self, frame: Frame) -> None:
        """Draw this frame, if anything here is new."""
        if frame.state.mempool is not self._waiting:
            self._waiting = frame.state.mempool
            self.rows_changed()

    def n_items(self) -> int:
        return len(self._waiting)

    def draw_item(self, index: int, width: int) -> tuple[Text, ...]:
        return (draw_waiting(self._waiting[index], width, look_of(self)),)

    def picked(self) -> Picked:
        if not 0 <= self.cursor < len(self._waiting):
            return Picked()
        tx = self._waiting[self.cursor]
        return Picked(
            chain=tx.chain,
            copy_what=f"{tx.what} on {tx.chain}",
            copy_text=tx.id,
            command=f"show tx {tx.id}",
        )


class MessageRows(Rows):
    """What validators said to each other, of one sidechain or of all."""

    follows = True
    empty_words = "No validator has said anything yet."

    def __init__(self, *, id: str | None = None, chain: str = "") -> None:
        super().__init__(id=id)
        self.chain = chain
        self._rows: list[tuple[str, MessageView]] = []
        self._shown: object = None

    def show(self, frame: Frame) -> None:
        """Draw this frame, if anything here is new."""
        lanes = [one for one in frame.state.lanes if self.chain in ("", one.name)]
        shown = tuple(lane.messages for lane in lanes)
        if shown == self._shown:
            return
        self._shown = shown
        rows = [(lane.name, message) for lane in lanes for message in lane.messages]
        self._rows = sorted(rows, key=lambda row: row[1].at_ms)
        self.rows_changed()

    def n_items(self) -> int:
        return len(self._rows)

    def draw_item(self, index: int, width: int) -> tuple[Text, ...]:
        chain, message = self._rows[index]
        return (draw_message(chain, message, width, look_of(self)),)
