"""
An adversary that plays at random while a chain swaps its rule.

Only blocks, votes and certificates, as in search.py, but two epochs of them: the old
rule and the new one are both the certificate core, each with votes of its own. The
same validators, a share of them Byzantine, half of all deliveries lost. Which rule
makes a block's child is asked of the real gate, `in_force`; who may vote and what is
final of the real core. All are looked up on every call, so that a test can put another
gate in their place and see the search find conflicts.

`python -m tests.plugins.swap_search N_RUNS N F [FIRST_SEED] [fixed]` counts.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from devnet.engine.bc.records import SwapRecord
from devnet.engine.interfaces import Checkpoint, Header, Rules, Validator, quorum
from devnet.engine.sidechain import swap
from devnet.engine.sidechain.state import PendingSwap, SideState
from devnet.engine.sidechain.swap import InForce, next_rules
from devnet.plugins import certificate
from devnet.plugins.certificate import Voter

GENESIS = bytes(32)
CLOSING = 5
OLD, NEW = 0, 1
ROUNDS = {4: 70, 7: 150}
"""With more liars, fewer pairs of neighbouring rounds have two honest leaders."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A block with what its own chain proves final, as `in_force` asks it."""

    header: Header
    state: SideState
    final: Checkpoint

    @property
    def height(self) -> int:
        return self.header.height

    @property
    def hash(self) -> bytes:
        return self.header.hash


@dataclass(frozen=True, slots=True)
class Eyes:
    """The chain that ends in one block: what `final_seen` asks of it."""

    blocks: Blocks
    epochs: tuple[Rules, ...]

    def header(self, block_hash: bytes) -> Header:
        return self.blocks.all[block_hash].header

    def rules(self, epoch: int) -> Rules:
        return self.epochs[epoch]


class Blocks:
    """Every block there is, with the swap on its way from the start."""

    def __init__(self, n: int) -> None:
        seats = tuple(Validator(f"v{i}", bytes([i]) * 32) for i in range(n))
        base = Checkpoint(0, GENESIS)
        rules = Rules(OLD, "old", {}, seats, base)
        record = SwapRecord(OLD, "new", "{}", CLOSING, seats)
        self.old = SideState(epochs=(rules,), pending=PendingSwap(record, 0))
        header = Header(GENESIS, 0, b"", 0, OLD, "old", 0, base)
        self.all = {GENESIS: Entry(header, self.old, base)}

    def hash_at(self, tip: bytes, height: int) -> bytes | None:
        """The ancestor of a block at a height."""
        entry = self.all[tip]
        while entry.height > height:
            entry = self.all[entry.header.previous]
        return entry.hash

    def stands_on(self, new: bytes, old: bytes) -> bool:
        """Is `old` the block or an ancestor of it?"""
        return self.hash_at(new, self.all[old].height) == old

    def in_force(self, parent: Entry) -> InForce:
        """The gate's answer. A module's function, so that tests can take another."""
        return swap.in_force(self, parent)  # type: ignore[arg-type]

    def make(self, parent: Entry, round_: int, source: Entry | None) -> Entry:
        """A new block. Without a source of its epoch it builds on the epoch's base."""
        rules = self.in_force(parent).rules
        state = parent.state
        if rules.epoch > state.rules.epoch:
            state = SideState(epochs=(*state.epochs, rules))
        justify = rules.base
        if source is not None and source.header.epoch == rules.epoch and source.height:
            justify = Checkpoint(source.height, source.hash)
        block_hash = len(self.all).to_bytes(32, "big")
        header = Header(
            block_hash, parent.height + 1, parent.hash, round_, rules.epoch,
            rules.engine, round_, justify,
        )  # fmt: skip
        entry = Entry(header, state, parent.final)
        self.all[block_hash] = entry
        final = self.capped(certificate.final_seen(header, self.eyes(entry)), entry)
        if final.height > parent.final.height:
            entry = self.all[block_hash] = Entry(header, state, final)
        return entry

    def eyes(self, entry: Entry) -> Eyes:
        return Eyes(self, entry.state.epochs)

    def capped(self, final: Checkpoint, entry: Entry) -> Checkpoint:
        """Above the closing height the old rule declares nothing final."""
        if entry.header.epoch == OLD and final.height > CLOSING:
            found = self.hash_at(entry.hash, CLOSING)
            assert found is not None
            return Checkpoint(CLOSING, found)
        return final


@dataclass
class Honest:
    """An honest validator: what it saw, holds certified, and voted in each epoch."""

    seen: set[bytes] = field(default_factory=lambda: {GENESIS})
    votes: dict[bytes, set[int]] = field(default_factory=dict)
    voters: list[Voter] = field(default_factory=lambda: [Voter(), Voter()])
    best: list[bytes] = field(default_factory=lambda: [GENESIS, GENESIS])


