"""
Proving a fingerprint from raw bytes alone, and receipts that carry all that it takes.

Nothing that anybody says is believed: ids are computed again from the raw transaction,
the path from the raw Merkle block, the block's hash from its header. What is left to
ask a chain is one thing only: is this header on it, and how deep?
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from devnet.engine.bc import fingerprint
from devnet.engine.bc.merkle import LEAF, PARENT, MerkleProof, node
from devnet.engine.bc.merkleblock import (
    MerkleBlock,
    check_inclusion,
    check_status,
    parse_merkle_block,
)
from devnet.engine.bc.transaction import (
    Issuance,
    Transaction,
    asset_id,
    output_id,
    parse_transaction,
)
from devnet.engine.codec import from_hex
from devnet.engine.errors import CodecError, DevnetError, RequestError
from devnet.engine.mainchain.index import Deposit, deposits_in

RECEIPT_TYPE = "bystack-fingerprint-receipt"
RECEIPT_VERSION = 1


class BadReceipt(RequestError):
    """A receipt that is none, or is not about this document."""

    code = "fingerprint.bad-receipt"
    default_hint = "Give the file that fingerprint ... --receipts wrote for it."


class NotCarried(RequestError):
    """The transaction does not carry this fingerprint."""

    code = "fingerprint.not-carried"


class WrongId(RequestError):
    """An id computed from the bytes is another than the one that was said."""

    code = "fingerprint.wrong-id"


@dataclass(frozen=True, slots=True)
class Check:
    """One step of a proof, and what it found."""

    title: str
    ok: bool
    detail: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path upwards: the sibling's side, its hash, the parent's hash."""

    side: str
    sibling: bytes
    parent: bytes


def check_raw(
    digest: bytes, raw_transaction: bytes, raw_merkle_block: bytes | None
) -> tuple[tuple[Check, ...], MerkleBlock | None]:
    """
    Everything about a deposit that follows from bytes; the first failure ends it.

    Args:
        digest: of the document, or the root over several.
        raw_merkle_block: None when the transaction is in no block yet.

    Returns:
        The checks, and the Merkle block when it is a good one.
    """
    done: list[Check] = []
    found: dict[str, Any] = {}

    def transaction() -> str:
        tx = found["tx"] = parse_transaction(raw_transaction)
        return f"{tx.size} bytes, id {tx.id.hex()}"

    def carried() -> str:
        return _carried(found["tx"], digest)

    def read_block() -> str:
        assert raw_merkle_block is not None
        block = found["block"] = parse_merkle_block(raw_merkle_block)
        return f"{len(raw_merkle_block)} bytes, {len(block.tx_hashes)} hashes"

    def included() -> str:
        check_inclusion(found["block"], found["tx"].id)
        return f"root {found['block'].header.tx_root.hex()}"

    def succeeded() -> str:
        check_status(found["block"], asset_is_btm=False)
        return f"root {found['block'].header.status_root.hex()}"

    def hashed() -> str:
        return f"block {found['block'].header.hash.hex()}"

    steps: list[tuple[str, Callable[[], str]]] = [
        ("the raw bytes are a transaction", transaction),
        ("its ids commit to the fingerprint", carried),
    ]
    if raw_merkle_block is not None:
        steps += [
            ("the raw bytes are a Merkle block", read_block),
            ("the path leads from the transaction to the header", included),
            ("the status path says that it succeeded", succeeded),
            ("the header has this hash", hashed),
        ]
    for title, run in steps:
        try:
            done.append(Check(title, True, run()))
        except DevnetError as error:
            done.append(Check(title, False, error.message, error.code))
            return tuple(done), None
    return tuple(done), found.get("block")


def _carried(tx: Transaction, digest: bytes) -> str:
    """Where the transaction carries the digest, the ids above it computed anew."""
    for one in deposits_in(tx, -1):
        if one.digest == digest:
            return _commitment(tx, one)
    raise NotCarried(
        f"transaction {tx.id.hex()[:16]} does not carry {digest.hex()[:16]}"
    )


def _commitment(tx: Transaction, one: Deposit) -> str:
    if one.form == "asset":
        given = tx.inputs[one.part]
        assert isinstance(given, Issuance), "only issuances bring a definition"
        asset = asset_id(given.program, given.definition, given.vm_version)
        if asset != given.asset:
            raise WrongId(f"the definition gives asset {asset.hex()}")
        return f"definition > asset {asset.hex()} > issuance > mux > transaction"
    output = tx.outputs[one.part]
    found = output_id(
        tx.mux_id, output.asset, output.amount, one.part, output.vm_version,
        output.program,
    )  # fmt: skip
    if found != tx.result_ids[one.part]:
        raise WrongId(f"the program gives output {found.hex()}")
    return f"program > output {found.hex()} > transaction"


