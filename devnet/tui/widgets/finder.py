"""The one-line filter that `/` opens: what is typed narrows the list at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.widgets import Input


class Finder(Horizontal):
    """
    Hidden until opened. Enter keeps the filter, esc drops it.

    Args:
        prompt: what stands before the text. hint: what one may type.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
    ]

    @dataclass
    class Changed(Message):
        """The text to look for; empty shows everything."""

        needle: str

    def __init__(
        self, prompt: str = "/", hint: str = "only lines with this word"
    ) -> None:
        super().__init__()
        self._prompt, self._hint = prompt, hint

    def compose(self) -> ComposeResult:
        yield Static(self._prompt, classes="prompt")

    def on_mount(self) -> None:
        self.display = False

    def open(self) -> None:
        """Show the line with the cursor in it."""
        self.display = True
        known = self.query("Input")
        if known:
            known.first().focus()
            return
        # Imported here: the first picture must not wait for an editor.
        from textual.widgets import Input

        box = Input(placeholder=self._hint, compact=True)
        self.mount(box)
        box.focus()

    def close(self) -> None:
        """Hide the line and show everything again."""
        for box in self._boxes():
            box.value = ""
        self.post_message(self.Changed(""))
        self.display = False

    def _boxes(self) -> Iterable[Input]:
        from textual.widgets import Input

        return self.query(Input)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_previous()
        if not event.value:
            self.close()

    def action_close(self) -> None:
        self.close()
        self.screen.focus_previous()
