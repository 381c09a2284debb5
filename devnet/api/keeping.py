"""
What a node keeps in the wallet's file besides accounts and assets: tokens, feeds, and
who is paid for blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devnet.api.desk import Desk
from devnet.api.feeds import Feeds
from devnet.api.tokens import Token, Tokens
from devnet.wallet.keeping import Facts
from devnet.wallet.keeping import WalletDamaged as WalletDamaged


class NodePart:
    """The node's part of the wallet's file."""

    def __init__(self, desk: Desk, tokens: Tokens, feeds: Feeds) -> None:
        self._desk, self._tokens, self._feeds = desk, tokens, feeds

    def n_changes(self) -> tuple[int, ...]:
        """Another value whenever something changed."""
        return self._desk.n_changes, self._tokens.n_changes, self._feeds.n_changes

    def facts(self) -> Facts:
        """All of it."""
        return {
            "tokens": [
                [one.id, one.kind, one.created_at, one.secret]
                for one in self._tokens.listed()
            ],
            "feeds": [[one.alias, one.text] for one in self._feeds.listed()],
            "pays": self._desk.program.hex(),
            "says": self._desk.arbitrary.hex(),
        }

    def take(self, facts: Mapping[str, Any]) -> None:
        """Take in what stands in the file; a wallet that was never served has none."""
        for token_id, kind, created_at, secret in facts.get("tokens", ()):
            self._tokens.put_back(Token(token_id, kind, created_at, secret))
        for alias, text in facts.get("feeds", ()):
            self._feeds.update(alias, text)
        self._desk.program = bytes.fromhex(facts.get("pays", ""))
        self._desk.arbitrary = bytes.fromhex(facts.get("says", ""))
