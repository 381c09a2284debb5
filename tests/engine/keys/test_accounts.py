"""What accounts are paid at, and messages that they sign."""

import pytest

from devnet.engine.codec import NETWORK_HRP, address_of_program, ripemd160, sha3
from devnet.engine.keys import chainkd
from devnet.engine.keys.accounts import (
    Account,
    BadQuorum,
    DuplicateKey,
    receiver,
    verify_message,
)
from devnet.engine.keys.paths import AccountLimit
from tests.vectors import vectors

KEYS = vectors("keys")
HRP = {
    "main": NETWORK_HRP["mainnet"],
    "test": NETWORK_HRP["wisdom"],
    "solo": NETWORK_HRP["solonet"],
}
XPUBS = tuple(chainkd.xpub(chainkd.root_xprv(bytes([n]))) for n in range(3))
ERRORS = {case["case"] for case in KEYS["account_errors"]}


def test_programs_keys_and_addresses_of_accounts_are_the_references():
    for case in KEYS["accounts"]:
        account = Account(
            tuple(map(bytes.fromhex, case["xpubs"])),
            case["quorum"],
            case["account_index"],
            case["derive_rule"],
        )

        place = receiver(account, case["address_index"], case["change"])

        assert place.program.hex() == case["control_program"]
        assert [key.hex() for key in place.public_keys] == case["public_keys"]
        assert place.script.hex() == case.get("witness_script", "")
        for network, address in case["addresses"].items():
            assert address_of_program(place.program, HRP[network]) == address


def test_hashes_of_data_are_the_references():
    for case in KEYS["hashes"]:
        data = bytes.fromhex(case["data"])

        assert ripemd160(data).hex() == case["ripemd160"]
        assert sha3(data).hex() == case["sha3"]


@pytest.mark.parametrize("quorum", [0, -1, 4])
def test_a_quorum_outside_one_to_the_number_of_keys_is_refused(quorum):
    assert {"quorum 0", "quorum above the key count"} <= ERRORS
    with pytest.raises(BadQuorum, match=f"quorum {quorum} with 3 keys"):
        Account(XPUBS, quorum)


def test_a_key_listed_twice_is_refused():
    assert "repeated xpub" in ERRORS
    with pytest.raises(DuplicateKey):
        Account((XPUBS[0], XPUBS[1], XPUBS[0]), 2)


def test_account_two_to_the_thirty_one_is_refused():
    assert "account index 2^31" in ERRORS
    with pytest.raises(AccountLimit):
        Account(XPUBS, 2, index=2**31)


def test_the_order_of_the_keys_makes_the_address():
    one_way = receiver(Account(XPUBS, 2), 1)
    other_way = receiver(Account(XPUBS[::-1], 2), 1)

    assert one_way.program != other_way.program


def test_signed_messages_get_the_references_verdict():
    for case in KEYS["messages"]:
        answer = verify_message(
            case["address"],
            bytes.fromhex(case["derived_xpub"]),
            bytes.fromhex(case["message"]),
            bytes.fromhex(case["signature"]),
            HRP[case["network"]],
        )

        assert answer is case["result"]
