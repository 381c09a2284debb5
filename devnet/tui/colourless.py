"""
NO_COLOR: the last step before the terminal takes every colour away, greys too.

What only a ground made visible, the row under the cursor or a label, is shown with
ink and ground exchanged: the terminal has a way to do so without naming a colour.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from devnet.tui.theme import ANSI_DARK, ANSI_LIGHT, DARK, LIGHT

CURSORS = frozenset(
    RichColor.parse(look.cursor).name.lower()
    for look in (DARK, LIGHT, ANSI_DARK, ANSI_LIGHT)
)


class Colourless(LineFilter):
    """Textual's own frames and bars pass here too, so nothing is forgotten."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        is_dark = background.brightness < 0.5
        return [
            Segment(text, style and _without_colours(style, is_dark), control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=4096)
def _without_colours(style: Style, is_dark: bool) -> Style:
    plain = style.without_color
    return plain + Style(reverse=True) if _stands_out(style, is_dark) else plain


def _stands_out(style: Style, is_dark: bool) -> bool:
    """Is it the ground alone that says something?"""
    ground, ink = style.bgcolor, style.color
    if ground is None:
        return False
    if ground.name.lower() in CURSORS:
        return True
    if ink is None or ink.is_default or ground.is_default:
        return False
    # A label: dark letters in a dark theme stand on a bright ground.
    brighter = sum(ground.get_truecolor()) > sum(ink.get_truecolor())
    return brighter == is_dark and not style.reverse
