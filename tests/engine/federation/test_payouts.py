"""P1 to P10, each from its good side and its bad ones; plans, signatures, witnesses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.bc.transaction import BTM, Issuance, Output, Spend, Transaction
from devnet.engine.chain.coins import Coin, CoinSet
from devnet.engine.chain.wallet import Key
from devnet.engine.errors import PayoutError
from devnet.engine.federation import payout_errors as errors
from devnet.engine.federation import payouts as p
from devnet.engine.federation.payouts import (
    CHECKS,
    Payout,
    PayoutCase,
    PayoutContext,
    check_payout,
)
from devnet.engine.federation.planning import (
    Held,
    Till,
    most_inputs,
    plan_payout,
)
from devnet.engine.federation.programs import (
    federation_of,
    lock_program,
    treasury_program,
)
from devnet.engine.federation.signatures import (
    assemble,
    check_signatures,
    sign_inputs,
)
from devnet.engine.federation.withdrawals import Owed
from devnet.engine.keys.chainkd import xpub
from devnet.engine.mainchain.accounts import play_account, play_root
from devnet.engine.rules.transaction import validate_transaction

ROOTS = [play_root(f"fed-{number}") for number in range(1, 5)]
FEDERATION = federation_of(map(xpub, ROOTS))
BY_XPUB = {xpub(root): root for root in ROOTS}
CHAIN = b"\x11" * 32
GOLD = b"\x22" * 32
COORDINATOR = play_account("coordinator").program
RECIPIENT = play_account("bob").program
SCRIPTS = tuple(play_account(f"claimant {n}").program for n in range(12))
TREASURY = treasury_program(FEDERATION, CHAIN)
HEIGHT, DEPTH = 100, 6
_relayer = play_account("relayer")
RELAYER = Key("relayer", _relayer.xprv, _relayer.key, _relayer.program)
FUEL = Coin(b"", b"\x77" * 32, 0, BTM, 10**10, RELAYER.program, 1)


def coin_of(source: Coin) -> Coin:
    """The same with the id that a spend of it computes."""
    spend = Spend(
        source.source_id, source.asset, source.amount, source.position, source.program,
        (),
    )  # fmt: skip
    tx = Transaction(1, 0, (spend,), (Output(source.asset, 1, RECIPIENT),))
    found = tx.spent_output_ids[0]
    assert found is not None
    return replace(source, id=found)


def held(amount: int, n: int = 0, asset: bytes = BTM, height: int = 10) -> Held:
    """A lock of the federation."""
    script = SCRIPTS[n % len(SCRIPTS)]
    program = lock_program(FEDERATION, CHAIN, script)
    source = (n + 1).to_bytes(32, "big")
    return Held(coin_of(Coin(b"", source, 0, asset, amount, program, height)), script)


def owed_of(amount: int, asset: bytes = BTM) -> Owed:
    return Owed(b"\x0d" * 32, asset, amount, RECIPIENT, 5, b"\x0e" * 32)


def till_of(*items: Held, ppm: int = 0) -> Till:
    fuel = (coin_of(FUEL),)
    return Till(CHAIN, FEDERATION, items, fuel, RELAYER, ppm, COORDINATOR)


def context_of(owed: Owed | None, *items: Held, **other: object) -> PayoutContext:
    coins = CoinSet().with_changes({one.coin.id: one.coin for one in items})
    context = PayoutContext(
        CHAIN, (FEDERATION,), owed, True, coins, HEIGHT, DEPTH, (COORDINATOR,)
    )
    return replace(context, **other)  # type: ignore[arg-type]


LOCK = held(1000)
OWED = owed_of(400)
GOOD = plan_payout(OWED, till_of(LOCK))
CONTEXT = context_of(OWED, LOCK)


def with_tx(payout: Payout, **changes: object) -> Payout:
    return replace(payout, tx=replace(payout.tx, received=None, **changes))  # type: ignore[arg-type]


def with_output(payout: Payout, index: int, **changes: object) -> Payout:
    outputs = list(payout.tx.outputs)
    outputs[index] = replace(outputs[index], **changes)  # type: ignore[arg-type]
    return with_tx(payout, outputs=tuple(outputs))


def refused(payout: Payout, context: PayoutContext) -> type[Exception]:
    with pytest.raises(errors.PayoutRefused) as caught:
        check_payout(payout, context)
    assert caught.value.message
    assert caught.value.hint
    return caught.type


# The good side.


@pytest.mark.parametrize("asset", [BTM, GOLD])
@pytest.mark.parametrize("ppm", [0, 1000, 500_000])
@pytest.mark.parametrize("amount", [1, 999, 1000, 1001, 2000])
def test_what_is_planned_is_signed_by_everybody_and_valid_on_the_mainchain(
    asset: bytes, ppm: int, amount: int
):
    items = (held(1000, 0, asset), held(1000, 1, asset))
    owed = owed_of(amount, asset)
    payout = plan_payout(owed, till_of(*items, ppm=ppm))
    context = context_of(owed, *items, relay_fee_ppm=ppm)

    check_payout(payout, context)
    signed = {}
    for member, root in BY_XPUB.items():
        signatures = sign_inputs(root, CHAIN, payout.tx, payout.scripts)
        check_signatures(member, CHAIN, payout.tx, payout.scripts, signatures)
        signed[member] = signatures
    tx = assemble(FEDERATION, CHAIN, payout, signed, RELAYER)
    assert tx.id == payout.tx.id
    verdict = validate_transaction(tx, height=HEIGHT + 1)
    assert verdict.status == "valid", verdict.error


def test_the_most_inputs_that_are_planned_are_valid_too():
    for asset in (BTM, GOLD):
        most = most_inputs(FEDERATION, asset)
        items = [held(10, n, asset) for n in range(most)]
        owed = owed_of(10 * most, asset)
        payout = plan_payout(owed, till_of(*items))
        check_payout(payout, context_of(owed, *items))
        signed = {
            member: sign_inputs(root, CHAIN, payout.tx, payout.scripts)
            for member, root in BY_XPUB.items()
        }
        tx = assemble(FEDERATION, CHAIN, payout, signed, RELAYER)
        verdict = validate_transaction(tx, height=HEIGHT + 1)
        assert verdict.status == "valid", verdict.error
        assert (most, len(tx.inputs)) == ({BTM: 6, GOLD: 24}[asset], most + 1)


def test_ids_and_their_functions_are_p1_to_p10():
    assert [name for name, _ in CHECKS] == [f"P{number}" for number in range(1, 11)]


# P1 to P10, one by one.


def test_p1_a_withdrawal_must_be_in_the_members_chain_and_final():
    p.withdrawal_is_final(PayoutCase(GOOD, CONTEXT))
    assert refused(GOOD, replace(CONTEXT, owed=None)) is errors.UnknownWithdrawal
    other = replace(OWED, id=b"\x0f" * 32)
    assert refused(GOOD, replace(CONTEXT, owed=other)) is errors.UnknownWithdrawal
    assert refused(GOOD, replace(CONTEXT, is_final=False)) is errors.NotFinal


def test_p2_a_withdrawal_is_paid_once():
    p.not_paid_yet(PayoutCase(GOOD, CONTEXT))
    done = replace(CONTEXT, completed=b"\x01" * 32)
    assert refused(GOOD, done) is errors.PaidAlready
    paid = replace(CONTEXT, pin_id=GOOD.pin_id, pin_fate="paid")
    assert refused(GOOD, paid) is errors.PaidAlready


def test_p3_inputs_are_the_federations_unspent_and_buried():
    p.inputs_are_settled(PayoutCase(GOOD, CONTEXT))
    assert refused(GOOD, context_of(OWED)) is errors.InputGone
    young = replace(LOCK.coin, height=HEIGHT - DEPTH + 1)
    assert refused(GOOD, context_of(OWED, Held(young, b""))) is errors.InputTooYoung
    just = replace(LOCK.coin, height=HEIGHT - DEPTH)
    check_payout(GOOD, context_of(OWED, Held(just, b"")))
    other_script = replace(GOOD, scripts=(SCRIPTS[5],))
    assert refused(other_script, CONTEXT) is errors.ForeignInput
    assert refused(replace(GOOD, scripts=()), CONTEXT) is errors.ForeignInput
    many = replace(GOOD, scripts=(SCRIPTS[0],) * 9)
    assert refused(many, CONTEXT) is errors.ForeignInput
    elsewhere = replace(CONTEXT, chain_id=b"\x12" * 32)
    assert refused(GOOD, elsewhere) is errors.ForeignInput
    fresh = replace(LOCK.coin, is_coinbase=True)
    assert refused(GOOD, context_of(OWED, Held(fresh, b""))) is errors.InputTooYoung


@pytest.mark.parametrize(
    "changes", [{"amount": 399}, {"amount": 401}, {"program": COORDINATOR},
                {"asset": GOLD}, {"vm_version": 2}],
)  # fmt: skip
def test_p4_output_0_is_the_recipients(changes: dict[str, object]):
    p.recipient_is_paid(PayoutCase(GOOD, CONTEXT))
    assert refused(with_output(GOOD, 0, **changes), CONTEXT) is errors.WrongPayee


def test_p4_the_relay_fee_is_exact_and_the_coordinators():
    context = replace(CONTEXT, relay_fee_ppm=10_000)
    good = plan_payout(OWED, till_of(LOCK, ppm=10_000))
    assert good.tx.outputs[1] == Output(BTM, 4, COORDINATOR)
    check_payout(good, context)
    for changes in ({"amount": 5}, {"amount": 3}, {"program": RECIPIENT}):
        bad = with_output(good, 1, **changes)
        assert refused(bad, context) is errors.WrongRelayFee
    assert refused(GOOD, context) is errors.WrongPayee
    assert refused(good, CONTEXT) is errors.WrongPayee


@pytest.mark.parametrize(
    "changes", [{"amount": 599}, {"amount": 601}, {"program": RELAYER.program},
                {"program": lock_program(FEDERATION, CHAIN, SCRIPTS[0])}],
)  # fmt: skip
def test_p5_the_rest_returns_to_the_treasury(changes: dict[str, object]):
    p.change_returns(PayoutCase(GOOD, CONTEXT))
    assert refused(with_output(GOOD, 1, **changes), CONTEXT) is errors.WrongChange


def test_p5_inputs_cover_the_amount_and_are_of_its_asset():
    more = replace(OWED, amount=1001)
    with pytest.raises(errors.WrongChange):
        p.change_returns(PayoutCase(GOOD, replace(CONTEXT, owed=more)))
    mixed = held(1000, 3, GOLD)
    spend = Spend(
        mixed.coin.source_id, GOLD, 1000, 0, mixed.coin.program, ()
    )  # fmt: skip
    tx = replace(GOOD.tx, inputs=(GOOD.tx.inputs[0], spend, GOOD.tx.inputs[1]))
    both = replace(GOOD, tx=tx, scripts=(LOCK.script, mixed.script))
    assert refused(both, context_of(OWED, LOCK, mixed)) is errors.WrongChange


def test_p6_the_gas_is_the_relayers_own():
    p.gas_is_the_relayers(PayoutCase(GOOD, CONTEXT))
    richer = with_output(GOOD, 2, amount=FUEL.amount)
    assert refused(richer, CONTEXT) is errors.GasFromLocked
    no_fuel = with_tx(GOOD, inputs=GOOD.tx.inputs[:1], outputs=GOOD.tx.outputs[:2])
    assert refused(no_fuel, CONTEXT) is errors.GasFromLocked
    issued = Issuance(b"n", GOLD, 5, b"", 1, b"\x51", ())
    strange = with_tx(GOOD, inputs=(*GOOD.tx.inputs, issued))
    assert refused(strange, CONTEXT) is errors.GasFromLocked


def test_p7_nothing_else_is_in_it():
    p.nothing_else_happens(PayoutCase(GOOD, CONTEXT))
    extra = Output(BTM, 1, RELAYER.program)
    tip = with_tx(GOOD, outputs=(*GOOD.tx.outputs, extra))
    assert refused(tip, CONTEXT) is errors.WrongShape
    foreign = with_output(GOOD, 2, asset=GOLD)
    assert refused(foreign, CONTEXT) is errors.WrongShape
    assert refused(with_tx(GOOD, time_range=9), CONTEXT) is errors.WrongShape
    assert refused(with_tx(GOOD, version=2), CONTEXT) is errors.WrongShape
    twice = with_tx(GOOD, inputs=(*GOOD.tx.inputs, GOOD.tx.inputs[1]))
    assert refused(twice, CONTEXT) is errors.WrongShape


def test_p8_a_replacement_keeps_the_pin_until_that_is_gone_for_good():
    p.pin_is_kept(PayoutCase(GOOD, CONTEXT))
    same = replace(CONTEXT, pin_id=GOOD.pin_id, pin_fate="open")
    check_payout(GOOD, same)
    other = replace(CONTEXT, pin_id=b"\x09" * 32, pin_fate="open")
    assert refused(GOOD, other) is errors.PinBroken
    check_payout(GOOD, replace(other, pin_fate="gone"))


def test_the_first_signature_waits_until_final_blocks_name_the_pin():
    waiting = replace(CONTEXT, named_only=True)
    assert refused(GOOD, waiting) is errors.PinNotFinal
    check_payout(GOOD, replace(waiting, announced=GOOD.pin_id))
    # Who signed before is asked for the same; who lost the pin is as if new.
    check_payout(GOOD, replace(waiting, pin_id=GOOD.pin_id, pin_fate="open"))
    gone = replace(waiting, pin_id=b"\x09" * 32, pin_fate="gone")
    assert refused(GOOD, gone) is errors.PinNotFinal
    assert refused(GOOD, replace(gone, announced=b"\x08" * 32)) is errors.PinBroken
    check_payout(GOOD, replace(gone, announced=GOOD.pin_id))


def test_p9_nothing_is_signed_while_the_peg_rests():
    p.peg_is_open(PayoutCase(GOOD, CONTEXT))
    assert refused(GOOD, replace(CONTEXT, frozen=True)) is errors.PegFrozen
    assert refused(GOOD, replace(CONTEXT, resting=True)) is errors.PegResting


def test_p10_more_inputs_than_the_gas_credit_bears_are_refused():
    items = [held(10, n) for n in range(7)]
    owed = owed_of(70)
    fits = plan_payout(owed_of(60), till_of(*items))
    check_payout(fits, context_of(owed_of(60), *items))
    with pytest.raises(errors.NeedsMerge):
        plan_payout(owed, till_of(*items))
    spends = tuple(
        Spend(one.coin.source_id, BTM, 10, 0, one.coin.program, ()) for one in items
    )
    outputs = (Output(BTM, 70, RECIPIENT), fits.tx.outputs[-1])
    tx = Transaction(1, 0, (*spends, fits.tx.inputs[-1]), outputs)
    scripts = tuple(one.script for one in items)
    payout = Payout(owed.id, tx, scripts, COORDINATOR)
    assert refused(payout, context_of(owed, *items)) is errors.GasCreditExceeded


# Plans.


def test_a_plan_takes_the_pin_first_and_then_the_biggest():
    items = [held(10, 0), held(30, 1), held(20, 2), held(30, 3, height=9)]
    plan = plan_payout(owed_of(35), till_of(*items))
    assert [given.amount for given in plan.tx.inputs[:2]] == [30, 30]
    assert plan.pin_id == items[3].coin.id
    pinned = plan_payout(owed_of(35), till_of(*items), items[0].coin.id)
    assert [given.amount for given in pinned.tx.inputs[:2]] == [10, 30]
    assert pinned.pin_id == items[0].coin.id
    with pytest.raises(errors.NotCovered):
        plan_payout(owed_of(35), till_of(*items[1:]), items[0].coin.id)


def test_a_plan_says_what_is_missing():
    with pytest.raises(errors.NotCovered) as short:
        plan_payout(owed_of(1001), till_of(LOCK))
    assert short.value.facts == {"have": 1000, "need": 1001}
    with pytest.raises(errors.NoGas):
        plan_payout(OWED, replace(till_of(LOCK), fuel=()))
    poor = coin_of(replace(FUEL, amount=1000))
    with pytest.raises(errors.NoGas):
        plan_payout(OWED, replace(till_of(LOCK), fuel=(poor,)))


def test_signatures_of_others_or_of_other_payouts_are_refused():
    member, root = next(iter(BY_XPUB.items()))
    good = sign_inputs(root, CHAIN, GOOD.tx, GOOD.scripts)
    other = sign_inputs(ROOTS[2], CHAIN, GOOD.tx, GOOD.scripts)
    bad_chain = sign_inputs(root, b"\x13" * 32, GOOD.tx, GOOD.scripts)
    for signatures in ((), (*good, *good), other, bad_chain, (bytes(64),), (b"x",)):
        if signatures != other or member != xpub(ROOTS[2]):
            with pytest.raises(errors.BadSignature):
                check_signatures(member, CHAIN, GOOD.tx, GOOD.scripts, signatures)
    with pytest.raises(errors.BadSignature):
        assemble(FEDERATION, CHAIN, GOOD, {member: good}, RELAYER)


@settings(max_examples=60, deadline=None)
@given(
    amounts=st.lists(st.integers(1, 10**12), min_size=1, max_size=12),
    wanted=st.integers(1, 3 * 10**12),
    ppm=st.integers(0, 500_000),
    asset=st.sampled_from([BTM, GOLD]),
    pinned=st.booleans(),
)
def test_no_plan_makes_or_loses_a_unit(
    amounts: list[int], wanted: int, ppm: int, asset: bytes, pinned: bool
):
    items = [held(amount, n, asset) for n, amount in enumerate(amounts)]
    owed = owed_of(wanted, asset)
    pin_id = items[-1].coin.id if pinned else b""
    try:
        payout = plan_payout(owed, till_of(*items, ppm=ppm), pin_id)
    except PayoutError as error:
        short = sum(amounts) < wanted
        assert isinstance(error, errors.NotCovered) == short
        return
    tx = payout.tx
    for one in {BTM, asset}:
        brought = sum(given.amount for given in tx.inputs if given.asset == one)
        given_out = sum(out.amount for out in tx.outputs if out.asset == one)
        assert brought == given_out or (one == BTM and brought > given_out)
    ours = sum(given.amount for given in tx.inputs[: len(payout.scripts)])
    back = sum(out.amount for out in tx.outputs if out.program == TREASURY)
    assert ours - back == wanted
    assert not pinned or payout.pin_id == pin_id
    context = context_of(owed, *items, relay_fee_ppm=ppm, pin_id=pin_id)
    check_payout(payout, replace(context, pin_fate="open" if pinned else ""))


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_any_payout_is_judged_by_name_and_only_the_right_one_passes(
    data: st.DataObject,
):
    draw = data.draw
    odd = Output(draw(st.sampled_from([BTM, GOLD])), 7, RELAYER.program)
    parts = [*GOOD.tx.inputs, Issuance(b"n", GOLD, 5, b"", 1, b"\x51", ())]
    inputs = tuple(draw(st.lists(st.sampled_from(parts), max_size=4)))
    outs = [*GOOD.tx.outputs, odd, replace(GOOD.tx.outputs[0], program=b"")]
    outputs = tuple(draw(st.lists(st.sampled_from(outs), max_size=4)))
    scripts = tuple(draw(st.lists(st.sampled_from([*SCRIPTS[:2], b""]), max_size=3)))
    payout = Payout(OWED.id, Transaction(1, 0, inputs, outputs), scripts)
    try:
        check_payout(payout, CONTEXT)
    except errors.PayoutRefused as error:
        assert error.check
        assert error.code.startswith("payout.")
    else:
        assert outputs[:2] == GOOD.tx.outputs[:2]
        assert payout.pin_id == GOOD.pin_id
        assert all(one == GOOD.tx.outputs[2] or one is odd for one in outputs[2:])
