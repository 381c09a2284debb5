"""A claim taken apart, made up: the one that the design draws."""

from __future__ import annotations

from hashlib import sha3_256

from devnet.engine.bc.prooftree import ProofNode
from devnet.engine.interfaces import Checkpoint
from devnet.engine.sidechain.claims import CHECKS, CheckResult
from devnet.engine.sidechain.inspection import ClaimInspection


def hashed(name: str) -> bytes:
    """32 bytes that depend on the name."""
    return sha3_256(name.encode()).digest()


def path(n_levels: int = 2) -> tuple[ProofNode, ...]:
    """A proof tree in pre-order: the leaf lies lowest, on the right of its sister."""
    nodes: list[ProofNode] = []

    def grow(depth: int, parent: int) -> int:
        at = len(nodes)
        if depth == n_levels:
            nodes.append(ProofNode("leaf", depth, hashed("leaf"), b"", parent))
            return at
        nodes.append(ProofNode("path", depth, b"", b"", parent))
        if depth == n_levels - 1:
            left = _assist(nodes, depth + 1, at)
            right = grow(depth + 1, at)
        else:
            left = grow(depth + 1, at)
            right = _assist(nodes, depth + 1, at)
        nodes[at] = ProofNode(
            "path", depth, hashed(f"path{depth}"), b"", parent, left, right
        )
        return at

    grow(0, -1)
    return tuple(nodes)


def _assist(nodes: list[ProofNode], depth: int, parent: int) -> int:
    nodes.append(ProofNode("assist", depth, hashed(f"side{depth}"), b"", parent))
    return len(nodes) - 1


def inspection(failed: str = "", *, n_levels: int = 2) -> ClaimInspection:
    """All checks pass, or the one with this id refuses and the rest is not reached."""
    checks, broken = [], False
    for check in CHECKS:
        words = check.id, check.title, check.why
        if broken:
            checks.append(CheckResult(*words, "not reached"))
        elif check.id == failed:
            broken = True
            code = "claim.merkle-mismatch"
            checks.append(CheckResult(*words, "failed", "the root is another", code))
        else:
            checks.append(CheckResult(*words, "passed", f"{check.id} is fine"))
    root = hashed("path0") if n_levels else hashed("leaf")
    return ClaimInspection(
        claim_tx_id=hashed("claim"),
        claim_entry_id=hashed("entry"),
        claim_bytes=934,
        chain_id=hashed("alpha"),
        parent_id=hashed("main"),
        asset=b"\xff" * 32,
        amount=1_000 * 10**8,
        fee=0,
        recipient=b"\x00\x14" + bytes(20),
        paid=(),
        lock_id=hashed("lock"),
        lock_program=b"",
        lock_source_id=hashed("mux"),
        lock_output_index=0,
        lock_tx_id=hashed("tx"),
        lock_tx_bytes=330,
        lock_block=Checkpoint(121, hashed("block")),
        lock_tx_index=1,
        n_lock_txs=4,
        anchor=Checkpoint(123, hashed("anchor")),
        depth=2,
        header_root=hashed("other") if failed == "C8" else root,
        computed_root=root,
        status_header_root=root,
        status_computed_root=root,
        leaf_expected=hashed("leaf"),
        status="succeeded",
        nodes=path(n_levels),
        flags=(1, 1, 0, 2, 0),
        n_hashes=3,
        proof_bytes=412,
        collector_key=b"",
        collector_program=b"",
        checks=tuple(checks),
    )
