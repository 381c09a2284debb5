"""Several coordinators: by turns, members, anybody; and one payout whatever fails."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from itertools import count
from random import Random

import pytest

from devnet.engine.actors import chairs, desks, membership
from devnet.engine.actors.collectors import actor_of
from devnet.engine.actors.messages import NotSigned, Signed, SignPlease
from devnet.engine.actors.purses import main_purse
from devnet.engine.bc.transaction import BTM, Output, Transaction
from devnet.engine.chain.wallet import pay
from devnet.engine.errors import InsufficientFunds, RequestError, UnknownName
from devnet.engine.events import PayoutPlanned, TransferStarted
from devnet.engine.federation.programs import treasury_program
from devnet.engine.federation.turns import order_of
from devnet.engine.federation.withdrawals import Owed
from devnet.engine.keys.accounts import key_program
from devnet.engine.network import Network, SidechainSpec
from tests.engine.keptworlds import Disk, kept_network
from tests.engine.support import (
    BTM_UNITS,
    all_books_hold,
    branch,
    deliver,
    deposit,
    forget,
    main_block,
    meddle,
    mine_branch,
    network,
    run,
    run_until,
    said,
    settle,
)

T, G, FEE_PPM = 3, 20, 10_000
SOLO = (SidechainSpec("alpha", "solo"),)


@pytest.fixture(scope="module")
def world() -> Network:
    net = network(SOLO, depth=1, relay_fee_ppm=FEE_PPM)
    deposit(net, 50 * BTM_UNITS, "BTM", "alpha")
    return net


def owed_of(net: Network, name: str) -> Owed | None:
    side = net.world.sidechain("alpha")
    return side.tree[side.head].state.pegout.find(net.transfer(name).lock_id)


def age(net: Network, name: str) -> int:
    """Mainchain blocks for which a withdrawal's payout is due."""
    side = net.world.sidechain("alpha")
    owed = owed_of(net, name)
    if owed is None:
        return -1
    found = chairs.chairs_of(
        meddle(net), "alpha", side.tree[side.head], owed, net.main_height()
    )
    return found.age


def only(net: Network, collector: str, to: str = "bob") -> str:
    """A withdrawal that is assigned to this collector."""
    twin = branch(net)
    for amount in count(2 * BTM_UNITS, 100):
        name = twin.withdraw("alice", amount, "BTM", "alpha", to)
        lock_id = twin.transfer(name).lock_id
        if order_of(net.world.collectors, lock_id)[0].name == collector:
            return net.withdraw("alice", amount, "BTM", "alpha", to)
        twin = branch(net)
    raise AssertionError


def payouts(net: Network) -> list[Transaction]:
    """Transactions of the best mainchain that spend what the federation holds."""
    chain_id = net.world.sidechain("alpha").tree.spec.chain_id
    held = {treasury_program(net.world.federation, chain_id), *net.world.watched}
    return [
        tx
        for block in net.world.tree.branch(net.world.main_tip)
        for tx in block.transactions[1:]
        if any(getattr(given, "program", b"") in held for given in tx.inputs)
    ]


def settled(net: Network, *names: str) -> bool:
    return all(net.transfer(name).stage == "settled" for name in names)


def main_btm(net: Network, program: bytes) -> int:
    return net.world.tree[net.world.main_tip].state.coins.total_of(program, BTM)


def fee_of(net: Network, collector: str) -> int:
    (one,) = (one for one in net.world.collectors if one.name == collector)
    return main_btm(net, key_program(one.key))


def all_collectors(net: Network, *, off: bool) -> None:
    for one in net.world.collectors:
        net.switch_collector(one.name, off=off)


# By turns.


