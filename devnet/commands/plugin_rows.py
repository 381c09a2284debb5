"""Plug-ins as rows: what a list of them shows, for people and for programs."""

from __future__ import annotations

from typing import Any

PARAM_FIELDS = ("name", "default", "low", "high", "meaning")
WORDS = {"consensus": "engine", "storage": "store"}


def plugin_rows(kind: str = "") -> list[dict[str, Any]]:
    """
    Every engine and store, usable or not.

    Args:
        kind: "consensus" or "storage"; all of them without it.
    """
    from devnet.plugins import describe_plugins, load_engine, load_store

    rows: list[dict[str, Any]] = []
    for line in describe_plugins(try_all=True):
        if kind and line.kind != kind:
            continue
        row: dict[str, Any] = {
            "kind": line.kind,
            "name": line.name,
            "version": line.version,
            "origin": line.origin,
            "target": line.target,
            "trouble": line.trouble,
            "params": [],
        }
        if not line.trouble:
            load: Any = load_engine if line.kind == "consensus" else load_store
            row |= _described(load(line.name).info)
        rows.append(row)
    return rows


def _described(info: Any) -> dict[str, Any]:
    """What a plug-in says of itself. Its parameters stand in one table, info.params."""
    params = [
        {name: getattr(one, name) for name in PARAM_FIELDS}
        for one in getattr(info, "params", ())
    ]
    said = {"summary": info.summary, "api": info.api, "params": params}
    for name in ("finality", "least_validators", "closing_blocks", "durable"):
        if hasattr(info, name):
            said[name] = getattr(info, name)
    return said


def plugin_text(rows: list[dict[str, Any]]) -> str:
    """The rows in lines; the parameters of each below it."""
    if not rows:
        return ""
    names = max(len(row["name"]) for row in rows)
    lines = []
    for row in rows:
        origin = " ".join(part for part in (row["origin"], _version(row)) if part)
        said = f"cannot be used: {row['trouble']}" if row["trouble"] else row["summary"]
        what = WORDS[row["kind"]]
        lines.append(f"{what:6}  {row['name'].ljust(names)}  {said} ({origin})")
        for one in row["params"]:
            span = f"{one['default']} ({one['low']} to {one['high']})"
            lines.append(f"{'':{10 + names}}{one['name']} {span}: {one['meaning']}")
    return "\n".join(lines)


def _version(row: dict[str, Any]) -> str:
    """The version, where the origin does not say it already."""
    return "" if row["origin"].endswith(row["version"]) else row["version"]
