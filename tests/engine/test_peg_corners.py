"""Value in odd places, brought by raw transactions: the books hold all the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.bc.programs import p2wpkh, retire_program
from devnet.engine.bc.records import Definition, Withdrawal, record_program
from devnet.engine.bc.transaction import (
    BTM,
    Output,
    Spend,
    Transaction,
    with_arguments,
)
from devnet.engine.chain.coins import Coin
from devnet.engine.events import ClaimCrafted, InvariantBroken
from devnet.engine.federation.programs import lock_program, treasury_program
from devnet.engine.keys.chainkd import sign
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import Network
from tests.engine.support import (
    BTM_UNITS,
    ONE_SOLO,
    all_books_hold,
    branch,
    deposit,
    network,
    run,
    run_blocks,
    run_until,
    said,
)

ALICE, BOB = play_account("alice"), play_account("bob")
STRANGER = p2wpkh(b"\x55" * 20)
FEE = 2_000_000


@pytest.fixture(scope="module")
def world() -> Network:
    """Alice has BTM and GOLD on gamma, in one coin each."""
    net = network(ONE_SOLO, depth=1)
    deposit(net, 50 * BTM_UNITS, "BTM", "gamma")
    deposit(net, 900, "GOLD", "gamma")
    return net


def coins(net: Network, chain: str, asset: str) -> list[Coin]:
    """Alice's coins, biggest first."""
    state = net.world.tree[net.world.main_tip].state
    if chain != "main":
        side = net.world.sidechain(chain)
        state = side.tree[side.head].state
    known = net.asset(asset).id
    held = [c for c in state.coins.of_program(ALICE.program) if c.asset == known]
    return sorted(held, key=lambda coin: -coin.amount)


def spend(
    inputs: list[Coin], outputs: list[Output], *, side: bool, thief: int = -1
) -> bytes:
    """A transaction of alice's; the input of a thief is signed by bob."""
    given = tuple(
        Spend(c.source_id, c.asset, c.amount, c.position, c.program) for c in inputs
    )
    tx = Transaction(1, 0, given, tuple(outputs), side=side)
    for index in range(len(given)):
        who = BOB if index == thief else ALICE
        tx = with_arguments(tx, index, (sign(who.xprv, tx.sig_hash(index)), who.key))
    return tx.raw


def sums(net: Network, asset: str):
    (found,) = [
        one for one in net.audit("gamma").sums if one.asset == net.asset(asset).id
    ]
    return found


def withdrawal(net: Network) -> bytes:
    return Withdrawal(net.world.tree.genesis_hash, ALICE.program).program


def test_what_is_retired_on_a_sidechain_is_burned_and_stays_locked(world: Network):
    net = branch(world)
    (coin,) = coins(net, "gamma", "BTM")
    burned = 7 * BTM_UNITS
    outputs = [
        Output(BTM, burned, retire_program(b"gone")),
        Output(BTM, coin.amount - burned - FEE, ALICE.program),
    ]
    net.submit(spend([coin], outputs, side=True), "gamma")
    run(net, 1500)

    books = sums(net, "BTM")
    assert books.burned == burned
    assert books.locked == coin.amount
    assert books.circulating == coin.amount - burned
    assert all_books_hold(net)


def test_what_is_put_into_a_withdrawal_is_leaving(world: Network):
    net = branch(world)
    (btm,), (gold,) = coins(net, "gamma", "BTM"), coins(net, "gamma", "GOLD")
    outputs = [
        Output(gold.asset, 300, withdrawal(net)),
        Output(gold.asset, gold.amount - 300, ALICE.program),
        Output(BTM, btm.amount - FEE, ALICE.program),
    ]
    net.submit(spend([btm, gold], outputs, side=True), "gamma")
    run(net, 600)

    assert (sums(net, "GOLD").leaving, sums(net, "GOLD").burned) == (300, 0)
    assert all_books_hold(net)
    gold_on_main = net.balance("alice", "main", "GOLD")
    run(net, 3000)
    assert (sums(net, "GOLD").leaving, sums(net, "GOLD").withdrawn) == (0, 300)
    assert net.balance("alice", "main", "GOLD") == gold_on_main + 300
    assert all_books_hold(net)


def test_value_in_a_record_of_another_kind_or_of_no_form_is_burned(world: Network):
    net = branch(world)
    (coin,) = coins(net, "gamma", "BTM")
    outputs = [
        Output(BTM, 11, Definition(b"\x51", b"{}").program),
        Output(BTM, 22, record_program(1, b"no withdrawal at all")),
        Output(BTM, 44, record_program(77, b"unknown")),
        Output(BTM, coin.amount - 77 - FEE, ALICE.program),
    ]
    net.submit(spend([coin], outputs, side=True), "gamma")
    run(net, 1500)

    assert (sums(net, "BTM").burned, sums(net, "BTM").leaving) == (77, 0)
    assert all_books_hold(net)


