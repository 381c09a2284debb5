"""What comes too early, too late or to the wrong one is neither lost nor forgotten."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from devnet.engine.actors import mainchain, validators
from devnet.engine.bc.transaction import Output, Spend, Transaction, with_arguments
from devnet.engine.chain.mempool import (
    MAX_ORPHANS,
    ORPHAN_LIFE_MS,
    Mempool,
    Orphan,
    keep_orphan,
)
from devnet.engine.events import SwapDropped, TxDropped, TxsMined
from devnet.engine.keys.chainkd import sign
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import Network, SidechainSpec
from tests.engine.purse import Purse
from tests.engine.support import (
    BTM_UNITS,
    ONE_SOLO,
    THREE,
    branch,
    change_node,
    claimed,
    deposit,
    hurry,
    meddle,
    network,
    run,
    run_blocks,
    run_until,
    said,
    validator,
)

ONE_DPOS = (SidechainSpec("alpha", "dpos-bbft"),)


def mined(net: Network, chain: str, tx_id: str) -> bool:
    """Is a transaction in a block of the best chain?"""
    return any(
        isinstance(event, TxsMined) and event.chain == chain and tx_id in event.ids
        for event in net.events
    )


def _tip(net: Network, index: int) -> bytes:
    return net.world.main_nodes[index].view.tip


def test_payments_that_overtake_what_they_spend_wait_for_it_on_the_mainchain() -> None:
    net = network(())
    ring = ("alice", "bob", "carol")
    paid = [
        bytes.fromhex(
            net.transfer_value(
                ring[hop % 3], ring[(hop + 1) % 3], 90_000 * BTM_UNITS, "BTM", "main"
            )
        )
        for hop in range(12)
    ]
    overtaken = False
    while net.now_ms < 45:
        run(net, 1)
        overtaken |= bool(net.world.main_nodes[1].orphans)

    first, second = (set(node.pool.order) for node in net.world.main_nodes)
    assert overtaken, "nothing was tested: no payment overtook another"
    assert first == second == set(paid)
    assert net.world.main_nodes[1].orphans == ()


def test_payments_that_overtake_what_they_spend_wait_for_it_on_a_sidechain() -> None:
    net = network(ONE_DPOS)
    deposit(net, 100 * BTM_UNITS, "BTM", "alpha")
    run(net, 3000)
    for _ in range(8):
        net.transfer_value("alice", "bob", BTM_UNITS, "BTM", "alpha")
    paid = set(validator(net, "alpha", "v1").pool.order)
    assert len(paid) == 8
    overtaken, end_ms = False, net.now_ms + 45
    while net.now_ms < end_ms:
        run(net, 1)
        overtaken |= any(node.pool_orphans for node in meddle(net).nodes("alpha"))

    assert overtaken, "nothing was tested: no payment overtook another"
    for node in meddle(net).nodes("alpha"):
        state = net.world.sidechain("alpha").tree[node.head].block.transactions
        assert paid <= set(node.pool.order) | {tx.id for tx in state}


def test_a_sealer_that_users_do_not_talk_to_still_seals_what_overtook() -> None:
    """After a swap the only sealer is v3; users hand their payments to v1."""
    net = network(ONE_SOLO)
    deposit(net, 100 * BTM_UNITS, "BTM", "gamma")
    net.request_swap("gamma", "solo", validators=("v3",))
    run_until(net, lambda: net.show("gamma")["epoch"] == 1)
    paid = [net.transfer_value("alice", "bob", 7, "BTM", "gamma") for _ in range(8)]

    run_until(net, lambda: all(mined(net, "gamma", tx_id) for tx_id in paid), 20_000)

    assert net.balance("bob", "gamma", "BTM") == 8 * 7


def test_only_so_many_early_transactions_are_kept() -> None:
    net = network(())
    net.transfer_value("alice", "bob", 1, "BTM", "main")
    (tx,) = [item.tx for item in net.world.main_nodes[0].pool.transactions()]
    early = ()
    for nonce in range(MAX_ORPHANS + 5):
        other = type(tx)(1, nonce + 1, tx.inputs, tx.outputs)
        early = keep_orphan(early, Orphan(other, 0), 0)

    assert len(early) == MAX_ORPHANS
    assert early[-1].tx.time_range == MAX_ORPHANS + 5, "the oldest go first"
    again = keep_orphan(early, early[0], 0)
    assert again[-1] is early[0] and len(again) == MAX_ORPHANS, "nothing is kept twice"
    late = keep_orphan(early, Orphan(tx, ORPHAN_LIFE_MS), ORPHAN_LIFE_MS)
    assert [orphan.tx for orphan in late] == [tx], "none waits for ever"


@contextmanager
def shallow_stack(n_frames: int) -> Iterator[None]:
    """So many frames and no more: what nests with its input fails here early."""
    limit, frame, depth = sys.getrecursionlimit(), sys._getframe(), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    sys.setrecursionlimit(depth + n_frames)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def test_a_long_chain_of_payments_heard_of_backwards_is_understood():
    """Regression: each nested in the next, until Python gave up."""
    net = network(())
    twin, ring = branch(net), ("alice", "bob", "carol")
    for hop in range(150):
        who, to = ring[hop % 3], ring[(hop + 1) % 3]
        twin.transfer_value(who, to, 90_000 * BTM_UNITS, "BTM", "main")
    txs = [item.tx for item in twin.world.main_nodes[0].pool.transactions()]
    turn = meddle(net)
    with shallow_stack(120):
        for tx in reversed(txs):
            mainchain.tx_came(turn, "node-1", tx)

    node = turn.main_node("node-1")
    assert node.pool.order == tuple(tx.id for tx in txs)
    assert node.orphans == ()


def test_a_long_branch_of_a_sidechain_heard_of_backwards_is_understood():
    """So does who was cut off for long when the network heals."""
    net = network((SidechainSpec("gamma", "solo", params=(("interval_ms", 20),)),))
    newborn = validator(net, "gamma", "v4")
    with hurry(net):
        run_until(net, lambda: net.show("gamma")["height"] >= 150)
    side = net.world.sidechain("gamma")
    turn = meddle(net)
    turn.set_node("gamma", replace(newborn, main=validator(net, "gamma", "v1").main))
    blocks = [side.tree.hash_at(side.head, height + 1) for height in range(150)]
    with shallow_stack(120):
        for block_hash in reversed(blocks):
            validators.block_came(turn, "gamma", "v4", block_hash)

    node = turn.node("gamma", "v4")
    assert node.orphans == ()
    assert node.head == blocks[-1]


def test_a_sidechain_made_while_a_block_is_on_its_way_still_gets_that_block() -> None:
    net = network(ONE_SOLO)
    with hurry(net):
        run_until(
            net,
            lambda: (
                net.world.main_nodes[1].view.tip
                not in net.world.main_nodes[0].view.seen
            ),
        )
        net.new_sidechain("delta", "solo")
        run_blocks(net, "main", 4)
    deposit(net, 5 * BTM_UNITS, "BTM", "delta")

    for node in meddle(net).nodes("delta"):
        assert node.main.orphans == ()
        assert node.main.tip in net.world.main_nodes[0].view.seen


@pytest.mark.parametrize("seed", range(4))
def test_approvals_that_arrive_after_the_swap_is_in_a_block_do_not_revive_it(
    seed: int,
) -> None:
    net = network(ONE_SOLO, seed=seed)
    run(net, 1000)
    net.request_swap("gamma", "poa")
    run_until(net, lambda: net.rule("gamma") == "poa")
    run(net, 2000)

    assert said(net, SwapDropped) == []
    assert [node.swap for node in meddle(net).nodes("gamma")] == [None] * 4


def test_a_swap_that_cannot_be_approved_in_time_is_dropped_once_and_said_so() -> None:
    net = network(ONE_SOLO, low_latency_ms=900, high_latency_ms=900)
    with hurry(net):
        run(net, 3000)
        height = net.show("gamma")["height"]
        net.request_swap("gamma", "poa", at=height + 11)
        run(net, 10_000)

    (dropped,) = said(net, SwapDropped)
    assert dropped.engine == "poa"
    assert [node.swap for node in meddle(net).nodes("gamma")] == [None] * 4
    assert net.request_swap("gamma", "poa", at=net.show("gamma")["height"] + 40)


@pytest.mark.parametrize("chain", ["alpha", "beta", "gamma"])
def test_a_claim_that_only_one_validator_has_is_handed_to_the_others_again(
    chain: str,
) -> None:
    net = network(THREE)
    name = net.lock("alice", 5 * BTM_UNITS, "BTM", chain)
    run_until(net, lambda: net.transfer(name).stage == "claim")
    last = validator(net, chain, "v4")
    run_until(net, lambda: len(validator(net, chain, "v4").pool) == 1, 100)
    assert last.pool is not None
    for other in ("v1", "v2", "v3"):
        change_node(net, chain, other, pool=Mempool())
    # Nobody who may propose next has it: v4's turn has to come, or the collector's.
    run_until(net, lambda: claimed(net, name))

    assert said(net, TxDropped) == []


def test_what_waits_survives_a_branch_of_the_world() -> None:
    net = network(ONE_DPOS)
    deposit(net, 9 * BTM_UNITS, "BTM", "alpha")
    net.transfer_value("alice", "bob", BTM_UNITS, "BTM", "alpha")
    twin = branch(net)

    for one in (net, twin):
        run(one, 3000)

    assert net.digest() == twin.digest()
    assert twin.balance("bob", "alpha", "BTM") == BTM_UNITS


def test_a_transaction_whose_last_height_is_over_leaves_every_pool():
    """Regression: it stayed for ever and kept the chain at full pace."""
    net = network((SidechainSpec("beta", "poa"),), depth=1)
    deposit(net, 9 * BTM_UNITS, "BTM", "beta")
    closing = net.request_swap("beta", "solo")
    with hurry(net):
        run_until(net, lambda: net.show("beta")["height"] == closing)
        run(net, 45)
        tx = late_payment(net, "beta", last_height=closing + 1)
        net.submit(tx.raw, "beta")
        run_until(net, lambda: net.rule("beta") == "solo")
        run(net, 3000)

    (dropped,) = said(net, TxDropped)
    assert dropped.id == tx.id.hex()
    assert dropped.reason == f"it was good up to height {closing + 1}"
    assert [len(node.pool) for node in meddle(net).nodes("beta")] == [0] * 4
    assert net.world.breaches == ()


def late_payment(net: Network, chain: str, last_height: int) -> Transaction:
    """A payment of alice's that no later block may take."""
    alice, tree = play_account("alice"), net.world.sidechain(chain).tree
    head = tree[net.world.sidechain(chain).head]
    (coin, *_) = head.state.coins.of_program(alice.program)
    given = Spend(coin.source_id, coin.asset, coin.amount, coin.position, coin.program)
    output = Output(coin.asset, coin.amount - 10**6, alice.program)
    tx = Transaction(1, last_height, (given,), (output,), side=True)
    return with_arguments(tx, 0, (sign(alice.xprv, tx.sig_hash(0)), alice.key))


