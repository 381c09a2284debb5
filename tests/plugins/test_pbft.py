"""Validators of pbft at work: three phases, changes of view, crashes, liars."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from devnet.engine.interfaces import (
    Broadcast,
    CastVote,
    Certified,
    MessageGot,
    Send,
    Share,
    SignView,
    ViewSigned,
    VoteMessage,
)
from devnet.plugins.pbft import Pbft
from devnet.plugins.pbft_proofs import Shown, ViewChange, kept
from devnet.plugins.pbft_replica import MAX_VOTES, Replica
from tests.plugins.fakehost import FakeHost
from tests.plugins.pbft_parts import (
    ALL,
    at_view_two,
    begun,
    change,
    give,
    hear,
    prepared,
    sealed_by,
    votes,
)

PBFT = Pbft()


class Overheard(Pbft):
    """The engine, with a count of what its validators send."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()

    def step(self, state: Replica, event: Any, chain: Any) -> Any:
        state, effects = super().step(state, event, chain)
        for effect in effects:
            if isinstance(effect, Broadcast):
                self.sent[effect.message.kind] += len(state.votes) - 1
            elif isinstance(effect, Send):
                self.sent[effect.message.kind] += 1
        return state, effects


def said_by(host: FakeHost, name: str) -> list[str]:
    """What a validator did, in order."""
    return [what for _, who, what in host.log if who == name]


# Without faults.


@pytest.mark.parametrize(("n", "total"), [(4, 24), (7, 84)])
def test_a_block_costs_two_votes_from_everybody_to_everybody(n: int, total: int):
    engine = Overheard()
    host = FakeHost(engine, n)
    host.work(0, 1)
    host.run(900)
    assert host.finals() == [1] * n
    assert engine.sent == {"prepare": n * (n - 1), "commit": n * (n - 1)}
    assert sum(engine.sent.values()) == total == 2 * n * (n - 1)


def test_a_block_is_final_three_hops_after_it_was_sent():
    host = FakeHost(PBFT)
    host.work(0, 1)
    host.run(500 + 3 * 40)
    assert host.finals() == [1, 1, 1, 1]


def test_an_idle_chain_sends_nothing_and_keeps_its_view():
    engine = Overheard()
    host = FakeHost(engine)
    host.run(600_000)
    assert engine.sent == {}
    assert [node.state.view for node in host.nodes] == [1] * 4
    host.work(600_000, 1)
    host.run(600_300)
    assert host.finals() == [1] * 4, "the leader asks at once"


def test_a_watcher_holds_final_what_others_commit_and_says_nothing():
    host = FakeHost(PBFT, 4, watchers=1)
    host.work(0, 1)
    host.run(2000)
    assert host.finals() == [2] * 5
    assert {what.split()[0] for what in said_by(host, "v4")} == {"certify", "see"}


# Changes of view.


def test_a_silent_leader_is_replaced_although_nobody_was_woken():
    host = FakeHost(PBFT)
    host.down(1, 0, 60_000)
    host.run(10)
    for node in host.nodes:
        node.work.add(1)  # Something waits, like a swap's record, and nobody says so.
    host.run(6000)
    assert [host.finals()[index] for index in (0, 2, 3)] == [2, 2, 2]


def test_whoever_is_cut_off_asks_for_one_view_and_not_for_more():
    host = FakeHost(PBFT)
    host.cut({0}, 0, 300_000)
    for at_ms in range(0, 300_000, 10_000):
        host.work(at_ms, at_ms)
    host.run(300_000)
    assert [it for it in said_by(host, "v0") if "view" in it] == ["change to view 2"]
    assert min(host.finals()[1:]) > 50


def test_nobody_joins_one_and_everybody_joins_two_of_four():
    host = FakeHost(PBFT)
    host.run(100)
    give(host, 0, change(2, 7, begun(host)))
    assert host.nodes[0].state.view == 1
    give(host, 0, change(3, 5, begun(host)))
    assert host.nodes[0].state.view == 5, "the highest view that two have asked for"


