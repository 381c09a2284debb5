"""The set of unspent outputs: a persistent value that agrees with a plain dict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.engine.bc.programs import p2wpkh, retire_program
from devnet.engine.bc.transaction import BTM, Coinbase, Output, Spend, Transaction
from devnet.engine.chain.coins import (
    COINBASE_MATURITY,
    Coin,
    CoinSet,
    ImmatureCoinbase,
    MissingOutput,
    apply_transaction,
    coins_of_outputs,
)

GOLD = b"\x60" * 32
PROGRAMS = tuple(p2wpkh(bytes((number,)) * 20) for number in range(3))


def coin(number: int, amount: int = 10, program: int = 0, asset: bytes = BTM) -> Coin:
    name = bytes((number,)) * 32
    return Coin(name, name, 0, asset, amount, PROGRAMS[program], number)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 7), st.integers(1, 9), st.integers(0, 2), st.booleans()
        ),
        max_size=40,
    )
)
def test_any_adding_and_removing_agrees_with_a_dict(steps):
    """The same id added again takes the old one's place, as in the reference."""
    coins, model = CoinSet(), {}
    for number, amount, program, is_btm in steps:
        one = coin(number, amount, program, BTM if is_btm else GOLD)
        if one.id in model and amount % 2:
            coins = coins.remove(model.pop(one.id))
        else:
            coins, model[one.id] = coins.add(one), one

        assert dict(coins.by_id.items()) == model
        for asset in (BTM, GOLD):
            held = [known for known in model.values() if known.asset == asset]
            assert coins.total(asset) == sum(known.amount for known in held)
        for owner in PROGRAMS:
            held = [known for known in model.values() if known.program == owner]
            assert list(coins.of_program(owner)) == sorted(
                held, key=lambda known: (known.height, known.position, known.id)
            )


def test_a_set_is_a_value_and_adding_makes_another():
    before = CoinSet().add(coin(1))
    after = before.add(coin(2)).remove(coin(1))

    assert len(before.by_id) == 1
    assert dict(after.by_id.items()) == {coin(2).id: coin(2)}
    assert before.add(coin(2)).remove(coin(2)) == before


def test_a_coinbase_output_can_be_spent_from_its_hundredth_block_on():
    young = Coin(b"\x01" * 32, b"\x01" * 32, 0, BTM, 5, PROGRAMS[0], 12, True)
    coins = CoinSet().add(young)

    with pytest.raises(ImmatureCoinbase, match="from 112 on, not at 111"):
        coins.to_spend(young.id, 12 + COINBASE_MATURITY - 1)
    assert coins.to_spend(young.id, 12 + COINBASE_MATURITY) == young


def payment(source: Coin, *outputs: Output) -> Transaction:
    spend = Spend(
        source.source_id, source.asset, source.amount, source.position, source.program
    )
    return Transaction(1, 0, (spend,), outputs)


def funded(amount: int = 100, asset: bytes = BTM) -> tuple[CoinSet, Coin]:
    """A set with one coin whose id is that of the output it stands for."""
    program = PROGRAMS[0]
    tx = payment(coin(9, amount, 0, asset), Output(asset, amount, program))
    (made,) = coins_of_outputs(tx, 5)
    return CoinSet().add(made), made


def test_spending_takes_the_coin_and_makes_the_outputs():
    coins, source = funded()
    tx = payment(source, Output(BTM, 60, PROGRAMS[1]), Output(BTM, 30, PROGRAMS[0]))

    after, change = apply_transaction(coins, tx, 6)

    assert change.spent == (source,)
    assert [one.amount for one in change.created] == [60, 30]
    assert [one.id for one in change.created] == list(tx.result_ids)
    assert {one.height for one in change.created} == {6}
    assert after.total(BTM) == 90


def test_what_is_spent_cannot_be_spent_again():
    coins, source = funded()
    tx = payment(source, Output(BTM, 60, PROGRAMS[1]))
    after, _ = apply_transaction(coins, tx, 6)

    with pytest.raises(MissingOutput):
        apply_transaction(after, tx, 7)


def test_retired_value_is_nobodys():
    coins, source = funded()
    tx = payment(source, Output(BTM, 60, retire_program(b"gone")))

    after, change = apply_transaction(coins, tx, 6)

    assert change.created == ()
    assert after.total(BTM) == 0


def test_of_a_failed_transaction_only_the_btm_side_counts():
    _, btm = funded(100, BTM)
    _, gold = funded(50, GOLD)
    coins = CoinSet().add(btm).add(gold)
    spends = tuple(
        Spend(one.source_id, one.asset, one.amount, one.position, one.program)
        for one in (btm, gold)
    )
    outputs = (Output(BTM, 90, PROGRAMS[1]), Output(GOLD, 50, PROGRAMS[1]))
    tx = Transaction(1, 0, spends, outputs)

    after, change = apply_transaction(coins, tx, 6, failed=True)

    assert [one.asset for one in change.spent] == [BTM]
    assert [one.asset for one in change.created] == [BTM]
    assert after.total(GOLD) == 50
    assert gold.id in after.by_id


def test_an_empty_reward_is_a_coin_on_the_mainchain_and_none_on_a_sidechain():
    outputs = (Output(BTM, 0, PROGRAMS[0]),)
    for side, n_coins in ((False, 1), (True, 0)):
        tx = Transaction(1, 0, (Coinbase(b"\x00"),), outputs, side=side)
        assert len(coins_of_outputs(tx, 1, coinbase=True)) == n_coins
