"""Each check C1 to C18 alone: what it takes, and each way in which it refuses."""

from dataclasses import replace

import pytest

from devnet.engine.bc.merkle import leaf, status_hashes
from devnet.engine.bc.merkleblock import (
    BadFlag,
    BadStatusProof,
    LockFailed,
    ManyLeaves,
    MerkleMismatch,
    NoLeaf,
    OtherLeaf,
    ProofTooLong,
    StatusMismatch,
)
from devnet.engine.bc.transaction import BTM, Output, Spend
from devnet.engine.errors import ClaimError
from devnet.engine.federation.programs import treasury_program
from devnet.engine.keys.accounts import key_program
from devnet.engine.sidechain import claim_checks as checks
from devnet.engine.sidechain import claim_errors as errors
from devnet.engine.sidechain.claim_case import Case
from devnet.engine.sidechain.claims import CHECKS, check_claim, sign_claim
from tests.engine.sidechain.peg import (
    ALICE,
    CHAIN_ID,
    COLLECTORS,
    GOLD,
    MEMBERS,
    OLD_MEMBERS,
    STRANGER,
    OneBlock,
    changed,
    context,
    honest,
    key_of,
    make_lock,
    paying,
)

HONEST, CTX = honest(relay_fee_ppm=2000)
CLAIM = HONEST.inputs[0]


def found(check, tx=HONEST, ctx=CTX):
    """What one check alone says of a claim."""
    return check(Case(tx, ctx))


def refusal(check, error, tx=HONEST, ctx=CTX):
    """The error with which one check alone refuses a claim, asked for by class."""
    with pytest.raises(ClaimError) as caught:
        check(Case(tx, ctx))
    assert type(caught.value) is error
    return caught.value


def first_refusal(tx, ctx=CTX):
    """Code of the first check of all that refuses."""
    with pytest.raises(ClaimError) as caught:
        check_claim(tx, ctx)
    return caught.value.check, caught.value.code


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_each_check_takes_an_honest_claim_and_says_what_it_found(check):
    assert found(check.run)


# C1: one form.


def test_c1_refuses_a_second_input():
    spend = Spend(bytes(32), BTM, 1, 0, STRANGER)
    for inputs in ((CLAIM, CLAIM), (CLAIM, spend), (spend,), ()):
        tx = replace(HONEST, inputs=inputs, received=None)
        refusal(checks.one_form, errors.ClaimShape, tx)
        assert first_refusal(tx) == ("C1", "claim.shape")


@pytest.mark.parametrize("change", [{"version": 2}, {"time_range": 9}, {"side": False}])
def test_c1_refuses_another_version_time_range_or_dialect(change):
    refusal(
        checks.one_form, errors.ClaimShape, replace(HONEST, received=None, **change)
    )


def test_c1_refuses_a_longer_way_to_write_the_same():
    raw = HONEST.raw
    longer = raw[:1] + b"\x81\x00" + raw[2:]
    tx = replace(HONEST, received=longer)
    assert tx.id == HONEST.id

    refusal(checks.one_form, errors.ClaimMalformed, tx)


def test_c1_refuses_a_byte_behind_the_transaction_or_the_proof():
    refusal(
        checks.one_form,
        errors.ClaimMalformed,
        replace(HONEST, received=HONEST.raw + b"\x00"),
    )
    tx = changed(HONEST, merkle_block=CLAIM.merkle_block + b"\x00")
    refusal(checks.one_form, errors.ClaimMalformed, tx)


@pytest.mark.parametrize("length", [1, 32, 64, 95, 97])
def test_c1_refuses_a_collectors_part_of_another_length(length):
    tx = changed(HONEST, collector_auth=bytes(length))
    refusal(checks.one_form, errors.ClaimMalformed, tx)


@pytest.mark.parametrize(
    ("field", "most"),
    [("raw_transaction", 200_000), ("merkle_block", 8192), ("claim_script", 34)],
)
def test_c1_refuses_parts_above_their_limits(field, most):
    tx = changed(HONEST, **{field: bytes(most + 1)})
    assert str(most) in refusal(checks.one_form, errors.ClaimTooBig, tx).message


def test_c1_refuses_values_that_cannot_be_written():
    tx = changed(HONEST, amount=2**63)
    refusal(checks.one_form, errors.ClaimMalformed, tx)


# C2: once.


