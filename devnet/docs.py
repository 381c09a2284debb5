"""
Writes the pages of docs/ that list what the code defines: errors, events, commands,
faults.

    python -m devnet.docs [FOLDER]

A test compares the pages with what this module would write, so a new error, event or
verb without words, or a page that was forgotten, is found.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import fields
from itertools import groupby
from pathlib import Path

import devnet
from devnet.commands.registry import Command, all_commands
from devnet.engine.actors.faultkinds import FaultKind
from devnet.engine.actors.scenariokinds import KINDS
from devnet.engine.errors import DevnetError
from devnet.engine.events import EVENT_KINDS, Event
from devnet.plugins.extras import MissingPackage
from devnet.subcommands import build_parser

FOLDER = Path(__file__).resolve().parent.parent / "docs"
ORIGIN = "*Written by `python -m devnet.docs` from the code; edit the code instead.*"


def pages() -> dict[str, str]:
    """The text of each page by the name of its file."""
    load_everything()
    return {
        "errors.md": errors_page(known_errors()),
        "events.md": events_page(EVENT_KINDS.values()),
        "commands.md": commands_page(all_commands(), build_parser()),
        "faults.md": faults_page(KINDS.values()),
    }


def load_everything() -> None:
    """Import every module of the product: an error is known once it is defined."""
    for found in pkgutil.walk_packages(devnet.__path__, "devnet."):
        # A module that runs when it is imported defines nothing, and one without its
        # package no error of its own.
        if not found.name.endswith("__main__"):
            with suppress(MissingPackage):
                importlib.import_module(found.name)


def known_errors() -> list[type[DevnetError]]:
    """The errors of the product, by code. Plug-ins and tests may have their own."""
    found = DevnetError.by_code.values()
    ours = [error for error in found if error.__module__.startswith("devnet.")]
    return sorted(ours, key=lambda error: error.code)


def errors_page(errors: Iterable[type[DevnetError]]) -> str:
    """A table per first part of the code."""
    lines = [
        "# Errors",
        "",
        ORIGIN,
        "",
        "Every refusal has a code that scripts and tests can rely on, a sentence with "
        "the values that broke the rule, and often a hint. `refuses CODE CALL` in a "
        "script demands that a call is refused with this code.",
    ]
    for stem, group in groupby(errors, key=lambda error: error.code.split(".")[0]):
        lines += [
            "",
            f"## {stem}",
            "",
            "| Code | Means | Hint |",
            "| --- | --- | --- |",
        ]
        for error in group:
            row = (f"`{error.code}`", meaning(error), cell(error.default_hint))
            lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def events_page(kinds: Iterable[type[Event]]) -> str:
    """A heading, the meaning and the fields of each event."""
    lines = [
        "# Events",
        "",
        ORIGIN,
        "",
        "What happens is told in one ordered stream; screens, logs and recordings know "
        "nothing else. Every event has `seq`, which counts without gaps, and `at_ms`, "
        "virtual time in milliseconds. A chain is `main` or the name of a sidechain; "
        "hashes are 64 hex digits; amounts count the smallest unit of their asset. A "
        "recording has one JSON object a line, with the event's name as `kind`.",
    ]
    for kind in sorted(kinds, key=lambda kind: kind.__name__):
        own = [
            f"`{field.name}` {field.type}"
            for field in fields(kind)
            if field.name not in ("seq", "at_ms")
        ]
        lines += ["", f"## {kind.__name__}", "", inspect.getdoc(kind) or ""]
        lines += ["", "Fields: " + ", ".join(own) + "."] if own else []
    return "\n".join(lines) + "\n"


def commands_page(commands: Iterable[Command], parser: argparse.ArgumentParser) -> str:
    """The verbs under their headings, then the subcommands of `devnet`."""
    lines = [
        "# Commands",
        "",
        ORIGIN,
        "",
        "The same verbs work in a script (`devnet run FILE`), at the prompt (`devnet "
        "repl`) and after `:` on the screen. How a line is written: "
        "[scripting.md](scripting.md).",
    ]
    by_group = sorted(commands, key=lambda one: (one.group, one.verb))
    for group, verbs in groupby(by_group, key=lambda one: one.group):
        lines += ["", f"## {group.capitalize()}"]
        for one in verbs:
            lines += ["", f"### {one.verb}", "", "```", one.signature, "```", ""]
            lines += [one.summary] + (["", one.details] if one.details else [])
            lines += ["", f"Example: `{one.example}`"]
    lines += ["", "## Subcommands of `devnet`", ""]
    lines += ["| Subcommand | Does |", "| --- | --- |"]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub in action._choices_actions:
                lines.append(f"| `devnet {sub.dest}` | {cell(sub.help or '')} |")
    return "\n".join(lines) + "\n"


HEADINGS = {
    "network": "Of a network",
    "validator": "Of a validator",
    "sidechain": "Of a sidechain and its peg",
    "federation": "Of the federation",
    "mainchain": "Of the mainchain",
    "lesson": "Lessons, told at once",
}


def faults_page(kinds: Iterable[FaultKind]) -> str:
    """What can be broken on purpose, by what it is about, and what holds through it."""
    lines = [
        "# Faults",
        "",
        ORIGIN,
        "",
        "`fault NAME TARGET [--value N] [--for 20s|6blocks]` breaks something on "
        "purpose, `mend ID` or `mend all` ends it, `fault list` shows what is at work. "
        "A target is a chain (`alpha`, or `main` for a network) or one validator "
        "(`alpha.v2`); what is about the mainchain needs none. Which message is lost, "
        "and how long one waits, is drawn from the seed: the same commands have the "
        "same bad luck again. `partition` and `heal` cut a network and join it.",
        "",
        "What is seen of a fault is told as `FaultSeen`, and a script can ask for it: "
        "`expect fault.f1.seen ~ C8`. A fault that ships as a script, which asserts "
        "what stands here, is a scenario: `devnet run fixtures/scenarios/NAME.dn`. "
        "Invariants that a fault is meant to break pause the world with an alarm; "
        "`resume` goes on, and the alarm stands.",
    ]
    for target, group in groupby(kinds, key=lambda kind: kind.target):
        lines += ["", f"## {HEADINGS[target]}", ""]
        lines += ["| Fault | Does | One sees | Holds | Value |"]
        lines += ["| --- | --- | --- | --- | --- |"]
        for kind in group:
            value = f"{kind.low} to {kind.high} {kind.unit}, {kind.default} by default"
            holds = " ".join(kind.holds)
            if kind.breaks:
                holds = f"{holds}; *breaks {' '.join(kind.breaks)}*".removeprefix("; ")
            row = (f"`{kind.name}`", cell(kind.does), cell(kind.sees), holds,
                   value if kind.unit else "")  # fmt: skip
            lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def meaning(error: type[DevnetError]) -> str:
    """The first paragraph of an error's own words, in one line."""
    words = inspect.cleandoc(error.__dict__.get("__doc__") or "")
    return cell(words.split("\n\n")[0])


def cell(text: str) -> str:
    """Text that stays in its cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def main(arguments: Sequence[str]) -> int:
    """Write the pages."""
    folder = Path(arguments[0]) if arguments else FOLDER
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
        print(folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
