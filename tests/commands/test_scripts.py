"""The shipped scripts, and what a script prints wherever it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devnet.commands.grammar import logical_lines
from devnet.commands.recording import load_recording
from devnet.commands.replaying import replay
from devnet.commands.session import Session
from devnet.commands.verbs.world import read_script
from tests.commands.sessions import CountingWorks, make_session

SCRIPTS = sorted((Path(__file__).parents[2] / "fixtures" / "scripts").glob("*.dn"))


def run(session: Session, lines: list[str]) -> list[str]:
    """The JSON lines of a script."""
    task = session.begin_lines(logical_lines(lines))
    session.run(task)
    return [json.dumps(one.as_dict(), sort_keys=True) for one in task.outcomes]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_shipped_script_runs_to_its_end_and_replays(script, tmp_path):
    lines = read_script(str(script))
    session = make_session()

    said = run(session, lines)

    assert json.loads(said[-1])["ok"], said[-1]
    recording = tmp_path / "x.jsonl"
    assert session.execute(f"save recording {recording}").ok
    again = make_session(CountingWorks())
    verdict = replay(load_recording(str(recording)), again)
    assert verdict.same, verdict.difference
    assert run(make_session(), lines) == said
    session.close()
    again.close()


def test_small_slices_give_the_same_world_as_one_long_run():
    lines = ["d = lock alice 250 BTM alpha", "mine 2", "wait $d.stage == claimed"]
    headless, attached = make_session(), make_session(CountingWorks())
    for line in lines:
        assert headless.execute(line).ok

    for line in lines:
        task = attached.begin(line)
        while not task.done:
            if attached.advance(attached.now_ms + 37, lambda: False) == "work":
                attached.host.works.wait(1.0)

    assert attached.now_ms == headless.now_ms
    assert attached.network.digest() == headless.network.digest()
    assert attached.network.events == headless.network.events


SCRIPT = """\
start --seed 9
d = lock alice 5 GOLD beta
wait $d.stage == claimed

refuses claim.replayed claim $d   # this is line 5
show; show alpha
show transfers; show accounts
save recording x.jsonl
"""


def test_two_processes_print_the_same_bytes_whatever_folder_and_environment(tmp_path):
    """Two real runs, real proofs of work included, as users have them."""
    script = tmp_path / "x.dn"
    script.write_text(SCRIPT)

    def started(folder: str, hash_seed: str) -> subprocess.Popen[bytes]:
        (tmp_path / folder).mkdir()
        return subprocess.Popen(
            [sys.executable, "-m", "devnet", "run", str(script), "--json"],
            cwd=tmp_path / folder,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": f"UTC+{hash_seed}",
                 "LC_ALL": "C", "COLUMNS": hash_seed * 2},
            stdout=subprocess.PIPE,
        )  # fmt: skip

    runs = [started("one", "1"), started("two", "7")]
    (one, _), (two, _) = (run.communicate(timeout=300) for run in runs)

    assert [run.returncode for run in runs] == [0, 0]
    assert one == two
    recordings = [tmp_path / name / "x.jsonl" for name in ("one", "two")]
    assert recordings[0].read_bytes() == recordings[1].read_bytes()
    rows = [json.loads(line) for line in one.splitlines()]
    assert [row["line"] for row in rows] == [1, 2, 3, 5, 6, 6, 7, 7, 8]
    assert all(row["ok"] and row["v"] == 1 for row in rows)
    again = "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows)
    assert one.decode() == again
    assert [row["seq"][0] for row in rows[1:]] == [row["seq"][1] for row in rows[:-1]]
