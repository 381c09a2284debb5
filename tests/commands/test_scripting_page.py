"""The page on scripting speaks of every verb, and its examples are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devnet.commands import errors
from devnet.commands.options import read_config
from devnet.commands.verbs import all_commands
from tests.commands.sessions import make_session

PAGE = (Path(__file__).parents[2] / "docs" / "scripting.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("verb", [one.verb for one in all_commands()])
def test_every_verb_is_on_the_page(verb):
    assert f"`{verb}`" in PAGE


def test_the_first_example_runs():
    session = make_session()
    task = session.begin_lines(enumerate(BLOCKS[0][1].splitlines(), 1))

    session.run(task)

    assert [one.ok for one in task.outcomes] == [True] * 5


def test_the_configuration_file_can_be_read(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(next(text for kind, text in BLOCKS if kind == "toml"))

    found = read_config(str(path))

    assert found.world.sidechains is not None
    assert found.world.sidechains[0].params == {"interval_ms": 500}


def test_every_exit_status_is_on_the_page():
    text = PAGE.split("## Exit status")[1].split("##")[0]
    known = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}

    assert known <= {int(one) for one in re.findall(r"\b\d+\b", text)}
