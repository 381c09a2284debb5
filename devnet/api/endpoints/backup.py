"""The wallet as one object, and back."""

from __future__ import annotations

from typing import Any

from devnet.api.fields import (
    HEX,
    INT,
    OBJECT,
    TEXT,
    UINT,
    XPUB,
    Field,
    WrongKind,
    list_of,
    read_object,
)
from devnet.api.node import Node
from devnet.api.refusals import bad_body
from devnet.api.shapes import Facts
from devnet.api.table import NOTHING, Ask, endpoint
from devnet.api.wire import RawJson
from devnet.engine.bc.transaction import asset_id
from devnet.wallet import images
from devnet.wallet.assets import Asset
from devnet.wallet.book import Account, check_signers
from devnet.wallet.definitions import plain_text
from devnet.wallet.errors import WalletError

IMAGES = (
    Field("account_image", OBJECT),
    Field("asset_image", OBJECT),
    Field("key_images", OBJECT),
)
_SIGNER = (
    Field("type", TEXT),
    Field("xpubs", list_of(XPUB)),
    Field("quorum", INT),
    Field("key_index", UINT),
    Field("derive_rule", UINT),
    Field("id", TEXT),
    Field("alias", TEXT),
)
_ASSET = (
    *_SIGNER,
    Field("issue_program", HEX),
    Field("raw_definition_byte", HEX),
)
_SLICE = (Field("account", OBJECT), Field("contract_index", UINT))


@endpoint("backup-wallet", mark="nice", answer="account_image asset_image key_images")
def backup_wallet(node: Node, ask: Ask) -> Facts:
    """Accounts, assets and locked keys, to be kept elsewhere."""
    return images.backup(node.wallet, RawJson)


@endpoint("restore-wallet", *IMAGES, mark="nice")
def restore_wallet(node: Node, ask: Ask) -> object:
    """Take a backup in; what is here already stays as it is."""
    if not all(ask.values()):
        raise bad_body("an image is missing")
    try:
        accounts = [_account(one) for one in _list(ask["account_image"], "slices")]
        assets = [_asset(one) for one in _list(ask["asset_image"], "assets")]
        keys = [plain_text(one) for one in _list(ask["key_images"], "xkeys")]
    except WrongKind as error:
        raise bad_body(str(error)) from None
    images.put_back(node.wallet, keys, assets, accounts)
    return NOTHING


def _list(image: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_object(image, (Field(name, list_of(OBJECT)),))[
        name
    ]
    return found


def _account(found: dict[str, Any]) -> Account:
    values = read_object(read_object(found, _SLICE)["account"], _SIGNER)
    try:
        check_signers(values["xpubs"], values["quorum"])
    except WalletError as error:
        raise WrongKind(error.message) from None
    if values["derive_rule"] > 1 or not 0 < values["key_index"] < 2**31:
        raise WrongKind("an account of no known derivation")
    if not values["id"]:
        raise WrongKind("an account without an id")
    return Account(
        values["id"], values["alias"], tuple(values["xpubs"]), values["quorum"],
        values["key_index"], values["derive_rule"],
    )  # fmt: skip


def _asset(found: dict[str, Any]) -> Asset:
    values = read_object(found, _ASSET)
    if values["xpubs"]:
        try:
            check_signers(values["xpubs"], values["quorum"])
        except WalletError as error:
            raise WrongKind(error.message) from None
    program, raw = values["issue_program"], values["raw_definition_byte"]
    return Asset(
        values["type"], tuple(values["xpubs"]), values["quorum"], values["key_index"],
        asset_id(program, raw), values["alias"], program, raw,
    )  # fmt: skip
