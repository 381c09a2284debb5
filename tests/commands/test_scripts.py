"""The shipped scripts, and what a script prints wherever it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devnet.commands.grammar import logical_lines
from devnet.commands.launch import make_host
from devnet.commands.options import WorldOptions, parse_sidechains
from devnet.commands.recording import load_recording
from devnet.commands.replaying import replay
from devnet.commands.session import Session
from devnet.commands.verbs.world import read_script
from devnet.engine.interfaces import WorkSource
from devnet.worker import HashPool
from tests.commands.sessions import CountingWorks, make_session

SCRIPTS = sorted((Path(__file__).parents[2] / "fixtures" / "scripts").glob("*.dn"))
(FIRST_DEPOSIT,) = (script for script in SCRIPTS if script.stem == "first-deposit")


@pytest.fixture(scope="module")
def works() -> Iterator[WorkSource]:
    """One pool for all of these tests: nothing is hashed twice."""
    with HashPool() as pool:
        yield pool


def real_session(works: WorkSource, **options: object) -> Session:
    return Session(make_host(works), WorldOptions(**options))  # type: ignore[arg-type]


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


def test_the_first_deposit_runs_and_replays_with_real_proofs_of_work(works, tmp_path):
    session = real_session(works)

    said = run(session, read_script(str(FIRST_DEPOSIT)))

    assert json.loads(said[-1])["ok"], said[-1]
    recording = tmp_path / "x.jsonl"
    assert session.execute(f"save recording {recording}").ok
    verdict = replay(load_recording(str(recording)), real_session(works))
    assert verdict.same, verdict.difference


def test_small_slices_give_the_same_world_as_one_long_run(works):
    options = {"seed": 5, "sidechains": parse_sidechains("alpha:dpos-bbft")}
    lines = ["d = lock alice 250 BTM alpha", "mine 2", "wait $d.stage == claimed"]
    headless, attached = (real_session(works, **options) for _ in range(2))
    for line in lines:
        assert headless.execute(line).ok

    for line in lines:
        task = attached.begin(line)
        while not task.done:
            if attached.advance(attached.now_ms + 37, lambda: False) == "work":
                works.wait(1.0)

    assert attached.now_ms == headless.now_ms
    assert attached.network.digest() == headless.network.digest()
    assert attached.network.events == headless.network.events


def test_two_processes_print_the_same_bytes_whatever_the_folder(tmp_path):
    script = tmp_path / "x.dn"
    script.write_text(
        "start --seed 9\nd = lock alice 5 GOLD beta\nwait $d.stage == claimed\n"
        "show\nshow alpha\nshow transfers\nshow accounts\nsave recording x.jsonl\n"
    )

    def output(folder: str, hash_seed: str) -> tuple[bytes, bytes]:
        (tmp_path / folder).mkdir()
        done = subprocess.run(
            [sys.executable, "-m", "devnet", "run", str(script), "--json"],
            cwd=tmp_path / folder,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": f"UTC+{hash_seed}"},
            capture_output=True,
            timeout=300,
            check=True,
        )
        return done.stdout, (tmp_path / folder / "x.jsonl").read_bytes()

    assert output("one", "1") == output("two", "2")
