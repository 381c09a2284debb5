"""Accounts, and where they are paid."""

from __future__ import annotations

from typing import Any

from devnet.api.fields import HEX, INT, TEXT, UINT, XPUB, Field, list_of
from devnet.api.node import Node
from devnet.api.refusals import Refused
from devnet.api.shapes import Facts
from devnet.api.table import NOTHING, Ask, endpoint
from devnet.engine.codec import address_of_program, program_of_address
from devnet.engine.errors import CodecError
from devnet.engine.keys import chainkd
from devnet.wallet.book import Account, Receiver
from devnet.wallet.images import account_facts as shown

WHOSE = (Field("account_id", TEXT), Field("account_alias", TEXT))
PAGE = (Field("from", UINT), Field("count", UINT))
SHOWN = "id alias xpubs quorum key_index derive_rule"


def account_of(node: Node, ask: Ask) -> Account:
    """The account of a request; the alias wins. Raises NoAccount."""
    return node.wallet.book.find(ask["account_alias"], ask["account_id"])


def page(items: list[Any], ask: Ask) -> list[Any]:
    """The part of a list that is asked for; 0 and 0 is all of it."""
    start, count = ask["from"], ask["count"]
    return items if not start and not count else items[start : start + count]


@endpoint(
    "create-account", Field("root_xpubs", list_of(XPUB)), Field("quorum", INT),
    Field("alias", TEXT), answer=SHOWN,
)  # fmt: skip
def create_account(node: Node, ask: Ask) -> Facts:
    """An account of one key or several."""
    made = node.wallet.book.create(ask["alias"], ask["root_xpubs"], ask["quorum"])
    return shown(made)


@endpoint(
    "list-accounts",
    Field("id", TEXT),
    Field("alias", TEXT),
    answer=f"(a list: {SHOWN})",
)
def list_accounts(node: Node, ask: Ask) -> list[Facts]:
    """All accounts, that of an alias, or those whose id begins so."""
    book = node.wallet.book
    if ask["alias"]:
        return [shown(book.find(ask["alias"], ""))]
    start = ask["id"].strip()
    return [shown(one) for one in book.ordered() if one.id.startswith(start)]


@endpoint("update-account-alias", *WHOSE, Field("new_alias", TEXT))
def update_account_alias(node: Node, ask: Ask) -> object:
    """Another alias for an account."""
    node.wallet.book.rename(account_of(node, ask), ask["new_alias"])
    return NOTHING


@endpoint("delete-account", *WHOSE)
def delete_account(node: Node, ask: Ask) -> object:
    """Forget an account and its addresses; its keys stay."""
    node.wallet.book.delete(account_of(node, ask))
    return NOTHING


@endpoint("create-account-receiver", *WHOSE, answer="control_program address")
def create_account_receiver(node: Node, ask: Ask) -> Facts:
    """A new address of an account."""
    made = node.wallet.book.next_receiver(account_of(node, ask))
    return {
        "control_program": made.program.hex(),
        "address": address_of_program(made.program, node.wallet.hrp),
    }


@endpoint(
    "list-addresses", *WHOSE, *PAGE,
    answer="(a list: account_alias account_id address control_program change "
    "key_index)",
)  # fmt: skip
def list_addresses(node: Node, ask: Ask) -> list[Facts]:
    """The addresses of an account."""
    account = account_of(node, ask)
    return [
        {
            "account_alias": account.alias,
            "account_id": account.id,
            "address": address_of_program(one.program, node.wallet.hrp),
            "control_program": one.program.hex(),
            "change": one.change,
            "key_index": one.index,
        }
        for one in page(node.wallet.book.of_account(account.id), ask)
    ]


@endpoint("validate-address", Field("address", TEXT), answer="valid is_local")
def validate_address(node: Node, ask: Ask) -> Facts:
    """Is this an address of the network, and of ours?"""
    try:
        program = program_of_address(ask["address"], node.wallet.hrp)
    except CodecError:
        return {"valid": False, "is_local": False}
    return {"valid": True, "is_local": program in node.wallet.book.receivers}


@endpoint(
    "list-pubkeys", *WHOSE, Field("public_key", HEX), answer="root_xpub pubkey_infos"
)
def list_pubkeys(node: Node, ask: Ask) -> Facts:
    """The keys behind an account's addresses, with their paths."""
    account = account_of(node, ask)
    found = sorted(
        node.wallet.book.of_account(account.id),
        key=lambda one: (not one.change, one.index),
    )
    infos = [_key_info(account, one) for one in found]
    wanted = ask["public_key"].hex()
    infos = [one for one in infos if wanted in ("", one["pubkey"])]
    if not infos:
        raise Refused("Not found publickey for the account")
    return {"root_xpub": account.xpubs[0].hex(), "pubkey_infos": infos}


def _key_info(account: Account, receiver: Receiver) -> Facts:
    key = chainkd.public_key(chainkd.derive_xpub(account.xpubs[0], receiver.path))
    return {
        "pubkey": key.hex(),
        "derivation_path": [part.hex() for part in receiver.path],
    }
