"""
Proof of stake: who owns a slot is drawn by weight; finality is by certificate.

The owner of slot r, for a block on a given parent, is the validator whose share of
0..W-1 holds

    SHA3-256(chain id, 32 bytes | epoch, 8 | r, 8 | seed, 32), big-endian, mod W

where W is the weight of all, and the shares follow one another in the order of the
epoch's list. Vote rounds are `round_blocks` heights long and start at the epoch's base.
The seed of a vote round is the hash of the last block that was final, in the chain's
own eyes, when the vote round before the previous one ended; in the first two vote
rounds it is the hash of the base.

The seed is old on purpose. Whoever makes the block that becomes a seed may try many
contents and so choose among as many seeds (grinding), or stay silent and choose between
two; but it has a slot's time for that, and what it wins begins a whole vote round
later. The seed is no lottery that nobody can touch.

Rounds are slots, as in dpos-bbft, and not views: whose turn it is follows from clock
and chain, so nothing times out and no message asks for a change. slots.py acts.

Source: consensus rules of this project, section "pow and pos".
"""

from __future__ import annotations

from bisect import bisect_right
from hashlib import sha3_256
from itertools import accumulate
from typing import ClassVar

from devnet.engine.interfaces import ChainReader, EngineInfo, Header, Param, Rules
from devnet.plugins.header_rules import in_epoch
from devnet.plugins.slots import OwnerOf, SlotEngine

TRANSITIONS: tuple[tuple[str, str, str], ...] = (
    ("watching", "TimerFired, its own slot, Propose", "asked"),
    ("watching", "TimerFired, the slot became another's", "watching"),
    ("watching", "HeadChanged, its next slot moved, SetTimer", "watching"),
    ("asked", "Filled, first of this slot, Publish", "watching"),
    ("asked", "nothing waits", "watching"),
    ("unknown", "a genuine vote, kept", "unknown"),
    ("unknown", "BlockJudged, V1 and V2 hold, CastVote", "cast"),
    ("unknown", "BlockJudged, V1 or V2 forbid", "known"),
    ("cast", "Voted, Broadcast of the vote", "known"),
    ("known", "votes of a quorum, Certified", "certified"),
    ("certified", "a certified child in the next slot, Final", "final"),
    ("final", "its descendants need nothing more of it", "final"),
)


def draw_number(chain_id: bytes, epoch: int, slot: int, seed: bytes) -> int:
    """What decides about a slot, before it is reduced by the weight of all."""
    content = chain_id + epoch.to_bytes(8, "big") + slot.to_bytes(8, "big") + seed
    return int.from_bytes(sha3_256(content).digest(), "big")


def owner_of_number(number: int, weights: tuple[int, ...]) -> int:
    """The index whose share of the weights holds `number` mod their sum."""
    ends = tuple(accumulate(weights))
    return bisect_right(ends, number % ends[-1])


class ProofOfStake(SlotEngine):
    """The rule of slots drawn by weight, final by certificate."""

    info: ClassVar[EngineInfo] = EngineInfo(
        name="pos",
        finality="certificate",
        summary="slots are drawn by weight; votes of two thirds certify their blocks",
        params=(
            Param("interval_ms", 500, 20, 60_000, "length of a slot"),
            Param("round_blocks", 48, 1, 1_000_000, "heights of a vote round"),
        ),
        closing_blocks="2",
    )

    def seed_above(self, parent: Header, rules: Rules, chain: ChainReader) -> bytes:
        """The seed for a block on `parent`: 32 bytes."""
        round_blocks = rules.params["round_blocks"]
        vote_round = (parent.height - rules.base.height) // round_blocks
        if not in_epoch(parent, rules) or vote_round < 2:
            return rules.base.hash
        last_height = rules.base.height + (vote_round - 1) * round_blocks
        last = chain.ancestor(parent.hash, last_height)
        if not in_epoch(last, rules):
            return rules.base.hash
        return self.final_seen(last, chain).hash

    def owners(self, parent: Header, rules: Rules, chain: ChainReader) -> OwnerOf:
        """Who owns which slot for a block on this parent."""
        seed = self.seed_above(parent, rules, chain)
        weights = tuple(one.weight for one in rules.validators)
        chain_id, epoch = chain.chain_id, rules.epoch

        def owner_of(slot: int) -> int:
            number = draw_number(chain_id, epoch, slot, seed)
            return owner_of_number(number, weights)

        return owner_of
