"""The state diagrams on the pages are those of the engines' tables."""

from pathlib import Path

import pytest

from devnet.plugins import BUILTIN_ENGINES
from devnet.plugins.diagrams import (
    BEGIN,
    END,
    UndrawableTable,
    draw,
    put_in,
    transitions_of,
)

FOLDER = Path(__file__).parent.parent.parent / "docs" / "consensus"


@pytest.mark.parametrize("name", BUILTIN_ENGINES)
def test_the_diagram_on_the_page_is_drawn_from_the_table_of_the_engine(name: str):
    page = (FOLDER / f"{name}.md").read_text()
    assert put_in(page, transitions_of(name)) == page, (
        "python -m devnet.plugins.diagrams"
    )


@pytest.mark.parametrize("name", BUILTIN_ENGINES)
def test_every_state_of_a_table_can_be_left(name: str):
    table = transitions_of(name)
    assert {after for _, _, after in table} <= {before for before, _, _ in table}


def test_a_table_is_drawn_as_a_diagram():
    assert draw((("asleep", "Woken", "awake"),)) == (
        "```mermaid\nstateDiagram-v2\n    asleep --> awake: Woken\n```\n"
    )


@pytest.mark.parametrize("bad", [("two words", "x", "b"), ("a", "x: y", "b")])
def test_what_a_diagram_would_misread_is_refused(bad: tuple[str, str, str]):
    with pytest.raises(UndrawableTable, match="cannot be drawn"):
        draw((bad,))


def test_a_page_keeps_its_words_around_the_diagram():
    page = put_in(f"before\n{BEGIN}old\n{END}after\n", (("a", "x", "a"),))
    assert page.startswith("before\n") and page.endswith("after\n")
    assert "old" not in page and "a --> a: x" in page


def test_a_page_without_markers_is_refused():
    with pytest.raises(UndrawableTable, match="no two lines"):
        put_in("no markers\n", (("a", "x", "a"),))
