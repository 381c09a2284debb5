"""Small helpers of all drawing: amounts, hashes, times, and lines that fit."""

from __future__ import annotations

from rich.text import Text

from devnet.tui.theme import MORE


def line(*parts: str | tuple[str, str] | Text) -> Text:
    """One line of text from strings, (string, style) pairs and texts."""
    return Text.assemble(*parts, no_wrap=True, end="")


def fit(text: Text, width: int) -> Text:
    """The text in exactly `width` cells: cut with a sign, or padded with blanks."""
    length = text.cell_len
    if length == width:
        return text
    if length < width:
        padded = text.copy()
        padded.append(" " * (width - length))
        return padded
    cut = text.copy()
    cut.truncate(max(0, width - 1))
    cut.append(MORE)
    return cut


def sides(left: Text, right: Text, width: int) -> Text:
    """`left` and `right` at the ends of one line. Without room, `right` goes."""
    gap = width - left.cell_len - right.cell_len
    if gap < 1:
        return fit(left, width)
    return line(left, " " * gap, right)


def money(amount: int, decimals: int, *, exact: bool = False) -> str:
    """
    An amount in its display unit, thousands apart: `1 000`, `0.5`, `98 750.00000000`.

    Args:
        amount: in the smallest unit.
        decimals: of the asset.
        exact: keep trailing zeros, so that columns of amounts line up.
    """
    sign = "-" if amount < 0 else ""
    whole, fraction = divmod(abs(amount), 10**decimals)
    text = f"{sign}{whole:,}".replace(",", " ")
    digits = f"{fraction:0{decimals}d}" if decimals else ""
    if not exact:
        digits = digits.rstrip("0")
    return f"{text}.{digits}" if digits else text


def short(hash_text: str) -> str:
    """The two ends of a hash, as people compare them: `c04e..9a10`."""
    if len(hash_text) <= 10:
        return hash_text
    return f"{hash_text[:4]}..{hash_text[-4:]}"


def clock(at_ms: int) -> str:
    """Virtual time since the start of the world: `04:31.5`, from an hour `1:04:31`."""
    if at_ms < 0:
        return "--:--.-"
    seconds, tenths = at_ms // 1000, at_ms % 1000 // 100
    if seconds < 3600:
        return f"{seconds // 60:02d}:{seconds % 60:02d}.{tenths}"
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def span(ms: int) -> str:
    """A length of time for people: `0.4 s`, `18 s`, `3 min`."""
    if ms < 10_000:
        return f"{max(0, ms) / 1000:.1f} s"
    if ms < 120_000:
        return f"{ms // 1000} s"
    return f"{ms // 60_000} min"


def plural(count: int, noun: str) -> str:
    """`1 block`, `2 blocks`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def clause(words: str, width: int) -> str:
    """The words, cut at a comma, a semicolon or a double blank so that they fit."""
    if len(words) <= width:
        return words
    for mark in ("; ", "  ", ", "):
        at = words.rfind(mark, 0, width + 1)
        if at > 0:
            return words[:at]
    return words
