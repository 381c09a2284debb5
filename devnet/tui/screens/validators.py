"""`v`: who has a seat on a sidechain or stands for one, votes, bonds, who is next."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from devnet.tui.draw.validators import draw_validators
from devnet.tui.frame import Frame
from devnet.tui.screens.events import PageModal
from devnet.tui.widgets.page import Page
from devnet.tui.widgets.rows import look_of


class ValidatorsScreen(PageModal):
    """
    The seats of one sidechain. Enter opens the form that changes them.

    Args:
        chain: which one.
    """

    title_words = "Validators"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "change", "Change", show=False, priority=True),
    ]

    def __init__(self, chain: str) -> None:
        super().__init__()
        self.chain = chain
        self._shown: object = None

    def on_mount(self) -> None:
        super().on_mount()
        self._draw()

    def show(self, frame: Frame) -> None:
        """Draw anew when a block came: candidates and votes stand in blocks."""
        lane = frame.state.lane(self.chain)
        shown = (lane.tip, lane.validators) if lane is not None else None
        if shown != self._shown:
            self._shown = shown
            self._draw()

    def _draw(self) -> None:
        look, network = look_of(self), self.devnet.session.network
        if self.chain not in network.sidechain_names() or not self.query("#page"):
            return
        rows = network.validators(self.chain)
        facts = network.consensus_facts(self.chain)
        self.query_one(Page).show_drawing(
            lambda width: draw_validators(self.chain, rows, facts, width, look)
        )

    def action_change(self) -> None:
        """The form of the verb `validator`."""
        self.dismiss(None)
        self.devnet.push_named("form", verb="validator", chain=self.chain)
