"""Contracts become the programs that Bytom's compiler makes of them, to the byte."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.equity.assembling import program_of
from devnet.equity.compiling import compile_source, instantiate
from devnet.equity.errors import BadArguments, BadContract, BadSyntax, EquityError
from tests.commands.sessions import make_session
from tests.vectors import vectors

CASES = vectors("equity")["contracts"]
SIGNED = """contract Signed(key: PublicKey) locks coins of token {
  clause spend(sig: Signature) {
    verify checkTxSig(key, sig)
    unlock coins of token
  }
}
"""


def test_there_are_enough_recorded_contracts_of_both_kinds():
    """They are judged with all other vectors, in tests/test_conformance.py."""
    assert sum("contracts" in case for case in CASES) >= 100
    assert sum("error" in case for case in CASES) >= 60


@given(st.text(max_size=200))
def test_any_text_is_compiled_or_refused(text):
    with pytest.raises(EquityError):
        compile_source(text)


WORDS = sorted({word for case in CASES for word in re.findall(r"\w+|\W", case["text"])})


@given(st.lists(st.sampled_from(WORDS), max_size=60))
def test_any_heap_of_the_languages_words_is_compiled_or_refused(found):
    source = f"contract C(p: Integer) locks a of b {{ clause c() {{ {''.join(found)}"
    try:
        compile_source(source)
    except EquityError as error:
        assert error.message


@pytest.mark.parametrize(
    "part", ["(", "[", "-", "!", "1 + ", "if true {", "sha3("], ids=repr
)
def test_endless_nesting_is_refused_and_not_followed(part):
    source = f"contract C() locks a of b {{ clause c() {{ verify {part * 20_000}"
    if part.startswith("if"):
        source = f"contract C() locks a of b {{ clause c() {{ {part * 20_000}"

    with pytest.raises(BadSyntax):
        compile_source(source)


def test_arguments_are_counted_and_of_the_right_kind():
    (contract,) = compile_source(SIGNED)

    with pytest.raises(BadArguments, match=r"got 0 argument\(s\), want 1"):
        instantiate(contract, [])
    with pytest.raises(BadArguments, match=r"type mismatch in arg 0 \(want string\)"):
        instantiate(contract, [7])
    assert instantiate(contract, [b"\x11" * 32]).hex() == (
        "20" + "11" * 32 + "74" + "03ae7cac" + "00c0"
    )


def test_a_variable_without_a_value_gets_one_by_assigning():
    source = SIGNED.replace(
        "verify", "define n: Integer\n assign n = 2\n verify n == size(key)\n verify"
    )

    assert compile_source(source)[0].body


def test_a_label_stands_once():
    with pytest.raises(BadContract, match="label \\$a redefined"):
        program_of("$a $a")


def test_the_prompt_compiles_a_file(tmp_path):
    path, session = tmp_path / "signed.equity", make_session()
    path.write_text(SIGNED)

    bare = session.execute(f'compile "{path}"')
    made = session.execute(f'compile "{path}" --args 0x{"11" * 32}')
    wrong = session.execute(f'compile "{path}" --args 7')
    missing = session.execute(f'compile "{tmp_path / "no.equity"}"')
    session.close()

    assert bare.result["program"] == "ae7cac"
    assert made.result["program"].startswith("20" + "11" * 32)
    assert wrong.error.code == "equity.arguments"
    assert missing.error.code == "usage.bad-file"
