"""
Colours and signs: one palette value per theme, one table of signs.

The palette follows Okabe and Ito. No meaning rests on colour alone: each role has a
sign or a word besides. Every non-ASCII sign that a screen shows stands in SIGNS, so
that `--signs ascii` can swap all of them, Textual's own frames and bars included.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.theme import Theme


@dataclass(frozen=True, slots=True)
class Palette:
    """A colour for each role, as Rich and Textual both read them."""

    main: str
    deposit: str
    withdrawal: str
    good: str
    now: str
    error: str
    text: str
    dim: str
    block: str
    badge_text: str
    cursor: str
    block_ink: str

    @property
    def federation(self) -> str:
        """The federation stands between the chains and has the deposit's colour."""
        return self.deposit


DARK = Palette(
    main="#E69F00",
    deposit="#56B4E9",
    withdrawal="#CC79A7",
    good="#00B386",
    now="#F0E442",
    error="#E8703A",
    text="#E6E6E1",
    dim="#8A919C",
    block="#3A2C0B",
    badge_text="#06110D",
    cursor="#27405A",
    block_ink="#9FE0CC",
)
LIGHT = Palette(
    main="#9A5B00",
    deposit="#0068A8",
    withdrawal="#9C3F75",
    good="#00704F",
    now="#6B5E00",
    error="#B23A0A",
    text="#1B1F24",
    dim="#5B626B",
    block="#F3E3C4",
    badge_text="#FFFFFF",
    cursor="#CFE3F2",
    block_ink="#00543B",
)
ANSI_DARK = Palette(
    main="yellow",
    deposit="bright_blue",
    withdrawal="magenta",
    good="green",
    now="bright_yellow",
    error="bright_red",
    text="default",
    dim="white",
    block="default",
    badge_text="black",
    cursor="bright_black",
    block_ink="green",
)
"""For `ansi-dark`: the colours that the terminal is set up with."""

ANSI_LIGHT = replace(
    ANSI_DARK,
    deposit="blue",
    now="cyan",
    error="red",
    dim="bright_black",
    cursor="white",
)
"""For `ansi-light`."""

DARK_NAME, LIGHT_NAME = "bystack-dark", "bystack-light"


def own_themes() -> tuple[Theme, Theme]:
    """The dark and the light theme of the devnet, for `App.register_theme`."""
    return (
        _theme(DARK_NAME, DARK, "#11151C", "#1B2230", "#222B3C", dark=True),
        _theme(LIGHT_NAME, LIGHT, "#FAFAF7", "#F0EFE9", "#E4E3DB", dark=False),
    )


def palette_for(theme: Theme) -> Palette:
    """What drawing uses under a theme: our own, or the nearest from a foreign one."""
    if theme.name == DARK_NAME:
        return DARK
    if theme.name == LIGHT_NAME:
        return LIGHT
    if theme.ansi:
        return ANSI_DARK if theme.dark else ANSI_LIGHT
    base = DARK if theme.dark else LIGHT
    return Palette(
        main=theme.warning or base.main,
        deposit=theme.primary,
        withdrawal=theme.secondary or base.withdrawal,
        good=theme.success or base.good,
        now=theme.accent or base.now,
        error=theme.error or base.error,
        text=theme.foreground or base.text,
        dim=base.dim,
        block=theme.panel or base.block,
        badge_text=theme.background or base.badge_text,
        cursor=base.cursor,
        block_ink=theme.success or base.block_ink,
    )


def role_variables(look: Palette) -> dict[str, str]:
    """The palette as variables of the stylesheet."""
    inks = {
        "chain-main": look.main,
        "chain-side": look.good,
        "chain-fed": look.deposit,
        "dim-ink": look.dim,
        "cursor-ground": look.cursor,
    }
    # A stylesheet calls the terminal's own colours by another name than Rich does.
    return {
        name: ink if ink.startswith("#") else f"ansi_{ink}"
        for name, ink in inks.items()
    }


def _theme(
    name: str, look: Palette, ground: str, surface: str, panel: str, *, dark: bool
) -> Theme:
    from textual.theme import Theme

    return Theme(
        name=name,
        primary=look.deposit,
        secondary=look.withdrawal,
        warning=look.main,
        error=look.error,
        success=look.good,
        accent=look.main,
        foreground=look.text,
        background=ground,
        surface=surface,
        panel=panel,
        dark=dark,
        variables={
            **role_variables(look),
            "block-cursor-background": look.cursor,
            "block-cursor-foreground": look.text,
            "block-cursor-text-style": "none",
            "scrollbar": panel,
            "scrollbar-hover": look.cursor,
            "scrollbar-active": look.deposit,
            "scrollbar-background": ground,
        },
    )


DONE, NOW, TO_COME, BROKEN = "●", "◐", "○", "✗"
DEPOSIT, WITHDRAWAL, PROPOSER = "▼", "▲", "◆"
LINE, DASHES, LINK, EPOCH = "━", "╌", "─", "║"
TICK, NOTE, MORE, PLAY, STILL, BAR = "✓", "·", "…", "▶", "‖", "│"
FULL, EMPTY, HATCH, SENT_ALONG = "█", "░", "▒", "◇"
SPARKS = "▁▂▃▄▅▆▇█"

SIGNS: tuple[tuple[str, str], ...] = (
    (DONE, "#"),
    (NOW, ">"),
    (TO_COME, "."),
    (BROKEN, "x"),
    (DEPOSIT, "v"),
    (WITHDRAWAL, "^"),
    (PROPOSER, "*"),
    (LINE, "="),
    (DASHES, "-"),
    (TICK, "+"),
    (SENT_ALONG, "o"),
    (NOTE, "."),
    (MORE, "~"),
    (PLAY + "▸►", ">"),
    (STILL, "!"),
    (EPOCH, "|"),
    # The bar of the proof of work, sparklines, and Textual's scroll bars.
    (EMPTY + "▒▓", "."),
    ("▁▂", "_"),
    ("▃▄▅", "-"),
    ("▆▇█", "#"),
    ("▔▀▊▉▐▌▎▍▋▏▕▖▗▘▝", "|"),
    # Frames and the Merkle path.
    ("─╶╴╸╺╼╾", "-"),
    ("│┃╎╏╵╷╹╻", "|"),
    ("╭╮╰╯┌┐└┘├┤┬┴┼┏┓┗┛┠┨┷┯╞╡╔╗╚╝╟╢", "+"),
    ("═", "="),
    ("⌄∨", "v"),
    ("×", "x"),
    ("“”", '"'),
    ("‘’", "'"),
    ("–—", "-"),
    ("≥", ">"),
    ("≤", "<"),
    ("→", ">"),
    ("←", "<"),
    ("↑", "^"),
    ("↓", "v"),
    ("⭘", "o"),
    ("⏎", "<"),
)
"""Rows of (signs, the ASCII that stands for each of them)."""

_TO_ASCII = str.maketrans({sign: plain for signs, plain in SIGNS for sign in signs})


def ascii_signs(text: str) -> str:
    """The same text with every sign of SIGNS as one ASCII character: same width."""
    return text if text.isascii() else text.translate(_TO_ASCII)
