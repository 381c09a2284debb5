"""
Imports point inward, rooms stay small, and the engine hears nothing of the outside.

The rules are functions of a module's name and text, so that each can be shown a module
that breaks it.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 50

# From the top. A room may use what stands below it; rooms of one line never meet.
FLOORS = [
    ("devnet.docs",),
    ("devnet.__main__",),
    ("devnet.subcommands",),
    ("devnet.arguments",),
    ("devnet.pytest_plugin",),
    ("devnet.library",),
    ("devnet.results",),
    ("devnet.tui", "devnet.repl", "devnet.api", "devnet.bench"),
    ("devnet.commands",),
    ("devnet.wallet",),
    ("devnet.opening", "devnet.exchange"),
    ("devnet.conformance",),
    ("devnet.starter", "devnet.worker", "devnet.equity"),
    ("devnet.plugins",),
    ("devnet.engine.network",),
    ("devnet.engine.deeds", "devnet.engine.moving", "devnet.engine.kept"),
    ("devnet.engine.steered",),
    ("devnet.engine.certifying",),
    ("devnet.engine.looking",),
    ("devnet.engine.overseeing",),
    ("devnet.engine.locating",),
    ("devnet.engine.reading",),
    ("devnet.engine.inspecting", "devnet.engine.decoding", "devnet.engine.picturing"),
    (
        "devnet.engine.swapstory", "devnet.engine.payoutstory",
        "devnet.engine.councilstory",
        "devnet.engine.lockstory",
    ),
    ("devnet.engine.payoutparts",),
    ("devnet.engine.describing",),
    ("devnet.engine.actors",),
    ("devnet.engine.audit",),
    ("devnet.engine.sidechain",),
    ("devnet.engine.federation",),
    ("devnet.engine.mainchain",),
    ("devnet.engine.chain",),
    ("devnet.engine.rules",),
    ("devnet.engine.vm",),
    ("devnet.engine.keys",),
    ("devnet.engine.bc",),
    ("devnet.engine.interfaces",),
    ("devnet.engine.codec",),
    ("devnet.engine.tensority",),
    ("devnet.engine.seedtable", "devnet.engine.tensority_plain"),
    ("devnet.engine.blas",),
    (
        "devnet.engine.events", "devnet.engine.clock", "devnet.engine.errors",
        "devnet.engine.once", "devnet.engine.plain", "devnet.engine.copies",
        "devnet.engine.bech32",
    ),
    ("devnet.engine.data", "devnet.bootstrap"),
]  # fmt: skip
LEVEL = {room: -level for level, rooms in enumerate(FLOORS) for room in rooms}
# Packages whose own page holds words and names only; everybody may read them.
DOORPLATES = ("devnet", "devnet.engine")

FRONT_ENDS = ("devnet.tui", "devnet.repl", "devnet.api")
HEAVY = {"numpy", "Crypto"}
OUTSIDE = {
    "asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib",
    "platform", "random", "secrets", "select", "selectors", "shutil", "signal",
    "socket", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
    "uuid",
}  # fmt: skip
OUTSIDE_CALLS = {
    "open", "input", "print", "exec", "eval", "breakpoint", "now", "utcnow", "today",
}  # fmt: skip


def product_modules() -> dict[str, str]:
    """The text of each module of the product by its dotted name."""
    found = {}
    for path in sorted((ROOT / "devnet").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = path.read_text(encoding="utf-8")
    return found


MODULES = product_modules()


def imports_of(text: str, known: Mapping[str, str] = MODULES) -> Iterator[str]:
    """Every module that a text imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                yield inner if inner in known else origin


