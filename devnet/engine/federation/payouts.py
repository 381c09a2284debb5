"""
P1 to P10: what a member checks before it signs a payout, trusting no coordinator.

A payout spends outputs of the federation, pays one withdrawal, and returns the rest to
the treasury; the gas is the relayer's own. Its first input is the pin: who signed once
for a withdrawal signs for it only what spends the same pin, so two payouts for one
withdrawal are in each other's way on the mainchain.

Source: protocol page "federation", sections 7.1 and 7.2.
"""

from __future__ import annotations

from collections.abc import Callable

from devnet.engine.bc.transaction import BTM, Output, Spend
from devnet.engine.errors import DevnetError
from devnet.engine.federation import payout_errors as errors
from devnet.engine.federation.payout_case import (
    Payout,
    PayoutCase,
    PayoutContext,
    PinFate,
)
from devnet.engine.federation.programs import (
    TREASURY_SCRIPT,
    Federation,
)
from devnet.engine.rules.verdict import GAS_CREDIT, MOST_GAS

__all__ = ["CHECKS", "GAS_INPUT_GAS", "Payout", "PayoutCase", "PayoutContext",
           "PinFate", "check_gas", "check_payout", "input_gas", "inputs_are_settled",
           "peg_is_open", "refusal_check"]  # fmt: skip

INPUT_GAS, INPUT_KEY_GAS = 375, 1058
"""Of one federation input: at all, and for each member's key in its script."""
GAS_INPUT_GAS = 1409
"""Of one input of the relayer's."""


def check_payout(payout: Payout, context: PayoutContext) -> PayoutCase:
    """
    Run P1 to P10.

    Raises:
        PayoutRefused: of the first check that refuses; its `check` is its id.
    """
    case = PayoutCase(payout, context)
    for _, check in CHECKS:
        check(case)
    return case


def withdrawal_is_final(case: PayoutCase) -> None:
    """P1: the record is in a block that is final in the member's own node."""
    owed = case.owed
    if not case.context.is_final:
        raise errors.NotFinal(
            f"the withdrawal is in block {owed.height}, which is not final yet",
            height=owed.height,
        )


def not_paid_yet(case: PayoutCase) -> None:
    """P2: neither completed on the sidechain nor settled on the mainchain."""
    if case.context.completed:
        raise errors.PaidAlready(
            f"payout {case.context.completed.hex()[:16]} is recorded for it",
            payout=case.context.completed,
        )
    if case.context.pin_fate == "paid":
        raise errors.PaidAlready(
            f"pin {case.context.pin_id.hex()[:16]} was spent to pay it",
            pin=case.context.pin_id,
        )


def inputs_may_be_spent(case: PayoutCase) -> None:
    """P3: they are settled, and no deposit is lost by it."""
    inputs_are_settled(case)
    no_deposit_strands(case)


def inputs_are_settled(case: PayoutCase) -> None:
    """Each federation input is ours, unspent and buried in the own mainchain."""
    context = case.context
    ids = case.tx.spent_output_ids
    for index in range(len(case.holders)):
        coin = context.coins.by_id.get(ids[index] or b"")
        if coin is None:
            raise errors.InputGone(
                f"input {index}: {(ids[index] or b'').hex()[:16]} is not unspent",
                index=index,
            )
        n_above = context.height - coin.height
        if n_above < context.depth or not coin.spendable_at(context.height + 1):
            raise errors.InputTooYoung(
                f"input {index} has {n_above} blocks on top, needs {context.depth}",
                index=index,
                depth=n_above,
            )


def no_deposit_strands(case: PayoutCase) -> None:
    """
    A deposit that nobody claimed before its epoch expired can still be forwarded,
    so it is spent for nothing else; unless it became a pin before.
    """
    context = case.context
    pins = {context.pin_id, context.owed.pin_id if context.owed else b""}
    for index, (holder, script) in enumerate(
        zip(case.holders, case.payout.scripts, strict=True)
    ):
        spent_id = case.tx.spent_output_ids[index] or b""
        if (
            holder in context.past
            and script != TREASURY_SCRIPT
            and spent_id not in context.claimed
            and spent_id not in pins
        ):
            raise errors.DepositStrands(
                f"input {index} is a deposit to an expired epoch that nobody claimed",
                index=index,
            )


def recipient_is_paid(case: PayoutCase) -> None:
    """
    P4: output 0 is the recipient's, the next one the exact fee of a coordinator whose
    turn it is.
    """
    _coordinator_may(case)
    found = case.tx.outputs
    if not found or _differs(found[0], case.due[0]):
        raise errors.WrongPayee(
            f"output 0 pays {_words(found[:1])}, owed is {_words(case.due[:1])}",
            expected=case.due[0].amount,
            found=found[0].amount if found else 0,
        )
    if case.fee and (len(found) < 2 or _differs(found[1], case.due[1])):
        raise errors.WrongRelayFee(
            f"output 1 pays {_words(found[1:2])}, the relay fee is "
            f"{_words(case.due[1:])}",
            expected=case.fee,
        )


def _coordinator_may(case: PayoutCase) -> None:
    context, who = case.context, case.payout.coordinator
    if who in context.coordinators or (not who and context.anybody):
        return
    names = [
        context.names.get(program, program.hex()[:8])
        for program in context.coordinators
    ]
    asked = context.names.get(who, who.hex()[:8]) if who else "nobody for a fee"
    raise errors.NotYourPayout(
        f"{asked} coordinates, it is the turn of {', '.join(names) or 'nobody'}",
        coordinator=who,
        in_turn=tuple(context.coordinators),
    )


