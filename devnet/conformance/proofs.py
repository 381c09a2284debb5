"""merkle.json and spv-block.json: roots, proofs, and a block with a node's proofs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from devnet.conformance.fields import Case
from devnet.conformance.sections import (
    Family,
    Opened,
    Section,
    each,
    marks,
    single,
    words,
)
from devnet.conformance.values import BadCase, as_bytes
from devnet.engine.bc import merkle
from devnet.engine.bc.block import Block, parse_block
from devnet.engine.bc.difficulty import subsidy
from devnet.engine.rules.block import (
    check_coinbase,
    check_roots,
    check_transactions,
)


def _picked(case: Case, ids: Sequence[bytes]) -> list[bytes]:
    """The transactions that `matched_indexes` names."""
    indexes = case.numbers("matched_indexes")
    if not all(0 <= index < len(ids) for index in indexes):
        raise BadCase(f"{case.place}.matched_indexes: there are {len(ids)} ids")
    return [ids[index] for index in indexes]


# merkle.json.


def _tree(case: Case) -> None:
    """Roots of one block, and its proofs, built and checked by the reference's rule."""
    ids, failed = case.hashes("tx_ids"), case.flags("status_fail")
    case.expect("transactions_merkle_root", merkle.tx_root(ids))
    case.expect("transaction_status_hash", merkle.status_root(failed))
    for proof in case.each("proofs"):
        related = _picked(proof, ids)
        built = merkle.build_proof(ids, related)
        proof.expect("flags", built.flags)
        proof.expect("tx_hashes", built.hashes)
        proof.expect("status_hashes", merkle.status_hashes(failed, built.flags))
        flags = proof.numbers("flags")
        holds = merkle.check_loose(
            proof.hashes("tx_hashes"), flags, related, merkle.tx_root(ids)
        )
        proof.expect("tx_proof_ok", holds)
        texts = [merkle.status_text(failed[ids.index(one)]) for one in related]
        holds = merkle.check_loose(
            proof.hashes("status_hashes"), flags, texts, merkle.status_root(failed)
        )
        proof.expect("status_proof_ok", holds)


def _loose_check(case: Case) -> None:
    holds = merkle.check_loose(
        case.hashes("tx_hashes"), case.numbers("flags"),
        case.hashes("related_tx_ids"), case.hash("root"),
    )  # fmt: skip
    case.expect("ok", holds)


def _empty_root(case: Case) -> None:
    case.expect("value", merkle.merkle_root([]))


def _open_merkle(opened: Opened) -> Mapping[str, Section]:
    return {
        "cases": each(_tree),
        "validation": each(_loose_check),
        "empty_root": single(_empty_root),
    }


# spv-block.json.


class _ProvedBlock:
    """The checks of one file about one block."""

    def __init__(self, raw: object) -> None:
        self._raw = raw

    def block(self) -> Block:
        """The block; each check reads it anew, so that a bad one costs every case."""
        return parse_block(as_bytes(self._raw, "raw_block"))

    def statuses(self, block: Block) -> tuple[bool, ...]:
        """Which transactions fail, by the rules."""
        height = block.header.height
        return check_transactions(block.transactions, height=height).statuses

    def whole(self, case: Case) -> None:
        """The block follows the rules that need no parent."""
        block, header = self.block(), self.block().header
        case.expect("value", block.raw)
        facts = check_transactions(block.transactions, height=header.height)
        check_coinbase(block.transactions, subsidy(header.height) + facts.fees)
        check_roots(
            block.transactions, facts.statuses, header.tx_root, header.status_root
        )

    def height(self, case: Case) -> None:
        case.expect("value", self.block().header.height)

    def hash(self, case: Case) -> None:
        case.expect("value", self.block().hash)

    def tx_ids(self, case: Case) -> None:
        case.expect("value", [tx.id for tx in self.block().transactions])

    def status_fail(self, case: Case) -> None:
        case.expect("value", self.statuses(self.block()))

    def transaction_status(self, case: Case) -> None:
        """As the node's API words it: a good transaction has an empty object."""
        marked = [
            {"status_fail": True} if failed else {}
            for failed in self.statuses(self.block())
        ]
        case.expect("value", {"version": 1, "verify_status": marked})

    def proof(self, case: Case) -> None:
        """The node's proof for some transactions of the block."""
        ids = [tx.id for tx in self.block().transactions]
        self._compare(case.inside("proof"), _picked(case, ids))

    def empty_proof(self, case: Case) -> None:
        """The node's answer when it finds none of what was asked for."""
        self._compare(case.inside("value"), [])

    def _compare(self, proof: Case, related: Iterable[bytes]) -> None:
        block, wanted = self.block(), list(related)
        ids = [tx.id for tx in block.transactions]
        statuses = self.statuses(block)
        built = merkle.build_proof(ids, wanted)
        in_order = [one for one in ids if one in wanted]
        proof.expect("block_header", block.header.raw)
        proof.expect("tx_hashes", built.hashes)
        proof.expect("flags", built.flags)
        proof.expect("status_hashes", merkle.status_hashes(statuses, built.flags))
        proof.expect("matched_tx_ids", in_order or None)
        holds = merkle.check_loose(
            proof.hashes("tx_hashes"), proof.numbers("flags"), in_order,
            block.header.tx_root,
        )  # fmt: skip
        proof.same("the proof holds", True, holds)


def _open_block(opened: Opened) -> Mapping[str, Section]:
    proved = _ProvedBlock(opened.content.get("raw_block"))
    return {
        "network": words,
        "height": single(proved.height),
        "hash": single(proved.hash),
        "raw_block": single(proved.whole),
        "transaction_status": single(proved.transaction_status),
        "tx_ids": single(proved.tx_ids),
        "status_fail": single(proved.status_fail),
        "proofs": each(proved.proof),
        "proof_for_unknown_id": single(proved.empty_proof),
        "proof_for_no_ids": single(proved.empty_proof),
    }


MERKLE = Family(
    "merkle",
    marks(
        "cases: tx_ids transactions_merkle_root proofs",
        "validation: tx_hashes flags related_tx_ids root",
    ),
    _open_merkle,
)

SPV_BLOCK = Family("spv-block", marks("proofs: matched_indexes proof"), _open_block)
