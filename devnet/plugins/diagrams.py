"""
The state diagrams on the pages of docs/consensus, drawn from the engines' own tables.

The module of an engine has a table TRANSITIONS: (state, input, next) in plain words,
states as single words. `python -m devnet.plugins.diagrams`, run where `docs` is, draws
each table between the two markers on the engine's page; a test compares.
"""

from __future__ import annotations

import sys
from pathlib import Path

from devnet.engine.interfaces import PluginError
from devnet.plugins import BUILTIN_ENGINES, load_engine

Transitions = tuple[tuple[str, str, str], ...]

FOLDER = Path("docs") / "consensus"
BEGIN = "<!-- states: drawn by python -m devnet.plugins.diagrams -->\n"
END = "<!-- end of states -->\n"


class UndrawableTable(PluginError):
    """A table of transitions, or the page for it, is not of the form asked for."""

    code = "plugin.undrawable-table"
    default_hint = "States are single words; inputs have no colon; a page has markers."


def transitions_of(name: str) -> Transitions:
    """
    The table of a built-in engine.

    Raises:
        UndrawableTable: its module has none.
    """
    module = sys.modules[type(load_engine(name)).__module__]
    table: Transitions | None = getattr(module, "TRANSITIONS", None)
    if not table:
        raise UndrawableTable(f"{module.__name__} has no table TRANSITIONS", name=name)
    return table


def draw(table: Transitions) -> str:
    """
    The table as a state diagram in Markdown.

    Raises:
        UndrawableTable: a state of several words, or an input with a colon.
    """
    lines = []
    for before, given, after in table:
        if not (before.isalpha() and after.isalpha()) or set(":;\n") & set(given):
            raise UndrawableTable(
                f"{before!r} --{given!r}--> {after!r} cannot be drawn",
                transition=(before, given, after),
            )
        lines.append(f"    {before} --> {after}: {given}\n")
    return "```mermaid\nstateDiagram-v2\n" + "".join(lines) + "```\n"


def put_in(page: str, table: Transitions) -> str:
    """
    The page with the table's diagram between its markers.

    Raises:
        UndrawableTable: the page has no markers.
    """
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise UndrawableTable(f"no two lines {BEGIN.strip()!r} and {END.strip()!r}")
    return head + begin + draw(table) + end + tail


def main() -> None:
    """Draw the diagrams of all pages anew."""
    for name in BUILTIN_ENGINES:
        path = FOLDER / f"{name}.md"
        if path.exists():
            path.write_text(put_in(path.read_text(), transitions_of(name)))


if __name__ == "__main__":
    main()