def test_a_leader_that_lacks_messages_is_answered_with_what_it_lacks():
    host = FakeHost(PBFT)
    host.work(0, 1)
    host.run(4000)
    base = host.nodes[0].state.base
    _, effects = hear(host, 0, change(3, 2, begun(host)))
    assert Send(3, Shown(base)) in effects
    assert any(isinstance(it, Share) and it.to == 3 for it in effects)
    assert len(effects) == 2, "one answer to one message"


def test_a_prepared_block_is_proposed_again_with_its_hash_and_round():
    host = FakeHost(PBFT)
    host.work(0, 1)
    host.cut({0, 1}, 579, 4000)
    host.run(6000)
    tip = host.nodes[0].chain.tip
    first = host.nodes[0].chain.ancestor(tip.hash, 1)
    second = host.nodes[0].chain.ancestor(tip.hash, 2)
    assert host.names[first.hash] == "1" and first.round == 1
    assert second.engine_data == b"\2", "its commits name the later view"
    assert second.round == 3


# Votes.


def test_a_quorum_of_commits_makes_a_block_final_once_it_is_here():
    host, block = at_view_two()
    del host.nodes[3].chain.known[block.hash]
    for vote in votes(block, "commit", 1, (0, 1, 2)):
        give(host, 3, VoteMessage(vote))
    assert host.nodes[3].state.base.view == 0
    assert host.nodes[3].state.awaited.block.hash == block.hash
    host.fetch(host.nodes[3], block)
    assert host.nodes[3].state.base.block.hash == block.hash
    assert host.nodes[3].final.hash == block.hash


def test_votes_of_different_views_make_no_quorum():
    host, block = at_view_two()
    for view, index in ((1, 0), (2, 1), (3, 2)):
        give(host, 3, VoteMessage(votes(block, "commit", view, [index])[0]))
    assert host.nodes[3].state.base.view == 0


def test_forged_votes_and_votes_of_another_epoch_are_not_counted():
    host, block = at_view_two()
    good = votes(block, "commit", 1, [0])[0]
    for bad in (
        replace(good, signature=b"?"),
        replace(good, epoch=1),
        replace(good, index=1),
        replace(good, index=9),
        replace(good, phase="vote"),
        replace(good, round=2),
        replace(good, phase="prepare"),
    ):
        state, effects = hear(host, 3, VoteMessage(bad))
        assert not any(state.votes) and not effects
    assert any(hear(host, 3, VoteMessage(good))[0].votes)


def test_a_flood_of_votes_from_one_validator_leaves_room_for_the_others():
    host, block = at_view_two()
    for view in range(1, MAX_VOTES + 40):
        give(host, 3, VoteMessage(votes(block, "commit", view, [0])[0]))
    give(host, 3, VoteMessage(votes(block, "commit", 1, [1])[0]))
    assert [len(own) for own in host.nodes[3].state.votes] == [MAX_VOTES, 1, 0, 0]


def test_a_commit_takes_the_proof_of_what_was_prepared_to_the_signer():
    host, block = at_view_two()
    for vote in votes(block, "prepare", 1, (0, 1)):
        give(host, 3, VoteMessage(vote))
    state, effects = hear(host, 3, VoteMessage(votes(block, "prepare", 1, [2])[0]))
    commit = next(it for it in effects if isinstance(it, CastVote))
    assert isinstance(effects[-2], Certified)
    assert (commit.phase, commit.round) == ("commit", 1)
    assert kept(commit.keep) == state.prepared == prepared(block, 1)


def test_a_signature_that_nobody_asked_for_changes_nothing():
    host, _ = at_view_two()
    node = host.nodes[0]
    signed = ViewSigned(host.now_ms, 9, bytes(32), b"?")
    state, effects = PBFT.step(node.state, signed, node.chain)
    assert state.view == 1 and not effects


# Crashes and liars.


