"""
The Merkle block: how a Claim shows that its lock was mined, and with which status.

A mainchain header, the walk of its transaction tree down to one leaf, and the hashes of
the same walk through the status tree. Bytom's own checker takes proofs of nothing and
does not look at what is left over; this one guards money, so a proof has one form only:
exactly one leaf, one path, every hash and flag used.

Source: protocol page "claim", section 4; "blocks", section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from devnet.engine.bc.block import HEADER_ALONE, Block, BlockHeader, parse_header
from devnet.engine.bc.merkle import (
    ASSIST,
    LEAF,
    PARENT,
    STATUS_FAILED,
    STATUS_GOOD,
    build_proof,
    leaf,
    node,
    status_hashes,
)
from devnet.engine.codec import FormError, Reader, varint, varstr
from devnet.engine.errors import ClaimError
from devnet.engine.once import once

MAX_BYTES = 8192
"""Of a Merkle block as it stands in a Claim."""

MAX_DEPTH = 32
"""Edges from the root to the leaf: enough for four thousand million transactions."""


class NotCanonical(FormError):
    """The bytes have another form than the one that writing them gives."""

    code = "codec.not-canonical"
    kind = "not_canonical"


class ProofError(ClaimError):
    """The walk of a Merkle proof is not the one canonical path to one leaf."""

    code = "claim.proof"
    check: ClassVar[str] = "C8"
    default_hint = "Build the proof from the block that holds the lock transaction."


class BadFlag(ProofError):
    """A flag other than 0, 1 and 2."""

    code = "claim.proof-flag"


class NoLeaf(ProofError):
    """No leaf is marked, so the proof is about no transaction at all."""

    code = "claim.proof-of-nothing"


class ManyLeaves(ProofError):
    """More than one leaf is marked."""

    code = "claim.proof-many-leaves"


class ProofTooShort(ProofError):
    """The walk needs more flags or hashes than there are."""

    code = "claim.proof-too-short"


class ProofTooLong(ProofError):
    """Flags or hashes are left over after the walk."""

    code = "claim.proof-too-long"


class ProofTooDeep(ProofError):
    """The walk goes deeper than any real block's tree."""

    code = "claim.proof-too-deep"


class SpelledOut(ProofError):
    """A subtree without the leaf is walked instead of given by its hash."""

    code = "claim.proof-not-a-path"


class OtherLeaf(ProofError):
    """The marked leaf is another transaction."""

    code = "claim.proof-other-leaf"


class MerkleMismatch(ProofError):
    """The proof folds to a root other than the one in the mainchain header."""

    code = "claim.merkle-mismatch"


class StatusError(ClaimError):
    """The lock's transaction is not shown to have succeeded."""

    code = "claim.status"
    check: ClassVar[str] = "C9"


class BadStatusProof(StatusError):
    """The walk through the status tree is broken, or ends at no status."""

    code = "claim.status-proof"
    default_hint = "Take the status hashes of the same walk through the same block."


class StatusMismatch(StatusError):
    """The status proof folds to a root other than the one in the header."""

    code = "claim.status-mismatch"
    default_hint = "Take the status hashes of the same walk through the same block."


class LockFailed(StatusError):
    """The transaction failed on the mainchain and the asset is not BTM."""

    code = "claim.lock-failed"
    default_hint = "The asset never left its owner; lock it again."


Status = Literal["succeeded", "failed", "unknown"]


@dataclass(frozen=True)
class MerkleBlock:
    """
    What Bytom's get-merkle-proof returns, in binary.

    flags: the walk in pre-order, parents first: 0 assist, 1 parent, 2 leaf.
    tx_hashes, status_hashes: one for each assist and leaf, in the order of the walk.
    """

    header: BlockHeader
    tx_hashes: tuple[bytes, ...]
    flags: tuple[int, ...]
    status_hashes: tuple[bytes, ...]

    @once
    def raw(self) -> bytes:
        """The bytes that stand in a Claim."""
        return b"".join(
            (
                varstr(self.header.raw),
                varint(len(self.tx_hashes)),
                *self.tx_hashes,
                varint(len(self.flags)),
                bytes(self.flags),
                varint(len(self.status_hashes)),
                *self.status_hashes,
            )
        )


def parse_merkle_block(raw: bytes) -> MerkleBlock:
    """
    The Merkle block that these bytes are, strictly: only the form that writing gives.

    Raises:
        FormError: they are something else, longer than MAX_BYTES, or in another form.
    """
    if len(raw) > MAX_BYTES:
        raise NotCanonical(
            f"a Merkle block of {len(raw)} bytes, {MAX_BYTES} are allowed"
        )
    reader = Reader(raw, "Merkle block")
    header_bytes = reader.varstr()
    tx_hashes = _hashes(reader)
    flags = tuple(reader.take(reader.varint31()))
    status = _hashes(reader)
    reader.expect_end()
    block = MerkleBlock(parse_header(header_bytes), tx_hashes, flags, status)
    if header_bytes[:1] != bytes((HEADER_ALONE,)) or block.raw != raw:
        raise NotCanonical("the Merkle block is not written in its shortest form")
    return block


def merkle_block_of(block: Block, failed: Sequence[bool], tx_id: bytes) -> MerkleBlock:
    """
    The Merkle block of one transaction.

    Args:
        block: the mainchain block that holds it.
        failed: the status of each of its transactions, in block order.
    """
    ids = [transaction.id for transaction in block.transactions]
    proof = build_proof(ids, [tx_id])
    return MerkleBlock(
        block.header, proof.hashes, proof.flags, status_hashes(failed, proof.flags)
    )


