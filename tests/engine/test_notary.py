"""Fingerprints: put on the chain, found again, proven from raw bytes, told apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha3_256

import pytest

from devnet.engine.bc import fingerprint
from devnet.engine.bc.merkle import MerkleProof
from devnet.engine.bc.programs import expand_program, retire_program
from devnet.engine.bc.transaction import parse_transaction
from devnet.engine.certifying import certify_alone, good_checks
from devnet.engine.codec import from_hex
from devnet.engine.errors import DevnetError
from devnet.engine.events import AssetKnown
from devnet.engine.mainchain.proofs import check_receipt, receipt_from_dict
from devnet.engine.network import Network
from tests.engine.support import branch, network, run, run_blocks, run_until, said
from tests.vectors import vectors


def digest(text: str) -> bytes:
    return sha3_256(text.encode()).digest()


BATCH = tuple(digest(f"page {number}") for number in range(5))


@pytest.fixture(scope="module")
def world() -> Network:
    """A document as an asset, one as an output, five together; all mined."""
    net = network()
    net.fingerprint("alice", [digest("deed")], name="deed")
    net.fingerprint("bob", [digest("will")], form="output")
    net.fingerprint("carol", BATCH)
    run_blocks(net, "main", 3)
    return net


@pytest.fixture
def net(world: Network) -> Network:
    return branch(world)


def refusal(net: Network, act: Callable[[], object]) -> str:
    """The code of a refusal that left no trace."""
    before = net.digest(), net.world
    with pytest.raises(DevnetError) as caught:
        act()
    assert (net.digest(), net.world) == before
    return caught.value.code


# Forms.


def test_both_forms_of_the_vectors_are_recognised():
    cases = {case["name"]: case for case in vectors("transactions")["cases"]}
    case = cases["deposit: asset output carrying a 32-byte fingerprint"]
    tx = parse_transaction(from_hex(case["raw"]))

    carried = [fingerprint.in_program(output.program) for output in tx.outputs]

    (found,) = [one for one in carried if one is not None]
    program = tx.outputs[carried.index(found)].program
    owner = program[len(fingerprint.deposit_program(found.digest, b"")) :]
    assert fingerprint.deposit_program(found.digest, owner) == program


def test_the_owner_of_a_fingerprint_output_is_behind_it(net):
    (deposit,) = net.world.tree[net.world.main_tip].state.index.deposits[digest("will")]
    bob = from_hex(net.describe_account("bob")["program"])
    tx = net.locate(deposit.tx_id.hex()).tx

    assert tx.outputs[deposit.part].program == fingerprint.deposit_program(
        digest("will"), expand_program(bob)
    )


@pytest.mark.parametrize(
    "definition",
    [
        b"",
        b"\xff\xfe",
        b'{"fingerprint": 7}',
        b'{"fingerprint": {"alg": "md5", "value": "00"}}',
        b'{"fingerprint": {"alg": "sha3-256", "value": "0011"}}',
        b'{"fingerprint": {"alg": "sha3-256", "value": 12}}',
        b'["fingerprint"]',
        b'{"fingerprint":' + b"[" * 5000,
    ],
)
def test_a_definition_that_tells_no_fingerprint_is_no_deposit(definition):
    assert fingerprint.in_definition(definition) is None


def test_a_note_is_no_deposit(net):
    net.retire("alice", 1, "GOLD", digest("note").hex())
    net.retire("alice", 1, "GOLD", fingerprint.TAG.decode())
    run_blocks(net, "main", 1)

    program = fingerprint.deposit_program(digest("note"), b"")
    assert fingerprint.in_program(retire_program(program)) is None
    code = refusal(net, lambda: net.certify(digest("note")))
    assert code == "fingerprint.not-found"


# Finding and proving.


@pytest.mark.parametrize("document", ["deed", "will"])
def test_a_deposit_is_found_again_with_everything_checked_from_bytes(net, document):
    found = net.certify(digest(document))

    assert found.deposit is not None and found.block is not None
    assert [check.ok for check in found.checks] == [True] * 8
    entry = net.world.tree[found.block.header.hash]
    assert found.depth == net.main_height() - entry.height
    assert found.path[-1].parent == entry.block.header.tx_root


def test_a_document_of_several_needs_its_receipt(net):
    root = fingerprint.root_of(BATCH).digest
    receipts = net.receipts(root, BATCH)

    codes = [refusal(net, lambda one=one: net.certify(one)) for one in BATCH]
    found = [net.certify(one.digest, one) for one in receipts]

    assert set(codes) == {"fingerprint.not-found"}
    assert {one.deposit.tx_id for one in found} == {found[0].deposit.tx_id}
    # The root is the digest of no document, though bytes that hash to it exist.
    assert refusal(net, lambda: net.certify(root)) == "fingerprint.not-found"


def test_a_receipt_survives_its_file_and_verifies_alone(net):
    receipts = net.receipts(fingerprint.root_of(BATCH).digest, BATCH)

    for receipt in receipts:
        again = receipt_from_dict(json.loads(json.dumps(receipt.as_dict())))
        assert again == receipt
        alone = certify_alone(again, receipt.digest)
        assert alone.block is not None and alone.depth is None


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({"digest": digest("other")}, "has this digest"),
        ({"root": digest("other")}, "leads to the deposited root"),
        ({"path": None}, "leads to the deposited root"),
        ({"path": MerkleProof((), ())}, "leads to the deposited root"),
        ({"raw_transaction": b"\x07\x01"}, "are a transaction"),
        ({"merkle_block": b"\x00"}, "are a Merkle block"),
    ],
)
def test_a_changed_receipt_fails_at_the_check_that_sees_it(net, change, title):
    receipt = net.receipts(fingerprint.root_of(BATCH).digest, BATCH)[2]

    checks, _ = check_receipt(replace(receipt, **change), BATCH[2])

    assert not checks[-1].ok and title in checks[-1].title
    assert all(check.ok for check in checks[:-1])


def test_every_byte_of_a_receipt_counts(net):
    receipt = net.receipts(fingerprint.root_of(BATCH).digest, BATCH)[0]
    good = good_checks(receipt, BATCH[0])[1]
    tx_id = parse_transaction(receipt.raw_transaction).id
    for field in ("raw_transaction", "merkle_block"):
        raw = getattr(receipt, field)
        for at in range(0, len(raw), 7):
            bent = raw[:at] + bytes((raw[at] ^ 1,)) + raw[at + 1 :]
            checks, block = check_receipt(replace(receipt, **{field: bent}), BATCH[0])
            if not checks[-1].ok:
                continue
            # No id commits to signatures, and a header that was bent is another block.
            if field == "raw_transaction":
                assert parse_transaction(bent).id == tx_id
            else:
                assert block.header.hash != good.header.hash


def test_a_receipt_of_another_world_is_not_on_this_chain(net):
    other = network(seed=8)
    made = other.fingerprint("alice", [digest("elsewhere")])
    run_blocks(other, "main", 1)
    (receipt,) = other.receipts(made.root.digest, (digest("elsewhere"),))

    code = refusal(net, lambda: net.certify(digest("elsewhere"), receipt))

    assert code == "fingerprint.not-on-chain"


def test_what_waits_for_a_block_is_said_to_wait():
    net = network()
    net.fingerprint("alice", [digest("new")])

    assert refusal(net, lambda: net.certify(digest("new"))) == "fingerprint.waiting"


def test_a_reorganisation_takes_a_deposit_back_until_it_is_mined_again():
    net = network()
    net.partition("main")
    net.issue("bob", 3, "TIN")
    made = net.fingerprint("alice", [digest("new")])

    def second_is_ahead() -> bool:
        heights = [net.world.tree[one.view.tip].height for one in net.world.main_nodes]
        return heights[1] > heights[0] and net.balance("bob", "main", "TIN") == 3

    net.set_hurry(1)
    run_until(net, second_is_ahead)
    net.set_hurry(-1)
    first = net.certify(digest("new"))
    net.heal("main")
    run(net, 100)
    code = refusal(net, lambda: net.certify(digest("new")))
    undone = net.describe_asset("TIN")["issued"]["amount"], net.asset("TIN").told
    run_blocks(net, "main", 2)
    again = net.certify(digest("new"))

    assert code == "fingerprint.waiting"
    # Its name stays known, as that of any asset that waits in the mempool.
    assert undone == (0, True)
    assert again.deposit.tx_id == made.tx_id == first.deposit.tx_id
    assert again.block.header.hash != first.block.header.hash
    assert net.describe_asset("TIN")["issued"]["amount"] == 3
    assert len(said(net, AssetKnown, asset="TIN")) == 1


# Depositing.


def test_one_transaction_carries_any_number_of_documents(net):
    many = [digest(f"file {number}") for number in range(1000)]
    made = net.fingerprint("alice", many)
    run_blocks(net, "main", 1)

    (deposit,) = net.world.tree[net.world.main_tip].state.index.deposits[
        made.root.digest
    ]
    receipt = net.receipts(made.root.digest, tuple(many))[777]

    assert deposit.algorithm == fingerprint.TREE
    assert len(receipt.path.hashes) <= 11
    assert net.certify(many[777], receipt).depth == 0


def test_a_fingerprint_asset_is_one_unit_that_can_change_hands(net):
    net.transfer_value("alice", "bob", 1, "deed", "main")
    run_blocks(net, "main", 1)

    assert net.balance("bob", "main", "deed") == 1
    assert refusal(net, lambda: net.issue("alice", 1, "deed")) == "asset.not-again"
    assert net.describe_asset("deed")["class"] == "BAP-03"


def test_an_account_of_several_keys_deposits_too(net):
    net.new_account("firm", ["alice", "bob", "carol"], 2)
    net.transfer_value("alice", "firm", 10**10, "BTM", "main")
    net.transfer_value("alice", "firm", 5, "GOLD", "main")
    run_blocks(net, "main", 1)
    net.fingerprint("firm", [digest("contract")])
    run_blocks(net, "main", 1)
    net.fingerprint("firm", [digest("annex")], form="output")
    run_blocks(net, "main", 1)

    assert net.certify(digest("contract")).depth == 1
    assert net.certify(digest("annex")).depth == 0
    assert net.describe_asset(f"fp-{digest('contract').hex()[:12]}")["quorum"] == 2


@pytest.mark.parametrize(
    ("digests", "options", "code"),
    [
        ([digest("deed")], {}, "fingerprint.deposited-already"),
        ([digest("new")], {"form": "note"}, "request.bad-value"),
        ([digest("new")], {"form": "output", "name": "x"}, "request.bad-value"),
        ([digest("new")], {"name": "deed"}, "request.name-taken"),
        ([digest("new")], {"name": "7"}, "request.bad-value"),
        ([digest("new")], {"form": "output", "carrier": "BTM"},
         "fingerprint.no-carrier"),
        ([digest("new")], {"form": "output", "carrier": "TIN"},
         "request.unknown-name"),
        ([digest("new")], {"form": "output", "carrier": "deed"}, None),
        ([digest("new"), digest("new")], {}, "request.bad-value"),
        ([b"short"], {}, "request.bad-value"),
        ([], {}, "request.bad-value"),
    ],
)  # fmt: skip
def test_a_deposit_that_makes_no_sense_is_refused(net, digests, options, code):
    if code is None:
        net.fingerprint("alice", digests, **options)
        return
    assert refusal(net, lambda: net.fingerprint("alice", digests, **options)) == code


def test_the_same_document_waits_once():
    net = network()
    net.fingerprint("alice", [digest("new")], form="output")

    code = refusal(net, lambda: net.fingerprint("bob", [digest("new")]))

    assert code == "fingerprint.deposited-already"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"type": "bystack-fingerprint-receipt", "v": 2},
        {"type": "bystack-fingerprint-receipt", "v": 1},
        {"type": "bystack-fingerprint-receipt", "v": 1, "digest": "zz", "path": None,
         "block": None, "root": "", "transaction": ""},
        {"type": "bystack-fingerprint-receipt", "v": 1, "digest": "", "path": 7,
         "block": None, "root": "", "transaction": ""},
    ],
)  # fmt: skip
def test_a_file_that_is_no_receipt_is_refused_by_name(values):
    with pytest.raises(DevnetError) as caught:
        receipt_from_dict(values)

    assert caught.value.code == "fingerprint.bad-receipt"