def path_of(flags: tuple[int, ...], hashes: tuple[bytes, ...]) -> tuple[Step, ...]:
    """The steps from the marked leaf up to the root of a good proof."""
    flag_left, hash_left = iter(flags), iter(hashes)

    def subtree() -> tuple[bytes, tuple[Step, ...] | None]:
        flag = next(flag_left)
        if flag != PARENT:
            found = next(hash_left)
            return found, () if flag == LEAF else None
        left, left_path = subtree()
        right, right_path = subtree()
        parent = node(left, right)
        if left_path is not None:
            return parent, (*left_path, Step("right", right, parent))
        if right_path is not None:
            return parent, (*right_path, Step("left", left, parent))
        return parent, None

    _, path = subtree()
    return path or ()


# Receipts.


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    All that it takes to prove one document's deposit without anybody's help.

    Args:
        digest: of the document.
        path: from it to the root, when several were deposited together.
        raw_transaction: what carries the root.
        merkle_block: raw; None while the transaction waits for a block.
    """

    digest: bytes
    path: MerkleProof | None
    root: bytes
    raw_transaction: bytes
    merkle_block: bytes | None = None
    file: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        tx = parse_transaction(self.raw_transaction)
        block = None
        if self.merkle_block is not None:
            header = parse_merkle_block(self.merkle_block).header
            block = {
                "height": header.height,
                "hash": header.hash.hex(),
                "timestamp": header.timestamp,
                "merkle_block": self.merkle_block.hex(),
            }
        return {
            "type": RECEIPT_TYPE,
            "v": RECEIPT_VERSION,
            "file": self.file,
            "algorithm": fingerprint.ALGORITHM,
            "digest": self.digest.hex(),
            "root": self.root.hex(),
            "path": None if self.path is None else _path_dict(self.path),
            "tx": tx.id.hex(),
            "transaction": self.raw_transaction.hex(),
            "block": block,
        }


def _path_dict(path: MerkleProof) -> dict[str, Any]:
    return {"flags": list(path.flags), "hashes": [one.hex() for one in path.hashes]}


def receipt_from_dict(values: Mapping[str, Any]) -> Receipt:
    """
    The receipt that `as_dict` wrote.

    Raises:
        BadReceipt: something is missing, or has the wrong form.
    """
    if values.get("type") != RECEIPT_TYPE or values.get("v") != RECEIPT_VERSION:
        raise BadReceipt("this is no receipt of a fingerprint, or of another version")
    try:
        path, block = values["path"], values["block"]
        proof = None
        if path is not None:
            flags = tuple(int(flag) for flag in path["flags"])
            proof = MerkleProof(tuple(from_hex(one) for one in path["hashes"]), flags)
        return Receipt(
            from_hex(values["digest"]),
            proof,
            from_hex(values["root"]),
            from_hex(values["transaction"]),
            None if block is None else from_hex(block["merkle_block"]),
            str(values.get("file", "")),
        )
    except (KeyError, TypeError, ValueError, CodecError) as error:
        raise BadReceipt(f"the receipt cannot be read: {error}") from None


def check_receipt(
    receipt: Receipt, digest: bytes
) -> tuple[tuple[Check, ...], MerkleBlock | None]:
    """
    Everything that a receipt proves by itself about a document.

    Args:
        digest: computed from the document just now.
    """
    title = "the document has this digest"
    if digest != receipt.digest:
        said = f"the document's is {digest.hex()}, the receipt's {receipt.digest.hex()}"
        return (Check(title, False, said, BadReceipt.code),), None
    done = [Check(title, True, digest.hex())]
    title = "its path leads to the deposited root"
    root = digest
    if receipt.path is not None:
        try:
            root = fingerprint.fold_path(receipt.path, digest)
        except DevnetError as error:
            return (*done, Check(title, False, error.message, error.code)), None
        done.append(Check(title, root == receipt.root, root.hex(), BadReceipt.code))
    elif root != receipt.root:
        done.append(Check(title, False, "there is no path", BadReceipt.code))
    if not done[-1].ok:
        return tuple(done), None
    checks, block = check_raw(root, receipt.raw_transaction, receipt.merkle_block)
    return (*done, *checks), block
