"""
claim.json: claims, verdicts on proofs, side records, sidechain headers.

The lock behind a claim stands in a file of the form of pegin.json. Where such a file is
at hand (in the run, or as pegin.json beside the claim's own), the whole claim is judged
by C1 to C18 as well; without it everything that the case itself says is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from devnet.conformance.fields import Case
from devnet.conformance.pegin import federation_of_case
from devnet.conformance.sections import Family, Opened, Section, each, marks
from devnet.conformance.sideforms import side_header, side_record
from devnet.conformance.values import BadCase
from devnet.engine.bc.block import BlockHeader, parse_header
from devnet.engine.bc.merkleblock import MerkleBlock, parse_merkle_block, strict_check
from devnet.engine.bc.transaction import BTM, Claim, Transaction, parse_transaction
from devnet.engine.errors import ClaimError
from devnet.engine.interfaces import Checkpoint
from devnet.engine.keys import chainkd, ed25519
from devnet.engine.keys.accounts import key_program
from devnet.engine.sidechain.claims import ClaimContext, check_claim, craft_claim

ANCHOR = Checkpoint(0, b"\xaa" * 32)
"""Stands for the settled mainchain block that a sidechain block would name."""
COLLECTED_DEPTH, GRACE, OPEN_DEPTH = 6, 20, 20
"""Blocks over a lock: while its collector may claim, and when anybody may."""


@dataclass(frozen=True, slots=True)
class _OneBlock:
    """A mainchain of which the block of one lock is known."""

    header: BlockHeader

    def block_hash_at(self, anchor_hash: bytes, height: int) -> bytes | None:
        known = anchor_hash == ANCHOR.hash and height == self.header.height
        return self.header.hash if known else None


class _Claims:
    """The checks of one file, with the locks that its claims may name."""

    def __init__(self, others: tuple[Mapping[str, Any], ...]) -> None:
        self._locks: dict[str, Mapping[str, Any]] = {}
        for content in others:
            entries = content.get("sidechain_bound")
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict):
                    lock_id = entry.get("mainchain_output_id")
                    self._locks.setdefault(str(lock_id), entry)

    def claim(self, case: Case) -> None:
        """The claim's ids, its one allowed form, its proof, and C1 to C18."""
        tx = parse_transaction(case.hex("claim_tx"), side=True)
        given = tx.inputs[0] if len(tx.inputs) == 1 else None
        if not isinstance(given, Claim):
            raise BadCase(f"{case.place}.claim_tx has not one input, a Claim")
        _expect_ids(case, tx, given)
        seed = case.any("collector_seed")
        xprv = None if seed is None else chainkd.root_xprv(case.hex("collector_seed"))
        proof = parse_merkle_block(case.hex("merkle_block"))
        context = _context(case, proof.header, xprv)
        _expect_form(case, given, proof, context, xprv)
        self._judge(case, tx, given, proof, context)

    def _judge(
        self, case: Case, tx: Transaction, given: Claim, proof: MerkleBlock,
        context: ClaimContext,
    ) -> None:  # fmt: skip
        main_id = parse_transaction(given.raw_transaction).id
        case.expect("proof_valid", _holds(proof, main_id, given.asset == BTM))
        entry = self._locks.get(given.mainchain_output_id.hex())
        if entry is None:
            case.remark(
                "claims: no file of the form of pegin.json holds their locks, so C1 to "
                "C18 were not run on them; all that the cases say was compared"
            )
            return
        lock = Case(entry, "the lock")
        whole = _with_lock(context, lock)
        try:
            facts = check_claim(tx, whole)
        except ClaimError as error:
            case.same("C1 to C18", case.any("proof_valid"), False)
            if case.any("proof_valid") is True:
                case.differs("C1 to C18", "accepted", f"{error.code}: {error.message}")
            return
        case.same("C1 to C18", case.any("proof_valid"), True)
        case.expect("mainchain_output_id", facts.lock_id)
        case.expect("relay_fee", facts.fee)


def _expect_ids(case: Case, tx: Transaction, given: Claim) -> None:
    case.expect("mainchain_output_id", given.mainchain_output_id)
    case.expect("parent_id", given.parent_id)
    case.expect("merkle_block", given.merkle_block)
    case.expect("collector_auth", given.collector_auth)
    case.expect("claim_entry_id", tx.input_ids[0])
    case.expect("mux_id", tx.mux_id)
    case.expect("result_ids", tx.result_ids)
    case.expect("tx_id", tx.id)
    case.expect("sighash_0", tx.sig_hash(0))
    case.same("bytes of claim_tx", case.any("claim_tx"), tx.raw.hex())


def _expect_form(
    case: Case, given: Claim, proof: MerkleBlock, context: ClaimContext,
    xprv: bytes | None,
) -> None:  # fmt: skip
    """There is one Claim for a lock: making it anew gives the same bytes."""
    made = craft_claim(
        raw_transaction=given.raw_transaction,
        position=given.source_position,
        merkle_block=proof,
        claim_script=given.claim_script,
        context=context,
        collector_xprv=xprv,
    )
    case.expect("claim_tx", made.raw)
    fee = context.fee_of(given.amount) if xprv else 0
    case.expect("relay_fee", fee)
    key = None if xprv is None else chainkd.public_key(chainkd.xpub(xprv))
    case.expect("collector_program", None if key is None else key_program(key))
    if key is not None:
        auth, message = case.hex("collector_auth"), made.sig_hash(0)
        good = auth[:32] == key and ed25519.verify(key, message, auth[32:])
        case.same("the collector's signature holds", True, good)


def _context(case: Case, header: BlockHeader, xprv: bytes | None) -> ClaimContext:
    depth = OPEN_DEPTH if xprv is None else COLLECTED_DEPTH
    keys = () if xprv is None else (chainkd.public_key(chainkd.xpub(xprv)),)
    return ClaimContext(
        chain_id=b"",
        parent_id=case.hash("parent_id"),
        federations=(),
        relay_fee_ppm=case.number("relay_fee_ppm"),
        collectors=keys,
        grace=GRACE,
        anchor=Checkpoint(header.height + depth, ANCHOR.hash),
        main=_OneBlock(header),
    )


def _with_lock(context: ClaimContext, lock: Case) -> ClaimContext:
    return replace(
        context, chain_id=lock.hex("chain_id"), federations=(federation_of_case(lock),)
    )


def _holds(proof: MerkleBlock, tx_id: bytes, is_btm: bool) -> bool:
    try:
        strict_check(proof, tx_id, asset_is_btm=is_btm)
    except ClaimError:
        return False
    return True


# Proofs.


def _proof(case: Case) -> None:
    """The strict rule's verdict on a proof."""
    block = MerkleBlock(
        parse_header(case.hex("block_header")), tuple(case.hashes("tx_hashes")),
        tuple(case.numbers("flags")), tuple(case.hashes("status_hashes")),
    )  # fmt: skip
    holds = _holds(block, case.hash("tx_id"), case.flag("asset_is_btm"))
    case.expect("valid", holds)


def _open(opened: Opened) -> Mapping[str, Section]:
    claims = _Claims(opened.others)
    return {
        "claims": each(claims.claim),
        "proofs": each(_proof),
        "records": each(side_record),
        "headers": each(side_header),
    }


CLAIM = Family(
    "claim",
    marks(
        "claims: claim_tx merkle_block parent_id",
        "proofs: tx_hashes flags status_hashes tx_id valid",
        "records: kind program",
        "headers: consensus_commitment rules_hash header",
    ),
    _open,
)
