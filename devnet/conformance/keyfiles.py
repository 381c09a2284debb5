"""keys.json: derived keys, signatures, accounts, addresses, words, key files."""

from __future__ import annotations

from collections.abc import Mapping

from devnet.conformance.fields import Case
from devnet.conformance.sections import Family, Opened, Section, each, marks
from devnet.conformance.storedkeys import key_file, mnemonic
from devnet.conformance.values import BadCase
from devnet.engine.codec import (
    NETWORK_HRP,
    BadAddress,
    address_of_program,
    decode_address,
    encode_address,
    program_of_address,
    ripemd160,
    sha3,
)
from devnet.engine.errors import RequestError
from devnet.engine.keys import chainkd, ed25519
from devnet.engine.keys.accounts import (
    Account,
    BadQuorum,
    DuplicateKey,
    receiver,
    verify_message,
)
from devnet.engine.keys.paths import AccountLimit, account_path, asset_path

HRP = {
    "main": NETWORK_HRP["mainnet"],
    "test": NETWORK_HRP["wisdom"],
    "solo": NETWORK_HRP["solonet"],
}
KIND_OF_LENGTH = {20: "p2wpkh", 32: "p2wsh"}

BYTOM_WORDS: Mapping[type[RequestError], str] = {
    BadQuorum: "quorum must be greater than or equal to 1, and must be less than or "
    "equal to the length of xpubs",
    DuplicateKey: "duplicate key",
    AccountLimit: "Exceeded maximum accounts per xpub",
}
"""What Bytom says where we raise these."""


def _hrp_of(case: Case, name: str) -> str:
    """The address prefix of a network named as these files name it."""
    network = case.text(name)
    if network not in HRP:
        raise BadCase(f"{case.place}.{name}: there is no network {network!r}")
    return HRP[network]


# Derived keys.


def _root(case: Case) -> None:
    xprv = chainkd.root_xprv(case.hex("seed"))
    case.expect("xprv", xprv)
    case.expect("xpub", chainkd.xpub(xprv))


def _child(case: Case) -> None:
    """A normal child is found without the secret, too."""
    xprv, selector = case.hex("xprv"), case.hex("selector")
    hardened = case.flag("hardened")
    found = chainkd.child_xprv(xprv, selector, hardened)
    case.expect("child_xprv", found)
    case.expect("child_xpub", chainkd.xpub(found))
    if not hardened:
        case.expect("child_xpub", chainkd.child_xpub(chainkd.xpub(xprv), selector))


def _path(case: Case) -> None:
    selectors = account_path(
        case.number("derive_rule"), case.number("account_index"),
        case.flag("change"), case.number("address_index"),
    )  # fmt: skip
    xprv = case.hex("root_xprv")
    case.expect("path", selectors)
    case.expect("derived_xprv", chainkd.derive_xprv(xprv, selectors))
    case.expect("derived_xpub", chainkd.derive_xpub(chainkd.xpub(xprv), selectors))


def _asset_key_path(case: Case) -> None:
    case.expect("path", asset_path(case.number("asset_index")))


# Signatures.


def _signature(case: Case) -> None:
    xprv, message = case.hex("xprv"), case.hex("message")
    made = chainkd.sign(xprv, message)
    key = chainkd.public_key(chainkd.xpub(xprv))
    case.expect("expanded_private_key", chainkd.expanded(xprv))
    case.expect("public_key", key)
    case.expect("signature", made)
    case.same("verify(signature)", True, ed25519.verify(key, message, made))


def _verify(case: Case) -> None:
    """By the fast way and by the exact one: both must know the chain's odd cases."""
    signed = case.hex("public_key"), case.hex("message"), case.hex("signature")
    case.expect("valid", ed25519.verify(*signed))
    case.expect("valid", ed25519.exact_verify(*signed))


def _message(case: Case) -> None:
    answer = verify_message(
        case.text("address"), case.hex("derived_xpub"), case.hex("message"),
        case.hex("signature"), _hrp_of(case, "network"),
    )  # fmt: skip
    case.expect("result", answer)


# Accounts and addresses.


def _account(case: Case) -> None:
    owner = Account(
        tuple(case.hexes("xpubs")), case.number("quorum"),
        case.number("account_index"), case.number("derive_rule"),
    )  # fmt: skip
    place = receiver(owner, case.number("address_index"), case.flag("change"))
    case.expect("control_program", place.program)
    case.expect("public_keys", place.public_keys)
    if place.script or "witness_script" in case:
        case.expect("witness_script", place.script)
    case.expect(
        "addresses",
        {name: address_of_program(place.program, hrp) for name, hrp in HRP.items()},
    )


def _account_error(case: Case) -> None:
    """The files name the mistake in words; here it is made."""
    keys = [chainkd.xpub(chainkd.root_xprv(bytes([number]))) for number in range(2)]
    mistakes = {
        "quorum 0": (keys, 0, 1),
        "quorum above the key count": (keys, len(keys) + 1, 1),
        "repeated xpub": ([*keys, keys[0]], 2, 1),
        "account index 2^31": (keys, 1, 2**31),
    }
    name = case.text("case")
    if name not in mistakes:
        raise BadCase(f"{case.place}: the mistake {name!r} is not known here")
    xpubs, quorum, index = mistakes[name]
    try:
        Account(tuple(xpubs), quorum, index)
    except RequestError as error:
        case.expect("error", BYTOM_WORDS.get(type(error), error.message))
    else:
        case.expect("error", None)


def _digests(case: Case) -> None:
    data = case.hex("data")
    case.expect("ripemd160", ripemd160(data))
    case.expect("sha3", sha3(data))


def _encoded_address(case: Case) -> None:
    witness_hash = case.hex("hash")
    for network, hrp in HRP.items():
        case.expect(network, encode_address(witness_hash, hrp))


def _decoded_address(case: Case) -> None:
    hrp, text = _hrp_of(case, "network"), case.text("text")
    try:
        found = decode_address(text, hrp)
    except BadAddress:
        case.expect("ok", False)
        return
    case.expect("ok", True)
    case.expect("kind", KIND_OF_LENGTH[len(found)])
    case.expect("hash", found)
    program = program_of_address(text, hrp)
    case.same("address of its program", text.lower(), address_of_program(program, hrp))


def _open(opened: Opened) -> Mapping[str, Section]:
    return {
        "roots": each(_root),
        "children": each(_child),
        "paths": each(_path),
        "asset_key_paths": each(_asset_key_path),
        "signatures": each(_signature),
        "verify": each(_verify),
        "accounts": each(_account),
        "account_errors": each(_account_error),
        "hashes": each(_digests),
        "address_encode": each(_encoded_address),
        "address_decode": each(_decoded_address),
        "mnemonics": each(mnemonic),
        "keystores": each(key_file),
        "messages": each(_message),
    }


KEYS = Family(
    "keys",
    marks(
        "roots: seed xprv xpub",
        "children: xprv selector child_xprv",
        "paths: derive_rule root_xprv",
        "asset_key_paths: asset_index path",
        "signatures: xprv message signature",
        "verify: public_key message signature valid",
        "accounts: xpubs quorum control_program",
        "account_errors: case error",
        "hashes: data ripemd160 sha3",
        "address_encode: hash main test solo",
        "address_decode: network text ok",
        "mnemonics: language mnemonic seed",
        "keystores: file password xprv",
        "messages: address derived_xpub signature result",
    ),
    _open,
)
