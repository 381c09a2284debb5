"""Merges of the federation's outputs: what members sign freely, and what not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.engine.bc.transaction import BTM, Output, Spend
from devnet.engine.federation import payout_errors as errors
from devnet.engine.federation.merges import (
    check_merge,
    is_merge,
    merge_key,
    plan_merge,
)
from devnet.engine.federation.payouts import Payout
from tests.engine.federation.test_payouts import (
    CHAIN,
    DEPTH,
    GOLD,
    HEIGHT,
    RECIPIENT,
    RELAYER,
    TREASURY,
    context_of,
    held,
    till_of,
    with_output,
    with_tx,
)

ITEMS = [held(10 * number, number) for number in range(1, 9)]
CONTEXT = context_of(None, *ITEMS)


def planned(asset: bytes = BTM) -> Payout:
    found = plan_merge(asset, till_of(*ITEMS, held(7, 9, GOLD)))
    assert found is not None
    return found


def refused(
    payout: Payout, context=CONTEXT, pins: tuple[bytes, ...] = ()
) -> type[Exception]:
    with pytest.raises(errors.PayoutRefused) as caught:
        check_merge(payout, context, pins)
    return caught.type


def test_the_biggest_pieces_become_one_at_the_treasury():
    merge = planned()
    check_merge(merge, CONTEXT, ())
    assert merge.tx.outputs[0] == Output(BTM, 80 + 70 + 60 + 50 + 40 + 30, TREASURY)
    assert len(merge.tx.inputs) == 7
    assert plan_merge(GOLD, till_of(*ITEMS, held(7, 9, GOLD))) is None
    assert is_merge(merge.withdrawal_id)
    assert merge.withdrawal_id == merge_key(CHAIN, BTM)
    assert not is_merge(b"merge:" + bytes(26))


@pytest.mark.parametrize(
    "changes", [{"amount": 329}, {"amount": 331}, {"program": RECIPIENT}]
)
def test_a_merge_moves_nothing_out(changes: dict[str, object]):
    assert refused(with_output(planned(), 0, **changes)) is errors.BadMerge


def test_a_merge_has_no_other_output_and_pays_its_own_gas():
    merge = planned()
    more = (*merge.tx.outputs, Output(BTM, 1, RECIPIENT))
    assert refused(with_tx(merge, outputs=more)) is errors.BadMerge
    assert refused(with_tx(merge, time_range=5)) is errors.BadMerge
    greedy = with_output(merge, 1, amount=10**10)
    assert refused(greedy) is errors.BadMerge
    twice = with_tx(merge, inputs=(*merge.tx.inputs, merge.tx.inputs[0]))
    assert refused(twice) is errors.BadMerge
    gold = with_output(merge, 1, asset=GOLD, program=RELAYER.program)
    assert refused(gold) is errors.BadMerge


def test_a_pin_stays_until_its_payout_is_settled():
    merge = planned()
    pin = merge.tx.spent_output_ids[2]
    assert pin is not None
    assert refused(merge, pins=(pin,)) is errors.PinMerged
    fuel = merge.tx.spent_output_ids[-1]
    assert fuel is not None
    check_merge(merge, CONTEXT, (fuel,))


def test_a_merge_is_held_to_the_rules_of_inputs_peg_and_gas():
    merge = planned()
    assert refused(merge, context_of(None)) is errors.InputGone
    young = [
        replace(one, coin=replace(one.coin, height=HEIGHT - DEPTH + 1)) for one in ITEMS
    ]
    assert refused(merge, context_of(None, *young)) is errors.InputTooYoung
    assert refused(replace(merge, scripts=())) is errors.ForeignInput
    assert refused(merge, replace(CONTEXT, frozen=True)) is errors.PegFrozen
    assert refused(merge, replace(CONTEXT, resting=True)) is errors.PegResting
    more = tuple(
        Spend(one.coin.source_id, BTM, one.coin.amount, 0, one.coin.program, ())
        for one in ITEMS
    )
    total = sum(one.coin.amount for one in ITEMS)
    tx = replace(
        merge.tx,
        inputs=(*more, merge.tx.inputs[-1]),
        outputs=(Output(BTM, total, TREASURY), merge.tx.outputs[1]),
        received=None,
    )
    every = replace(merge, tx=tx, scripts=tuple(one.script for one in ITEMS))
    assert refused(every) is errors.GasCreditExceeded
