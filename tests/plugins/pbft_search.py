"""
An adversary that plays at random against pbft.

No engine and no time: only blocks, votes, changes of view and what is lost of them. The
Byzantine validators prepare and commit everything, hide what was prepared, show any
committed block as their base, and as leaders propose several blocks and show whichever
changes suit them. Half of all deliveries are lost; old proposals come again; honest
validators crash and come back with what their signer kept.

What honest validators do is decided by the real rules: `is_obeyed` and `may_prepare` of
pbft_proofs, and the voting state of the real signer. They are looked up in their
modules on every call, so that a test can take a rule away and see conflicts appear.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from devnet.engine.interfaces import (
    Certificate,
    Checkpoint,
    Header,
    Rules,
    Validator,
    quorum,
)
from devnet.engine.sidechain import node as signer
from devnet.plugins import pbft_proofs
from devnet.plugins.pbft_proofs import Committed, NewView, Prepared, ViewChange

GENESIS = bytes(32)
BASE = Checkpoint(0, GENESIS)


class Blocks:
    """Every block there is. Nobody forges a signature here, so none is looked at."""

    def __init__(self, n: int) -> None:
        validators = tuple(Validator(f"v{i}", bytes([i]) * 32) for i in range(n))
        self.rules = Rules(0, "pbft", {}, validators, BASE)
        self.proof = Certificate.of(dict.fromkeys(range(quorum(n)), b"signed"))
        self.all = {GENESIS: Header(GENESIS, 0, b"", 0, 0, "pbft", 0, BASE)}

    def header(self, block_hash: bytes) -> Header | None:
        return self.all.get(block_hash)

    def voted_for(self, *vote: object) -> bool:
        return True

    def viewed(self, *change: object) -> bool:
        return True

    def make(self, base: Committed, round_: int) -> Header:
        """A new block on a committed one, whose commits it shows."""
        block = Header(
            len(self.all).to_bytes(32, "big"), base.block.height + 1, base.block.hash,
            0, 0, "pbft", round_, base.block, pbft_proofs.encode_view(base.view),
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
    """An honest validator: what it holds, and what its signer will not forget."""

    base: Committed
    prepared: Prepared | None = None
    kept: Prepared | None = None
    ballot: signer.Ballot = field(default_factory=signer.Ballot)


@dataclass
class Proposal:
    """A block that was proposed in a view, and who voted for it in each phase."""

    view: int
    block: Header
    new_view: NewView | None
    prepares: set[int] = field(default_factory=set)
    commits: set[int] = field(default_factory=set)


class Search:
    """
    One run.

    Args:
        n, f: validators, and how many of them are Byzantine (the last ones).
        n_views: how many views to play.
        loss: the share of deliveries that are lost.
        forgets: honest validators come back from a crash without what they prepared.
    """

    def __init__(
        self,
        seed: int,
        n: int,
        f: int,
        n_views: int = 24,
        loss: float = 0.5,
        forgets: bool = False,
    ) -> None:
        self.chance, self.loss = Random(seed).random, loss
        self.random = Random(seed + 1)
        self.n, self.f, self.needed, self.forgets = n, f, quorum(n), forgets
        self.blocks = Blocks(n)
        root = Committed(BASE, 0)
        self.honest = [Honest(root) for _ in range(n - f)]
        self.committed = [root]
        self.proven: list[Prepared] = []
        self.played: list[Proposal] = []
        for view in range(1, n_views + 1):
            self._play(view)

    def conflict(self) -> tuple[int, int] | None:
        """Heights of two committed blocks on different branches, or None."""
        blocks = [self.blocks.all[one.block.hash] for one in self.committed]
        blocks.sort(key=lambda block: (block.height, block.hash))
        for low, high in pairwise(blocks):
            if not self.blocks.stands_on(high, low):
                return low.height, high.height
        return None

    def n_final(self) -> int:
        """The height of the highest committed block."""
        return max(one.block.height for one in self.committed)

    def _heard(self) -> bool:
        return self.chance() >= self.loss

    # A view.

    def _play(self, view: int) -> None:
        changes = self._changes(view)
        leader = int(self.chance() * self.n)
        if leader < len(self.honest):
            fresh = self._lead(self.honest[leader], view, changes)
        else:
            fresh = [self._lie(view, changes) for _ in range(3)]
        self.played += [one for one in fresh if one is not None]
        late = self.random.choice(self.played) if self.played else None
        for proposal in (*fresh, late):
            if proposal is not None:
                self._vote(proposal)
        for node in self.honest:
            if self.chance() < 0.3:
                node.prepared = None if self.forgets else node.kept
            if self.chance() < 0.1:
                self._learn(node, self.random.choice(self.committed))

    def _changes(self, view: int) -> list[ViewChange]:
        """Who leaves for this view. Liars hide and show what they like."""
        found = []
        for index, node in enumerate(self.honest):
            if self.chance() < 0.7 and node.base.view < view:
                node.ballot = node.ballot.after_view(view)
                found.append(ViewChange(view, node.base, self._shown(node), index, b""))
        for index in range(len(self.honest), self.n):
            base = self.random.choice([it for it in self.committed if it.view < view])
            shown = None
            fit = [
                it
                for it in self.proven
                if base.view < it.view < view
                and self.blocks.all[it.block_hash].justify == base.block
            ]
            if fit and self.chance() < 0.3:
                shown = self.random.choice(fit)
            found.append(ViewChange(view, base, shown, index, b""))
        return found

    def _shown(self, node: Honest) -> Prepared | None:
        held = node.prepared
        if held is None or held.view <= node.base.view:
            return None
        block = self.blocks.all[held.block_hash]
        return held if block.justify == node.base.block else None

    def _lead(
        self, node: Honest, view: int, changes: list[ViewChange]
    ) -> list[Proposal | None]:
        """An honest leader: right after the commits, or with a quorum's changes."""
        if view == node.base.view + 1 and node.ballot.view_round <= view:
            return [Proposal(view, self.blocks.make(node.base, view), None)]
        return [self._begin(view, [it for it in changes if self._heard()], None)]

    def _lie(self, view: int, changes: list[ViewChange]) -> Proposal | None:
        """A Byzantine leader: another block, other changes, each time."""
        if self.chance() < 0.4:
            base = self.random.choice([it for it in self.committed if it.view < view])
            return Proposal(view, self.blocks.make(base, view), None)
        self.random.shuffle(changes)
        named = None
        if self.chance() < 0.3:
            named = self.random.choice(list(self.blocks.all.values()))
        return self._begin(view, changes[: self.needed], named)

    def _begin(
        self, view: int, changes: list[ViewChange], wish: Header | None
    ) -> Proposal | None:
        """What a leader proposes with these changes; a wish, if nobody forbids it."""
        if len(changes) < self.needed:
            return None
        base, prepared = pbft_proofs.select(changes)
        if prepared is not None:
            block = self.blocks.all[prepared.block_hash]
        else:
            block = wish or self.blocks.make(base, view)
        named = None if block.round == view else block.hash
        new_view = NewView(view, named, tuple(changes))
        if not pbft_proofs.is_obeyed(new_view, self.blocks.rules, self.blocks):
            return None
        return Proposal(view, block, new_view)

    # Votes.

    def _vote(self, proposal: Proposal) -> None:
        """The three phases, as far as they get."""
        liars = set(range(len(self.honest), self.n))
        for index, node in enumerate(self.honest):
            if self._heard() and self._may_prepare(node, proposal):
                proposal.prepares.add(index)
        proof = Prepared(proposal.block.hash, proposal.view, self.blocks.proof)
        if len(proposal.prepares | liars) >= self.needed:
            self.proven.append(proof)
            for index, node in enumerate(self.honest):
                if self._gets(index, proposal.prepares):
                    self._commit(index, node, proposal, proof)
        if len(proposal.commits | liars) < self.needed:
            return
        block = proposal.block
        final = Committed(
            Checkpoint(block.height, block.hash), proposal.view, self.blocks.proof
        )
        self.committed.append(final)
        for index, node in enumerate(self.honest):
            if self._gets(index, proposal.commits):
                self._learn(node, final)

    def _gets(self, index: int, voters: set[int]) -> bool:
        """Do a quorum's votes reach this validator? Liars speak to whom they please."""
        heard = sum(other == index or self._heard() for other in sorted(voters))
        return heard + self.f >= self.needed

    def _may_prepare(self, node: Honest, proposal: Proposal) -> bool:
        block, view = proposal.block, proposal.view
        if block.height:
            parents_view = pbft_proofs.decode_view(block.engine_data)
            shown = Committed(block.justify, parents_view, self.blocks.proof)
            self._learn(node, shown)
        if not pbft_proofs.may_prepare(
            block, view, node.base, proposal.new_view, self.blocks.rules
        ):
            return False
        try:
            node.ballot = node.ballot.after_phase("prepare", view)
        except signer.VoteRefused:
            return False
        return True

    def _commit(
        self, index: int, node: Honest, proposal: Proposal, proof: Prepared
    ) -> None:
        """Commit what a quorum prepared, if it stands on one's own base."""
        if proposal.block.justify != node.base.block:
            return
        try:
            node.ballot = node.ballot.after_phase("commit", proposal.view)
        except signer.VoteRefused:
            return
        proposal.commits.add(index)
        if node.prepared is None or node.prepared.view < proof.view:
            node.prepared = node.kept = proof

    def _learn(self, node: Honest, shown: Committed) -> None:
        if shown.view > node.base.view:
            node.base = shown


def count_conflicts(
    n_runs: int,
    n: int,
    f: int,
    *,
    enough: int = 10**9,
    first_seed: int = 0,
    forgets: bool = False,
) -> int:
    """Runs that ended with conflicting blocks, stopping at `enough` of them."""
    found = 0
    for seed in range(first_seed, first_seed + n_runs):
        found += Search(seed, n, f, forgets=forgets).conflict() is not None
        if found >= enough:
            break
    return found
