"""
Transaction feeds: filters under a name, which a node keeps and nobody reads.

Source: protocol page "http-api", section 9.6; Bytom/bytom v1.1.0, blockchain/txfeed/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from devnet.api.refusals import Refused

_TERM = re.compile(
    r"\s*(?:(asset_id|trans_type)\s*=\s*'([^']*)'"
    r"|(amount_lower_limit|amount_upper_limit)\s*=\s*([0-9]{1,18}))\s*"
)
_NAMES = {
    "asset_id": "assetid", "amount_lower_limit": "lowerlimit",
    "amount_upper_limit": "upperlimit", "trans_type": "transtype",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Feed:
    """A filter, as text and read."""

    alias: str
    text: str
    param: dict[str, Any]

    @property
    def facts(self) -> dict[str, Any]:
        """As the node shows it."""
        return {"alias": self.alias, "filter": self.text, "param": self.param}


class Feeds:
    """All feeds by alias."""

    def __init__(self) -> None:
        self._feeds: dict[str, Feed] = {}
        self.n_changes = 0

    def create(self, alias: str, text: str) -> None:
        """A new feed. Raises Refused."""
        if not alias:
            raise Refused("a transaction feed with empty alias: empty feed alias")
        if alias in self._feeds:
            raise Refused("txfeed alias must unique: duplicate feed alias")
        self._feeds[alias] = Feed(alias, text, parse_filter(text))
        self.n_changes += 1

    def update(self, alias: str, text: str) -> None:
        """Another filter. Raises Refused."""
        if not alias:
            raise Refused("a transaction feed with empty alias: empty feed alias")
        self._feeds[alias] = Feed(alias, text, parse_filter(text))
        self.n_changes += 1

    def get(self, alias: str) -> Feed:
        """A feed. Raises Refused."""
        if alias not in self._feeds:
            raise Refused("No transaction feed")
        return self._feeds[alias]

    def delete(self, alias: str) -> None:
        """Forget a feed; one that is not there is fine."""
        self._feeds.pop(alias, None)
        self.n_changes += 1

    def listed(self) -> list[Feed]:
        """All of them by alias."""
        return [self._feeds[alias] for alias in sorted(self._feeds)]


def parse_filter(text: str) -> dict[str, Any]:
    """The terms of a filter, joined by AND; empty for none. Raises Refused."""
    if not text.strip():
        return {}
    found: dict[str, Any] = {}
    column = 0
    for term in text.split(" AND "):
        match = _TERM.fullmatch(term)
        if match is None:
            at = column + len(term) - len(term.lstrip())
            raise Refused(f"col {at}: no term can be read here: invalid query filter")
        column += len(term) + 5
        if match[1]:
            found[_NAMES[match[1]]] = match[2]
        else:
            found[_NAMES[match[3]]] = int(match[4])
    return {
        name: found[name]
        for name in _NAMES.values()
        if found.get(name) not in (None, "")
    }
