"""Claims of the vectors: crafted, judged and explained byte for byte."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.bc.merkleblock import parse_merkle_block
from devnet.engine.errors import BadValue, ClaimError, CodecError, DevnetError
from devnet.engine.sidechain import claim_errors
from devnet.engine.sidechain.claims import CHECKS, check_claim, craft_claim, examine
from tests.engine.sidechain.peg import (
    COLLECTOR,
    changed,
    context,
    honest,
    key_of,
    make_lock,
    vector_claims,
    vector_collector,
    vector_context,
    vector_tx,
)

PAIRS = vector_claims()
NAMES = [claim["name"] for claim, _ in PAIRS]
each_vector = pytest.mark.parametrize(("claim", "lock"), PAIRS, ids=NAMES)


@each_vector
def test_the_crafted_claim_is_the_vectors_to_the_byte(claim, lock):
    tx = craft_claim(
        raw_transaction=bytes.fromhex(lock["lock_tx"]),
        position=lock["position"],
        merkle_block=parse_merkle_block(bytes.fromhex(claim["merkle_block"])),
        claim_script=bytes.fromhex(lock["claim_script"]),
        context=vector_context(claim, lock),
        collector_xprv=vector_collector(claim),
    )

    assert tx.raw.hex() == claim["claim_tx"]
    assert tx.id.hex() == claim["tx_id"]
    assert tx.mux_id.hex() == claim["mux_id"]
    assert tx.input_ids[0].hex() == claim["claim_entry_id"]
    assert [one.hex() for one in tx.result_ids] == claim["result_ids"]
    assert tx.sig_hash(0).hex() == claim["sighash_0"]
    assert tx.inputs[0].collector_auth.hex() == claim["collector_auth"]


@each_vector
def test_each_claim_of_the_vectors_gets_its_verdict(claim, lock):
    tx, ctx = vector_tx(claim), vector_context(claim, lock)

    if claim["proof_valid"]:
        facts = check_claim(tx, ctx)
        assert facts.lock_id.hex() == claim["mainchain_output_id"]
        assert facts.fee == claim["relay_fee"]
        assert facts.amount == lock["amount"]
        assert facts.main_tx_id.hex() == lock["lock_tx_id"]
        assert facts.block.hash.hex() == lock["block_hash"]
        assert all(one.verdict == "passed" for one in examine(tx, ctx))
    else:
        with pytest.raises(ClaimError) as caught:
            check_claim(tx, ctx)
        assert (caught.value.code, caught.value.check) == ("claim.lock-failed", "C9")


@each_vector
def test_one_lock_is_claimable_on_its_own_sidechain_only(claim, lock):
    foreign = vector_context(claim, lock, chain_id=b"\x01" * 32)

    with pytest.raises(claim_errors.NotFederation):
        check_claim(vector_tx(claim), foreign)


def test_checks_run_from_one_to_eighteen_and_each_says_why():
    assert [check.id for check in CHECKS] == [f"C{n}" for n in range(1, 19)]
    assert all(check.title and check.why for check in CHECKS)
    assert len({check.run for check in CHECKS}) == 18


def test_every_claim_error_belongs_to_a_check_and_has_its_own_code():
    classes = [
        one
        for one in DevnetError.by_code.values()
        if issubclass(one, ClaimError) and one is not ClaimError
    ]

    assert len(classes) > 30
    assert {one.check for one in classes} == {check.id for check in CHECKS}
    assert all(one.code.startswith("claim.") for one in classes)


def test_an_explanation_stops_at_the_first_check_that_fails():
    tx, ctx = honest()
    results = examine(changed(tx, parent_id=bytes(32)), ctx)

    verdicts = [one.verdict for one in results]

    assert verdicts == ["passed"] * 2 + ["failed"] + ["not reached"] * 15
    assert results[2].code == "claim.wrong-parent"
    assert "this sidechain's is bbbbbbbb" in results[2].reason
    assert results[0].reason and not results[3].reason


def test_bytes_that_are_no_transaction_fail_the_first_check():
    results = examine(b"\x07\x01", honest()[1])

    assert results[0].code == "claim.malformed"
    assert [one.verdict for one in results[1:]] == ["not reached"] * 17


def test_a_collector_that_takes_no_fee_makes_one_output():
    tx, _ = honest(relay_fee_ppm=0)

    assert len(tx.outputs) == 1
    assert tx.inputs[0].collector_auth[:32] == key_of(COLLECTOR)


def test_a_fee_below_one_unit_is_no_output():
    tx, ctx = honest(amount=999, relay_fee_ppm=1000)

    assert len(tx.outputs) == 1
    assert check_claim(tx, ctx).fee == 0


def test_a_claim_for_an_output_that_is_not_there_is_not_made():
    lock = make_lock()
    with pytest.raises(BadValue, match="no output 2"):
        craft_claim(
            raw_transaction=lock.tx.raw,
            position=2,
            merkle_block=lock.proof,
            claim_script=lock.script,
            context=context(lock.header),
        )


# Any bytes.

HONEST, CONTEXT = honest(relay_fee_ppm=1000, collector=COLLECTOR)
RAW = HONEST.raw
FIELDS = ("raw_transaction", "merkle_block", "collector_auth")


def refused_by_name(tx):
    """The claim is refused with an error of a check, or accepted; never a crash."""
    results = examine(tx, CONTEXT)
    failed = [one for one in results if one.verdict == "failed"]
    try:
        check_claim(tx, CONTEXT)
    except ClaimError as error:
        assert (failed[0].id, failed[0].code) == (error.check, error.code)
        return True
    assert not failed
    return False


@settings(max_examples=150)
@given(st.sampled_from(FIELDS), st.binary(max_size=400))
def test_any_bytes_in_the_witness_are_refused_by_name(field, data):
    if getattr(HONEST.inputs[0], field) != data:
        assert refused_by_name(changed(HONEST, **{field: data}))


@settings(max_examples=400)
@given(st.sampled_from(FIELDS), st.data())
def test_a_damaged_witness_is_refused_by_name_or_means_the_same(field, data):
    honest_bytes = getattr(HONEST.inputs[0], field)
    at = data.draw(st.integers(0, len(honest_bytes) - 1))
    damaged = bytearray(honest_bytes)
    damaged[at] ^= data.draw(st.integers(1, 255))

    tx = changed(HONEST, **{field: bytes(damaged)})

    if not refused_by_name(tx):
        # Only arguments of the mainchain transaction are free: no id holds them.
        assert field == "raw_transaction"
        assert tx.id == HONEST.id


@settings(max_examples=400)
@given(st.data())
def test_a_damaged_transaction_is_refused_by_name_or_means_the_same(data):
    at = data.draw(st.integers(0, len(RAW) - 1))
    damaged = bytearray(RAW)
    damaged[at] ^= data.draw(st.integers(1, 255))

    results = examine(bytes(damaged), CONTEXT)

    if all(one.verdict == "passed" for one in results):
        assert vector_id(bytes(damaged)) == HONEST.id
    else:
        assert [one.verdict for one in results].count("failed") == 1


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_said_to_be_a_claim_get_a_list(data):
    assert len(examine(data, CONTEXT)) == 18


def vector_id(raw):
    from devnet.engine.bc.transaction import parse_transaction

    try:
        return parse_transaction(raw, side=True).id
    except CodecError:
        return None
