"""
What a wallet keeps in its folder besides key files: accounts, assets, and what others
who use the file add to it. One small file, written whole after a change.

Receivers are kept as numbers only: their programs follow from the accounts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from devnet.engine.bc.transaction import asset_id
from devnet.engine.errors import DevnetError, StorageError
from devnet.wallet.assets import BTM_ASSET, Asset
from devnet.wallet.book import Account
from devnet.wallet.keyring import write_secret
from devnet.wallet.wallet import Wallet

FILE_NAME = "wallet.json"
KEYS_NAME = "keystore"
VERSION = 1

Facts = dict[str, Any]


class WalletDamaged(StorageError):
    """The file of accounts, assets and tokens cannot be read."""

    code = "storage.wallet"
    default_hint = "Put it aside: keys are in files of their own, and stay."


class Part(Protocol):
    """Something else that stands in the same file."""

    def n_changes(self) -> tuple[int, ...]:
        """Another value whenever something changed."""

    def facts(self) -> Facts:
        """All of it."""

    def take(self, facts: Mapping[str, Any]) -> None:
        """Take in what `facts` gave. KeyError, TypeError, ValueError: it is damaged."""


class Keeper:
    """
    Reads the file when it is made, and writes it when something changed.

    Args:
        folder: where it lies; None keeps nothing.
    """

    def __init__(self, folder: Path | None, wallet: Wallet) -> None:
        self._path = None if folder is None else folder / FILE_NAME
        self._wallet = wallet
        self._parts: list[Part] = []
        self._others: Facts = {}
        """What nobody here has asked for yet, as it stands in the file."""
        if self._path is not None and self._path.exists():
            self._others = self._read(self._path)
            self._guard(self._take, self._others)
        self._seen = self._n_changes()

    def join(self, part: Part) -> None:
        """
        One more part of the file: it is told what stands there, or what one of its kind
        that was here before it knew. WalletDamaged.
        """
        older = [one for one in self._parts if type(one) is type(part)]
        told = older[0].facts() if older else self._others
        if told:
            self._guard(part.take, told)
        self._parts = [*(one for one in self._parts if one not in older), part]
        self._seen = self._n_changes()

    def save(self) -> None:
        """Write the file if anything changed since the last time."""
        if self._path is None or (found := self._n_changes()) == self._seen:
            return
        self._seen = found
        facts = self._others | self._facts()
        for part in self._parts:
            facts |= part.facts()
        write_secret(self._path, json.dumps(facts, separators=(",", ":")))

    def _n_changes(self) -> tuple[tuple[int, ...], ...]:
        own = (self._wallet.book.n_changes, self._wallet.assets.n_changes)
        return own, *(part.n_changes() for part in self._parts)

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
        }

    def _read(self, path: Path) -> Facts:
        def read(_: object) -> Facts:
            facts: Facts = json.loads(path.read_text("utf-8"))
            if facts["version"] != VERSION:
                raise ValueError(f"version {facts['version']}")
            return facts

        facts: Facts = self._guard(read, None)
        return facts

    def _guard(self, read: Any, given: Any) -> Any:
        """Whatever is wrong with the file is one kind of error."""
        try:
            return read(given)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise WalletDamaged(f"{self._path}: {error}"[:200]) from None
        except DevnetError as error:
            raise WalletDamaged(f"{self._path}: {error.message}"[:200]) from None

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
