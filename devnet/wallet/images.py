"""
The wallet as one object: accounts, assets and locked keys, as bytomd's backup has them.

Source: protocol page "http-api", section 9; Bytom/bytom v1.1.0, api/wallet.go.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from devnet.engine.bc.transaction import asset_id
from devnet.engine.errors import DevnetError
from devnet.wallet.assets import BTM_ASSET, Asset
from devnet.wallet.book import Account, check_signers
from devnet.wallet.errors import WalletError
from devnet.wallet.wallet import Wallet

Facts = dict[str, Any]
Raw = Callable[[str], Any]
"""What becomes of a JSON text that goes into an image as it is."""

_DAMAGE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
_SIGNER_NAMES = ("type", "xpubs", "quorum", "key_index", "derive_rule")


class BadImage(WalletError):
    """A file is no backup of a wallet."""

    code = "wallet.bad-backup"
    default_hint = "give a file that `wallet backup FILE` or backup-wallet wrote"


def account_facts(account: Account) -> Facts:
    """An account as the node shows it."""
    return {
        "id": account.id,
        **({"alias": account.alias} if account.alias else {}),
        "xpubs": [xpub.hex() for xpub in account.xpubs],
        "quorum": account.quorum,
        "key_index": account.index,
        "derive_rule": account.rule,
    }


def asset_facts(asset: Asset, raw: Raw) -> Facts:
    """An asset as the node shows it."""
    return {
        "type": asset.kind,
        "xpubs": [xpub.hex() for xpub in asset.xpubs] or None,
        "quorum": asset.quorum,
        "key_index": asset.index,
        "derive_rule": 0,
        "id": asset.id.hex(),
        "alias": asset.alias,
        "vm_version": 1,
        "issue_program": asset.program.hex(),
        "raw_definition_byte": asset.definition.hex(),
        "definition": raw(asset.definition_text),
        "limit_height": asset.limit_height,
    }


def backup(wallet: Wallet, raw: Raw = json.loads) -> Facts:
    """All three images. Keys are in it as their files are: locked."""
    slices = [
        {"account": {"type": "account", **account_facts(one)}, "contract_index": 0}
        for one in wallet.book.ordered()
    ]
    assets = [
        _asset_image(one, raw)
        for _, one in sorted(wallet.assets.known.items())
        if one is not BTM_ASSET
    ]
    keys = [raw(text) for text in wallet.keyring.texts()]
    return {
        "account_image": {"slices": slices},
        "asset_image": {"assets": assets},
        "key_images": {"xkeys": keys or None},
    }


def _asset_image(asset: Asset, raw: Raw) -> Facts:
    facts = asset_facts(asset, raw)
    del facts["limit_height"]
    return facts if asset.xpubs else {
        name: value for name, value in facts.items() if name not in _SIGNER_NAMES
    }  # fmt: skip


def put_back(
    wallet: Wallet,
    keys: Sequence[str],
    assets: Sequence[Asset],
    accounts: Sequence[Account],
) -> None:
    """Take parts of a backup in; what is here already stays as it is."""
    for text in keys:
        wallet.keyring.restore(text)
    for asset in assets:
        wallet.assets.put_back(asset)
    for account in accounts:
        if wallet.book.put_back(account):
            wallet.search(account)


def restore(wallet: Wallet, text: str) -> None:
    """Take a whole backup in. Raises BadImage, and nothing was taken."""
    try:
        image = json.loads(text)
        accounts = [_account(one["account"]) for one in _slices(image)]
        assets = [_asset(one) for one in image["asset_image"]["assets"] or ()]
        keys = [
            json.dumps(one, separators=(",", ":"), ensure_ascii=False)
            for one in image["key_images"]["xkeys"] or ()
        ]
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise BadImage(f"this is no backup: {type(error).__name__}") from None
    except DevnetError as error:
        raise BadImage(f"this is no backup: {error.message}") from None
    put_back(wallet, keys, assets, accounts)


def _slices(image: Mapping[str, Any]) -> Sequence[Any]:
    found: Sequence[Any] = image["account_image"]["slices"] or ()
    return found


def _account(facts: Mapping[str, Any]) -> Account:
    xpubs = tuple(map(bytes.fromhex, facts["xpubs"]))
    check_signers(xpubs, facts["quorum"])
    return Account(
        str(facts["id"]), str(facts.get("alias", "")), xpubs, facts["quorum"],
        int(facts["key_index"]), int(facts["derive_rule"]),
    )  # fmt: skip


def _asset(facts: Mapping[str, Any]) -> Asset:
    program = bytes.fromhex(facts["issue_program"])
    raw = bytes.fromhex(facts["raw_definition_byte"])
    return Asset(
        str(facts.get("type", "")), tuple(map(bytes.fromhex, facts.get("xpubs") or ())),
        int(facts.get("quorum", 0)), int(facts.get("key_index", 0)),
        asset_id(program, raw), str(facts["alias"]), program, raw,
    )  # fmt: skip
