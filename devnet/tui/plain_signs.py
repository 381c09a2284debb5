"""`--signs ascii`: the last step before the terminal swaps every sign of the table."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from devnet.tui.theme import ascii_signs


class PlainSigns(LineFilter):
    """Textual's own frames and bars pass here too, so nothing is forgotten."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(ascii_signs(text), style, control)
            for text, style, control in segments
        ]
