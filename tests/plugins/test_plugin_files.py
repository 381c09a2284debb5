"""Plug-ins in files: how they become known, what is refused, how they are judged."""

import json
import sys
from pathlib import Path

import pytest

from devnet import plugins
from devnet.__main__ import main
from devnet.plugins import describe_plugins, load_engine, load_store, register_file
from devnet.plugins.files import BrokenPluginFile, NoPluginFile, PluginNameTaken

ENGINE = """
__version__ = "3.1"
from devnet.engine.interfaces import EngineInfo
from devnet.plugins.solo import Solo

class Mine(Solo):
    info = EngineInfo({name!r}, "instant", "mine", params=Solo.info.params)
"""
STORE = """
from devnet.engine.interfaces import StoreInfo
from devnet.plugins.memory import MemoryStore

class Mine(MemoryStore):
    info = StoreInfo({name!r}, "mine", durable=False)
"""


@pytest.fixture(autouse=True)
def known_files(monkeypatch: pytest.MonkeyPatch):
    """What a test makes known is forgotten after it."""
    monkeypatch.setattr(plugins, "_FROM_FILES", {})
    yield
    load_engine.cache_clear()
    load_store.cache_clear()
    for name in [name for name in sys.modules if name.startswith("devnet_plugin_")]:
        del sys.modules[name]


def written(folder: Path, text: str, file: str = "mine.py", **words: str) -> Path:
    path = folder / file
    path.write_text(text.format(**words) if words else text)
    return path


def test_a_file_brings_an_engine_under_the_name_in_its_info(tmp_path):
    path = written(tmp_path, ENGINE, name="mine")

    [line] = register_file(path)

    assert (line.kind, line.name, line.version) == ("consensus", "mine", "3.1")
    assert line.origin == f"file {path}"
    assert load_engine("mine").info.summary == "mine"
    assert "mine" in plugins.engine_names() and "mine" not in plugins.store_names()


def test_a_file_may_bring_an_engine_and_a_store_of_one_name(tmp_path):
    text = ENGINE + STORE.replace("Mine", "MyStore")

    lines = register_file(written(tmp_path, text, name="both"))

    assert [line.kind for line in lines] == ["consensus", "storage"]
    assert load_store("both")(None).info.name == "both"


def test_the_same_file_twice_is_no_trouble_and_another_of_that_name_is(tmp_path):
    first = written(tmp_path, ENGINE, name="mine")
    second = written(tmp_path, ENGINE, "other.py", name="mine")
    register_file(first)
    register_file(first)

    with pytest.raises(PluginNameTaken, match="comes from file"):
        register_file(second)
    assert load_engine("mine").__class__.__module__.startswith("devnet_plugin_mine")


@pytest.mark.parametrize(("text", "name"), [(ENGINE, "poa"), (STORE, "sqlite")])
def test_a_built_in_name_is_not_given_to_a_file(text, name, tmp_path):
    with pytest.raises(PluginNameTaken, match=f"{name} is built in"):
        register_file(written(tmp_path, text, name=name))
    assert [line.origin for line in describe_plugins() if line.name == name] == [
        "built in"
    ]


@pytest.mark.parametrize(
    ("text", "error", "why"),
    [
        ("class Nothing: ...", BrokenPluginFile, "neither an engine nor a store"),
        ("def f(:\n", BrokenPluginFile, "line 1: invalid syntax"),
        ("import nowhere_at_all", BrokenPluginFile, "ModuleNotFoundError"),
        ("raise SystemExit(3)", BrokenPluginFile, "SystemExit: 3"),
        (None, NoPluginFile, "no such file"),
        (
            "from devnet.engine.interfaces import EngineInfo\n"
            "class Half:\n    info = EngineInfo('half', 'instant', 'x')\n",
            plugins.BrokenPlugin, "lacks check_header",
        ),
        (ENGINE.format(name="old").replace("params=", "api=0, params="),
         plugins.WrongApi, "made for version 0"),
    ],
)  # fmt: skip
def test_a_file_without_a_plugin_is_refused_in_a_sentence(text, error, why, tmp_path):
    path = tmp_path / "mine.py"
    if text is not None:
        path.write_text(text)

    with pytest.raises(error) as refused:
        register_file(path)

    assert why in refused.value.message and refused.value.hint
    assert all(line.origin == "built in" for line in describe_plugins())


