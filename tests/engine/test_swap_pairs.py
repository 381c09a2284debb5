"""
Every engine hands over to every other one, live, with payments and claims on the way.

test_swaps.py looks closely at three engines; here all eight meet. By default each
takes part once; all other ordered pairs are `long`.
"""

from __future__ import annotations

from functools import cache
from itertools import permutations

import pytest

from devnet.engine.events import InvariantBroken, RuleSwapped, SwapDropped, TxDropped
from devnet.engine.network import Network, SidechainSpec
from devnet.plugins import BUILTIN_ENGINES
from tests.engine.chaincheck import PROMISED, best_chain, check_all, closings
from tests.engine.purse import Purse
from tests.engine.support import (
    BTM_UNITS,
    all_books_hold,
    branch,
    claimed,
    deposit,
    network,
    run,
    run_until,
    said,
)

ENGINES = tuple(BUILTIN_ENGINES)
SOME = tuple(zip(ENGINES[::2], ENGINES[1::2], strict=True))
OTHERS = tuple(pair for pair in permutations(ENGINES, 2) if pair not in SOME)


def name_of(pair: tuple[str, str]) -> str:
    return "-to-".join(pair)


@cache
def funded(engine: str) -> Network:
    """A world whose one sidechain runs the engine and holds alice's coins."""
    net = network((SidechainSpec("alpha", engine),), depth=1)
    deposit(net, 100 * BTM_UNITS, "BTM", "alpha")
    return net


def swap_under_load(old: str, new: str) -> tuple[Network, list[bytes]]:
    """A swap with a payment every 100 ms and a new lock every 500 ms."""
    net = branch(funded(old))
    purse, locks = Purse(net, "alpha", 50), []
    net.set_hurry(1)
    closing, end_ms = net.request_swap("alpha", new), net.now_ms + 120_000
    while net.show("alpha")["final"] <= closing + 1:
        purse.pay()
        if len(purse.accepted) % 5 == 0:
            locks.append(net.lock("carol", 7000, "BTM", "alpha"))
        assert run(net, 100) == "reached", said(net, InvariantBroken)
        assert net.now_ms < end_ms, net.show("alpha")
    run_until(net, lambda: claimed(net, *locks))
    run_until(net, lambda: not any(len(n.pool) for n in nodes(net)))
    run(net, 500)
    assert net.balance("carol", "alpha", "BTM") == 7000 * len(locks)
    return net, purse.accepted


def nodes(net: Network):
    side = net.world.sidechain("alpha")
    assert side is not None
    return side.nodes


def check_pair(old: str, new: str) -> None:
    net, accepted = swap_under_load(old, new)
    done = said(net, RuleSwapped)[-1]
    blocks = best_chain(net, "alpha")

    assert (done.old_engine, done.engine, done.epoch) == (old, new, 1)
    assert check_all(net, "alpha", accepted) == len(accepted)
    assert closings(blocks) == [(old, 4, PROMISED[old](4))]
    assert said(net, TxDropped) == said(net, SwapDropped) == []
    assert said(net, InvariantBroken) == []
    assert all_books_hold(net)


@pytest.mark.parametrize("pair", SOME, ids=name_of)
def test_an_engine_hands_over_to_another_under_load(pair: tuple[str, str]):
    check_pair(*pair)


@pytest.mark.long
@pytest.mark.parametrize("pair", OTHERS, ids=name_of)
def test_every_engine_hands_over_to_every_other_under_load(pair: tuple[str, str]):
    check_pair(*pair)
