"""One validator's view of votes: counting, bounds, certificates, what to extend."""

from dataclasses import replace

from devnet.engine.interfaces import (
    BlockJudged,
    CastVote,
    Certificate,
    Certified,
    Checkpoint,
    Effect,
    Final,
    Header,
    Seat,
    Vote,
)
from devnet.plugins.ballots import (
    MAX_BALLOTS,
    Ballots,
    add_vote,
    judge,
    open_ballots,
    own_vote,
    parent_to_extend,
    votes_for,
)
from devnet.plugins.certificate import Voter
from tests.plugins.blocktree import GENESIS, RULES, Tree, certificate, vote


def seat(tree: Tree, me: int = 0) -> Ballots:
    return open_ballots(Seat(me, RULES, 0), tree.chain)


def ballot(block: Header, index: int) -> Vote:
    signature = vote(index, block)
    return Vote(0, block.round, block.height, block.hash, index, signature)


def count(
    ballots: Ballots, tree: Tree, *votes: Vote
) -> tuple[Ballots, tuple[Effect, ...]]:
    effects: tuple[Effect, ...] = ()
    for one in votes:
        ballots, more = add_vote(ballots, one, tree.chain)
        effects += more
    return ballots, effects


def test_the_quorums_last_vote_certifies_and_later_ones_change_nothing():
    tree = Tree()
    ballots, block = seat(tree), tree.add("a", "base", 1, "base")
    ballots, effects = count(ballots, tree, ballot(block, 3), ballot(block, 1))
    assert effects == ()
    ballots, effects = count(ballots, tree, ballot(block, 0))
    assert effects == (Certified(b"a", certificate(block, 0, 1, 3)),)
    assert ballots.highest.block == Checkpoint(1, b"a")
    assert count(ballots, tree, ballot(block, 2)) == (ballots, ())


def test_a_vote_counts_once_and_only_if_it_is_genuine():
    tree = Tree()
    ballots, block = seat(tree), tree.add("a", "base", 1, "base")
    good = ballot(block, 2)
    fouls = [
        replace(good, signature=b"forged"),
        replace(good, index=1),
        replace(good, index=9),
        replace(good, index=-1),
        replace(good, epoch=1),
    ]
    assert count(ballots, tree, *fouls) == (ballots, ())
    ballots, _ = count(ballots, tree, *[good] * 5)
    assert list(votes_for(ballots, b"a", tree.chain)) == [2]


def test_votes_that_come_before_their_block_wait_for_it():
    tree, later = Tree(), Tree()
    block = later.add("a", "base", 1, "base")
    ballots, effects = count(seat(tree), tree, *(ballot(block, i) for i in (0, 1, 2)))
    assert effects == ()
    tree.add("a", "base", 1, "base")
    _, effects = judge(ballots, BlockJudged(0, block), tree.chain)
    assert effects == (Certified(b"a", certificate(block)), CastVote(b"a"))


def test_the_round_that_a_message_states_is_not_believed():
    tree = Tree()
    ballots, block = seat(tree), tree.add("a", "base", 3, "base")
    lies = [replace(ballot(block, i), round=900, height=800) for i in (0, 1, 2)]
    ballots, _ = count(ballots, tree, *lies)
    assert (ballots.highest.round, ballots.highest.block.height) == (3, 1)


def test_a_flood_of_one_validator_crowds_out_only_its_own_votes():
    tree = Tree()
    ballots, block = seat(tree), tree.add("a", "base", 1, "base")
    ballots, _ = count(ballots, tree, ballot(block, 1), ballot(block, 3))
    for number in range(200):
        invented = replace(block, hash=b"none %d" % number)
        ballots, _ = count(ballots, tree, ballot(invented, 3))
    held = [len(ballots.cast.get(one.key, ())) for one in RULES.validators]
    assert held == [0, 1, 0, MAX_BALLOTS]
    assert list(votes_for(ballots, b"a", tree.chain)) == [1]


def test_a_certificate_in_a_header_is_learnt_and_told_once():
    tree = Tree()
    ballots = seat(tree)
    tree.add("a", "base", 1, "base")
    block = tree.add("b", "a", 2, "a")
    ballots, effects = judge(ballots, BlockJudged(0, block), tree.chain)
    assert effects == (Certified(b"a", block.certificate), CastVote(b"b"))
    ballots, effects = judge(ballots, BlockJudged(0, block, False), tree.chain)
    assert effects == ()


