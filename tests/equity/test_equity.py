"""Contracts become the programs that Bytom's compiler makes of them, to the byte."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.equity.assembling import assemble, disassemble
from devnet.equity.compiling import compile_source, instantiate
from devnet.equity.contracts import Contract
from devnet.equity.errors import BadArguments, BadContract, BadSyntax, EquityError
from tests.commands.sessions import make_session
from tests.vectors import vectors

CASES = vectors("equity")["cases"]
GOOD = [case for case in CASES if "contracts" in case]
BAD = [case for case in CASES if "error" in case]
SIGNED = """contract Signed(key: PublicKey) locks coins of token {
  clause spend(sig: Signature) {
    verify checkTxSig(key, sig)
    unlock coins of token
  }
}
"""


def facts_of(contract: Contract) -> dict[str, object]:
    def described(parameters):
        return [
            {"name": one.name, "type": one.type}
            | ({"inferred_type": one.inferred} if one.inferred else {})
            for one in parameters
        ]

    return {
        "name": contract.name,
        "program": contract.body.hex(),
        "opcodes": contract.opcodes,
        "recursive": contract.is_recursive,
        "disassembled": disassemble(contract.body),
        "params": described(contract.parameters),
        "clauses": [
            {
                "name": one.name,
                "params": described(one.parameters),
                "heights": one.heights,
                "hash_calls": [
                    [call.function, call.argument, call.argument_type]
                    for call in one.hash_calls
                ],
                "values": [
                    [each.program, each.asset, each.amount] for each in one.values
                ],
                "contracts": one.contracts,
            }
            for one in contract.clauses
        ],
    }


def test_there_are_enough_recorded_contracts_of_both_kinds():
    assert len(GOOD) >= 100 and len(BAD) >= 60


@pytest.mark.parametrize("case", GOOD, ids=range(len(GOOD)))
def test_a_contract_compiles_to_what_the_real_compiler_makes(case):
    assert [facts_of(one) for one in compile_source(case["source"])] == case[
        "contracts"
    ]


@pytest.mark.parametrize("case", BAD, ids=range(len(BAD)))
def test_a_wrong_contract_is_refused_in_the_same_words(case):
    with pytest.raises(EquityError) as refused:
        compile_source(case["source"])

    where = "parse error: " if isinstance(refused.value, BadSyntax) else ""
    assert where + refused.value.message == case["error"]


@given(st.text(max_size=200))
def test_any_text_is_compiled_or_refused(text):
    with pytest.raises(EquityError):
        compile_source(text)


WORDS = sorted(
    {word for case in CASES for word in re.findall(r"\w+|\W", case["source"])}
)


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


def test_labels_stand_once_and_somewhere():
    with pytest.raises(BadContract, match="redefined"):
        assemble("$a $a")
    with pytest.raises(BadContract, match="undefined"):
        assemble("JUMP:$b")


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
