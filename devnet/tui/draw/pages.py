"""Pages of plain facts: an event, the keys, a failure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.text import Text

from devnet.engine.events import Event
from devnet.tui.draw.text import clock, line
from devnet.tui.keys import KEYS, why_not
from devnet.tui.theme import BROKEN, DARK, Palette
from devnet.tui.views import FailureView, State

GROUPS = (
    ("act", "Act"),
    ("time", "Time"),
    ("go", "Find your way"),
    ("screens", "Screens"),
)


def wrapped(words: str, width: int, style: str = "", indent: str = " ") -> list[Text]:
    """A sentence in as many lines as it needs."""
    lines = textwrap.wrap(
        words,
        max(20, width - 1),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=True,
    )
    return [line((one, style)) for one in lines] or [line("")]


def fact(label: str, value: str, width: int, look: Palette = DARK) -> list[Text]:
    """A name and its value; a long value goes on below itself."""
    # A hash takes 64 cells: it fits beside its name at 80 columns.
    room = max(16, width - 15)
    pieces = [value[at : at + room] for at in range(0, len(value), room)] or [""]
    rows = [line((f" {label:<13.13} ", look.dim), (pieces[0], look.text))]
    return rows + [line(" " * 15, (piece, look.text)) for piece in pieces[1:]]


def heading(words: str, look: Palette = DARK, note: str = "") -> Text:
    """A bold line above facts."""
    return line((f" {words}", f"bold {look.federation}"), (f"  {note}", look.dim))


def draw_event(event: Event, width: int, look: Palette = DARK) -> list[Text]:
    """All fields of an event."""
    rows = [heading(event.kind, look, f"number {event.seq}, at {clock(event.at_ms)}")]
    words = (type(event).__doc__ or "").strip().split("\n\n")[0]
    rows += wrapped(" ".join(words.split()), width, look.dim)
    rows.append(line(""))
    for name, value in event.as_dict().items():
        if name not in ("kind", "seq"):
            if isinstance(value, tuple):
                value = ", ".join(map(str, value))
            rows += fact(name, str(value), width, look)
    return rows


def draw_keys_help(
    part: str,
    own: Sequence[tuple[str, str]],
    state: State,
    width: int,
    look: Palette = DARK,
    *,
    read_only: bool = False,
) -> list[Text]:
    """
    The keys of the focused part first, then all others; what is off says why.

    Args:
        part: name of the focused part.
        own: its own keys: (keys, what they do).
        state: the world, for the reasons.
        width: cells.
        look: the palette.
        read_only: nothing acts.
    """
    rows: list[Text] = []
    if own:
        rows.append(heading(part, look))
        rows += [_key_row(keys, "", words, look) for keys, words in own]
        rows.append(line(""))
    for group, title in GROUPS:
        rows.append(heading(title, look))
        for key in KEYS:
            if key.group != group:
                continue
            off = why_not(key, state, read_only=read_only)
            rows.append(_key_row(key.shown, key.word, key.why, look, off=bool(off)))
            if off:
                rows += wrapped(off, width, look.dim, indent=" " * 25)
        rows.append(line(""))
    rows.append(_key_row("ctrl+p", "Palette", "every command and screen", look))
    rows.append(_key_row("esc", "Back", "leave what is open", look))
    return rows


def _key_row(
    keys: str, word: str, why: str, look: Palette, *, off: bool = False
) -> Text:
    style = look.dim if off else f"bold {look.main}"
    if not word:
        return line((f" {keys:<22}", style), f"  {why}")
    return line(
        (f" {keys:<9}", style),
        (f" {word:<12}", look.dim if off else look.text),
        (f"  {why}", look.dim),
    )


def draw_failure(
    failure: FailureView, seed: int, width: int, look: Palette = DARK
) -> list[Text]:
    """What to know about a bug of the engine: never a traceback."""
    return [
        line((f" {BROKEN} The engine has failed", f"bold {look.error}")),
        *wrapped(failure.message, width, look.text),
        line(""),
        *fact("seed", str(seed), width, look),
        *fact("again", failure.replay, width, look),
        line(""),
        *wrapped(
            "This is a bug of the devnet. The world stands still; every screen can "
            "still be read. esc closes this, q leaves.",
            width,
            look.dim,
        ),
    ]