def test_final_is_told_when_the_next_round_is_certified_before_the_chain_shows_it():
    tree = Tree()
    ballots = seat(tree)
    tree.add("a", "base", 1, "base")
    block = tree.add("b", "a", 2, "a")
    ballots, _ = judge(ballots, BlockJudged(0, block), tree.chain)
    votes = [ballot(block, i) for i in (1, 2, 3)]
    ballots, effects = count(ballots, tree, *votes)
    assert effects == (Certified(b"b", certificate(block, 1, 2, 3)), Final(b"a"))
    assert ballots.final == Checkpoint(1, b"a")


def test_a_certificate_of_an_older_block_takes_nothing_back():
    tree = Tree()
    ballots = seat(tree)
    tree.add("a", "base", 1, "base")
    tree.add("b", "a", 2, "a")
    tree.add("c", "b", 3, "b")
    block = tree.add("d", "c", 4, "c")
    ballots, _ = judge(ballots, BlockJudged(0, block), tree.chain)
    before = ballots
    assert (before.highest.round, before.final.hash) == (3, b"b")
    old = tree.by_name["b"]
    ballots, effects = count(ballots, tree, *(ballot(old, i) for i in (0, 1, 2)))
    assert effects == (Certified(b"b", certificate(old)),)
    assert (ballots.highest, ballots.final) == (before.highest, before.final)


def test_history_is_learnt_from_but_not_voted_for():
    tree = Tree()
    block = tree.add("a", "base", 1, "base")
    _, effects = judge(seat(tree), BlockJudged(0, block, votable=False), tree.chain)
    assert effects == ()


def test_an_observer_counts_but_never_votes():
    tree = Tree()
    block = tree.add("a", "base", 1, "base")
    _, effects = judge(seat(tree, me=-1), BlockJudged(0, block), tree.chain)
    assert effects == ()


def test_one_own_vote_forbids_the_same_round_and_an_older_source():
    tree = Tree()
    ballots = seat(tree)
    tree.add("a", "base", 1, "base")
    tree.add("b", "a", 2, "a")
    block = tree.add("c", "b", 4, "a")
    ballots, _ = own_vote(ballots, ballot(block, 0), tree.chain)
    assert ballots.voter == Voter(4, 1)
    twin = tree.add("d", "b", 4, "b")
    older = tree.add("e", "b", 5, "base")
    good = tree.add("f", "b", 5, "b")
    asked = [
        CastVote(block.hash) in judge(ballots, BlockJudged(0, block), tree.chain)[1]
        for block in (twin, older, good)
    ]
    assert asked == [False, False, True]


def test_a_vote_that_the_signer_refused_is_not_remembered():
    tree = Tree()
    block = tree.add("a", "base", 1, "base")
    ballots, effects = judge(seat(tree), BlockJudged(0, block), tree.chain)
    assert effects == (CastVote(b"a"),)
    assert ballots.voter == Voter()


def test_a_proposer_leaves_a_head_that_lacks_the_highest_certificate():
    tree = Tree()
    ballots = seat(tree)
    certified = tree.add("a", "base", 1, "base")
    tree.add("x", "base", 2, "base")
    tree.chain.tip = tree.add("y", "x", 3, "base")
    assert parent_to_extend(ballots, tree.chain).hash == b"y"
    ballots, _ = count(ballots, tree, *(ballot(certified, i) for i in (0, 1, 2)))
    assert parent_to_extend(ballots, tree.chain).hash == b"a"
    tree.chain.tip = tree.add("b", "a", 4, "base")
    assert parent_to_extend(ballots, tree.chain).hash == b"b"


def test_who_returns_knows_what_the_heads_chain_shows():
    tree = Tree()
    tree.add("a", "base", 1, "base")
    tree.add("b", "a", 2, "a")
    tree.chain.tip = tree.add("c", "b", 3, "b")
    ballots = seat(tree)
    assert ballots.highest.block == Checkpoint(2, b"b")
    assert ballots.highest.certificate == tree.chain.tip.certificate
    assert ballots.final == Checkpoint(1, b"a")


def test_at_the_start_only_the_base_is_certified():
    ballots = seat(Tree())
    assert ballots.highest.block == Checkpoint(0, GENESIS.hash)
    assert ballots.highest.certificate == Certificate()
