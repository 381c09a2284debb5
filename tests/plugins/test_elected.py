"""Elections of dpos-bbft: who acts when, and what becomes of votes meanwhile."""

from random import Random
from typing import Any

import pytest

from devnet.engine.interfaces import (
    Candidate,
    Header,
    MessageGot,
    Vote,
    VoteMessage,
)
from devnet.plugins.ballots import votes_for
from devnet.plugins.dpos_bbft import DposBbft
from devnet.plugins.elections import Tally, elect
from devnet.plugins.lab.chain import toy_vote
from tests.plugins.fakehost import FakeHost

BTM = 10**8
ROUND = 4


def host(watchers: int = 1, **settings: Any) -> FakeHost:
    values = {"busy": True, "round_blocks": ROUND, "per_node": 1, **settings}
    return FakeHost(DposBbft(), 4, watchers=watchers, **values)


def stand(play: FakeHost, *indexes: int) -> None:
    found = [
        Candidate(one.name, one.key, f"bm1{one.name}", 0, 0, 0)
        for one in (play.nodes[index] for index in indexes)
    ]
    play.candidates_from(0, tuple(found))


def votes(play: FakeHost, height: int, **neu: int) -> None:
    keys = {node.name: node.key for node in play.nodes}
    play.votes_from(height, {keys[name]: amount for name, amount in neu.items()})


def lists(play: FakeHost) -> dict[int, list[str]]:
    """Who acts, by height, on the first validator's chain."""
    chain = play.nodes[0].chain
    found = {}
    for height in range(1, chain.head().height + 1):
        block = chain.ancestor(chain.head().hash, height)
        found[height] = [one.name for one in chain.rules_of(block).validators]
    return found


FIRST = ["v0", "v1", "v2", "v3"]
WITH_V4 = ["v4", "v0", "v1", "v2"]


def test_who_is_elected_at_the_end_of_a_round_acts_from_the_round_after_the_next():
    play = host()
    stand(play, 4)
    votes(play, 2 * ROUND, v4=BTM)
    play.run(10_000)
    acting = lists(play)
    assert {height for height in acting if acting[height] == WITH_V4} == {
        height for height in acting if height > 3 * ROUND
    }
    assert play.refused == []
    makers = {who(play, block) for block in play.headers.values()}
    assert "v4" in makers


def who(play: FakeHost, block: Header) -> str:
    chain = play.nodes[0].chain
    for index, one in enumerate(chain.rules_of(block).validators):
        if chain.signed_by(block, index):
            return one.name
    return ""


def test_votes_one_block_too_late_count_a_round_later():
    play = host()
    stand(play, 4)
    votes(play, ROUND + 1, v4=BTM)
    play.run(10_000)
    acting = lists(play)
    assert acting[3 * ROUND] == FIRST
    assert acting[3 * ROUND + 1] == WITH_V4


def test_an_election_is_ignored_while_its_block_is_not_final():
    """
    Nothing becomes final from block 3 to beyond block 8: votes are lost. What block 4
    elected may not act at 9; what block 8 elected acts at 13, when 8 is final again.
    """
    play = host()
    stand(play, 4)
    votes(play, 3, v4=BTM)
    play.run(1700)
    for index in (1, 2):
        play.refuse(index, play.now_ms, 4400)
    play.run(14_000)
    chain = play.nodes[0].chain
    acting = lists(play)
    undecided = chain.ancestor(chain.head().hash, 2 * ROUND)
    assert DposBbft().final_seen(undecided, chain).height < ROUND
    assert acting[2 * ROUND + 1] == FIRST
    decided = chain.ancestor(chain.head().hash, 3 * ROUND)
    assert DposBbft().final_seen(decided, chain).height >= 2 * ROUND
    assert acting[3 * ROUND + 1] == WITH_V4


@pytest.mark.parametrize(
    ("standing", "tally"),
    [
        ((4,), {"v4": BTM - 1}),  # Below the least.
        ((), {"v4": 10 * BTM}),  # Not registered.
        ((4,), {}),  # No votes.
    ],
)
def test_who_is_not_elected_does_not_act(standing: Any, tally: dict[str, int]):
    play = host()
    stand(play, *standing)
    votes(play, 1, **tally)
    play.run(8000)
    assert set(map(tuple, lists(play).values())) == {tuple(FIRST)}


def test_the_elected_stand_by_votes_then_by_key_and_the_rest_of_the_seats_stay():
    play = host(watchers=3)
    stand(play, 4, 5, 6)
    votes(play, 1, v4=BTM, v5=3 * BTM, v6=BTM)
    play.run(8000)
    by_key = sorted(play.nodes[4:7:2], key=lambda one: one.key.hex(), reverse=True)
    names = [one.name for one in by_key]
    assert lists(play)[2 * ROUND + 1] == ["v5", *names, "v0"]


