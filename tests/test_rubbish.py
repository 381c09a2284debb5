"""The program looks for rubbish seldom, and the engine leaves that to its host."""

from __future__ import annotations

import gc
import subprocess
import sys

from devnet.rubbish import YOUNG, look_seldom


def test_looking_seldom_changes_how_often_young_objects_are_looked_at():
    old = gc.get_threshold()
    try:
        look_seldom()
        assert gc.get_threshold() == (YOUNG, *old[1:])
    finally:
        gc.set_threshold(*old)


def test_importing_the_engine_changes_nothing_and_the_command_does():
    told = "import gc; old = gc.get_threshold(); {}; print(old == gc.get_threshold())"
    calls = {
        "import devnet.engine.network": "True",
        "from devnet.__main__ import main; main(['--version'])": "False",
    }
    for call, wanted in calls.items():
        done = subprocess.run(
            [sys.executable, "-c", told.format(call)], capture_output=True, text=True
        )
        assert done.stdout.split()[-1] == wanted, done.stderr
