"""Elections in real worlds: register, vote, act, leave, and every book in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from devnet.engine.actors import pooling
from devnet.engine.actors.acts import side_purse
from devnet.engine.actors.owners import key_of
from devnet.engine.bc.stakes import bond_program, stake_of, vote_program
from devnet.engine.bc.transaction import BTM, Output
from devnet.engine.chain.wallet import pay
from devnet.engine.codec import ripemd160
from devnet.engine.errors import DevnetError
from devnet.engine.events import (
    BlockAdded,
    CandidateChanged,
    RuleSwapped,
    ValidatorChanged,
    ValidatorsElected,
)
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain.staking import ban
from devnet.engine.sidechain.state import SideState
from tests.engine.support import (
    BTM_UNITS,
    all_books_hold,
    branch,
    deposit,
    height,
    hurry,
    meddle,
    network,
    run_blocks,
    run_until,
    said,
    settle,
    validator,
)

ROUND, UNBOND = 8, 20
CHAIN = "alpha"


def state_of(net: Network) -> SideState:
    side = net.world.sidechain(CHAIN)
    assert side is not None
    return side.tree[side.head].state


def go_to(net: Network, goal: int) -> None:
    with hurry(net):
        run_until(net, lambda: height(net, CHAIN) >= goal)


def world(engine: str, **params: int) -> Network:
    spec = SidechainSpec(CHAIN, engine, params=tuple(params.items()))
    net = network((spec,), depth=1, unbond_blocks=UNBOND)
    first = net.lock("alice", 2000 * BTM_UNITS, "BTM", CHAIN)
    second = net.lock("bob", 700 * BTM_UNITS, "BTM", CHAIN)
    done = lambda: all(  # noqa: E731
        net.transfer(one).stage == "claimed" for one in (first, second)
    )
    run_until(net, done)
    return net


@pytest.fixture(scope="module")
def funded() -> Network:
    """dpos-bbft; alice and bob have coins there."""
    return world("dpos-bbft", round_blocks=ROUND)


@pytest.fixture(scope="module")
def standing(funded: Network) -> Network:
    """Bob stands, his registration is in a block that everybody has."""
    net = branch(funded)
    net.register_validator("bob", CHAIN, 100 * BTM_UNITS)
    run_blocks(net, CHAIN, 3)
    return net


@pytest.fixture(scope="module")
def elected(standing: Network) -> tuple[Network, int]:
    """Alice voted for bob; the height from which he acts, as it was told."""
    net = branch(standing)
    net.vote("alice", "bob", 500 * BTM_UNITS, CHAIN)
    run_blocks(net, CHAIN, 2)
    (row,) = [one for one in net.validators(CHAIN) if one["name"] == "bob"]
    go_to(net, row["from_height"] + 2 * ROUND)
    return net, row["from_height"]


# The whole way.


def test_who_registers_joins_with_a_node_and_a_bond(standing: Network) -> None:
    assert said(standing, ValidatorChanged, validator="bob", state="joined")
    assert said(standing, CandidateChanged, name="bob", state="registered")
    (row,) = [one for one in standing.validators(CHAIN) if one["name"] == "bob"]
    assert (row["state"], row["bond"], row["acts"]) == (
        "stands", 100 * BTM_UNITS, False,
    )  # fmt: skip
    assert standing.show(CHAIN)["candidates"] == ["bob"]
    assert standing.balance("bob", CHAIN, "BTM") < 600 * BTM_UNITS
    node = validator(standing, CHAIN, "bob")
    side = standing.world.sidechain(CHAIN)
    assert (
        side is not None and side.tree[node.head].height >= height(standing, CHAIN) - 1
    )
    assert all_books_hold(standing)


def test_an_election_changes_who_proposes_at_the_height_that_was_told(
    elected: tuple[Network, int],
) -> None:
    net, from_height = elected
    (event,) = said(net, ValidatorsElected)
    assert (event.height, event.validators) == (from_height, ("bob", "v1", "v2", "v3"))
    makers = {one.height: one.producer for one in said(net, BlockAdded, chain=CHAIN)}
    assert from_height % ROUND == 1
    assert "bob" not in {makers[one] for one in makers if one < from_height}
    assert "bob" in {makers[one] for one in makers if one >= from_height}
    assert "v4" not in {makers[one] for one in makers if one > from_height}
    assert net.show(CHAIN)["validators"] == ["bob", "v1", "v2", "v3"]
    assert net.show(CHAIN)["final"] >= height(net, CHAIN) - 3
    assert all_books_hold(net)


def test_the_genesis_list_proves_itself_but_acting_lists_are_in_no_header(
    elected: tuple[Network, int],
) -> None:
    """A header shows the epoch's list; who acts follows from the chain."""
    net, _ = elected
    side = net.world.sidechain(CHAIN)
    assert side is not None
    entry = side.tree[side.head]
    assert [one.name for one in entry.state.rules.validators] == [
        "v1",
        "v2",
        "v3",
        "v4",
    ]
    assert entry.state.seated.validators[0].name == "bob"


