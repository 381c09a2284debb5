"""How engines and stores are found, and what is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from devnet import plugins
from devnet.plugins import (
    BUILTIN_ENGINES,
    BUILTIN_STORES,
    BrokenPlugin,
    UnknownPlugin,
    WrongApi,
    describe_plugins,
    engine_names,
    load_engine,
    load_store,
    store_names,
)

ENGINE = """
from devnet.engine.interfaces import EngineInfo

class Parts:
    def check_header(self, header, parent, chain): ...
    def final_seen(self, tip, chain): ...
    def rank(self, tip, chain): ...
    def start(self, seat, chain): ...
    def step(self, state, event, chain): ...
    def describe(self, state, chain): ...

class Good(Parts):
    info = EngineInfo("good", "instant", "from elsewhere")

class Old(Parts):
    info = EngineInfo("old", "instant", "for an older page", api=0)

class Liar(Parts):
    info = EngineInfo("somebody-else", "instant", "another name")

class Stub:
    info = EngineInfo("stub", "instant", "cannot do anything")

class Fragile(Parts):
    info = EngineInfo("fragile", "instant", "fails when it is built")

    def __init__(self):
        raise OSError("no licence")
"""

POINTS = """
[devnet.consensus]
good = foreign_engines:Good
old = foreign_engines:Old
liar = foreign_engines:Liar
stub = foreign_engines:Stub
fragile = foreign_engines:Fragile
absent = foreign_engines:Absent
missing = no_such_module_anywhere:Engine
quitter = foreign_quitter:Engine
poa = foreign_engines:Good

[devnet.storage]
memory = foreign_engines:Good
"""


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A package installed beside the devnet that brings good and bad engines."""
    (tmp_path / "foreign_engines.py").write_text(ENGINE)
    (tmp_path / "foreign_quitter.py").write_text("import sys\nsys.exit(3)\n")
    info = tmp_path / "foreign_pack-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: foreign-pack\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    load_engine.cache_clear()
    yield
    load_engine.cache_clear()
    for name in ("foreign_engines", "foreign_quitter"):
        sys.modules.pop(name, None)


def imported_after(code: str) -> set[str]:
    """The devnet's plug-in modules in a fresh interpreter after some code."""
    code += (
        "\nimport sys\n"
        "print(*(name for name in sys.modules if name.startswith('devnet.plugins.')))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return {name.removeprefix("devnet.plugins.") for name in out.stdout.split()}


def test_listing_names_imports_no_plugin():
    code = "from devnet.plugins import *; engine_names(); store_names()"
    assert imported_after(code + "; describe_plugins()") == set()


def test_choosing_an_engine_imports_that_one_and_what_it_needs():
    code = "from devnet.plugins import load_engine; load_engine('poa')"
    assert imported_after(code) == {"poa", "header_rules"}


def test_every_built_in_plugin_loads_under_its_own_name():
    troubled = [line for line in describe_plugins(try_all=True) if line.trouble]
    assert troubled == []
    assert engine_names() == tuple(BUILTIN_ENGINES)
    assert store_names() == tuple(BUILTIN_STORES)
    assert load_store("memory")(None).info.name == "memory"


def test_an_engine_is_the_same_object_each_time():
    assert load_engine("solo") is load_engine("solo")


def test_an_unknown_name_suggests_the_nearest_and_lists_all():
    with pytest.raises(UnknownPlugin) as refused:
        load_engine("dpos-bft")
    assert "dpos-bft" in refused.value.message
    assert refused.value.hint == (
        f"Did you mean dpos-bbft? There are: {', '.join(BUILTIN_ENGINES)}."
    )


def test_a_name_like_no_other_suggests_nothing():
    with pytest.raises(UnknownPlugin) as refused:
        load_store("zzz")
    assert refused.value.hint == f"There are: {', '.join(BUILTIN_STORES)}."


@pytest.mark.usefixtures("foreign")
def test_a_foreign_engine_is_listed_and_loaded_like_a_built_in_one():
    assert "good" in engine_names()
    assert load_engine("good").info.summary == "from elsewhere"
    [line] = [line for line in describe_plugins() if line.name == "good"]
    assert line.origin == "foreign-pack 1.2"


@pytest.mark.usefixtures("foreign")
def test_a_built_in_name_cannot_be_taken_over():
    lines = [line for line in describe_plugins() if line.name in ("poa", "memory")]
    assert [(line.name, line.origin, bool(line.trouble)) for line in lines] == [
        ("poa", "built in", False),
        ("poa", "foreign-pack 1.2", True),
        ("memory", "built in", False),
        ("memory", "foreign-pack 1.2", True),
    ]
    assert type(load_engine("poa")).__module__ == "devnet.plugins.poa"
    assert engine_names().count("poa") == 1


@pytest.mark.usefixtures("foreign")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("missing", "ModuleNotFoundError"),
        ("absent", "AttributeError"),
        ("quitter", "SystemExit"),
        ("fragile", "no licence"),
        ("stub", "lacks check_header, final_seen, rank, start, step, describe"),
        ("liar", "calls itself somebody-else"),
    ],
)
def test_a_broken_plugin_is_refused_by_name(name: str, why: str):
    with pytest.raises(BrokenPlugin) as refused:
        load_engine(name)
    assert f"engine {name} " in refused.value.message
    assert why in refused.value.message
    assert load_engine("solo").info.name == "solo"


@pytest.mark.usefixtures("foreign")
def test_a_plugin_for_another_version_of_the_page_is_refused():
    with pytest.raises(WrongApi, match="made for version 0"):
        load_engine("old")


@pytest.mark.usefixtures("foreign")
def test_trying_all_says_what_is_wrong_with_each():
    wrong = {
        line.name
        for line in describe_plugins(try_all=True)
        if line.trouble and line.origin != "built in"
    }
    bad = {"old", "liar", "stub", "fragile", "absent", "missing", "quitter"}
    assert wrong == bad | {"poa", "memory"}


def test_two_packages_with_one_name_give_the_first_and_say_so(
    monkeypatch: pytest.MonkeyPatch,
):
    from importlib.metadata import EntryPoint

    twice = [
        EntryPoint("raft", "one:Raft", "devnet.consensus"),
        EntryPoint("raft", "two:Raft", "devnet.consensus"),
    ]
    monkeypatch.setattr(
        plugins, "_entry_points", lambda kind: twice if kind == "consensus" else []
    )
    lines = [line for line in describe_plugins() if line.name == "raft"]
    assert [(line.target, bool(line.trouble)) for line in lines] == [
        ("one:Raft", False),
        ("two:Raft", True),
    ]
