"""
Who is elected in Vapor 1.x: votes for keys, tallied at each block.

Pure arithmetic beside dpos-bbft, whose validators are the epoch's list for now.
Source: consensus rules of this project, section "dpos-bbft"; Bytom/vapor v1.1.9,
protocol/state/consensus_result.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FEDERATION_PATH = tuple(
    bytes.fromhex(selector)
    for selector in ("ffffffff", "ff000000", "ffffffff", "ff000000", "ff000000")
)
"""From a member's root key to the key with which it produces when nobody is elected."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Votes in neu by validator key, as hex text: ties are broken by that text."""

    votes: Mapping[str, int] = field(default_factory=dict)

    def vote(self, key: str, amount_neu: int) -> tuple[Tally, bool]:
        """Value is locked for a key. False: more than fits 64 bits."""
        total = self.votes.get(key, 0) + amount_neu
        if total >= 1 << 64:
            return self, False
        return Tally({**self.votes, key: total}), True

    def veto(self, key: str, amount_neu: int) -> tuple[Tally, bool]:
        """A vote is taken back. False: the key has fewer."""
        left = self.votes.get(key, 0) - amount_neu
        if left < 0:
            return self, False
        return Tally({**self.votes, key: left}), True


def elect(tally: Tally, n_seats: int, least_neu: int) -> tuple[tuple[str, int], ...]:
    """
    Keys and their votes, most votes first, then by the key's text, descending.

    Returns:
        At most `n_seats`; empty when no key has enough: then the federation serves.
    """
    able = [(key, votes) for key, votes in tally.votes.items() if votes >= least_neu]
    return tuple(sorted(able, key=lambda one: (one[1], one[0]), reverse=True)[:n_seats])
