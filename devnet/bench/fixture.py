"""
A thousand tests that use the pytest fixture, each with a deposit of its own, in a
pytest of their own. The bound is a span of wall time, so that is the yardstick, too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from devnet.bench.measure import (
    BenchUnable,
    BenchWrong,
    Measured,
    Pairs,
    Subject,
    Target,
    load_average,
)

N_USES = 1_000
MOST_S = 60.0
ROOT = Path(__file__).resolve().parents[2]
TESTS = """\
import pytest


@pytest.mark.parametrize("number", range({n_uses}))
def test_a_deposit_arrives(devnet, number):
    assert devnet.balance("alice", "alpha", "BTM").units == 0
    deposit = devnet.lock("alice", f"{{1000 + number}}neu", "BTM", "alpha")
    devnet.wait(deposit)
    assert devnet.balance("alice", "alpha", "BTM").units == 1000 + number
"""


def use_fixture(n_uses: int) -> float:
    """
    Seconds of a pytest with so many uses, its start included.

    Raises:
        BenchUnable: there is no pytest here. BenchWrong: a use failed.
    """
    try:
        import pytest  # noqa: F401
    except ImportError:
        raise BenchUnable("pytest is not installed") from None
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_uses.py").write_text(TESTS.format(n_uses=n_uses))
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        began_s = time.perf_counter()
        done = subprocess.run(
            [
                sys.executable, "-m", "pytest", "-q", "-p", "devnet.pytest_plugin",
                "-p", "no:cacheprovider", "test_uses.py",
            ],
            cwd=folder, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )  # fmt: skip
        took_s = time.perf_counter() - began_s
    found = re.search(r"(\d+) passed", done.stdout)
    if done.returncode or found is None or int(found[1]) != n_uses:
        last = (done.stdout + done.stderr).strip().splitlines()[-1:]
        raise BenchWrong(f"the tests did not all pass: {' '.join(last)[:200]}")
    return took_s


def fixture(n_pairs: int) -> Measured:
    """A thousand uses, once: it takes most of a minute."""
    took_s = use_fixture(N_USES)
    facts = {
        "uses": N_USES, "ms_per_use": round(1000 * took_s / N_USES, 1),
        "load_average": load_average(),
    }  # fmt: skip
    return Measured(Pairs((took_s,), (MOST_S,)), "wall", Target(1.0), facts)


SUBJECTS = (
    Subject(
        "fixture", "1,000 tests with a devnet and a deposit each", "60 s", fixture
    ),
)  # fmt: skip
