"""How votes change a federation and the collectors: the formula, block by block."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rpds import HashTrieMap

from devnet.engine.bc.electoral import COLLECTOR_ROLE, MEMBER_ROLE
from devnet.engine.federation.council import Council
from devnet.engine.federation.programs import federation_of
from devnet.engine.sidechain.handovers import handed_over
from devnet.engine.sidechain.registrations import Registration
from devnet.engine.sidechain.roster import Roster
from devnet.engine.sidechain.rotation import (
    Poll,
    best_of,
    council_after,
    wanted_federation,
)
from devnet.engine.sidechain.staking import ban
from devnet.engine.sidechain.state import SideSpec

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


# A whole history.

EPOCH, ROUND = 6, 4
SPEC = SideSpec(
    name="gamma", chain_id=b"c" * 32, genesis_ms=0, start_ms=0, parent_id=b"p" * 32,
    federations=(federation_of(KEYS[:4]),), relay_fee_ppm=0,
    collectors=(b"\xf0" * 32, b"\xf1" * 32), depth=1, grace=20, idle_ms=1,
    swap_notice=1, federation_blocks=EPOCH, collector_blocks=ROUND,
)  # fmt: skip
COLLECTORS = (*SPEC.collectors, *(bytes([n]) * 32 for n in range(0xE0, 0xE4)))


def registered(roster, role, key):
    name = f"k{key[0]}"
    program = b"\x00\x14" + key[:20]
    return roster.with_registration(
        Registration(name, key, program, key[:32], 1, 1, role=role)
    )


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["stand", "vote", "hand over", "leave", "ban", "nothing"]),
        st.sampled_from((*KEYS[:9], *COLLECTORS)),
        st.integers(0, 5),
        st.sampled_from([0, 1, 3, 9]),  # How far finality lags behind.
    ),
    min_size=20,
    max_size=60,
)


class History:
    """Blocks with nothing in them but what elections look at."""

    def __init__(self):
        self.council = Council(0, SPEC.federations, SPEC.collectors)
        self.roster, self.tally = Roster(), HashTrieMap()
        self.height = self.final = 0
        self.accepted = [SPEC.federations]

    def act(self, what, key, votes):
        role = MEMBER_ROLE if key in KEYS else COLLECTOR_ROLE
        one = self.roster.book(role).of_key(key[:32])
        if what == "stand" and one is None and key[:32] not in self.roster.banned:
            self.roster = registered(self.roster, role, key)
        elif what == "leave" and one is not None and one.stands:
            self.roster = self.roster.left(one, self.height)
        elif what == "vote":
            self.tally = self.tally.insert(key[:32], votes)
        elif what == "ban":
            gone = self.roster if one is None else self.roster.without(one)
            self.roster = ban(gone, key[:32], self.height)

    def block(self, lag, hands_over):
        parent = SimpleNamespace(
            height=self.height, final=SimpleNamespace(height=self.final)
        )
        self.height += 1
        council = self.council
        counted = parent.height // EPOCH * EPOCH
        if hands_over and council.wanted is not None and self.final >= counted:
            council = handed_over(council, self.height, SPEC)
        poll = Poll(SPEC, council, self.roster, self.tally, ())
        self.council = council_after(parent, poll)
        self.final = max(self.final, self.height - lag)
        self.accepted.append(self.council.federations)


@given(STEPS)
@settings(max_examples=60)
def test_no_history_breaks_the_bounds_of_rotation(steps):
    past = History()
    for what, key, votes, lag in steps:
        before = past.council
        past.act(what, key, votes)
        past.block(lag, what == "hand over")
        now = past.council
        assert now.epoch - before.epoch in (0, 1)
        if now.epoch == before.epoch:
            assert now.current == before.current
        else:
            old, new = set(before.current.members), set(now.current.members)
            # I9.
            assert max(len(old - new), len(new - old)) <= len(old) // 3
            assert now.current == before.wanted
            assert now.federations[1] == before.current
            assert now.expires % EPOCH == 0
            assert EPOCH < now.expires - past.height + 1 <= 2 * EPOCH + 1
        assert 3 <= len(now.current.members) <= 4
        assert len(now.known) == now.epoch + 1 and now.known[0] == now.current
        assert now.known[-1] == SPEC.federations[0]
        assert len(now.ends) == len(now.past)
        assert list(now.ends) == sorted(now.ends, reverse=True)
        assert len(now.federations) == 1 + bool(now.expires)
        assert not now.expires or past.height + 1 < now.expires
        assert now.wanted is None or now.wanted != now.current
        assert 1 <= len(now.collectors) <= 2
        if now.collectors != before.collectors:
            assert now.collectors == before.coming
    # Who is over was accepted up to its end, and not in it, unless elected again.
    for federation, end in zip(past.council.past, past.council.ends, strict=True):
        assert federation in past.accepted[end - 2]
        assert federation not in past.accepted[end - 1][1:]


def test_a_history_where_everybody_votes_for_strangers_replaces_all_founders():
    past = History()
    for key in KEYS[4:8]:
        past.act("stand", key, 0)
        past.act("vote", key, 5)
    for _ in range(5 * EPOCH):
        past.block(0, True)
    assert set(past.council.current.members) == set(KEYS[4:8])
    assert past.council.epoch == 4


def test_the_same_members_may_come_back_in_a_later_epoch():
    past, stranger = History(), KEYS[4]
    weakest = KEYS[0]
    past.act("stand", stranger, 0)
    past.act("vote", stranger, 5)
    for _ in range(EPOCH + 1):
        past.block(0, True)
    assert weakest not in past.council.current.members
    past.act("stand", weakest, 0)
    past.act("vote", weakest, 9)
    past.act("vote", stranger, 0)
    past.act("leave", stranger, 0)
    for _ in range(EPOCH):
        past.block(0, True)
    first, second, third = past.council.known
    assert first == third == SPEC.federations[0] != second
