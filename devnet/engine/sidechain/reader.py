"""What engines and claim checks may ask about the chains: eyes on the trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rpds import HashTrieMap

from devnet.engine.bc.sideblock import (
    phase_message,
    proposal_message,
    view_message,
    vote_message,
)
from devnet.engine.interfaces import (
    Candidate,
    Certificate,
    Checkpoint,
    Header,
    Phase,
    Rules,
    Validator,
)
from devnet.engine.keys.aggregation import aggregation_of
from devnet.engine.keys.ed25519 import verify
from devnet.engine.mainchain.state import MainTree
from devnet.engine.sidechain.candidates import candidates_at
from devnet.engine.sidechain.claims import ClaimContext
from devnet.engine.sidechain.state import SideEntry, SideTree


@dataclass(frozen=True, slots=True)
class SideReader:
    """
    `interfaces.ChainReader` on a tree of blocks, as one node has it.

    Args:
        tip: the block that the node follows, or whose child is being judged.
        epochs: the rules by epoch on the branch of `tip`, one more when it opens one.
        seen: the blocks that the node has; None: all that exist.
        works: the proof-of-work function: seed and header hash to work.
        judged: the block under judgement, which is in no tree yet: its hash, and the
            validators who act in it if they are elected.
    """

    tree: SideTree
    tip: bytes
    epochs: tuple[Rules, ...]
    now_ms: int
    seen: HashTrieMap[bytes, None] | None = None
    works: Callable[[bytes, bytes], bytes] | None = None
    judged: tuple[bytes, tuple[Validator, ...]] = (b"", ())

    @property
    def chain_id(self) -> bytes:
        return self.tree.spec.chain_id

    @property
    def genesis_ms(self) -> int:
        return self.tree.spec.genesis_ms

    def header(self, block_hash: bytes) -> Header | None:
        """A valid block's header, or None when this node does not have it."""
        if self.seen is not None and block_hash not in self.seen:
            return None
        entry = self.tree.get(block_hash)
        return None if entry is None else entry.header

    def ancestor(self, block_hash: bytes, height: int) -> Header:
        """The ancestor of a known block (or the block itself) at a height."""
        found = self.tree.hash_at(block_hash, height)
        assert found is not None, f"no ancestor at height {height}"
        return self.tree[found].header

    def head(self) -> Header:
        """The tip that this node follows."""
        return self.tree[self.tip].header

    def rules(self, epoch: int) -> Rules:
        """The rules of an epoch, with the validators that it began with."""
        return self.epochs[epoch]

    def rules_of(self, header: Header) -> Rules:
        """The rules that a block was made under, with the validators who act then."""
        rules = self.epochs[header.epoch]
        acting = self._acting(header)
        return replace(rules, validators=acting) if acting else rules

    def _acting(self, header: Header) -> tuple[Validator, ...]:
        """Who was elected to act in a block; nobody: its epoch's own list acts."""
        judged_hash, acting = self.judged
        if header.hash == judged_hash:
            return acting
        entry = self.tree.get(header.hash)
        return () if entry is None else entry.state.acting

    def tally(self, block_hash: bytes) -> Mapping[bytes, int]:
        """Votes in neu by validator key, as they stand after a block."""
        return self.tree[block_hash].state.tally

    def candidates(self, block_hash: bytes) -> tuple[Candidate, ...]:
        """All who are registered after a block, in the order of their addresses."""
        entry = self.tree[block_hash]
        return candidates_at(entry.state, self.tree.spec.hrp)

    def banned(self, block_hash: bytes) -> frozenset[bytes]:
        """Keys that lost their bond for an offence."""
        return frozenset(self.tree[block_hash].state.roster.banned)

    def work(self, block_hash: bytes) -> bytes:
        """Tensority of a block hash, with the chain's id as seed: 32 bytes."""
        assert self.works is not None, "whoever judges has the proof-of-work function"
        return self.works(self.chain_id, block_hash)

    def signed_by(self, header: Header, index: int) -> bool:
        """Is the header's signature validator `index`'s over this very block?"""
        validators = self.rules_of(header).validators
        if not 0 <= index < len(validators):
            return False
        message = proposal_message(self.chain_id, header.hash)
        return verify(validators[index].key, message, header.signature)

    def voted_for(
        self,
        block_hash: bytes,
        epoch: int,
        index: int,
        sig: bytes,
        phase: Phase = "vote",
        round: int = 0,
    ) -> bool:
        """Is `sig` validator `index`'s vote for this block, in a phase of a view?"""
        header = self.header(block_hash)
        if header is not None and header.epoch != epoch:
            return False
        key = self._key(epoch, index, header)
        if key is None:
            return False
        if phase == "vote" and self.epochs[epoch].merges_votes:
            return self.proves(block_hash, epoch, Certificate.of({index: sig}))
        if phase == "vote":
            return verify(key, vote_message(self.chain_id, block_hash), sig)
        message = phase_message(self.chain_id, phase, epoch, round, block_hash)
        return verify(key, message, sig)

    def proves(self, block_hash: bytes, epoch: int, votes: Certificate) -> bool:
        """Are these votes for this block, each voter's signature good?"""
        header = self.header(block_hash)
        if header is not None and header.epoch != epoch:
            return False
        rules = self._rules(epoch, header)
        message = vote_message(self.chain_id, block_hash)
        return rules is not None and aggregation_of(rules).verify(
            rules.validators, message, votes
        )

    def merged(self, epoch: int, parts: Sequence[Certificate]) -> Certificate:
        """Votes for one block as one certificate."""
        return aggregation_of(self.epochs[epoch]).merge(parts)

    def viewed(
        self, epoch: int, round: int, justify_hash: bytes, index: int, sig: bytes
    ) -> bool:
        """Is `sig` validator `index`'s signature under this change of view?"""
        key = self._key(epoch, index)
        if key is None:
            return False
        message = view_message(self.chain_id, epoch, round, justify_hash)
        return verify(key, message, sig)

    def _key(
        self, epoch: int, index: int, header: Header | None = None
    ) -> bytes | None:
        """The key of a seat: in a block's list; in the head's if it is not known."""
        rules = self._rules(epoch, header)
        if rules is None or not 0 <= index < len(rules.validators):
            return None
        return rules.validators[index].key

    def _rules(self, epoch: int, header: Header | None) -> Rules | None:
        """The rules of a block; of the head's if it is not known, where it fits."""
        if not 0 <= epoch < len(self.epochs):
            return None
        if header is None and self.head().epoch == epoch:
            header = self.head()
        return self.epochs[epoch] if header is None else self.rules_of(header)


