"""Withdrawals by members: who signed what, and where each withdrawal is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text

from devnet.tui.draw.council import grid_head, grid_row
from devnet.tui.draw.text import fit
from devnet.tui.frame import Picked
from devnet.tui.widgets.rows import Rows, look_of

if TYPE_CHECKING:
    from devnet.engine.payoutstory import WithdrawalStory


class WithdrawalGrid(Rows):
    """A row for each withdrawal below a row of names."""

    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("j k up down", "pick a withdrawal"),
        ("enter", "where it is, who signed, what the payout is made of"),
        ("y", "copy the payout's id"),
    )
    empty_words = "Nothing was withdrawn yet: w brings value back to the mainchain."

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.stories: tuple[WithdrawalStory, ...] = ()
        self._members: tuple[str, ...] = ()
        self._decimals: Mapping[str, int] = {}

    def show_stories(
        self, stories: tuple[WithdrawalStory, ...], decimals: Mapping[str, int]
    ) -> None:
        """Draw these, the newest first: it is the one that moves."""
        self.stories, self._decimals = tuple(reversed(stories)), decimals
        names = (each.member for one in stories for each in one.members)
        self._members = tuple(sorted(set(names)))
        self.rows_changed()

    def n_items(self) -> int:
        return len(self.stories) + 1 if self.stories else 0

    def draw_item(self, index: int, width: int) -> tuple[Text, ...]:
        look = look_of(self)
        if index == 0:
            return (fit(grid_head(self._members, look), width),)
        one = self.stories[index - 1]
        decimals = self._decimals.get(one.asset, 0)
        return (grid_row(one, self._members, decimals, width, look),)

    def pick(self, index: int) -> None:
        # The row of names is no withdrawal.
        super().pick(max(1, index))

    def rows_changed(self) -> None:
        super().rows_changed()
        self.cursor = max(self.cursor, min(1, self.n_items()))

    def transfer_at(self, index: int) -> str:
        """The transfer of a row, or nothing."""
        return self.stories[index - 1].transfer if 0 < index < self.n_items() else ""

    def picked(self) -> Picked:
        if not 0 < self.cursor < self.n_items():
            return Picked()
        one = self.stories[self.cursor - 1]
        return Picked(
            chain=one.chain,
            transfer=one.transfer,
            copy_what=f"{'payout' if one.payout else 'withdrawal'} of {one.transfer}",
            copy_text=one.payout or one.withdrawal,
            command=f"withdrawals {one.transfer}",
        )
