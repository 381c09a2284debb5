"""Vector files for the tests of `devnet conformance`, whole, cut and run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from devnet.conformance.families import recognise
from devnet.conformance.runner import Loaded, Report, run_file
from tests.vectors import FOLDER, vectors

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


class GoodWorks:
    """Meets every target, at once."""

    def work(self, seed: bytes, header_hash: bytes) -> bytes:
        return bytes(32)


def told_nobody(name: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


def judged(content: Any, works: Any = None, name: str = "made-up.json") -> Report:
    """A file with this content, run, with the shipped locks at hand."""
    loaded, others = Loaded(Path(name), content), (vectors("pegin"),)
    family = recognise(content)
    return run_file(loaded, family, works or GoodWorks(), told_nobody, others)


def copy_of(name: str) -> dict[str, Any]:
    """A shipped file that may be changed."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def first(section: str, name: str, n_cases: int = 1) -> dict[str, Any]:
    """A file of the first cases of a section, and what the section needs."""
    whole = copy_of(name)
    cut = {section: whole[section][:n_cases]}
    return {**whole, **cut} if name in ("vm", "spv-block") else cut
