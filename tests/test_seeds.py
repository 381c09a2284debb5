"""Many seeds, and everything at random: value stays backed and all comes to its end."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet.engine.errors import DevnetError
from devnet.engine.network import EngineFault, Network
from tests.engine.support import (
    BTM_UNITS,
    THREE,
    all_books_hold,
    branch,
    deposit,
    network,
    run,
)
from tests.seeds import play


def assert_all_is_well(seed: int) -> None:
    try:
        play(seed)
    except Exception as error:
        error.add_note(f"replay: python -m tests.seeds {seed}")
        raise


@pytest.mark.parametrize("seed", range(8))
def test_a_world_of_random_acts_and_cuts_comes_to_rest_in_order(seed: int):
    assert_all_is_well(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 300))
def test_many_worlds_of_random_acts_and_cuts_come_to_rest_in_order(seed: int):
    assert_all_is_well(seed)


def test_a_seed_replays_to_the_same_bytes():
    one, other = play(3, 12), play(3, 12)

    assert one.log == other.log
    assert one.net.events == other.net.events


# Nonsense of every kind.

NAMES = st.sampled_from(
    ["alice", "bob", "carol", "mallory", "alpha", "beta", "gamma", "main", "fed", ""]
)
WORDS = st.one_of(NAMES, st.text(max_size=20))
MAYBE = st.one_of(st.none(), WORDS)
NUMBERS = st.one_of(
    st.integers(-3, 3), st.integers(-(2**70), 2**70), st.sampled_from([10**8, 10**12])
)
ASSETS = st.one_of(st.sampled_from(["BTM", "GOLD", "btm"]), st.text(max_size=8))
ENGINES = st.one_of(st.sampled_from(["solo", "poa", "dpos-bbft"]), st.text(max_size=8))
PARAMS = st.dictionaries(
    st.sampled_from(["interval_ms", "per_node", "round_blocks", "x"]),
    NUMBERS,
    max_size=3,
)
SEATS = st.one_of(
    st.none(), st.lists(st.sampled_from(["v1", "v2", "v3", "v4", "v5", ""]), max_size=5)
)
NONSENSE = st.one_of(
    st.tuples(st.just("lock"), WORDS, NUMBERS, ASSETS, WORDS, MAYBE),
    st.tuples(st.just("transfer_value"), WORDS, WORDS, NUMBERS, ASSETS, WORDS),
    st.tuples(st.just("claim"), st.one_of(st.sampled_from(["d1", "d2"]), WORDS)),
    st.tuples(
        st.just("request_swap"), WORDS, ENGINES, st.one_of(st.none(), NUMBERS),
        SEATS.map(lambda seats: None if seats is None else tuple(seats)), PARAMS,
    ),
    st.tuples(
        st.just("new_sidechain"), WORDS, ENGINES, st.integers(-2, 40),
        st.one_of(st.sampled_from(["memory", "sqlite"]), st.text(max_size=5)), PARAMS,
    ),
    st.tuples(st.just("partition"), WORDS),
    st.tuples(st.just("heal"), WORDS),
    st.tuples(st.just("set_hurry"), st.integers(-2, 2)),
    st.tuples(st.just("acknowledge")),
    st.tuples(st.just("inspect_claim"), WORDS, MAYBE),
    st.tuples(st.just("balance"), WORDS, WORDS, ASSETS),
    st.tuples(st.just("show"), WORDS),
)  # fmt: skip


@pytest.fixture(scope="module")
def used() -> Network:
    """A world in which something has happened."""
    net = network(THREE)
    deposit(net, 50 * BTM_UNITS, "BTM", "gamma")
    net.lock("bob", 5, "GOLD", "alpha")
    return net


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(asks=st.lists(st.tuples(NONSENSE, st.integers(0, 300)), max_size=6))
def test_no_nonsense_raises_anything_but_a_refusal_or_leaves_a_trace(used, asks):
    net = branch(used)
    for (verb, *words), wait_ms in asks:
        before = net.world
        try:
            getattr(net, verb)(*words)
        except EngineFault:
            raise
        except DevnetError as error:
            assert net.world is before
            assert error.message
        assert run(net, wait_ms) == "reached"
    assert all_books_hold(net)
    assert [event.seq for event in net.events] == list(range(net.world.n_events))