def test_who_leaves_loses_the_seat_later_and_gets_the_bond_back(
    elected: tuple[Network, int],
) -> None:
    net = branch(elected[0])
    before = net.balance("bob", CHAIN, "BTM")
    net.leave_validators("bob", CHAIN)
    run_blocks(net, CHAIN, 2)
    (event,) = said(net, CandidateChanged, name="bob", state="leaving")
    assert net.balance("bob", CHAIN, "BTM") < before
    go_to(net, event.height + UNBOND - 2)
    assert net.balance("bob", CHAIN, "BTM") < before
    go_to(net, event.height + UNBOND + 2 * ROUND)
    assert before + 99 * BTM_UNITS < net.balance("bob", CHAIN, "BTM")
    (gone,) = said(net, CandidateChanged, name="bob", state="gone")
    assert gone.height >= event.height + UNBOND
    assert net.show(CHAIN)["validators"] == ["v1", "v2", "v3", "v4"]
    assert all_books_hold(net)


def test_votes_come_back_in_part_and_the_rest_votes_on(
    elected: tuple[Network, int],
) -> None:
    net = branch(elected[0])
    key = state_of(net).roster.by_name["bob"].key
    assert state_of(net).tally[key] == 500 * BTM_UNITS
    net.unvote("alice", "bob", 200 * BTM_UNITS, CHAIN)
    run_blocks(net, CHAIN, 2)
    assert state_of(net).tally[key] == 300 * BTM_UNITS
    with pytest.raises(DevnetError) as caught:
        net.unvote("alice", "bob", 300 * BTM_UNITS, CHAIN)
    assert caught.value.code == "tx.vote-locked"
    assert all_books_hold(net)


# Refusals: nothing happens, and the reason is said.


def refused(net: Network, act: Callable[[], object]) -> DevnetError:
    world = net.world
    with pytest.raises(DevnetError) as caught:
        act()
    assert net.world is world, "a refused act changed the world"
    assert caught.value.message and caught.value.hint
    return caught.value