def room_of(module: str) -> str:
    """The room in which a module stands: the longest name of FLOORS that begins it."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if (room := ".".join(parts[:length])) in LEVEL:
            return room
    return module


def wrong_arrows(module: str, text: str) -> list[str]:
    """Imports of a module that point outward or sideways."""
    room, wrong = room_of(module), []
    for other in imports_of(text):
        target = room_of(other)
        if target.startswith("."):
            wrong.append(f"{module} uses a relative import")
        elif not target.startswith("devnet") or target in (*DOORPLATES, room):
            continue
        elif room in DOORPLATES:
            wrong.append(f"{module} is read by everybody and may not use {other}")
        elif target not in LEVEL:
            wrong.append(f"{other} has no floor")
        elif LEVEL[target] >= LEVEL.get(room, 0):
            wrong.append(f"{module} may not use {other}")
        elif room == "devnet.plugins" and target != "devnet.engine.interfaces":
            wrong.append(f"{module} rests on devnet.engine.interfaces alone")
    return wrong


def wrong_outside(module: str, text: str) -> list[str]:
    """Where an engine module touches clock, chance, files, network or environment."""
    if not module.startswith("devnet.engine"):
        return []
    tops = {name.split(".")[0] for name in imports_of(text)}
    wrong = [f"{module} uses {name}" for name in sorted(tops & OUTSIDE)]
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if called in OUTSIDE_CALLS:
            wrong.append(f"{module} calls {called}")
    return wrong


def wrong_weight(module: str, text: str) -> list[str]:
    """What a front end or a command imports although it would start slowly with it."""
    if not module.startswith((*FRONT_ENDS, "devnet.commands", "devnet.subcommands")):
        return []
    tops = {name.split(".")[0] for name in imports_of(text)}
    return [f"{module} imports {name}" for name in sorted(tops & HEAVY)]


def wrong_sizes(module: str, text: str) -> list[str]:
    """Rooms that do not fit in the head, functions that do not fit on a screen."""
    wrong = []
    if (n_lines := len(text.splitlines())) > MOST_LINES:
        wrong.append(f"{module} has {n_lines} lines")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            if ast.get_docstring(node) is not None:
                first = node.body[min(1, len(node.body) - 1)]
            n_lines = (node.end_lineno or 0) - first.lineno + 1
            if n_lines > MOST_LINES_OF_A_FUNCTION:
                wrong.append(f"{module}.{node.name} has {n_lines} lines")
    return wrong


def needed_to_load(text: str) -> str:
    """A text without what runs later (functions) and what only types need."""

    class Later(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST:
            is_typing = "TYPE_CHECKING" in ast.unparse(node.test)
            return ast.Pass() if is_typing else self.generic_visit(node)

        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
            return ast.Pass()

    return ast.unparse(Later().visit(ast.parse(text)))


def graph_of(texts: Mapping[str, str]) -> dict[str, set[str]]:
    """Which module of these uses which."""
    return {
        module: {other for other in imports_of(text) if other in texts} - {module}
        for module, text in texts.items()
    }


def circle_in(graph: Mapping[str, set[str]]) -> list[str]:
    """One circle of imports, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("rule", [wrong_arrows, wrong_outside, wrong_weight])
def test_every_module_of_the_product_keeps(rule):
    assert [wrong for item in MODULES.items() for wrong in rule(*item)] == []


def test_no_room_is_larger_than_a_head_and_no_function_than_a_screen():
    assert [wrong for item in MODULES.items() for wrong in wrong_sizes(*item)] == []


def test_no_module_needs_itself_in_order_to_load():
    assert circle_in(graph_of({m: needed_to_load(t) for m, t in MODULES.items()})) == []


def test_no_module_uses_itself_around_corners_not_even_for_types_or_later():
    assert circle_in(graph_of(MODULES)) == []


