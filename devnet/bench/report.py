"""`devnet bench [NAME...] [--json]`: measure, print one line per subject, judge."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from statistics import median
from typing import Any, TextIO

from devnet.bench import (
    calling,
    comparing,
    fixture,
    growing,
    hashing,
    payments,
    reference,
    replaying,
    sharing,
    startup,
    storing,
    throughput,
    voting,
    worlds,
)
from devnet.bench.facts import machine_facts
from devnet.bench.measure import (
    MEMORY,
    N_PAIRS,
    BenchUnable,
    Measured,
    Subject,
    measure,
)
from devnet.engine.errors import BadValue, DevnetError

ROOMS = (
    hashing, reference, payments, sharing, throughput, startup, replaying, growing,
    storing, worlds, voting, comparing, calling,
    fixture,
)  # fmt: skip


def _page_order(subject: Subject) -> tuple[bool, int]:
    """T1 to T16 as the performance page has them, then those with a word as name."""
    number = subject.name.removeprefix("T")
    return not number.isdecimal(), int(number) if number.isdecimal() else 0


SUBJECTS: dict[str, Subject] = {
    subject.name: subject
    for subject in sorted((s for room in ROOMS for s in room.SUBJECTS), key=_page_order)
}
"""Named as the targets of the performance page, or by a word."""

MISSED, WRONG_CALL = 1, 2
TOLD = (
    "bound_by",
    "rows",
    "skipped",
    "us_at_height",
    "bytes_per_block",
    "bytes_per_main_block",
    "cpu_ms_per_main_block",
)
"""Facts of single subjects that people want to see, too."""


def main(argv: Sequence[str] | None = None) -> int:
    """
    The command.

    Returns:
        0 when every target was met, 1 when one was missed in three runs of three or an
        answer was wrong, 2 when the call cannot be understood.
    """
    parser = argparse.ArgumentParser(
        prog="devnet bench",
        description="Measure this devnet in ratios to yardsticks of the same run.",
        epilog="example: devnet bench T1 T4 --json",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SUBJECTS))
    parser.add_argument("--json", action="store_true", help="one object per subject")
    parser.add_argument(
        "--pairs",
        type=int,
        default=N_PAIRS,
        help=f"pairs per ratio, {N_PAIRS} if unset",
    )
    options = parser.parse_args(argv)
    try:
        return run_bench(options.names, options.json, n_pairs=options.pairs)
    except BadValue as error:
        print(f"devnet bench: {error.message}\n  {error.hint}", file=sys.stderr)
        return WRONG_CALL
    except DevnetError as error:
        print(f"devnet bench: {error.message}\n  {error.hint}", file=sys.stderr)
        return MISSED


def run_bench(
    names: Sequence[str] = (),
    as_json: bool = False,
    *,
    n_pairs: int = N_PAIRS,
    out: TextIO | None = None,
) -> int:
    """
    Measure the subjects named, or all of them, and print each as soon as it is there.

    Returns:
        0 when every target was met that could be measured, else 1.

    Raises:
        BadValue: there is no such subject, or no such number of pairs.
        BenchWrong: something measured gave a wrong answer.
    """
    chosen = choose(names)
    if n_pairs < 1:
        raise BadValue(f"{n_pairs} pairs cannot be measured", hint="give at least 1")
    out = out or sys.stdout
    facts = machine_facts()
    if not as_json:
        print(
            "\n".join(f"{name:>20}  {fact}" for name, fact in facts.items()), file=out
        )
        print(file=out, flush=True)
    missed = 0
    for subject in chosen:
        try:
            measured, n_runs = measure(subject, n_pairs)
            values = as_values(subject, measured, n_runs)
        except BenchUnable as error:
            values = as_nothing(subject, error)
        missed += values["met"] is False
        line = json.dumps({**values, "facts": facts}) if as_json else as_line(values)
        print(line, file=out, flush=True)
    return MISSED if missed else 0


def choose(names: Sequence[str]) -> list[Subject]:
    """The subjects of these names, in the order of the page. Raises BadValue."""
    known = {name.casefold(): name for name in SUBJECTS}
    wanted = {known.get(name.casefold(), name) for name in names}
    if unknown := sorted(wanted - set(SUBJECTS)):
        raise BadValue(
            f"there is no benchmark {', '.join(unknown)}",
            hint=f"there are {', '.join(SUBJECTS)}",
        )
    return [s for s in SUBJECTS.values() if not wanted or s.name in wanted]


def as_values(subject: Subject, measured: Measured, n_runs: int) -> dict[str, Any]:
    """What was measured, as plain values."""
    ratios = measured.pairs.ratios
    return {
        "name": subject.name,
        "what": subject.what,
        "yardstick": subject.yardstick,
        "ratio": round(measured.ratio, 6),
        "smallest": round(min(ratios), 6),
        "largest": round(max(ratios), 6),
        "n_pairs": len(ratios),
        "n_runs": n_runs,
        "target": measured.target.bound,
        "bound": "at least" if measured.target.at_least else "at most",
        "met": measured.met,
        "clock": measured.clock,
        **_sizes(measured),
        **measured.facts,
    }


def _sizes(measured: Measured) -> dict[str, float]:
    """Subject and yardstick themselves: milliseconds, or MiB of memory."""
    unit, scale = ("mib", 1) if measured.clock == MEMORY else ("ms", 1000)
    return {
        f"subject_{unit}": round(scale * median(measured.pairs.subject_s), 7),
        f"yardstick_{unit}": round(scale * median(measured.pairs.yardstick_s), 7),
    }


def as_nothing(subject: Subject, error: BenchUnable) -> dict[str, Any]:
    """A subject that cannot be measured here, with the reason."""
    return {
        "name": subject.name,
        "what": subject.what,
        "yardstick": subject.yardstick,
        "ratio": None,
        "target": None,
        "met": None,
        "why": error.message,
    }


def as_line(values: dict[str, Any]) -> str:
    """One subject for people."""
    head = f"{values['name']:>6}  {values['what']} / {values['yardstick']}"
    if values["ratio"] is None:
        return f"{head}\n        not measured: {values['why']}"
    verdict = "met" if values["met"] else f"MISSED in {values['n_runs']} runs"
    spread = f"[{values['smallest']:.4g} - {values['largest']:.4g}]"
    unit = "mib" if values["clock"] == MEMORY else "ms"
    sizes = f"{values[f'subject_{unit}']:.3g} / {values[f'yardstick_{unit}']:.3g}"
    lines = [
        head,
        f"        {values['ratio']:.4g}  {spread} in {values['n_pairs']} pairs, "
        f"target {values['bound']} {values['target']:g}: {verdict}; "
        f"{sizes} {'MiB' if unit == 'mib' else 'ms ' + values['clock']}",
    ]
    for name in TOLD:
        told = values.get(name)
        if isinstance(told, list) and told and isinstance(told[0], dict):
            lines += [f"        {_as_text(row)}" for row in told]
        elif told:
            lines.append(f"        {name}: {told}")
    return "\n".join(lines)


def _as_text(row: dict[str, Any]) -> str:
    """One row of a table: its values by name, shares as percentages."""
    parts = []
    for name, value in row.items():
        if isinstance(value, dict):
            parts.append(", ".join(f"{key} {part:.0%}" for key, part in value.items()))
        else:
            parts.append(f"{value}" if isinstance(value, str) else f"{name} {value}")
    return "; ".join(parts)
