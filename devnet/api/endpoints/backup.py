"""The wallet as one object, and back."""

from __future__ import annotations

from typing import Any

from devnet.api.endpoints.accounts import shown as account_shown
from devnet.api.endpoints.assets import shown as asset_shown
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
from devnet.wallet.assets import BTM_ASSET, Asset
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
SIGNER_NAMES = ("type", "xpubs", "quorum", "key_index", "derive_rule")


@endpoint("backup-wallet", mark="nice", answer="account_image asset_image key_images")
def backup_wallet(node: Node, ask: Ask) -> Facts:
    """Accounts, assets and locked keys, to be kept elsewhere."""
    wallet = node.wallet
    slices = [
        {"account": {"type": "account", **account_shown(one)}, "contract_index": 0}
        for one in wallet.book.ordered()
    ]
    assets = [
        _asset_image(one)
        for _, one in sorted(wallet.assets.known.items())
        if one is not BTM_ASSET
    ]
    keys = [RawJson(text) for text in wallet.keyring.texts()]
    return {
        "account_image": {"slices": slices},
        "asset_image": {"assets": assets},
        "key_images": {"xkeys": keys or None},
    }


def _asset_image(asset: Asset) -> Facts:
    facts = asset_shown(asset)
    del facts["limit_height"]
    return facts if asset.xpubs else {
        name: value for name, value in facts.items() if name not in SIGNER_NAMES
    }  # fmt: skip


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
    wallet = node.wallet
    for text in keys:
        wallet.keyring.restore(text)
    for asset in assets:
        wallet.assets.put_back(asset)
    for account in accounts:
        if wallet.book.put_back(account):
            wallet.search(account)
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
