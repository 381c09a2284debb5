"""The tutorial of docs/plugins.md: its files are what it shows, and they do run."""

import sys
from pathlib import Path

import pytest

from devnet import plugins
from devnet.__main__ import main
from devnet.plugins import load_engine, load_store, register_file
from tests.commands.sessions import make_session, run

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "fixtures" / "plugins"
PAGE = (ROOT / "docs" / "plugins.md").read_text()
ENGINE, STORE = FOLDER / "round_robin.py", FOLDER / "dictionary.py"


@pytest.fixture(autouse=True)
def known_files(monkeypatch: pytest.MonkeyPatch):
    """What a test makes known is forgotten after it."""
    monkeypatch.setattr(plugins, "_FROM_FILES", {})
    yield
    load_engine.cache_clear()
    load_store.cache_clear()
    for name in [name for name in sys.modules if name.startswith("devnet_plugin_")]:
        del sys.modules[name]


@pytest.mark.parametrize(("path", "most"), [(ENGINE, 60), (STORE, 40)])
def test_the_page_shows_the_file_itself_and_it_is_short(path, most):
    text = path.read_text()

    assert f"`fixtures/plugins/{path.name}`:\n\n```python\n{text}```\n" in PAGE
    assert len(text.splitlines()) <= most


@pytest.mark.parametrize(
    ("path", "last"), [(ENGINE, "round-robin 18/18"), (STORE, "dictionary 10/10")]
)
def test_the_tutorial_passes_its_own_check(path, last, capsys):
    assert main(["check-plugin", str(path)]) == 0

    said = capsys.readouterr().out
    assert said.splitlines()[-1] == last and last in PAGE


BROKEN = {
    "wall_clock": "E4",
    "anybody_signs": "E6",
    "hasty_final": "E11",
    "skips_start": "S3",
    "early_batch": "S4",
}


@pytest.mark.parametrize(("name", "rule"), BROKEN.items())
def test_each_broken_plugin_breaks_the_one_rule_that_it_should(name, rule, capsys):
    assert main(["check-plugin", str(FOLDER / "broken" / f"{name}.py")]) == 1

    lines = capsys.readouterr().out.splitlines()
    broken = [line.split()[0] for line in lines if line.split()[1] == "BROKEN"]
    seen = lines[next(i for i, line in enumerate(lines) if "BROKEN" in line) + 1]
    assert broken == [rule]
    assert seen.startswith(" " * 13) and len(seen.strip()) > 10
    assert f"| `{name}.py` | {rule} |" in PAGE


def test_every_broken_plugin_is_tried_and_told_of():
    assert {path.stem for path in (FOLDER / "broken").glob("*.py")} == set(BROKEN)


def test_the_page_names_every_input_and_effect():
    from devnet.engine.interfaces import Effect, Input

    for kind in (*Input.__args__, *Effect.__args__):
        assert f"`{kind.__name__}`" in PAGE


def test_a_running_chain_swaps_to_the_tutorials_engine_and_another_uses_its_store():
    register_file(ENGINE)
    register_file(STORE)
    session = make_session(sidechains="alpha:poa")

    codes = run(
        session,
        "new-sidechain gamma poa --store dictionary",
        "swap alpha round-robin --param interval_ms=400 --validators v1,v2,v3",
        "wait alpha.rule == round-robin",
        "wait alpha.final >= 20 --within 200s",
        "expect gamma.height >= 1",
    )

    assert codes == ["ok"] * 5
