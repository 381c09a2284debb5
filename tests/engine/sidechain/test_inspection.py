"""What the Claim inspector shows of honest, forged and broken claims."""

import random
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.bc.merkle import leaf
from devnet.engine.bc.transaction import BTM, Transaction
from devnet.engine.interfaces import Checkpoint
from devnet.engine.keys.accounts import key_program
from devnet.engine.sidechain.claims import check_claim
from devnet.engine.sidechain.inspection import TAMPERS, ClaimInspection, inspect_claim
from tests.engine.sidechain.peg import (
    ALICE,
    ANCHOR_HASH,
    COLLECTOR,
    GOLD,
    changed,
    context,
    honest,
    key_of,
    make_lock,
    vector_claims,
    vector_context,
    vector_tx,
)

LOCK = make_lock(n_txs=3, index=1, amount=1000)
CTX = context(LOCK.header, depth=8, relay_fee_ppm=2000)
TX = LOCK.claim(CTX)


def test_an_honest_claim_shows_lock_roots_path_and_payment():
    seen = inspect_claim(TX, CTX, LOCK.block)

    assert (seen.amount, seen.fee, seen.asset, seen.recipient) == (1000, 2, BTM, ALICE)
    assert seen.lock_block == Checkpoint(100, LOCK.header.hash)
    assert (seen.lock_tx_index, seen.n_lock_txs, seen.lock_output_index) == (1, 3, 1)
    assert seen.lock_id == LOCK.tx.result_ids[1] and seen.lock_tx_id == LOCK.tx.id
    assert (seen.depth, seen.anchor) == (8, Checkpoint(108, ANCHOR_HASH))
    assert seen.roots_equal and seen.header_root == LOCK.header.tx_root
    assert seen.status_computed_root == seen.status_header_root
    assert seen.status == "succeeded"
    assert [node.role for node in seen.nodes] == [
        "path", "path", "assist", "leaf", "assist",
    ]  # fmt: skip
    assert seen.nodes[3].hash == seen.leaf_expected == leaf(LOCK.tx.id)
    assert (seen.n_hashes, seen.proof_bytes) == (3, len(LOCK.proof.raw))
    assert seen.claim_bytes == TX.size and seen.claim_tx_id == TX.id
    assert seen.collector_key == key_of(COLLECTOR)
    assert seen.collector_program == key_program(key_of(COLLECTOR))
    assert [(paid.role, paid.amount) for paid in seen.paid] == [
        ("recipient", 998), ("collector", 2),
    ]  # fmt: skip
    assert seen.failed is None and seen.n_passed == 18
    assert [check.id for check in seen.checks] == [f"C{n}" for n in range(1, 19)]


def test_without_the_block_the_place_in_it_is_unknown():
    seen = inspect_claim(TX, CTX)
    other_block = inspect_claim(TX, CTX, make_lock(amount=7).block)

    assert (seen.lock_tx_index, seen.n_lock_txs) == (None, None)
    assert other_block.lock_tx_index is None


@pytest.mark.parametrize(
    ("claim", "lock"), vector_claims(), ids=lambda case: case.get("reason", "")
)
def test_inspections_of_the_vectors_show_their_values(claim, lock):
    seen = inspect_claim(vector_tx(claim), vector_context(claim, lock))

    assert seen.lock_id.hex() == claim["mainchain_output_id"]
    assert seen.computed_root.hex() == lock["tx_root"]
    assert seen.status_computed_root.hex() == lock["status_root"]
    assert seen.flags == tuple(lock["flags"])
    assert (seen.status == "failed") is (lock["tx_status"][lock["tx_index"]] == "fail")
    assert (seen.failed is None) is claim["proof_valid"]


HONEST = [
    honest(),
    honest(relay_fee_ppm=2000),
    honest(asset=GOLD, relay_fee_ppm=2000, n_txs=1, index=0),
    honest(amount=2**63 - 2, asset=GOLD, n_txs=7, index=6),
    honest(failed=True),
]


@pytest.mark.parametrize("name", TAMPERS)
@pytest.mark.parametrize(("tx", "ctx"), HONEST)
def test_each_forgery_breaks_the_check_that_it_says(name, tx, ctx):
    check_claim(tx, ctx)

    forged = TAMPERS[name](tx)
    seen = inspect_claim(forged, ctx)

    assert seen.failed is not None and seen.failed.id == TAMPERS[name].check
    assert seen.failed.reason and TAMPERS[name].sentence
    assert forged.raw != tx.raw


def test_forging_leaves_the_honest_claim_as_it_was():
    before = TX.raw
    for tamper in TAMPERS.values():
        tamper(TX)
    assert TX.raw == before
    check_claim(TX, CTX)


def test_a_forged_hash_shows_two_different_roots():
    seen = inspect_claim(TAMPERS["hash"](TX), CTX, LOCK.block)

    assert not seen.roots_equal and seen.computed_root
    assert seen.failed.code == "claim.merkle-mismatch"
    assert seen.failed.facts["computed"] == seen.computed_root


def test_bytes_that_are_nothing_are_shown_as_nothing():
    seen = inspect_claim(b"nonsense", CTX)

    assert seen.claim_bytes == 8 and seen.claim_tx_id == b""
    assert (seen.nodes, seen.paid, seen.lock_block, seen.depth) == ((), (), None, None)
    assert not seen.roots_equal
    assert seen.failed.id == "C1"


def test_a_transaction_without_a_claim_is_shown_without_a_lock():
    plain = Transaction(1, 0, (), (), side=True)

    seen = inspect_claim(plain, CTX)

    assert seen.lock_id == b"" and seen.failed.code == "claim.shape"


@settings(max_examples=300)
@given(st.data())
def test_any_damage_to_a_claim_can_be_looked_at(data):
    raw = bytearray(TX.raw)
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    seen = inspect_claim(bytes(raw), CTX, LOCK.block)

    assert len(seen.checks) == 18
    assert {field.name for field in fields(ClaimInspection)} >= {"nodes", "checks"}


def test_any_proof_can_be_looked_at():
    chance = random.Random(7)
    for _ in range(200):
        data = chance.randbytes(chance.randrange(400))
        seen = inspect_claim(changed(TX, merkle_block=data), CTX, LOCK.block)
        assert seen.failed.code == "claim.malformed"
        assert seen.proof_bytes == len(data)


def test_a_claim_before_its_block_is_settled_shows_a_negative_depth():
    ctx = replace(CTX, anchor=Checkpoint(98, ANCHOR_HASH))

    assert inspect_claim(TX, ctx).depth == -2
