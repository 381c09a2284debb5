"""
Moves of the federation's outputs that pay nobody: all that comes in stays locked.

A merge makes one of many, when a withdrawal is in more pieces than one payout can take.
A migration takes what an older epoch holds to the treasury of the newest. A forward
takes a deposit that its epoch's end left behind to the newest epoch's lock program of
the same recipient, where it can be claimed.

Source: protocol page "federation", section 7.1, P10, and section 8.
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
from devnet.engine.federation.planning import (
    Held,
    Till,
    biggest,
    fitting,
    with_gas,
)
from devnet.engine.federation.programs import (
    TREASURY_SCRIPT,
    Federation,
    lock_program,
    treasury_program,
)

KEY_PREFIX = b"merge:"
"""Begins what stands in place of a withdrawal id: longer than one, so no id is it."""
MIGRATION_PREFIX, FORWARD_PREFIX = b"migrate:", b"forward:"
"""The same of the other moves."""


def merge_key(chain_id: bytes, asset: bytes) -> bytes:
    """What stands in place of a withdrawal id in a merge."""
    return KEY_PREFIX + chain_id + asset


def is_merge(key: bytes) -> bool:
    """Is it the key of a merge or of another move, and no withdrawal id?"""
    prefixes = (KEY_PREFIX, MIGRATION_PREFIX, FORWARD_PREFIX)
    return key.startswith(prefixes) and len(key) > 32


def is_forward(key: bytes) -> bool:
    """Is it the key of a forwarded deposit?"""
    return key.startswith(FORWARD_PREFIX) and len(key) > 32


def is_migration(key: bytes) -> bool:
    """Is it the key of a migration?"""
    return key.startswith(MIGRATION_PREFIX) and len(key) > 32


def is_move(key: bytes) -> bool:
    """Is it the key of a move from an older epoch to the newest?"""
    return is_migration(key) or is_forward(key)


def move_word(key: bytes) -> str:
    """What people call the move of a key; nothing: it is a withdrawal's payout."""
    if not is_merge(key):
        return ""
    return "forward" if is_forward(key) else "migration" if is_move(key) else "merge"


def plan_merge(asset: bytes, till: Till) -> Payout | None:
    """
    The biggest free pieces of an asset as one, or None: there are not two.

    Raises:
        NoGas: the relayer cannot pay for it.
    """
    locked = fitting(till, biggest(till, asset))
    if len(locked) < 2:
        return None
    return _moved(till, merge_key(till.chain_id, asset), locked, TREASURY_SCRIPT)


def plan_migration(source: Federation, asset: bytes, till: Till) -> Payout | None:
    """
    What an older epoch holds of an asset, or as much of it as one transaction can
    spend, to the newest epoch's treasury. None: it holds nothing that is free.

    Args:
        till: without deposits that may still be claimed, and without pins.

    Raises:
        NoGas: the relayer cannot pay for it.
    """
    own = [one for one in biggest(till, asset) if till.holder(one) == source]
    locked = fitting(till, own)
    if not locked:
        return None
    key = MIGRATION_PREFIX + till.chain_id + locked[0].coin.id
    return _moved(till, key, locked, TREASURY_SCRIPT)


def plan_forward(deposit: Held, till: Till) -> Payout:
    """
    A deposit to an expired epoch goes to the newest epoch's lock program of the same
    claim script.

    Raises:
        NoGas: the relayer cannot pay for it.
    """
    key = FORWARD_PREFIX + till.chain_id + deposit.coin.id
    return _moved(till, key, [deposit], deposit.script)


def _moved(till: Till, key: bytes, locked: list[Held], script: bytes) -> Payout:
    """All of these as one output at the newest epoch's program for a script."""
    total = sum(one.coin.amount for one in locked)
    program = lock_program(till.federation, till.chain_id, script)
    tx = with_gas(till, locked, (Output(locked[0].coin.asset, total, program),))
    return Payout(key, tx, tuple(one.script for one in locked))


def check_merge(
    payout: Payout, context: PayoutContext, pins: Collection[bytes]
) -> None:
    """
    May a member sign this merge, migration or forward? It needs no withdrawal, as
    nothing moves out.

    Args:
        pins: of the withdrawals that are open to the member.

    Raises:
        PayoutRefused: P3, P9 or P10 of the payouts' checks.
    """
    case = PayoutCase(payout, context)
    inputs_are_settled(case)
    if is_forward(payout.withdrawal_id):
        deposit_is_forwarded(case)
    else:
        nothing_moves_out(case)
        no_claim_is_lost(case)
    no_pin_is_merged(case, pins)
    peg_is_open(case)
    check_gas(case, case.locked[0].asset)


def nothing_moves_out(case: PayoutCase) -> None:
    """One asset comes in, all of it stays, and the gas is the relayer's."""
    federation, chain_id = case.context.federations[0], case.context.chain_id
    _all_goes_to(case, treasury_program(federation, chain_id))


def deposit_is_forwarded(case: PayoutCase) -> None:
    """
    One deposit that can be claimed no more, as it stands, to the same recipient's lock
    program. Its epoch's end is final, so no branch of the sidechain can claim it.
    """
    context, scripts = case.context, case.payout.scripts
    spent_id = case.tx.spent_output_ids[0] or b""
    for broken, sentence in (
        (len(scripts) != 1, f"it takes {len(scripts)} inputs together"),
        (scripts[0] == TREASURY_SCRIPT, "nobody can claim from the treasury"),
        (case.holders[0] not in context.past, "its epoch is not expired"),
        (spent_id in context.claimed, "the deposit was claimed"),
    ):
        if broken:
            raise errors.BadForward(f"a forward of {spent_id.hex()[:16]}: {sentence}")
    program = lock_program(context.federations[0], context.chain_id, scripts[0])
    _all_goes_to(case, program)


def no_claim_is_lost(case: PayoutCase) -> None:
    """
    What an older epoch holds for a recipient is moved when it was claimed: until then
    the deposit may expire, and must be there to be forwarded.
    """
    context = case.context
    for index, (holder, script) in enumerate(
        zip(case.holders, case.payout.scripts, strict=True)
    ):
        spent_id = case.tx.spent_output_ids[index] or b""
        is_open = script != TREASURY_SCRIPT and spent_id not in context.claimed
        if is_open and holder != context.federations[0]:
            raise errors.DepositStrands(
                f"input {index} is a deposit to an older epoch, and not claimed yet",
                index=index,
            )


def _all_goes_to(case: PayoutCase, program: bytes) -> None:
    tx, asset = case.tx, case.locked[0].asset
    total = sum(given.amount for given in case.locked)
    wanted = Output(asset, total, program)
    back = tx.outputs[1:]
    fuel = sum(
        one.amount for one in case.fuel if isinstance(one, Spend) and one.asset == BTM
    )
    for broken, sentence in (
        (any(one.asset != asset for one in case.locked), "it mixes assets"),
        (
            tx.outputs[:1] != (wanted,),
            "it is not their sum where it is due",
        ),
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
