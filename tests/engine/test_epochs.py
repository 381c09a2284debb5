"""A federation as it lives: elected, handed over, migrated from, and let go."""

from __future__ import annotations

import pytest

from devnet.engine.actors import acts, mainchain
from devnet.engine.actors.epochs import council_of, older
from devnet.engine.actors.owners import key_of
from devnet.engine.bc.electoral import COLLECTOR_ROLE, MEMBER_ROLE
from devnet.engine.bc.transaction import BTM, Output, Transaction
from devnet.engine.chain.wallet import pay
from devnet.engine.codec import address_of_program
from devnet.engine.events import (
    ActorChanged,
    Audited,
    CandidateChanged,
    CollectorsElected,
    FederationChanged,
    FederationProposed,
    HandoverSigned,
    InvariantBroken,
    MembersSilent,
    MigrationDone,
    MigrationMined,
    MigrationSent,
)
from devnet.engine.federation.programs import lock_program, treasury_program
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain.roster import NotCandidate
from tests.engine.keptworlds import Disk, kept_network
from tests.engine.support import (
    BTM_UNITS,
    all_books_hold,
    branch,
    claimed,
    deliver,
    deposit,
    height,
    hurry,
    main_block,
    mine_branch,
    network,
    run_blocks,
    run_until,
    said,
)

ALPHA = (SidechainSpec("alpha", "solo"),)
TIMES = {"federation_blocks": 24, "collector_blocks": 12, "unbond_blocks": 30}


def begin(net: Network) -> None:
    """Alice and bob have BTM and GOLD there, and bob stands for the federation."""
    deposit(net, 900 * BTM_UNITS, "BTM", "alpha")
    deposit(net, 300 * BTM_UNITS, "BTM", "alpha", who="bob")
    deposit(net, 10_000, "GOLD", "alpha")
    net.register_validator("bob", "alpha", 100 * BTM_UNITS, MEMBER_ROLE)
    run_blocks(net, "alpha", 2)


@pytest.fixture(scope="module")
def before() -> Network:
    """Bob is voted for; his epoch has not begun."""
    net = network(ALPHA, **TIMES)
    begin(net)
    net.vote("alice", "bob", 100 * BTM_UNITS, "alpha", MEMBER_ROLE)
    run_blocks(net, "alpha", 1)
    return net


@pytest.fixture(scope="module")
def after(before: Network) -> Network:
    """Bob's epoch is in force, and nothing has moved yet."""
    net = branch(before)
    until(net, lambda: said(net, FederationChanged))
    return net


def until(net: Network, test, limit_ms: int = 200_000) -> None:
    """At full pace until a test holds."""
    with hurry(net):
        run_until(net, lambda: bool(test()), limit_ms)


def until_migrated(net: Network) -> None:
    """Until the second federation holds everything."""
    until(net, lambda: facts(net)["epoch"] == 1 and not facts(net)["migrating"])


def until_settled(net: Network, *names: str) -> None:
    until(net, lambda: settled(net, *names))


def facts(net: Network) -> dict:
    return net.epoch_facts("alpha")


def seat(net: Network, name: str, role: int = MEMBER_ROLE) -> dict:
    (row,) = [row for row in net.seats("alpha", role) if row["name"] == name]
    return row


def always_balanced(net: Network) -> bool:
    return all(event.ok for event in said(net, Audited)) and all_books_hold(net)


def settled(net: Network, *names: str) -> bool:
    return all(net.transfer(name).stage == "settled" for name in names)


def old_program(net: Network, who: str, epoch: int = 0) -> bytes:
    """A recipient's lock program of an older epoch."""
    side = net.world.sidechain("alpha")
    council = side.tree.council(side.tree[side.head])
    federation = council.known[council.epoch - epoch]
    return lock_program(federation, side.tree.spec.chain_id, play_account(who).program)


