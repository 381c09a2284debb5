"""
What a node keeps in its folder besides key files: accounts, assets, tokens, feeds, and
who is paid for blocks. One small file, written whole after a request that changed it.

Receivers are kept as numbers only: their programs follow from the accounts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devnet.api.desk import Desk
from devnet.api.feeds import Feeds
from devnet.api.tokens import Token, Tokens
from devnet.engine.bc.transaction import asset_id
from devnet.engine.errors import DevnetError, StorageError
from devnet.wallet.assets import BTM_ASSET, Asset
from devnet.wallet.book import Account
from devnet.wallet.keyring import write_secret
from devnet.wallet.wallet import Wallet

FILE_NAME = "wallet.json"
VERSION = 1

Facts = dict[str, Any]


class WalletDamaged(StorageError):
    """The file of accounts, assets and tokens cannot be read."""

    code = "storage.wallet"
    default_hint = "Put it aside: keys are in files of their own, and stay."


class Keeper:
    """
    Reads the file when the node starts, and writes it when something changed.

    Args:
        folder: where it lies; None keeps nothing.
    """

    def __init__(
        self,
        folder: Path | None,
        wallet: Wallet,
        desk: Desk,
        tokens: Tokens,
        feeds: Feeds,
    ) -> None:
        self._path = None if folder is None else folder / FILE_NAME
        self._wallet, self._desk = wallet, desk
        self._tokens, self._feeds = tokens, feeds
        if self._path is not None and self._path.exists():
            self._read(self._path)
        self._seen = self._n_changes()

    def save(self) -> None:
        """Write the file if anything changed since the last time."""
        if self._path is None or (found := self._n_changes()) == self._seen:
            return
        self._seen = found
        write_secret(self._path, json.dumps(self._facts(), separators=(",", ":")))

    def _n_changes(self) -> tuple[int, ...]:
        parts = (
            self._wallet.book, self._wallet.assets, self._desk, self._tokens,
            self._feeds,
        )  # fmt: skip
        return tuple(part.n_changes for part in parts)

    def _facts(self) -> Facts:
        book, assets = self._wallet.book, self._wallet.assets
        return {
            "version": VERSION,
            "accounts": [_account_facts(one) for one in book.ordered()],
            "receivers": sorted(book.counters()),
            "next_index": [
                [sorted(key.hex() for key in keys), number]
                for keys, number in book.next_index.items()
            ],
            "assets": [
                _asset_facts(one)
                for one in assets.known.values()
                if one is not BTM_ASSET
            ],
            "n_assets": assets.n_attempts,
            "tokens": [
                [one.id, one.kind, one.created_at, one.secret]
                for one in self._tokens.listed()
            ],
            "feeds": [[one.alias, one.text] for one in self._feeds.listed()],
            "pays": self._desk.program.hex(),
            "says": self._desk.arbitrary.hex(),
        }

    def _read(self, path: Path) -> None:
        try:
            facts = json.loads(path.read_text("utf-8"))
            if facts["version"] != VERSION:
                raise ValueError(f"version {facts['version']}")
            self._take(facts)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise WalletDamaged(f"{path}: {error}"[:200]) from None
        except DevnetError as error:
            raise WalletDamaged(f"{path}: {error.message}"[:200]) from None

    def _take(self, facts: Mapping[str, Any]) -> None:
        book, assets = self._wallet.book, self._wallet.assets
        for one in facts["accounts"]:
            book.put_back(_account_of(one))
        for account_id, change, number in facts["receivers"]:
            for index in range(1, number + 1):
                account = book.accounts[account_id]
                book.keep(book.receiver_at(account, index, bool(change)))
        for keys, number in facts["next_index"]:
            book.next_index[frozenset(map(bytes.fromhex, keys))] = number
        for one in facts["assets"]:
            assets.put_back(_asset_of(one))
        assets.n_attempts = facts["n_assets"]
        for token_id, kind, created_at, secret in facts["tokens"]:
            self._tokens.put_back(Token(token_id, kind, created_at, secret))
        for alias, text in facts["feeds"]:
            self._feeds.update(alias, text)
        self._desk.program = bytes.fromhex(facts["pays"])
        self._desk.arbitrary = bytes.fromhex(facts["says"])


def _account_facts(one: Account) -> Facts:
    return {
        "id": one.id, "alias": one.alias, "xpubs": [key.hex() for key in one.xpubs],
        "quorum": one.quorum, "index": one.index, "rule": one.rule,
    }  # fmt: skip


def _account_of(facts: Mapping[str, Any]) -> Account:
    return Account(
        facts["id"], facts["alias"], tuple(map(bytes.fromhex, facts["xpubs"])),
        facts["quorum"], facts["index"], facts["rule"],
    )  # fmt: skip


def _asset_facts(one: Asset) -> Facts:
    return {
        "kind": one.kind, "alias": one.alias, "quorum": one.quorum,
        "index": one.index, "xpubs": [key.hex() for key in one.xpubs],
        "program": one.program.hex(), "definition": one.definition.hex(),
        "limit_height": one.limit_height,
    }  # fmt: skip


def _asset_of(facts: Mapping[str, Any]) -> Asset:
    program = bytes.fromhex(facts["program"])
    definition = bytes.fromhex(facts["definition"])
    return Asset(
        facts["kind"], tuple(map(bytes.fromhex, facts["xpubs"])), facts["quorum"],
        facts["index"], asset_id(program, definition), facts["alias"], program,
        definition, facts["limit_height"],
    )  # fmt: skip