def test_every_refusal_of_candidates_says_why(standing: Network) -> None:
    net = branch(standing)
    bond = 100 * BTM_UNITS
    carol = deposit(net, 150 * BTM_UNITS, "BTM", CHAIN, who="carol")
    assert carol
    for code, act in (
        ("validator.taken", lambda: net.register_validator("bob", CHAIN, bond)),
        ("validator.no-bond", lambda: net.register_validator("carol", CHAIN, bond - 1)),
        ("request.bad-value", lambda: net.register_validator("carol", CHAIN, 0)),
        ("request.insufficient-funds",
         lambda: net.register_validator("carol", CHAIN, 2 * bond)),
        ("request.unknown-name", lambda: net.register_validator("dave", CHAIN, bond)),
        ("request.unknown-name", lambda: net.register_validator("bob", "omega", bond)),
        ("validator.not-a-candidate", lambda: net.leave_validators("alice", CHAIN)),
        ("validator.not-a-candidate", lambda: net.approve("alice", "carol", CHAIN)),
        ("validator.not-approved", lambda: net.disapprove("alice", "bob", CHAIN)),
        ("validator.not-a-candidate", lambda: net.vote("alice", "carol", bond, CHAIN)),
        ("tx.vote-too-small", lambda: net.vote("alice", "bob", 999_999, CHAIN)),
        ("tx.vote-too-small", lambda: net.vote("alice", "bob", 0, CHAIN)),
        ("request.insufficient-funds",
         lambda: net.vote("carol", "bob", 200 * BTM_UNITS, CHAIN)),
        ("validator.no-votes", lambda: net.unvote("alice", "bob", bond, CHAIN)),
        ("request.bad-value", lambda: net.unvote("alice", "bob", 0, CHAIN)),
    ):  # fmt: skip
        assert refused(net, act).code == code, code


def test_an_account_of_several_keys_cannot_stand_or_vote(standing: Network) -> None:
    net = branch(standing)
    net.new_account("both", signers=("alice", "bob"))
    for act in (
        lambda: net.register_validator("both", CHAIN, 100 * BTM_UNITS),
        lambda: net.vote("both", "bob", BTM_UNITS, CHAIN),
    ):
        assert refused(net, act).code == "validator.one-key"


def test_unvoting_too_soon_names_the_height_from_which_it_works(
    standing: Network,
) -> None:
    net = branch(standing)
    net.vote("alice", "bob", BTM_UNITS, CHAIN)
    run_blocks(net, CHAIN, 2)
    error = refused(net, lambda: net.unvote("alice", "bob", BTM_UNITS, CHAIN))
    free_at = error.facts["free_at"]
    assert isinstance(free_at, int) and str(free_at) in error.message
    go_to(net, free_at)
    net.unvote("alice", "bob", BTM_UNITS, CHAIN)
    run_blocks(net, CHAIN, 2)
    assert not len(state_of(net).tally)


def test_a_second_registration_that_waits_already_is_refused(funded: Network) -> None:
    net = branch(funded)
    net.register_validator("bob", CHAIN, 100 * BTM_UNITS)
    error = refused(net, lambda: net.register_validator("bob", CHAIN, 100 * BTM_UNITS))
    assert error.code == "validator.taken"


def test_nobody_spends_a_bond_that_vouches(standing: Network) -> None:
    net = branch(standing)
    turn = meddle(net)
    one = state_of(net).roster.by_name["bob"]
    bond = state_of(net).coins.by_id[one.bond_id]
    key = key_of(turn, "bob")
    purse = side_purse(turn, CHAIN, key.program)
    tx = pay(key, purse, (), side=True, freed=(bond,))
    with pytest.raises(DevnetError) as caught:
        pooling.submit(turn, CHAIN, tx, "theft")
    assert caught.value.code == "tx.bond-locked"


def test_a_bond_that_belongs_to_nobody_is_an_ordinary_coin(funded: Network) -> None:
    """Value sent to a bond program without a registration comes back at once."""
    net = branch(funded)
    turn = meddle(net)
    key = key_of(turn, "bob")
    program = bond_program(b"k" * 32, ripemd160(key.public_key))
    purse = side_purse(turn, CHAIN, key.program)
    lone = pay(key, purse, (Output(BTM, BTM_UNITS, program),), side=True)
    pooling.submit(turn, CHAIN, lone, "lone bond")
    settle(net, turn)
    run_blocks(net, CHAIN, 2)
    turn = meddle(net)
    (coin,) = state_of(net).coins.of_program(program)
    back = pay(key, side_purse(turn, CHAIN, key.program), (), side=True, freed=(coin,))
    pooling.submit(turn, CHAIN, back, "back")
    settle(net, turn)
    run_blocks(net, CHAIN, 2)
    assert not state_of(net).coins.of_program(program)
    assert all_books_hold(net)


