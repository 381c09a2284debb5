"""The Claim inspector: a claim taken apart, its checks, and forgeries of a copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static

from devnet.engine.errors import DevnetError
from devnet.tui.draw.claim import (
    Tampering,
    check_words,
    claim_title,
    draw_check,
    draw_claim_head,
)
from devnet.tui.draw.pages import fact, wrapped
from devnet.tui.draw.text import fit, line
from devnet.tui.frame import Frame, Picked
from devnet.tui.screens.base import DevnetModal, DevnetScreen
from devnet.tui.views import TransferView
from devnet.tui.widgets.lines import TooSmall
from devnet.tui.widgets.page import Page
from devnet.tui.widgets.rows import Rows, look_of

if TYPE_CHECKING:
    from devnet.engine.sidechain.claims import CheckResult
    from devnet.engine.sidechain.inspection import ClaimInspection


class CheckRows(Rows):
    """C1 to C18; the line below says what the picked one found."""

    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("j k up down", "pick a check: the line below says what it found"),
        ("t", "change a field of a copy and see which check breaks"),
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.checks: tuple[CheckResult, ...] = ()

    def n_items(self) -> int:
        return len(self.checks)

    def draw_item(self, index: int, width: int) -> tuple[Text, ...]:
        return (draw_check(self.checks[index], width, look_of(self)),)

    def pick(self, index: int) -> None:
        super().pick(index)
        screen = self.screen
        if isinstance(screen, ClaimScreen):
            screen.say_found()


class ClaimScreen(DevnetScreen):
    """
    One deposit under the glass.

    Args:
        transfer: its id, such as d1.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "tamper", "Tamper", show=False, id="claim.tamper"),
    ]
    keys_help: ClassVar[tuple[tuple[str, str], ...]] = (
        ("t", "tamper with a copy"),
        ("esc", "back to the honest claim, then back"),
        ("y", "copy the claim's transaction id"),
    )

    def __init__(self, transfer: str) -> None:
        super().__init__()
        self.transfer = transfer
        self.tampering: Tampering | None = None
        self._found: ClaimInspection | None = None
        self._shown: object = None

    def body(self) -> Iterable[Widget]:
        yield Page(id="claim-head")
        yield CheckRows(id="checks")
        yield Static("", id="found", markup=False)

    def on_mount(self) -> None:
        self.query_one(CheckRows).focus()

    def show_body(self, frame: Frame) -> None:
        view = frame.state.transfer(self.transfer)
        if view is None:
            return
        shown = (view.stage, view.note, view.failed, self.tampering, look_of(self))
        if shown == self._shown:
            return
        self._shown = shown
        self._inspect(view, frame.state.decimals)

    def _inspect(self, view: TransferView, decimals: Mapping[str, int]) -> None:
        name = self.tampering.name if self.tampering else None
        network: Any = self.devnet.session.network
        try:
            found = network.inspect_claim(view.id, tamper=name)
        except DevnetError as error:
            self._show_reason(view, error)
            return
        self._found = found
        look, tampering = look_of(self), self.tampering
        head = self.query_one("#claim-head", Page)
        head.border_title = claim_title(view, found, look)
        head.border_subtitle = line(("t tamper  y copy  esc", look.dim))
        head.show_drawing(
            lambda width: draw_claim_head(
                view,
                found,
                width,
                look,
                decimals=decimals.get(view.asset, 0),
                tampering=tampering,
            )
        )
        rows = self.query_one(CheckRows)
        rows.checks = found.checks
        rows.rows_changed()
        verdicts = [check.verdict for check in found.checks]
        rows.pick(verdicts.index("failed") if "failed" in verdicts else rows.cursor)

    def _show_reason(self, view: TransferView, error: DevnetError) -> None:
        """There is no claim to look at yet: say where the transfer is."""
        look = look_of(self)
        head = self.query_one("#claim-head", Page)
        head.border_title = line((f"claim {view.id}", f"bold {look.federation}"))
        head.show_drawing(
            lambda width: [
                *wrapped(error.message, width, look.now),
                *wrapped(error.hint, width, look.dim),
                *fact("stage", f"{view.stage} {view.note}", width, look),
                *fact("lock", view.lock_tx, width, look),
                *fact("pays to", view.address, width, look),
            ]
        )

    def say_found(self) -> None:
        """What the picked check found."""
        rows = self.query_one(CheckRows)
        if 0 <= rows.cursor < len(rows.checks):
            words = check_words(rows.checks[rows.cursor])
            self.query_one("#found", Static).update(words)

    def picked(self) -> Picked:
        if self._found is None:
            return Picked(transfer=self.transfer)
        return Picked(
            transfer=self.transfer,
            copy_what=f"claim transaction of {self.transfer}",
            copy_text=self._found.claim_tx_id.hex(),
            command=f"show tx {self._found.claim_tx_id.hex()}",
        )

    def action_tamper(self) -> None:
        """Choose what to change in a copy."""
        if self._found is None:
            self.devnet.toast("there is no claim yet that could be tampered with")
            return
        network: Any = self.devnet.session.network
        now = self.tampering.name if self.tampering else ""
        screen = TamperScreen(dict(network.tampers()), now)
        self.app.push_screen(screen, self._tampered)

    def _tampered(self, tampering: Tampering | None) -> None:
        if tampering is not None:
            self.tampering = tampering if tampering.name else None
            self.devnet.draw_now()

    def action_back(self) -> None:
        if self.tampering is not None:
            self.tampering = None
            self.devnet.draw_now()
        else:
            self.devnet.back()


class TamperRows(Rows):
    """Names and sentences of forgeries."""

    def __init__(self, tampers: Mapping[str, str], now: str) -> None:
        super().__init__(id="tampers")
        self.names = ("", *tampers)
        self.now = self.names.index(now) if now in self.names else 0
        self.tampers = {"": "the honest claim again", **tampers}

    def n_items(self) -> int:
        return len(self.names)

    def draw_item(self, index: int, width: int) -> tuple[Text, ...]:
        name, look = self.names[index], look_of(self)
        row = line(
            (f" {name or 'honest':<15}", f"bold {look.text}"),
            (self.tampers[name], look.dim),
        )
        return (fit(row, width),)


class TamperScreen(DevnetModal):
    """Choose a forgery; the cursor stands on the present one."""

    def __init__(self, tampers: Mapping[str, str], now: str = "") -> None:
        super().__init__()
        self.tampers, self.now = tampers, now

    def compose(self) -> ComposeResult:
        box = Vertical(classes="box")
        box.border_title = "Tamper with a copy of the claim"
        box.border_subtitle = "enter changes it, esc leaves"
        with box:
            yield TamperRows(self.tampers, self.now)
        yield TooSmall()

    def on_mount(self) -> None:
        rows = self.query_one(TamperRows)
        rows.rows_changed()
        rows.focus()
        self.call_after_refresh(rows.pick, rows.now)

    def on_rows_opened(self, message: Rows.Opened) -> None:
        rows = self.query_one(TamperRows)
        name = rows.names[message.index]
        self.dismiss(Tampering(name, rows.tampers[name]))  # type: ignore[arg-type]
