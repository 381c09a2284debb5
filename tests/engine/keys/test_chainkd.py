"""Derived keys and their signatures against the reference's."""

import pytest

from devnet.engine.errors import BadValue
from devnet.engine.keys import chainkd, ed25519
from devnet.engine.keys.paths import (
    BIP44_RULE,
    OLD_RULE,
    AccountLimit,
    account_path,
    asset_path,
)
from tests.vectors import vectors

KEYS = vectors("keys")


def test_roots_come_from_seeds_as_in_the_reference():
    for case in KEYS["roots"]:
        xprv = chainkd.root_xprv(bytes.fromhex(case["seed"]))

        assert xprv.hex() == case["xprv"]
        assert chainkd.xpub(xprv).hex() == case["xpub"]


def test_children_of_every_kind_are_the_references():
    for case in KEYS["children"]:
        xprv, selector = bytes.fromhex(case["xprv"]), bytes.fromhex(case["selector"])

        child = chainkd.child_xprv(xprv, selector, case["hardened"])

        assert child.hex() == case["child_xprv"]
        assert chainkd.xpub(child).hex() == case["child_xpub"]


def test_a_normal_child_is_found_without_the_secret():
    for case in KEYS["children"]:
        if case["hardened"]:
            continue
        parent = chainkd.xpub(bytes.fromhex(case["xprv"]))

        child = chainkd.child_xpub(parent, bytes.fromhex(case["selector"]))

        assert child.hex() == case["child_xpub"]


def test_a_hardened_child_cannot_be_found_without_the_secret():
    xprv = chainkd.root_xprv(b"seed")

    hardened = chainkd.xpub(chainkd.child_xprv(xprv, b"x", hardened=True))

    assert hardened != chainkd.child_xpub(chainkd.xpub(xprv), b"x")


def test_three_hundred_levels_down_both_ways_still_meet():
    xprv = chainkd.root_xprv(b"deep")
    path = [bytes([level % 256]) for level in range(300)]

    down = chainkd.derive_xprv(xprv, path)

    assert chainkd.derive_xpub(chainkd.xpub(xprv), path) == chainkd.xpub(down)


def test_account_paths_and_the_keys_at_their_end():
    for case in KEYS["paths"]:
        path = account_path(
            case["derive_rule"],
            case["account_index"],
            case["change"],
            case["address_index"],
        )
        root = bytes.fromhex(case["root_xprv"])

        assert [selector.hex() for selector in path] == case["path"]
        assert chainkd.derive_xprv(root, path).hex() == case["derived_xprv"]
        derived = chainkd.derive_xpub(chainkd.xpub(root), path)
        assert derived.hex() == case["derived_xpub"]


def test_asset_keys_have_their_own_paths():
    for case in KEYS["asset_key_paths"]:
        path = asset_path(case["asset_index"])

        assert [selector.hex() for selector in path] == case["path"]


def test_an_account_number_ends_below_two_to_the_thirty_one():
    with pytest.raises(AccountLimit):
        account_path(BIP44_RULE, 2**31, False, 1)
    assert account_path(BIP44_RULE, 2**31 - 1, False, 1)


def test_an_index_that_does_not_fit_is_refused_with_a_sentence():
    with pytest.raises(BadValue, match="does not fit"):
        account_path(BIP44_RULE, 1, False, 2**32)
    with pytest.raises(BadValue, match="no derivation rule 2"):
        account_path(2, 1, False, 1)
    with pytest.raises(BadValue):
        account_path(OLD_RULE, -1, False, 1)


def test_signatures_are_deterministic_and_the_references():
    for case in KEYS["signatures"]:
        xprv, message = bytes.fromhex(case["xprv"]), bytes.fromhex(case["message"])

        signature = chainkd.sign(xprv, message)

        assert chainkd.expanded(xprv).hex() == case["expanded_private_key"]
        assert chainkd.public_key(chainkd.xpub(xprv)).hex() == case["public_key"]
        assert signature.hex() == case["signature"]
        assert ed25519.verify(bytes.fromhex(case["public_key"]), message, signature)


@pytest.mark.parametrize("length", [0, 32, 63, 65])
def test_a_key_of_another_length_is_refused_by_name(length):
    with pytest.raises(chainkd.BadKey, match=f"not {length}"):
        chainkd.xpub(bytes(length))
