"""BBFT on a real sidechain: deposits, swaps, merged votes, many validators."""

from __future__ import annotations

import builtins

import pytest

from devnet.engine.bc.blskeys import BlsKey
from devnet.engine.bc.records import SwapRecord, parse_record
from devnet.engine.errors import PluginError
from devnet.engine.events import ConsensusSent
from devnet.engine.keys import bls
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain.blskeys import check_bls_keys, own_record
from devnet.engine.sidechain.swap import BadSwapRecord
from devnet.plugins.message_counts import bbft_counts
from tests.engine.support import (
    BTM_UNITS,
    all_books_hold,
    claimed,
    deposit,
    height,
    hurry,
    network,
    run,
    run_blocks,
    run_until,
    said,
)


def chain_of(engine: str, n: int, **params: int) -> Network:
    """A world with the sidechain alpha."""
    spec = SidechainSpec("alpha", engine, "memory", n, tuple(params.items()))
    return network((spec,))


@pytest.mark.parametrize(("n", "merged"), [(1, 0), (4, 0), (7, 0), (4, 1)])
def test_a_deposit_arrives_on_a_chain_of_bbft(n: int, merged: int):
    net = chain_of("bbft", n, bls=merged)
    deposit(net, 5 * BTM_UNITS, "BTM", "alpha")

    assert net.balance("alice", "alpha", "BTM") == 5 * BTM_UNITS
    assert all_books_hold(net)


@pytest.mark.parametrize(("n", "m"), [(9, 3), (25, 5)])
def test_what_is_told_of_a_block_is_what_the_paper_counts(n: int, m: int):
    net = chain_of("bbft", n)
    with hurry(net):
        run(net, 6000)
    told = said(net, ConsensusSent, chain="alpha", height=3)
    assert len(told) == bbft_counts(n, m).total
    assert all(event.to != "all" for event in told)


def test_an_idle_chain_makes_a_block_now_and_then_and_changes_no_view():
    net = chain_of("bbft", 4)
    run(net, 120_000)
    assert 8 <= height(net, "alpha") <= 36
    assert not said(net, ConsensusSent, chain="alpha", what="view")


def swap(net: Network, engine: str, **params: int) -> None:
    """Swap, with a deposit on its way, until the new rule has a final block."""
    transfer = net.lock("alice", BTM_UNITS, "BTM", "alpha")
    net.request_swap("alpha", engine, params=params)
    epoch = net.show("alpha")["epoch"] + 1
    run_until(net, lambda: net.show("alpha")["epoch"] == epoch)
    run_until(net, lambda: claimed(net, transfer))
    run_blocks(net, "alpha", 4)
    assert net.rule("alpha") == engine


@pytest.mark.parametrize("merged", [0, 1])
def test_a_chain_swaps_to_bbft_and_back_with_locks_on_their_way(merged: int):
    net = chain_of("dpos-bbft", 4)
    deposit(net, 3 * BTM_UNITS, "BTM", "alpha")
    swap(net, "bbft", bls=merged)
    size = 97 if merged else 193
    assert f"{size} B prove" in net.show("alpha")["says"] or not merged
    swap(net, "dpos-bbft")

    assert net.balance("alice", "alpha", "BTM") == 5 * BTM_UNITS
    assert all_books_hold(net)


def test_merged_votes_can_be_swapped_for_a_list_and_back():
    net = chain_of("bbft", 4, bls=1)
    deposit(net, BTM_UNITS, "BTM", "alpha")
    swap(net, "bbft", bls=0)
    swap(net, "bbft", bls=1)

    side = net.world.sidechain("alpha")
    assert side is not None
    rules = side.tree[side.head].state.rules
    assert [len(one.bls_key) for one in rules.validators] == [48] * 4
    with pytest.raises(Exception, match="like this already"):
        net.request_swap("alpha", "bbft", params={"bls": 1})


