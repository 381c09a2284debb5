"""
The tree of a Merkle proof as it can be drawn, broken proofs included.

The rule that accepts proofs is `fold` of merkleblock.py; this only looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from devnet.engine.bc.merkle import LEAF, PARENT, node
from devnet.engine.bc.merkleblock import MAX_DEPTH, MerkleBlock


@dataclass(frozen=True, slots=True)
class ProofNode:
    """
    One node of a proof tree, in pre-order. `parent`, `left`, `right` are places in the
    tuple of nodes, -1 where there is none. Empty hashes: the proof ended before it.
    """

    role: Literal["path", "leaf", "assist"]
    depth: int
    hash: bytes
    status_hash: bytes
    parent: int = -1
    left: int = -1
    right: int = -1


def proof_nodes(block: MerkleBlock) -> tuple[ProofNode, ...]:
    """
    The tree of a proof as far as it can be walked. Never raises: a broken proof gives
    the nodes that there are, so that it can be looked at.
    """
    drawing = _Drawing(block)
    drawing.subtree(depth=0, parent=-1)
    return tuple(drawing.nodes)


class _Drawing:
    def __init__(self, block: MerkleBlock) -> None:
        self.flags = iter(block.flags)
        self.tx_hashes = iter(block.tx_hashes)
        self.status_hashes = iter(block.status_hashes)
        self.nodes: list[ProofNode] = []

    def subtree(self, depth: int, parent: int) -> int:
        """Draw the subtree here; its place, or -1 when nothing is left of the walk."""
        flag = next(self.flags, None)
        if flag is None or depth > MAX_DEPTH:
            return -1
        place = len(self.nodes)
        if flag != PARENT:
            found = next(self.tx_hashes, b""), next(self.status_hashes, b"")
            role: Literal["leaf", "assist"] = "leaf" if flag == LEAF else "assist"
            self.nodes.append(ProofNode(role, depth, *found, parent))
            return place
        self.nodes.append(ProofNode("path", depth, b"", b"", parent))
        left = self.subtree(depth + 1, place)
        right = self.subtree(depth + 1, place)
        tx_hash = self._join(left, right, "hash")
        status_hash = self._join(left, right, "status_hash")
        self.nodes[place] = ProofNode(
            "path", depth, tx_hash, status_hash, parent, left, right
        )
        return place

    def _join(self, left: int, right: int, name: str) -> bytes:
        if left < 0 or right < 0:
            return b""
        parts: list[bytes] = [getattr(self.nodes[at], name) for at in (left, right)]
        return node(*parts) if all(parts) else b""
