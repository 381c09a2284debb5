"""Blocks: a row of a chain's list, and all that can be said about one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from devnet.engine.events import BlockAdded
from devnet.tui.draw.pages import fact, heading
from devnet.tui.draw.text import clock, fit, line, money, short
from devnet.tui.theme import DARK, DEPOSIT, WITHDRAWAL, Palette


def draw_block_row(block: BlockAdded, width: int, look: Palette = DARK) -> Text:
    """One block of the list in exactly `width` cells."""
    tone = look.main if block.chain == "main" else look.good
    marks = (DEPOSIT if block.n_locks else " ") + (
        WITHDRAWAL if block.n_payouts else " "
    )
    row = line(
        (f" {block.height:>7}  ", f"bold {tone}"),
        (f"{clock(block.at_ms):<8} ", look.dim),
        (short(block.id), look.text),
        (f"  {block.n_txs:>3} tx ", look.text),
        (marks, look.deposit),
        (f" {block.producer:<8.8} ", look.text),
        (f"{block.size:>7} B  ", look.dim),
    )
    if block.chain != "main":
        words = f"epoch {block.epoch} {block.engine}"
        row.append(words + ("  closing" if block.closing else ""), look.dim)
    return fit(row, width)


def draw_block(
    facts: Mapping[str, Any],
    width: int,
    look: Palette = DARK,
    *,
    decimals: Mapping[str, int] | None = None,
) -> list[Text]:
    """
    All facts about a block.

    Args:
        facts: names and plain values; a list of mappings becomes a table of its own.
        width: cells.
        look: the palette.
        decimals: of the assets, to show amounts in their display unit.
    """
    rows: list[Text] = []
    tables, bytes_of = {}, {}
    for name, value in facts.items():
        text = _plain(value, decimals)
        if _is_table(value):
            tables[name] = value
        elif name in ("header", "raw"):
            bytes_of[name] = text
        else:
            rows += fact(name.replace("_", " "), text, width, look)
    for name, table in tables.items():
        rows += [line(""), heading(name.replace("_", " ").capitalize(), look)]
        for entry in table:
            rows.append(_entry(entry, look))
    for name, text in bytes_of.items():
        title = {"header": "Header, its bytes", "raw": "Block, its bytes"}[name]
        rows += [line(""), heading(title, look, f"{len(text) // 2}")]
        rows += [line((f" {piece}", look.dim)) for piece in _pieces(text, width - 2)]
    return rows


def _pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def _is_table(value: Any) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(one, Mapping) for one in value)
    )


def _plain(value: Any, decimals: Mapping[str, int] | None = None) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        asset, known = str(value.get("asset", "")), decimals or {}
        if set(value) == {"amount", "asset"} and asset in known:
            return f"{money(int(value['amount']), known[asset])} {asset}"
        return "  ".join(
            f"{name} {_plain(one, decimals)}" for name, one in value.items()
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_plain(one, decimals) for one in value) or "none"
    return str(value) or "none"


def _entry(entry: Mapping[str, Any], look: Palette) -> Text:
    row = line(" ")
    for name, value in entry.items():
        text = _plain(value)
        shown = short(text) if len(text) == 64 else text
        row.append(f" {name.replace('_', ' ')} ", look.dim)
        row.append(shown, look.text)
        row.append(" ")
    return row