LOST_BLOCKS = {"bad-gateway": 2, "vote-twice": 0, "equivocate": 2, "withhold": 11}


@pytest.mark.parametrize("kind", LOST_BLOCKS)
def test_one_bad_member_of_seven_costs_little_and_nothing_for_ever(kind: str):
    """Twenty blocks are due in ten seconds."""
    net = chain_of("bbft", 7)
    with hurry(net):
        run(net, 3000)
        final = net.show("alpha")["final"]
        fault = net.start_fault(kind, "alpha", "v3")
        run(net, 10_000)
        during = net.show("alpha")["final"] - final
        net.mend(fault.id)
        run(net, 5000)
    assert during >= 20 - LOST_BLOCKS[kind]
    assert net.show("alpha")["final"] - final - during >= 9
    assert not net.world.breaches


# The keys on the chain.

CHAIN_ID = bytes(range(32))


@pytest.fixture(scope="module")
def registered() -> tuple[SwapRecord, list[BlsKey]]:
    """A swap to merged votes by two validators, and their keys."""
    from devnet.engine.interfaces import Validator
    from devnet.engine.mainchain.accounts import play_root

    records = [own_record(play_root(name), CHAIN_ID) for name in ("a", "b")]
    seats = tuple(Validator(f"v{at}", one.key) for at, one in enumerate(records))
    return SwapRecord(0, "bbft", '{"bls":1}', 20, seats), records


def test_a_key_record_reads_as_it_was_written(registered):
    _, records = registered
    assert parse_record(records[0].program) == records[0]


def test_the_keys_of_a_swap_stand_in_the_order_of_its_seats(registered):
    swap_record, records = registered
    keys = check_bls_keys(swap_record, records, CHAIN_ID)
    assert keys == tuple(one.bls_key for one in records)
    assert check_bls_keys(None, [], CHAIN_ID) == ()


def test_keys_that_nobody_may_take_are_refused(registered):
    swap_record, (one, other) = registered
    rogue = BlsKey(other.key, one.bls_key, one.proof, other.signature)
    unproved = BlsKey(other.key, other.bls_key, one.proof, other.signature)
    for found in ([one], [other, one], [one, other, other], [one, rogue]):
        with pytest.raises(BadSwapRecord):
            check_bls_keys(swap_record, found, CHAIN_ID)
    with pytest.raises(BadSwapRecord, match="not proved"):
        check_bls_keys(swap_record, [one, unproved], CHAIN_ID)
    with pytest.raises(BadSwapRecord, match="not proved"):
        check_bls_keys(swap_record, [one, other], bytes(32))
    with pytest.raises(BadSwapRecord):
        check_bls_keys(None, [one], CHAIN_ID)


def test_without_the_library_merged_votes_are_refused_with_the_command(monkeypatch):
    real = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        if name.startswith("py_arkworks"):
            raise ImportError("No module named 'py_arkworks_bls12381'")
        return real(name, *args, **kwargs)  # type: ignore[arg-type]

    net = chain_of("dpos-bbft", 4)
    deposit(net, BTM_UNITS, "BTM", "alpha")
    bls._curve.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    try:
        with pytest.raises(PluginError) as refused:
            net.request_swap("alpha", "bbft", params={"bls": 1})
        with pytest.raises(PluginError):
            net.new_sidechain("delta", "bbft", 4, params={"bls": 1})
    finally:
        bls._curve.cache_clear()
    assert refused.value.code == "plugin.bls-missing"
    assert "pip install" in refused.value.hint
    assert net.show("alpha")["epoch"] == 0


@pytest.mark.long
@pytest.mark.parametrize("merged", [0, 1])
def test_a_hundred_validators_make_blocks(merged: int):
    net = chain_of("bbft", 100, bls=merged)
    with hurry(net):
        run_until(net, lambda: height(net, "alpha") >= 4)
    assert net.show("alpha")["final"] >= 1
