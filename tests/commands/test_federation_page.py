"""The page on the federation can be followed as it stands."""

from __future__ import annotations

import re
from pathlib import Path

from devnet.commands.grammar import logical_lines
from tests.commands.sessions import make_session

PAGE = (Path(__file__).parents[2] / "docs" / "federation.md").read_text()
LINES = "".join(re.findall(r"```devnet\n(.*?)```", PAGE, re.DOTALL))


def test_every_command_of_the_page_does_what_it_says():
    session = make_session()
    task = session.begin_lines(logical_lines(LINES.splitlines()))

    session.run(task)

    wrong = [one.error for one in task.outcomes if one.error is not None]
    assert not wrong, f"{wrong[0].code}: {wrong[0].message}"
    assert len(task.outcomes) > 15
    assert session.execute("expect fed.alpha.alarms == []").ok
    session.close()