def deposit_at(net: Network, program: bytes, amount: int) -> bytes:
    """Alice's deposit to an older address. Returns the lock id."""

    def send(turn) -> bytes:
        key = key_of(turn, "alice")
        purse = acts.main_purse(turn, key.program)
        tx = pay(key, purse, (Output(BTM, amount, program),), side=False)
        mainchain.submit(turn, tx, "lock")
        return tx.result_ids[0]

    return net._act(send)


def spenders(net: Network, coin_id: bytes) -> list[Transaction]:
    """Who spends an output on the best mainchain."""
    tree = net.world.tree
    return [
        tx
        for block in tree.branch(net.world.main_tip)
        for tx in block.transactions
        if coin_id in tx.spent_output_ids
    ]


def payouts_to(net: Network, who: str, amount: int) -> int:
    """How often the mainchain pays somebody this very amount."""
    program = play_account(who).program
    return sum(
        (output.amount, output.program) == (amount, program)
        for block in net.world.tree.branch(net.world.main_tip)
        for tx in block.transactions
        for output in tx.outputs
    )


# Standing, voting, handing over.


def test_who_stands_joins_and_is_listed_with_votes_and_bond(before: Network):
    assert said(before, ActorChanged, role="member", name="bob", state="joined")
    assert said(before, CandidateChanged, name="bob", role="member")
    row = seat(before, "bob")
    assert (row["state"], row["votes"], row["bond"]) == (
        "candidate", 100 * BTM_UNITS, 100 * BTM_UNITS,
    )  # fmt: skip
    assert seat(before, "fed-1")["state"] == "member"
    assert seat(before, "fed-1")["since"] == 0
    net = branch(before)
    with pytest.raises(NotCandidate):
        net.vote("alice", "carol", BTM_UNITS, "alpha", MEMBER_ROLE)
    with pytest.raises(NotCandidate):
        net.vote("alice", "bob", BTM_UNITS, "alpha", COLLECTOR_ROLE)


def test_the_old_members_hand_over_and_deposits_go_to_the_new(after: Network):
    (asked,) = said(after, FederationProposed)
    (changed,) = said(after, FederationChanged)
    assert asked.came == ("bob",)
    assert len(asked.left) == 1
    assert len(said(after, HandoverSigned)) >= asked.needed == 3
    assert (changed.epoch, changed.n_seats_changed) == (1, 1)
    assert set(changed.members) == set(asked.members)
    assert changed.expires == 72
    assert facts(after)["epoch"] == 1
    assert facts(after)["treasury"] == changed.treasury
    assert facts(after)["migrating"] == 1200 * BTM_UNITS + 10_000
    assert seat(after, "bob")["state"] == "member"
    assert (seat(after, asked.left[0])["until"]) == 1
    net = branch(after)
    name = net.lock("alice", 5, "BTM", "alpha")
    assert net.transfer(name).lock_program != old_program(net, "alice")
    until(net, lambda: claimed(net, name))
    assert always_balanced(net)


def test_too_few_old_members_hand_nothing_over_until_one_returns(before: Network):
    net = branch(before)
    for name in ("fed-3", "fed-4"):
        net.switch_member(name, off=True)
    until(net, lambda: said(net, FederationProposed))
    run_blocks(net, "alpha", 12)
    assert facts(net)["epoch"] == 0
    assert "bob" in facts(net)["wanted"]
    assert len(said(net, HandoverSigned)) == 2
    name = net.lock("alice", 5, "BTM", "alpha")
    assert net.transfer(name).lock_program == old_program(net, "alice")
    net.switch_member("fed-3", off=False)
    until(net, lambda: facts(net)["epoch"] == 1 and not facts(net)["migrating"])
    assert claimed(net, name)
    assert facts(net)["wanted"] == []
    assert always_balanced(net)


