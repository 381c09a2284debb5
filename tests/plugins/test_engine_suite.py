"""The built-in engines keep the eighteen rules; the suite finds those that do not."""

import pytest

from devnet.plugins import BUILTIN_ENGINES, load_engine
from devnet.plugins.engine_suite import RULES, check_engine
from devnet.plugins.engine_suite.form import closing_count
from tests.plugins.broken_engines import BROKEN


def broken_rules(engine_class):
    verdicts = check_engine(engine_class)
    assert [verdict.rule for verdict in verdicts] == [rule.id for rule in RULES]
    return {verdict.rule: verdict.reason for verdict in verdicts if not verdict.passed}


@pytest.mark.parametrize("name", BUILTIN_ENGINES)
def test_every_built_in_engine_keeps_all_rules(name):
    assert broken_rules(type(load_engine(name))) == {}


@pytest.mark.parametrize(
    ("rule", "engine_class"), BROKEN, ids=lambda one: getattr(one, "__name__", one)
)
def test_the_suite_names_the_rule_that_a_broken_engine_breaks(rule, engine_class):
    assert broken_rules(engine_class)[rule]


def test_every_rule_has_an_engine_that_breaks_it():
    assert {rule for rule, _ in BROKEN} == {rule.id for rule in RULES}


def test_every_rule_says_in_a_line_what_it_asks_for():
    for rule in RULES:
        assert rule.title.endswith(".") and "\n" not in rule.title


@pytest.mark.parametrize(
    ("text", "n", "wanted"),
    [
        ("0", 4, 0), ("2", 7, 2), ("floor(n/2)", 5, 2), ("floor(2n/3)", 7, 4),
        ("depth", 4, 6), ("k", 4, None), ("", 4, None), ("floor(n/0)", 4, None),
    ],
)  # fmt: skip
def test_a_promise_of_closing_blocks_is_a_number(text, n, wanted):
    assert closing_count(text, n, {"depth": 6}) == wanted
