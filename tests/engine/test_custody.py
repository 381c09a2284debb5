"""Whose the federation's outputs are: an accepted epoch's, moving, or stranded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.engine.audit.order import seats_moved
from devnet.engine.audit.values import Sums
from devnet.engine.bc.electoral import MEMBER_ROLE
from devnet.engine.bc.transaction import BTM, Output, Spend, Transaction
from devnet.engine.events import (
    FederationChanged,
    InvariantBroken,
    MigrationDone,
    MigrationMined,
)
from devnet.engine.federation.forwards import forwards_of
from devnet.engine.federation.programs import federation_of, lock_program
from devnet.engine.keys.chainkd import root_xprv, xpub
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain.holdings import holdings_of
from tests.engine.support import (
    BTM_UNITS,
    branch,
    deposit,
    height,
    hurry,
    network,
    run_blocks,
    run_until,
    said,
)
from tests.engine.test_epochs import deposit_at

CHAIN = "alpha"


@pytest.fixture(scope="module")
def rotated() -> Network:
    """Bob has a seat in the new federation; nothing has moved yet."""
    net = network(
        (SidechainSpec(CHAIN, "solo"),), federation_blocks=24, unbond_blocks=30
    )
    deposit(net, 900 * BTM_UNITS, "BTM", CHAIN)
    deposit(net, 300 * BTM_UNITS, "BTM", CHAIN, who="bob")
    net.register_validator("bob", CHAIN, 100 * BTM_UNITS, MEMBER_ROLE)
    run_blocks(net, CHAIN, 2)
    net.vote("alice", "bob", 100 * BTM_UNITS, CHAIN, MEMBER_ROLE)
    until(net, lambda: said(net, FederationChanged))
    return net


def until(net: Network, test, limit_ms: int = 200_000) -> None:
    with hurry(net):
        run_until(net, lambda: bool(test()), limit_ms)


def btm(net: Network) -> Sums:
    """The sums of BTM, counted and kept alike."""
    kept, counted = net.audit(CHAIN, from_scratch=False), net.audit(CHAIN)
    assert kept.sums == counted.sums
    assert counted.ok, counted.findings
    (found,) = [one for one in counted.sums if one.asset == BTM]
    return found


def has_expired(net: Network) -> bool:
    side = net.world.sidechain(CHAIN)
    return bool(side.tree.council(side.tree[side.head]).past)


def old_program(net: Network, who: str) -> bytes:
    side = net.world.sidechain(CHAIN)
    first = side.tree.spec.federations[0]
    return lock_program(first, side.tree.spec.chain_id, play_account(who).program)


def test_what_comes_to_an_expired_address_is_stranded_until_it_is_sent_on(
    rotated: Network,
):
    net = branch(rotated)
    until(net, lambda: said(net, MigrationDone) and has_expired(net))
    locked = btm(net).locked
    deposit_at(net, old_program(net, "bob"), 9 * BTM_UNITS)
    until(net, lambda: btm(net).locked == locked + 9 * BTM_UNITS)

    assert (btm(net).stranded, btm(net).arriving) == (9 * BTM_UNITS, 0)
    until(net, lambda: said(net, MigrationMined, forward=True))
    assert (btm(net).stranded, btm(net).arriving) == (0, 9 * BTM_UNITS)
    until(net, lambda: btm(net).arriving == 0)
    assert btm(net).locked == locked + 9 * BTM_UNITS
    assert not net.world.breaches


def test_a_deposit_that_is_not_claimed_in_time_turns_from_arriving_to_stranded(
    rotated: Network,
):
    net = branch(rotated)
    deposit_at(net, old_program(net, "bob"), 9 * BTM_UNITS)
    until(net, lambda: btm(net).arriving == 9 * BTM_UNITS)
    (side,) = net.world.sidechains
    entry = side.tree[side.head]
    council = side.tree.council(entry)
    expired = replace(
        council, federations=council.federations[:1], past=council.federations[1:]
    )
    later = replace(entry, state=replace(entry.state, council=expired))
    books = replace(
        net.world,
        sidechains=(replace(side, tree=side.tree.with_entry(later)),),
    )
    net.restore(books)

    assert (btm(net).stranded, btm(net).arriving) == (9 * BTM_UNITS, 0)


def test_what_old_members_do_not_move_in_time_is_an_alarm_of_custody_alone(
    rotated: Network,
):
    net = branch(rotated)
    for name in ("fed-1", "fed-2"):
        net.switch_member(name, off=True)
    with pytest.raises(AssertionError), hurry(net):
        run_until(net, lambda: False, 300_000)

    assert {event.invariant for event in said(net, InvariantBroken)} == {"I7"}
    (breach,) = net.world.breaches
    assert has_expired(net)
    assert breach.main.height == net.main_height() > 130
    assert "still held by an epoch that ended at main" in breach.detail
    states = {one.id: one for one in net.invariants(CHAIN)}
    assert not states["I7"].holds
    assert states["I7"].main == breach.main
    assert all(one.holds for one in states.values() if one.id != "I7")
    found = net.audit(CHAIN)
    assert {one.invariant for one in found.findings} == {"I7"}
    assert all(one.difference == 0 for one in found.sums), "solvency is unaffected"


def test_while_funds_are_moved_in_time_nobody_is_alarmed(rotated: Network):
    net = branch(rotated)
    until(net, lambda: said(net, MigrationDone) and has_expired(net))
    goal = height(net, "main") + 40
    until(net, lambda: height(net, "main") >= goal)

    assert not net.world.breaches
    assert btm(net).difference == 0


# Forwards.

ALICE, BOB = play_account("alice").program, play_account("bob").program
OLD, NEW = (
    federation_of(xpub(root_xprv(bytes([n]))) for n in range(first, first + 4))
    for first in (1, 2)
)
CHAIN_ID = bytes(range(32))
HELD = holdings_of(CHAIN_ID, (NEW, OLD), (ALICE, BOB))


def moved(*outputs: Output) -> Transaction:
    """Alice's deposit of 500 to the old federation, spent for these."""
    program = lock_program(OLD, CHAIN_ID, ALICE)
    return Transaction(1, 0, (Spend(bytes(32), BTM, 500, 0, program),), outputs)