def test_what_is_paid_to_a_treasury_to_be_stays_locked_and_owed_in_the_books(
    before: Network,
):
    net = branch(before)
    for name in ("fed-3", "fed-4"):
        net.switch_member(name, off=True)
    until(net, lambda: said(net, FederationProposed))
    side = net.world.sidechain("alpha")
    wanted = side.tree.council(side.tree[side.head]).wanted
    assert wanted is not None
    program = treasury_program(wanted, side.tree.spec.chain_id)
    address = address_of_program(program, net.world.tree.profile.hrp)
    name = net.withdraw("alice", 11 * BTM_UNITS, "BTM", "alpha", address)
    net.switch_member("fed-3", off=False)
    until_migrated(net)
    until_settled(net, name)
    sums = next(one for one in net.audit("alpha").sums if one.asset == BTM)
    assert (sums.leaving, sums.locked) == (11 * BTM_UNITS, 1200 * BTM_UNITS)
    assert always_balanced(net)


# Migrating.


def test_everything_moves_to_the_new_treasury_once_and_is_announced(after: Network):
    net = branch(after)
    until(net, lambda: said(net, MigrationDone))
    sent = {event.tx: event for event in said(net, MigrationSent)}
    mined = {event.tx: event for event in said(net, MigrationMined)}
    assert sent.keys() == mined.keys()
    sums = {"BTM": 0, "GOLD": 0}
    for event in mined.values():
        sums[event.asset] += event.amount
    assert sums == {"BTM": 1200 * BTM_UNITS, "GOLD": 10_000}
    assert facts(net)["migrating"] == 0
    assert not said(net, MembersSilent)
    run_blocks(net, "alpha", 3)
    assert len(said(net, MigrationDone)) == 1
    assert always_balanced(net)


def test_a_deposit_to_the_old_address_is_claimed_and_follows(after: Network):
    net = branch(after)
    until(net, lambda: said(net, MigrationDone))
    n_done = len(said(net, MigrationDone))
    lock_id = deposit_at(net, old_program(net, "bob"), 7 * BTM_UNITS)
    bob = net.balance("bob", "alpha", "BTM")
    until(net, lambda: net.balance("bob", "alpha", "BTM") == bob + 7 * BTM_UNITS)
    until(net, lambda: len(said(net, MigrationDone)) > n_done)
    assert len(spenders(net, lock_id)) == 1
    assert height(net, "alpha") < facts(net)["expires"]
    assert always_balanced(net)


def test_payouts_before_in_and_after_a_migration_are_paid_once(before: Network):
    net = branch(before)
    first = net.withdraw("alice", 11 * BTM_UNITS, "BTM", "alpha", "carol")
    until(net, lambda: said(net, FederationProposed))
    second = net.withdraw("alice", 12 * BTM_UNITS, "BTM", "alpha", "carol")
    third = net.withdraw("alice", 1_000, "GOLD", "alpha", "carol")
    until(net, lambda: said(net, FederationChanged))
    fourth = net.withdraw("alice", 13 * BTM_UNITS, "BTM", "alpha", "carol")
    until(net, lambda: said(net, MigrationSent))
    fifth = net.withdraw("alice", 14 * BTM_UNITS, "BTM", "alpha", "carol")
    until(net, lambda: settled(net, first, second, third, fourth, fifth))
    sixth = net.withdraw("alice", 15 * BTM_UNITS, "BTM", "alpha", "carol")
    until(net, lambda: settled(net, sixth) and not facts(net)["migrating"])
    for amount in (11, 12, 13, 14, 15):
        assert payouts_to(net, "carol", amount * BTM_UNITS) == 1
    assert payouts_to(net, "carol", 1_000) == 1
    assert always_balanced(net)


def test_a_mainchain_that_turns_back_takes_no_migration_twice(after: Network):
    net = branch(after)
    until(net, lambda: said(net, MigrationMined))
    until(net, lambda: said(net, MigrationDone))
    (first, *_) = said(net, MigrationMined)
    fork = main_block(net, first.height - 1)
    n_lost = net.main_height() - first.height + 1
    deliver(net, *mine_branch(net, fork, n_lost + 1))
    run_until(net, lambda: facts(net)["migrating"] > 0)
    until(net, lambda: len(said(net, MigrationDone)) == 2)
    for coin_id in _old_coins(after):
        assert len(spenders(net, coin_id)) == 1
    assert not said(net, InvariantBroken)
    assert always_balanced(net)


