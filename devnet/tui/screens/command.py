"""`:` takes a line of the same grammar as the prompt and the scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from devnet.engine.errors import DevnetError
from devnet.tui.draw.text import line
from devnet.tui.screens.base import DevnetModal
from devnet.tui.widgets.lines import TooSmall
from devnet.tui.widgets.page import Page
from devnet.tui.widgets.rows import look_of

if TYPE_CHECKING:
    from devnet.commands.outcome import Outcome

MOST_COMPLETIONS = 6


class CommandScreen(DevnetModal):
    """A line at the bottom. Tab completes, up and down walk the history."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False, priority=True),
        Binding("up", "history(-1)", "Older", show=False, priority=True),
        Binding("down", "history(1)", "Newer", show=False, priority=True),
    ]

    def __init__(self, line: str = "") -> None:
        super().__init__()
        self.start = line or ""
        self._place = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="command"):
            yield Page(id="answer")
            yield Static("", id="signature", markup=False)
            yield Static("", id="fits", markup=False)
            with Horizontal(id="prompt"):
                yield Static(":", classes="prompt")
                yield Input(self._draft(), id="line", compact=True)
        yield TooSmall()

    def _draft(self) -> str:
        return self.start or self.devnet.drafts.get(":", {}).get("line", "")

    def on_mount(self) -> None:
        self.query_one("#answer").display = False
        box = self.query_one("#line", Input)
        box.focus()
        box.cursor_position = len(box.value)
        self._suggest()

    def on_input_changed(self) -> None:
        self._suggest()

    def _suggest(self) -> None:
        box = self.query_one("#line", Input)
        fits = self.devnet.session.complete(box.value, len(box.value))
        words = "   ".join(
            f"{one.text} {one.meta}".strip() for one in fits[:MOST_COMPLETIONS]
        )
        self.query_one("#fits", Static).update(words or "enter runs it, esc leaves")
        self.query_one("#signature", Static).update(self._signature(box.value))

    def _signature(self, text: str) -> str:
        """The verb's signature with the next argument lit."""
        if not text.strip():
            return "a command, as in devnet repl; help lists them"
        try:
            said = self.devnet.session.explain(text)
        except DevnetError as error:
            return error.hint if " " in text else ""
        first, *others = said.text.split("\n")
        return first + (f"  {others[0].strip()}" if others else "")

    def action_complete(self) -> None:
        """Put in the first word that fits, and a blank behind it if it is the one."""
        box = self.query_one("#line", Input)
        fits = self.devnet.session.complete(box.value, len(box.value))
        if not fits:
            return
        start = box.value.rfind(" ") + 1
        texts = [one.text for one in fits]
        word = texts[0] + " " if len(texts) == 1 else _common(texts, box.value[start:])
        box.value = box.value[:start] + word
        box.cursor_position = len(box.value)

    def action_history(self, by: int) -> None:
        """Older and newer lines."""
        lines = self.devnet.session.history
        self._place = max(-len(lines), min(0, self._place + by))
        box = self.query_one("#line", Input)
        box.value = lines[self._place] if self._place else ""
        box.cursor_position = len(box.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if not text:
            self.action_back()
            return
        self._place = 0
        outcome = self.devnet.begin(text)
        if outcome is None or (outcome.ok and outcome.text.count("\n") < 2):
            self.devnet.drafts.pop(":", None)
            self.dismiss(None)
            return
        if outcome.ok:
            self.query_one("#line", Input).value = ""
        self._answer(outcome)

    def _answer(self, outcome: Outcome) -> None:
        look = look_of(self)
        error: DevnetError | None = outcome.error
        words, style = outcome.text, look.text
        if error is not None:
            words, style = f"{error.message}\n{error.hint}", look.error
        page = self.query_one("#answer", Page)
        page.display = True
        page.show_drawing(
            lambda width: [line((f" {one}", style)) for one in words.split("\n")]
        )

    def action_back(self) -> None:
        self.devnet.drafts[":"] = {"line": self.query_one("#line", Input).value}
        self.dismiss(None)


def _common(texts: list[str], typed: str) -> str:
    """The longest beginning that all of these share; at least what was typed."""
    shared = texts[0]
    for text in texts[1:]:
        while not text.startswith(shared):
            shared = shared[:-1]
    return shared if len(shared) > len(typed) else typed
