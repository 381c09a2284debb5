"""Amounts, and how tests compare."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.commands.errors import NotComparable
from devnet.commands.paths import compare
from devnet.commands.values import (
    Amount,
    Quantity,
    parse_quantity,
    plain,
    show_units,
    words,
)
from devnet.engine.errors import BadValue

BTM_250 = Amount(250 * 10**8, "BTM", 8)


@pytest.mark.parametrize(
    ("text", "units"),
    [("250", 25_000_000_000), ("0.5", 50_000_000), ("1neu", 1), ("1.10", 110_000_000)],
)
def test_an_amount_means_units_of_its_asset(text, units):
    quantity = parse_quantity(text)

    assert quantity is not None
    assert quantity.units("BTM", 8) == units


@pytest.mark.parametrize("text", ["", "-1", "+1", "1e3", "1,5", ".5", "5.", "٣", "1 0"])
def test_what_is_no_amount_is_none(text):
    assert parse_quantity(text) is None


@pytest.mark.parametrize("text", ["0", "0.000000001", "1.5neu", "0neu"])
def test_an_amount_too_fine_or_nothing_is_refused(text):
    quantity = parse_quantity(text)

    assert quantity is not None
    with pytest.raises(BadValue):
        quantity.units("BTM", 8)


def test_an_asset_without_decimals_has_no_halves():
    with pytest.raises(BadValue, match="finer than the 0 decimals of GOLD"):
        Quantity("0", "5").units("GOLD", 0)


@given(st.integers(min_value=0, max_value=2**63), st.integers(0, 18))
def test_units_written_and_read_again_are_the_same(units, decimals):
    quantity = parse_quantity(show_units(units, decimals))

    assert quantity is not None
    assert quantity.as_fraction(decimals) == units


def test_json_has_amounts_as_strings_of_units():
    assert plain({"amount": BTM_250, "list": (1, None, True)}) == {
        "amount": "25000000000",
        "list": [1, None, True],
    }
    assert words(BTM_250) == "250 BTM"


@pytest.mark.parametrize(
    ("actual", "operator", "expected"),
    [
        (BTM_250, "==", "250"),
        (BTM_250, "==", "250.0"),
        (BTM_250, "==", "25000000000neu"),
        (BTM_250, "==", "250 BTM"),
        (BTM_250, ">", "249.99999999"),
        (BTM_250, "<=", BTM_250),
        (BTM_250, "!=", "250.00000001"),
        (BTM_250, "in", "100,250"),
        (7, ">=", "7"),
        (7, "<", "7.5"),
        (7, "!=", "8"),
        (7, "in", [7, 8]),
        (True, "==", "true"),
        (None, "==", "nothing"),
        ("claimed", "==", "claimed"),
        ("claimed", "in", "claim,claimed"),
        ("claimed", "~", "^claim"),
        (BTM_250, "~", "BTM$"),
    ],
)
def test_comparisons_that_hold(actual, operator, expected):
    assert compare(actual, operator, expected)


@pytest.mark.parametrize(
    ("actual", "operator", "expected"),
    [
        (BTM_250, "==", "25"),
        (BTM_250, "<", "250"),
        (7, "==", "8"),
        (False, "==", "true"),
        ("claimed", "==", "claim"),
        ("claimed", "in", "claim,lock"),
        ("claimed", "~", "^lock"),
    ],
)
def test_comparisons_that_do_not_hold(actual, operator, expected):
    assert not compare(actual, operator, expected)


@pytest.mark.parametrize(
    ("actual", "operator", "expected"),
    [
        (BTM_250, "==", "many"),
        (BTM_250, "==", Amount(1, "GOLD", 0)),
        (7, "==", "poa"),
        (7, "<", "7neu"),
        ("poa", "<", "solo"),
        (True, ">", "false"),
        ("poa", "~", "("),
        ("poa", "in", 7),
    ],
)
def test_comparisons_that_make_no_sense_are_refused(actual, operator, expected):
    with pytest.raises(NotComparable):
        compare(actual, operator, expected)
