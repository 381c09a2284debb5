"""What may join those that wait for a block: first seen wins, nothing counts twice."""

from __future__ import annotations

import pytest

from devnet.engine.actors import mainchain
from devnet.engine.bc.transaction import BTM, Output, Spend, Transaction
from devnet.engine.chain import mempool
from devnet.engine.chain.coins import ImmatureCoinbase
from devnet.engine.chain.mempool import (
    AlreadySpent,
    DustTransaction,
    Mempool,
    Orphan,
    PoolFull,
    UnknownOutput,
    Waiting,
    adopt_orphans,
)
from devnet.engine.chain.wallet import Key, Purse, pay, purse_of
from devnet.engine.errors import DevnetError
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import Network
from tests.engine.support import BTM_UNITS, meddle, network

ALICE, BOB = play_account("alice"), play_account("bob")
KEY = Key("alice", ALICE.xprv, ALICE.key, ALICE.program)


@pytest.fixture(scope="module")
def net() -> Network:
    return network(())


def purse(net: Network, pool: Mempool | None = None) -> Purse:
    tip = net.world.tree[net.world.main_tip]
    return purse_of(
        "main", ALICE.program, tip.state.coins, pool or Mempool(), tip.height + 1
    )


def payments(net: Network, n: int) -> list[Transaction]:
    """Payments of alice's, each spending the change of the one before."""
    txs, pool = [], Mempool()
    for _ in range(n):
        output = Output(BTM, 99_000 * BTM_UNITS // n, BOB.program)
        txs.append(pay(KEY, purse(net, pool), (output,), side=False))
        pool = pool.add(Waiting(txs[-1], 0), 113)
    return txs


def admit(net: Network, *txs: Transaction) -> Mempool:
    """The first node's pool after these came, in order."""
    turn = meddle(net)
    node = turn.main_nodes[0]
    for tx in txs:
        node = mainchain.admit(turn, node, tx)
    return node.pool


def test_waiting_transactions_keep_their_order(net: Network):
    txs = payments(net, 4)
    pool = admit(net, *txs)

    assert [item.tx.id for item in pool.transactions()] == [tx.id for tx in txs]
    assert len(pool) == 4
    assert txs[2].id in pool


def test_the_same_transaction_twice_waits_once(net: Network):
    (tx,) = payments(net, 1)

    assert admit(net, tx, tx) == admit(net, tx)


def test_first_seen_wins(net: Network):
    output = [Output(BTM, BTM_UNITS, BOB.program)]
    first = pay(KEY, purse(net), output, side=False)
    second = pay(KEY, purse(net), output * 2, side=False)
    with pytest.raises(AlreadySpent) as caught:
        admit(net, first, second)

    assert caught.value.facts["other"] == first.id


def test_a_child_before_its_parent_is_an_orphan(net: Network):
    everything = (Output(BTM, 98_000 * BTM_UNITS, BOB.program),)
    parent = pay(KEY, purse(net), everything, side=False)
    coins = meddle(net).tree[net.world.main_tip].state.coins
    coming = purse_of("main", BOB.program, coins, admit(net, parent), 113)
    bob = Key("bob", BOB.xprv, BOB.key, BOB.program)
    most = (Output(BTM, 150_000 * BTM_UNITS, BOB.program),)
    child = pay(bob, coming, most, side=False)

    with pytest.raises(UnknownOutput):
        admit(net, child)
    assert admit(net, parent, child).order == (parent.id, child.id)


def test_a_transaction_without_btm_or_with_an_empty_output_is_dust(net: Network):
    tip = meddle(net).tree[net.world.main_tip]
    gold = net.asset("GOLD").id
    coins = {coin.asset: coin for coin in tip.state.coins.of_program(ALICE.program)}
    for asset, amount in ((gold, coins[gold].amount), (BTM, 0)):
        source = coins[asset]
        spend = Spend(
            source.source_id, asset, source.amount, source.position, source.program
        )
        tx = Transaction(1, 0, (spend,), (Output(asset, amount, BOB.program),))
        with pytest.raises(DustTransaction):
            admit(net, tx)


def test_a_full_pool_takes_nothing_more(net: Network, monkeypatch):
    monkeypatch.setattr(mempool, "MAX_TRANSACTIONS", 3)
    txs = payments(net, 4)
    with pytest.raises(PoolFull, match="3 transactions"):
        admit(net, *txs)


def test_a_young_coinbase_output_is_refused(net: Network):
    tip = meddle(net).tree[net.world.main_tip]
    miner = play_account("node-0")
    young = [
        coin
        for coin in tip.state.coins.of_program(miner.program)
        if not coin.spendable_at(tip.height + 1)
    ][-1]
    key = Key("node-0", miner.xprv, miner.key, miner.program)
    tx = pay(
        key,
        Purse("main", 113, (young,)),
        (Output(BTM, BTM_UNITS, BOB.program),),
        side=False,
    )
    with pytest.raises(ImmatureCoinbase):
        admit(net, tx)


def test_leaving_takes_back_what_joining_did(net: Network):
    txs = payments(net, 5)
    pool = admit(net, *txs[:4])

    assert admit(net, *txs).without([txs[4].id]) == pool
    assert pool.without([b"\x00" * 32]) is pool
    assert admit(net, *txs).without([tx.id for tx in txs]) == Mempool()


def test_when_a_parent_leaves_into_a_block_its_child_stays(net: Network):
    first, second = payments(net, 2)
    pool = admit(net, first, second).without([first.id])

    assert pool.order == (second.id,)
    assert set(pool.spent.keys()) == {one for one in second.spent_output_ids if one}


def test_orphans_are_adopted_in_any_order_and_refused_ones_forgotten():
    parent = Transaction(1, 0, (), (Output(BTM, 5, BOB.program),))

    def child(of: Transaction, amount: int) -> Transaction:
        spend = Spend(of.mux_id, BTM, 5, 0, BOB.program)
        return Transaction(1, amount, (spend,), (Output(BTM, amount, BOB.program),))

    good = child(parent, 4)
    grand = Transaction(
        1, 0, (Spend(good.mux_id, BTM, 4, 0, BOB.program),),
        (Output(BTM, 3, BOB.program),),
    )  # fmt: skip
    bad, stranger = child(parent, 2), child(good, 77)
    known, taken = set(parent.result_ids), []

    def take(tx: Transaction) -> None:
        if not set(tx.spent_output_ids) <= known:
            raise UnknownOutput("not there")
        if tx is bad:
            raise DevnetError("never")
        taken.append(tx)
        known.update(tx.result_ids)

    orphans = tuple(Orphan(tx, 7) for tx in (grand, bad, stranger, good))
    left = adopt_orphans(orphans, take)

    assert taken == [good, grand]
    assert left == (orphans[2],)
