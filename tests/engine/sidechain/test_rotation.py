"""How votes change a federation and the collectors: the formula, block by block."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devnet.engine.federation.programs import federation_of
from devnet.engine.sidechain.rotation import best_of, wanted_federation

KEYS = tuple(bytes([n]) * 64 for n in range(1, 15))


def slow_model(current, votes, n):
    """The rule of the protocol page once more, seat by seat and in plain steps."""
    limit, seats = len(current) // 3, set(current)
    if len(current) < 3:
        return seats
    ranked = []
    pool = set(votes)
    while pool and len(ranked) < n:
        strongest = max(pool, key=lambda key: (votes[key], key))
        ranked.append(strongest)
        pool.discard(strongest)
    n_changed = 0
    while n_changed < limit:
        unwanted = seats - set(ranked)
        newcomers = [key for key in ranked if key not in seats]
        if not newcomers and (not unwanted or len(seats) == 3):
            break
        if not newcomers and not unwanted:
            break
        if unwanted and (newcomers or len(seats) > 3):
            gone = [key for key in unwanted if key not in votes]
            weakest = (
                min(gone) if gone else min(unwanted, key=lambda key: (votes[key], key))
            )
            seats.discard(weakest)
        if newcomers:
            seats.add(newcomers[0])
        n_changed += 1
    return seats


@st.composite
def elections(draw):
    n_current = draw(st.integers(1, 10))
    current = tuple(sorted(draw(st.permutations(KEYS))[:n_current]))
    electable = draw(st.sets(st.sampled_from(KEYS)))
    votes = {key: draw(st.integers(0, 4)) for key in electable}
    n_seats = max(n_current, draw(st.integers(3, 10)))
    return current, votes, n_seats


@given(elections())
@example((KEYS[:4], dict.fromkeys(KEYS[4:6], 1), 4))
def test_the_formula_is_that_of_a_slow_model_and_keeps_its_bounds(election):
    current, votes, n_seats = election
    wanted = wanted_federation(federation_of(current), votes, n_seats)
    members = set(wanted.members)

    assert members == slow_model(current, votes, n_seats)
    # I9, in seats: those who go and those who come, a pair counting once.
    changed = max(len(set(current) - members), len(members - set(current)))
    assert changed <= len(current) // 3
    assert wanted.quorum == 2 * len(members) // 3 + 1
    assert wanted.members == tuple(sorted(members))
    if len(current) >= 3:
        assert 3 <= len(members) <= n_seats


@given(elections(), st.integers(2, 6))
def test_the_same_votes_lead_to_the_wanted_set_and_stay_there(election, n_rounds):
    """From tally to tally the set only comes nearer to the best, and then stays."""
    current, votes, n_seats = election
    federation, distances = federation_of(current), []
    for _ in range(n_rounds * 5):
        best = set(best_of(votes, n_seats))
        distances.append(len(best - set(federation.members)))
        federation = wanted_federation(federation, votes, n_seats)
    assert distances == sorted(distances, reverse=True)
    assert wanted_federation(federation, votes, n_seats) == federation


def four(*votes, extra=()):
    """Four members with these votes, and strangers with others."""
    given = dict(zip(KEYS, votes, strict=False)) | dict(extra)
    return wanted_federation(federation_of(KEYS[:4]), given, 4).members


def test_the_strongest_newcomer_takes_the_seat_of_the_weakest_member():
    a, b, c, d, e, f = KEYS[:6]
    assert four(5, 1, 5, 5, extra=((e, 2), (f, 3))) == (a, c, d, f)
    assert four(5, 4, 5, 5, extra=((e, 2), (f, 3))) == (a, b, c, d)
    # Among equals the larger key is the stronger one.
    assert four(5, 3, 5, 5, extra=((f, 3),)) == (a, c, d, f)


def test_who_left_goes_first_even_with_many_votes_and_though_nobody_comes():
    a, b, c, d, e = KEYS[:5]
    stay = {a: 1, b: 1, c: 1}
    old = federation_of((a, b, c, d))
    assert wanted_federation(old, stay, 4).members == (a, b, c)
    assert wanted_federation(old, stay | {e: 0}, 4).members == (a, b, c, e)
    three = federation_of((a, b, c))
    assert wanted_federation(three, {a: 1}, 4) is three
    # The seat that was given up comes back when somebody stands for it.
    assert wanted_federation(three, stay | {e: 0}, 4).members == (a, b, c, e)


@pytest.mark.parametrize("n", [1, 2])
def test_below_three_members_nothing_changes(n):
    old = federation_of(KEYS[:n])
    assert wanted_federation(old, {KEYS[9]: 10}, 4) is old
