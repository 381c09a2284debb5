"""Each error, event and verb has its words, and the pages say what the code says."""

import re
from pathlib import Path

import pytest

from devnet import docs
from devnet.commands.registry import all_commands
from devnet.engine.events import EVENT_KINDS

ROOT = Path(__file__).resolve().parent.parent
PAGES = docs.pages()
HAND_WRITTEN = [
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if path.name not in PAGES
]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_are_what_the_code_says(name):
    assert page(name) == PAGES[name], "renew them: python -m devnet.docs"


@pytest.mark.parametrize("error", docs.known_errors(), ids=lambda error: error.code)
def test_every_error_code_is_documented(error):
    assert docs.meaning(error), f"{error.__qualname__} has no docstring"
    assert f"| `{error.code}` | {docs.meaning(error)}" in page("errors.md")


@pytest.mark.parametrize("kind", EVENT_KINDS.values(), ids=lambda kind: kind.__name__)
def test_every_event_is_documented(kind):
    heading = f"\n## {kind.__name__}\n\n"
    assert page("events.md").split(heading)[1].startswith(kind.__doc__.strip()[:20])


@pytest.mark.parametrize("command", all_commands(), ids=lambda command: command.verb)
def test_every_verb_is_documented_with_an_example(command):
    section = page("commands.md").split(f"\n### {command.verb}\n")[1].split("\n### ")[0]
    assert command.summary in section and command.example in section


def test_an_error_without_words_is_found():
    class Speechless(docs.DevnetError):
        pass

    assert docs.meaning(Speechless) == ""


def test_words_with_a_bar_stay_in_their_cell():
    assert docs.cell("one |\n two") == "one \\| two"


@pytest.mark.parametrize("path", HAND_WRITTEN, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(path):
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (path.parent / link).exists()] == []


def block_under(word: str) -> str:
    """The first fenced shell block of the README under a heading with this word."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    under = re.split(rf"^#+ .*\b{word}\b.*$", text, maxsplit=1, flags=re.MULTILINE)[1]
    found = re.search(r"^```(?:sh|bash|shell|console)\n(.*?)^```$", under, re.M | re.S)
    assert found is not None
    return found[1].strip()


@pytest.mark.parametrize(("word", "what"), [("Run", "run"), ("Test", "test")])
def test_the_readme_has_one_command_each_to_run_and_to_test(word, what):
    assert block_under(word) == f"python3 -m devnet.bootstrap {what}"


def test_the_check_of_every_change_runs_the_readmes_test_command():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert block_under("Test") in lines


def test_the_readme_and_the_package_ask_for_the_same_python():
    from devnet import bootstrap

    wanted = ".".join(str(number) for number in bootstrap.LEAST_PYTHON)
    for name in ("README.md", "pyproject.toml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert f"Python {wanted}" in text or f'">={wanted}"' in text
