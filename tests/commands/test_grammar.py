"""The grammar: what a line means before any verb is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.commands.errors import BadLine, UnfinishedLine
from devnet.commands.grammar import (
    is_open,
    logical_lines,
    parse_line,
    quoted,
    split_test,
    tokens,
)


def words(line: str) -> list[str]:
    (call,) = parse_line(line)
    return [call.verb, *(token.text for token in call.tokens)]


def test_a_call_is_a_verb_and_its_words():
    assert words("lock alice 250 BTM alpha") == ["lock", "alice", "250", "BTM", "alpha"]


def test_a_name_stands_before_an_equals_sign_with_spaces():
    (call,) = parse_line("d = lock alice 250 BTM alpha")

    assert (call.name, call.verb) == ("d", "lock")
    assert parse_line("set d=3")[0].name is None


def test_a_semicolon_ends_a_call_but_not_inside_quotes_or_json():
    line = 'pause; say "a;b" {"k": ";"} ;; resume;'

    assert [call.verb for call in parse_line(line)] == ["pause", "say", "resume"]


def test_a_comment_starts_with_a_hash_of_its_own():
    assert parse_line("  # nothing here") == ()
    assert words("say a#b # and this is not") == ["say", "a#b"]
    assert words('say "# not a comment"') == ["say", "# not a comment"]


def test_a_path_knows_that_it_had_a_dollar():
    (call,) = parse_line("claim $d.transfer")

    assert (call.tokens[0].kind, call.tokens[0].text) == ("path", "d.transfer")


def test_json_arrives_decoded_and_may_hold_brackets_in_strings():
    (call,) = parse_line('swap alpha poa --params {"slot_ms": 500, "x": "}]"}')

    assert call.tokens[-1].value == {"slot_ms": 500, "x": "}]"}


def test_neu_belongs_to_the_number_before_it():
    assert words("lock alice 100 neu alpha") == ["lock", "alice", "100neu", "alpha"]
    assert words("help neu") == ["help", "neu"]


@pytest.mark.parametrize(
    "text", ['say "open', "swap a {", 'x {"a": [1, 2}'[:10], "lock alice \\", "say [1,"]
)
def test_an_open_quote_brace_or_backslash_continues(text):
    assert is_open(text)
    with pytest.raises(UnfinishedLine):
        parse_line(text)


@pytest.mark.parametrize(
    "text",
    ["= lock", "d =", '"lock" alice', "$d lock", "say {]}", 'say "\\q"', "1x = y"],
)
def test_a_line_outside_the_grammar_is_refused(text):
    with pytest.raises(BadLine) as refused:
        parse_line(text)

    assert refused.value.code == "usage.syntax"


def test_lines_are_joined_and_keep_the_number_of_their_first():
    script = ["pause", "lock alice \\", "  250 BTM alpha", "", 'say {"a":', "1}", "x"]

    joined = list(logical_lines(script))

    assert [number for number, _ in joined] == [1, 2, 4, 5, 7]
    assert words(joined[1][1]) == ["lock", "alice", "250", "BTM", "alpha"]
    assert parse_line(joined[3][1])[0].tokens[0].value == {"a": 1}


def test_what_is_still_open_at_the_end_comes_out_to_be_refused():
    assert list(logical_lines(["a", 'say "x'])) == [(1, "a"), (2, 'say "x')]


def test_a_test_splits_with_and_without_spaces():
    for line in ("$b == 250", "$b==250", "$b== 250"):
        (call,) = parse_line("expect " + line)
        left, operator, right = split_test(call.tokens)
        assert (left.text, operator, right.text) == ("b", "==", "250")


@pytest.mark.parametrize(
    "line", ["expect", "expect $b", "expect $b is 3", "expect a b"]
)
def test_half_a_test_is_refused(line):
    with pytest.raises(BadLine):
        split_test(parse_line(line)[0].tokens)


@given(st.lists(st.text(min_size=1).filter(lambda one: "\0" not in one), max_size=5))
def test_quoted_words_survive_a_line(parts):
    line = " ".join(["say", *(quoted(part) for part in parts)])

    assert words(line) == ["say", *parts]


@given(st.text(alphabet='ab1 $"{}[];#=\\\n.-neu:,', max_size=40))
def test_no_text_makes_the_parser_fail_otherwise(text):
    try:
        found = list(tokens(text))
        parse_line(text)
    except (BadLine, UnfinishedLine):
        return

    assert all(text[token.start : token.end] for token in found)