def test_an_orphan_is_taken_as_soon_as_its_parent_is_handed_in():
    net, ring = network(ONE_SOLO), ("alice", "bob")
    deposit(net, 9 * BTM_UNITS, "BTM", "gamma")
    for chain, amount in (("main", 95_000 * BTM_UNITS), ("gamma", 8 * BTM_UNITS)):
        twin = branch(net)
        for who, to in (ring, ring[::-1]):
            twin.transfer_value(who, to, amount, "BTM", chain)
            amount -= BTM_UNITS
        at_home = meddle(twin)
        pool = (
            at_home.main_nodes[0].pool
            if chain == "main"
            else at_home.node("gamma", "v1").pool
        )
        parent, child = (item.tx for item in pool.transactions())
        assert net.submit(child.raw, chain).fate == "orphan"
        assert net.submit(parent.raw, chain).fate == "waiting"

        assert net.show(chain)["mempool"] == 2


def test_what_a_validator_that_is_behind_was_handed_reaches_the_others() -> None:
    """Regression: it kept the payment to itself, and only others make blocks."""
    net = network((SidechainSpec("alpha", "poa"),), depth=1)
    deposit(net, 100 * BTM_UNITS, "BTM", "alpha")
    net.request_swap("alpha", "solo", validators=("v3",))
    run_until(net, lambda: net.show("alpha")["epoch"] == 1)
    kill = net.start_fault("kill", "alpha", "v1")
    net.transfer_value("alice", "bob", 1, "BTM", "alpha")
    run_until(net, lambda: net.balance("bob", "alpha", "BTM") == 1)
    purse = Purse(net, "alpha", 3)
    net.mend(kill.id)
    purse.pay()
    assert validator(net, "alpha", "v1").pool_orphans, "v1 is not behind"

    run_until(net, lambda: purse.is_mined(purse.accepted[1]), 10_000)