def test_c2_refuses_a_lock_that_is_claimed_already():
    taken = {CLAIM.mainchain_output_id}
    ctx = replace(CTX, is_claimed=taken.__contains__)

    refusal(checks.not_claimed_before, errors.ClaimReplayed, ctx=ctx)
    assert first_refusal(HONEST, ctx) == ("C2", "claim.replayed")


def test_c2_knows_a_lock_however_its_witness_is_written():
    lock = make_lock()
    other_arguments = replace(
        lock.tx,
        inputs=(replace(lock.tx.inputs[0], arguments=(b"another", b"pair", b"")),),
        received=None,
    )
    assert other_arguments.raw != lock.tx.raw
    ctx = context(lock.header)
    one = lock.claim(ctx)
    two = replace(lock, tx=other_arguments).claim(ctx)
    assert one.raw != two.raw

    check_claim(one, ctx)
    check_claim(two, ctx)

    assert one.inputs[0].mainchain_output_id == two.inputs[0].mainchain_output_id
    taken = {one.inputs[0].mainchain_output_id}
    ctx = replace(ctx, is_claimed=taken.__contains__)
    assert first_refusal(two, ctx) == ("C2", "claim.replayed")


# C3: the right chain.


def test_c3_refuses_a_claim_on_another_mainchain():
    tx = changed(HONEST, parent_id=b"\x01" * 32)

    error = refusal(checks.parent_is_ours, errors.WrongParent, tx)

    assert error.facts == {"expected": CTX.parent_id, "found": b"\x01" * 32}
    assert first_refusal(tx) == ("C3", "claim.wrong-parent")


# C4: readable.


@pytest.mark.parametrize("raw", [b"", b"\x07", CLAIM.raw_transaction[:-1], HONEST.raw])
def test_c4_refuses_what_is_no_mainchain_transaction(raw):
    tx = changed(HONEST, raw_transaction=raw)

    refusal(checks.lock_transaction_is_readable, errors.BadRawTransaction, tx)
    assert first_refusal(tx) == ("C4", "claim.bad-transaction")


def test_c4_computes_the_id_and_believes_none():
    tx = changed(HONEST, raw_transaction=make_lock(amount=7).tx.raw)

    assert found(checks.lock_transaction_is_readable, tx) != found(
        checks.lock_transaction_is_readable
    )


# C5: this very output.


@pytest.mark.parametrize("position", [2, 3, 2**40, 2**63 - 1])
def test_c5_refuses_a_position_that_is_not_there(position):
    tx = changed(HONEST, source_position=position)

    refusal(checks.output_is_the_lock, errors.NoSuchOutput, tx)
    assert first_refusal(tx) == ("C5", "claim.no-such-output")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": 1_000_000}, "holds 1000, the claim says 1000000"),
        ({"asset": GOLD}, "holds BTM, the claim says 60606060"),
        ({"program": STRANGER}, "pays program"),
        ({"source_id": bytes(32)}, "the claim says 00000000"),
        ({"source_position": 0}, "holds 5, the claim says 1000"),
    ],
)
def test_c5_refuses_each_value_that_differs_and_names_both(change, words):
    tx = changed(HONEST, **change)

    error = refusal(checks.output_is_the_lock, errors.OutputMismatch, tx)

    assert words in error.message
    assert first_refusal(tx) == ("C5", "claim.output-mismatch")


def test_c5_stops_inflation_and_the_exchange_of_junk_for_btm():
    junk, ctx = honest(asset=GOLD)
    as_btm = paying(changed(junk, asset=BTM), replace(junk.outputs[0], asset=BTM))
    times_1000 = paying(
        changed(junk, amount=1_000_000), replace(junk.outputs[0], amount=1_000_000)
    )

    for forged in (as_btm, times_1000):
        assert first_refusal(forged, ctx) == ("C5", "claim.output-mismatch")


def test_c5_does_not_take_a_retirement_for_a_lock():
    tx, ctx = honest(program=b"\x6a")
    assert tx.inputs[0].program == b"\x6a"

    refusal(checks.output_is_the_lock, errors.OutputMismatch, tx, ctx)


# C6: really locked, for this recipient on this sidechain.


def test_c6_refuses_another_recipients_script():
    tx = changed(HONEST, claim_script=STRANGER)

    refusal(checks.federation_holds_it, errors.NotFederation, tx)
    assert first_refusal(tx) == ("C6", "claim.not-federation")


