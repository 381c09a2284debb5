"""Definitions of assets as bytes, against the reference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.bc.definition import (
    BadDefinition,
    canonical_definition,
    canonical_definition_of_text,
)
from devnet.engine.codec import sha3
from tests.vectors import vectors

CASES = vectors("assets")["definition_json"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["definition_text"][:30])
def test_a_definition_has_the_references_bytes(case: dict[str, Any]) -> None:
    definition = canonical_definition_of_text(case["definition_text"])
    assert definition.decode() == case["canonical_text"]
    assert definition.hex() == case["canonical"]
    assert sha3(definition).hex() == case["definition_hash"]


def test_values_and_text_give_the_same_bytes() -> None:
    value = {"name": "GOLD", "decimals": 0, "extra": (1.5, None, {"a": [True]})}
    text = '{"extra":[1.5,null,{"a":[true]}],"decimals":0,"name":"GOLD"}'
    assert canonical_definition(value) == canonical_definition_of_text(text)


def test_no_definition_is_an_empty_object() -> None:
    assert canonical_definition(None) == canonical_definition({}) == b"{}"


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (1e16, "10000000000000000"),
        (999999999999999900000.0, "999999999999999900000"),
        (1e21, "1e+21"),
        (1e300, "1e+300"),
        (-0.0, "-0"),
        (2**53 + 1, "9007199254740992"),
    ],
)
def test_numbers_are_written_as_floats_are(number: float, written: str) -> None:
    assert canonical_definition({"n": number}).decode() == f'{{\n  "n": {written}\n}}'


@pytest.mark.parametrize(
    "text",
    ["", "[]", "1", '"a"', "{", '{"a":NaN}', '{"a":1e999}', "{1:2}", '{"a":Infinity}'],
)
def test_a_text_that_defines_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadDefinition) as caught:
        canonical_definition_of_text(text)
    assert caught.value.hint


def test_values_that_json_does_not_know_are_refused() -> None:
    values: list[Any] = [{"a": b"x"}, {"a": object()}, {1: 2}, {"a": 10**400}]
    for value in values:
        with pytest.raises(BadDefinition):
            canonical_definition(value)


def test_a_nesting_without_end_is_refused() -> None:
    with pytest.raises(BadDefinition):
        canonical_definition_of_text('{"a":' + "[" * 100_000 + "]" * 100_000 + "}")
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(BadDefinition):
        canonical_definition({"a": endless})


values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=6), values, max_size=4))
@settings(derandomize=True, deadline=None, max_examples=150)
def test_canonical_bytes_stay_as_they_are(definition: dict[str, Any]) -> None:
    once = canonical_definition(definition)
    assert canonical_definition_of_text(once.decode()) == once
