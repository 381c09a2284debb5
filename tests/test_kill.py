"""
A real process with a real folder, killed with SIGKILL while it works, again and again:
the world goes on each time, and nothing that was acknowledged is lost.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from devnet.engine.clock import draw_between

SIDES = "alpha:dpos-bbft:tinydb,beta:poa:sqlite"
LINES = """
lock alice 1 BTM alpha
transfer alice bob 0.5 BTM main
lock bob 1 BTM beta
wait main.height >= 1
show alpha
mine 1
lock carol 2 BTM beta
show beta
transfer bob carol 0.25 BTM main
mine 1
show alpha
"""
N_LINES = 40
"""Answers of a life, from which the moment of its end is drawn."""


def devnet(folder: Path, *words: str, stdin: str = "") -> list[dict[str, Any]]:
    """What a whole run says, line by line."""
    done = subprocess.run(
        [sys.executable, "-m", "devnet", *words, "--json"],
        input=stdin, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (folder, done.stdout[-500:], done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


@dataclass
class Told:
    """What one folder's world has acknowledged, in all its lives."""

    n_kills: int = 0
    transfers: set[str] = field(default_factory=set)
    heights: dict[str, int] = field(default_factory=dict)

    def hear(self, said: dict[str, Any]) -> None:
        """One answer that was read before the end."""
        assert said["ok"], said
        result = said["result"]
        if said["verb"] == "lock":
            assert result["transfer"] not in self.transfers, "a number given twice"
            self.transfers.add(result["transfer"])
        if said["verb"] == "show":
            final = self.heights.get(result["name"], 0)
            self.heights[result["name"]] = max(final, result["final"])


def live_and_die(folder: Path, told: Told, n_answers: int) -> None:
    """Read so many answers, then kill the process in the middle of whatever it does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "devnet", "run", "-", "--json",
         "--data", str(folder), "--sidechains", SIDES],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    assert process.stdin and process.stdout
    process.stdin.write(LINES * 20)
    process.stdin.close()
    for _ in range(n_answers):
        line = process.stdout.readline()
        assert line.endswith("\n"), "it ended by itself"
        told.hear(json.loads(line))
    process.kill()
    # What it had said before the signal came counts, too; half a line does not.
    for line in process.stdout:
        if line.endswith("\n"):
            told.hear(json.loads(line))
    assert process.wait() == -9
    told.n_kills += 1


def assert_nothing_was_lost(folder: Path, told: Told) -> None:
    """By the stores alone, and then by a session that goes on."""
    (facts,) = devnet(folder, "verify", str(folder))
    assert facts["ok"] and facts["transfers"] >= len(told.transfers)
    for name, final in told.heights.items():
        assert facts["sidechains"][name]["final"] >= final
    answers = devnet(
        folder, "run", "-", "--data", str(folder), stdin="show transfers\n"
    )
    known = {one["transfer"] for one in answers[0]["result"]}
    assert told.transfers <= known


def assert_all_arrive(folder: Path, told: Told) -> None:
    """Every lock that was ever acknowledged is claimed in the end."""
    waits = [f"wait {name}.stage == claimed --within 200blocks"
             for name in sorted(told.transfers)]  # fmt: skip
    for answer in devnet(
        folder, "run", "-", "--data", str(folder), stdin="\n".join(waits)
    ):
        assert answer["ok"], answer
    (facts,) = devnet(folder, "verify", str(folder), "--full")
    assert facts["ok"], facts


def kill_again_and_again(folder: Path, n_kills: int, seed: int) -> Told:
    """So many lives, each ended at a drawn moment and looked at; the last in peace."""
    told = Told()
    for number in range(n_kills):
        live_and_die(folder, told, draw_between(seed, 0, N_LINES, "kill", number))
        if (folder / "world.sqlite").exists() and told.transfers:
            assert_nothing_was_lost(folder, told)
    assert_all_arrive(folder, told)
    return told


def test_a_killed_process_loses_nothing_that_it_acknowledged(tmp_path: Path):
    folder, told = tmp_path / "world", Told()
    live_and_die(folder, told, 4)
    assert_nothing_was_lost(folder, told)

    assert told.n_kills == 1 and told.transfers


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_a_process_killed_a_dozen_times_loses_nothing(tmp_path: Path, seed: int):
    told = kill_again_and_again(tmp_path / "world", 12, seed)

    assert told.n_kills == 12 and len(told.transfers) > 12