def test_a_failed_transaction_on_a_sidechain_moves_its_btm_and_nothing_else(
    world: Network,
):
    net = branch(world)
    (btm,), (gold,) = coins(net, "gamma", "BTM"), coins(net, "gamma", "GOLD")
    outputs = [
        Output(gold.asset, gold.amount, withdrawal(net)),
        Output(BTM, 5, retire_program(b"")),
        Output(BTM, btm.amount - 5 - FEE, BOB.program),
    ]
    raw = spend([btm, gold], outputs, side=True, thief=1)
    assert net.submit(raw, "gamma").fate == "status_fail"
    run(net, 1500)

    assert sums(net, "GOLD").leaving == 0
    assert sums(net, "BTM").burned == 5
    assert net.balance("alice", "gamma", "GOLD") == gold.amount
    assert net.balance("bob", "gamma", "BTM") == btm.amount - 5 - FEE
    assert all_books_hold(net)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 10**6), st.integers(0, 5), st.booleans()),
        min_size=1, max_size=8,
    ),
    st.sampled_from([-1, -1, 1]),
)  # fmt: skip
def test_whatever_outputs_a_sidechain_transaction_has_the_books_hold(pieces, thief):
    net = branch(_world())
    (btm,), (gold,) = coins(net, "gamma", "BTM"), coins(net, "gamma", "GOLD")
    programs = (
        ALICE.program, STRANGER, retire_program(b"x"), withdrawal(net),
        record_program(3, b""), record_program(200, b"?"),
    )  # fmt: skip
    outputs, left = [], gold.amount
    for amount, kind, is_btm in pieces:
        if is_btm:
            outputs.append(Output(BTM, amount, programs[kind]))
        elif left > 1:
            outputs.append(Output(gold.asset, 1 + amount % (left - 1), programs[kind]))
            left -= outputs[-1].amount
    outputs.append(Output(gold.asset, left, BOB.program))
    paid = sum(one.amount for one in outputs if one.asset == BTM)
    outputs.append(Output(BTM, btm.amount - paid - FEE, ALICE.program))
    net.submit(spend([btm, gold], outputs, side=True, thief=thief), "gamma")
    run(net, 1500)

    assert net.show("gamma")["mempool"] == 0
    assert all_books_hold(net)
    assert said(net, InvariantBroken) == []


_MADE: list[Network] = []


def _world() -> Network:
    """The same world for each example."""
    if not _MADE:
        net = network(ONE_SOLO, depth=1)
        deposit(net, 50 * BTM_UNITS, "BTM", "gamma")
        deposit(net, 900, "GOLD", "gamma")
        _MADE.append(net)
    return _MADE[0]


# The mainchain's side.


def test_a_gift_to_the_treasury_covers_nothing_and_is_told_apart(world: Network):
    net = branch(world)
    coin = coins(net, "main", "BTM")[0]
    spec = net.world.sidechain("gamma").tree.spec
    treasury = treasury_program(net.world.federation, spec.chain_id)
    outputs = [
        Output(BTM, 123, treasury),
        Output(BTM, coin.amount - 123 - FEE, ALICE.program),
    ]
    net.submit(spend([coin], outputs, side=False))
    run(net, 4000)

    assert sums(net, "BTM").donated == 123
    assert all_books_hold(net)


def test_a_second_payment_to_a_lock_address_is_claimed_too(world: Network):
    """Nobody announced it, but the collector watches the address."""
    net = branch(world)
    coin = coins(net, "main", "BTM")[0]
    lock = net.transfer("d1").lock_program
    before = net.balance("alice", "gamma", "BTM")
    outputs = [
        Output(BTM, 100, lock),
        Output(BTM, 100, lock),
        Output(BTM, coin.amount - 200 - FEE, ALICE.program),
    ]
    net.submit(spend([coin], outputs, side=False))
    run_until(net, lambda: net.balance("alice", "gamma", "BTM") == before + 200)
    run_blocks(net, "main", 1)
    run(net, 100)

    assert len(said(net, ClaimCrafted)) == 2, "those of the two transfers"
    assert all_books_hold(net)
    assert net.world.collectors[0].pending == ()


def test_a_lock_for_a_script_that_nobody_registered_waits_without_harm(world: Network):
    net = branch(world)
    coin = coins(net, "main", "BTM")[0]
    spec = net.world.sidechain("gamma").tree.spec
    lock = lock_program(net.world.federation, spec.chain_id, STRANGER)
    outputs = [
        Output(BTM, 100, lock),
        Output(BTM, coin.amount - 100 - FEE, ALICE.program),
    ]
    net.submit(spend([coin], outputs, side=False))
    run(net, 4000)

    assert all_books_hold(net)


def test_of_a_failed_lock_transaction_the_btm_arrives_and_the_gold_does_not(
    world: Network,
):
    """C9: its BTM moved on the mainchain, its GOLD never did."""
    net = branch(world)
    btm, gold = coins(net, "main", "BTM")[0], coins(net, "main", "GOLD")[0]
    lock = net.transfer("d1").lock_program
    before = net.balance("alice", "gamma", "BTM"), net.balance("alice", "gamma", "GOLD")
    outputs = [
        Output(gold.asset, gold.amount, lock),
        Output(BTM, 5000, lock),
        Output(BTM, btm.amount - 5000 - FEE, ALICE.program),
    ]
    raw = spend([btm, gold], outputs, side=False, thief=1)
    assert net.submit(raw).fate == "status_fail"
    run_until(net, lambda: net.balance("alice", "gamma", "BTM") == before[0] + 5000)
    run_blocks(net, "main", 1)
    run(net, 100)

    assert net.balance("alice", "gamma", "GOLD") == before[1]
    assert net.balance("alice", "main", "GOLD") >= gold.amount
    assert net.world.collectors[0].pending == ()
    assert all_books_hold(net)
