"""
May this block follow its parent?

The ten checks of a block, in the reference's order. They need the headers below the
block and its proof of work, not the set of unspent outputs: double spends are found
when a block joins a chain. `check_block` is all of them; a node that wants to refuse a
bad header before it computes any work calls the parts.

Source: Bytom/bytom v1.1.0, protocol/validation/block.go, protocol/state/blockindex.go,
consensus/general.go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from devnet.engine.bc import difficulty, merkle
from devnet.engine.bc.block import Block, BlockHeader
from devnet.engine.bc.programs import is_unspendable
from devnet.engine.bc.transaction import BTM, Output, Transaction, is_side_record
from devnet.engine.rules.block_errors import (
    BadTimestamp,
    BadTransaction,
    MismatchedParent,
    MisorderedHeight,
    TooMuchGas,
    VersionRegression,
    WorkTooLow,
    WrongBits,
    WrongCoinbase,
    WrongStatusRoot,
    WrongTxRoot,
)
from devnet.engine.rules.transaction import validate_transaction
from devnet.engine.rules.verdict import Verdict

BLOCK_VERSION = 1
MOST_BLOCK_GAS = 10_000_000
MOST_AHEAD_S = 3600
"""How far a timestamp may be ahead of the clock of whoever validates."""


@dataclass(frozen=True, slots=True)
class ParentFacts:
    """What a block must agree with, all known from the chain below it. Seconds."""

    height: int
    hash: bytes
    next_bits: int
    median_time_s: int


@dataclass(frozen=True, slots=True)
class BlockFacts:
    """What the transactions of a block came to, in block order. `fees` in neu."""

    verdicts: tuple[Verdict, ...]
    fees: int
    gas_used: int

    @property
    def statuses(self) -> tuple[bool, ...]:
        """True for each transaction of which only the fee and the BTM side count."""
        return tuple(verdict.fails for verdict in self.verdicts)


class Validate(Protocol):
    """`validate_transaction`, or something that remembers its answers."""

    def __call__(
        self,
        tx: Transaction,
        *,
        height: int,
        block_version: int = 1,
        first_in_block: bool = False,
        rule_aa_height: int = 0,
    ) -> Verdict: ...


def check_block(
    block: Block,
    parent: ParentFacts,
    *,
    now_s: int,
    work_hash: bytes,
    rule_aa_height: int = 0,
    validate: Validate = validate_transaction,
) -> BlockFacts:
    """
    All checks of a mainchain block in the reference's order.

    Args:
        now_s: the clock of whoever validates, in seconds.
        work_hash: the Tensority result for this header and its seed.

    Raises:
        block_errors.BlockRefusal: the first rule that is broken.
    """
    header = block.header
    check_header(header, parent, now_s=now_s)
    check_work(header, work_hash)
    facts = check_transactions(
        block.transactions,
        height=header.height,
        block_version=header.version,
        rule_aa_height=rule_aa_height,
        validate=validate,
    )
    owed = difficulty.subsidy(header.height) + facts.fees
    check_coinbase(block.transactions, owed)
    check_roots(block.transactions, facts.statuses, header.tx_root, header.status_root)
    return facts


# Headers.


def next_bits(parent: BlockHeader, header_at: Callable[[int], BlockHeader]) -> int:
    """
    The bits that the child of a block must have. They change every 2016 blocks.

    Args:
        header_at: the ancestor of the parent at a height.
    """
    window_timestamp = 0
    if difficulty.is_retarget_height(parent.height):
        below = header_at(parent.height - difficulty.BLOCKS_PER_RETARGET)
        window_timestamp = below.timestamp
    return difficulty.next_bits(
        parent.bits, parent.height, parent.timestamp, window_timestamp
    )


def median_time_past(
    parent: BlockHeader, header_at: Callable[[int], BlockHeader]
) -> int:
    """The time, in seconds, that the child of a block must be later than."""
    first = max(0, parent.height - difficulty.MEDIAN_BLOCKS + 1)
    below = [header_at(height).timestamp for height in range(first, parent.height)]
    return difficulty.median_time([*below, parent.timestamp])


def parent_facts(
    parent: BlockHeader, header_at: Callable[[int], BlockHeader]
) -> ParentFacts:
    """What the child of this block must agree with."""
    return ParentFacts(
        parent.height,
        parent.hash,
        next_bits(parent, header_at),
        median_time_past(parent, header_at),
    )


def check_header(header: BlockHeader, parent: ParentFacts, *, now_s: int) -> None:
    """Checks 1 to 5, which cost nothing: do them before any work is computed."""
    if header.version != BLOCK_VERSION:
        raise VersionRegression(
            f"the block has version {header.version}, wanted {BLOCK_VERSION}",
            version=header.version,
        )
    if header.height != parent.height + 1:
        raise MisorderedHeight(
            f"height {header.height} on top of height {parent.height}",
            height=header.height,
            parent_height=parent.height,
        )
    if header.bits != parent.next_bits:
        raise WrongBits(
            f"bits are {header.bits:016x}, the chain wants {parent.next_bits:016x}",
            bits=header.bits,
            wanted=parent.next_bits,
        )
    if header.previous != parent.hash:
        raise MismatchedParent(
            f"the block follows {header.previous.hex()[:8]}, "
            f"the parent is {parent.hash.hex()[:8]}",
            previous=header.previous,
            parent=parent.hash,
        )
    if not parent.median_time_s < header.timestamp <= now_s + MOST_AHEAD_S:
        raise BadTimestamp(
            f"timestamp {header.timestamp}, allowed are {parent.median_time_s + 1} "
            f"to {now_s + MOST_AHEAD_S}",
            timestamp=header.timestamp,
            median=parent.median_time_s,
            now=now_s,
        )


def check_work(header: BlockHeader, work_hash: bytes) -> None:
    """Check 6. The work is 32 bytes as the proof-of-work function returns them."""
    if not difficulty.meets_target(work_hash, header.bits):
        raise WorkTooLow(
            f"the work {work_hash[::-1].hex()[:16]}.. is above the target of "
            f"bits {header.bits:016x}",
            work=work_hash,
            bits=header.bits,
        )


# Transactions.


def check_transactions(
    transactions: Sequence[Transaction],
    *,
    height: int,
    block_version: int = BLOCK_VERSION,
    rule_aa_height: int = 0,
    validate: Validate = validate_transaction,
) -> BlockFacts:
    """
    Check 7: each transaction on its own, and the gas of all. For sidechains too.

    Args:
        validate: `validate_transaction`, or a memo in front of it.
    """
    verdicts: list[Verdict] = []
    gas_used = 0
    for index, tx in enumerate(transactions):
        verdict = validate(
            tx,
            height=height,
            block_version=block_version,
            first_in_block=index == 0,
            rule_aa_height=rule_aa_height,
        )
        if verdict.status == "invalid":
            assert verdict.error is not None, "an invalid transaction has an error"
            raise BadTransaction(
                f"transaction {index} of {len(transactions)}: {verdict.error.message}",
                hint=verdict.error.hint,
                index=index,
                tx=tx.id,
                cause=verdict.error.code,
                name=verdict.error_name,
            ) from verdict.error
        gas_used += verdict.gas_used
        if gas_used > MOST_BLOCK_GAS:
            raise TooMuchGas(
                f"{gas_used} gas by transaction {index}, a block may use "
                f"{MOST_BLOCK_GAS}",
                gas_used=gas_used,
                index=index,
            )
        verdicts.append(verdict)
    fees = sum(verdict.fee for verdict in verdicts)
    return BlockFacts(tuple(verdicts), fees, gas_used)


def check_coinbase(transactions: Sequence[Transaction], owed: int) -> None:
    """
    Check 8. The first transaction need not have a coinbase input: the reference looks
    at its output only, and so do we; no money comes of it.

    Args:
        owed: subsidy plus fees, in neu; on a sidechain the fees alone. There the
            coinbase may carry side records of amount 0 behind its output.
    """
    if not transactions:
        raise WrongCoinbase("the block is empty")
    outputs = transactions[0].outputs
    extra = outputs[1:]
    if transactions[0].side:
        extra = tuple(output for output in extra if not _is_note(output))
    if not outputs or extra or is_unspendable(outputs[0].program):
        raise WrongCoinbase(
            f"the first transaction has {len(outputs)} outputs; it must have one "
            "that can be spent",
            n_outputs=len(outputs),
        )
    if outputs[0].amount != owed:
        raise WrongCoinbase(
            f"the first transaction pays {outputs[0].amount} neu, owed are {owed}",
            amount=outputs[0].amount,
            owed=owed,
        )


def _is_note(output: Output) -> bool:
    """Is it a side record that moves no value?"""
    return output.asset == BTM and output.amount == 0 and is_side_record(output.program)


def check_roots(
    transactions: Sequence[Transaction],
    statuses: Sequence[bool],
    tx_root: bytes,
    status_root: bytes,
) -> None:
    """Checks 9 and 10: the two roots that the header names."""
    computed = merkle.tx_root([tx.id for tx in transactions])
    if computed != tx_root:
        raise WrongTxRoot(
            f"the header has the transaction root {tx_root.hex()[:8]}, "
            f"the block gives {computed.hex()[:8]}",
            named=tx_root,
            computed=computed,
        )
    computed = merkle.status_root(statuses)
    if computed != status_root:
        raise WrongStatusRoot(
            f"the header has the status root {status_root.hex()[:8]}, "
            f"the block gives {computed.hex()[:8]}",
            named=status_root,
            computed=computed,
        )
