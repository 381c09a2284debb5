"""From paths to reports: read files, tell them apart, run their cases."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devnet.conformance.families import recognise
from devnet.conformance.fields import Difference, judge
from devnet.conformance.sections import Family, Opened, Works, plan
from devnet.conformance.works import PooledWorks

PEGIN_FILE = "pegin.json"
MOST_BYTES = 256 * 1024 * 1024

Told = Callable[[str, int, int], None]
"""Hears (file name, cases done, cases in all)."""

Verdict = tuple[str, tuple[str, ...]]
"""Where a case stands, and how it differs; nothing: it passed."""
Converse = Callable[[Mapping[str, Any], PooledWorks], "list[Verdict] | str"]
"""Holds a recorded conversation: verdicts, or why there are none."""


@dataclass(frozen=True, slots=True)
class Report:
    """
    How a file did.

    Args:
        format: the family's name; empty when the content is of none.
        problem: why nothing of the file was run, in one sentence, or empty.
        remarks: what a reader should know although nothing failed by it.
    """

    name: str
    path: str
    format: str
    passed: int
    total: int
    differences: tuple[Difference, ...] = ()
    problem: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Did every case pass, and was there one?"""
        return not self.problem and self.passed == self.total > 0


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file that was read, or the reason why it was not."""

    path: Path
    content: Mapping[str, Any] | None
    problem: str = ""


class BadFile(Exception):
    """A file cannot be read as vectors. The text is one sentence."""


def find_files(paths: Sequence[str]) -> Iterator[Loaded]:
    """Read what the paths name: files as they are, folders with all their .json."""
    for text in paths:
        path = Path(text)
        if not path.is_dir():
            yield load(path)
            continue
        found = sorted(
            Path(folder) / name
            for folder, _, names in os.walk(path, onerror=lambda error: None)
            for name in names
            if name.endswith(".json")
        )
        if not found:
            yield Loaded(path, None, "the folder holds no .json file")
        yield from map(load, found)


def load(path: Path) -> Loaded:
    """Read one file. Whatever is wrong with it becomes its problem."""
    try:
        if path.exists() and not path.is_file():
            raise BadFile("it is not a file")
        if path.stat().st_size > MOST_BYTES:
            raise BadFile(f"it has more than {MOST_BYTES} bytes")
        text = path.read_text("utf-8-sig")
        content = json.loads(
            text, object_pairs_hook=_without_doubles, parse_constant=_no_constant
        )
        if not isinstance(content, dict):
            raise BadFile("it holds no object at the top")
    except OSError as error:
        return Loaded(path, None, (error.strerror or "it cannot be read").lower())
    except UnicodeDecodeError:
        return Loaded(path, None, "it is not text in UTF-8")
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        return Loaded(path, None, f"it is not JSON: {error.msg.lower()} at {where}")
    except (BadFile, ValueError) as error:
        return Loaded(path, None, str(error))
    except RecursionError:
        return Loaded(path, None, "it is nested too deeply")
    return Loaded(path, content)


def run_files(
    files: Sequence[Loaded],
    works: PooledWorks,
    told: Told,
    converse: Converse | None = None,
) -> Iterator[Report]:
    """
    Run them in order, proofs of work being computed ahead.

    Args:
        converse: runs what only a node can; without it that counts as failed.
    """
    families = [
        None if one.content is None else recognise(one.content) for one in files
    ]
    for one, family in zip(files, families, strict=True):
        if family is not None and one.content is not None:
            works.expect(family.wants(one.content))
    others = tuple(one.content for one in files if one.content is not None)
    for one, family in zip(files, families, strict=True):
        if family is not None and family.not_run and converse is not None:
            yield _run_conversation(one, family, works, converse)
        else:
            yield run_file(one, family, works, told, others)


def _run_conversation(
    file: Loaded, family: Family, works: PooledWorks, converse: Converse
) -> Report:
    assert file.content is not None
    name, path = file.path.name or str(file.path), str(file.path)
    try:
        verdicts = converse(file.content, works)
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        verdicts = f"it has another form: {type(error).__name__}"
    if isinstance(verdicts, str):
        total = n_entries(file.content)
        problem = f"not run: {verdicts}"
        return Report(name, path, family.name, 0, total, problem=problem)
    found = tuple(
        Difference(case, "", "as recorded", word)
        for case, words in verdicts
        for word in words
    )
    passed = sum(not words for _, words in verdicts)
    return Report(name, path, family.name, passed, len(verdicts), found)


def run_file(
    file: Loaded, family: Family | None, works: Works, told: Told,
    others: tuple[Mapping[str, Any], ...] = (),
) -> Report:  # fmt: skip
    """Run one file."""
    name, path = file.path.name or str(file.path), str(file.path)
    if file.content is None:
        return Report(name, path, "", 0, 1, problem=f"cannot be read: {file.problem}")
    if family is None:
        problem = "no format that is known here has these sections"
        return Report(name, path, "", 0, n_entries(file.content), problem=problem)
    if family.not_run:
        problem = f"not run: {family.not_run}"
        total = n_entries(file.content)
        return Report(name, path, family.name, 0, total, problem=problem)
    opened = Opened(file.content, works, (*others, *_beside(file.path)))
    cases = plan(family.open(opened), file.content)
    differences: list[Difference] = []
    remarks: list[str] = []
    passed = 0
    for done, (place, value, check) in enumerate(cases):
        told(name, done, len(cases))
        found = judge(value, place, check, remarks)
        passed += not found
        differences += found
    told(name, len(cases), len(cases))
    return Report(
        name, path, family.name, passed, len(cases), tuple(differences),
        "" if cases else "it holds no cases", tuple(remarks),
    )  # fmt: skip


def n_entries(content: Mapping[str, Any]) -> int:
    """Entries of lists of objects, at the top or one level down; 1 at least."""
    lists = [value for value in content.values() if isinstance(value, list)]
    for value in content.values():
        if isinstance(value, dict):
            lists += [inner for inner in value.values() if isinstance(inner, list)]
    n_found = sum(isinstance(entry, dict) for one in lists for entry in one)
    return max(1, n_found)


def _beside(path: Path) -> tuple[Mapping[str, Any], ...]:
    """The file that claims refer to, when it lies beside them."""
    beside = path.parent / PEGIN_FILE
    if beside == path or not beside.is_file():
        return ()
    content = load(beside).content
    return () if content is None else (content,)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names differ: of two values for one, which would be checked?"""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise BadFile(f"the name {double[:40]!r} stands twice in one object")
    return found


def _no_constant(text: str) -> None:
    raise BadFile(f"{text} is no number of JSON")