def test_c6_refuses_a_lock_for_another_sidechain():
    tx, ctx = honest(chain_id=b"\x99" * 32)

    assert first_refusal(tx, ctx) == ("C6", "claim.not-federation")


def test_c6_refuses_an_output_that_the_federation_does_not_hold():
    tx, ctx = honest(program=STRANGER)

    assert first_refusal(tx, ctx) == ("C6", "claim.not-federation")


def test_c6_takes_the_previous_epochs_lock_while_it_is_accepted():
    tx, ctx = honest(members=OLD_MEMBERS)

    both = replace(ctx, federations=(MEMBERS, OLD_MEMBERS))
    assert "1 epochs ago" in found(checks.federation_holds_it, tx, both)
    only_new = replace(ctx, federations=(MEMBERS,))
    assert first_refusal(tx, only_new) == ("C6", "claim.not-federation")
    expired = replace(only_new, past=(OLD_MEMBERS,))
    error = refusal(
        checks.federation_holds_it, errors.ExpiredFederation, tx, ctx=expired
    )
    assert error.facts["epochs_ago"] == 1 and "accepted no more" in error.message


def test_c6_refuses_everything_without_a_federation_or_of_another_vm():
    nobody = replace(CTX, federations=())
    refusal(checks.federation_holds_it, errors.NotFederation, ctx=nobody)
    other_vm = changed(HONEST, vm_version=2)
    refusal(checks.federation_holds_it, errors.NotFederation, other_vm)


# C7: somebody can be paid.


@pytest.mark.parametrize(
    "script",
    [b"", b"\x51", b"\x6a", b"\x00\x14" + bytes(19), b"\x51\x14" + bytes(20),
     b"\x00\x20" + bytes(31), b"\x00\x15" + bytes(20)],
)  # fmt: skip
def test_c7_refuses_scripts_that_pay_neither_a_key_nor_a_script(script):
    tx, ctx = honest(script=script)

    assert first_refusal(tx, ctx) == ("C7", "claim.bad-recipient")


def test_c7_keeps_the_treasury_from_being_claimed():
    tx, ctx = honest(script=b"", program=treasury_program(MEMBERS, CHAIN_ID))

    assert first_refusal(tx, ctx) == ("C7", "claim.bad-recipient")


def test_c7_takes_a_script_as_recipient():
    tx, ctx = honest(script=b"\x00\x20" + bytes(32))

    assert found(checks.recipient_can_be_paid, tx, ctx) == "a script"
    check_claim(tx, ctx)


# C8: it was mined.


def with_proof(tx=HONEST, **changes):
    proof = replace(Case(tx, CTX).proof, **changes)
    return changed(tx, merkle_block=proof.raw)


PROOF = Case(HONEST, CTX).proof


@pytest.mark.parametrize(
    ("what", "changes", "error"),
    [
        ("proof of nothing",
         {"tx_hashes": (PROOF.header.tx_root,), "flags": (0,)}, NoLeaf),
        ("flags that count", {"flags": tuple(range(len(PROOF.flags)))}, BadFlag),
        ("no flags at all", {"flags": (), "tx_hashes": ()}, NoLeaf),
        ("two leaves", {"flags": (1, 0, 1, 2, 2)}, ManyLeaves),
        ("a hash more", {"tx_hashes": (*PROOF.tx_hashes, bytes(32))}, ProofTooLong),
        ("a flag more", {"flags": (*PROOF.flags, 0)}, ProofTooLong),
        ("another assist", {"tx_hashes": (bytes(32), *PROOF.tx_hashes[1:])},
         MerkleMismatch),
        ("header of another block", {"header": make_lock(amount=3).header},
         MerkleMismatch),
        ("another transaction's leaf",
         {"flags": (1, 0, 1, 0, 2)}, OtherLeaf),
    ],
)  # fmt: skip
def test_c8_refuses_every_forged_walk(what, changes, error):
    assert PROOF.flags == (1, 0, 1, 2, 0)
    tx = with_proof(**changes)

    refusal(checks.proof_reaches_the_header, error, tx)
    assert first_refusal(tx) == ("C8", error.code)


def test_c8_refuses_an_invented_lock_under_a_real_proof():
    """Early Vapor never compared the transaction with the proof."""
    mined, invented = make_lock(), make_lock(amount=2_000_000_000)
    ctx = context(mined.header)
    honest_claim = mined.claim(ctx)
    tx = changed(invented.claim(ctx), merkle_block=honest_claim.inputs[0].merkle_block)

    assert first_refusal(tx, ctx) == ("C8", "claim.proof-other-leaf")


