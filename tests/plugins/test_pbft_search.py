"""
Random adversarial search for two conflicting committed blocks under pbft.

A failure names the seed; `python -m tests.plugins.test_pbft_search SEED N F` says what
that run ends with.
"""

import sys
from collections.abc import Iterable

import pytest

from devnet.engine.sidechain.node import Ballot
from devnet.plugins import pbft_proofs
from devnet.plugins.pbft_proofs import Committed, Prepared, ViewChange
from tests.plugins.pbft_search import Search, count_conflicts

SIZES = [(4, 1), (7, 2)]


@pytest.mark.parametrize(("n", "f"), SIZES)
def test_a_tolerated_minority_never_brings_about_a_conflict(n: int, f: int):
    lived = 0
    for seed in range(600):
        run = Search(seed, n, f)
        assert run.conflict() is None, f"seed {seed}, n={n}, f={f}"
        lived += run.n_final() > 0
    assert lived > 420  # Most runs commit something, or the search would mean little.


@pytest.mark.long
@pytest.mark.parametrize(("n", "f"), [*SIZES, (10, 3), (5, 1)])
def test_ten_thousand_runs_find_no_conflict(n: int, f: int):
    assert count_conflicts(10_000, n, f, enough=1, first_seed=1000) == 0


def without_the_prepared(
    changes: Iterable[ViewChange],
) -> tuple[Committed, Prepared | None]:
    newest = max((change.base for change in changes), key=lambda base: base.view)
    return newest, None


def without_phases(ballot: Ballot, phase: str, view: int, keep: bytes = b"") -> Ballot:
    return ballot


@pytest.mark.parametrize(("n", "f"), SIZES)
def test_without_the_rule_of_the_prepared_block_it_finds_conflicts(
    n: int, f: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pbft_proofs, "select", without_the_prepared)
    assert count_conflicts(1000, n, f, enough=2) == 2


@pytest.mark.parametrize(("n", "f"), SIZES)
def test_without_one_vote_a_phase_it_finds_conflicts(
    n: int, f: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Ballot, "after_phase", without_phases)
    assert count_conflicts(200, n, f, enough=5) == 5


def test_a_signer_that_forgets_what_was_prepared_brings_about_conflicts():
    assert count_conflicts(1000, 4, 1, enough=2, forgets=True) == 2


@pytest.mark.parametrize(("n", "f"), [(4, 2), (7, 3)])
def test_one_traitor_too_many_does_bring_about_a_conflict(n: int, f: int):
    assert count_conflicts(300, n, f, enough=3) == 3


if __name__ == "__main__":
    seed, n, f = (int(word) for word in sys.argv[1:])
    run = Search(seed, n, f)
    print(f"final up to {run.n_final()}; conflict: {run.conflict()}")