def _old_coins(net: Network) -> list[bytes]:
    """What older epochs held at a moment, by id."""
    side, state = net.world.sidechain("alpha"), net.world.tree[net.world.main_tip].state
    assert older(council_of(side))
    watched = net.world.watched
    return sorted(
        coin.id for program in watched for coin in state.coins.held_by(program)
    )


def test_members_who_are_off_keep_the_funds_and_the_alarm_says_so(after: Network):
    net = branch(after)
    left = ("fed-1", "fed-2")
    for name in left:
        net.switch_member(name, off=True)
    until(net, lambda: said(net, MembersSilent))
    (alarm, *_) = said(net, MembersSilent)
    assert set(left) <= set(alarm.members)
    assert facts(net)["migrating"] == 1200 * BTM_UNITS + 10_000
    assert not said(net, MigrationSent)
    assert seat(net, left[0])["off"]
    net.switch_member(left[0], off=False)
    until(net, lambda: said(net, MigrationDone))
    assert always_balanced(net)


def test_an_expired_deposit_is_forwarded_and_claimed_in_the_new_epoch(after: Network):
    net = branch(after)
    until(net, lambda: said(net, MigrationDone))
    program = old_program(net, "bob")
    until(net, lambda: facts(net)["expires"] == 0)
    assert height(net, "alpha") >= 70
    lock_id = deposit_at(net, program, 9 * BTM_UNITS)
    bob = net.balance("bob", "alpha", "BTM")
    until(net, lambda: said(net, MigrationMined, forward=True))
    (sent,) = said(net, MigrationSent, forward=True)
    assert sent.amount == 9 * BTM_UNITS
    until(net, lambda: net.balance("bob", "alpha", "BTM") == bob + 9 * BTM_UNITS)
    (forward,) = spenders(net, lock_id)
    assert forward.outputs[0].amount == 9 * BTM_UNITS
    run_blocks(net, "alpha", 5)
    assert net.balance("bob", "alpha", "BTM") == bob + 9 * BTM_UNITS
    assert always_balanced(net)


def test_a_deposit_that_collectors_let_expire_goes_on_under_its_own_name(
    before: Network,
):
    net = branch(before)
    for collector in net.world.collectors:
        net.switch_collector(collector.name, off=True)
    name = net.lock("carol", 8 * BTM_UNITS, "BTM", "alpha")
    old = net.transfer(name)
    until(net, lambda: facts(net)["epoch"] == 1)
    until(net, lambda: facts(net)["migrating"] == 8 * BTM_UNITS)
    assert net.transfer(name).lock_id == old.lock_id
    until(net, lambda: said(net, MigrationMined, forward=True, transfer=name))
    assert facts(net)["expires"] == 0
    moved = net.transfer(name)
    assert moved.lock_id != old.lock_id
    assert moved.lock_program != old.lock_program == old_program(net, "carol")
    for collector in net.world.collectors:
        net.switch_collector(collector.name, off=False)
    until(net, lambda: claimed(net, name))
    assert net.balance("carol", "alpha", "BTM") == 8 * BTM_UNITS
    assert always_balanced(net)


# Collectors.


def test_collectors_are_elected_and_claim(before: Network):
    net = branch(before)
    net.register_validator("alice", "alpha", 100 * BTM_UNITS, COLLECTOR_ROLE)
    run_blocks(net, "alpha", 1)
    net.vote("bob", "alice", 50 * BTM_UNITS, "alpha", COLLECTOR_ROLE)
    until(net, lambda: said(net, CollectorsElected))
    (event,) = said(net, CollectorsElected)
    assert event.collectors[0] == "alice"
    rows = net.seats("alpha", COLLECTOR_ROLE)
    states = {row["name"]: row["state"] for row in rows}
    assert states["alice"] == "collector"
    assert list(states.values()).count("former") == 1
    name = net.lock("bob", 5, "BTM", "alpha")
    until(net, lambda: claimed(net, name))
    until(net, lambda: said(net, MigrationDone))
    assert always_balanced(net)


