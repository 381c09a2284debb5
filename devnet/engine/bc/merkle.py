"""
Merkle roots and proofs.

One tree shape serves both roots of a block. An odd count is never padded: the first
part is the largest power of two below the length, so leaves sit at different depths.
A proof is a walk of that tree, parents first, left before right: one flag for each
node visited, and the hashes of the nodes where the walk stops.

The checker here is the reference's, with its lenience. Code that guards money uses the
strict one of the Claim rules instead.

Source: Bytom/bytom v1.1.0, protocol/bc/types/merkle.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devnet.engine.codec import sha3

ASSIST, PARENT, LEAF = 0, 1, 2

EMPTY_ROOT = sha3(b"")
STATUS_GOOD = b"{}"
STATUS_FAILED = b'{"status_fail":true}'

# No tree of a real block is deeper; a made-up proof may be, and must not exhaust us.
MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class MerkleProof:
    """Hashes of tree nodes (not transaction ids) and the flags of the walk."""

    hashes: tuple[bytes, ...]
    flags: tuple[int, ...]


def leaf(item: bytes) -> bytes:
    """The hash of one item."""
    return sha3(b"\x00" + item)


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees. Its prefix keeps it from passing as a leaf."""
    return sha3(b"\x01" + left + right)


def merkle_root(items: Sequence[bytes]) -> bytes:
    """The root over items in order. No items: the hash of the empty string."""
    return _root([leaf(item) for item in items])


def tx_root(ids: Sequence[bytes]) -> bytes:
    """The root over transaction ids in block order, the coinbase first."""
    return merkle_root(ids)


def status_text(failed: bool) -> bytes:
    """The status of a transaction as the status root hashes it: a JSON text."""
    return STATUS_FAILED if failed else STATUS_GOOD


def status_root(failed: Sequence[bool]) -> bytes:
    """The root over statuses in block order. True: only its fee counts."""
    return merkle_root([status_text(one) for one in failed])


def build_proof(ids: Sequence[bytes], wanted: Sequence[bytes]) -> MerkleProof:
    """
    The proof that the wanted ids are among the ids of a block.

    Nothing wanted gives the root with flag 0; wanted ids of which none is there give
    an empty proof, as in the reference.
    """
    leaves = [leaf(item) for item in ids]
    if not wanted:
        return MerkleProof((_root(leaves),), (ASSIST,))
    hashes: list[bytes] = []
    flags: list[int] = []
    _prove(leaves, {leaf(item) for item in wanted}, hashes, flags)
    return MerkleProof(tuple(hashes), tuple(flags))


def status_hashes(failed: Sequence[bool], flags: Sequence[int]) -> tuple[bytes, ...]:
    """The hashes that prove statuses along the flags of a transaction proof."""
    hashes: list[bytes] = []
    leaves = [leaf(status_text(one)) for one in failed]
    walk = iter(flags)

    def descend(part: Sequence[bytes]) -> None:
        flag = next(walk, None)
        if flag == PARENT and len(part) > 1:
            middle = _middle(len(part))
            descend(part[:middle])
            descend(part[middle:])
        elif flag is not None:
            hashes.append(_root(part))

    descend(leaves)
    return tuple(hashes)


def check_loose(
    hashes: Sequence[bytes],
    flags: Sequence[int],
    related: Sequence[bytes],
    root: bytes,
) -> bool:
    """
    Does the proof hold by the reference's rule?

    Args:
        related: ids (or status texts) said to be in the block, in block order.

    It does not look at what follows after the walk, and a proof of nothing is good.
    """
    walk = _LooseWalk(list(hashes), list(flags), [leaf(item) for item in related])
    return walk.fold() == root and not walk.related


def _middle(n_items: int) -> int:
    return 1 << (n_items - 1).bit_length() - 1


def _root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    middle = _middle(len(leaves))
    return node(_root(leaves[:middle]), _root(leaves[middle:]))


def _prove(
    leaves: Sequence[bytes], wanted: set[bytes], hashes: list[bytes], flags: list[int]
) -> bool:
    """Append the proof of a subtree, or nothing when nothing wanted is below it."""
    if len(leaves) <= 1:
        if not leaves or leaves[0] not in wanted:
            return False
        hashes.append(leaves[0])
        flags.append(LEAF)
        return True
    if wanted.isdisjoint(leaves):
        return False
    middle = _middle(len(leaves))
    flags.append(PARENT)
    for side in (leaves[:middle], leaves[middle:]):
        if not _prove(side, wanted, hashes, flags):
            hashes.append(_root(side))
            flags.append(ASSIST)
    return True


@dataclass(slots=True)
class _LooseWalk:
    """The lists that the reference's checker eats from their fronts."""

    hashes: list[bytes]
    flags: list[int]
    related: list[bytes]

    def fold(self, depth: int = 0) -> bytes:
        if not self.flags or not self.hashes:
            return EMPTY_ROOT
        flag = self.flags.pop(0)
        if flag == ASSIST:
            return self.hashes.pop(0)
        if flag == LEAF:
            if self.related and self.hashes[0] == self.related[0]:
                self.related.pop(0)
                return self.hashes.pop(0)
            return EMPTY_ROOT
        if flag == PARENT and depth < MAX_DEPTH:
            return node(self.fold(depth + 1), self.fold(depth + 1))
        return EMPTY_ROOT
