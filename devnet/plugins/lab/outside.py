"""
Who listens outside? Clock, chance, threads, sockets, files: what a module imports, and
what is called while it runs.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

FORBIDDEN = frozenset({
    "asyncio", "datetime", "http", "io", "logging", "multiprocessing", "os", "pathlib",
    "platform", "random", "secrets", "select", "selectors", "shutil", "signal",
    "socket", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
    "uuid",
})  # fmt: skip
"""Modules that give what no engine may use."""

WATCHED: tuple[tuple[Any, str], ...] = (
    *((time, name) for name in (
        "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter",
        "perf_counter_ns", "process_time", "sleep",
    )),
    *((random, name) for name in (
        "random", "randint", "randrange", "choice", "choices", "sample", "shuffle",
        "uniform", "getrandbits", "randbytes", "seed",
    )),
    (os, "urandom"), (os, "getenv"), (builtins, "open"), (builtins, "input"),
    (builtins, "print"), (socket, "socket"), (threading.Thread, "start"),
    (subprocess, "Popen"),
)  # fmt: skip


def forbidden_imports(engine_class: type) -> str:
    """What the engine's module, and those beside it that it imports, must not."""
    seen: set[str] = set()
    waiting = [engine_class.__module__]
    while waiting:
        name = waiting.pop()
        module = sys.modules.get(name)
        if name in seen or module is None:
            continue
        seen.add(name)
        try:
            tree = ast.parse(inspect.getsource(module))
        except (OSError, TypeError, SyntaxError):
            continue
        package = engine_class.__module__.rpartition(".")[0]
        for node in ast.walk(tree):
            for found in _imported(node):
                if found.partition(".")[0] in FORBIDDEN:
                    line = getattr(node, "lineno", 0)
                    return f"{name} imports {found} in line {line}"
                if package and found.startswith(f"{package}."):
                    waiting.append(found)
    return ""


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module]
    return []


@contextmanager
def noticing(tell: Callable[[str], None]) -> Iterator[None]:
    """
    While this lasts, `tell` hears the name of each function of WATCHED that this thread
    calls. The functions work as ever.
    """
    thread = threading.get_ident()
    before = [getattr(owner, name) for owner, name in WATCHED]

    def watched(label: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() == thread:
                tell(label)
            return function(*args, **kwargs)

        return call

    for (owner, name), function in zip(WATCHED, before, strict=True):
        setattr(owner, name, watched(f"{owner.__name__}.{name}", function))
    try:
        yield
    finally:
        for (owner, name), function in zip(WATCHED, before, strict=True):
            setattr(owner, name, function)
