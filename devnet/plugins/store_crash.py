"""
The crash test of stores: a process writes batch after batch and is killed; whatever it
acknowledged must be there afterwards, and nothing torn.

The killed process runs this file too: it gets a store's class by name, or by the file
in which it stands, and prints the number of each batch once the store has taken it.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Timer
from typing import Any

from devnet.plugins.store_bench import StoreClass, digest_of
from devnet.plugins.store_parts import store_digest

PAIRS_IN_BATCH = 24
VALUE_BYTES = 1000
BATCHES_KEPT = 3
MOST_BATCHES = 20_000
CHILD_LIMIT_S = 60.0
TIP = b"mtip"

CHILD = """
import json, sys
order = json.loads(sys.argv[1])
sys.path[:] = order["sys_path"]
from devnet.plugins.store_crash import write_until_killed
write_until_killed(order)
"""


class ChildFailed(Exception):
    """The process that writes ended by itself. The text is its last word."""


def survives_kill(store_class: StoreClass, path: Path, n_batches: int) -> str:
    """
    Kill a writing process once it has acknowledged so many batches, and look.

    Returns:
        "" when all is there, else a sentence that says what is lost or torn.
    """
    try:
        n_acknowledged = _write_and_kill(store_class, path, n_batches)
    except ChildFailed as error:
        return f"the writing process failed: {error}"
    store = store_class(path)
    try:
        tip = store.get(TIP)
        n_found = 0 if tip is None else int.from_bytes(tip, "big")
        found = store_digest(store)
    finally:
        store.close()
    if n_found < n_acknowledged:
        return (
            f"killed after batch {n_acknowledged} was acknowledged,"
            f" only {n_found} batches are there"
        )
    if found != digest_of(content_after(n_found)):
        return f"killed in or after batch {n_found}, the content is torn"
    return ""


def content_after(n_batches: int) -> dict[bytes, bytes]:
    """What a store holds after the first batches: the newest of them, and the tip."""
    content = {TIP: n_batches.to_bytes(8, "big")} if n_batches else {}
    for number in range(max(1, n_batches - BATCHES_KEPT + 1), n_batches + 1):
        content |= _pairs_of(number)
    return content


def write_until_killed(order: dict[str, Any]) -> None:
    """The life of the process that is killed."""
    store = _load(order)(Path(order["path"]))
    for number in range(1, MOST_BATCHES):
        with store.batch() as batch:
            for key, value in _pairs_of(number).items():
                batch.put(key, value)
            for key in _pairs_of(number - BATCHES_KEPT):
                batch.delete(key)
            batch.put(TIP, number.to_bytes(8, "big"))
        print(number, flush=True)


def _write_and_kill(store_class: StoreClass, path: Path, n_batches: int) -> int:
    """The number of the last batch that was acknowledged before the end."""
    order = {
        "sys_path": sys.path,
        "file": inspect.getsourcefile(store_class),
        "module": store_class.__module__,
        "name": store_class.__qualname__,
        "path": os.fspath(path),
    }
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, json.dumps(order)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None and child.stderr is not None
        watch = Timer(CHILD_LIMIT_S, child.kill)
        watch.start()
        try:
            for line in child.stdout:
                if int(line) >= n_batches:
                    break
            else:
                words = child.stderr.read().strip().splitlines()
                raise ChildFailed(words[-1] if words else "no reason given")
        finally:
            watch.cancel()
            child.kill()
        # What it still said between our decision and its death counts as well.
        return max([int(line), *(int(later) for later in child.stdout)])


def _pairs_of(number: int) -> dict[bytes, bytes]:
    if number < 1:
        return {}
    stem = b"b" + number.to_bytes(8, "big")
    return {
        stem + bytes([index]): bytes([number % 256, index]) * (VALUE_BYTES // 2)
        for index in range(PAIRS_IN_BATCH)
    }


def _load(order: dict[str, Any]) -> StoreClass:
    """The class by its module, or else by the file in which it stands."""
    try:
        if order["module"] == "__main__":
            raise ImportError("the main module of another process")
        module = importlib.import_module(order["module"])
    except ImportError:
        spec = importlib.util.spec_from_file_location("store_plugin", order["file"])
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    found: Any = module
    for part in order["name"].split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]