def test_votes_for_a_validator_of_the_first_list_move_it_ahead():
    play = host(watchers=0)
    votes(play, 1, v2=BTM)
    play.run(8000)
    assert lists(play)[2 * ROUND + 1] == ["v2", "v0", "v1", "v3"]


def test_all_seats_can_change_at_once_and_finality_goes_on():
    play = host(watchers=4)
    stand(play, 4, 5, 6, 7)
    votes(play, 1, v4=BTM, v5=BTM, v6=BTM, v7=BTM)
    play.run(15_000)
    acting = lists(play)
    assert set(acting[2 * ROUND + 1]) == {"v4", "v5", "v6", "v7"}
    assert min(play.finals()) >= max(acting) - 3
    assert play.refused == []


def test_seats_can_be_fewer_than_the_epoch_began_with():
    play = host(seats=2)
    stand(play, 4)
    votes(play, 1, v4=BTM)
    play.run(8000)
    acting = lists(play)
    assert acting[1] == FIRST
    assert acting[2 * ROUND + 1] == ["v4", "v0"]


def test_what_comes_next_is_told_with_its_height():
    play = host()
    stand(play, 4)
    votes(play, 2, v4=BTM)
    play.run(1100)
    chain = play.nodes[0].chain
    coming = DposBbft().coming(chain.head(), chain)
    assert (chain.head().height, coming.height) == (2, 2 * ROUND + 1)
    assert [one.name for one in coming.validators] == WITH_V4


def test_an_observer_counts_votes_but_casts_none_until_it_is_elected():
    play = host()
    stand(play, 4)
    votes(play, 1, v4=BTM)
    play.run(4200)
    assert not any("v4 votes" in line for line in play.lines())
    assert play.nodes[4].final.height > 4
    play.run(8000)
    assert any("v4" in line and "vote for" in line for line in play.lines())


def test_a_vote_stays_its_voters_when_the_list_changes():
    """v3's vote comes before its block, whose list has v3 in another place."""
    play = host(watchers=0)
    votes(play, 1, v3=BTM)
    play.run(4100)
    node, voter = play.nodes[0], play.nodes[3]
    chain = node.chain
    head = chain.head()
    assert head.height == 2 * ROUND
    state = node.state
    early = vote_for_next(play, voter.index)
    state, _ = play.engine.step(state, MessageGot(4100, 3, early), chain)
    play.run(4600)
    newest = play.nodes[1].chain.head()
    assert newest.height == 2 * ROUND + 1
    held = state.ballots.cast.get(voter.key, {})
    assert early.vote.block_hash in held
    chain.known[early.vote.block_hash] = newest
    assert list(votes_for(state.ballots, early.vote.block_hash, chain)) == [0]


def vote_for_next(play: FakeHost, index: int) -> VoteMessage:
    block_hash = b"a block to come".ljust(32)
    signature = toy_vote(play.nodes[index].key, block_hash)
    return VoteMessage(Vote(0, 9, 9, block_hash, index, signature))


def test_the_pure_election_takes_the_best_and_breaks_ties_by_key():
    tally = Tally({"aa": 5, "bb": 7, "cc": 5, "dd": 1})
    assert elect(tally, 3, 2) == (("bb", 7), ("cc", 5), ("aa", 5))


@pytest.mark.parametrize(("n", "silent"), [(4, 1), (7, 2)])
def test_finality_advances_within_two_turns_of_everybody(n: int, silent: int):
    """The bound on the page: 2 * per_node * n * interval_ms."""
    bound_ms = 2 * 3 * n * 500
    for shift in range(0, n, 2):
        play = FakeHost(DposBbft(), n, busy=True)
        for index in range(silent):
            play.down((shift + index) % n, 100, 10**9)
        play.run(bound_ms)
        held = max(play.finals())
        play.run(2 * bound_ms)
        assert max(play.finals()) > held, f"{silent} of {n} down from {shift}"


@pytest.mark.parametrize("seed", range(12))
def test_elections_in_a_storm_end_in_one_chain(seed: int):
    """The host asserts after every step that no two finals conflict."""
    chance = Random(seed)
    play = host(watchers=3, seed=seed, loss=chance.choice([0, 0.1, 0.2]), jitter_ms=200)
    stand(play, 4, 5, 6)
    for height in range(1, 40, 5):
        names = chance.sample([node.name for node in play.nodes], 3)
        votes(play, height, **{name: chance.randint(1, 3) * BTM for name in names})
    for at_ms in (1000, 7000):
        play.down(chance.randrange(7), at_ms, at_ms + chance.randint(500, 4000))
        some = set(chance.sample(range(7), chance.randint(1, 3)))
        play.cut(some, at_ms + 3000, at_ms + 5000)
    play.run(14_000)
    held = max(play.finals())
    play.loss = 0.0
    for node in play.nodes:
        play.meet({node.index})
    play.run(30_000)
    assert min(play.finals()) > held + 4
    assert play.refused == []
    assert len(set(map(tuple, lists(play).values()))) > 1