# The strict rule.


@dataclass(frozen=True, slots=True)
class Folded:
    """What a good walk gives: the root it folds to, and the hash at its leaf."""

    root: bytes
    leaf: bytes


def fold(flags: Sequence[int], hashes: Sequence[bytes]) -> Folded:
    """
    Walk the flags, combining hashes on the way up.

    Raises:
        ProofError: the walk is not the one canonical path to exactly one leaf.
    """
    for index, flag in enumerate(flags):
        if flag not in (ASSIST, PARENT, LEAF):
            raise BadFlag(f"flag {index} of the proof is {flag}, only 0, 1, 2 exist")
    n_leaves = sum(flag == LEAF for flag in flags)
    if n_leaves == 0:
        raise NoLeaf("the proof marks no leaf: it proves nothing")
    if n_leaves > 1:
        raise ManyLeaves(f"the proof marks {n_leaves} leaves, a Claim has one lock")
    walk = _Walk(flags, hashes)
    root, _ = walk.subtree(depth=0)
    n_flags, n_hashes = len(flags) - walk.flag_index, len(hashes) - walk.hash_index
    if n_flags or n_hashes:
        raise ProofTooLong(
            f"{n_flags} flags and {n_hashes} hashes are left after the walk",
            n_flags=n_flags,
            n_hashes=n_hashes,
        )
    return Folded(root, walk.leaf)


def check_inclusion(block: MerkleBlock, tx_id: bytes) -> None:
    """
    The transaction is in the block of this header (which may still be an invented one).

    Raises:
        ProofError: it is not shown to be.
    """
    folded = fold(block.flags, block.tx_hashes)
    if folded.leaf != leaf(tx_id):
        raise OtherLeaf(
            f"the marked leaf {folded.leaf.hex()[:8]} is not transaction "
            f"{tx_id.hex()[:8]}, whose leaf is {leaf(tx_id).hex()[:8]}",
            expected=leaf(tx_id),
            computed=folded.leaf,
        )
    header = block.header
    if folded.root != header.tx_root:
        raise MerkleMismatch(
            f"merkle root of main {header.height} is {header.tx_root.hex()[:8]}, "
            f"the proof folds to {folded.root.hex()[:8]}",
            expected=header.tx_root,
            computed=folded.root,
            height=header.height,
        )


def check_status(block: MerkleBlock, *, asset_is_btm: bool) -> Status:
    """
    The transaction's outputs of this asset exist on the mainchain.

    A failed transaction paid its fee and moved its BTM; its other assets never moved.

    Raises:
        StatusError: the status is not shown, or it is one that does not count.
    """
    try:
        folded = fold(block.flags, block.status_hashes)
    except ProofError as error:
        raise BadStatusProof(f"status proof: {error.message}") from None
    header = block.header
    if folded.root != header.status_root:
        raise StatusMismatch(
            f"status root of main {header.height} is {header.status_root.hex()[:8]}, "
            f"the proof folds to {folded.root.hex()[:8]}",
            expected=header.status_root,
            computed=folded.root,
            height=header.height,
        )
    status = status_of_leaf(folded.leaf)
    if status == "unknown":
        raise BadStatusProof(
            f"{folded.leaf.hex()[:8]} is the leaf of no status", leaf=folded.leaf
        )
    if status == "failed" and not asset_is_btm:
        raise LockFailed(
            f"the transaction failed in main {header.height}: its BTM moved, its other "
            "assets did not",
            height=header.height,
        )
    return status


def strict_check(block: MerkleBlock, tx_id: bytes, *, asset_is_btm: bool) -> Status:
    """`check_inclusion`, then `check_status`: all that the proof itself can show."""
    check_inclusion(block, tx_id)
    return check_status(block, asset_is_btm=asset_is_btm)


def status_of_leaf(status_leaf: bytes) -> Status:
    """What a leaf of the status tree says."""
    return _STATUS_OF_LEAF.get(status_leaf, "unknown")


_STATUS_OF_LEAF: dict[bytes, Status] = {
    leaf(STATUS_GOOD): "succeeded",
    leaf(STATUS_FAILED): "failed",
}


class _Walk:
    """The place in flags and hashes while a proof is folded."""

    def __init__(self, flags: Sequence[int], hashes: Sequence[bytes]) -> None:
        self.flags, self.hashes = flags, hashes
        self.flag_index = self.hash_index = 0
        self.leaf = b""

    def subtree(self, depth: int) -> tuple[bytes, bool]:
        """The hash of the subtree here, and whether it is on the path to the leaf."""
        if depth > MAX_DEPTH:
            raise ProofTooDeep(f"the proof goes deeper than {MAX_DEPTH} levels")
        if self.flag_index == len(self.flags):
            raise ProofTooShort(f"the walk needs more than {len(self.flags)} flags")
        flag = self.flags[self.flag_index]
        self.flag_index += 1
        if flag == PARENT:
            left, left_is_path = self.subtree(depth + 1)
            right, right_is_path = self.subtree(depth + 1)
            if not left_is_path and not right_is_path:
                raise SpelledOut("a branch without the leaf is walked, not given whole")
            return node(left, right), True
        if self.hash_index == len(self.hashes):
            raise ProofTooShort(f"the walk needs more than {len(self.hashes)} hashes")
        found = self.hashes[self.hash_index]
        self.hash_index += 1
        if flag == LEAF:
            self.leaf = found
        return found, flag == LEAF


def _hashes(reader: Reader) -> tuple[bytes, ...]:
    return tuple([reader.hash() for _ in range(reader.varint31())])