# dpos, and rules that change.


def test_approvals_elect_under_dpos_and_can_be_taken_back() -> None:
    net = world("dpos")
    net.register_validator("bob", CHAIN, 100 * BTM_UNITS)
    run_blocks(net, CHAIN, 2)
    net.approve("alice", "bob", CHAIN)
    run_blocks(net, CHAIN, 12)
    assert net.show(CHAIN)["validators"] == ["bob", "v1", "v2", "v4"]
    assert "bob" in {one.producer for one in said(net, BlockAdded, chain=CHAIN)}
    assert refused(net, lambda: net.approve("alice", "bob", CHAIN)).code == (
        "validator.approved-already"
    )
    net.disapprove("alice", "bob", CHAIN)
    run_blocks(net, CHAIN, 12)
    row = net.validators(CHAIN)[0]
    assert (row["name"], row["approvals"]) == ("bob", 0)
    # 599 BTM and no approval: bob fills a seat all the same.
    assert net.show(CHAIN)["validators"] == ["bob", "v1", "v2", "v4"]
    net.transfer_value("bob", "alice", 200 * BTM_UNITS, "BTM", CHAIN)
    run_blocks(net, CHAIN, 12)
    assert net.show(CHAIN)["validators"] == ["v1", "v2", "v3", "v4"]
    assert all_books_hold(net)


def test_a_registered_outsider_takes_a_seat_by_swap_and_rules_change_on() -> None:
    net = world("poa")
    net.register_validator("bob", CHAIN, 100 * BTM_UNITS)
    run_blocks(net, CHAIN, 2)
    for epoch, engine in enumerate(("dpos", "dpos-bbft"), 1):
        seats = ("v1", "v2", "v3", "bob")
        with hurry(net):
            closing = net.request_swap(CHAIN, engine, validators=seats)
            run_until(net, lambda e=epoch: net.show(CHAIN)["epoch"] == e)
            run_until(net, lambda c=closing: net.show(CHAIN)["final"] > c)
    last = said(net, RuleSwapped)[-1]
    assert last.validators == ("v1", "v2", "v3", "bob")
    run_blocks(net, CHAIN, 12)
    newest = {one.producer for one in said(net, BlockAdded, chain=CHAIN)[-12:]}
    assert newest == {"v1", "v2", "v3", "bob"}
    assert all_books_hold(net)


# Branches and recounts.


def recount(state: SideState) -> dict[bytes, int]:
    """Votes by key, from every unspent output."""
    votes: dict[bytes, int] = {}
    for coin in state.coins.by_id.values():
        stake = stake_of(coin.program)
        if stake is not None and stake.kind == "vote" and coin.asset == BTM:
            votes[stake.key] = votes.get(stake.key, 0) + coin.amount
    return votes


def test_the_tally_is_that_of_the_unspent_outputs_at_every_block(
    elected: tuple[Network, int],
) -> None:
    side = elected[0].world.sidechain(CHAIN)
    assert side is not None
    entries = list(side.tree.entries.values())
    assert len(entries) > 3 * ROUND
    for entry in entries:
        assert dict(entry.state.tally.items()) == recount(entry.state)


def test_another_branch_knows_nothing_of_the_votes_of_this_one(
    elected: tuple[Network, int],
) -> None:
    """State is a value: a reorganisation looks at another one, nothing is undone."""
    side = elected[0].world.sidechain(CHAIN)
    assert side is not None
    entry = side.tree[side.head]
    while len(entry.state.tally):
        entry = side.tree[entry.header.previous]
    assert entry.state.roster.by_name.get("bob") is not None
    while len(entry.state.roster.by_name):
        entry = side.tree[entry.header.previous]
    assert entry.height > 0
    assert vote_program(b"k" * 32, bytes(20)) not in entry.state.coins.by_program


