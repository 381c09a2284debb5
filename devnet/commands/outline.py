"""
Facts as people read them: a name and a value a line, what belongs to it indented.
"""

from __future__ import annotations

from typing import Any

from devnet.commands.context import Context
from devnet.commands.values import Amount, words

WIDTH = 64
"""Hex digits on a line."""
MOST_HEX_LINES = 24
"""Longer bytes are cut; JSON has them whole."""
_INDENT = "  "


def with_amounts(session: Context, value: Any) -> Any:
    """
    The same facts with each `amount` as an Amount of the `asset` beside it. An asset
    without a name here counts in its smallest unit.
    """
    known = session.network.assets()

    def walk(item: Any) -> Any:
        if isinstance(item, dict):
            facts = {key: walk(inner) for key, inner in item.items()}
            units, asset = facts.get("amount"), facts.get("asset")
            if type(units) is int and isinstance(asset, str):
                info = known.get(asset)
                decimals = info.decimals if info is not None else 0
                facts["amount"] = Amount(units, asset, decimals)
            return facts
        if isinstance(item, list | tuple):
            return [walk(inner) for inner in item]
        return item

    return walk(value)


def outline(value: Any, indent: str = "") -> list[str]:
    """Lines for facts: what is empty is left out."""
    if isinstance(value, dict):
        width = max((len(key) for key in value), default=0)
        # An amount says its asset itself.
        said = ("asset",) if isinstance(value.get("amount"), Amount) else ()
        return [
            line
            for key, item in value.items()
            if item not in (None, "", [], {}) and key not in said
            for line in _entry(key, item, min(width, 16), indent)
        ]
    if isinstance(value, list):
        return [
            line
            for index, item in enumerate(value)
            for line in _entry(str(index), item, 2, indent)
        ]
    return [indent + words(value)]


def _entry(key: str, item: Any, width: int, indent: str) -> list[str]:
    head = f"{indent}{key.replace('_', ' '):{width}}"
    if isinstance(item, dict):
        if set(item) <= {"amount", "asset", "asset_id"} and "amount" in item:
            return [f"{head}  {words(item['amount'])}"]
        return [head.rstrip(), *outline(item, indent + _INDENT)]
    if isinstance(item, list):
        if all(not isinstance(inner, dict | list) for inner in item):
            if len(words(item)) <= WIDTH:
                return [f"{head}  {words(item)}"]
            return [head.rstrip(), *(f"{indent}{_INDENT}{words(one)}" for one in item)]
        if all(_is_flat(inner) for inner in item):
            columns = tuple(key for key in item[0] if key != "asset")
            rows = table(item, columns).split("\n")
            return [head.rstrip(), *(f"{indent}{_INDENT}{row}" for row in rows)]
        return [head.rstrip(), *outline(item, indent + _INDENT)]
    return _scalar(head, words(item), indent)


def _is_flat(value: Any) -> bool:
    """Does it fit a row of a table?"""
    return isinstance(value, dict) and all(
        len(words(item)) <= WIDTH and not isinstance(item, dict)
        for item in value.values()
    )


def _scalar(head: str, text: str, indent: str) -> list[str]:
    """A value beside its name; long bytes and texts of several lines below it."""
    # Notes and definitions are anybody's bytes: no terminal shall obey them.
    text = "".join(
        one if one.isprintable() or one == "\n" else "\ufffd" for one in text
    )
    lines = text.split("\n")
    if len(lines) > 1:
        return [head.rstrip(), *(f"{indent}{_INDENT}{line}" for line in lines)]
    if len(text) <= WIDTH or not _is_hex(text):
        return [f"{head}  {text}"]
    pieces = [text[at : at + WIDTH] for at in range(0, len(text), WIDTH)]
    shown = [f"{indent}{_INDENT}{piece}" for piece in pieces[:MOST_HEX_LINES]]
    if len(pieces) > MOST_HEX_LINES:
        shown.append(f"{indent}{_INDENT}.. {len(text) // 2} bytes in all")
    return [head.rstrip(), *shown]


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdef" for letter in text)


def table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    """Rows as aligned columns. Ids are whole: the next command may ask for one."""
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    if not cells:
        return ""
    heads = [column.replace("_", " ") for column in columns]
    whole = [heads, *cells]
    widths = [max(len(row[index]) for row in whole) for index in range(len(columns))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in whole
    )


def _cell(value: Any) -> str:
    if isinstance(value, dict) and "amount" in value:
        return words(value["amount"])
    return "" if value is None else words(value)