# C9: it succeeded.


def test_c9_refuses_a_failed_lock_of_another_asset():
    tx, ctx = honest(asset=GOLD, failed=True)

    refusal(checks.lock_succeeded, LockFailed, tx, ctx)
    assert first_refusal(tx, ctx) == ("C9", "claim.lock-failed")


def test_c9_takes_a_failed_lock_of_btm():
    tx, ctx = honest(asset=BTM, failed=True)

    assert found(checks.lock_succeeded, tx, ctx).startswith("failed")
    assert found(checks.lock_succeeded) == "succeeded"
    check_claim(tx, ctx)


def test_c9_refuses_failed_btm_where_rule_aa_does_not_guard_the_mainchain():
    lock = make_lock(asset=BTM, failed=True)
    ctx = context(lock.header, failed_btm_counts=False)
    tx = lock.claim(ctx)

    refusal(checks.lock_succeeded, LockFailed, tx, ctx)
    assert first_refusal(tx, ctx) == ("C9", "claim.lock-failed")


def test_c9_takes_btm_of_a_success_whatever_guards_the_mainchain():
    lock = make_lock(asset=BTM)
    ctx = context(lock.header, failed_btm_counts=False)

    check_claim(lock.claim(ctx), ctx)


def test_c9_refuses_a_failed_status_shown_as_a_good_one():
    lock = make_lock(asset=GOLD, failed=True)
    good = status_hashes([False] * 4, lock.proof.flags)
    ctx = context(lock.header)
    tx = changed(
        lock.claim(ctx), merkle_block=replace(lock.proof, status_hashes=good).raw
    )

    refusal(checks.lock_succeeded, StatusMismatch, tx, ctx)
    assert first_refusal(tx, ctx) == ("C9", "claim.status-mismatch")


def test_c9_refuses_a_status_walk_of_another_length():
    for hashes in (PROOF.status_hashes[:-1], (*PROOF.status_hashes, bytes(32))):
        refusal(checks.lock_succeeded, BadStatusProof, with_proof(status_hashes=hashes))


def test_c9_refuses_a_leaf_that_is_no_status():
    strange = b'{"status_fail":false}'
    header = replace(PROOF.header, status_root=leaf(strange))
    proof = replace(PROOF, header=header, flags=(2,), status_hashes=(leaf(strange),))
    tx = changed(HONEST, merkle_block=proof.raw)

    refusal(checks.lock_succeeded, BadStatusProof, tx)


# C10: settled.


def test_c10_refuses_a_header_that_was_invented():
    lock = make_lock()
    header = replace(lock.header, timestamp=1)
    tx = changed(
        lock.claim(context(lock.header)),
        merkle_block=replace(lock.proof, header=header).raw,
    )

    error = refusal(
        checks.header_is_settled, errors.UnknownHeader, tx, context(lock.header)
    )

    assert error.facts["expected"] == lock.header.hash
    assert first_refusal(tx, context(lock.header)) == ("C10", "claim.unknown-header")


def test_c10_refuses_a_block_of_a_branch_that_lost():
    ctx = replace(CTX, main=OneBlock(PROOF.header.height, b"\x99" * 32))
    refusal(checks.header_is_settled, errors.UnknownHeader, ctx=ctx)
    nothing = replace(CTX, main=OneBlock(0, b"\x99" * 32))
    refusal(checks.header_is_settled, errors.UnknownHeader, ctx=nothing)


def test_c10_refuses_a_lock_above_the_anchor_and_takes_one_in_it():
    lock = make_lock()
    above = context(lock.header, depth=-1)
    in_it = context(lock.header, depth=0)

    refusal(checks.header_is_settled, errors.NotSettled, lock.claim(above), above)
    assert found(checks.header_is_settled, lock.claim(in_it), in_it)


# C11: mature.


def test_c11_refuses_a_coinbase_of_fewer_than_a_hundred_blocks():
    tx, ctx = honest(coinbase=True, depth=99, index=0)

    refusal(checks.coinbase_is_mature, errors.ImmatureCoinbase, tx, ctx)
    assert first_refusal(tx, ctx) == ("C11", "claim.immature-coinbase")