@dataclass(frozen=True, slots=True)
class AnchorReader:
    """The mainchain as a claim check asks for it: ancestors of an anchor."""

    tree: MainTree

    def block_hash_at(self, anchor_hash: bytes, height: int) -> bytes | None:
        """Hash of the anchor's ancestor (or itself) at a height, or None."""
        return self.tree.hash_at(anchor_hash, height)


def claim_context(
    tree: SideTree,
    parent: SideEntry,
    main: MainTree,
    anchor: Checkpoint,
    *,
    frozen: bool,
    resting: bool,
) -> ClaimContext:
    """
    What claims in a block with this anchor are judged against.

    Args:
        parent: the block below.
        frozen: the mainchain left the branch of the parent's anchor.
        resting: a swap is closing, claims pause.
    """
    spec, council = tree.spec, tree.council(parent)
    return ClaimContext(
        chain_id=spec.chain_id,
        parent_id=spec.parent_id,
        federations=council.federations,
        relay_fee_ppm=spec.relay_fee_ppm,
        collectors=council.collectors,
        grace=spec.grace,
        anchor=anchor,
        main=AnchorReader(main),
        is_claimed=lambda lock_id: False,
        frozen=frozen,
        closing=resting,
        claims_before=0,
        failed_btm_counts=main.profile.rule_aa_height == 0,
        past=council.past,
    )