def test_a_reorganisation_takes_registrations_and_votes_back() -> None:
    """v1, cut off, has them in its blocks; joined again it leaves its branch."""
    net = world("dpos")
    net.partition(CHAIN, (("v1",),))
    net.register_validator("bob", CHAIN, 100 * BTM_UNITS)
    net.vote("alice", "v2", 5 * BTM_UNITS, CHAIN)

    def own() -> SideState:
        side = net.world.sidechain(CHAIN)
        assert side is not None
        return side.tree[validator(net, CHAIN, "v1").head].state

    with hurry(net):
        run_until(net, lambda: len(own().tally) == 1)
    first = own().roster.by_name["bob"]
    assert first.height > 0
    with hurry(net):
        run_until(net, lambda: "bob" not in state_of(net).roster.by_name)
    assert not len(state_of(net).tally), "the longer branch never heard of the vote"
    run_blocks(net, CHAIN, 4)
    assert len(own().tally) == 1
    net.heal(CHAIN)
    with hurry(net):
        run_until(net, lambda: "bob" not in own().roster.by_name)
        assert not len(own().tally)
        # What the branch lost waits again, and is taken in anew.
        run_until(net, lambda: len(own().tally) == 1)
    assert own().roster.by_name["bob"].height > first.height
    run_blocks(net, CHAIN, 4)
    assert recount(state_of(net)) == dict(state_of(net).tally.items())
    assert all_books_hold(net)


def test_who_is_banned_gets_no_seat_by_election_nor_by_swap(
    elected: tuple[Network, int],
) -> None:
    net = branch(elected[0])
    turn = meddle(net)
    side = turn.side(CHAIN)
    entry = side.tree[side.head]
    key = entry.state.roster.by_name["bob"].key
    roster = ban(entry.state.roster, key, entry.height)
    marked = replace(entry, state=replace(entry.state, roster=roster))
    turn.set_side_tree(CHAIN, side.tree.with_entry(marked))
    settle(net, turn)
    error = refused(
        net, lambda: net.request_swap(CHAIN, "poa", validators=("v1", "v2", "bob"))
    )
    assert error.code == "validator.banned"
    assert refused(net, lambda: net.vote("alice", "bob", BTM_UNITS, CHAIN)).code == (
        "validator.not-a-candidate"
    )
    run_blocks(net, CHAIN, 3 * ROUND)
    assert net.show(CHAIN)["validators"] == ["v1", "v2", "v3", "v4"]
    (row,) = [one for one in net.validators(CHAIN) if one["name"] == "bob"]
    assert (row["state"], row["acts"]) == ("banned", False)


def test_a_swap_without_names_takes_those_who_are_elected(
    elected: tuple[Network, int],
) -> None:
    net = branch(elected[0])
    with hurry(net):
        closing = net.request_swap(CHAIN, "poa")
        run_until(net, lambda: net.show(CHAIN)["epoch"] == 1)
        run_until(net, lambda: net.show(CHAIN)["final"] > closing)
    assert net.show(CHAIN)["validators"] == ["bob", "v1", "v2", "v3"]
    assert all_books_hold(net)


@pytest.mark.parametrize("before", [4, 2, 1, 0])
def test_a_swap_asked_for_around_an_election_finds_its_quorum(
    standing: Network, before: int
) -> None:
    """Approvals count by key: who moves in the list has approved all the same."""
    net = branch(standing)
    net.vote("alice", "v4", 500 * BTM_UNITS, CHAIN)
    run_blocks(net, CHAIN, 2)
    (row,) = [one for one in net.validators(CHAIN) if one["name"] == "v4"]
    go_to(net, row["from_height"] - 1 - before)
    with hurry(net):
        closing = net.request_swap(CHAIN, "poa")
        run_until(net, lambda: net.show(CHAIN)["epoch"] == 1)
        run_until(net, lambda: net.show(CHAIN)["final"] > closing)
    assert [one.validators[0] for one in said(net, ValidatorsElected)] == ["v4"]
    assert all_books_hold(net)