def test_c11_takes_a_coinbase_of_a_hundred_blocks():
    tx, ctx = honest(coinbase=True, depth=100, index=0)

    check_claim(tx, ctx)
    assert found(checks.coinbase_is_mature, tx, ctx) == "100 blocks below the anchor"


# C12: to whom it belongs.

PAID, FEE = HONEST.outputs


def test_c12_refuses_a_stranger_as_recipient_or_as_collector():
    for outputs in (
        (replace(PAID, program=STRANGER), FEE),
        (PAID, replace(FEE, program=STRANGER)),
    ):
        tx = paying(HONEST, *outputs)
        refusal(checks.outputs_pay_the_recipient, errors.WrongRecipient, tx)
        assert first_refusal(tx) == ("C12", "claim.wrong-recipient")


@pytest.mark.parametrize(
    "outputs",
    [
        (),
        (PAID,),
        (PAID, FEE, Output(BTM, 1, STRANGER)),
        (replace(PAID, amount=PAID.amount - 1), FEE),
        (replace(PAID, amount=PAID.amount + 1), FEE),
        (replace(PAID, asset=GOLD), FEE),
        (PAID, replace(FEE, asset=GOLD)),
        (replace(PAID, vm_version=2), FEE),
        (replace(PAID, amount=1000), replace(FEE, amount=0)),
    ],
)
def test_c12_refuses_any_other_outputs(outputs):
    tx = paying(HONEST, *outputs)

    refusal(checks.outputs_pay_the_recipient, errors.WrongOutputs, tx)
    assert first_refusal(tx) == ("C12", "claim.wrong-outputs")


def test_c12_refuses_a_fee_that_nobody_signed_for():
    tx = changed(HONEST, collector_auth=b"")

    refusal(checks.outputs_pay_the_recipient, errors.WrongOutputs, tx)


# C13: the exact fee.


@pytest.mark.parametrize("more", [1, -1, 500])
def test_c13_refuses_a_greedy_and_a_generous_collector(more):
    tx = paying(
        HONEST,
        replace(PAID, amount=PAID.amount - more),
        replace(FEE, amount=FEE.amount + more),
    )

    error = refusal(checks.fee_is_exact, errors.WrongFee, tx)

    assert error.facts == {"expected": 2, "found": 2 + more}
    assert first_refusal(tx) == ("C13", "claim.wrong-fee")


def test_c13_refuses_a_fee_of_a_claim_without_collector():
    refusal(checks.fee_is_exact, errors.WrongFee, changed(HONEST, collector_auth=b""))


def test_c13_rounds_down():
    tx, ctx = honest(amount=1999, relay_fee_ppm=1000)
    assert tx.outputs[1].amount == 1
    check_claim(tx, ctx)


# C14: the collector's turn.


def test_c14_refuses_an_unsigned_claim_in_the_grace_period():
    tx, ctx = honest(collector=None, depth=19)

    refusal(checks.collector_signed, errors.CollectorMissing, tx, ctx)
    assert first_refusal(tx, ctx) == ("C14", "claim.collector-missing")


def test_c14_takes_anybodys_claim_after_the_grace_period_without_fee():
    tx, ctx = honest(collector=None, depth=20, relay_fee_ppm=2000)

    assert len(tx.outputs) == 1
    assert check_claim(tx, ctx).fee == 0


def test_c14_refuses_a_false_signature_whichever_half_is_false():
    for at in (32, 63, 64, 95):
        auth = bytearray(CLAIM.collector_auth)
        auth[at] ^= 1
        tx = changed(HONEST, collector_auth=bytes(auth))
        refusal(checks.collector_signed, errors.BadCollectorSignature, tx)
        assert first_refusal(tx) == ("C14", "claim.collector-signature")


def test_c14_refuses_a_signature_over_another_claim():
    other, _ = honest(amount=5000, relay_fee_ppm=2000)
    tx = changed(HONEST, collector_auth=other.inputs[0].collector_auth)

    refusal(checks.collector_signed, errors.BadCollectorSignature, tx)


def test_c14_refuses_a_stranger_that_signs_for_itself():
    stranger = COLLECTORS[2]
    paid_to_stranger = replace(FEE, program=key_program(key_of(stranger)))
    tx = sign_claim(paying(HONEST, PAID, paid_to_stranger), stranger)

    error = refusal(checks.collector_signed, errors.NotYourTurn, tx)
    assert error.message.endswith("no collector")
    assert first_refusal(tx) == ("C14", "claim.collector-turn")


