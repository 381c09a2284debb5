"""The footer: one line of keys, what is off in grey, each label a button."""

from __future__ import annotations

from rich.text import Text

from devnet.tui.draw.text import fit, line
from devnet.tui.keys import KEYS, Key
from devnet.tui.theme import DARK, Palette

Span = tuple[int, int, str]
"""Where a label stands: first cell, one past the last, the key's id."""


def footer_keys() -> tuple[Key, ...]:
    """Keys of the footer, most useful first."""
    return tuple(
        sorted((key for key in KEYS if key.footer), key=lambda key: key.footer)
    )


def draw_keys(
    keys: tuple[tuple[Key, bool], ...], width: int, look: Palette = DARK
) -> tuple[Text, tuple[Span, ...]]:
    """
    As many labels as fit, and where each of them stands.

    Args:
        keys: pairs of a key and whether it works now.
        width: cells.
        look: the palette.
    """
    text, spans = line(), []
    for key, works in keys:
        label = line(
            (key.shown, f"bold {look.main}" if works else look.dim),
            (f" {key.word}", look.text if works else look.dim),
        )
        gap = 1 if text.cell_len else 0
        if text.cell_len + gap + label.cell_len > width:
            break
        text.append(" " * gap)
        spans.append((text.cell_len, text.cell_len + label.cell_len, key.id))
        text.append_text(label)
    return fit(text, width), tuple(spans)
