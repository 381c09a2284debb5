"""
A Claim taken apart for the screen: where the lock is, the proof as a tree, both roots,
who is paid, and every check with its verdict.

Any claim can be inspected, broken ones above all: what cannot be read is empty or None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from devnet.engine.bc.block import Block
from devnet.engine.bc.merkle import leaf
from devnet.engine.bc.merkleblock import Status, status_of_leaf
from devnet.engine.bc.prooftree import ProofNode, proof_nodes
from devnet.engine.bc.transaction import Claim, Transaction
from devnet.engine.errors import DevnetError
from devnet.engine.interfaces import Checkpoint
from devnet.engine.keys.accounts import key_program
from devnet.engine.sidechain.claim_case import Case, ClaimContext
from devnet.engine.sidechain.claims import CheckResult, examine
from devnet.engine.sidechain.tampers import TAMPERS, Tamper

__all__ = [
    "TAMPERS",
    "ClaimInspection",
    "Paid",
    "ProofNode",
    "Tamper",
    "inspect_claim",
]

T = TypeVar("T")
Role = Literal["recipient", "collector", "other"]


@dataclass(frozen=True, slots=True)
class Paid:
    """One output of a claim. `role` says who should be there, not who is."""

    role: Role
    asset: bytes
    amount: int
    program: bytes


@dataclass(frozen=True, slots=True)
class ClaimInspection:
    """
    Everything that the Claim inspector draws.

    claim_tx_id, claim_entry_id: of the sidechain transaction and its Claim input.
    amount: gross, smallest unit; `fee` is what the collector takes of it.
    lock_tx_index, n_lock_txs: place of the lock's transaction in its block, from 0;
        None when the block was not given or does not hold it.
    header_root, computed_root: must be equal, as must the two status roots.
    leaf_expected: what the marked leaf must be, from the raw transaction.
    nodes: the proof in pre-order, see ProofNode.
    depth: blocks on top of the lock's block up to the anchor; negative: above it.
    """

    claim_tx_id: bytes
    claim_entry_id: bytes
    claim_bytes: int
    chain_id: bytes
    parent_id: bytes
    asset: bytes
    amount: int
    fee: int
    recipient: bytes
    paid: tuple[Paid, ...]
    lock_id: bytes
    lock_program: bytes
    lock_source_id: bytes
    lock_output_index: int
    lock_tx_id: bytes
    lock_tx_bytes: int
    lock_block: Checkpoint | None
    lock_tx_index: int | None
    n_lock_txs: int | None
    anchor: Checkpoint
    depth: int | None
    header_root: bytes
    computed_root: bytes
    status_header_root: bytes
    status_computed_root: bytes
    leaf_expected: bytes
    status: Status
    nodes: tuple[ProofNode, ...]
    flags: tuple[int, ...]
    n_hashes: int
    proof_bytes: int
    collector_key: bytes
    collector_program: bytes
    checks: tuple[CheckResult, ...]

    @property
    def failed(self) -> CheckResult | None:
        """The check that refuses, or None when all pass."""
        return next((one for one in self.checks if one.verdict == "failed"), None)

    @property
    def n_passed(self) -> int:
        """How many checks passed."""
        return sum(one.verdict == "passed" for one in self.checks)

    @property
    def roots_equal(self) -> bool:
        """Does the proof fold to the header's transaction root?"""
        return bool(self.header_root) and self.header_root == self.computed_root


def inspect_claim(
    claim: Transaction | bytes, context: ClaimContext, block: Block | None = None
) -> ClaimInspection:
    """
    Take a claim apart. Never raises for what the claim holds.

    Args:
        claim: the sidechain transaction, or any bytes said to be one.
        context: what its checks are judged against.
        block: the mainchain block of the lock, if at hand; it tells the lock's place.
    """
    case = Case(claim, context)
    tx = _or_none(lambda: case.tx)
    lock = _or_none(lambda: case.claim)
    main_tx = _or_none(lambda: case.main_tx) if lock else None
    proof = _or_none(lambda: case.proof) if lock else None
    header = None if proof is None else proof.header
    nodes = () if proof is None else proof_nodes(proof)
    root = nodes[0] if nodes else None
    marked = next((node for node in nodes if node.role == "leaf"), None)
    place, n_txs = _place(block, main_tx)
    key = lock.collector_auth[:32] if lock else b""
    return ClaimInspection(
        claim_tx_id=_or_none(lambda: case.tx.id) or b"",
        claim_entry_id=(_or_none(lambda: case.tx.input_ids[0]) or b"") if lock else b"",
        claim_bytes=len(claim) if isinstance(claim, bytes) else claim.size,
        chain_id=context.chain_id,
        parent_id=lock.parent_id if lock else b"",
        asset=lock.asset if lock else b"",
        amount=lock.amount if lock else 0,
        fee=case.fee if tx else 0,
        recipient=lock.claim_script if lock else b"",
        paid=_paid(tx, lock),
        lock_id=_or_none(lambda: case.lock_id) or b"",
        lock_program=lock.program if lock else b"",
        lock_source_id=lock.source_id if lock else b"",
        lock_output_index=lock.source_position if lock else 0,
        lock_tx_id=main_tx.id if main_tx else b"",
        lock_tx_bytes=len(lock.raw_transaction) if lock else 0,
        lock_block=Checkpoint(header.height, header.hash) if header else None,
        lock_tx_index=place,
        n_lock_txs=n_txs,
        anchor=context.anchor,
        depth=context.anchor.height - header.height if header else None,
        header_root=header.tx_root if header else b"",
        computed_root=root.hash if root else b"",
        status_header_root=header.status_root if header else b"",
        status_computed_root=root.status_hash if root else b"",
        leaf_expected=leaf(main_tx.id) if main_tx else b"",
        status=status_of_leaf(marked.status_hash) if marked else "unknown",
        nodes=nodes,
        flags=proof.flags if proof else (),
        n_hashes=len(proof.tx_hashes) if proof else 0,
        proof_bytes=len(lock.merkle_block) if lock else 0,
        collector_key=key,
        collector_program=key_program(key) if len(key) == 32 else b"",
        checks=examine(claim, context),
    )


def _or_none(part: Callable[[], T]) -> T | None:
    """A part of a claim, or None when the claim is too broken to have it."""
    try:
        return part()
    except DevnetError:
        return None


def _paid(tx: Transaction | None, lock: Claim | None) -> tuple[Paid, ...]:
    if tx is None:
        return ()
    roles: tuple[Role, ...] = ("recipient", "collector") if lock else ()
    return tuple(
        Paid(
            roles[index] if index < len(roles) else "other",
            output.asset,
            output.amount,
            output.program,
        )
        for index, output in enumerate(tx.outputs)
    )


def _place(
    block: Block | None, main_tx: Transaction | None
) -> tuple[int | None, int | None]:
    """Place of the lock's transaction in its block, and how many there are."""
    if block is None or main_tx is None:
        return None, None
    ids = [transaction.id for transaction in block.transactions]
    if main_tx.id not in ids:
        return None, None
    return ids.index(main_tx.id), len(ids)