def test_c14_gives_each_collector_its_turn_and_after_some_blocks_the_next():
    keys = tuple(map(key_of, COLLECTORS))
    lock = make_lock()
    first = int.from_bytes(lock.tx.result_ids[1], "big") % 3
    for age, n_allowed in ((0, 1), (2, 1), (3, 2), (5, 2), (6, 3), (19, 3)):
        ctx = context(lock.header, depth=age, collectors=keys)
        accepted = []
        for place, xprv in enumerate(COLLECTORS):
            try:
                check_claim(lock.claim(ctx, xprv), ctx)
            except errors.NotYourTurn as error:
                assert "not yet this collector's turn" in error.message
                continue
            accepted.append(place)
        assert sorted((first + step) % 3 for step in range(n_allowed)) == accepted


def test_c14_without_collectors_takes_only_what_nobody_signed():
    ctx = replace(CTX, collectors=())
    refusal(checks.collector_signed, errors.NotYourTurn, ctx=ctx)


# C15: no value of its own.


@pytest.mark.parametrize(
    "outputs",
    [
        (replace(PAID, amount=10**6), FEE),
        (PAID, FEE, Output(GOLD, 1, STRANGER)),
        (replace(PAID, amount=1000), replace(FEE, amount=0)),
        (),
    ],
)
def test_c15_refuses_outputs_that_hold_more_less_or_something_else(outputs):
    tx = paying(HONEST, *outputs)
    refusal(checks.value_in_is_value_out, errors.ValueMismatch, tx)


@pytest.mark.parametrize(
    ("amount", "outputs"), [(0, ()), (2**63, (replace(PAID, amount=2**63),))]
)
def test_c15_refuses_amounts_out_of_range_even_when_they_balance(amount, outputs):
    tx = paying(changed(HONEST, amount=amount), *outputs)
    refusal(checks.value_in_is_value_out, errors.ValueMismatch, tx)


def test_c15_takes_a_lock_of_one_unit_and_of_the_most_that_there_can_be():
    for amount in (1, 2**63 - 1):
        tx, ctx = honest(amount=amount, asset=GOLD)
        check_claim(tx, ctx)


# C16: it must not fail here.


def test_c16_refuses_a_claim_that_would_be_mined_as_failed():
    for broken in (
        paying(HONEST, replace(PAID, amount=PAID.amount + 1), FEE),
        paying(HONEST, PAID, FEE, Output(BTM, 0, ALICE)),
        replace(HONEST, version=2, received=None),
    ):
        refusal(checks.transaction_succeeds, errors.FailedStatus, broken)


# C17: the peg rests.


def test_c17_refuses_everything_while_the_peg_is_frozen():
    ctx = replace(CTX, frozen=True)

    refusal(checks.peg_is_open, errors.PegFrozen, ctx=ctx)
    assert first_refusal(HONEST, ctx) == ("C17", "claim.frozen")


def test_c17_refuses_everything_while_a_swap_closes():
    ctx = replace(CTX, closing=True)

    refusal(checks.peg_is_open, errors.PegClosing, ctx=ctx)
    assert first_refusal(HONEST, ctx) == ("C17", "claim.closing")


# C18: room.


def test_c18_takes_sixty_four_claims_a_block_and_not_one_more():
    last = replace(CTX, claims_before=63)
    full = replace(CTX, claims_before=64)

    assert found(checks.block_has_room, ctx=last) == "claim 64 of at most 64"
    refusal(checks.block_has_room, errors.TooManyClaims, ctx=full)
    assert first_refusal(HONEST, full) == ("C18", "claim.too-many")


# Together.


@pytest.mark.parametrize("n_txs", [1, 2, 3, 5, 9, 16])
def test_a_lock_anywhere_in_a_block_is_claimable(n_txs):
    for index in range(n_txs):
        tx, ctx = honest(n_txs=n_txs, index=index)
        check_claim(tx, ctx)


def test_a_made_up_block_with_a_matching_proof_still_needs_the_mainchain():
    """All but the work can be invented; C10 is what asks for the work."""
    real, fake = make_lock(), make_lock(amount=10**12)
    ctx = context(real.header)

    assert first_refusal(fake.claim(ctx), ctx) == ("C10", "claim.unknown-header")
