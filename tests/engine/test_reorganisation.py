"""The mainchain changes its mind around a lock: everybody follows, nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.engine.actors import collecting
from devnet.engine.bc.transaction import Transaction
from devnet.engine.chain.mempool import Waiting
from devnet.engine.events import (
    BalanceChanged,
    BlockUndone,
    ClaimCrafted,
    InvariantBroken,
    TransferMoved,
    TxDropped,
)
from devnet.engine.network import Network, SidechainSpec
from tests.engine.support import (
    BTM_UNITS,
    ONE_SOLO,
    advance,
    all_books_hold,
    branch,
    change_node,
    claimed,
    deliver,
    deposit,
    height,
    hurry,
    main_block,
    main_peers,
    meddle,
    mine_branch,
    network,
    run,
    run_until,
    said,
    settle,
    validator,
)

ONE_DPOS = (SidechainSpec("alpha", "dpos-bbft"),)


def stage(net: Network, name: str) -> tuple[str, int]:
    transfer = net.transfer(name)
    return transfer.stage, transfer.done


def locked(net: Network, amount: int = 5 * BTM_UNITS, asset: str = "BTM") -> str:
    """A lock of alice's that has just been mined."""
    (chain,) = net.sidechain_names()
    name = net.lock("alice", amount, asset, chain)
    run_until(net, lambda: stage(net, name)[0] == "confirm")
    return name


def lock_tx(net: Network, name: str) -> Transaction:
    """The transaction of a lock that is mined."""
    wanted = net.transfer(name).lock_tx
    entry = net.world.tree[net.world.main_tip]
    while True:
        for tx in entry.block.transactions:
            if tx.id == wanted:
                return tx
        entry = net.world.tree[entry.block.header.previous]


@pytest.mark.parametrize("asset", ["BTM", "GOLD"])
@pytest.mark.parametrize("specs", [ONE_SOLO, ONE_DPOS], ids=["solo", "dpos-bbft"])
def test_a_lock_sinks_back_into_the_mempool_and_then_goes_on(specs, asset: str):
    net = network(specs)
    before = net.balance("alice", "main", asset)
    name = locked(net, 12_345, asset)
    run(net, 60)
    rivals = mine_branch(net, main_block(net, 112), 2)
    deliver(net, *rivals)
    run(net, 1)

    assert net.world.main_tip == rivals[-1]
    assert stage(net, name) == ("lock", 0)
    assert net.transfer(name).note == "in mempool"
    assert [node.pool.order for node in net.world.main_nodes] == [
        (net.transfer(name).lock_tx,)
    ] * 2
    assert [event.height for event in said(net, BlockUndone, chain="main")] == [113]
    assert net.balance("alice", "main", asset) == before
    assert said(net, BalanceChanged, who="alice", asset=asset)[-1].amount == before
    run_until(net, lambda: claimed(net, name))
    stages = [event.stage for event in said(net, TransferMoved, transfer=name)]
    assert stages.count("lock") == 2
    assert net.balance("alice", specs[0].name, asset) == 12_345
    assert said(net, TxDropped) == []
    assert all_books_hold(net)


def test_a_lock_that_the_rival_branch_holds_too_counts_from_its_new_block():
    net = network(ONE_SOLO, depth=6)
    name = locked(net)
    with hurry(net):
        run_until(net, lambda: stage(net, name) == ("confirm", 2))
    rivals = mine_branch(net, main_block(net, 112), 4, [lock_tx(net, name)])
    deliver(net, *rivals)
    run(net, 1)

    assert net.world.main_tip == rivals[-1]
    assert stage(net, name) == ("confirm", 3)
    assert all(len(node.pool) == 0 for node in net.world.main_nodes)
    run_until(net, lambda: claimed(net, name))
    assert all_books_hold(net)
    inspected = net.inspect_claim(name)
    assert all(check.verdict == "passed" for check in inspected.checks)


def test_a_rival_branch_that_is_only_as_high_changes_nothing():
    net = network(ONE_SOLO)
    name = locked(net)
    tip = net.world.main_tip
    deliver(net, *mine_branch(net, main_block(net, 112), 1))
    run(net, 1)

    assert net.world.main_tip == tip
    assert stage(net, name) == ("confirm", 0)
    assert said(net, BlockUndone) == []


def test_a_branch_that_is_heard_of_backwards_is_understood_all_the_same():
    net = network(ONE_SOLO)
    locked(net)
    rivals = mine_branch(net, main_block(net, 112), 4)
    deliver(net, *reversed(rivals))
    run(net, 1)
    assert {node.view.tip for node in net.world.main_nodes} == {rivals[-1]}


