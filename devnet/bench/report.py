"""`devnet bench [NAME...] [--json]`: measure, print one line per subject, judge."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from statistics import median
from typing import Any, TextIO

from devnet.bench.facts import machine_facts
from devnet.bench.hashing import SUBJECTS as HASHING
from devnet.bench.measure import N_PAIRS, BenchUnable, Measured, Subject, measure
from devnet.bench.startup import SUBJECTS as STARTUP
from devnet.engine.errors import BadValue, DevnetError

SUBJECTS: dict[str, Subject] = {
    subject.name: subject for subject in (*HASHING, *STARTUP)
}
"""Named as the targets of the performance page."""

MISSED, WRONG_CALL = 1, 2


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
        print(f"{error.message}. {error.hint}", file=sys.stderr)
        return WRONG_CALL
    except DevnetError as error:
        print(f"{error.message}. {error.hint}", file=sys.stderr)
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
    wanted = {name.upper() for name in names}
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
        "subject_ms": round(1000 * median(measured.pairs.subject_s), 4),
        "yardstick_ms": round(1000 * median(measured.pairs.yardstick_s), 4),
        **measured.facts,
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
    head = f"{values['name']:>4}  {values['what']} / {values['yardstick']}"
    if values["ratio"] is None:
        return f"{head}\n      not measured: {values['why']}"
    verdict = "met" if values["met"] else f"MISSED in {values['n_runs']} runs"
    spread = f"[{values['smallest']:.4g} - {values['largest']:.4g}]"
    times = f"{values['subject_ms']:.3g} / {values['yardstick_ms']:.3g} ms"
    return (
        f"{head}\n"
        f"      {values['ratio']:.4g}  {spread} in {values['n_pairs']} pairs, "
        f"target {values['bound']} {values['target']:g}: {verdict}; "
        f"{times} {values['clock']}"
    )
