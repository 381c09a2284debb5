"""Every slip in a file of vectors is seen, and nothing in it is passed over."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance_files import copy_of, first, judged
from tests.vectors import vectors

# Slips in a file.

SLIPS = [
    ("keys", "roots", "xpub"), ("keys", "children", "child_xprv"),
    ("keys", "paths", "derived_xpub"), ("keys", "asset_key_paths", "path"),
    ("keys", "signatures", "signature"), ("keys", "verify", "valid"),
    ("keys", "accounts", "control_program"), ("keys", "account_errors", "error"),
    ("keys", "hashes", "sha3"), ("keys", "address_encode", "test"),
    ("keys", "address_decode", "hash"), ("keys", "mnemonics", "seed"),
    ("keys", "keystores", "xprv"), ("keys", "messages", "result"),
    ("assets", "asset_ids", "asset_id"), ("assets", "definition_json", "canonical"),
    ("assets", "registry", "issuance_program"),
    ("programs", "templates", "program"), ("programs", "multisig", "program"),
    ("programs", "programs", "is_standard"), ("programs", "assemble", "ok"),
    ("programs", "push", "bytes"), ("programs", "push_int", "number_bytes"),
    ("transactions", "cases", "mux_id"), ("transactions", "cases", "dust"),
    ("vm", "cases", "gas_left"), ("vm", "truncated_pushes", "error"),
    ("vm", "reference_quirks", "stack_with_value_semantics"),
    ("merkle", "cases", "transaction_status_hash"), ("merkle", "validation", "ok"),
    ("spv-block", "proofs", "matched_indexes"),
    ("headers", "headers", "hash"), ("headers", "parse", "ok"),
    ("genesis", "networks", "target"), ("genesis", "networks", "checkpoints"),
    ("difficulty", "retarget", "next_bits_hex"), ("difficulty", "work", "work"),
    ("difficulty", "subsidy", "subsidy"), ("difficulty", "meets_target", "ok"),
    ("claim", "claims", "claim_entry_id"), ("claim", "claims", "proof_valid"),
    ("claim", "proofs", "valid"), ("claim", "records", "withdrawal_id"),
    ("claim", "headers", "vote_message"),
    ("pegin", "early_vapor", "contract_form"), ("pegin", "sidechain_bound", "flags"),
    ("equity", "contracts", "contracts"),
    ("bbft", "rounds", "tree_edges_only"), ("bbft", "textbook_pbft", "total"),
    ("solonet-long", "blocks", "hash"),
    ("block-validation", "steps", "result"),
    ("fork-choice", "steps", "best_hash_after"),
]  # fmt: skip


def other(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return value[:-1] if value else ["00"]
    if isinstance(value, dict):
        return {key: other(one) for key, one in value.items()}
    last = str(value)[-1:]
    return str(value)[:-1] + ("1" if last == "0" else "0")


@pytest.mark.parametrize(("name", "section", "field"), SLIPS)
def test_a_wrong_value_is_seen_with_both_sides(
    name: str, section: str, field: str
) -> None:
    content = first(section, name)
    case = content[section][0]
    case[field] = other(case[field])

    report = judged(content)

    assert not report.is_good
    found = [one for one in report.differences if one.case.startswith(f"{section}[0]")]
    assert found
    assert found[0].expected != found[0].got


@pytest.mark.parametrize(("name", "section", "field"), SLIPS)
def test_a_missing_value_is_seen(name: str, section: str, field: str) -> None:
    content = first(section, name, 2)
    del content[section][0][field]

    report = judged(content)

    assert not report.is_good
    assert any("is missing" in str(one.got) for one in report.differences)


@pytest.mark.parametrize("name", ["merkle", "genesis", "spv-block", "solonet-long"])
def test_a_wrong_value_beside_the_lists_is_seen(name: str) -> None:
    content = copy_of(name)
    plain = {"merkle": "empty_root", "genesis": "initial_seed", "spv-block": "hash"}
    section = plain.get(name, "work_sum")
    content[section] = other(content[section])

    (difference,) = judged(content).differences

    assert (difference.case, difference.what) == (section, "value")


def test_one_wrong_opcode_of_a_sweep_is_one_failed_case() -> None:
    content = copy_of("vm")
    content["sweeps"][1]["results"][0x93]["gas_left"] -= 1

    report = judged(content)

    assert report.passed == report.total - 1
    assert report.differences[0].case == "sweeps[1].results[147].result"


@pytest.mark.parametrize("part", ["slots", "irreversible", "votes"])
def test_a_wrong_row_of_early_vapor_is_seen(part: str) -> None:
    content = copy_of("dpos")
    entry = content["early_vapor"][part][0]
    if part == "slots":
        entry["rows"][3][1] += 1
    elif part == "irreversible":
        entry["rows"][5]["became_irreversible"] ^= True
    else:
        entry["elected"][0][1] += 1

    assert len(judged(content).differences) == 1


def test_a_defect_of_the_reference_is_named_with_what_is_right() -> None:
    report = judged(vectors("dpos"))

    assert report.is_good
    notes = "\n".join(report.remarks)
    assert "a failing vote has no effect here, which elects a6 78000000000" in notes
    assert "here the address decides, which elects a3, a4" in notes


# Nothing is passed over.


def test_an_unknown_section_fails_entry_by_entry() -> None:
    content = {**vectors("bbft"), "latencies": [{"n": 1}, {"n": 2}]}

    report = judged(content)

    assert report.total - report.passed == 2
    assert "the section latencies is not known" in str(report.differences[0].got)


def test_an_unknown_section_one_level_down_fails_too() -> None:
    content = copy_of("dpos")
    content["vapor_1x"]["rewards"] = [{"height": 1}]

    assert judged(content).differences[0].case == "vapor_1x.rewards[0]"


def test_a_value_that_no_check_looks_at_is_a_difference() -> None:
    content = first("hashes", "keys")
    content["hashes"][0]["md5"] = "d41d8cd98f00b204e9800998ecf8427e"

    (difference,) = judged(content).differences

    assert difference.what == "hashes[0].md5"
    assert difference.got == "nothing here knows this field"


def test_a_value_within_a_value_is_looked_at_too() -> None:
    content = first("cases", "transactions")
    content["cases"][0]["validation"]["colour"] = "red"

    assert judged(content).differences[0].what == "cases[0].validation.colour"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "is not a text"), (5, "is not a text"), ("0x51", "is not hex"),
        ("abc", "is not hex"), ([], "is not a text"), ("\ud800", "surrogate"),
    ],
)  # fmt: skip
def test_a_malformed_value_is_a_failed_case_with_a_clear_word(
    value: object, words: str
) -> None:
    content = first("hashes", "keys")
    content["hashes"][0]["data"] = value

    (difference,) = judged(content).differences

    assert difference.expected == "a case of this form"
    assert words in str(difference.got)


@pytest.mark.parametrize("entry", [None, 5, "case", [], [{}]])
def test_an_entry_that_is_no_object_is_a_failed_case(entry: object) -> None:
    content = copy_of("bbft")
    content["rounds"].append(entry)

    report = judged(content)

    assert report.total - report.passed == 1


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats()
    | st.sampled_from(["", "x", "00" * 40, "\ud800", "9" * 30, "é"]),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=3,
)  # fmt: skip
SMALL = ("assets", "bbft", "dpos", "fork-choice", "headers", "claim", "spv-block")


@given(st.sampled_from(SMALL), st.data())
@settings(derandomize=True, deadline=None, max_examples=60)
def test_any_damage_is_a_difference_or_none_but_never_a_crash(
    name: str, data: st.DataObject
) -> None:
    content = copy_of(name)
    node: Any = content
    for _ in range(data.draw(st.integers(1, 6))):
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if isinstance(node[key], dict | list) and data.draw(st.booleans()):
            node = node[key]
            continue
        node[key] = data.draw(JUNK)
        break

    report = judged(content)

    assert 0 <= report.passed <= report.total
    is_whole = report.passed == report.total
    assert is_whole == (not report.differences and not report.problem)