def test_of_a_branch_only_the_last_block_needs_to_be_announced():
    """Whoever lacks its parent asks for it, and so on down to what is known."""
    net = network(ONE_SOLO)
    locked(net)
    rivals = mine_branch(net, main_block(net, 112), 4)
    deliver(net, rivals[-1])
    run(net, 4 * 40)

    views = [node.view for node in net.world.main_nodes]
    views += [one.view for one in net.world.collectors]
    views += [node.main for node in meddle(net).nodes("gamma")]
    assert {view.tip for view in views} == {rivals[-1]}
    assert {view.orphans for view in views} == {()}


def test_payments_that_spend_one_another_come_back_in_their_order():
    net = network(ONE_SOLO)
    first = net.transfer_value("alice", "bob", 90_000 * BTM_UNITS, "BTM", "main")
    run_until(net, lambda: height(net, "main") == 113)
    second = net.transfer_value("bob", "carol", 150_000 * BTM_UNITS, "BTM", "main")
    run_until(net, lambda: height(net, "main") == 114)
    third = net.transfer_value("carol", "alice", 220_000 * BTM_UNITS, "BTM", "main")
    rivals = mine_branch(net, main_block(net, 112), 3)
    deliver(net, *rivals)
    run(net, 60)

    waiting = [tx_id.hex() for tx_id in net.world.main_nodes[0].pool.order]
    assert waiting == [first, second, third]
    assert said(net, TxDropped) == []
    run_until(net, lambda: net.balance("alice", "main", "BTM") > 200_000 * BTM_UNITS)


def test_a_lock_that_the_rival_branch_contradicts_is_lost_and_says_so():
    """Alice's coins went elsewhere on the branch that won: there is no lock now."""
    net = network(ONE_SOLO)
    twin = branch(net)
    twin.transfer_value("alice", "bob", 99_000 * BTM_UNITS, "BTM", "main")
    (other,) = [item.tx for item in twin.world.main_nodes[0].pool.transactions()]
    name = locked(net)
    deliver(net, *mine_branch(net, main_block(net, 112), 2, [other]))
    run(net, 1)

    (dropped,) = said(net, TxDropped)
    assert dropped.id == net.transfer(name).lock_tx.hex()
    assert "does not exist" in dropped.reason
    transfer = net.transfer(name)
    assert (transfer.stage, transfer.failed) == ("lock", True)
    assert transfer.note == "gone from the mempool"
    run(net, 5000)
    assert all_books_hold(net)
    assert net.balance("alice", "gamma", "BTM") == 0


def test_a_claim_whose_lock_left_is_dropped_and_made_anew_when_the_lock_is_back():
    """Regression: the old claim stayed in the pools and kept the new one out."""
    net = network(ONE_DPOS, depth=1)
    name = locked(net)
    run_until(net, lambda: net.transfer(name).note == "in alpha mempool")
    run(net, 45)
    assert [len(node.pool) for node in meddle(net).nodes("alpha")] == [1] * 4
    assert height(net, "main") == 114
    rivals = mine_branch(net, main_block(net, 112), 3)
    deliver(net, *rivals)
    run(net, 1)

    assert [len(node.pool) for node in meddle(net).nodes("alpha")] == [0] * 4
    (dropped,) = said(net, TxDropped, chain="alpha")
    assert dropped.reason == "its lock left the best mainchain"
    assert stage(net, name) == ("lock", 0)
    run_until(net, lambda: claimed(net, name))
    assert len(said(net, ClaimCrafted)) == 2
    assert net.balance("alice", "alpha", "BTM") == 5 * BTM_UNITS
    assert said(net, InvariantBroken) == []
    assert all_books_hold(net)


def test_a_claim_that_waited_for_a_lock_that_left_is_forgotten():
    net = network(ONE_DPOS, depth=1)
    name = locked(net)
    run_until(net, lambda: net.transfer(name).stage == "claim")
    # One validator is a block behind and holds the claim.
    view = validator(net, "alpha", "v3").main
    change_node(net, "alpha", "v3", main=replace(view, tip=main_block(net, 113)))
    run(net, 45)
    assert len(validator(net, "alpha", "v3").held_claims) == 1
    deliver(net, *mine_branch(net, main_block(net, 112), 3))
    run(net, 1)

    assert validator(net, "alpha", "v3").held_claims == ()
    run_until(net, lambda: claimed(net, name))


