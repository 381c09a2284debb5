"""The engine has failed: what happened, and the one command that leads there again."""

from __future__ import annotations

from devnet.tui.draw.pages import draw_failure
from devnet.tui.screens.events import PageModal
from devnet.tui.views import FailureView
from devnet.tui.widgets.page import Page
from devnet.tui.widgets.rows import look_of


class FailureScreen(PageModal):
    """Closes with esc; what is below stays readable."""

    title_words = "Engine failure"

    def __init__(self, failure: FailureView, seed: int) -> None:
        super().__init__()
        self.failure, self.seed = failure, seed

    def on_mount(self) -> None:
        super().on_mount()
        look = look_of(self)
        self.query_one(Page).show_drawing(
            lambda width: draw_failure(self.failure, self.seed, width, look)
        )
