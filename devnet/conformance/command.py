"""`devnet conformance`: what is printed, and the exit status."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence

from devnet.conformance.fields import Difference
from devnet.conformance.runner import Converse, Report, find_files, run_files
from devnet.conformance.works import PooledWorks, hash_pool
from devnet.engine.interfaces import WorkSource

EXIT_GOOD, EXIT_MISS = 0, 1
N_SHOWN = 3
SHOWN_CHARS = 150
BAR_CHARS = 24


def run_conformance(
    paths: Sequence[str],
    *,
    as_json: bool = False,
    start: Callable[[], WorkSource] = hash_pool,
    converse: Converse | None = None,
) -> int:
    """
    Run vector files and print a line for each: NAME passed/total.

    Args:
        paths: files, or folders whose .json files are meant.
        as_json: one object for each file, with all of its differences.
        start: where proofs of work come from.
        converse: holds conversations that were recorded with a node.

    Returns:
        0 when every case of every file passed, else 1.
    """
    files = list(find_files(paths))
    n_good = n_done = 0
    with PooledWorks(start) as works:
        for report in run_files(files, works, _bar, converse):
            _clear_bar()
            n_done += 1
            n_good += report.is_good
            print(_as_json(report) if as_json else _as_text(report), flush=True)
    if n_done > 1:
        sys.stderr.write(f"{n_good} of {n_done} files passed whole\n")
    return EXIT_GOOD if n_good == n_done > 0 else EXIT_MISS


def _as_json(report: Report) -> str:
    return json.dumps(
        {
            "v": 1,
            "ok": report.is_good,
            "name": report.name,
            "path": report.path,
            "format": report.format,
            "passed": report.passed,
            "total": report.total,
            "problem": report.problem,
            "remarks": list(report.remarks),
            "differences": [
                {
                    "case": one.case, "what": one.what,
                    "expected": one.expected, "got": one.got,
                }
                for one in report.differences
            ],
        },
        sort_keys=True,
    )  # fmt: skip


def _as_text(report: Report) -> str:
    lines = [f"{report.name} {report.passed}/{report.total}"]
    if report.problem:
        lines.append(f"  {report.problem}")
    for one in report.differences[:N_SHOWN]:
        lines += _told(one)
    n_more = len(report.differences) - N_SHOWN
    if n_more > 0:
        lines.append(f"  and {n_more} more difference{'s' if n_more > 1 else ''}")
    lines += [f"  note: {remark}" for remark in report.remarks]
    return "\n".join(lines)


def _told(one: Difference) -> list[str]:
    """Where, then both sides one below the other, cut around where they part."""
    expected, got = _shown(one.expected), _shown(one.got)
    start = _start_of_cut(expected, got)
    return [
        f"  {one.case}{': ' if one.what else ''}{one.what}",
        f"    expected {_cut(expected, start)}",
        f"    got      {_cut(got, start)}",
    ]


def _shown(value: object) -> str:
    """One line, without letters that a terminal would obey."""
    text = value if isinstance(value, str) else json.dumps(value)
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text) or "''"


def _start_of_cut(one: str, two: str) -> int:
    pairs = zip(one, two, strict=False)
    same = next((n for n, (a, b) in enumerate(pairs) if a != b), 0)
    longest = max(len(one), len(two))
    return max(0, same - 20) if longest > SHOWN_CHARS else 0


def _cut(text: str, start: int) -> str:
    """A window of the text; dots where it goes on."""
    piece = text[start : start + SHOWN_CHARS]
    ahead = ".." if start else ""
    behind = ".." if len(text) > start + SHOWN_CHARS else ""
    return f"{ahead}{piece}{behind}"


# Progress, for people only.


def _bar(name: str, done: int, total: int) -> None:
    if not sys.stderr.isatty() or done % max(1, total // 200):
        return
    filled = BAR_CHARS * done // max(1, total)
    bar = "#" * filled + "." * (BAR_CHARS - filled)
    sys.stderr.write(f"\r\x1b[K{name} [{bar}] {done}/{total}")
    sys.stderr.flush()


def _clear_bar() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