def change_returns(case: PayoutCase) -> None:
    """P5: all inputs are of the asset, and what is left goes to the treasury."""
    owed = case.owed
    if any(given.asset != owed.asset for given in case.locked):
        raise errors.WrongChange("a federation input is of another asset than is owed")
    left = sum(given.amount for given in case.locked) - owed.amount
    if left < 0:
        raise errors.WrongChange(
            f"the federation's inputs hold {left + owed.amount}, owed is {owed.amount}",
            left=left,
        )
    at = len(case.due)
    found = case.tx.outputs[at : at + 1]
    if case.change and (not found or _differs(found[0], case.change[0])):
        raise errors.WrongChange(
            f"output {at} pays {_words(found)}, the change is {_words(case.change)}",
            left=left,
        )


def gas_is_the_relayers(case: PayoutCase) -> None:
    """P6: what is not the federation's balances by itself, and leaves a fee."""
    n_ours = len(case.due) + len(case.change)
    given, taken = case.fuel, case.tx.outputs[n_ours:]
    paid = sum(
        one.amount for one in given if isinstance(one, Spend) and one.asset == BTM
    )
    plain = all(isinstance(one, Spend) and one.asset == BTM for one in given)
    left = paid - sum(one.amount for one in taken if one.asset == BTM)
    if not plain or left <= 0:
        raise errors.GasFromLocked(
            f"the relayer brings {paid} neu and takes {paid - left} back", left=left
        )


def nothing_else_happens(case: PayoutCase) -> None:
    """P7: one withdrawal, version 1, no time range, no output beside the four."""
    tx, n_ours = case.tx, len(case.due) + len(case.change)
    others = tx.outputs[n_ours:]
    if tx.version != 1 or tx.time_range or tx.side:
        raise errors.WrongShape(f"version {tx.version}, time range {tx.time_range}")
    if len(others) > 1 or any(one.asset != BTM for one in others):
        raise errors.WrongShape(
            f"{len(others)} outputs beside the payout's own, at most one is allowed: "
            "the relayer's change",
            n_outputs=len(others),
        )
    ids = tx.spent_output_ids
    if len(set(ids)) != len(ids):
        raise errors.WrongShape("an output is spent twice")


def pin_is_kept(case: PayoutCase) -> None:
    """P8: the same pin as before, unless that is spent and buried elsewhere."""
    context, pin_id = case.context, case.payout.pin_id
    if context.pin_id and context.pin_fate != "gone":
        if context.pin_id != pin_id:
            raise errors.PinBroken(
                f"signed before with pin {context.pin_id.hex()[:16]}, this payout's is "
                f"{pin_id.hex()[:16]}",
                expected=context.pin_id,
                found=pin_id,
            )
        return
    if context.announced not in (b"", pin_id):
        raise errors.PinBroken(
            f"the chain announced pin {context.announced.hex()[:16]}, this payout's is "
            f"{pin_id.hex()[:16]}",
            expected=context.announced,
            found=pin_id,
        )
    if pin_id in context.taken:
        raise errors.PinBroken(
            f"pin {pin_id.hex()[:16]} is announced for another withdrawal",
            found=pin_id,
        )
    if context.named_only and context.announced != pin_id:
        raise errors.PinNotFinal(
            f"no final block names pin {pin_id.hex()[:16]} yet", pin=pin_id
        )


def peg_is_open(case: PayoutCase) -> None:
    """P9: the mainchain view is whole, and no swap is in its closing blocks."""
    if case.context.frozen:
        raise errors.PegFrozen("the mainchain left the branch of the anchor")
    if case.context.resting:
        raise errors.PegResting("payouts pause while a consensus swap closes")


def gas_fits(case: PayoutCase) -> None:
    """P10: the BTM inputs stay within the gas credit, all within what one may buy."""
    check_gas(case, case.owed.asset)


def check_gas(case: PayoutCase, asset: bytes) -> None:
    """The same for federation inputs of this asset."""
    fuel_gas = GAS_INPUT_GAS * len(case.fuel)
    locked_gas = sum(input_gas(holder) for holder in case.holders)
    on_credit = fuel_gas + (locked_gas if asset == BTM else 0)
    whole = fuel_gas + locked_gas + case.tx.size
    if on_credit > GAS_CREDIT or whole > MOST_GAS:
        raise errors.GasCreditExceeded(
            f"{len(case.locked)} federation inputs need {on_credit} gas on credit and "
            f"{whole} in all; {GAS_CREDIT} and {MOST_GAS} are allowed",
            on_credit=on_credit,
            whole=whole,
        )


def input_gas(federation: Federation) -> int:
    """What unlocking one output of a federation costs."""
    return INPUT_GAS + INPUT_KEY_GAS * len(federation.members)


CHECKS: tuple[tuple[str, Callable[[PayoutCase], None]], ...] = (
    ("P1", withdrawal_is_final),
    ("P2", not_paid_yet),
    ("P3", inputs_may_be_spent),
    ("P4", recipient_is_paid),
    ("P5", change_returns),
    ("P6", gas_is_the_relayers),
    ("P7", nothing_else_happens),
    ("P8", pin_is_kept),
    ("P9", peg_is_open),
    ("P10", gas_fits),
)


def refusal_check(error: DevnetError) -> str:
    """The id of the check that an error is about, or its code."""
    return str(getattr(error, "check", "") or error.code)


def _differs(one: Output, other: Output) -> bool:
    return (one.asset, one.amount, one.program, one.vm_version) != (
        other.asset, other.amount, other.program, 1,
    )  # fmt: skip


def _words(outputs: tuple[Output, ...]) -> str:
    if not outputs:
        return "nothing"
    asset = "BTM" if outputs[0].asset == BTM else outputs[0].asset.hex()[:8]
    return f"{outputs[0].amount} {asset} to {outputs[0].program.hex()[:16]}"