@pytest.mark.parametrize("who", ["fed-1", "fed-2"])
def test_the_assigned_collector_coordinates_and_takes_the_fee(world: Network, who: str):
    net = branch(world)
    name = only(net, who)
    run_until(net, lambda: settled(net, name))
    fees = {one.name: fee_of(net, one.name) for one in net.world.collectors}
    assert fees == {"fed-1": 0, "fed-2": 0} | {who: net.transfer(name).amount // 100}
    assert len(payouts(net)) == 1
    assert all_books_hold(net)


def test_the_next_coordinates_when_the_assigned_one_is_silent(world: Network):
    net = branch(world)
    net.switch_collector("fed-1", off=True)
    name = only(net, "fed-1")
    run_until(net, lambda: said(net, PayoutPlanned, transfer=name) != [])
    assert age(net, name) >= T
    run_until(net, lambda: settled(net, name))
    assert fee_of(net, "fed-1") == 0
    assert fee_of(net, "fed-2") == net.transfer(name).amount // 100
    net.switch_collector("fed-1", off=False)
    run(net, 15_000)
    assert len(payouts(net)) == 1


def test_members_coordinate_when_all_collectors_are_silent(world: Network):
    net = branch(world)
    all_collectors(net, off=True)
    name = only(net, "fed-1")
    run_until(net, lambda: said(net, PayoutPlanned, transfer=name) != [])
    assert age(net, name) >= 2 * T - 1  # They may be a block ahead of the first node.
    run_until(net, lambda: settled(net, name))
    gained = [main_btm(net, chairs.fee_program(one.xpub)) for one in net.world.members]
    assert sorted(gained) == [0, 0, 0, net.transfer(name).amount // 100]
    assert len(payouts(net)) == 1
    assert all_books_hold(net)


def without_gas(net: Network) -> None:
    """The relayer of collectors and members gives all that it has away."""
    key = desks.relayer_of(meddle(net), actor_of("fed-1"))
    purse = main_purse(meddle(net), key.program)
    left = main_btm(net, key.program)
    stranger = bytes.fromhex("0014" + "5a" * 20)
    for spare in range(10**6, 10**8, 10**5):
        with contextlib.suppress(InsufficientFunds):
            output = Output(BTM, left - spare, stranger)
            net.submit(pay(key, purse, (output,), side=False).raw)
            return
    raise AssertionError


def test_at_last_an_account_coordinates_its_own_payout_for_no_fee(world: Network):
    """Nobody else can: the relayer has no BTM for the gas."""
    net = branch(world)
    without_gas(net)
    name = only(net, "fed-1")
    run_until(net, lambda: age(net, name) == 2 * T + G - 1)
    assert "free in one piece, the gas costs" in net.transfer(name).note
    with pytest.raises(RequestError, match="it is the turn of collector fed-1, ") as no:
        net.payout(name)
    assert no.value.code == "request.payout-turn"
    assert f"main {net.main_height() + 1} on" in no.value.message
    run_until(net, lambda: age(net, name) == 2 * T + G)
    bob, carol = (net.balance(who, "main", "BTM") for who in ("bob", "carol"))
    assert net.payout(name, "carol") == "carol"
    run_until(net, lambda: settled(net, name))
    (paid,) = payouts(net)
    assert net.balance("bob", "main", "BTM") == bob + net.transfer(name).amount
    assert net.balance("carol", "main", "BTM") < carol  # She paid the gas.
    assert len(paid.outputs) == 3
    assert all_books_hold(net)


def test_a_payout_needs_a_withdrawal_that_is_owed(world: Network):
    net = branch(world)
    with pytest.raises(UnknownName):
        net.payout("d1")
    name = only(net, "fed-1")
    with pytest.raises(Exception, match="owes nothing for w1 now") as no:
        net.payout(name)
    assert no.value.code == "request.nothing-to-pay"
    with pytest.raises(UnknownName):
        net.payout(name, "nobody")


# What members say to those out of turn.


def asked(net: Network, member: str, please: SignPlease) -> Signed | NotSigned:
    turn = meddle(net)
    membership.asked_to_sign(turn, member, please)
    return next(
        due.what
        for due in turn.schedule.waiting
        if isinstance(due.what, Signed | NotSigned) and due.what.payout is please.payout
    )


def test_a_member_refuses_a_coordinator_out_of_turn_by_name(world: Network):
    net = branch(world)
    name = only(net, "fed-1")
    wid = net.transfer(name).lock_id
    run_until(net, lambda: desks.under_way(meddle(net), wid) is not None)
    found = desks.under_way(meddle(net), wid)
    assert found is not None
    run(net, 400)
    (other,) = (one for one in net.world.collectors if one.name == "fed-2")
    for wrong, said_name in (
        (key_program(other.key), "collector fed-2"),
        (chairs.fee_program(net.world.members[2].xpub), "member fed-3"),
        (b"", "nobody for a fee"),
    ):
        payout = replace(found.payout, coordinator=wrong)
        answer = asked(net, "fed-4", SignPlease("alpha", payout, actor_of("fed-2")))
        assert isinstance(answer, NotSigned)
        assert answer.check == "P4"
        assert answer.reason == (
            f"{said_name} coordinates, it is the turn of collector fed-1"
        )
    run_until(net, lambda: settled(net, name))


# Withdrawals that somebody made without us.


def test_a_withdrawal_by_a_raw_transaction_gets_a_name(world: Network):
    net = branch(world)
    twin = branch(net)
    name = twin.withdraw("alice", 3 * BTM_UNITS, "BTM", "alpha", "carol")
    lock_tx = twin.transfer(name).lock_tx
    waiting = [
        item.tx
        for node in twin.world.sidechain("alpha").nodes
        for item in node.pool.transactions()
    ]
    (raw,) = {tx.raw for tx in waiting if tx.id == lock_tx}
    net.submit(raw, "alpha")
    assert said(net, TransferStarted) == said(world, TransferStarted)
    run_until(net, lambda: len(said(net, TransferStarted)) == 2)
    found = net.transfer("w1")
    assert (found.who, found.to, found.amount) == ("alice", "carol", 3 * BTM_UNITS)
    run_until(net, lambda: settled(net, "w1"))
    assert all_books_hold(net)


# Whatever fails.


@pytest.mark.parametrize("when", ["burn", "sign", "pay", "mined"])
def test_a_restart_in_each_state_ends_in_one_payout(when: str):
    disk = Disk()
    net = kept_network(disk, (SidechainSpec("alpha", "solo", "sqlite"),))
    deposit(net, 50 * BTM_UNITS, "BTM", "alpha")
    name = net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", "bob")
    bob = net.balance("bob", "main", "BTM")
    if when == "mined":
        run_until(net, lambda: net.transfer(name).needed > 0 and (
            net.transfer(name).stage == "pay"))  # fmt: skip
    else:
        run_until(net, lambda: net.transfer(name).stage == when)
    net.switch_collector("fed-1", off=True)
    net.close()
    again = kept_network(disk)
    run_until(again, lambda: settled(again, name))
    assert again.balance("bob", "main", "BTM") == bob + 2 * BTM_UNITS
    assert len(payouts(again)) == 1
    again.close()


def trouble(net: Network, chance: Random) -> None:
    """Somebody goes, comes back, forgets, or loses a mainchain block."""
    kind = chance.randrange(5)
    if kind == 0:
        net.switch_collector(f"fed-{chance.choice((1, 2))}", off=chance.random() < 0.5)
    elif kind == 1:
        net.switch_member(f"fed-{chance.randrange(1, 5)}", off=chance.random() < 0.5)
    elif kind == 2:
        turn = meddle(net)
        forget(turn)
        settle(net, turn)
    elif kind == 3:
        fork = main_block(net, net.main_height() - 1)
        deliver(net, *mine_branch(net, fork, 2))
    run(net, chance.randrange(50, 4000))


def many_at_once(world: Network, seed: int) -> None:
    """Some withdrawals, two of them alike; all collectors and members at it at once."""
    net, chance = branch(world), Random(seed)
    before = {who: net.balance(who, "main", "BTM") for who in ("bob", "carol")}
    names = [
        net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", who)
        for who in ("bob", "bob", "carol")
    ]
    if chance.random() < 0.7:  # Silent for long: then everybody may act at once.
        all_collectors(net, off=True)
        run_until(net, lambda: all(age(net, name) >= 2 * T - 1 for name in names))
        all_collectors(net, off=False)
    for _ in range(chance.randrange(1, 6)):
        trouble(net, chance)
    all_collectors(net, off=False)
    for number in range(1, 5):
        net.switch_member(f"fed-{number}", off=False)
    run_until(net, lambda: settled(net, *names), 400_000)
    fee = 2 * BTM_UNITS // 100
    got = {who: net.balance(who, "main", "BTM") - before[who] for who in before}
    assert got == {"bob": 2 * (2 * BTM_UNITS - fee), "carol": 2 * BTM_UNITS - fee}
    assert len({tx.id for tx in payouts(net)}) == 3
    assert not net.world.breaches
    assert all_books_hold(net)


@pytest.mark.parametrize("seed", range(24))
def test_many_coordinators_at_once_pay_each_withdrawal_once(world: Network, seed: int):
    many_at_once(world, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(24, 124))
def test_many_coordinators_at_once_pay_once_in_a_hundred_seeds(
    world: Network, seed: int
):
    many_at_once(world, seed)
