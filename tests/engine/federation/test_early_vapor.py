"""Early Vapor's programs: the reference's bytes, and what they do on the machine."""

import pytest

from devnet.engine.bc.programs import disassemble
from devnet.engine.federation import early_vapor
from devnet.engine.keys import chainkd
from devnet.engine.vm.machine import VmContext, run
from tests.vectors import vectors

CASES = vectors("pegin")["early_vapor"]
SIG_HASH = b"\x07" * 32


def keys_of(case):
    script = bytes.fromhex(case["claim_script"])
    return [
        early_vapor.member_xpub(bytes.fromhex(member["xpub"]), script)[:32]
        for member in case["members"]
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_both_forms_are_the_references(case):
    keys = keys_of(case)

    assert early_vapor.contract_form(keys).hex() == case["contract_form"]["program"]
    assert early_vapor.all_of_n_form(keys).hex() == case["all_of_n_form"]["program"]
    assert early_vapor.majority(len(keys)) == case["contract_form"]["quorum"]


def test_another_recipient_bends_every_key():
    a, b = (case for case in CASES if "same keys, recipient" in case["name"])

    assert [m["xpub"] for m in a["members"]] == [m["xpub"] for m in b["members"]]
    assert not set(keys_of(a)) & set(keys_of(b))


@pytest.mark.parametrize("n_members", [1, 2, 3, 4, 6, 9, 11, 13])
def test_a_majority_opens_the_contract_and_one_fewer_does_not(n_members):
    secrets = [chainkd.root_xprv(bytes([index])) for index in range(n_members)]
    keys = [chainkd.xpub(secret)[:32] for secret in secrets]
    program = early_vapor.contract_form(keys)
    n_needed = early_vapor.majority(n_members)
    context = VmContext(entry_id=bytes(32), sig_hash=SIG_HASH)

    def opens(signers):
        signatures = [chainkd.sign(secrets[index], SIG_HASH) for index in signers]
        return run(program, signatures, 200_000, context).error_name

    assert opens(range(n_members - n_needed, n_members)) == "", disassemble(program)
    assert opens(range(n_needed - 1)) != ""
    if n_needed > 1:
        assert opens([0] * n_needed) != "", "one member may not sign twice"
