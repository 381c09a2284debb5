"""The strict proof rule: the vectors' verdicts, and byte-level attacks on a proof."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.bc.block import parse_header
from devnet.engine.bc.merkle import build_proof, leaf, merkle_root, status_hashes
from devnet.engine.bc.merkleblock import (
    MAX_DEPTH,
    BadFlag,
    ManyLeaves,
    MerkleBlock,
    MerkleMismatch,
    NoLeaf,
    NotCanonical,
    OtherLeaf,
    ProofError,
    ProofTooDeep,
    ProofTooLong,
    ProofTooShort,
    SpelledOut,
    StatusError,
    fold,
    parse_merkle_block,
    strict_check,
)
from devnet.engine.bc.prooftree import proof_nodes
from devnet.engine.codec import CodecError, varint
from devnet.engine.errors import ClaimError
from tests.vectors import vectors

CASES = vectors("claim")["proofs"]
CLAIMS = vectors("claim")["claims"]
CODES = {
    "honest proof": None,
    "proof of nothing: the root itself as an assist hash": "claim.proof-of-nothing",
    "flags replaced by their indices": "claim.proof-flag",
    "proof of the coinbase offered for the lock": "claim.proof-other-leaf",
    "one assist hash altered": "claim.merkle-mismatch",
    "extra hash at the end": "claim.proof-too-long",
    "extra flag at the end": "claim.proof-too-long",
    "last hash missing": "claim.proof-too-short",
    "status proof of the other block": "claim.status-proof",
    "status leaf flipped": "claim.status-mismatch",
    "header of the other block": "claim.merkle-mismatch",
    "two leaves marked": "claim.proof-many-leaves",
    "failed transaction, other asset": "claim.lock-failed",
    "failed transaction, BTM": None,
    "canonical proof over four leaves": None,
    "the same with an assist spelled out as a parent of two assists":
        "claim.proof-not-a-path",
}  # fmt: skip


def proof_of(case):
    return MerkleBlock(
        parse_header(bytes.fromhex(case["block_header"])),
        tuple(map(bytes.fromhex, case["tx_hashes"])),
        tuple(case["flags"]),
        tuple(map(bytes.fromhex, case["status_hashes"])),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_each_proof_gets_its_verdict_by_the_right_name(case):
    expected, tx_id = CODES[case["name"]], bytes.fromhex(case["tx_id"])
    assert case["valid"] is (expected is None)

    if expected is None:
        strict_check(proof_of(case), tx_id, asset_is_btm=case["asset_is_btm"])
    else:
        with pytest.raises(ClaimError) as caught:
            strict_check(proof_of(case), tx_id, asset_is_btm=case["asset_is_btm"])
        assert caught.value.code == expected


def test_walk_errors_belong_to_check_eight_and_status_errors_to_check_nine():
    assert ProofError.check == "C8"
    assert StatusError.check == "C9"


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim["name"])
def test_merkle_blocks_are_read_and_written_as_in_the_vectors(claim):
    raw = bytes.fromhex(claim["merkle_block"])

    assert parse_merkle_block(raw).raw == raw


@pytest.mark.parametrize("n_transactions", [*range(1, 18), 64, 65])
def test_every_place_in_every_block_has_one_proof_that_holds(n_transactions):
    ids = [bytes([index]) * 32 for index in range(n_transactions)]
    for index, tx_id in enumerate(ids):
        proof = build_proof(ids, [tx_id])
        good = [False] * n_transactions

        folded = fold(proof.flags, proof.hashes)

        assert folded.root == merkle_root(ids)
        assert folded.leaf == leaf(tx_id)
        status = fold(proof.flags, status_hashes(good, proof.flags))
        assert status.leaf == leaf(b"{}"), index


def test_a_chain_of_parents_deeper_than_any_block_is_refused():
    def left(depth):
        flags = [1] * depth + [2] + [0] * depth
        return flags, [bytes(32)] * (depth + 1)

    def right(depth):
        return [1, 0] * depth + [2], [bytes(32)] * (depth + 1)

    for comb in (left, right):
        assert fold(*comb(MAX_DEPTH))
        with pytest.raises(ProofTooDeep):
            fold(*comb(MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("flags", "n_hashes", "error"),
    [
        ([], 0, NoLeaf),
        ([0], 1, NoLeaf),
        ([1, 0, 0], 2, NoLeaf),
        ([2, 2], 2, ManyLeaves),
        ([1, 2, 2], 2, ManyLeaves),
        ([3], 1, BadFlag),
        ([2], 0, ProofTooShort),
        ([1, 2], 1, ProofTooShort),
        ([2], 2, ProofTooLong),
        ([2, 0], 1, ProofTooLong),
        ([1, 2, 1, 0, 0], 3, SpelledOut),
        ([1, 1, 0, 0, 2], 3, SpelledOut),
    ],
)
def test_a_walk_that_is_not_one_path_to_one_leaf_is_refused(flags, n_hashes, error):
    with pytest.raises(error):
        fold(flags, [bytes(32)] * n_hashes)


def test_a_single_transaction_is_proved_by_its_own_leaf():
    folded = fold([2], [leaf(b"\x01" * 32)])

    assert folded.root == folded.leaf == leaf(b"\x01" * 32)


def test_an_inner_node_cannot_pass_for_a_leaf():
    proof = proof_of(CASES[0])
    folded_pair = fold([1, 2, 0], proof.tx_hashes[1:3]).root

    with pytest.raises(OtherLeaf):
        strict_check(
            replace(
                proof,
                tx_hashes=(proof.tx_hashes[0], folded_pair, proof.tx_hashes[3]),
                flags=(1, 1, 0, 2, 0),
            ),
            bytes.fromhex(CASES[0]["tx_id"]),
            asset_is_btm=True,
        )


def test_any_changed_hash_changes_the_root():
    proof, tx_id = proof_of(CASES[0]), bytes.fromhex(CASES[0]["tx_id"])
    for index in range(len(proof.tx_hashes)):
        hashes = list(proof.tx_hashes)
        hashes[index] = bytes(32)
        with pytest.raises((MerkleMismatch, OtherLeaf)):
            strict_check(
                replace(proof, tx_hashes=tuple(hashes)), tx_id, asset_is_btm=True
            )


RAW = bytes.fromhex(CLAIMS[1]["merkle_block"])


@pytest.mark.parametrize(
    ("what", "raw"),
    [
        ("nothing", b""),
        ("a byte more", RAW + b"\x00"),
        ("a byte less", RAW[:-1]),
        ("a longer header length", b"\xf5\x00" + RAW[1:]),
        ("a full block's flag in the header", RAW[:1] + b"\x03" + RAW[2:]),
        ("a header with a byte more", varint(118) + RAW[1:118] + b"\x00" + RAW[118:]),
        ("more than the limit", RAW + bytes(8192)),
    ],
)
def test_a_merkle_block_in_another_form_is_refused(what, raw):
    with pytest.raises(CodecError):
        parse_merkle_block(raw)


def test_a_merkle_block_ends_at_its_limit():
    proof = parse_merkle_block(RAW)
    n_most = (8192 - len(replace(proof, tx_hashes=()).raw)) // 32
    fits = replace(proof, tx_hashes=(bytes(32),) * (n_most - 1)).raw

    assert parse_merkle_block(fits).raw == fits
    with pytest.raises(NotCanonical, match="8192 are allowed"):
        parse_merkle_block(replace(proof, tx_hashes=(bytes(32),) * (n_most + 1)).raw)


def test_a_longer_number_inside_is_not_canonical():
    at = 1 + RAW[0]
    assert RAW[at] == 4

    with pytest.raises(NotCanonical):
        parse_merkle_block(RAW[:at] + b"\x84\x00" + RAW[at + 1 :])


@given(st.binary(max_size=300))
def test_any_bytes_are_a_merkle_block_or_refused_by_name(data):
    with pytest.raises(CodecError):
        parse_merkle_block(data)


@settings(max_examples=300)
@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 20))
def test_any_walk_folds_or_is_refused_and_can_always_be_drawn(flags, n_hashes):
    hashes = tuple(bytes([n]) * 32 for n in range(n_hashes))
    header = parse_header(bytes.fromhex(CASES[0]["block_header"]))
    nodes = proof_nodes(MerkleBlock(header, hashes, tuple(flags), hashes))
    try:
        folded = fold(flags, hashes)
    except ProofError:
        return
    assert nodes[0].hash == folded.root
    assert [one.hash for one in nodes if one.role == "leaf"] == [folded.leaf]


def test_the_drawn_tree_of_an_honest_proof_is_its_path():
    nodes = proof_nodes(proof_of(CASES[0]))

    assert [node.role for node in nodes] == [
        "path", "path", "assist", "path", "leaf", "assist", "assist",
    ]  # fmt: skip
    assert [node.depth for node in nodes] == [0, 1, 2, 2, 3, 3, 1]
    assert nodes[0].hash == proof_of(CASES[0]).header.tx_root
    assert nodes[0].status_hash == proof_of(CASES[0]).header.status_root
    assert (nodes[0].left, nodes[0].right, nodes[0].parent) == (1, 6, -1)
    assert (nodes[4].parent, nodes[4].left) == (3, -1)
