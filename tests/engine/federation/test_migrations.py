"""Payouts, merges, migrations and forwards whose inputs several epochs hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.engine.bc.transaction import BTM, Output
from devnet.engine.chain.coins import Coin, CoinSet
from devnet.engine.federation import payout_errors as errors
from devnet.engine.federation.merges import (
    check_merge,
    is_forward,
    is_merge,
    is_migration,
    is_move,
    plan_forward,
    plan_merge,
    plan_migration,
)
from devnet.engine.federation.payouts import Payout, PayoutContext, check_payout
from devnet.engine.federation.planning import Held, Till, plan_payout
from devnet.engine.federation.programs import (
    TREASURY_SCRIPT,
    Federation,
    federation_of,
    lock_program,
    lock_programs,
    treasury_program,
)
from devnet.engine.federation.signatures import (
    assemble,
    check_signatures,
    holders_of,
    is_complete,
    progress,
    sign_inputs,
    signers_of,
)
from devnet.engine.keys.chainkd import xpub
from devnet.engine.mainchain.accounts import play_root
from devnet.engine.rules.transaction import validate_transaction
from tests.engine.federation.test_payouts import (
    CHAIN,
    GOLD,
    HEIGHT,
    RELAYER,
    SCRIPTS,
    coin_of,
    context_of,
    owed_of,
    till_of,
    with_output,
    with_tx,
)

ROOTS = [play_root(name) for name in ("a", "b", "c", "d", "e", "f", "g")]
BY_XPUB = {xpub(root): root for root in ROOTS}
FIRST = federation_of(map(xpub, ROOTS[:4]))
SECOND = federation_of(map(xpub, ROOTS[1:5]))
THIRD = federation_of(map(xpub, ROOTS[:7]))
"""Three epochs; the last is larger, so its inputs cost more gas."""


def held(
    federation: Federation, amount: int, n: int, script: bytes, asset: bytes = BTM
) -> Held:
    program = lock_program(federation, CHAIN, script)
    source = (n + 1).to_bytes(32, "big")
    return Held(coin_of(Coin(b"", source, 0, asset, amount, program, 10)), script)


OLDEST = held(FIRST, 500, 1, SCRIPTS[0])
OLD = held(SECOND, 400, 2, TREASURY_SCRIPT)
NEW = held(THIRD, 300, 3, SCRIPTS[1])
ALL = (OLDEST, OLD, NEW)


def till(*items: Held) -> Till:
    return replace(till_of(*items), federation=THIRD, past=(SECOND, FIRST))


def context(*items: Held, owed=None, **changes: object) -> PayoutContext:
    """The newest two are accepted, the first is past; everything is claimed."""
    known = replace(
        context_of(owed, *items),
        federations=(THIRD, SECOND),
        past=(FIRST,),
        claimed=frozenset(one.coin.id for one in items),
    )
    return replace(known, **changes)  # type: ignore[arg-type]


CONTEXT = context(*ALL)


def signed_by(payout: Payout, *roots: bytes) -> dict[bytes, tuple[bytes, ...]]:
    holders = holders_of(CONTEXT.known, CHAIN, payout.tx, payout.scripts)
    found = {}
    for root in roots:
        signatures = sign_inputs(root, CHAIN, payout.tx, payout.scripts, holders)
        check_signatures(
            xpub(root), CHAIN, payout.tx, payout.scripts, signatures, holders
        )
        found[xpub(root)] = signatures
    return found


def refused(payout: Payout, known: PayoutContext = CONTEXT) -> type[Exception]:
    with pytest.raises(errors.PayoutRefused) as caught:
        check_merge(payout, known, ())
    assert caught.value.message
    assert caught.value.hint
    return caught.type


# Payouts.


def test_each_input_is_signed_and_counted_by_its_own_epoch():
    owed = owed_of(1200)
    payout = plan_payout(owed, till(*ALL))
    check_payout(payout, context(*ALL, owed=owed))
    holders = holders_of(CONTEXT.known, CHAIN, payout.tx, payout.scripts)
    assert holders == (FIRST, SECOND, THIRD)
    assert signers_of(holders) == tuple(sorted(BY_XPUB))
    few = signed_by(payout, *ROOTS[:4])
    assert few[xpub(ROOTS[0])][1] == b""
    assert all(few[xpub(ROOTS[1])])
    assert progress(holders, few) == (4, 5)
    assert not is_complete(holders, few)
    with pytest.raises(errors.BadSignature):
        assemble(holders, CHAIN, payout, few, RELAYER)
    enough = signed_by(payout, *ROOTS[:5])
    assert is_complete(holders, enough)
    tx = assemble(holders, CHAIN, payout, enough, RELAYER)
    assert tx.id == payout.tx.id
    assert validate_transaction(tx, height=HEIGHT + 1).status == "valid"


def test_signatures_are_for_own_seats_and_for_no_others():
    payout = plan_payout(owed_of(1200), till(*ALL))
    holders = holders_of(CONTEXT.known, CHAIN, payout.tx, payout.scripts)
    everywhere = sign_inputs(ROOTS[0], CHAIN, payout.tx, payout.scripts)
    nowhere = (b"", b"", b"")
    for root, signatures in (
        (ROOTS[0], everywhere),
        (ROOTS[0], nowhere),
        (play_root("nobody"), nowhere),
        (ROOTS[0], everywhere[:2]),
    ):
        with pytest.raises(errors.BadSignature):
            check_signatures(
                xpub(root), CHAIN, payout.tx, payout.scripts, signatures, holders
            )


def test_the_newest_epoch_pays_alone_when_it_has_enough():
    payout = plan_payout(owed_of(300), till(*ALL))
    assert payout.scripts == (NEW.script,)
    more = plan_payout(owed_of(301), till(*ALL))
    assert more.scripts == (OLDEST.script,)


def test_a_deposit_that_expired_unclaimed_pays_nobody_unless_it_was_a_pin():
    owed = owed_of(450)
    payout = plan_payout(owed, till(OLDEST))
    check_payout(payout, context(OLDEST, owed=owed))
    open_ = context(OLDEST, owed=owed, claimed=frozenset())
    with pytest.raises(errors.DepositStrands):
        check_payout(payout, open_)
    check_payout(payout, replace(open_, pin_id=OLDEST.coin.id))
    pinned = replace(owed, pin_id=OLDEST.coin.id)
    check_payout(payout, replace(open_, owed=pinned))
    accepted = replace(open_, federations=(THIRD, SECOND, FIRST), past=())
    check_payout(payout, accepted)


def test_nothing_is_held_by_a_federation_that_never_was():
    payout = plan_payout(owed_of(450), till(OLDEST))
    unknown = context(OLDEST, owed=owed_of(450), past=())
    with pytest.raises(errors.ForeignInput):
        check_payout(payout, unknown)
    with pytest.raises(errors.ForeignInput):
        holders_of((SECOND,), CHAIN, payout.tx, payout.scripts)


def test_the_gas_of_an_input_is_that_of_its_own_epoch():
    items = [held(THIRD, 10, n, SCRIPTS[n % 12]) for n in range(12)]
    cheap = [held(FIRST, 10, 20 + n, SCRIPTS[n % 12]) for n in range(12)]
    assert len(plan_merge(BTM, till(*items)).scripts) == 3
    assert len(plan_merge(BTM, till(*cheap)).scripts) == 6
    merge = plan_merge(BTM, till(*items[:1], *cheap))
    check_merge(merge, context(*items, *cheap), ())


def test_lock_programs_are_one_for_each_epoch():
    programs = lock_programs((THIRD, SECOND), CHAIN, SCRIPTS[0])
    assert programs == (
        lock_program(THIRD, CHAIN, SCRIPTS[0]),
        lock_program(SECOND, CHAIN, SCRIPTS[0]),
    )
    assert len(set(programs)) == 2


# Migrations.


def test_what_an_epoch_holds_goes_to_the_newest_treasury_as_one():
    other = held(FIRST, 70, 5, SCRIPTS[2])
    gold = held(FIRST, 9, 6, SCRIPTS[3], GOLD)
    payout = plan_migration(FIRST, BTM, till(*ALL, other, gold))
    assert payout is not None
    everything = context(*ALL, other, gold)
    check_merge(payout, everything, ())
    treasury = treasury_program(THIRD, CHAIN)
    assert payout.tx.outputs[0] == Output(BTM, 570, treasury)
    assert set(payout.scripts) == {OLDEST.script, other.script}
    key = payout.withdrawal_id
    assert is_migration(key) and is_move(key) and is_merge(key) and not is_forward(key)
    assert plan_migration(SECOND, GOLD, till(*ALL)) is None
    tx = assemble(FIRST, CHAIN, payout, signed_by(payout, *ROOTS[:3]), RELAYER)
    assert validate_transaction(tx, height=HEIGHT + 1).status == "valid"


def test_a_migration_goes_nowhere_else():
    payout = plan_migration(FIRST, BTM, till(*ALL))
    assert payout is not None
    check_merge(payout, CONTEXT, ())
    for program in (
        treasury_program(SECOND, CHAIN),
        lock_program(THIRD, CHAIN, OLDEST.script),
        RELAYER.program,
    ):
        assert refused(with_output(payout, 0, program=program)) is errors.BadMerge
    assert refused(with_output(payout, 0, amount=499)) is errors.BadMerge
    assert refused(payout, replace(CONTEXT, federations=(SECOND,))) is errors.BadMerge
    with pytest.raises(errors.PinMerged) as caught:
        check_merge(payout, CONTEXT, (OLDEST.coin.id,))
    assert caught.value.pin_id == OLDEST.coin.id


@pytest.mark.parametrize("past", [(), (FIRST,)])
def test_a_deposit_that_can_be_claimed_or_forwarded_is_not_migrated(past):
    payout = plan_migration(FIRST, BTM, till(*ALL))
    assert payout is not None
    accepted = (THIRD, SECOND) if past else (THIRD, FIRST)
    open_ = replace(CONTEXT, federations=accepted, past=past, claimed=frozenset())
    assert refused(payout, open_) is errors.DepositStrands
    treasury = held(FIRST, 5, 9, TREASURY_SCRIPT)
    free = plan_migration(FIRST, BTM, till(treasury))
    assert free is not None
    known = replace(context(treasury), past=(FIRST,), claimed=frozenset())
    check_merge(free, known, ())


def test_a_migration_waits_until_its_inputs_are_settled_and_the_peg_is_open():
    payout = plan_migration(FIRST, BTM, till(*ALL))
    assert payout is not None
    young = replace(OLDEST, coin=replace(OLDEST.coin, height=HEIGHT))
    assert refused(payout, context(young)) is errors.InputTooYoung
    assert refused(payout, replace(CONTEXT, coins=CoinSet())) is errors.InputGone
    assert refused(payout, replace(CONTEXT, frozen=True)) is errors.PegFrozen
    assert refused(payout, replace(CONTEXT, resting=True)) is errors.PegResting


# Forwards.


def test_an_expired_deposit_goes_whole_to_the_same_recipient_in_the_new_epoch():
    payout = plan_forward(OLDEST, till(*ALL))
    known = replace(CONTEXT, claimed=frozenset())
    check_merge(payout, known, ())
    program = lock_program(THIRD, CHAIN, OLDEST.script)
    assert payout.tx.outputs[0] == Output(BTM, 500, program)
    assert is_forward(payout.withdrawal_id)
    for program in (
        lock_program(THIRD, CHAIN, SCRIPTS[5]),
        lock_program(SECOND, CHAIN, OLDEST.script),
        treasury_program(THIRD, CHAIN),
    ):
        bad = with_output(payout, 0, program=program)
        assert refused(bad, known) is errors.BadMerge
    assert refused(with_output(payout, 0, amount=499), known) is errors.BadMerge
    greedy = with_output(payout, 1, amount=10**10)
    assert refused(greedy, known) is errors.BadMerge


def test_only_what_nobody_can_claim_is_forwarded():
    payout = plan_forward(OLDEST, till(*ALL))
    assert refused(payout) is errors.BadForward  # It was claimed.
    open_ = replace(CONTEXT, claimed=frozenset())
    accepted = replace(open_, federations=(THIRD, FIRST), past=(SECOND,))
    assert refused(payout, accepted) is errors.BadForward
    treasury = held(FIRST, 5, 9, TREASURY_SCRIPT)
    known = replace(context(treasury), claimed=frozenset())
    assert refused(plan_forward(treasury, till(treasury)), known) is errors.BadForward
    second = held(FIRST, 60, 8, OLDEST.script)
    both = plan_migration(FIRST, BTM, till(OLDEST, second))
    assert both is not None
    program = lock_program(THIRD, CHAIN, OLDEST.script)
    together = replace(
        with_output(both, 0, program=program), withdrawal_id=payout.withdrawal_id
    )
    known = replace(context(OLDEST, second), claimed=frozenset())
    assert refused(together, known) is errors.BadForward
    twice = with_tx(payout, inputs=(*payout.tx.inputs, payout.tx.inputs[0]))
    assert refused(twice, open_) is errors.BadMerge
