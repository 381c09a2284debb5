"""Verdicts on transactions against the reference, the shortcut, the memo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.bc.programs import expand_program
from devnet.engine.bc.transaction import (
    BTM,
    Coinbase,
    Output,
    Spend,
    Transaction,
    parse_transaction,
    with_arguments,
)
from devnet.engine.codec import FormError, from_hex
from devnet.engine.errors import TransactionError
from devnet.engine.rules import errors
from devnet.engine.rules.memo import VerdictMemo
from devnet.engine.rules.shortcut import PLENTY_OF_GAS, p2wpkh_gas_left
from devnet.engine.rules.transaction import (
    RULE_AA_HEIGHT,
    Verdict,
    context_of,
    run_input,
    validate_transaction,
)
from devnet.engine.vm.machine import run
from devnet.engine.vm.trace import TraceStep
from tests.engine.rules_samples import GOLD, KEY, OWNER, a_claim, payment, sign
from tests.vectors import vectors

CASES = [case for case in vectors("transactions")["cases"] if case.get("validation")]
JUDGED = [case for case in CASES if case["validation"]["status"] != "crash"]
CRASHES = [
    case
    for case in vectors("transactions")["cases"]
    if case["group"] == "reference_quirk" and case not in JUDGED
]
REPEATED = [case for case in JUDGED if case["group"] == "reference_quirk"]


def judge(case: dict[str, Any], rule_aa_height: int) -> Verdict:
    context = case["context"]
    return validate_transaction(
        parse_transaction(from_hex(case["raw"])),
        height=context["block_height"],
        block_version=context["block_version"],
        first_in_block=context["first_in_block"],
        rule_aa_height=rule_aa_height,
    )


# Against the reference.


@pytest.mark.parametrize("case", JUDGED, ids=lambda case: case["name"])
def test_a_verdict_is_the_references(case: dict[str, Any]) -> None:
    wanted = case["validation"]

    verdict = judge(case, RULE_AA_HEIGHT)

    assert verdict.status == wanted["status"]
    assert (verdict.error_name or None) == wanted["error"]
    for name in ("fee", "gas_used", "gas_left", "storage_gas"):
        if name in wanted:
            assert getattr(verdict, name) == wanted[name], name


@pytest.mark.parametrize("case", REPEATED, ids=lambda case: case["name"])
def test_a_repeated_input_is_refused_at_any_height_of_a_devnet(
    case: dict[str, Any],
) -> None:
    verdict = judge(case, rule_aa_height=0)

    assert (verdict.status, verdict.error_name) == ("invalid", "EmptyInputIDs")


@pytest.mark.parametrize("case", CRASHES, ids=lambda case: case["name"])
def test_what_crashes_the_reference_is_refused_when_it_is_read(
    case: dict[str, Any],
) -> None:
    with pytest.raises(FormError):
        parse_transaction(from_hex(case["raw"]))


def test_the_crash_cases_of_the_reference_are_among_the_vectors() -> None:
    assert len(CRASHES) == 3
    assert len(REPEATED) == 3


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(JUDGED), st.data())
def test_a_damaged_transaction_is_refused_or_judged_but_never_crashes(
    case: dict[str, Any], data: st.DataObject
) -> None:
    raw = bytearray(from_hex(case["raw"]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    try:
        tx = parse_transaction(bytes(raw))
    except FormError:
        return

    verdict = validate_transaction(tx, height=100, first_in_block=True)

    assert verdict.status in ("valid", "gas_only", "invalid")
    assert (verdict.error is None) == (verdict.status == "valid")


# The mainchain.


@pytest.mark.parametrize(
    ("fee", "wanted"),
    [(1000, "RunLimitExceeded"), (332_000, "OverGasCredit"), (-1, "GasCalculate")],
)
def test_a_fee_that_is_too_low_is_refused_with_a_hint_to_pay_more(
    fee: int, wanted: str
) -> None:
    verdict = validate_transaction(payment(fee=fee), height=1)

    assert (verdict.status, verdict.error_name) == ("invalid", wanted)
    assert verdict.error is not None
    assert "higher fee" in verdict.error.hint


def test_a_refusal_is_an_error_of_the_transaction_branch() -> None:
    verdict = validate_transaction(replace(payment(), time_range=4), height=5)

    assert isinstance(verdict.error, TransactionError)
    assert verdict.error.facts == {"time_range": 4, "height": 5}
    assert verdict.error.btm_code == "BTM732"


def test_a_coinbase_behind_another_input_is_refused() -> None:
    tx = payment(more_inputs=(Coinbase(b"x"),))

    verdict = validate_transaction(tx, height=1, first_in_block=True)

    assert (verdict.status, verdict.error_name) == ("invalid", "MismatchedPosition")


def test_a_claim_has_no_place_on_the_mainchain() -> None:
    tx = Transaction(1, 0, (a_claim(),), (Output(GOLD, 50, OWNER),))

    verdict = validate_transaction(tx, height=1)

    assert (verdict.status, verdict.error_name) == ("invalid", "Malformed")


def test_two_coinbases_made_by_hand_are_malformed() -> None:
    coinbases = (Coinbase(b"x"), Coinbase(b"y"))
    tx = Transaction(1, 0, coinbases, (Output(BTM, 5, OWNER),))

    verdict = validate_transaction(tx, height=1, first_in_block=True)

    assert (verdict.status, verdict.error_name) == ("invalid", "Malformed")


def test_22_btm_inputs_use_more_than_the_credit_whatever_the_fee() -> None:
    spends = tuple(Spend(b"\x11" * 32, BTM, 9_000_000, n, OWNER) for n in range(22))
    tx = Transaction(1, 0, spends, (Output(BTM, 1_000_000, OWNER),))
    for index in range(22):
        tx = sign(tx, index)

    verdict = validate_transaction(tx, height=1)

    assert (verdict.status, verdict.error_name) == ("invalid", "OverGasCredit")
    assert verdict.gas_left > 100_000, "the fee would have paid for much more"


# The shortcut.


def verdicts_agree(tx: Transaction, height: int, gas_limit: int) -> None:
    """The way with the shortcut against the machine alone, input by input."""
    for index, given_input in enumerate(tx.inputs):
        if not isinstance(given_input, Spend):
            continue
        left, failure = run_input(tx, index, height=height, gas_limit=gas_limit)
        plain = run(
            expand_program(given_input.program),
            given_input.arguments,
            gas_limit,
            context_of(tx, index, height),
            given_input.vm_version,
        )
        assert left == plain.gas_left
        assert ("" if failure is None else failure.name) == plain.error_name


@pytest.mark.parametrize("case", JUDGED, ids=lambda case: case["name"])
def test_the_shortcut_answers_as_the_machine_does(case: dict[str, Any]) -> None:
    tx = parse_transaction(from_hex(case["raw"]))
    height = case["context"]["block_height"]
    for gas_limit in (0, 1000, 1408, 1409, 1999, 2000, 30_000, 200_000):
        verdicts_agree(tx, height, gas_limit)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2500), st.data())
def test_the_shortcut_agrees_with_the_machine_on_damaged_arguments(
    gas_limit: int, data: st.DataObject
) -> None:
    tx = payment()
    spend = tx.inputs[0]
    assert isinstance(spend, Spend)
    arguments = [bytearray(item) for item in spend.arguments]
    if data.draw(st.booleans()):
        item = data.draw(st.sampled_from(arguments))
        item[data.draw(st.integers(0, len(item) - 1))] ^= data.draw(
            st.sampled_from([0, 1, 128])
        )
    if data.draw(st.booleans()):
        arguments.insert(0, bytearray(data.draw(st.binary(max_size=9))))
    tx = with_arguments(tx, 0, tuple(map(bytes, arguments)))

    verdicts_agree(tx, 5, gas_limit)
    verdicts_agree(replace(tx, version=2), 5, gas_limit)


def test_the_shortcut_is_taken_for_an_ordinary_input_and_only_then() -> None:
    tx = payment()
    arguments = tx.inputs[0].arguments  # type: ignore[union-attr]
    sig_hash = tx.sig_hash(0)

    def left(gas: int, *items: bytes) -> int | None:
        return p2wpkh_gas_left(OWNER, items, gas, sig_hash)

    assert left(PLENTY_OF_GAS, *arguments) == PLENTY_OF_GAS - 1409
    assert left(PLENTY_OF_GAS - 1, *arguments) is None
    assert left(PLENTY_OF_GAS, b"", *arguments) is None
    assert left(PLENTY_OF_GAS, arguments[0], bytes(32)) is None
    assert left(PLENTY_OF_GAS, bytes(64), KEY) is None


def test_a_trace_of_an_input_runs_the_machine_even_where_the_shortcut_would_do() -> (
    None
):
    steps: list[TraceStep] = []

    left, failure = run_input(
        payment(), 0, height=5, gas_limit=30_000, trace=steps.append
    )

    assert (left, failure) == (30_000 - 1409, None)
    assert [step.opcode.name for step in steps][-1] == "CHECKSIG"


# The memo.


def test_a_remembered_verdict_is_the_same_object_and_equals_a_fresh_one() -> None:
    memo, tx = VerdictMemo(), payment()

    first = memo(tx, height=7)

    assert memo(parse_transaction(tx.raw), height=7) is first
    assert memo(tx, height=8) is first, "nothing in it can ask for the height"
    for height in (7, 8):
        fresh = validate_transaction(tx, height=height)
        assert memo(tx, height=height) == fresh and fresh.status == "valid"
    assert memo(tx, height=7, rule_aa_height=9) is not first
    assert memo(tx, height=7, first_in_block=True) is not first


def test_the_same_id_with_another_witness_is_judged_anew() -> None:
    memo, tx = VerdictMemo(), payment()
    assert memo(tx, height=7).status == "valid"
    signature, key = tx.inputs[0].arguments
    bad = bytes((signature[0] ^ 1,)) + signature[1:]

    for arguments in ((), (bad, key), (signature, key[::-1])):
        forged = with_arguments(tx, 0, arguments)

        assert forged.id == tx.id
        assert memo(forged, height=7) == validate_transaction(forged, height=7)
        assert memo(forged, height=7).status == "invalid"
    assert len(memo) == 1, "a refusal is not remembered"


def test_a_verdict_that_depends_on_the_height_is_remembered_for_that_height() -> None:
    memo, tx = VerdictMemo(), sign(replace(payment(), time_range=7), 0)

    assert memo(tx, height=7).status == "valid"
    assert memo(tx, height=8).status == "invalid"
    assert memo(tx, height=7) == validate_transaction(tx, height=7)


def test_a_full_memory_forgets_the_oldest_verdict() -> None:
    memo = VerdictMemo(n_most=2)
    txs = [payment(amount=amount) for amount in (1_000_000, 2_000_000, 3_000_000)]
    first = [memo(tx, height=7) for tx in txs]

    assert len(memo) == 2
    assert memo(txs[1], height=7) is first[1]
    assert memo(txs[0], height=7) is not first[0]
    memo.forget()
    assert len(memo) == 0


def test_each_refusal_has_a_code_of_its_own() -> None:
    kinds = errors.TransactionRefusal.__subclasses__()

    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(kind.code.startswith("tx.") for kind in kinds)
    assert all(kind.__doc__ for kind in kinds)
