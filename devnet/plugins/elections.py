"""
Who is elected in Vapor 1.x: votes for keys, tallied at each block; and who sits.

Here a key must be registered with a bond, or stand in the list that its epoch began
with. Seats that votes leave empty stay with that list, in its order: with the
reference's rule a single vote would hand the whole chain to one key.

Source: consensus rules of this project, section "dpos-bbft"; Bytom/vapor v1.1.9,
protocol/state/consensus_result.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from devnet.engine.interfaces import ChainReader, Header, Rules, Validator

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


# Seats.


def n_seats(rules: Rules) -> int:
    """How many act at a time: the parameter, or as many as the epoch began with."""
    return rules.params["seats"] or len(rules.validators)


def council(
    elected: Sequence[Validator], rules: Rules, banned: frozenset[bytes]
) -> tuple[Validator, ...]:
    """The elected, then the epoch's own list where seats are left."""
    taken = {one.key for one in elected} | banned
    own = [one for one in rules.validators if one.key not in taken]
    return (*elected, *own)[: n_seats(rules)] or rules.validators


def elected_at(
    block: Header, rules: Rules, chain: ChainReader
) -> tuple[Validator, ...]:
    """Who sits by the votes as they stand after a block."""
    banned = chain.banned(block.hash)
    able = {one.key: one for one in rules.validators}
    for one in chain.candidates(block.hash):
        able[one.key] = Validator(one.name, one.key)
    votes = {
        key.hex(): neu
        for key, neu in chain.tally(block.hash).items()
        if key in able and key not in banned
    }
    best = elect(Tally(votes), n_seats(rules), rules.params["least_votes"])
    return council([able[bytes.fromhex(key)] for key, _ in best], rules, banned)
