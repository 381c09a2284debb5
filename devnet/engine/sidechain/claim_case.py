"""
A Claim under examination: the transaction, what it is judged against, and the parts of
it that several checks read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from devnet.engine.bc.block import BlockHeader
from devnet.engine.bc.merkleblock import MerkleBlock, parse_merkle_block
from devnet.engine.bc.transaction import Claim, Transaction, parse_transaction
from devnet.engine.errors import CodecError
from devnet.engine.federation.programs import Federation
from devnet.engine.federation.turns import TURN_BLOCKS, in_turn
from devnet.engine.interfaces import Checkpoint
from devnet.engine.once import once
from devnet.engine.sidechain.claim_errors import (
    BadRawTransaction,
    ClaimMalformed,
    ClaimShape,
)

FEE_UNIT = 1_000_000
"""Relay fees are parts per million of the amount."""


class MainReader(Protocol):
    """The mainchain, as far as a claim check asks for it."""

    def block_hash_at(self, anchor_hash: bytes, height: int) -> bytes | None:
        """Hash of the anchor's ancestor (or itself) at a height, or None."""


@dataclass(frozen=True, slots=True)
class ClaimContext:
    """
    All that a claim is judged against, so that every node and every replay agree.

    Args:
        chain_id: this sidechain's genesis hash.
        parent_id: the mainchain's genesis hash.
        federations: accepted membership epochs, newest first.
        past: those that are accepted no more.
        relay_fee_ppm: what a collector takes, in parts per million.
        collectors: elected collectors' 32-byte public keys, in order.
        grace: mainchain blocks after settlement from which on anybody may claim.
        anchor: the settled mainchain block that the claim's block names.
        main: ancestors of that anchor.
        is_claimed: whether a lock id is taken, in the chain, the block or the pool.
        frozen, closing: the peg rests (C17).
        claims_before: claims that the block holds already.
        turn: mainchain blocks after which the next collector may act as well.
        coinbase_depth: blocks between a coinbase lock and the anchor.
        failed_btm_counts: whether C9 takes BTM of a failed transaction. It does where
            the mainchain applies rule AA from its first block; elsewhere such BTM may
            come from an input that was counted twice.
    """

    chain_id: bytes
    parent_id: bytes
    federations: tuple[Federation, ...]
    relay_fee_ppm: int
    collectors: tuple[bytes, ...]
    grace: int
    anchor: Checkpoint
    main: MainReader
    is_claimed: Callable[[bytes], bool] = lambda lock_id: False
    frozen: bool = False
    closing: bool = False
    claims_before: int = 0
    max_claims: int = 64
    turn: int = TURN_BLOCKS
    coinbase_depth: int = 100
    failed_btm_counts: bool = True
    past: tuple[Federation, ...] = ()

    def fee_of(self, amount: int) -> int:
        """A collector's fee for claiming this amount."""
        return amount * self.relay_fee_ppm // FEE_UNIT

    def may_collect(self, lock_id: bytes, age: int) -> tuple[bytes, ...]:
        """
        The collectors whose turn it is: the assigned one, and after each `turn` blocks
        of silence one more of the list. The lock id, read as a big-endian number,
        assigns.

        Args:
            age: mainchain blocks between the lock's block and the anchor.
        """
        return in_turn(self.collectors, lock_id, max(0, age), self.turn)


class Case:
    """
    One transaction before the checks. Parts are computed when first asked for; asking
    for a part that is not there raises the ClaimError of the check that is about it.
    """

    def __init__(self, claim: Transaction | bytes, context: ClaimContext) -> None:
        self._given = claim
        self.context = context

    @once
    def tx(self) -> Transaction:
        """The whole sidechain transaction."""
        if isinstance(self._given, Transaction):
            return self._given
        try:
            return parse_transaction(self._given, side=True)
        except CodecError as error:
            raise ClaimMalformed(error.message) from None

    @once
    def claim(self) -> Claim:
        """The only input."""
        n_inputs = len(self.tx.inputs)
        if n_inputs != 1 or not isinstance(self.tx.inputs[0], Claim):
            kinds = ", ".join(type(given).__name__ for given in self.tx.inputs[:3])
            raise ClaimShape(
                f"{n_inputs} inputs ({kinds or 'none'}), wanted one Claim",
                n_inputs=n_inputs,
            )
        return self.tx.inputs[0]

    @once
    def lock_id(self) -> bytes:
        """The mainchain output id that the commitment describes."""
        return self.claim.mainchain_output_id

    @once
    def proof(self) -> MerkleBlock:
        """The Merkle block of the witness."""
        try:
            return parse_merkle_block(self.claim.merkle_block)
        except CodecError as error:
            raise ClaimMalformed(f"Merkle block: {error.message}") from None

    @property
    def header(self) -> BlockHeader:
        """The mainchain header of the witness."""
        return self.proof.header

    @once
    def main_tx(self) -> Transaction:
        """The mainchain transaction of the witness."""
        try:
            return parse_transaction(self.claim.raw_transaction)
        except CodecError as error:
            raise BadRawTransaction(f"lock transaction: {error.message}") from None

    @property
    def age(self) -> int:
        """Mainchain blocks between the lock's block and the anchor."""
        return self.context.anchor.height - self.header.height

    @property
    def fee(self) -> int:
        """What the second output takes."""
        return self.tx.outputs[1].amount if len(self.tx.outputs) > 1 else 0

    @property
    def collector_key(self) -> bytes:
        """The public key in the collector's authorisation, empty when there is none."""
        return self.claim.collector_auth[:32]
