"""
Claims: how mainchain value enters a sidechain. Judging them, explaining a verdict, and
making them.

A Claim has fixed content: who locks decides who is paid, the parameter decides the fee.
So a collector can be slow, but it cannot steal.

Source: protocol page "claim", sections 2 and 3; "federation", sections 4 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from devnet.engine.bc.merkleblock import MerkleBlock
from devnet.engine.bc.transaction import Claim, Output, Transaction, parse_transaction
from devnet.engine.errors import BadValue, ClaimError
from devnet.engine.interfaces import Checkpoint
from devnet.engine.keys import chainkd
from devnet.engine.keys.accounts import key_program
from devnet.engine.sidechain.claim_case import Case, ClaimContext, MainReader
from devnet.engine.sidechain.claim_table import CHECKS, Check

__all__ = [
    "CHECKS",
    "Check",
    "CheckResult",
    "ClaimContext",
    "LockFacts",
    "MainReader",
    "check_claim",
    "craft_claim",
    "examine",
    "is_claim",
]


@dataclass(frozen=True, slots=True)
class LockFacts:
    """
    What an accepted claim is about.

    lock_id: the mainchain output id, the key of the claimed set.
    amount: gross, in the asset's smallest unit; the recipient gets `amount - fee`.
    block: the mainchain block that holds the lock.
    collector: public key of the collector that signed, empty when nobody did.
    """

    lock_id: bytes
    asset: bytes
    amount: int
    fee: int
    claim_script: bytes
    program: bytes
    main_tx_id: bytes
    position: int
    block: Checkpoint
    collector: bytes


@dataclass(frozen=True, slots=True)
class CheckResult:
    """
    One check's outcome.

    reason: what it found when it passed, why it refused when it failed, else empty.
    code: the error's code when it failed.
    """

    id: str
    title: str
    why: str
    verdict: Literal["passed", "failed", "not reached"]
    reason: str = ""
    code: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


def is_claim(tx: Transaction) -> bool:
    """Does it bring value in from the mainchain?"""
    return any(isinstance(entry, Claim) for entry in tx.inputs)


def check_claim(tx: Transaction, context: ClaimContext) -> LockFacts:
    """
    Run C1 to C18 on a transaction that brings value in.

    Raises:
        ClaimError: of the first check that refuses; its `check` is "C1" to "C18".
    """
    case = Case(tx, context)
    for check in CHECKS:
        check.run(case)
    return facts_of(case)


def examine(
    claim: Transaction | bytes, context: ClaimContext
) -> tuple[CheckResult, ...]:
    """
    The same checks as a list to read: passed up to the first that failed, the rest not
    reached. Any transaction and any bytes give a list, never an error.
    """
    case = Case(claim, context)
    results: list[CheckResult] = []
    for check in CHECKS:
        if results and results[-1].verdict != "passed":
            results.append(CheckResult(check.id, check.title, check.why, "not reached"))
        else:
            results.append(_outcome(check, case))
    return tuple(results)


def _outcome(check: Check, case: Case) -> CheckResult:
    words = check.id, check.title, check.why
    try:
        return CheckResult(*words, "passed", check.run(case))
    except ClaimError as error:
        return CheckResult(*words, "failed", error.message, error.code, error.facts)


def facts_of(case: Case) -> LockFacts:
    """What a claim is about, as far as its parts can be read."""
    claim = case.claim
    return LockFacts(
        lock_id=case.lock_id,
        asset=claim.asset,
        amount=claim.amount,
        fee=case.fee,
        claim_script=claim.claim_script,
        program=claim.program,
        main_tx_id=case.main_tx.id,
        position=claim.source_position,
        block=Checkpoint(case.header.height, case.header.hash),
        collector=case.collector_key,
    )


def craft_claim(
    *,
    raw_transaction: bytes,
    position: int,
    merkle_block: MerkleBlock,
    claim_script: bytes,
    context: ClaimContext,
    collector_xprv: bytes | None = None,
) -> Transaction:
    """
    The one Claim transaction that a lock allows.

    Args:
        raw_transaction: the mainchain transaction that holds the lock.
        position: of the lock among its outputs.
        merkle_block: the proof for it.
        claim_script: the recipient's program, to which the lock is bound.
        context: parent, and the relay fee.
        collector_xprv: signs and takes the fee; None: nobody's claim, without fee.

    Raises:
        FormError, BadValue: there is no such transaction or output.
    """
    main_tx = parse_transaction(raw_transaction)
    if not 0 <= position < len(main_tx.outputs):
        raise BadValue(f"the lock transaction has no output {position}")
    lock = main_tx.outputs[position]
    key = b"" if collector_xprv is None else chainkd.xpub(collector_xprv)[:32]
    claim = Claim(
        source_id=main_tx.mux_id,
        asset=lock.asset,
        amount=lock.amount,
        source_position=position,
        program=lock.program,
        parent_id=context.parent_id,
        claim_script=claim_script,
        raw_transaction=raw_transaction,
        merkle_block=merkle_block.raw,
        collector_auth=b"",
    )
    fee = context.fee_of(lock.amount) if key else 0
    outputs = [Output(lock.asset, lock.amount - fee, claim_script)]
    if fee:
        outputs.append(Output(lock.asset, fee, key_program(key)))
    unsigned = Transaction(1, 0, (claim,), tuple(outputs), side=True)
    if collector_xprv is None:
        return unsigned
    return sign_claim(unsigned, collector_xprv)


def sign_claim(tx: Transaction, collector_xprv: bytes) -> Transaction:
    """The claim with this collector's authorisation. Its ids stay the same."""
    (claim,) = tx.inputs
    assert isinstance(claim, Claim)
    signature = chainkd.sign(collector_xprv, tx.sig_hash(0))
    auth = chainkd.xpub(collector_xprv)[:32] + signature
    return replace(tx, inputs=(replace(claim, collector_auth=auth),), received=None)
