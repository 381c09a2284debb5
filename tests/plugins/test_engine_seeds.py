"""
Random faults, many seeds: messages lost and late, validators down and cut off.

The fake host itself asserts after every step that no two validators hold conflicting
blocks final. Afterwards the network is well again, and every rule has to go on.
"""

from random import Random

import pytest

from devnet.plugins import load_engine
from tests.plugins.fakehost import FakeHost

STORM_MS, CALM_MS = 20_000, 32_000
SEEDS = {"bbft": 4, "pbft": 4}
N_SEEDS, N_LONG = 8, 25
"""Storms of a rule; fewer where a play has more messages, more in the long run."""
ENGINES = ["solo", "poa", "dpos", "pbft", "dpos-bbft", "bbft", "pow", "pos"]
PARAMS = {"pow": {"try_ms": 200, "interval_ms": 200, "depth": 40}}
"""A mined chain bears these cuts if it waits for more blocks than fit in one."""


def storm(engine: str, n: int, seed: int) -> FakeHost:
    """Twenty seconds of faults. Builders' finality only bears the milder ones."""
    chance = Random(seed)
    certified = load_engine(engine).info.finality == "certificate"
    host = FakeHost(
        load_engine(engine),
        n,
        seed=seed,
        busy=True,
        judged_first=chance.random() < 0.5,
        loss=chance.choice([0, 0.1, 0.3]) if certified else 0,
        jitter_ms=chance.choice([0, 100, 400, 1200] if certified else [0, 100]),
        **PARAMS.get(engine, {}),
    )
    for at_ms in (1000, 7000, 13_000):
        at_ms += chance.randint(0, 900)
        until_ms = at_ms + chance.randint(100, 5000)
        if chance.random() < 0.5:
            host.down(chance.randrange(n), at_ms, until_ms)
        else:
            some = chance.sample(range(n), chance.randint(1, n - 1))
            host.cut(set(some), at_ms, until_ms)
    host.run(STORM_MS)
    return host


def ride_out(engine: str, n: int, seed: int) -> None:
    """Through the storm, and into the calm: nothing final is lost, and it goes on."""
    host = storm(engine, n, seed)
    held = host.finals()
    host.loss, host.jitter_ms = 0.0, 0
    for node in host.nodes:
        host.meet({node.index})
    host.run(CALM_MS)
    assert min(host.finals()) >= max(held) + 8, f"{engine} n={n} seed={seed}"
    heads = {node.chain.ancestor(node.chain.tip.hash, min(host.finals())).hash
             for node in host.nodes}  # fmt: skip
    assert len(heads) == 1
    assert host.refused == [], f"{engine} n={n} seed={seed}"


@pytest.mark.parametrize("n", [4, 7])
@pytest.mark.parametrize("engine", ENGINES)
def test_no_conflict_in_the_storm_and_progress_after_it(engine: str, n: int):
    for seed in range(SEEDS.get(engine, N_SEEDS)):
        ride_out(engine, n, seed)


@pytest.mark.long
@pytest.mark.parametrize("n", [4, 7])
@pytest.mark.parametrize("engine", ENGINES)
def test_no_conflict_in_more_storms(engine: str, n: int):
    for seed in range(SEEDS.get(engine, N_SEEDS), N_LONG):
        ride_out(engine, n, seed)


def test_the_same_seed_tells_the_same_story():
    one, two = storm("dpos-bbft", 4, 5), storm("dpos-bbft", 4, 5)
    assert one.lines() == two.lines()
    assert one.nodes[0].chain.tip == two.nodes[0].chain.tip