def test_after_a_crash_the_signer_brings_back_what_was_prepared():
    host = FakeHost(PBFT)
    host.work(0, 1)
    host.cut({0, 1}, 579, 4000)
    for index in ALL:
        host.down(index, 700, 900)
    host.run(950)
    block = host.nodes[0].chain.tip
    for node in host.nodes:
        assert node.state.prepared.block_hash == block.hash
        assert node.state.prepared.view == 1
    host.run(8000)
    assert min(host.finals()) >= 2
    assert host.names[host.nodes[0].chain.ancestor(
        host.nodes[0].chain.tip.hash, 1).hash] == "1"  # fmt: skip


def test_after_a_crash_nobody_goes_back_behind_a_view_that_it_left():
    host = FakeHost(PBFT)
    host.work(10, 1)
    host.down(1, 0, 90_000)
    host.down(2, 0, 90_000)
    host.run(3000)
    assert host.nodes[0].state.view == 2
    host.down(0, 3100, 3200)
    host.run(3300)
    assert host.nodes[0].state.view == 2
    host.run(7000)
    changes = [it for it in said_by(host, "v0") if "view" in it]
    assert changes == ["change to view 2", "change to view 3"]


def test_two_blocks_of_one_leader_do_not_split_the_others():
    host = FakeHost(PBFT)
    for node in host.nodes:
        node.work.add(1)
    host.down(1, 0, 60_000)
    host.run(400)
    genesis = host.nodes[0].chain.tip
    twins = [sealed_by(host, 1, genesis, begun(host), 1, tag) for tag in "ab"]
    host.now_ms = 510
    for node, twin in zip(host.nodes[:1] + host.nodes[2:], (*twins, twins[0]),
                          strict=True):  # fmt: skip
        host.fetch(node, twin)
    host.run(9000)
    final = [host.finals()[index] for index in (0, 2, 3)]
    assert min(final) >= 1
    assert len({node.chain.ancestor(node.final.hash, 1).hash
                for node in (host.nodes[0], *host.nodes[2:])}) == 1  # fmt: skip


def test_a_block_for_a_view_far_ahead_draws_nobody_away():
    host = FakeHost(PBFT)
    host.run(400)
    genesis = host.nodes[0].chain.tip
    early = sealed_by(host, 2, genesis, begun(host), 4 * 10**6 + 2)
    host.now_ms = 501
    for node in host.nodes:
        host.fetch(node, early)
    host.work(510, 1)
    host.run(4000)
    assert min(host.finals()) >= 1
    assert host.names[host.nodes[0].chain.ancestor(
        host.nodes[0].chain.tip.hash, 1).hash] != host.names[early.hash]  # fmt: skip


def test_a_refusing_signer_stops_one_validator_and_no_other():
    host = FakeHost(PBFT)
    host.refuse(1, 0, 20_000)
    host.work(0, 1)
    host.work(21_000, 2)
    host.run(25_000)
    assert min(host.finals()) >= 3
    assert "prepare 1" not in said_by(host, "v1")


def test_every_line_for_the_screen_is_short_and_says_the_view():
    host = FakeHost(PBFT)
    host.work(0, 1)
    host.cut({0, 1}, 579, 4000)
    seen = set()
    for at_ms in range(0, 5000, 20):
        host.run(at_ms)
        seen |= {PBFT.describe(node.state, node.chain) for node in host.nodes}
    assert max(map(len, seen)) <= 60
    assert "view 1 is v1's; prepares 1/3, final 0" in seen
    assert "view 1 is v1's; commits 2/3, final 0" in seen
    assert "changing to view 2 of v2: 2/3 ask for it" in seen
    assert any("final 1" in line for line in seen)


def test_a_change_of_view_asks_the_signer_first():
    host, _ = at_view_two()
    node = host.nodes[0]
    state, effects = PBFT.step(
        node.state, MessageGot(100, 2, change(2, 2, begun(host))), node.chain
    )
    state, effects = PBFT.step(
        state, MessageGot(100, 3, change(3, 2, begun(host))), node.chain
    )
    asked = [it for it in effects if isinstance(it, SignView)]
    assert [it.round for it in asked] == [2]
    assert not any(
        isinstance(it, Broadcast) and isinstance(it.message, ViewChange)
        for it in effects
    )
