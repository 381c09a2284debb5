"""
Finding a fingerprint on the mainchain again, and proving it from raw bytes. `Network`
inherits from it; nothing here changes anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from devnet.engine.actors.notary import FingerprintError, waiting_deposit
from devnet.engine.bc.fingerprint import TREE, path_to, root_of
from devnet.engine.bc.merkleblock import MerkleBlock, merkle_block_of
from devnet.engine.looking import Looking
from devnet.engine.mainchain.index import Deposit
from devnet.engine.mainchain.proofs import (
    Check,
    Receipt,
    Step,
    check_receipt,
    path_of,
)


class NotFound(FingerprintError):
    """No transaction of the mainchain carries this fingerprint."""

    code = "fingerprint.not-found"
    default_hint = (
        "Deposit it: fingerprint FILE. If it was one of several, give its receipt "
        "with --receipts DIR."
    )


class StillWaiting(FingerprintError):
    """The fingerprint is in a transaction that waits for a block."""

    code = "fingerprint.waiting"
    default_hint = "mine, then verify again."


class NotOnChain(FingerprintError):
    """A receipt is whole in itself, but this chain has no such block."""

    code = "fingerprint.not-on-chain"
    default_hint = "It is of another world, or of a branch that lost."


class ProofBroken(FingerprintError):
    """A check of the proof failed."""

    code = "fingerprint.proof-broken"


@dataclass(frozen=True, slots=True)
class Certified:
    """
    A fingerprint found again and proven.

    Args:
        deposit: where it stands; None when only a receipt was asked.
        receipt: what proves it to anybody.
        checks: all good, in order.
        path: from the transaction up to the root in the header.
        depth: blocks on top of its block; None when no chain was asked.
        n_deposits: how often the same fingerprint was deposited.
    """

    deposit: Deposit | None
    receipt: Receipt
    checks: tuple[Check, ...]
    path: tuple[Step, ...]
    block: MerkleBlock | None
    depth: int | None
    n_deposits: int = 1


class Certifying(Looking):
    """Proofs of fingerprints."""

    def receipts(self, root: bytes, digests: tuple[bytes, ...]) -> tuple[Receipt, ...]:
        """
        A receipt for each document of a deposit, in a block or still waiting.

        Raises:
            NotFound: nothing carries the root.
        """
        deposit = self._first(root) or waiting_deposit(self._look(), root)
        if deposit is None or root_of(digests).digest != root:
            raise NotFound(f"nothing on main carries {root.hex()}")
        raw = self.locate(deposit.tx_id.hex()).tx.raw
        proof = None if deposit.height < 0 else self._merkle_block(deposit)
        return tuple(
            Receipt(
                digest,
                path_to(digests, digest) if len(digests) > 1 else None,
                root,
                raw,
                proof,
            )
            for digest in digests
        )

    def certify(self, digest: bytes, receipt: Receipt | None = None) -> Certified:
        """
        Find a document's fingerprint on the mainchain and prove it from raw bytes.

        Args:
            digest: of the document.
            receipt: of a document that was deposited together with others.

        Raises:
            NotFound, StillWaiting, ProofBroken, NotOnChain.
        """
        if receipt is not None and receipt.digest != digest:
            good_checks(receipt, digest)
        root = digest if receipt is None else receipt.root
        deposit = self._first(root)
        if deposit is None or (receipt is None and deposit.algorithm == TREE):
            # A tree's root is the digest of no document.
            self._explain_missing(root, receipt)
        raw = self.locate(deposit.tx_id.hex()).tx.raw
        path = None if receipt is None else receipt.path
        proof = self._merkle_block(deposit)
        whole = Receipt(digest, path, root, raw, proof)
        checks, block = good_checks(whole, digest)
        assert block is not None
        tip = self.world.tree[self.world.main_tip]
        found = tip.state.hashes.get(block.header.height)
        if found != block.header.hash:
            raise NotOnChain(f"main has no block {block.header.hash.hex()}")
        depth = tip.height - block.header.height
        detail = f"height {block.header.height}, {depth} blocks on top"
        on_chain = Check("the block is on the best chain", True, detail)
        return Certified(
            deposit,
            whole,
            (*checks, on_chain),
            path_of(block.flags, block.tx_hashes),
            block,
            depth,
            len(tip.state.index.deposits[root]),
        )

    def _first(self, root: bytes) -> Deposit | None:
        """The oldest deposit of a root on the best chain, or None."""
        tip = self.world.tree[self.world.main_tip]
        found = tip.state.index.deposits.get(root)
        return found[0] if found else None

    def _explain_missing(self, root: bytes, receipt: Receipt | None) -> NoReturn:
        waiting = waiting_deposit(self._look(), root)
        if waiting is not None:
            raise StillWaiting(
                f"{root.hex()[:16]} waits for a block in transaction "
                f"{waiting.tx_id.hex()}",
                tx=waiting.tx_id.hex(),
            )
        if receipt is not None and receipt.merkle_block is not None:
            _, block = good_checks(receipt, receipt.digest)
            assert block is not None
            raise NotOnChain(
                f"the receipt names block {block.header.height} "
                f"{block.header.hash.hex()}, which is not on this chain"
            )
        raise NotFound(f"nothing on main carries {root.hex()}")

    def _merkle_block(self, deposit: Deposit) -> bytes:
        tip = self.world.tree[self.world.main_tip]
        entry = self.world.tree[tip.state.hashes[deposit.height]]
        return merkle_block_of(entry.block, entry.statuses, deposit.tx_id).raw


def good_checks(
    receipt: Receipt, digest: bytes
) -> tuple[tuple[Check, ...], MerkleBlock | None]:
    """
    Everything that a receipt proves by itself about a document, without any chain.

    Returns:
        The checks, all good, and the Merkle block if the receipt has one.

    Raises:
        ProofBroken: the first check that fails.
    """
    checks, block = check_receipt(receipt, digest)
    last = checks[-1]
    if not last.ok:
        raise ProofBroken(
            f"not shown that {last.title}: {last.detail}",
            hint="The document or the receipt was changed."
            if last.code == "fingerprint.bad-receipt"
            else "",
            check=last.title,
            cause=last.code,
        )
    return checks, block


def certify_alone(receipt: Receipt, digest: bytes) -> Certified:
    """What a receipt proves without any chain. Raises ProofBroken."""
    checks, block = good_checks(receipt, digest)
    path = () if block is None else path_of(block.flags, block.tx_hashes)
    return Certified(None, receipt, checks, path, block, None)
