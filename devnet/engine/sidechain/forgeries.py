"""
Claims that take more than a changed value to forge: bytes that are right in themselves
and belong to nothing.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.bc.block import Block
from devnet.engine.bc.merkle import status_root, tx_root
from devnet.engine.bc.merkleblock import merkle_block_of, parse_merkle_block
from devnet.engine.bc.transaction import Claim, Transaction, parse_transaction
from devnet.engine.codec import MAX_63
from devnet.engine.mainchain.miner import coinbase_of


def invented_lock(honest: Transaction) -> Transaction:
    """
    A claim of twice the value, from a lock that was never mined: its block is made up,
    with right roots, a perfect proof, and no work in its header.

    Args:
        honest: a claim of a real lock, whose height and parent the made-up block takes.
    """
    (claim,) = honest.inputs
    assert isinstance(claim, Claim)
    lock_tx = parse_transaction(claim.raw_transaction)
    position, amount = claim.source_position, 2 * claim.amount
    if amount > MAX_63:
        amount = claim.amount - 1
    outputs = list(lock_tx.outputs)
    outputs[position] = replace(outputs[position], amount=amount)
    invented = replace(lock_tx, outputs=tuple(outputs), received=None)
    real = parse_merkle_block(claim.merkle_block).header
    coinbase = coinbase_of(real.height, 0, claim.claim_script, b" invented")
    txs = (coinbase, invented)
    header = replace(
        real,
        tx_root=tx_root([tx.id for tx in txs]),
        status_root=status_root([False, False]),
        nonce=0,
    )
    proof = merkle_block_of(Block(header, txs), [False, False], invented.id)
    forged = replace(
        claim,
        source_id=invented.mux_id,
        amount=amount,
        raw_transaction=invented.raw,
        merkle_block=proof.raw,
    )
    fee = claim.amount - honest.outputs[0].amount
    paid = replace(honest.outputs[0], amount=amount - fee)
    return replace(
        honest, inputs=(forged,), outputs=(paid, *honest.outputs[1:]), received=None
    )
