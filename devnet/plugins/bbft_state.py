"""
What one validator of BBFT remembers, and small questions about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal

from devnet.engine.interfaces import (
    Certificate,
    ChainReader,
    Effect,
    Header,
    Rules,
    Seat,
)
from devnet.plugins.ballots import Ballots, parent_to_extend
from devnet.plugins.bbft_messages import View
from devnet.plugins.bbft_tree import Tree, leader_of
from devnet.plugins.certificate import needed_weight, weight_of
from devnet.plugins.header_rules import round_in_epoch

MAX_OFFERS = 8
"""Blocks whose votes are kept, for each sender."""
MOST_ROUND_MS = 30_000
NEVER = -1

Stage = Literal["idle", "voted", "forwarded", "leaving"]


@dataclass(frozen=True, slots=True)
class Member:
    """
    All that one validator remembers. Times are milliseconds, NEVER where there is none.

    Args:
        ballots: certificates, and what it may vote for.
        round: the round that it is in.
        ready_ms: from when on the round's leader may propose.
        failures: rounds left in a row without a certificate.
        offers: by sender, votes for a block: the sender's newest, checked.
        proofs: certificates of the newest certified blocks.
        passed_on: blocks for which the own zone's votes went up.
        early: good blocks of rounds to come, to be voted for there.
        play: the block of this round, or nothing.
        gate_ms, ticks: when t_gate ends next for that block, and how often it did.
        led, rest_ms: the newest block of one's own, and when to see who lacks it.
        views: by validator, the newest round for which it leaves.
        own_view, wished: the newest change of view that was signed, and asked for.
        proposed, asked_ms: the newest round with a block of one's own; when the host
            was asked last.
        pressed_ms: since when something is known to wait; t_round runs from there.
        look_ms: when to find out whether something waits.
        probing: what a filled block is the answer to, beside a proposal.
        alarms: when each timer of the host fires.
    """

    ballots: Ballots
    round: int
    ready_ms: int
    look_ms: int
    failures: int = 0
    offers: tuple[Mapping[bytes, Certificate], ...] = ()
    proofs: Mapping[bytes, Certificate] = field(default_factory=dict)
    passed_on: tuple[bytes, ...] = ()
    early: tuple[bytes, ...] = ()
    play: bytes = b""
    gate_ms: int = NEVER
    ticks: int = 0
    led: bytes = b""
    rest_ms: int = NEVER
    views: Mapping[int, int] = field(default_factory=dict)
    own_view: View | None = None
    wished: int = 0
    proposed: int = 0
    asked_ms: int = NEVER
    pressed_ms: int = NEVER
    probing: Literal["", "look", "leave"] = ""
    alarms: Mapping[str, int] = field(default_factory=dict)

    @property
    def seat(self) -> Seat:
        """Whose eyes these are."""
        return self.ballots.seat

    @property
    def rules(self) -> Rules:
        """The rules of the epoch."""
        return self.seat.rules

    @property
    def me(self) -> int:
        """The place in the list, or -1."""
        return self.seat.me

    @property
    def leader(self) -> int:
        """Who leads the round."""
        return leader_of(self.round, len(self.rules.validators))

    @property
    def leaves(self) -> bool:
        """Has it signed for a later round than the one it is in?"""
        return self.own_view is not None and self.own_view.round > self.round

    @property
    def stage(self) -> Stage:
        """Where it stands in its round."""
        if self.leaves:
            return "leaving"
        if not self.play:
            return "idle"
        return "forwarded" if self.play in self.passed_on else "voted"


Acted = tuple[Member, tuple[Effect, ...]]


def round_ms(member: Member) -> int:
    """t_round as it is now: half as long again for each round that failed."""
    base_ms = member.rules.params["t_round_ms"]
    grown_ms = base_ms * int(3**member.failures) // int(2**member.failures)
    return min(MOST_ROUND_MS, grown_ms)


def patience_ms(member: Member) -> int:
    """How long after the leader's block was due it is worth asking what waits."""
    params = member.rules.params
    return params["t_gate_ms"] + params["t_round_ms"] // 4


def parent_of(member: Member, chain: ChainReader) -> Header:
    """
    Where a block of the member's round belongs. Blocks of rounds that others are in
    already cannot carry it; the highest certified block always can.
    """
    parent = parent_to_extend(member.ballots, chain)
    while round_in_epoch(parent, member.rules) >= member.round:
        parent = chain.ancestor(parent.hash, parent.height - 1)
    return parent


def due_ms(member: Member, chain: ChainReader) -> int:
    """The earliest time of the next block, by its distance from its parent."""
    parent = parent_of(member, chain)
    return parent.time_ms + member.rules.params["interval_ms"]


def with_offer(
    member: Member, sender: int, block_hash: bytes, votes: Certificate
) -> Member:
    """The newest votes of a sender for a block; its oldest block makes room."""
    own = dict(member.offers[sender])
    own.pop(block_hash, None)
    own[block_hash] = votes
    own = dict(islice(own.items(), max(0, len(own) - MAX_OFFERS), None))
    offers = (*member.offers[:sender], own, *member.offers[sender + 1 :])
    return replace(member, offers=offers)


def offers_for(member: Member, block_hash: bytes) -> dict[int, Certificate]:
    """The votes for a block, by sender."""
    return {
        sender: own[block_hash]
        for sender, own in enumerate(member.offers)
        if block_hash in own
    }


def from_below(member: Member, block_hash: bytes, tree: Tree) -> list[Certificate]:
    """Votes for a block that did not come from one's peers or parent."""
    above = set(tree.gateways) if member.me in tree.gateways else set[int]()
    above.add(tree.parents[member.me])
    above.discard(member.me)
    offers = offers_for(member, block_hash)
    return [votes for sender, votes in offers.items() if sender not in above]


def voters_in(parts: Iterable[Certificate]) -> frozenset[int]:
    """All who voted in these parts."""
    return frozenset(index for part in parts for index in part.voters())


def reach_quorum(parts: Iterable[Certificate], rules: Rules) -> bool:
    """Do the voters in these parts weigh enough?"""
    return weight_of(voters_in(parts), rules) >= needed_weight(rules)


def in_round(member: Member, header: Header) -> bool:
    """Is this block of the round that the member is in?"""
    return header.round == member.round


def newest(kept: tuple[bytes, ...], block_hash: bytes) -> tuple[bytes, ...]:
    """The hashes with one more; the oldest make room."""
    return (*kept, block_hash)[-MAX_OFFERS:]
