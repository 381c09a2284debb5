"""Early Vapor's arithmetic and Vapor 1.x's elections, with what was wrong in them."""

import pytest

from devnet.engine.interfaces import quorum
from devnet.plugins import elections
from devnet.plugins.early_dpos import (
    MOST_APPROVALS,
    Ballot,
    RoundHeights,
    elect,
    round_index,
    slot_index,
)
from devnet.plugins.message_counts import (
    ImpossibleTree,
    bbft_counts,
    pbft_counts,
    white_paper_figure,
)
from tests.vectors import vectors

EARLY = vectors("dpos")["early_vapor"]


def test_slots_are_the_references():
    for case in EARLY["slots"]:
        where = case["start"], case["interval"], case["delegates"]
        for time_s, in_round, slot in case["rows"]:
            assert round_index(time_s, *where) == in_round
            assert slot_index(time_s, *where) == slot


def test_irreversible_blocks_are_the_references():
    for case in EARLY["irreversible"]:
        memory = RoundHeights()
        for row in case["rows"]:
            memory, became = memory.after(
                row["first_height_of_round"], case["delegates"]
            )
            assert became == row["became_irreversible"], row


def test_heights_above_a_lower_block_are_forgotten():
    memory, _ = RoundHeights((10, 17)).after(12, 7)

    assert memory.heights == (12,)


def candidates(as_reference=False):
    ballot = Ballot(as_reference=as_reference)
    for index, who in enumerate("abc"):
        ballot = ballot.paid(who, 100 * (index + 1))
        ballot, done = ballot.register(who, f"name {who}")
        assert done
    return ballot


def test_a_failing_vote_has_no_effect_and_in_the_reference_half_of_one():
    corrected, ok = candidates().approve("c", ["a", "nobody", "b"])
    assert (ok, corrected.weights()) == (False, {})

    reference, ok = candidates(as_reference=True).approve("c", ["a", "nobody", "b"])
    assert (ok, reference.weights()) == (False, {"a": 300})


def test_a_name_is_taken_once_and_approved_once():
    ballot = candidates()

    assert ballot.register("d", "name a") == (ballot, False)
    assert ballot.register("a", "another") == (ballot, False)
    ballot, _ = ballot.approve("a", ["b"])
    assert not ballot.approve("a", ["b"])[1]
    assert not ballot.withdraw("a", ["c"])[1]
    assert ballot.withdraw("a", ["b"])[0].weights() == {}


def test_nobody_approves_of_more_than_51():
    ballot = Ballot()
    for index in range(MOST_APPROVALS + 1):
        ballot, _ = ballot.register(f"d{index}", f"n{index}")
    everybody = [f"d{index}" for index in range(MOST_APPROVALS + 1)]

    assert not ballot.approve("a", everybody)[1]
    assert ballot.approve("a", everybody[1:])[1]


def test_equal_weights_go_by_address_and_so_do_empty_seats():
    ballot = candidates()
    for who in "abcxyz":
        ballot = ballot.paid(who, 10**11)
    for who in "xyz":
        ballot, _ = ballot.register(who, f"name {who}")
    ballot, _ = ballot.approve("x", ["a", "b"])

    elected = elect(ballot, 5, 1)

    weight = 10**11
    assert elected.voted == (("b", weight), ("a", weight))
    assert elected.seats() == (*elected.voted, ("z", 0), ("y", 0))


def test_a_delegate_that_holds_too_little_is_not_elected():
    ballot, _ = candidates().approve("c", ["a", "b"])

    assert elect(ballot, 5, 150).voted == (("b", 300),)


# Vapor 1.x.


def test_the_most_votes_win_and_the_key_decides_between_equals():
    tally = elections.Tally()
    for key, amount in (("aa", 5), ("bb", 7), ("cc", 5), ("dd", 1)):
        tally, done = tally.vote(key, amount)
        assert done

    assert elections.elect(tally, 3, 2) == (("bb", 7), ("cc", 5), ("aa", 5))
    assert elections.elect(tally, 3, 8) == ()


def test_nobody_takes_back_more_than_was_given_or_gives_more_than_there_is():
    tally, _ = elections.Tally().vote("aa", 5)

    assert tally.veto("aa", 6) == (tally, False)
    assert tally.veto("bb", 1) == (tally, False)
    assert tally.vote("aa", 2**64) == (tally, False)
    assert tally.veto("aa", 5)[1]


# Messages.


def test_message_counts_follow_the_papers_formula():
    for n_nodes in range(1, 60):
        for n_gateways in range(1, n_nodes + 1):
            counts = bbft_counts(n_nodes, n_gateways)
            formula = n_gateways**2 - 2 * n_gateways + 3 * n_nodes - 2
            assert counts.total == formula
            assert white_paper_figure(n_nodes, n_gateways) == formula + 2


def test_one_gateway_is_a_star_and_all_of_them_are_everybody_to_everybody():
    assert bbft_counts(10, 1).total == 3 * 10 - 3
    assert bbft_counts(10, 10).total == 10 * 10 + 10 - 2
    assert pbft_counts(10).total == 2 * 10 * 9


@pytest.mark.parametrize(("n_nodes", "n_gateways"), [(0, 0), (4, 0), (4, 5)])
def test_a_tree_that_cannot_be_is_refused(n_nodes, n_gateways):
    with pytest.raises(ImpossibleTree):
        bbft_counts(n_nodes, n_gateways)
    with pytest.raises(ImpossibleTree):
        pbft_counts(0)


def test_the_quorum_of_every_round_is_the_vectors():
    for case in vectors("bbft")["rounds"]:
        assert quorum(case["n"]) == case["quorum"]
