"""Many transactions at one door: each is judged as if it came alone."""

from __future__ import annotations

import pytest

from devnet.bench.cheap import cheap_network
from devnet.bench.payments import signed
from devnet.engine.bc.transaction import BTM, Output, Spend, Transaction, with_arguments
from devnet.engine.errors import DevnetError
from devnet.engine.events import TxQueued
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import Network, SidechainSpec

ALICE, BOB = play_account("alice"), play_account("bob")
FEE_NEU = 500_000


@pytest.fixture(scope="module")
def rich() -> Network:
    """A sidechain where Alice holds one coin."""
    net = cheap_network((SidechainSpec("beta", "poa"),))
    deposit = net.lock("alice", 100 * 10**8, "BTM", "beta")
    run(net, lambda: net.transfer(deposit).stage == "claimed")
    return net


def run(net, is_there):
    end_ms = net.now_ms + 120_000
    while not is_there():
        assert net.now_ms < end_ms
        net.step_once()


def chain_of_payments(net: Network, n: int) -> list[Transaction]:
    """Each spends the change of the one before."""
    side = net.world.sidechain("beta")
    (coin,) = side.tree[side.head].state.coins.of_program(ALICE.program)
    source, place, amount = coin.source_id, coin.position, coin.amount
    txs = []
    for _ in range(n):
        spend = Spend(source, BTM, amount, place, ALICE.program)
        amount -= 1000 + FEE_NEU
        outputs = (
            Output(BTM, 1000, BOB.program),
            Output(BTM, amount, ALICE.program),
        )
        tx = signed(Transaction(1, 0, (spend,), outputs, side=True), ALICE)
        txs.append(tx)
        source, place = tx.mux_id, 1
    return txs


def pools(net):
    return [node.pool for node in net.world.sidechain("beta").nodes]


def test_a_batch_and_single_calls_leave_the_same_pool_and_words(rich):
    txs, before = chain_of_payments(rich, 5), rich.snapshot()
    raws = [tx.raw for tx in txs]

    answers = rich.submit_many(raws, "beta")
    batch_pool, batch_events = pools(rich)[0], rich.events[before.n_events :]
    rich.restore(before)
    singles = [rich.submit(raw, "beta") for raw in raws]
    single_pool, single_events = pools(rich)[0], rich.events[before.n_events :]
    rich.restore(before)

    assert [one.fate for one in answers] == [one.fate for one in singles]
    assert [one.tx for one in answers] == txs
    assert batch_pool == single_pool and batch_pool.order == single_pool.order
    assert [(e.id, e.what) for e in batch_events if isinstance(e, TxQueued)] == [
        (e.id, e.what) for e in single_events if isinstance(e, TxQueued)
    ]


def test_each_is_answered_for_itself_and_a_bad_one_spoils_nothing(rich):
    first, second, third = chain_of_payments(rich, 3)
    unsigned = with_arguments(second, 0, ())
    before = rich.snapshot()
    raws = [first.raw, b"\x00", unsigned.raw, first.raw, third.raw, second.raw]

    answers = rich.submit_many(raws, "beta")

    good, form, refused, again, orphan, last = answers
    assert good.fate == again.fate == last.fate == "waiting"
    assert isinstance(form, DevnetError) and isinstance(refused, DevnetError)
    with pytest.raises(type(refused)):
        rich.restore(before)
        rich.submit(first.raw, "beta")
        rich.submit(unsigned.raw, "beta")
    rich.restore(before)
    assert orphan.fate == "orphan"


def test_an_orphan_of_a_batch_joins_when_what_it_spends_is_there(rich):
    first, second, third = chain_of_payments(rich, 3)
    before = rich.snapshot()

    answers = rich.submit_many([third.raw, second.raw, first.raw], "beta")

    assert [one.fate for one in answers] == ["orphan", "orphan", "waiting"]
    assert len(pools(rich)[0]) == 3
    rich.restore(before)


def test_every_validator_hears_of_a_batch_in_one_message(rich):
    txs, before = chain_of_payments(rich, 4), rich.snapshot()

    rich.submit_many([tx.raw for tx in txs], "beta")
    told = [due for due in rich.world.schedule.waiting if "Txs" in str(type(due.what))]
    assert len(told) == len(pools(rich)) - 1
    run(rich, lambda: all(len(pool) in (0, 4) for pool in pools(rich)[1:]))
    rich.restore(before)


def test_on_the_mainchain_a_batch_is_many_single_calls(rich):
    before = rich.snapshot()

    (answer,) = rich.submit_many([b"\x07"], "main")

    assert isinstance(answer, DevnetError)
    assert rich.submit_many([], "beta") == ()
    assert rich.snapshot().n_events == before.n_events


def test_single_payments_that_arrive_together_are_heard_together(rich):
    txs, before = chain_of_payments(rich, 4), rich.snapshot()

    for tx in txs:
        rich.submit(tx.raw, "beta")
    news = [due for due in rich.world.schedule.waiting if "Txs" in str(type(due.what))]

    assert len({(due.at_ms, due.actor) for due in news}) == len(news)
    assert sum(len(due.what.txs) for due in news) == 4 * (len(pools(rich)) - 1)
    run(rich, lambda: all(len(pool) == 4 or not len(pool) for pool in pools(rich)[1:]))
    rich.restore(before)