def test_every_room_of_the_house_has_a_floor():
    rooms = {room_of(module) for module in MODULES} - set(DOORPLATES)
    assert rooms - set(LEVEL) == set()
    assert {room for room in LEVEL if room_of(room) == room} >= rooms


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("devnet.engine.bc.block", "from devnet.engine.chain import coins"),
        ("devnet.engine.errors", "import devnet.engine.events"),
        ("devnet.engine.network", "from devnet.commands.session import Session"),
        ("devnet.engine.network", "from devnet.plugins import load_engine"),
        ("devnet.engine.rules.block", "def f():\n    from devnet.tui import app"),
        ("devnet.commands.session", "from devnet.repl.printing import show"),
        ("devnet.tui.app", "import devnet.repl.prompt"),
        ("devnet.repl.prompt", "from devnet.tui.state import reduce"),
        ("devnet.plugins.poa", "from devnet.engine.bc.block import Block"),
        ("devnet.plugins.poa", "from devnet.engine.errors import ConsensusError"),
        ("devnet.engine.vm.machine", "from ..bc import block"),
        ("devnet.engine", "from devnet.engine.network import Network"),
    ],
)
def test_an_arrow_that_points_the_wrong_way_is_found(module, text):
    assert len(wrong_arrows(module, text)) == 1


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("devnet.engine.chain.coins", "from devnet.engine.bc.block import Block"),
        ("devnet.engine.bc.block", "from devnet.engine.bc import merkle"),
        ("devnet.plugins.poa", "from devnet.engine.interfaces import Rules\nimport os"),
        ("devnet.plugins.poa", "from devnet.plugins.certificate import voters"),
        ("devnet.tui.app", "from devnet.commands.session import Session"),
        ("devnet.__main__", "from devnet import __version__"),
    ],
)
def test_an_arrow_that_points_inward_is_welcome(module, text):
    assert wrong_arrows(module, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "import time", "from random import Random", "import socket",
        "from os import environ", "import os.path", "def f():\n    import time as t",
        "from datetime import datetime\nx = datetime.now()",
        "raw = open('chain').read()", "print('height')",
    ],
)  # fmt: skip
def test_an_engine_that_listens_outside_is_found(text):
    assert len(wrong_outside("devnet.engine.chain.coins", text)) == 1
    assert wrong_outside("devnet.worker.pool", text) == []


def test_a_front_end_that_starts_slowly_is_found():
    assert wrong_weight("devnet.tui.app", "import numpy as np") != []
    assert wrong_weight("devnet.repl.prompt", "from Crypto.Hash import SHA3_256") != []
    assert wrong_weight("devnet.worker.process", "import numpy") == []


def test_a_room_and_a_function_that_grew_too_large_are_found():
    body = "    x = 1\n" * (MOST_LINES_OF_A_FUNCTION + 1)

    assert wrong_sizes("devnet.x", "x = 1\n" * (MOST_LINES + 1)) != []
    assert wrong_sizes("devnet.x", f"def f():\n{body}") != []
    assert wrong_sizes("devnet.x", "x = 1\n" * MOST_LINES) == []


def test_a_circle_of_imports_is_found():
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}}) != []
    assert circle_in({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_what_only_types_need_is_not_needed_to_load():
    text = "import a\nif TYPE_CHECKING:\n    import b\ndef f():\n    import c\n"

    assert list(imports_of(needed_to_load(text))) == ["a"]
    assert list(imports_of(text)) == ["a", "b", "c"]


def loaded_after(words: str) -> set[str]:
    """The packages that a fresh interpreter has loaded after some words of Python."""
    show = "\nimport sys; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", words + show],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "front_end", ["devnet.tui.app", "devnet.repl.prompt", "devnet.api.serving"]
)
def test_loading_a_front_end_loads_neither_numpy_nor_pycryptodome(front_end):
    assert loaded_after(f"import {front_end}") & HEAVY == set()


def test_loading_a_script_runner_loads_no_screen():
    found = loaded_after("import devnet.repl.script")
    assert found & {"textual", "prompt_toolkit", "rich", *HEAVY} == set()


def test_the_setup_needs_the_standard_library_alone():
    words = "import sys; sys.path.insert(0, '.'); import devnet, devnet.bootstrap"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", words], cwd=ROOT, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("name", ["devnet", "devnet.bootstrap"])
def test_an_old_python_can_read_the_setup_and_be_told_so(name):
    ast.parse(MODULES[name], feature_version=(3, 6))
