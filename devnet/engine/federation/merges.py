"""
Merging the federation's outputs, when a withdrawal is in more pieces than one payout
can spend: many of one asset become one at the treasury, and nothing moves out.

Source: protocol page "federation", section 7.1, P10.
"""

from __future__ import annotations

from collections.abc import Collection

from devnet.engine.bc.transaction import BTM, Output, Spend
from devnet.engine.federation import payout_errors as errors
from devnet.engine.federation.payouts import (
    Payout,
    PayoutCase,
    PayoutContext,
    check_gas,
    inputs_are_settled,
    peg_is_open,
)
from devnet.engine.federation.planning import Till, biggest, most_inputs, with_gas
from devnet.engine.federation.programs import treasury_program

KEY_PREFIX = b"merge:"
"""Begins what stands in place of a withdrawal id: longer than one, so no id is it."""


def merge_key(chain_id: bytes, asset: bytes) -> bytes:
    """What stands in place of a withdrawal id in a merge."""
    return KEY_PREFIX + chain_id + asset


def is_merge(key: bytes) -> bool:
    """Is it a merge's key, and no withdrawal id?"""
    return key.startswith(KEY_PREFIX) and len(key) > 32


def plan_merge(asset: bytes, till: Till) -> Payout | None:
    """
    The biggest free pieces of an asset as one, or None: there are not two.

    Raises:
        NoGas: the relayer cannot pay for it.
    """
    locked = biggest(till, asset)[: most_inputs(till.federation, asset)]
    if len(locked) < 2:
        return None
    total = sum(one.coin.amount for one in locked)
    treasury = treasury_program(till.federation, till.chain_id)
    tx = with_gas(till, locked, (Output(asset, total, treasury),))
    key = merge_key(till.chain_id, asset)
    return Payout(key, tx, tuple(one.script for one in locked))


def check_merge(
    payout: Payout, context: PayoutContext, pins: Collection[bytes]
) -> None:
    """
    May a member sign this? It needs no withdrawal, as nothing moves out.

    Args:
        pins: of the withdrawals that are open to the member.

    Raises:
        PayoutRefused: P3, P9 or P10 of the payouts' checks.
    """
    case = PayoutCase(payout, context)
    inputs_are_settled(case)
    nothing_moves_out(case)
    no_pin_is_merged(case, pins)
    peg_is_open(case)
    check_gas(case, case.locked[0].asset)


def nothing_moves_out(case: PayoutCase) -> None:
    """One asset comes in, all of it stays, and the gas is the relayer's."""
    tx, asset = case.tx, case.locked[0].asset
    total = sum(given.amount for given in case.locked)
    federation, chain_id = case.context.federations[0], case.context.chain_id
    wanted = Output(asset, total, treasury_program(federation, chain_id))
    back = tx.outputs[1:]
    fuel = sum(
        one.amount for one in case.fuel if isinstance(one, Spend) and one.asset == BTM
    )
    for broken, sentence in (
        (any(one.asset != asset for one in case.locked), "it mixes assets"),
        (tx.outputs[:1] != (wanted,), "its first output is not their sum"),
        (len(back) > 1 or any(one.asset != BTM for one in back), "it pays others"),
        (fuel <= sum(one.amount for one in back), "its gas is not the relayer's"),
        (tx.version != 1 or bool(tx.time_range), "its form is another"),
        (len(set(tx.spent_output_ids)) != len(tx.inputs), "it spends one twice"),
    ):
        if broken:
            raise errors.BadMerge(f"a merge of {total} units: {sentence}", total=total)


def no_pin_is_merged(case: PayoutCase, pins: Collection[bytes]) -> None:
    """The pin of an open payout stays until that is settled."""
    for spent_id in case.tx.spent_output_ids[: len(case.payout.scripts)]:
        if spent_id in pins:
            raise errors.PinMerged(
                f"output {(spent_id or b'').hex()[:16]} pins an open payout",
                pin=spent_id,
            )
