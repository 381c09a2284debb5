"""What engines and claim checks may ask about the chains: eyes on the trees."""

from __future__ import annotations

from dataclasses import dataclass

from rpds import HashTrieMap

from devnet.engine.bc.sideblock import proposal_message, vote_message
from devnet.engine.interfaces import Checkpoint, Header, Rules
from devnet.engine.keys.ed25519 import verify
from devnet.engine.mainchain.state import MainTree
from devnet.engine.sidechain.claims import ClaimContext
from devnet.engine.sidechain.state import SideTree


@dataclass(frozen=True, slots=True)
class SideReader:
    """
    `interfaces.ChainReader` on a tree of blocks, as one node has it.

    Args:
        tip: the block that the node follows, or whose child is being judged.
        epochs: the rules by epoch on the branch of `tip`, one more when it opens one.
        seen: the blocks that the node has; None: all that exist.
    """

    tree: SideTree
    tip: bytes
    epochs: tuple[Rules, ...]
    now_ms: int
    seen: HashTrieMap[bytes, None] | None = None

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
        """The rules of an epoch."""
        return self.epochs[epoch]

    def signed_by(self, header: Header, index: int) -> bool:
        """Is the header's signature validator `index`'s over this very block?"""
        validators = self.epochs[header.epoch].validators
        if not 0 <= index < len(validators):
            return False
        message = proposal_message(self.chain_id, header.hash)
        return verify(validators[index].key, message, header.signature)

    def voted_for(self, block_hash: bytes, epoch: int, index: int, sig: bytes) -> bool:
        """Is `sig` validator `index`'s vote for this block?"""
        if epoch >= len(self.epochs):
            return False
        validators = self.epochs[epoch].validators
        if not 0 <= index < len(validators):
            return False
        return verify(
            validators[index].key, vote_message(self.chain_id, block_hash), sig
        )


@dataclass(frozen=True, slots=True)
class AnchorReader:
    """The mainchain as a claim check asks for it: ancestors of an anchor."""

    tree: MainTree

    def block_hash_at(self, anchor_hash: bytes, height: int) -> bytes | None:
        """Hash of the anchor's ancestor (or itself) at a height, or None."""
        return self.tree.hash_at(anchor_hash, height)


def claim_context(
    tree: SideTree, main: MainTree, anchor: Checkpoint, *, frozen: bool, resting: bool
) -> ClaimContext:
    """
    What claims in a block with this anchor are judged against.

    Args:
        frozen: the mainchain left the branch of the parent's anchor.
        resting: a swap is closing, claims pause.
    """
    spec = tree.spec
    return ClaimContext(
        chain_id=spec.chain_id,
        parent_id=spec.parent_id,
        federations=spec.federations,
        relay_fee_ppm=spec.relay_fee_ppm,
        collectors=spec.collectors,
        grace=spec.grace,
        anchor=anchor,
        main=AnchorReader(main),
        is_claimed=lambda lock_id: False,
        frozen=frozen,
        closing=resting,
        claims_before=0,
        failed_btm_counts=main.profile.rule_aa_height == 0,
    )