def test_below_an_anchor_the_peg_freezes_and_thaws_when_the_mainchain_returns():
    """Deeper than N: nothing on the sidechain can repair that."""
    net = network(ONE_DPOS, depth=1)
    name = deposit(net, 50 * BTM_UNITS, "BTM", "alpha")
    run(net, 2000)
    old_tip, old_height = net.world.main_tip, height(net, "main")
    anchor = net.show("alpha")["anchor"]
    rivals = mine_branch(net, main_block(net, 112), old_height - 112 + 1)
    deliver(net, *rivals)
    assert advance(net, net.now_ms + 100) == "breach"

    broken = {event.invariant for event in said(net, InvariantBroken)}
    assert broken == {"I1", "I5"}
    found = {finding.invariant for finding in net.audit("alpha").findings}
    assert found == {"I1", "I3", "I5"}, "from scratch every claim is looked at"
    assert net.frozen("alpha")
    assert not net.backed("alpha")
    net.acknowledge()
    # Ordinary transfers go on under the old anchor, deposits do not.
    later = net.lock("bob", 5 * BTM_UNITS, "BTM", "alpha")
    net.transfer_value("alice", "carol", BTM_UNITS, "BTM", "alpha")
    with hurry(net):
        run(net, 8000)
    assert net.balance("carol", "alpha", "BTM") == BTM_UNITS
    assert net.show("alpha")["anchor"] == anchor
    assert not claimed(net, later)
    assert len(said(net, InvariantBroken)) == len(broken), "said once, not again"
    # The first branch grows beyond the second.
    n_more = height(net, "main") - old_height + 1
    deliver(net, *mine_branch(net, old_tip, n_more))
    run(net, 100)

    assert not net.frozen("alpha")
    assert net.backed("alpha")
    run_until(net, lambda: claimed(net, later))
    assert net.show("alpha")["anchor"] > anchor
    assert claimed(net, name)


def test_everybody_who_follows_the_mainchain_is_told():
    net = network(ONE_SOLO)
    peers = main_peers(meddle(net))

    assert peers == (
        "main:node-0",
        "main:node-1",
        "collector:fed-1",
        "collector:fed-2",
        *(f"side:gamma:v{number}" for number in range(1, 5)),
    )


def test_a_claim_that_waits_while_the_peg_is_frozen_does_not_stop_the_chain():
    """Its lock still stands; but a block that claims is held by everybody."""
    net = network(ONE_DPOS, depth=1)
    deposit(net, 50 * BTM_UNITS, "BTM", "alpha")
    name = net.lock("bob", 5 * BTM_UNITS, "BTM", "alpha")
    run_until(net, lambda: net.transfer(name).stage == "proof")
    turn = meddle(net)
    claim, _ = collecting.make_claim(
        turn, collecting.settled_lock(turn, net.transfer(name))
    )
    fork = height(net, "main") - 1
    with hurry(net):
        run_until(net, lambda: net.show("alpha")["anchor"] > fork)
        run_until(net, lambda: claimed(net, name))
    turn = meddle(net)
    (side,) = turn.sides()
    forgotten = side.tree[side.head].state  # As if no block had taken it yet.
    forgotten = replace(forgotten, claimed=forgotten.claimed.remove(lock_id_of(claim)))
    turn.set_side_tree(
        "alpha", side.tree.with_entry(replace(side.tree[side.head], state=forgotten))
    )
    for node in turn.nodes("alpha"):
        pool = node.pool.add(Waiting(claim, 0), 1)
        turn.set_node("alpha", replace(node, pool=pool, head=side.head))
    settle(net, turn)
    n_blocks = height(net, "main") - fork + 1
    deliver(net, *mine_branch(net, main_block(net, fork), n_blocks))
    for _ in range(3):
        run(net, 60)
        net.acknowledge()
    assert net.frozen("alpha")
    net.transfer_value("alice", "carol", BTM_UNITS, "BTM", "alpha")
    with hurry(net):
        run(net, 4000)

    assert net.balance("carol", "alpha", "BTM") == BTM_UNITS
    assert claim.id in validator(net, "alpha", "v1").pool, "it still waits"


def lock_id_of(claim: Transaction) -> bytes:
    (given,) = claim.inputs
    return given.mainchain_output_id


def test_a_node_that_lags_behind_makes_nobody_elses_peg_look_frozen():
    """The auditor looks at the world, not through one node."""
    net = network(ONE_DPOS, depth=1)
    long_ago = net.world.main_nodes[0].view
    with hurry(net):
        run_until(net, lambda: net.show("alpha")["anchor"] > 113)
    turn = meddle(net)
    turn.set_main_node(replace(turn.main_nodes[0], view=long_ago))
    settle(net, turn)

    assert net.main_height() == 112
    assert not net.frozen("alpha")
    assert net.backed("alpha")