# A world that ends and comes back.


@pytest.mark.parametrize(
    "moment", [FederationProposed, FederationChanged, MigrationSent]
)
def test_a_world_that_was_killed_goes_on_where_it_was(moment):
    disk = Disk()
    net = kept_network(disk, (SidechainSpec("alpha", "solo", "sqlite"),), **TIMES)
    begin(net)
    net.vote("alice", "bob", 100 * BTM_UNITS, "alpha", MEMBER_ROLE)
    name = net.withdraw("alice", 11 * BTM_UNITS, "BTM", "alpha", "carol")
    until(net, lambda: said(net, moment))
    net.switch_member("fed-4", off=True)
    again = kept_network(disk)
    assert seat(again, "fed-4")["off"]
    assert said(again, ActorChanged, name="fed-4", state="off")
    assert said(again, ActorChanged, name="bob", state="joined")
    told = FederationProposed if moment is FederationProposed else FederationChanged
    (event,) = said(again, told)
    assert (event.epoch, "bob" in event.members) == (1, True)
    again.switch_member("fed-4", off=False)
    until(again, lambda: facts(again)["epoch"] == 1 and not facts(again)["migrating"])
    until(again, lambda: settled(again, name))
    assert payouts_to(again, "carol", 11 * BTM_UNITS) == 1
    assert seat(again, "bob")["state"] == "member"
    assert always_balanced(again)


# The same members again.


def vote_all(net: Network, votes: dict[str, int]) -> None:
    """Alice votes with so many BTM more for each."""
    for name, amount in votes.items():
        net.vote("alice", name, amount * BTM_UNITS, "alpha", MEMBER_ROLE)
    run_blocks(net, "alpha", 1)


def stayed(net: Network) -> list[str]:
    """Founders who sit in the first two epochs."""
    changed = said(net, FederationChanged)[0]
    return sorted(set(changed.members) & set(changed.old_members))


@pytest.fixture(scope="module")
def carols(after: Network) -> Network:
    """Carol has taken bob's seat; he stands on."""
    net = branch(after)
    deposit(net, 300 * BTM_UNITS, "BTM", "alpha", who="carol")
    net.register_validator("carol", "alpha", 100 * BTM_UNITS, MEMBER_ROLE)
    run_blocks(net, "alpha", 1)
    vote_all(net, dict.fromkeys((*stayed(net), "carol"), 110))
    until(net, lambda: facts(net)["epoch"] == 2 and not facts(net)["migrating"])
    (_, changed) = said(net, FederationChanged)
    assert set(changed.members) == {*stayed(net), "carol"}
    return net


def test_the_same_members_come_again_while_their_addresses_count(carols: Network):
    net = branch(carols)
    assert height(net, "alpha") < 72
    vote_all(net, dict.fromkeys(stayed(net), 20) | {"bob": 20})
    until(net, lambda: facts(net)["epoch"] == 3 and not facts(net)["migrating"])
    first, _, third = said(net, FederationChanged)
    assert set(third.members) == set(first.members)
    assert third.treasury == first.treasury
    lock_id = deposit_at(net, old_program(net, "bob", 2), 7 * BTM_UNITS)
    bob = net.balance("bob", "alpha", "BTM")
    until(net, lambda: net.balance("bob", "alpha", "BTM") == bob + 7 * BTM_UNITS)
    until(net, lambda: facts(net)["expires"] == 0 and not facts(net)["migrating"])
    assert len(spenders(net, lock_id)) == 1
    assert always_balanced(net)


