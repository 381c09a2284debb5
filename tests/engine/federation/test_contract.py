"""The contract address step by step, against the reference's keys and scripts."""

import pytest

from devnet.engine.codec import NETWORK_HRP, program_of_address
from devnet.engine.federation.contract import NoRecipient, changed, contract_of
from devnet.engine.federation.programs import Federation
from tests.vectors import vectors

CASES = vectors("pegin")["sidechain_bound"]


def contract(case, script=None):
    members = tuple(bytes.fromhex(one["root_xpub"]) for one in case["members"])
    wanted = bytes.fromhex(case["claim_script"]) if script is None else script
    chain_id = bytes.fromhex(case["chain_id"])
    return contract_of(
        Federation(members, case["quorum"]), chain_id, wanted, NETWORK_HRP["solonet"]
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_every_step_is_the_references(case):
    found = contract(case)

    for steps, member in zip(found.keys, case["members"], strict=True):
        assert steps.root_xpub.hex() == member["root_xpub"]
        assert steps.chain_key.hex() == member["sidechain_xpub"]
        assert steps.tweak.hex() == member["tweak"]
        assert steps.public_key.hex() == member["pubkey"]
        assert steps.child_xpub[:32] == steps.public_key
    assert found.script.hex() == case["redeem_program"]
    assert found.program.hex() == case["lock_program"]
    assert found.program[2:] == found.script_hash
    assert program_of_address(found.address, "sm") == found.program
    assert contract(case, b"").program.hex() == case["treasury_program"]


@pytest.mark.parametrize("case", CASES[:4], ids=lambda case: case["name"])
def test_the_ops_put_together_are_the_script(case):
    found = contract(case)
    n_keys = len(case["members"])

    assert b"".join(op.raw for op in found.ops) == found.script
    assert [op.at for op in found.ops][:3] == [0, 1, 34]
    assert [op.text for op in found.ops if op.role == "key"] == [
        f"push {member['pubkey']}" for member in case["members"]
    ]
    quorum, keys = (op for op in found.ops if op.role in ("quorum", "keys"))
    assert quorum.raw == bytes((0x50 + case["quorum"],))
    assert keys.raw == bytes((0x50 + n_keys,))
    assert (found.ops[0].text, found.ops[-1].text) == ("TXSIGHASH", "CHECKMULTISIG")


def test_nobody_else_can_be_paid_by_a_claim():
    with pytest.raises(NoRecipient, match="51"):
        contract(CASES[0], b"\x51")


def test_what_changed_is_told_in_stretches():
    assert changed("00ff10", "00fe1122") == ((3, 4), (5, 8))
    assert changed("", "ab") == ((0, 2),)
    assert changed("ab", "ab") == ()


def test_another_recipient_changes_keys_and_address_but_not_the_chain_key():
    one, other = contract(CASES[0]), contract(CASES[0], b"\x00\x14" + bytes(20))

    for before, after in zip(one.keys, other.keys, strict=True):
        assert before.chain_key == after.chain_key
        assert before.tweak != after.tweak and before.tweak[:32] == after.tweak[:32]
        assert before.public_key != after.public_key
    assert one.address != other.address
