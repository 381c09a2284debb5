"""The signer in rules of several phases: what it refuses, keeps, and never forgets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.engine.actors.hosting import start_engines
from devnet.engine.actors.seats import reader_of
from devnet.engine.actors.signing import cast_vote, sign_view
from devnet.engine.interfaces import CastVote, Phase, SignView
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.plain import from_text, to_text
from devnet.engine.sidechain.node import Ballot, VoteRefused
from tests.engine.support import BTM_UNITS, deposit, meddle, network, validator

PHASES: tuple[Phase, ...] = ("prepare", "commit")


@pytest.fixture(scope="module")
def net() -> Network:
    world = network((SidechainSpec("alpha", "pbft"),), depth=1)
    deposit(world, BTM_UNITS, "BTM", "alpha")
    return world


def tip(net: Network) -> bytes:
    side = net.world.sidechain("alpha")
    assert side is not None
    return side.head


@pytest.mark.parametrize("phase", PHASES)
def test_each_phase_of_a_view_has_one_vote(phase: Phase):
    ballot = Ballot().after_phase(phase, 5)
    for view in (4, 5):
        with pytest.raises(VoteRefused, match=f"a {phase} vote of view {view}"):
            ballot.after_phase(phase, view)
    assert ballot.after_phase(phase, 6) != ballot


def test_both_phases_of_one_view_are_allowed_and_none_behind_a_later_one():
    ballot = Ballot().after_phase("prepare", 5).after_phase("commit", 5)
    with pytest.raises(VoteRefused):
        ballot.after_phase("prepare", 6).after_phase("commit", 5)
    with pytest.raises(VoteRefused):
        Ballot().after_phase("commit", 6).after_phase("prepare", 5)


@pytest.mark.parametrize("phase", PHASES)
def test_nothing_is_signed_behind_a_view_that_was_left(phase: Phase):
    ballot = Ballot().after_view(7)
    with pytest.raises(VoteRefused, match="view 7 is entered"):
        ballot.after_phase(phase, 6)
    ballot.after_phase(phase, 7)


def test_views_only_grow():
    ballot = Ballot().after_view(7)
    for view in (6, 7):
        with pytest.raises(VoteRefused, match="view 7 is signed"):
            ballot.after_view(view)
    assert ballot.after_view(8).view_round == 8


def test_what_the_engine_keeps_stays_until_it_keeps_something_else():
    ballot = Ballot().after_phase("commit", 5, b"proof of 5")
    ballot = ballot.after_phase("prepare", 6)
    assert ballot.kept == b"proof of 5"
    assert ballot.after_phase("commit", 6, b"of 6").kept == b"of 6"


def test_a_ballot_goes_through_a_store_and_back():
    ballot = Ballot(1, 2, 3, 4, 5, 6, b"\0proof")
    assert from_text(Ballot, to_text(ballot)) == ballot


def test_the_signer_stores_before_the_vote_exists_and_signs_nothing_twice(net: Network):
    turn = meddle(net)
    wish = CastVote(tip(net), "commit", 50, b"proof")
    voted = cast_vote(turn, "alpha", "v2", 0, wish)
    stored = turn.node("alpha", "v2").ballots[0]

    assert voted is not None
    assert (voted.vote.phase, voted.vote.round, voted.vote.index) == ("commit", 50, 1)
    assert (stored.committed_round, stored.kept) == (50, b"proof")
    assert cast_vote(turn, "alpha", "v2", 0, wish) is None
    assert turn.node("alpha", "v2").ballots[0] == stored


def test_phase_votes_sign_their_phase_view_and_epoch(net: Network):
    turn = meddle(net)
    voted = cast_vote(turn, "alpha", "v2", 0, CastVote(tip(net), "commit", 50))
    assert voted is not None
    reader = reader_of(turn, "alpha", turn.node("alpha", "v2"))
    vote = voted.vote

    def genuine(phase: Phase, round: int, index: int = 1, epoch: int = 0) -> bool:
        return reader.voted_for(
            vote.block_hash, epoch, index, vote.signature, phase, round
        )

    assert genuine("commit", 50)
    assert not genuine("prepare", 50)
    assert not genuine("commit", 51)
    assert not genuine("vote", 50)
    assert not genuine("commit", 50, index=2)
    assert not genuine("commit", 50, epoch=1)


def test_a_change_of_view_is_signed_once_and_closes_what_lies_behind(net: Network):
    turn = meddle(net)
    claim = bytes(range(32))
    signed = sign_view(turn, "alpha", "v3", 0, SignView(60, claim))
    assert signed is not None
    assert sign_view(turn, "alpha", "v3", 0, SignView(60, claim)) is None
    assert cast_vote(turn, "alpha", "v3", 0, CastVote(tip(net), "prepare", 59)) is None
    assert cast_vote(turn, "alpha", "v3", 0, CastVote(tip(net), "prepare", 60))


def test_an_engine_that_starts_again_gets_back_what_its_signer_kept(net: Network):
    node = validator(net, "alpha", "v2")
    kept = node.ballots[0].kept
    assert kept, "it has committed blocks"
    turn = meddle(net)
    ballots = node.ballots.insert(0, replace(node.ballots[0], view_round=90))
    turn.set_node(
        "alpha", replace(node, ballots=ballots, engines=node.engines.remove(0))
    )
    start_engines(turn, "alpha", "v2")
    state = turn.node("alpha", "v2").engines[0]
    assert state.seat.kept == kept
    assert state.view == state.seat.view_round == 90