def test_members_whose_addresses_expired_come_again_with_others_only(carols: Network):
    """A deposit that was forwarded could be claimed a second time otherwise."""
    net = branch(carols)
    until(net, lambda: facts(net)["expires"] == 0)
    deposit_at(net, old_program(net, "bob", 1), 9 * BTM_UNITS)
    bob = net.balance("bob", "alpha", "BTM")
    until(net, lambda: net.balance("bob", "alpha", "BTM") == bob + 9 * BTM_UNITS)
    vote_all(net, dict.fromkeys(stayed(net), 20) | {"bob": 20})
    run_blocks(net, "alpha", 55)
    assert net.balance("bob", "alpha", "BTM") == bob + 9 * BTM_UNITS
    assert facts(net)["epoch"] == 2
    assert always_balanced(net)


# Bonds, and every kind of finality.


def test_who_lost_the_seat_gets_the_bond_back_when_the_old_funds_are_gone(
    carols: Network,
):
    net = branch(carols)
    assert seat(net, "bob")["state"] == "candidate"
    net.leave_validators("bob", "alpha", MEMBER_ROLE)
    run_blocks(net, "alpha", 1)
    assert seat(net, "bob")["state"] == "leaving"
    free_at = seat(net, "bob")["bond_free_at"]
    until(net, lambda: said(net, CandidateChanged, name="bob", state="gone"))
    (gone,) = said(net, CandidateChanged, name="bob", state="gone")
    assert gone.height > 72 + TIMES["unbond_blocks"]
    assert free_at is None or free_at <= gone.height
    assert seat(net, "bob")["state"] == "former"
    assert (seat(net, "bob")["since"], seat(net, "bob")["until"]) == (1, 2)
    assert always_balanced(net)


OTHERS = [
    pytest.param(name, marks=pytest.mark.long) for name in ("poa", "pbft", "bbft")
]


@pytest.mark.parametrize("engine", ["dpos-bbft", "pow", *OTHERS])
def test_a_federation_is_handed_over_under_every_kind_of_finality(engine: str):
    net = network((SidechainSpec("alpha", engine),), **TIMES)
    begin(net)
    net.vote("alice", "bob", 100 * BTM_UNITS, "alpha", MEMBER_ROLE)
    name = net.withdraw("alice", 11 * BTM_UNITS, "BTM", "alpha", "carol")
    until(net, lambda: facts(net)["epoch"] == 1)
    until(net, lambda: not facts(net)["migrating"] and settled(net, name))
    deposit_at(net, old_program(net, "bob"), 7 * BTM_UNITS)
    bob = net.balance("bob", "alpha", "BTM")
    until(net, lambda: net.balance("bob", "alpha", "BTM") == bob + 7 * BTM_UNITS)
    assert payouts_to(net, "carol", 11 * BTM_UNITS) == 1
    assert always_balanced(net)


@pytest.mark.parametrize("n", [5, pytest.param(60, marks=pytest.mark.long)])
def test_a_death_after_any_write_ends_in_the_same_federation(n: int):
    disk = Disk()
    net = kept_network(disk, (SidechainSpec("alpha", "solo", "sqlite"),), **TIMES)
    begin(net)
    net.vote("alice", "bob", 100 * BTM_UNITS, "alpha", MEMBER_ROLE)
    begun = len(disk.commits)
    name = net.withdraw("alice", 11 * BTM_UNITS, "BTM", "alpha", "carol")
    asked = len(disk.commits)
    until(net, lambda: said(net, MigrationDone))
    members, ended = facts(net)["members"], len(disk.commits)
    for n_commits in range(begun, ended, max(1, (ended - begun) // n)):
        again = kept_network(disk.after(n_commits))
        until_migrated(again)
        assert facts(again)["members"] == members
        if n_commits >= asked:
            until_settled(again, name)
            assert payouts_to(again, "carol", 11 * BTM_UNITS) == 1
        assert always_balanced(again)
