"""Payments: the right coins, the change, and a fee that pays the gas and not more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.bc.transaction import BTM, Output, Spend, Transaction
from devnet.engine.chain.coins import Coin, CoinSet, apply_transaction, coins_of_outputs
from devnet.engine.chain.wallet import (
    NEU_PER_GAS,
    PEAK_GAS,
    SPARE_GAS,
    Key,
    Purse,
    TooManyPieces,
    pay,
)
from devnet.engine.errors import BadValue, InsufficientFunds
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.rules.transaction import validate_transaction

ALICE, BOB = play_account("alice"), play_account("bob")
KEY = Key("alice", ALICE.xprv, ALICE.key, ALICE.program)
GOLD = b"\x60" * 32
HEIGHT = 200


def coins_of(*amounts: int, asset: bytes = BTM) -> tuple[Coin, ...]:
    """Coins of alice's, each a real output of some transaction."""
    made = []
    for number, amount in enumerate(amounts):
        source = Spend(bytes((number, *asset[:1])) * 16, asset, amount, 0, BOB.program)
        outputs = (Output(asset, amount, ALICE.program),)
        made += coins_of_outputs(Transaction(1, 0, (source,), outputs), number)
    return tuple(made)


def bill(amount: int, asset: bytes = BTM) -> tuple[Output, ...]:
    return (Output(asset, amount, BOB.program),)


def fee_of(tx: Transaction) -> int:
    paid = sum(given.amount for given in tx.inputs if given.asset == BTM)
    return paid - sum(one.amount for one in tx.outputs if one.asset == BTM)


def assert_good(tx: Transaction, coins: tuple[Coin, ...], outputs: tuple[Output, ...]):
    """It follows every rule, pays what it should, and wastes next to nothing."""
    held = CoinSet()
    for coin in coins:
        held = held.add(coin)
    apply_transaction(held, tx, HEIGHT)
    verdict = validate_transaction(tx, height=HEIGHT, block_version=1)
    assert (verdict.status, verdict.error) == ("valid", None)
    assert tx.outputs[: len(outputs)] == outputs
    change = tx.outputs[len(outputs) :]
    assert {one.program for one in change} <= {ALICE.program}
    assert len({one.asset for one in change}) == len(change)
    least = verdict.gas_used * NEU_PER_GAS
    # An amount may be up to 9 bytes, and change that was left out has its size.
    assert least <= fee_of(tx) <= least + (SPARE_GAS + PEAK_GAS + 120) * NEU_PER_GAS


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 10**12), min_size=1, max_size=30),
    st.integers(1, 10**12),
    st.booleans(),
)
def test_a_payment_is_good_or_refused_for_a_reason(amounts, wanted, side):
    coins = coins_of(*amounts)
    purse = Purse("main", HEIGHT, coins)
    try:
        tx = pay(KEY, purse, bill(wanted), side=side)
    except TooManyPieces:
        best = sorted(amounts, reverse=True)[: KEY.most_btm_inputs]
        assert sum(best) < wanted + 10**7
    except InsufficientFunds:
        assert sum(amounts) < wanted + len(amounts) * 10**6
    else:
        assert tx.side is side
        assert_good(tx, coins, bill(wanted))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=12),
    st.integers(1, 10**7),
)
def test_another_asset_is_paid_with_its_own_coins_and_gas_in_btm(amounts, wanted):
    coins = (*coins_of(*amounts, asset=GOLD), *coins_of(10**9, 10**9))
    try:
        tx = pay(KEY, Purse("main", HEIGHT, coins), bill(wanted, GOLD), side=False)
    except InsufficientFunds:
        assert sum(amounts) < wanted
    else:
        assert_good(tx, coins, bill(wanted, GOLD))
        spent = sum(given.amount for given in tx.inputs if given.asset == GOLD)
        assert spent == sum(one.amount for one in tx.outputs if one.asset == GOLD)


def test_the_biggest_coins_are_taken_so_that_few_are_needed():
    coins = coins_of(*(10**7 * number for number in range(1, 20)))
    tx = pay(KEY, Purse("main", HEIGHT, coins), bill(3 * 10**8), side=False)

    assert [given.amount for given in tx.inputs] == [19 * 10**7, 18 * 10**7]


def test_all_that_is_there_can_be_spent_to_the_last_unit_but_the_fee():
    coins = coins_of(10**9)
    purse = Purse("main", HEIGHT, coins)
    fee = fee_of(pay(KEY, purse, bill(10**8), side=False))
    lowest = None
    for amount in range(10**9 - fee, 10**9 - fee + 60 * NEU_PER_GAS, 100):
        try:
            tx = pay(KEY, purse, bill(amount), side=False)
        except InsufficientFunds as error:
            assert error.facts["have"] == 10**9
            assert error.facts["need"] > 10**9
            break
        lowest = tx
    assert lowest is not None
    assert_good(lowest, coins, lowest.outputs[:1])


def test_change_of_nothing_is_no_output():
    coins = coins_of(10**9)
    purse = Purse("main", HEIGHT, coins)
    fee = fee_of(pay(KEY, purse, bill(10**9 - 10**8), side=False))

    # The amount's own length is in the fee, so one of these leaves nothing.
    for amount in range(10**9 - fee, 10**9 - fee + 5 * NEU_PER_GAS, NEU_PER_GAS):
        tx = pay(KEY, purse, bill(amount), side=False)
        if len(tx.outputs) == 1:
            break

    assert tx.outputs == bill(amount)
    assert_good(tx, coins, tx.outputs)


def test_too_much_is_refused_with_what_is_there_and_what_is_needed():
    purse = Purse("alpha", HEIGHT, coins_of(500, 700))
    with pytest.raises(InsufficientFunds, match="alice has 1200 units of BTM on alpha"):
        pay(KEY, purse, bill(5000), side=True)


def test_money_in_too_many_pieces_is_refused_until_it_is_merged():
    purse = Purse("main", HEIGHT, coins_of(*[10**7] * 40))
    with pytest.raises(TooManyPieces, match="one transaction of alice can spend 21"):
        pay(KEY, purse, bill(25 * 10**7), side=False)
    tx = pay(KEY, purse, bill(18 * 10**7), side=False)
    assert len(tx.inputs) <= KEY.most_btm_inputs


@pytest.mark.parametrize("amount", [0, -1, 2**63, 2**80])
def test_an_amount_that_no_output_can_have_is_refused(amount: int):
    with pytest.raises(BadValue):
        pay(KEY, Purse("main", HEIGHT, coins_of(10**9)), bill(amount), side=False)


def test_an_empty_purse_pays_nothing():
    for asset in (BTM, GOLD):
        with pytest.raises(InsufficientFunds):
            pay(KEY, Purse("main", HEIGHT, ()), bill(1, asset), side=False)


def test_the_same_purse_gives_the_same_transaction():
    coins = coins_of(*[10**7] * 9)
    one = pay(KEY, Purse("main", HEIGHT, coins), bill(10**7), side=False)
    other = pay(KEY, Purse("main", HEIGHT, coins[::-1]), bill(10**7), side=False)

    assert one.raw == other.raw
