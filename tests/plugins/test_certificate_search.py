"""
Random adversarial search for two conflicting final blocks.

A failure names the seed; `python -m tests.plugins.test_certificate_search SEED N F`
says what that run ends with.
"""

import sys

import pytest

from devnet.plugins import certificate
from devnet.plugins.certificate import Voter
from tests.plugins.search import Search, count_conflicts

SIZES = [(4, 1), (7, 2)]


@pytest.mark.parametrize(("n", "f"), SIZES)
def test_a_tolerated_minority_never_brings_about_a_conflict(n: int, f: int):
    lived = 0
    for seed in range(1000):
        run = Search(seed, n, f)
        assert run.conflict() is None, f"seed {seed}, n={n}, f={f}"
        lived += run.n_final() > 0
    assert lived > 900  # Most runs finalise something, or the search would mean little.


@pytest.mark.long
@pytest.mark.parametrize(("n", "f"), [*SIZES, (10, 3), (5, 1)])
def test_ten_thousand_runs_find_no_conflict(n: int, f: int):
    assert count_conflicts(10_000, n, f, enough=1, first_seed=1000) == 0


def without_v2(voter: Voter, block_round: int, source_round: int) -> bool:
    return block_round > voter.voted_round


def without_v1(voter: Voter, block_round: int, source_round: int) -> bool:
    return source_round >= voter.source_round


def without_adjacency(child: certificate.Header, parent_round: int) -> bool:
    return child.justify.hash == child.previous


@pytest.mark.parametrize(("n", "f"), SIZES)
@pytest.mark.parametrize(
    ("rule", "removed"),
    [
        ("may_vote", without_v2),
        ("may_vote", without_v1),
        ("finalises", without_adjacency),
    ],
)
def test_the_search_bites_when_a_rule_is_taken_away(
    n: int, f: int, rule: str, removed: object, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(certificate, rule, removed)
    assert count_conflicts(200, n, f, enough=5) >= 5


def test_without_v2_honest_validators_alone_contradict_themselves(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(certificate, "may_vote", without_v2)
    assert count_conflicts(1000, 4, 0, enough=1) == 1


def test_two_traitors_of_four_do_bring_about_a_conflict():
    assert count_conflicts(200, 4, 2, enough=5) >= 5


if __name__ == "__main__":
    seed, n, f = (int(word) for word in sys.argv[1:])
    run = Search(seed, n, f)
    print(f"final up to {run.n_final()}; conflict: {run.conflict()}")
