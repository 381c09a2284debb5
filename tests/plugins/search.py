"""
An adversary that plays at random against the certificate core.

No engine and no time: only blocks, votes and certificates. Rounds have random leaders.
A Byzantine leader makes several blocks on whatever certified block suits it; Byzantine
validators vote for everything; a share of all deliveries is lost, and blocks may come
late. What honest validators do is decided by the real functions: `may_vote` says what
they vote for, `final_seen` what is final. They are looked up in their module on every
call, so that a test can take a rule away and see the search find conflicts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from devnet.engine.interfaces import Checkpoint, Header, Rules, Validator, quorum
from devnet.plugins import certificate
from devnet.plugins.certificate import Voter

GENESIS = bytes(32)
BASE = Checkpoint(0, GENESIS)


class Blocks:
    """Every block there is. It answers the two questions that `final_seen` asks."""

    def __init__(self, n: int) -> None:
        validators = tuple(Validator(f"v{i}", bytes([i]) * 32) for i in range(n))
        self._rules = Rules(0, "search", {}, validators, BASE)
        self.all = {GENESIS: Header(GENESIS, 0, b"", 0, 0, "search", 0, BASE)}

    def header(self, block_hash: bytes) -> Header | None:
        return self.all.get(block_hash)

    def rules(self, epoch: int) -> Rules:
        return self._rules

    def make(self, parent: Header, round_: int, justify: Header) -> Header:
        """A new block; its hash is its number."""
        block = Header(
            len(self.all).to_bytes(32, "big"), parent.height + 1, parent.hash, round_,
            0, "search", round_, Checkpoint(justify.height, justify.hash),
        )  # fmt: skip
        self.all[block.hash] = block
        return block

    def stands_on(self, block: Header, old: Header) -> bool:
        """Is `old` the block or an ancestor of it?"""
        while block.height > old.height:
            block = self.all[block.previous]
        return block is old


@dataclass
class Honest:
    """An honest validator: what it saw, voted and holds certified."""

    voter: Voter = field(default_factory=Voter)
    seen: set[bytes] = field(default_factory=lambda: {GENESIS})
    votes: dict[bytes, set[int]] = field(default_factory=dict)
    best: bytes = GENESIS


class Search:
    """
    One run.

    Args:
        n, f: validators, and how many of them are Byzantine (the last ones).
        n_rounds: how many rounds to play.
        loss: the share of deliveries that are lost.
    """

    def __init__(
        self, seed: int, n: int, f: int, n_rounds: int = 30, loss: float = 0.5
    ) -> None:
        self.chance, self.loss = Random(seed).random, loss
        self.choose = Random(seed + 1).choice
        self.n, self.f, self.needed = n, f, quorum(n)
        self.blocks = Blocks(n)
        self.honest = [Honest() for _ in range(n - f)]
        self.voters: dict[bytes, int] = {}
        self.certified = [self.blocks.all[GENESIS]]
        for round_ in range(1, n_rounds + 1):
            self._play(round_)

    def conflict(self) -> tuple[int, int] | None:
        """Heights of two final blocks on different branches, or None."""
        finals = set()
        for block in self.certified[1:]:
            tip = Header(
                b"tip", block.height + 1, block.hash, 0, 0, "search", block.round + 1,
                Checkpoint(block.height, block.hash),
            )  # fmt: skip
            finals.add(certificate.final_seen(tip, self.blocks))
        ordered = sorted(finals, key=lambda final: (final.height, final.hash))
        for low, high in pairwise(ordered):
            old, new = self.blocks.all[low.hash], self.blocks.all[high.hash]
            if not self.blocks.stands_on(new, old):
                return low.height, high.height
        return None

    def n_final(self) -> int:
        """The height of the highest final block, so that a run can be seen to live."""
        heights = [0]
        for block in self.certified[1:]:
            proved = certificate.final_through(block, self.blocks)
            heights.append(proved.height if proved else 0)
        return max(heights)

    def _play(self, round_: int) -> None:
        leader = int(self.chance() * self.n)
        if leader < len(self.honest):
            fresh = [self._honest_block(self.honest[leader], round_)]
            self._see(leader, fresh[0])
        else:
            fresh = [self._byzantine_block(round_) for _ in range(2)]
        late = self.choose(list(self.blocks.all.values()))
        for block in (*fresh, late):
            for index in range(len(self.honest)):
                if block.height and self.chance() >= self.loss:
                    self._see(index, block)

    def _honest_block(self, leader: Honest, round_: int) -> Header:
        """On the best block that it saw above the best certified one that it knows."""
        source = self.blocks.all[leader.best]
        parent = source
        for block_hash in sorted(leader.seen):
            block = self.blocks.all[block_hash]
            if block.height > parent.height and self.blocks.stands_on(block, source):
                parent = block
        return self.blocks.make(parent, round_, source)

    def _byzantine_block(self, round_: int) -> Header:
        """On any certified block, or one above it; every certificate is known."""
        source = self.choose(self.certified[-4:])
        above = [
            block
            for block in self.blocks.all.values()
            if block.height >= source.height
            and block.round < round_
            and self.blocks.stands_on(block, source)
        ]
        parent = source if self.chance() < 0.5 else self.choose(above)
        return self.blocks.make(parent, round_, source)

    def _see(self, index: int, block: Header) -> None:
        """A block and what lies below it arrive; the validator may vote for it."""
        node = self.honest[index]
        below: Header | None = block
        while below is not None and below.hash not in node.seen:
            node.seen.add(below.hash)
            self._learn(node, self.blocks.all[below.justify.hash])
            below = self.blocks.header(below.previous)
        source_round = certificate.justify_round(block, self.blocks)
        if not certificate.may_vote(node.voter, block.round, source_round):
            return
        node.voter = certificate.after_vote(node.voter, block.round, source_round)
        self.voters[block.hash] = self.voters.get(block.hash, 0) + 1
        if self.voters[block.hash] == self.needed - self.f:
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

    def _learn(self, node: Honest, block: Header) -> None:
        if block.round > self.blocks.all[node.best].round:
            node.best = block.hash


def count_conflicts(
    n_runs: int, n: int, f: int, *, enough: int = 10**9, first_seed: int = 0
) -> int:
    """Runs that ended with conflicting final blocks, stopping at `enough` of them."""
    found = 0
    for seed in range(first_seed, first_seed + n_runs):
        found += Search(seed, n, f).conflict() is not None
        if found >= enough:
            break
    return found
