"""Faults at work: what, where, and for how long still."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from devnet.tui.draw.pages import heading, wrapped
from devnet.tui.draw.text import fit, line, plural, span
from devnet.tui.theme import BROKEN, DARK, Palette
from devnet.tui.views import FaultView

if TYPE_CHECKING:
    from devnet.engine.actors.faultkinds import FaultKind

NO_FAULT = "Nothing is broken on purpose. f breaks something."


def time_left(fault: FaultView, now_ms: int, main_height: int) -> str:
    """How long a fault goes on by itself."""
    if fault.until_ms >= 0:
        return f"{span(max(0, fault.until_ms - now_ms))} left"
    if fault.until_height >= 0:
        left = max(0, fault.until_height - main_height)
        return f"{plural(left, 'main block')} left"
    return "until mended"


def mending(fault: FaultView) -> str:
    """The command that ends it."""
    return f"mend {fault.id}" if fault.id else f"heal {fault.target}"


def fault_words(fault: FaultView, now_ms: int, main_height: int) -> str:
    """One fault of a known chain as a clause: `f1 kill v2 12 s left`."""
    words = [fault.id, fault.fault, fault.target.partition(".")[2], fault.detail]
    if fault.until_ms >= 0 or fault.until_height >= 0:
        words.append(time_left(fault, now_ms, main_height))
    return " ".join(filter(None, words))


def draw_fault(
    fault: FaultView,
    width: int,
    look: Palette = DARK,
    *,
    now_ms: int = 0,
    main_height: int = 0,
) -> Text:
    """One row of the list of faults at work."""
    return fit(
        line(
            (f" {BROKEN} {fault.id:<4}", f"bold {look.error}"),
            (f" {fault.fault:<16}", f"bold {look.text}"),
            (f" {fault.target:<12}", look.good),
            (f" {fault.detail:<16}", look.text),
            (f" {time_left(fault, now_ms, main_height)}", look.now),
        ),
        width,
    )


def draw_catalogue(
    kinds: Sequence[FaultKind], width: int, look: Palette = DARK
) -> list[Text]:
    """Every fault: what it is about, what it does, what one will see."""
    rows: list[Text] = []
    for target in dict.fromkeys(one.target for one in kinds):
        rows.append(heading(f"of a {target}", look))
        for one in kinds:
            if one.target != target:
                continue
            value = f", {one.default} {one.unit} unless said" if one.unit else ""
            rows.append(
                line(
                    (f" {one.name:<16}", f"bold {look.main}"),
                    (f" {one.does}{value}", look.text),
                )
            )
            rows += wrapped(f"sees: {one.sees}", width, look.dim, indent=" " * 18)
    return rows
