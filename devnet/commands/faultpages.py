"""The faults as pages: all of them in groups, or one at length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import fill
from typing import TYPE_CHECKING, Any

from devnet.engine.audit import INVARIANTS

if TYPE_CHECKING:
    from devnet.engine.actors.faultkinds import FaultKind

WIDTH = 80
INDENT = 4
ALONE = ("federation", "mainchain", "lesson")
"""Targets that need not be named."""
HEADINGS = {
    "network": "Of a network: fault NAME main, or alpha",
    "validator": "Of a validator: fault NAME alpha.v2",
    "sidechain": "Of a sidechain and its peg: fault NAME alpha",
    "federation": "Of the federation: fault NAME",
    "mainchain": "Of the mainchain: fault NAME",
    "lesson": "Lessons, told at once: fault NAME",
}
PLACES = {"network": "alpha", "validator": "alpha.v2", "sidechain": "alpha"}
SAYS = {one.id: f"{one.name}: {one.says}" for one in INVARIANTS} | {
    "S4": "writing: what was acknowledged is there after a crash, whole or not at all"
}


def outcome(holds: Sequence[str], breaks: Sequence[str]) -> str:
    """Which invariants hold and which break, in a few words."""
    words = [f"holds: {' '.join(holds)}"] if holds else []
    words += [f"breaks, on purpose: {' '.join(breaks)}"] if breaks else []
    return "; ".join(words)


def facts(kind: FaultKind, why: str, scenario: bool) -> dict[str, Any]:
    """A kind for JSON."""
    return {
        "name": kind.name, "target": kind.target, "does": kind.does,
        "sees": kind.sees, "unit": kind.unit, "default": kind.default,
        "low": kind.low, "high": kind.high, "holds": list(kind.holds),
        "breaks": list(kind.breaks), "why": why, "scenario": scenario,
        "example": example(kind),
    }  # fmt: skip


def example(kind: FaultKind) -> str:
    """A line that begins it."""
    return f"fault {kind.name} {PLACES.get(kind.target, '')}".rstrip()


def all_lines(
    kinds: Sequence[FaultKind], at_work: Sequence[dict[str, Any]], n_scenarios: int
) -> Iterator[str]:
    """Every kind in its group, within 80 columns."""
    now = [f"{one['fault']}: {one['name']} on {one['target']}" for one in at_work]
    yield fill("at work: " + ("; ".join(now) or "nothing"), WIDTH)
    counts = f"{n_scenarios} scenarios and {len(kinds) - n_scenarios} simple faults"
    yield f"{counts}; fault list NAME says more"
    for target, group in groupby(kinds, key=lambda one: one.target):
        yield ""
        yield HEADINGS[target]
        for kind in group:
            yield from _short(kind)


def _short(kind: FaultKind) -> Iterator[str]:
    unit = f" ({kind.default} {kind.unit})" if kind.unit else ""
    yield _indented(f"{kind.name}{unit}: {kind.does}", 2)
    yield _indented(f"sees: {kind.sees}", INDENT)
    yield _indented(outcome(kind.holds, kind.breaks), INDENT)


def _indented(text: str, by: int) -> str:
    return fill(
        text, WIDTH, initial_indent=" " * by, subsequent_indent=" " * INDENT,
        break_on_hyphens=False,
    )  # fmt: skip


def one_page(kind: FaultKind, why: str, scenario: bool) -> Iterator[str]:
    """One kind at length: what, why, what to look for, how it begins and ends."""
    yield f"{kind.name}  ({HEADINGS[kind.target].partition(':')[0].lower()})"
    rows = [("does", kind.does), ("see", kind.sees), ("why", why)]
    rows += [("holds", f"{one} {SAYS.get(one, '')}") for one in kind.holds]
    rows += [("breaks", f"{one} {SAYS.get(one, '')}") for one in kind.breaks]
    if kind.unit:
        span = f"{kind.low} to {kind.high} {kind.unit}, {kind.default} by default"
        rows.append(("value", f"--value, {span}"))
    rows.append(("begin", example(kind)))
    if kind.target != "lesson":
        rows.append(("end", "mend f1, by its own id; or --for 20s, --for 6blocks"))
    rows.append(("ask", "expect fault.f1.seen ~ WORDS; what is seen is told as events"))
    if scenario:
        rows.append(("script", f"devnet run fixtures/scenarios/{kind.name}.dn"))
    for label, text in rows:
        if text:
            first = f"  {label:<8}"
            yield fill(
                text, WIDTH, initial_indent=first, subsequent_indent=" " * len(first),
                break_on_hyphens=False,
            )  # fmt: skip
