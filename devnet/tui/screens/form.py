"""A form above the dashboard: fields of a command, checked while typing."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Select, Static

from devnet.tui.forms import Field, fields_of, line_of, shape_of, why_not_run
from devnet.tui.frame import Frame
from devnet.tui.screens.base import DevnetModal
from devnet.tui.widgets.lines import TooSmall


class Choice(Select[str]):
    """A Select whose enter belongs to the form; space and the arrows open the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.submit", "Submit", show=False),
    ]


class FormScreen(DevnetModal):
    """
    The form of one verb. Tab moves, enter submits from any field, esc keeps the draft.

    Args:
        verb: the command.
        chain: the sidechain that the reader has picked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Submit", show=False),
        Binding("ctrl+y", "copy", "Copy the line", show=False),
        Binding("y", "copy", "Copy the line", show=False),
    ]

    def __init__(self, verb: str, chain: str = "") -> None:
        super().__init__()
        self.verb, self.chain = verb, chain
        self.shape = shape_of(verb)
        self.fields: tuple[Field, ...] = ()
        self.why = ""

    def compose(self) -> ComposeResult:
        self.fields = fields_of(self.verb, self.devnet.session, self.chain)
        draft = self.devnet.drafts.get(self.verb, {})
        box = Vertical(id="form", classes="box")
        box.border_title = self.shape.title
        with box:
            for one in self.fields:
                with Horizontal(classes="row"):
                    yield Label(one.label, classes="label")
                    yield _editor(one, draft.get(one.name, one.start))
                    note = Static("", classes="note", id=f"note-{one.name}")
                    note.styles.height = 1
                    yield note
            if self.shape.tells is not None:
                yield Static("", id="tells", markup=False)
            yield Static("", id="why")
            yield Static("", id="same-as", markup=False)
            with Horizontal(id="buttons"):
                yield Button(
                    self.shape.button, id="submit", variant="primary", compact=True
                )
                yield Button("Cancel", id="cancel", compact=True)
        yield TooSmall()

    def on_mount(self) -> None:
        names = [one.name for one in self.fields]
        first = self.shape.first if self.shape.first in names else names[0]
        self.query_one(f"#field-{first}").focus()
        self.judge()

    def show(self, frame: Frame) -> None:
        if self.is_mounted and self.query("#same-as"):
            self.judge()

    def values(self) -> dict[str, str]:
        """What the fields hold now."""
        found = {}
        for one in self.fields:
            editor = self.query_one(f"#field-{one.name}")
            if isinstance(editor, Select):
                value = editor.value
                found[one.name] = "" if value is Select.NULL else str(value)
            elif isinstance(editor, Input):
                found[one.name] = editor.value
        return found

    def judge(self) -> None:
        """Write the notes, the line, and why the button is off."""
        state, values = self.devnet.driver.state, self.values()
        for name, note in self.shape.notes.items():
            self.query_one(f"#note-{name}", Static).update(note(values, state))
        if self.shape.tells is not None:
            sentences = self.shape.tells(values, self.devnet.session)
            self.query_one("#tells", Static).update("\n".join(sentences))
        self.why = why_not_run(self.verb, values, self.devnet.session, state)
        self.query_one("#why", Static).update(self.why)
        line = line_of(self.verb, values)
        self.query_one("#same-as", Static).update(f"same as: {line}")
        self.query_one("#submit", Button).disabled = bool(self.why)

    def on_input_changed(self) -> None:
        self.judge()

    def on_select_changed(self) -> None:
        self.judge()

    def on_input_submitted(self) -> None:
        self.action_submit()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "submit":
            self.action_submit()
        else:
            self.action_back()

    def action_submit(self) -> None:
        """Run the line. What is refused leaves the form open, with the reason."""
        self.judge()
        if self.why:
            self.devnet.toast(self.why, f"{self.shape.button} is off", bad=True)
            return
        values = self.values()
        outcome = self.devnet.begin(line_of(self.verb, values))
        if outcome is not None and not outcome.ok:
            words = outcome.error.message if outcome.error else "refused"
            self.query_one("#why", Static).update(words)
            return
        self.devnet.drafts.pop(self.verb, None)
        self.dismiss(None)

    def action_back(self) -> None:
        self.devnet.drafts[self.verb] = self.values()
        self.dismiss(None)

    def action_copy(self) -> None:
        """The line, for a script or the prompt."""
        line = line_of(self.verb, self.values())
        self.devnet.copy_to_clipboard(line)
        self.devnet.toast(line, "copied: the command")


def _editor(one: Field, value: str) -> Input | Choice:
    if not one.choices:
        return Input(value, id=f"field-{one.name}", placeholder=one.hint, compact=True)
    names = [name for name, _ in one.choices]
    return Choice(
        [(name, name) for name in names],
        value=value if value in names else Select.NULL,
        allow_blank=one.optional,
        prompt=one.blank if one.optional else "choose",
        id=f"field-{one.name}",
        compact=True,
    )
