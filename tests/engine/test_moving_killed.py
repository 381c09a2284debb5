"""Killed in the midst of a move, a world comes back with all its blocks."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devnet.engine import moving
from devnet.engine.network import Network, SidechainSpec, WorldConfig
from devnet.engine.sidechain.persist import state_digest, store_digest
from devnet.opening import open_keep, open_network
from devnet.plugins.store_parts import BaseStore, Changes
from tests.engine.support import BTM_UNITS, InstantWorks, deposit, run, run_until

STORES = ("tinydb", "sqlite")
CHILD = """
import sys
from pathlib import Path
from tests.engine.test_moving_killed import move_until_killed
move_until_killed(Path(sys.argv[1]), sys.argv[2].split(","), int(sys.argv[3]))
"""


def open_world(folder: Path, store: str) -> Network:
    """The world of a folder, or a new one with its only sidechain in this store."""
    sides = folder / "sidechains"
    sides.mkdir(exist_ok=True)
    config = WorldConfig(seed=7, sidechains=(SidechainSpec("alpha", "poa", store),))
    return open_network(config, InstantWorks(), sides, open_keep(folder / "world"))


def die_after_write(n_writes: int) -> None:
    """This process is killed right after it wrote to its stores so many times more."""
    write, left = BaseStore.batch, n_writes

    @contextmanager
    def counted(store: BaseStore) -> Iterator[Changes]:
        nonlocal left
        with write(store) as batch:
            yield batch
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    BaseStore.batch = counted  # type: ignore[method-assign, assignment]


def move_until_killed(folder: Path, stores: list[str], n_writes: int) -> None:
    """Pay and move on and on, and say the height after each step."""
    moving.KEYS_PER_STEP = 2
    net = open_world(folder, stores[0])
    net.set_hurry(1)
    deposit(net, 50 * BTM_UNITS, "BTM", "alpha")
    print("ready", flush=True)
    die_after_write(n_writes)
    for round_number in range(1, 100_000):
        goal = stores[round_number % len(stores)]
        net.move_store("alpha", goal)
        while net.show("alpha")["store"] != goal:
            if net.show("alpha")["mempool"] < 3:
                net.transfer_value("alice", "bob", 1000, "BTM", "alpha")
            net.step_once()
            print(net.show("alpha")["height"], flush=True)


def killed_world(folder: Path, n_words: int, n_writes: int) -> int:
    """It is killed after so many words, or writes. Gives the height it said last."""
    words = (os.fspath(folder), ",".join(STORES), str(n_writes))
    command = [sys.executable, "-c", CHILD, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        height = 0
        for n_said, line in enumerate(child.stdout):
            height = height if line.startswith("ready") else int(line)
            if n_said >= n_words:
                child.kill()
        assert child.wait() == -9, "it ended by itself"
    return height


def check_killed(folder: Path, n_words: int = 10**9, n_writes: int = 0) -> None:
    """Kill, open again, look at everything, move again."""
    height = killed_world(folder, n_words, n_writes)
    net = open_world(folder, STORES[0])
    shown = net.show("alpha")
    side = net.world.sidechain("alpha")
    assert side is not None
    assert shown["height"] >= height
    assert store_digest(net.stores["alpha"]) == state_digest(side.tree[side.head])
    assert "moving_to" not in shown and net.audit("alpha").ok
    # What the killed move left behind does not stand in the way of the next one.
    for goal in STORES:
        if net.show("alpha")["store"] != goal:
            net.move_store("alpha", goal)
            run_until(net, lambda goal=goal: net.show("alpha")["store"] == goal)
    run(net, 2000)
    side = net.world.sidechain("alpha")
    assert side is not None
    assert store_digest(net.stores["alpha"]) == state_digest(side.tree[side.head])
    net.close()


@pytest.mark.parametrize("n_writes", [1, 45])
def test_killed_after_a_write_of_a_move_all_blocks_come_back(n_writes, tmp_path):
    check_killed(tmp_path, n_writes=n_writes)


@pytest.mark.long
@pytest.mark.parametrize("n_writes", range(1, 101))
def test_killed_after_any_write_of_a_move_all_blocks_come_back(n_writes, tmp_path):
    check_killed(tmp_path, n_writes=n_writes)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(40))
def test_killed_at_any_moment_of_a_move_all_blocks_come_back(seed, tmp_path):
    check_killed(tmp_path, n_words=random.Random(seed).randint(1, 400))
