"""Blocks handed in from outside: answers, orphans, branches that spend wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from devnet.engine.bc.block import Block, parse_block
from devnet.engine.codec import from_hex
from devnet.engine.mainchain.intake import (
    MAX_ORPHANS,
    Answer,
    Intake,
    hand_in,
    new_intake,
)
from devnet.engine.mainchain.state import WorkMissing
from tests.vectors import vectors

LONG = vectors("solonet-long")
FORK = vectors("fork-choice")["steps"]
LATE_S = 2**40


def good_work(seed: bytes, header_hash: bytes) -> bytes:
    """Meets every target; the rule of work has its tests elsewhere."""
    return bytes(32)


def blocks_of(entries: Sequence[dict[str, Any]]) -> list[Block]:
    return [parse_block(from_hex(entry["raw_block"])) for entry in entries]


def given(intake: Intake, *blocks: Block) -> tuple[Intake, list[Answer]]:
    answers = []
    for block in blocks:
        intake, answer = hand_in(intake, block, LATE_S, good_work)
        answers.append(answer)
    return intake, answers


@pytest.fixture(scope="module")
def long_chain() -> Intake:
    intake, answers = given(new_intake("solonet"), *blocks_of(LONG["blocks"]))
    assert {answer.result for answer in answers} == {"ok"}
    return intake


def test_every_answer_about_forks_and_orphans_is_the_nodes() -> None:
    intake = new_intake("solonet")
    for step, block in zip(FORK, blocks_of(FORK), strict=True):
        intake, (answer,) = given(intake, block)

        assert answer.result == step["result"], step["note"]
        assert intake.tip.hash.hex() == step["best_hash_after"], step["note"]


def test_every_answer_about_spending_is_the_nodes(long_chain: Intake) -> None:
    intake = long_chain
    for step, block in zip(LONG["then"], blocks_of(LONG["then"]), strict=True):
        intake, (answer,) = given(intake, block)

        assert answer.result == step["result"], step["note"]
        assert intake.tip.hash.hex() == step["best_hash_after"], step["note"]


def test_a_chain_in_any_order_ends_at_the_same_tip() -> None:
    chain = blocks_of(LONG["blocks"][1:40])
    straight, _ = given(new_intake("solonet"), *chain)

    reverse, answers = given(new_intake("solonet"), *reversed(chain))

    assert [answer.result for answer in answers] == ["orphan"] * 38 + ["ok"]
    assert reverse.tip.hash == straight.tip.hash
    assert reverse.tip.state.coins.totals == straight.tip.state.coins.totals
    assert reverse.orphans == ()


def test_a_branch_that_spends_twice_may_stand_beside_the_best_but_never_win(
    long_chain: Intake,
) -> None:
    double_spend, child = blocks_of(LONG["then"][:2])
    best = blocks_of([LONG["then"][6], LONG["then"][7], LONG["then"][9]])
    intake, _ = given(long_chain, *best)
    assert intake.tip.height == 112

    intake, answers = given(intake, double_spend, child)

    assert [answer.result for answer in answers] == ["ok", "ok"], "it does not win"
    assert intake.tip.height == 112
    assert len(intake.unspendable) == 2


def test_a_branch_that_spends_twice_is_refused_by_name_when_it_would_win(
    long_chain: Intake,
) -> None:
    intake, (first, second) = given(long_chain, *blocks_of(LONG["then"][:2]))

    assert (first.result, second.result) == ("rejected", "rejected")
    assert first.error is second.error
    assert first.error is not None and first.error.code == "tx.output-missing"
    assert intake.tip.hash == long_chain.tip.hash


def test_an_orphan_that_breaks_a_rule_is_dropped_when_its_parent_comes() -> None:
    parent, bad = blocks_of([FORK[8], FORK[10]])
    below = blocks_of([FORK[0], FORK[1], FORK[6], FORK[7]])
    intake, _ = given(new_intake("solonet"), *below)

    intake, answers = given(intake, bad, parent)

    assert [answer.result for answer in answers] == ["orphan", "ok"]
    assert intake.tip.hash == parent.hash
    assert intake.orphans == ()
    intake, (again,) = given(intake, bad)
    assert again.error is not None and again.error.code == "block.coinbase"


def test_the_oldest_orphan_makes_room_for_the_newest() -> None:
    orphan, newest = blocks_of([LONG["blocks"][5], LONG["blocks"][9]])
    full = replace(new_intake("solonet"), orphans=(orphan,) * MAX_ORPHANS)

    intake, (answer,) = given(full, newest)

    assert answer.result == "orphan"
    assert len(intake.orphans) == MAX_ORPHANS
    assert intake.orphans[-1] == newest


def test_no_work_is_asked_for_a_header_that_breaks_a_cheaper_rule() -> None:
    def none(seed: bytes, header_hash: bytes) -> bytes:
        raise AssertionError("work was asked for")

    steps = vectors("block-validation")["steps"]
    intake, _ = given(new_intake("solonet"), *blocks_of(steps[:2]))

    _, answer = hand_in(intake, blocks_of(steps)[3], LATE_S, none)

    assert answer.error is not None and answer.error.code == "block.bits"


def test_while_work_is_missing_nothing_has_happened() -> None:
    def later(seed: bytes, header_hash: bytes) -> bytes:
        raise WorkMissing(seed, header_hash)

    intake = new_intake("solonet")
    with pytest.raises(WorkMissing):
        hand_in(intake, blocks_of(FORK)[0], LATE_S, later)

    again, (answer,) = given(intake, blocks_of(FORK)[0])
    assert (answer.result, again.tip.height) == ("ok", 1)
