"""The withdrawal inspector: `enter` on a withdrawal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from devnet.engine.errors import DevnetError
from devnet.tui.draw.pages import wrapped
from devnet.tui.draw.withdrawal import draw_withdrawal, withdrawal_title
from devnet.tui.frame import Frame, Picked
from devnet.tui.screens.base import DevnetScreen
from devnet.tui.widgets.page import Page
from devnet.tui.widgets.rows import look_of

if TYPE_CHECKING:
    from devnet.engine.payoutstory import WithdrawalStory


class WithdrawalScreen(DevnetScreen):
    """
    One withdrawal on its way; `[` and `]` go to the others.

    Args:
        transfer: its id, such as w1.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket,left", "turn(-1)", "Back", show=False),
        Binding("right_square_bracket,right", "turn(1)", "Next", show=False),
    ]
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("[ ] left right", "the withdrawal before, the next"),
        ("y", "copy the payout's id, or the withdrawal's before there is one"),
    )

    def __init__(self, transfer: str) -> None:
        super().__init__()
        self.transfer = transfer
        self._story: WithdrawalStory | None = None
        self._shown: object = None

    def body(self) -> Iterable[Widget]:
        yield Page(id="withdrawal-page")

    def on_mount(self) -> None:
        self.query_one(Page).focus()

    def show_body(self, frame: Frame) -> None:
        state, look = frame.state, look_of(self)
        view, network = state.transfer(self.transfer), self._network()
        if view is None:
            return
        tips = state.main.tip, *(lane.final_height for lane in state.lanes)
        shown = (view, tips, look)
        if shown == self._shown:
            return
        self._shown = shown
        page = self.query_one(Page)
        try:
            story = self._story = network.withdrawal(self.transfer)
        except DevnetError as error:
            words = f"{error.message} {error.hint}"
            page.show_drawing(lambda width: wrapped(words, width, look.now))
            return
        decimals = state.decimals
        page.border_title = withdrawal_title(story, decimals.get(view.asset, 0), look)
        page.show_drawing(
            lambda width: draw_withdrawal(
                story,
                width,
                look,
                decimals=decimals,
                asset_name=network.asset_name,
                address=view.address,
            )
        )

    def _network(self) -> Any:
        return self.devnet.session.network

    def picked(self) -> Picked:
        if self._story is None:
            return Picked(transfer=self.transfer)
        payout = self._story.payout
        return Picked(
            chain=self._story.chain,
            transfer=self.transfer,
            copy_what=f"{'payout' if payout else 'withdrawal'} of {self.transfer}",
            copy_text=payout or self._story.withdrawal,
            command=f"withdrawals {self.transfer}",
        )

    def action_turn(self, by: int) -> None:
        """Another withdrawal."""
        transfers = self.devnet.driver.state.transfers
        names = [one.id for one in transfers if one.id.startswith("w")]
        self.transfer = names[(names.index(self.transfer) + by) % len(names)]
        self.devnet.draw_now()
