"""Raw transactions handed in: what waits, what is kept, what is refused by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.engine.actors.submitting import FeeTooHigh, NoGasInput
from devnet.engine.bc.transaction import (
    BTM,
    Output,
    Spend,
    Transaction,
    with_arguments,
)
from devnet.engine.chain.coins import ImmatureCoinbase
from devnet.engine.chain.mempool import AlreadySpent
from devnet.engine.codec import FormError
from devnet.engine.errors import DevnetError
from devnet.engine.keys.chainkd import sign
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.rules.errors import BadTimeRange
from tests.engine import support

ALICE, BOB = play_account("alice"), play_account("bob")
FEE = 1_000_000


def coins_of(net, who, asset=BTM):
    tip = net.world.tree[net.world.main_tip]
    return [
        coin for coin in tip.state.coins.of_program(who.program) if coin.asset == asset
    ]


def spend(coin, who, *outputs, time_range=0, fee=FEE):
    """A signed transaction that spends one coin."""
    given = Spend(coin.source_id, coin.asset, coin.amount, coin.position, coin.program)
    outputs = outputs or (Output(coin.asset, coin.amount - fee, BOB.program),)
    return signed(Transaction(1, time_range, (given,), tuple(outputs)), who)


def signed(tx, *whos):
    for index, who in enumerate(whos):
        signature = sign(who.xprv, tx.sig_hash(index))
        tx = with_arguments(tx, index, (signature, who.key))
    return tx


def test_a_good_transaction_waits_and_is_mined():
    net = support.network(())
    tx = spend(coins_of(net, ALICE)[0], ALICE)

    submitted = net.submit(tx.raw)
    support.run_blocks(net, "main", 1)

    assert submitted.fate == "waiting"
    tip = net.world.tree[net.world.main_tip]
    assert tx.id in [mined.id for mined in tip.block.transactions]


def test_a_child_that_comes_first_is_kept_until_its_parent_is_there():
    net = support.network(())
    parent = spend(coins_of(net, ALICE)[0], ALICE)
    given = Spend(parent.mux_id, BTM, parent.outputs[0].amount, 0, BOB.program)
    output = Output(BTM, given.amount - FEE, ALICE.program)
    child = signed(Transaction(1, 0, (given,), (output,)), BOB)

    assert net.submit(child.raw).fate == "orphan"
    assert net.world.main_nodes[0].orphans[0].tx.id == child.id
    net.submit(parent.raw)
    support.run_blocks(net, "main", 2)

    assert net.world.main_nodes[0].orphans == ()
    coins = net.world.tree[net.world.main_tip].state.coins
    assert child.result_ids[0] in coins.by_id


def test_a_transaction_whose_other_asset_fails_pays_its_fee_and_moves_btm_only():
    net = support.network(())
    gold_id = net.asset("GOLD").id
    btm, gold = coins_of(net, ALICE)[0], coins_of(net, ALICE, gold_id)[0]
    inputs = tuple(
        Spend(coin.source_id, coin.asset, coin.amount, coin.position, coin.program)
        for coin in (btm, gold)
    )
    outputs = (
        Output(BTM, btm.amount - FEE, BOB.program),
        Output(gold_id, gold.amount, BOB.program),
    )
    # The gold is not bob's to give: its signature is wrong.
    tx = signed(Transaction(1, 0, inputs, outputs), ALICE, BOB)
    before = {who: net.balance(who, "main", "GOLD") for who in ("alice", "bob")}
    btm_before = net.balance("bob", "main", "BTM")

    submitted = net.submit(tx.raw)
    support.run_blocks(net, "main", 1)

    entry = net.world.tree[net.world.main_tip]
    assert submitted.fate == "status_fail"
    assert entry.statuses == (False, True)
    assert net.balance("bob", "main", "BTM") == btm_before + btm.amount - FEE
    assert before == {who: net.balance(who, "main", "GOLD") for who in before}


def refusals(net):
    """Transactions that a pool refuses, and the error that says why."""
    coin = coins_of(net, ALICE)[0]
    young = next(
        found
        for found in coins_of(net, play_account("node-0"))
        if not found.spendable_at(net.main_height() + 1)
    )
    gold = coins_of(net, ALICE, net.asset("GOLD").id)[0]
    honest = spend(coin, ALICE)
    yield spend(young, play_account("node-0")), ImmatureCoinbase
    yield spend(coin, ALICE, time_range=net.main_height()), BadTimeRange
    yield spend(coin, ALICE, fee=2_000_000_000), FeeTooHigh
    yield spend(gold, ALICE, Output(gold.asset, gold.amount, BOB.program)), NoGasInput
    yield spend(coin, BOB), DevnetError
    yield spend(coin, ALICE, fee=1000), DevnetError
    yield replace(honest, version=2, received=None), DevnetError


def test_every_broken_rule_is_refused_by_name_and_leaves_no_trace():
    net = support.network(())
    before = net.world

    for tx, error in refusals(net):
        with pytest.raises(error) as refused:
            net.submit(tx.raw)
        assert refused.value.code.count(".") == 1
        assert net.world is before


def test_a_second_spend_of_a_coin_is_refused_and_names_the_first():
    net = support.network(())
    coin = coins_of(net, ALICE)[0]
    first = spend(coin, ALICE)
    net.submit(first.raw)

    with pytest.raises(AlreadySpent) as refused:
        net.submit(spend(coin, ALICE, fee=FEE + 1).raw)

    assert first.id.hex()[:16] in refused.value.message


@pytest.mark.parametrize("raw", [b"", b"\x07", b"\x08" + bytes(40), bytes(300)])
def test_bytes_that_are_no_transaction_are_refused(raw):
    net = support.network(support.ONE_SOLO)

    for chain in ("main", "gamma"):
        with pytest.raises(FormError):
            net.submit(raw, chain)
