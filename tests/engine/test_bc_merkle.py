"""Merkle roots and proofs against the reference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.bc import merkle
from devnet.engine.codec import from_hex
from tests.vectors import vectors

MERKLE = vectors("merkle")
fast = settings(derandomize=True, deadline=None, max_examples=100)


def hashes_of(texts: list[str]) -> list[bytes]:
    return [from_hex(text) for text in texts]


def n_of(case: dict[str, Any]) -> str:
    return f"{len(case['tx_ids'])}-transactions"


@pytest.mark.parametrize("case", MERKLE["cases"], ids=n_of)
def test_roots_are_the_references(case: dict[str, Any]) -> None:
    ids = hashes_of(case["tx_ids"])
    assert merkle.tx_root(ids).hex() == case["transactions_merkle_root"]
    root = merkle.status_root(case["status_fail"])
    assert root.hex() == case["transaction_status_hash"]


@pytest.mark.parametrize("case", MERKLE["cases"], ids=n_of)
def test_proofs_are_the_references(case: dict[str, Any]) -> None:
    ids = hashes_of(case["tx_ids"])
    for wanted in case["proofs"]:
        related = [ids[index] for index in wanted["matched_indexes"]]
        proof = merkle.build_proof(ids, related)
        assert list(proof.flags) == wanted["flags"]
        assert [one.hex() for one in proof.hashes] == wanted["tx_hashes"]
        statuses = merkle.status_hashes(case["status_fail"], proof.flags)
        assert [one.hex() for one in statuses] == wanted["status_hashes"]


@pytest.mark.parametrize("case", MERKLE["cases"], ids=n_of)
def test_the_references_proofs_hold_by_its_rule(case: dict[str, Any]) -> None:
    ids, failed = hashes_of(case["tx_ids"]), case["status_fail"]
    for proof in case["proofs"]:
        indexes, flags = proof["matched_indexes"], proof["flags"]
        holds = merkle.check_loose(
            hashes_of(proof["tx_hashes"]),
            flags,
            [ids[index] for index in indexes],
            merkle.tx_root(ids),
        )
        assert holds == proof["tx_proof_ok"]
        holds = merkle.check_loose(
            hashes_of(proof["status_hashes"]),
            flags,
            [merkle.status_text(failed[index]) for index in indexes],
            merkle.status_root(failed),
        )
        assert holds == proof["status_proof_ok"]


@pytest.mark.parametrize("case", MERKLE["validation"], ids=lambda case: case["note"])
def test_the_loose_rule_answers_as_the_reference(case: dict[str, Any]) -> None:
    holds = merkle.check_loose(
        hashes_of(case["tx_hashes"]),
        case["flags"],
        hashes_of(case["related_tx_ids"]),
        from_hex(case["root"]),
    )
    assert holds == case["ok"]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert merkle.merkle_root([]).hex() == MERKLE["empty_root"]


def test_five_leaves_split_into_four_and_one() -> None:
    items = [bytes([n]) * 32 for n in range(5)]
    left = merkle.merkle_root(items[:4])
    assert merkle.merkle_root(items) == merkle.node(left, merkle.leaf(items[4]))


def test_nothing_asked_for_is_proved_by_the_root() -> None:
    ids = [bytes([n]) * 32 for n in range(3)]
    proof = merkle.build_proof(ids, [])
    assert proof == merkle.MerkleProof((merkle.tx_root(ids),), (merkle.ASSIST,))


def test_an_unknown_id_has_an_empty_proof() -> None:
    ids = [bytes([n]) * 32 for n in range(3)]
    assert merkle.build_proof(ids, [b"\xff" * 32]) == merkle.MerkleProof((), ())


def test_a_walk_that_only_goes_down_ends() -> None:
    deep = [merkle.PARENT] * 5_000
    assert not merkle.check_loose([bytes(32)] * 5_000, deep, [], bytes(32))


@given(st.integers(1, 40), st.data())
@fast
def test_a_proof_holds_for_what_it_proves_and_for_nothing_else(
    n_transactions: int, data: st.DataObject
) -> None:
    ids = [n.to_bytes(32, "big") for n in range(n_transactions)]
    indexes = st.sets(st.integers(0, n_transactions - 1), min_size=1)
    chosen = sorted(data.draw(indexes))
    related = [ids[index] for index in chosen]

    proof = merkle.build_proof(ids, related)

    root = merkle.tx_root(ids)
    assert merkle.check_loose(proof.hashes, proof.flags, related, root)
    assert not merkle.check_loose(proof.hashes, proof.flags, related[1:], root)
    other = [b"\xff" * 32, *related[1:]]
    assert not merkle.check_loose(proof.hashes, proof.flags, other, root)
    failed = [index % 3 == 0 for index in range(n_transactions)]
    statuses = merkle.status_hashes(failed, proof.flags)
    assert len(statuses) == len(proof.hashes)
    texts = [merkle.status_text(failed[index]) for index in chosen]
    status_root = merkle.status_root(failed)
    assert merkle.check_loose(statuses, proof.flags, texts, status_root)