def test_a_forward_is_the_whole_deposit_to_the_same_recipient():
    tx = moved(Output(BTM, 500, lock_program(NEW, CHAIN_ID, ALICE)))
    (found,) = forwards_of(tx, False, HELD.claim_scripts)

    assert (found.lock_id, found.amount) == (tx.spent_output_ids[0], 500)


@pytest.mark.parametrize(
    "output",
    [
        Output(BTM, 499, lock_program(NEW, CHAIN_ID, ALICE)),
        Output(BTM, 500, lock_program(NEW, CHAIN_ID, BOB)),
        Output(BTM, 500, lock_program(OLD, CHAIN_ID, ALICE)),
        Output(BTM, 500, lock_program(NEW, CHAIN_ID, b"")),
        Output(b"\x01" * 32, 500, lock_program(NEW, CHAIN_ID, ALICE)),
        Output(BTM, 500, ALICE),
    ],
)
def test_anything_else_is_none(output: Output):
    assert forwards_of(moved(output), False, HELD.claim_scripts) == []


def test_one_output_stands_for_one_deposit_only():
    tx = moved(Output(BTM, 500, lock_program(NEW, CHAIN_ID, ALICE)))
    twice = replace(tx, inputs=tx.inputs * 2, received=None)

    assert len(forwards_of(twice, False, HELD.claim_scripts)) == 1


# Programs.


def test_holdings_that_grow_are_those_that_are_made_at_once():
    small = holdings_of(CHAIN_ID, (OLD,), (ALICE,))
    grown = small.grown((NEW, OLD), frozenset((ALICE, BOB)))

    assert grown == HELD
    assert len(grown.treasuries) == 2
    assert len(grown.programs) == 6
    assert grown.grown((OLD,), frozenset((ALICE,))) == small


def test_a_federation_that_comes_back_is_counted_once():
    assert holdings_of(CHAIN_ID, (OLD, NEW, OLD), (ALICE,)).federations == (OLD, NEW)


@pytest.mark.parametrize(
    ("new", "n_moved"), [(range(1, 5), 0), (range(2, 6), 1), (range(1, 6), 1),
                         (range(1, 4), 1), (range(3, 7), 2)],
)  # fmt: skip
def test_seats_that_were_swapped_added_or_removed_all_count(new: range, n_moved: int):
    after = federation_of(xpub(root_xprv(bytes([n]))) for n in new)
    assert seats_moved(OLD, after) == n_moved