def test_a_folder_is_not_a_plugin(tmp_path):
    with pytest.raises(NoPluginFile, match="is a folder"):
        register_file(tmp_path)


def test_options_before_and_behind_the_subcommand_both_count(tmp_path, capsys):
    one = written(tmp_path, ENGINE, "one.py", name="one")
    two = written(tmp_path, STORE, "two.py", name="two")

    assert main(["--plugin", str(one), "plugins", "--plugin", str(two), "--json"]) == 0

    rows = json.loads(capsys.readouterr().out)["plugins"]
    mine = {row["name"]: row for row in rows if row["origin"].startswith("file ")}
    assert mine["one"]["params"][0]["name"] == "interval_ms"
    assert mine["two"]["durable"] is False


def test_a_broken_file_ends_the_program_with_a_sentence(tmp_path, capsys):
    path = written(tmp_path, "def f(:\n")

    assert main(["--plugin", str(path), "plugins"]) == 2

    said = capsys.readouterr()
    assert said.out == "" and "line 1: invalid syntax" in said.err
    assert "Traceback" not in said.err


def test_checking_a_plugin_tells_each_rule_and_the_sum(capsys):
    assert main(["check-plugin", "solo"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["E1", "ok", *lines[0].split()[2:]]
    assert lines[-1] == "solo 18/18"


def test_checking_as_json_is_one_object(capsys):
    assert main(["check-plugin", "memory", "--json"]) == 0

    [report] = json.loads(capsys.readouterr().out)["checked"]
    assert (report["kind"], report["passed"], report["total"]) == ("store", 10, 10)
    assert {rule["rule"] for rule in report["rules"]} == {f"S{n}" for n in range(1, 11)}


@pytest.mark.parametrize("what", ["nobody", "", "nobody.py", "tests/", "./nobody"])
def test_checking_what_is_not_there_says_so_with_status_two(what, capsys):
    assert main(["check-plugin", what]) == 2

    said = capsys.readouterr()
    assert said.out == "" and what.rstrip("/").removeprefix("./") in said.err


REFUSES_TO_OPEN = """
from devnet.engine.interfaces import StorageError, StoreInfo
from devnet.plugins.memory import MemoryStore

class Mine(MemoryStore):
    info = StoreInfo("mine", "mine", durable=False)

    def __init__(self, path=None):
        raise {error}
"""


def test_a_store_that_says_why_it_cannot_be_opened_is_not_judged(tmp_path, capsys):
    error = 'StorageError("no server", hint="start one")'
    path = written(tmp_path, REFUSES_TO_OPEN, error=error)

    assert main(["check-plugin", str(path)]) == 2

    said = capsys.readouterr()
    assert said.out == "" and "no server" in said.err and "start one" in said.err


def test_a_store_that_just_falls_over_is_judged(tmp_path, capsys):
    path = written(tmp_path, REFUSES_TO_OPEN, error="ZeroDivisionError()")

    assert main(["check-plugin", str(path)]) == 1

    said = capsys.readouterr().out.splitlines()
    assert said[0].split()[:2] == ["S1", "BROKEN"] and "ZeroDivisionError" in said[1]


def test_an_engine_that_never_answers_is_named_and_the_rest_not_waited_for(monkeypatch):
    from devnet.plugins import engine_suite
    from devnet.plugins.solo import Solo

    class Hangs(Solo):
        def step(self, state, event, chain):
            while not released:
                pass
            raise RuntimeError("released")

    released: list[int] = []
    monkeypatch.setattr(engine_suite, "RULE_LIMIT_S", 0.05)
    verdicts = engine_suite.check_engine(Hangs)
    released.append(1)

    broken = [verdict for verdict in verdicts if not verdict.passed]
    assert broken[0].rule == "E2" and "no answer" in broken[0].reason
    assert "hangs in E2" in broken[1].reason
