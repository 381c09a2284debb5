"""`devnet plugins` and `devnet check-plugin`: what is there, and does it keep rules?"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devnet.commands.errors import EXIT_DONE, EXIT_MISSED, EXIT_USAGE
from devnet.commands.plugin_rows import WORDS, plugin_rows, plugin_text
from devnet.engine.errors import DevnetError

if TYPE_CHECKING:
    from devnet.plugins.checking import Subject


def add_plugins(files: Iterable[str]) -> None:
    """Make known what stands in the files of `--plugin`. Raises PluginError."""
    from devnet.plugins import register_file

    for file in files:
        register_file(Path(file))


def print_plugins(*, as_json: bool = False) -> int:
    """`devnet plugins`: every engine and store, usable or not."""
    rows = plugin_rows()
    print(
        json.dumps({"plugins": rows}, sort_keys=True) if as_json else plugin_text(rows)
    )
    return EXIT_DONE


def run_check_plugin(name_or_file: str, *, as_json: bool = False) -> int:
    """
    `devnet check-plugin`: run the suite of each plug-in of this name or file.

    Returns:
        0 when all rules hold, 1 when one is broken, 2 when there is nothing to judge.
    """
    from devnet.plugins.checking import subjects

    try:
        reports = [_judged(one, as_json) for one in subjects(name_or_file)]
    except DevnetError as error:
        sys.stderr.write(f"devnet check-plugin: {error.message}\n  {error.hint}\n")
        return EXIT_USAGE
    if as_json:
        print(json.dumps({"checked": reports}, sort_keys=True))
    held = all(report["passed"] == report["total"] for report in reports)
    return EXIT_DONE if held else EXIT_MISSED


def _judged(one: Subject, quiet: bool) -> dict[str, Any]:
    """One plug-in, told line by line unless `quiet`."""
    rules: list[dict[str, Any]] = []
    for verdict in one.verdicts():
        rules.append(
            {
                "rule": verdict.rule,
                "title": verdict.title,
                "passed": verdict.passed,
                "reason": verdict.reason,
            }
        )
        if not quiet:
            word = "ok    " if verdict.passed else "BROKEN"
            print(f"{verdict.rule:4} {word}  {verdict.title}", flush=True)
            if not verdict.passed:
                print(f"{'':13}{verdict.reason}", flush=True)
    n_passed = sum(rule["passed"] for rule in rules)
    if not quiet:
        print(f"{one.name} {n_passed}/{len(rules)}")
    return {
        "kind": WORDS[one.kind],
        "name": one.name,
        "origin": one.origin,
        "passed": n_passed,
        "total": len(rules),
        "rules": rules,
    }
