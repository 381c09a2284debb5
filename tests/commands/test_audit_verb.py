"""The verb `audit`: terms as exact strings, bars that are equally long, what broke."""

from __future__ import annotations

import pytest

from devnet.commands.bars import MISSING, SIGNS, bars, shares
from devnet.commands.session import Session
from devnet.commands.values import plain
from devnet.engine.audit.sheet import SheetRow
from devnet.engine.audit.values import RIGHT, Sums
from devnet.engine.bc.transaction import BTM
from tests.commands.sessions import forge_coins, make_session


@pytest.fixture(scope="module")
def session() -> Session:
    found = make_session(sidechains="alpha:solo,beta:solo")
    for line in (
        "d = lock alice 10 BTM alpha",
        "lock bob 250 GOLD alpha",
        "wait $d.stage == claimed --within 200s",
        "withdraw alice 2.5 BTM alpha",
        "lock alice 3 BTM alpha",
        "mine 1",
    ):
        outcome = found.execute(line)
        assert outcome.error is None, outcome.error
    return found


def test_every_term_is_an_exact_string_of_units_with_the_decimals(session: Session):
    outcome = session.execute("audit alpha")
    value = plain(outcome.result)
    (chain,) = value["chains"]
    by_name = {row["asset"]: row for row in chain["assets"]}

    assert value["ok"]
    assert by_name["BTM"]["decimals"] == 8
    assert by_name["GOLD"]["locked"] == "250"
    for row in by_name.values():
        assert int(row["locked"]) == sum(int(row[name]) for name in RIGHT)
        assert row["difference"] == "0"
    assert len(chain["main"]["hash"]) == 64


def test_without_a_sidechain_it_is_about_all(session: Session):
    value = session.execute("audit").result
    assert [one["chain"] for one in value["chains"]] == ["alpha", "beta"]


def test_a_count_from_scratch_says_that_it_agrees(session: Session):
    outcome = session.execute("audit alpha --from-scratch")
    assert outcome.result["chains"][0]["agree"] is True
    assert "kept sums and a count from scratch agree" in outcome.text


def test_the_invariants_are_listed_with_what_they_say(session: Session):
    outcome = session.execute("audit alpha --invariants")
    found = outcome.result["invariants"]

    assert [one["id"] for one in found] == [f"I{n}" for n in range(1, 11)]
    assert all(one["holds"] and one["says"] for one in found)
    assert outcome.text.count(" holds   ") == 10


def test_a_breach_is_told_with_the_pair_of_blocks_where_it_appeared():
    session = make_session(sidechains="alpha:solo")
    forge_coins(session.network)
    session.execute("wait main.height > 200 --within 60s")
    outcome = session.execute("audit alpha --invariants")
    first = outcome.result["invariants"][0]
    head = session.network.show("alpha")

    assert not outcome.result["ok"]
    assert (first["id"], first["holds"]) == ("I1", False)
    assert plain(first["since"])["side"] == {
        "height": head["height"], "hash": head["tip"],
    }  # fmt: skip
    assert f"since main {first['since']['main']['height']}" in outcome.text
    assert session.execute("audit alpha").text.count("DOES NOT BALANCE") == 1


def row(**sums: int) -> SheetRow:
    nothing = dict.fromkeys(("locked", *RIGHT, "claimed"), 0)
    return SheetRow("BTM", 8, Sums(BTM, **{**nothing, **sums}))


def test_bars_are_equally_long_when_the_books_balance():
    upper, lower, legend = bars(row(locked=1000, circulating=900, leaving=99, burned=1))

    assert len(upper) == len(lower)
    assert MISSING not in upper + lower
    assert lower.count(SIGNS["burned"]) == 1, "not nothing, so it is seen"
    assert "x burned 0.00000001" in legend


def test_the_shorter_bar_shows_what_is_missing():
    upper, lower, legend = bars(row(locked=500, circulating=1000))

    assert upper.count(MISSING) == upper.count(SIGNS["locked"]) == 24
    assert MISSING not in lower
    assert "off by -0.000005" in legend


@pytest.mark.parametrize(
    "amounts", [(0, 0), (1, 10**18), (1, 1, 1), (10**18, 10**18, 1)]
)
def test_shares_fill_the_width_and_forget_nothing(amounts: tuple[int, ...]):
    cells = shares(amounts, 48)

    assert sum(cells) == (48 if any(amounts) else 0)
    assert all(
        bool(cell) == bool(amount) for cell, amount in zip(cells, amounts, strict=True)
    )
