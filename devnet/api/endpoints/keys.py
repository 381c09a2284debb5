"""Keys, and messages signed with them."""

from __future__ import annotations

from devnet.api.fields import HEX, TEXT, XPUB, Field
from devnet.api.node import Node
from devnet.api.refusals import Refused
from devnet.api.shapes import Facts
from devnet.api.table import NOTHING, Ask, endpoint
from devnet.engine.codec import program_of_address
from devnet.engine.errors import CodecError
from devnet.engine.keys import chainkd
from devnet.wallet.keyring import StoredKey

KEY, PASSWORD = Field("xpub", XPUB), Field("password", TEXT)


def _shown(key: StoredKey) -> Facts:
    return {"alias": key.alias, "xpub": key.xpub.hex(), "file": key.path}


@endpoint(
    "create-key", Field("alias", TEXT), PASSWORD, Field("mnemonic", TEXT),
    Field("language", TEXT), answer="alias xpub file mnemonic",
)  # fmt: skip
def create_key(node: Node, ask: Ask) -> Facts:
    """A new key, or that of known words."""
    key, words = node.wallet.keyring.create(
        ask["alias"], ask["password"], ask["mnemonic"], ask["language"]
    )
    return _shown(key) | ({"mnemonic": words} if words else {})


@endpoint("list-keys", answer="(a list: alias xpub file)")
def list_keys(node: Node, ask: Ask) -> list[Facts]:
    """All keys, oldest first."""
    return [_shown(key) for key in node.wallet.keyring.stored()]


@endpoint("update-key-alias", KEY, Field("new_alias", TEXT))
def update_key_alias(node: Node, ask: Ask) -> object:
    """Another alias for a key."""
    node.wallet.keyring.rename(ask["xpub"], ask["new_alias"])
    return NOTHING


@endpoint("check-key-password", KEY, PASSWORD, answer="check_result")
def check_key_password(node: Node, ask: Ask) -> Facts:
    """Does this password open a key?"""
    good = node.wallet.keyring.check(ask["xpub"], ask["password"])
    return {"check_result": good}


@endpoint(
    "reset-key-password", KEY, Field("old_password", TEXT),
    Field("new_password", TEXT), answer="changed",
)  # fmt: skip
def reset_key_password(node: Node, ask: Ask) -> Facts:
    """Another password for a key."""
    changed = node.wallet.keyring.reset(
        ask["xpub"], ask["old_password"], ask["new_password"]
    )
    return {"changed": changed}


@endpoint("delete-key", KEY, PASSWORD)
def delete_key(node: Node, ask: Ask) -> object:
    """Forget a key."""
    node.wallet.keyring.delete(ask["xpub"], ask["password"])
    return NOTHING


@endpoint(
    "sign-message", Field("address", TEXT), Field("message", HEX), PASSWORD,
    answer="signature derived_xpub",
)  # fmt: skip
def sign_message(node: Node, ask: Ask) -> Facts:
    """Sign with the first key of one of our addresses."""
    wallet = node.wallet
    try:
        program = program_of_address(ask["address"], wallet.hrp)
    except CodecError:
        raise Refused("unknown address type") from None
    receiver = wallet.book.receivers.get(program)
    if receiver is None:
        raise Refused("Failed to find control program by address")
    root = wallet.book.accounts[receiver.account_id].xpubs[0]
    xprv = wallet.keyring.open(root, ask["password"])
    derived = chainkd.derive_xprv(xprv, receiver.path)
    return {
        "signature": chainkd.sign(derived, ask["message"]).hex(),
        "derived_xpub": chainkd.xpub(derived).hex(),
    }
