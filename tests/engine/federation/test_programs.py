"""Lock programs against those that the reference's keys and scripts give."""

import pytest

from devnet.engine.codec import NETWORK_HRP, program_of_address
from devnet.engine.federation.programs import (
    BadFederation,
    Federation,
    federation_of,
    lock_address,
    lock_program,
    member_key,
    member_path,
    redeem_script,
    treasury_program,
)
from devnet.engine.keys import chainkd
from tests.vectors import vectors

CASES = vectors("pegin")["sidechain_bound"]


def names(case):
    return case["name"]


def federation(case):
    """The case's members in its own order, which is not the ascending one."""
    members = [bytes.fromhex(member["root_xpub"]) for member in case["members"]]
    return Federation(tuple(members), case["quorum"])


def chain_and_script(case):
    return bytes.fromhex(case["chain_id"]), bytes.fromhex(case["claim_script"])


@pytest.mark.parametrize("case", CASES, ids=names)
def test_each_members_key_is_the_references(case):
    chain_id, script = chain_and_script(case)
    for member in case["members"]:
        root_xprv = chainkd.root_xprv(bytes.fromhex(member["seed"]))
        root_xpub = chainkd.xpub(root_xprv)

        path = member_path(chain_id, root_xpub, script)

        assert root_xpub.hex() == member["root_xpub"]
        assert path == (chain_id, bytes.fromhex(member["tweak"]))
        assert member_key(chain_id, root_xpub, script).hex() == member["pubkey"]
        signing_key = chainkd.derive_xprv(root_xprv, path)
        assert chainkd.xpub(signing_key)[:32].hex() == member["pubkey"]
        middle = chainkd.child_xpub(root_xpub, chain_id)
        assert middle.hex() == member["sidechain_xpub"]


@pytest.mark.parametrize("case", CASES, ids=names)
def test_lock_program_script_treasury_and_address_are_the_references(case):
    chain_id, script = chain_and_script(case)
    members = federation(case)

    assert redeem_script(members, chain_id, script).hex() == case["redeem_program"]
    assert lock_program(members, chain_id, script).hex() == case["lock_program"]
    assert treasury_program(members, chain_id).hex() == case["treasury_program"]
    address = lock_address(members, chain_id, script, NETWORK_HRP["solonet"])
    assert program_of_address(address, "sm").hex() == case["lock_program"]


def test_the_usual_federation_is_sorted_and_has_the_vectors_quorum():
    for case in CASES:
        members = federation(case).members

        usual = federation_of(members)

        assert usual == federation_of(reversed(members))
        assert usual.members == tuple(sorted(members))
        assert usual.quorum == case["quorum"]


def test_the_same_members_have_another_address_for_another_sidechain():
    one, two = CASES[-2], CASES[-1]
    assert one["members"][0]["root_xpub"] == two["members"][0]["root_xpub"]
    assert one["claim_script"] == two["claim_script"]

    assert lock_program(federation(one), *chain_and_script(one)) != lock_program(
        federation(two), *chain_and_script(two)
    )


def test_another_claim_script_has_another_address():
    chain_id, script = chain_and_script(CASES[0])
    stranger = bytes.fromhex("0014") + bytes(20)

    assert lock_program(federation(CASES[0]), chain_id, stranger) != lock_program(
        federation(CASES[0]), chain_id, script
    )


@pytest.mark.parametrize("quorum", [0, 3])
def test_a_quorum_that_nobody_can_reach_is_refused(quorum):
    keys = [chainkd.xpub(chainkd.root_xprv(bytes([n]))) for n in range(2)]
    with pytest.raises(BadFederation, match=f"quorum {quorum}"):
        Federation(tuple(keys), quorum)


def test_a_member_listed_twice_is_refused():
    key = chainkd.xpub(chainkd.root_xprv(b"one"))
    with pytest.raises(BadFederation, match="1 different"):
        Federation((key, key), 2)
