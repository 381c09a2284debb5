"""The fault lab: each scenario that ships runs to its end, and asserts what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devnet.commands.grammar import logical_lines
from devnet.commands.verbs.world import read_script
from devnet.engine.actors.scenariokinds import KINDS, SCENARIOS
from tests.commands.sessions import make_session

FOLDER = Path(__file__).parent.parent / "fixtures" / "scenarios"
SCRIPTS = sorted(FOLDER.glob("*.dn"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_scenario_shows_what_it_says_and_leaves_its_world_going_on(script: Path):
    session = make_session()
    task = session.begin_lines(logical_lines(read_script(str(script))))

    session.run(task)

    failed = [one.error for one in task.outcomes if one.error is not None]
    assert not failed, f"{failed[0].code}: {failed[0].message}"
    assert session.execute("mine 1").ok, "its world is wedged"
    session.close()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_scenario_is_named_after_its_fault_and_says_what_holds(script: Path):
    kind, text = KINDS[script.stem], script.read_text(encoding="utf-8")

    assert f"fault {kind.name}" in text
    assert f"devnet run fixtures/scenarios/{script.name}" in text
    named = re.findall(r"\b(?:I10|I[1-9]|S4)\b", text)
    assert set(kind.holds) | set(kind.breaks) <= set(named)
    if kind.breaks:
        assert "meant to break" in text


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_scenario_asserts_what_is_seen_and_what_holds(script: Path):
    kind, lines = KINDS[script.stem], logical_lines(read_script(str(script)))
    text = "\n".join(line for _, line in lines)

    assert re.search(r"(?:expect|wait) fault\.f1\.seen ~ \S", text)
    books = r"(?:expect|wait) fed\.\w+\.(?:backed|alarms)"
    finality = r"(?:expect|wait) \w+\.final|fault\.f1\.seen ~ .*\bI6\b"
    assert re.search(f"{books}|{finality}", text)
    for broken in kind.breaks if kind.target != "lesson" else ():
        assert f"alarms ~ {broken}" in text


@pytest.mark.parametrize("kind", SCENARIOS, ids=lambda kind: kind.name)
def test_every_kind_of_the_lab_ships_as_a_script(kind):
    assert (FOLDER / f"{kind.name}.dn").is_file()