class SwapSearch:
    """
    One run.

    Args:
        n, f: validators, and how many of them are Byzantine (the last ones).
        n_rounds: how many rounds to play; 0: as many as nearly always suffice.
        loss: the share of deliveries that are lost.
    """

    def __init__(
        self, seed: int, n: int, f: int, n_rounds: int = 0, loss: float = 0.5
    ) -> None:
        self.chance, self.loss = Random(seed).random, loss
        self.choose = Random(seed + 1).choice
        self.n, self.f, self.needed = n, f, quorum(n)
        self.blocks = Blocks(n)
        self.honest = [Honest() for _ in range(n - f)]
        self.n_votes: dict[bytes, int] = {}
        self.certified: list[Entry] = []
        self.recent = [self.blocks.all[GENESIS]]
        for round_ in range(1, (n_rounds or ROUNDS[n]) + 1):
            self._play(round_)

    def finals(self) -> list[Checkpoint]:
        """Whatever anybody could prove final, in whatever chain, lowest first."""
        found = set()
        for entry in self.certified:
            final = certificate.final_through(entry.header, self.blocks.eyes(entry))
            if final is not None:
                found.add(self.blocks.capped(final, entry))
        return sorted(found, key=lambda final: (final.height, final.hash))

    def conflict(self) -> tuple[int, int] | None:
        """Heights of two final blocks on different branches, or None."""
        for low, high in pairwise(self.finals()):
            if not self.blocks.stands_on(high.hash, low.hash):
                return low.height, high.height
        return None

    def has_swapped(self) -> bool:
        """Did the new rule finalise a block?"""
        return any(final.height > CLOSING for final in self.finals())

    def _play(self, round_: int) -> None:
        leader = int(self.chance() * self.n)
        if leader < len(self.honest):
            fresh = [self._honest_block(self.honest[leader], round_)]
            self._see(leader, fresh[0])
        else:
            fresh = [self._byzantine_block(round_) for _ in range(2)]
        self.recent = [*self.recent, *fresh][-24:]
        late = self.choose(self.recent)
        for block in (*fresh, late):
            for index in range(len(self.honest)):
                if block.height and self.chance() >= self.loss:
                    self._see(index, block)

    def _honest_block(self, leader: Honest, round_: int) -> Entry:
        """
        The fork choice across the boundary: final height, then epoch, then the core's
        own order. A block that opens an epoch has no source but its base.
        """
        blocks = self.blocks.all
        epoch = max(blocks[one].header.epoch for one in leader.seen)
        source = blocks[leader.best[epoch]]
        above = [source] if source.height else []
        above += [
            blocks[one]
            for one in sorted(leader.seen)
            if blocks[one].header.epoch == epoch
            and (not source.height or self.blocks.stands_on(one, source.hash))
        ]
        parent = max(above, key=lambda one: (one.final.height, one.height, one.hash))
        return self.blocks.make(parent, round_, source if source.height else None)

    def _byzantine_block(self, round_: int) -> Entry:
        """On any block and whatever certificate fits; every certificate is known."""
        parent = self.choose(self.recent)
        epoch = self.blocks.in_force(parent).rules.epoch
        fitting = [
            one
            for one in self.certified[-8:]
            if one.header.epoch == epoch
            and one.height <= parent.height
            and self.blocks.stands_on(parent.hash, one.hash)
        ]
        return self.blocks.make(
            parent, round_, self.choose(fitting) if fitting else None
        )

    def _see(self, index: int, block: Entry) -> None:
        """A block and what lies below it arrive; the validator may vote for it."""
        node, blocks = self.honest[index], self.blocks.all
        below = block
        while below.hash not in node.seen:
            node.seen.add(below.hash)
            if below.header.justify != below.state.rules.base:
                self._learn(node, blocks[below.header.justify.hash])
            below = blocks[below.header.previous]
        epoch, round_ = block.header.epoch, block.header.round
        source = certificate.justify_round(block.header, self.blocks.eyes(block))
        if not certificate.may_vote(node.voters[epoch], round_, source):
            return
        node.voters[epoch] = certificate.after_vote(node.voters[epoch], round_, source)
        self.n_votes[block.hash] = self.n_votes.get(block.hash, 0) + 1
        if self.n_votes[block.hash] == self.needed - self.f:
            self.certified.append(block)
        for other in self.honest:
            if other is node or self.chance() >= self.loss:
                votes = other.votes.setdefault(block.hash, set())
                votes.add(index)
                # The Byzantine ones vote for everything, when they please to be heard.
                votes.update(
                    bad
                    for bad in range(len(self.honest), self.n)
                    if self.chance() < 0.5
                )
                if len(votes) >= self.needed:
                    self._learn(other, block)

    def _learn(self, node: Honest, block: Entry) -> None:
        epoch = block.header.epoch
        if block.header.round > self.blocks.all[node.best[epoch]].header.round:
            node.best[epoch] = block.hash


def at_a_fixed_height(tree: Blocks, parent: Entry) -> InForce:
    """The gate that is not: the new rule from the closing height on, come what may."""
    pending = parent.state.pending
    if pending is None or parent.height < pending.record.closing_height:
        return InForce(parent.state.rules)
    base = Checkpoint(parent.height, parent.hash)
    return InForce(next_rules(pending, parent.state, base), opens_epoch=True)


@dataclass(frozen=True)
class Found:
    """What many runs came to."""

    n_runs: int
    n_conflicts: int
    n_swapped: int
    first: int | None


def many(
    n_runs: int, n: int, f: int, *, first_seed: int = 0, enough: int = 10**9
) -> Found:
    """Play so many seeds, or until there are enough conflicts."""
    conflicts = swapped = played = 0
    first = None
    for seed in range(first_seed, first_seed + n_runs):
        run = SwapSearch(seed, n, f)
        played += 1
        swapped += run.has_swapped()
        if run.conflict() is not None:
            first = seed if first is None else first
            conflicts += 1
            if conflicts >= enough:
                break
    return Found(played, conflicts, swapped, first)


def main(words: list[str]) -> None:
    """Count, with either gate."""
    if "fixed" in words:
        words.remove("fixed")
        swap.in_force = at_a_fixed_height  # type: ignore[assignment]
    n_runs, n, f, first_seed = (*map(int, words), 0)[:4]
    print(many(n_runs, n, f, first_seed=first_seed))


if __name__ == "__main__":
    main(sys.argv[1:])
