"""What sidechains judge differently: claims, records, issuance, votes."""

from __future__ import annotations

import pytest

from devnet.engine.bc.programs import retire_program
from devnet.engine.bc.stakes import stake_of
from devnet.engine.bc.transaction import (
    BTM,
    Coinbase,
    Issuance,
    Output,
    Spend,
    Transaction,
)
from devnet.engine.rules import errors
from devnet.engine.rules.standard import may_hold_btm
from devnet.engine.rules.transaction import Verdict, validate_transaction
from tests.engine.rules_samples import GOLD, OWNER, RECORD, a_claim, payment, sign


def test_a_payment_means_the_same_on_a_sidechain() -> None:
    main, side = payment(), payment(side=True)

    assert validate_transaction(side, height=9) == validate_transaction(main, height=9)


def test_a_sidechain_issues_nothing() -> None:
    issuance = Issuance(b"n", GOLD, 5, b"gold", 1, b"\x51")
    outputs = (Output(GOLD, 5, OWNER),)

    on_main = payment(more_inputs=(issuance,), more_outputs=outputs)
    on_side = payment(more_inputs=(issuance,), more_outputs=outputs, side=True)

    assert validate_transaction(on_main, height=1).status == "valid"
    verdict = validate_transaction(on_side, height=1)
    assert verdict.status == "invalid"
    assert isinstance(verdict.error, errors.IssuanceOnSidechain)
    assert verdict.error.code == "tx.issuance-on-sidechain"


@pytest.mark.parametrize("asset", [GOLD, BTM], ids=["gold", "btm"])
def test_a_claim_runs_nothing_and_pays_no_gas(asset: bytes) -> None:
    tx = Transaction(1, 0, (a_claim(asset),), (Output(asset, 50, OWNER),), side=True)

    verdict = validate_transaction(tx, height=1)

    assert verdict == Verdict("valid", None, 0, 0, 0, 0)


@pytest.mark.parametrize("asset", [GOLD, BTM], ids=["gold", "btm"])
def test_a_claim_hands_out_all_that_it_brings_and_no_more(asset: bytes) -> None:
    for amount in (49, 51):
        outputs = (Output(asset, amount, OWNER),)
        tx = Transaction(1, 0, (a_claim(asset),), outputs, side=True)

        verdict = validate_transaction(tx, height=1)

        assert (verdict.status, verdict.error_name) == ("invalid", "Unbalanced")


def test_a_claim_stands_alone_in_its_transaction() -> None:
    tx = payment(
        more_inputs=(a_claim(),), more_outputs=(Output(GOLD, 50, OWNER),), side=True
    )

    verdict = validate_transaction(tx, height=1)

    assert (verdict.status, verdict.error_name) == ("invalid", "ClaimNotAlone")


def test_only_a_record_may_be_worth_nothing_on_a_sidechain() -> None:
    nothing = payment(more_outputs=(Output(BTM, 0, OWNER),), side=True)
    record = payment(more_outputs=(Output(BTM, 0, RECORD),), side=True)
    note = payment(more_outputs=(Output(BTM, 0, retire_program(b"hi")),), side=True)

    assert validate_transaction(record, height=1).status == "valid"
    assert validate_transaction(nothing, height=1).error_name == "ZeroAmount"
    assert validate_transaction(note, height=1).error_name == "ZeroAmount"


def test_a_sidechain_coinbase_may_pay_nothing_and_carry_records() -> None:
    outputs = (Output(BTM, 0, OWNER), Output(BTM, 0, RECORD))
    tx = Transaction(1, 0, (Coinbase(b"\x00" + b"12"),), outputs, side=True)

    verdict = validate_transaction(tx, height=12, first_in_block=True)

    assert verdict == Verdict("valid", None, 0, 0, 0, 0)


def test_btm_may_sit_in_a_vote_on_a_sidechain_only() -> None:
    vote = (
        b"\x24BSV1" + b"\x55" * 32 + b"\x75\x76\xab\x14" + bytes(20)
        + b"\x88\xae\x7c\xac"
    )  # fmt: skip

    assert stake_of(vote) is not None
    assert stake_of(vote[:-1]) is None
    assert stake_of(vote.replace(b"BSV1", b"BSV2")) is None
    assert stake_of(vote.replace(b"\x75\x76", b"\x61\x76")) is None
    assert may_hold_btm(vote, side=True)
    assert not may_hold_btm(vote, side=False)


def test_a_vote_is_spent_like_a_payment() -> None:
    vote = (
        b"\x24BSV1" + b"\x55" * 32 + b"\x75\x76\xab\x14" + OWNER[2:]
        + b"\x88\xae\x7c\xac"
    )  # fmt: skip
    spend = Spend(b"\x11" * 32, BTM, 1_000_000, 0, vote)
    tx = Transaction(1, 0, (spend,), (Output(BTM, 500_000, OWNER),), side=True)

    assert validate_transaction(sign(tx, 0), height=1).status == "valid"
    assert validate_transaction(tx, height=1).status == "invalid"
