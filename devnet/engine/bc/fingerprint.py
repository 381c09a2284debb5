"""
Fingerprints of documents in a form that a transaction id commits to.

Two forms, both readable on chain: the definition of an asset, under the asset id, and
two pushes in front of the program of an output, under the output id. The note of a
retirement is no third one: no id commits to it, anybody on the way can exchange it.

Source: protocol page "keys", section 10; the forms are this project's own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha3_256

from devnet.engine.bc.definition import canonical_definition
from devnet.engine.bc.merkle import MerkleProof, build_proof, leaf, merkle_root
from devnet.engine.bc.merkleblock import OtherLeaf, fold
from devnet.engine.bc.pushes import push
from devnet.engine.codec import FormError, from_hex

ALGORITHM = "sha3-256"
TREE = "sha3-256-tree"
"""The value is the Merkle root over the digests of several documents."""
ALGORITHMS = (ALGORITHM, TREE)

TAG = b"bystack:fp:1"
DROP = b"\x75"
N_DIGEST = 32
MOST_DEFINITION_BYTES = 65536

_HEAD = push(TAG) + DROP + bytes((N_DIGEST,))


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A digest (32 bytes), and what it is the digest of: a document, or a tree."""

    digest: bytes
    algorithm: str = ALGORITHM


def digest_of(document: bytes) -> bytes:
    """The fingerprint of a document that is in memory."""
    return sha3_256(document).digest()


def deposit_program(digest: bytes, owner: bytes) -> bytes:
    """
    The program of an output that carries a digest. Only assets other than BTM may be
    locked by it.

    Args:
        owner: what unlocks the output, expanded: it runs as it stands.
    """
    return _HEAD + digest + DROP + owner


def in_program(program: bytes) -> Fingerprint | None:
    """The fingerprint that an output's program carries, or None."""
    start, stop = len(_HEAD), len(_HEAD) + N_DIGEST
    if not program.startswith(_HEAD) or program[stop : stop + 1] != DROP:
        return None
    return Fingerprint(program[start:stop])


def deposit_definition(name: str, fingerprint: Fingerprint) -> bytes:
    """The definition of an asset of one unit that stands for a fingerprint."""
    told = {"alg": fingerprint.algorithm, "value": fingerprint.digest.hex()}
    return canonical_definition(
        {"bap": "BAP-03", "decimals": 0, "fingerprint": told, "name": name}
    )


def in_definition(definition: bytes) -> Fingerprint | None:
    """The fingerprint that an asset's definition tells, or None."""
    if b'"fingerprint"' not in definition or len(definition) > MOST_DEFINITION_BYTES:
        return None
    try:
        told = json.loads(definition)["fingerprint"]
        algorithm, digest = told["alg"], from_hex(told["value"])
    except (ValueError, KeyError, TypeError, RecursionError, FormError):
        return None  # Definitions are free text; this one tells of something else.
    if algorithm not in ALGORITHMS or len(digest) != N_DIGEST:
        return None
    return Fingerprint(digest, algorithm)


# Many documents under one root.


def root_of(digests: Sequence[bytes]) -> Fingerprint:
    """The fingerprint of several documents; of one it is that document's own."""
    if len(digests) == 1:
        return Fingerprint(digests[0])
    return Fingerprint(merkle_root(digests), TREE)


def path_to(digests: Sequence[bytes], digest: bytes) -> MerkleProof:
    """The path from one of the digests, which are all different, to their root."""
    return build_proof(digests, [digest])


def fold_path(path: MerkleProof, digest: bytes) -> bytes:
    """
    The root that a path leads to from a document's digest.

    Raises:
        ProofError: the path is broken, or begins at another document.
    """
    folded = fold(path.flags, path.hashes)
    if folded.leaf != leaf(digest):
        raise OtherLeaf(
            f"the path begins at another document than {digest.hex()[:16]}",
            hint="Give the receipt that was written for this very document.",
        )
    return folded.root
