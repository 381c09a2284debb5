"""
How soon pbft goes on once messages arrive again: the bound of docs/consensus/pbft.md.

`python -m tests.plugins.test_pbft_liveness` says what was measured.
"""

from random import Random

import pytest

from devnet.plugins import load_engine
from tests.plugins.fakehost import LINK_MS, FakeHost

T_ROUND_MS, MAX_TIMEOUT_MS = 2000, 30_000
HEALED_MS = 15_000


def bound_ms(host: FakeHost, n_faulty: int) -> int:
    """t_round_ms + (f + 2) * T + 10 * d, from what everybody asked for by now."""
    states = [node.state for node in host.nodes if node.up]
    highest = max(state.view for state in states) + n_faulty + 1
    n_failed = highest - min(state.base.view for state in states) - 1
    patience_ms = min(T_ROUND_MS * 1.5**n_failed, MAX_TIMEOUT_MS)
    return int(T_ROUND_MS + (n_faulty + 2) * patience_ms + 10 * LINK_MS)


def recovery_ms(n: int, seed: int) -> tuple[int, int]:
    """
    How long it took after the healing until everybody who is up held something new
    final, with f silent validators; and how long it might have taken.
    """
    chance = Random(seed)
    n_faulty = (n - 1) // 3
    host = FakeHost(
        load_engine("pbft"),
        n,
        seed=seed,
        busy=True,
        loss=chance.choice([0.2, 0.5, 0.8]),
        jitter_ms=chance.choice([0, 400, 1200]),
    )
    silent = chance.sample(range(n), n_faulty)
    for index in silent:
        host.down(index, chance.randint(0, 4000), 10**9)
    some = chance.sample(range(n), chance.randint(1, n - 1))
    host.cut(set(some), 3000 + chance.randint(0, 4000), HEALED_MS)
    # What travels when the network heals is not late any more than what follows.
    host.run(HEALED_MS)
    host.loss, host.jitter_ms = 0.0, 0
    held = max(host.finals())
    limit_ms = bound_ms(host, n_faulty)
    up = [node for node in host.nodes if node.up]
    while min(node.final.height for node in up) <= held:
        host.run(host.now_ms + 20)
        assert host.now_ms - HEALED_MS <= limit_ms, f"n={n} seed={seed}"
    return host.now_ms - HEALED_MS, limit_ms


@pytest.mark.parametrize("n", [4, 7])
def test_what_waits_is_final_within_the_bound_after_the_healing(n: int):
    took = [recovery_ms(n, seed)[0] for seed in range(20)]
    assert max(took) > T_ROUND_MS / 2  # Some of them had to change views.


@pytest.mark.long
@pytest.mark.parametrize("n", [4, 7, 10])
def test_the_bound_holds_for_many_seeds(n: int):
    for seed in range(300):
        recovery_ms(n, seed)


if __name__ == "__main__":
    for n in (4, 7):
        found = sorted(recovery_ms(n, seed) for seed in range(100))
        middle, worst = found[50][0], found[-1][0]
        least, most = min(it[1] for it in found), max(it[1] for it in found)
        print(
            f"n={n}: median {middle} ms, worst {worst} ms; bound {least} to {most} ms"
        )
