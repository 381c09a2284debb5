"""
A dishonest collector: what it hands in instead of the one claim that a lock allows.

It has the real collector's key and signs whatever it offers; each forgery is made of
real bytes, and nobody but the checks of the validators stands in its way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from devnet.engine.actors.collectors import set_collector
from devnet.engine.actors.seeing import saw
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Fault
from devnet.engine.bc.merkleblock import parse_merkle_block
from devnet.engine.bc.transaction import (
    BTM,
    Claim,
    Output,
    Transaction,
    parse_transaction,
)
from devnet.engine.chain.coins import Coin
from devnet.engine.federation.collector import Collector, SeenLock
from devnet.engine.federation.early_vapor import accepts_proof
from devnet.engine.federation.turns import order_of
from devnet.engine.keys.accounts import key_program
from devnet.engine.mainchain.state import MainEntry
from devnet.engine.sidechain.claims import sign_claim
from devnet.engine.sidechain.forgeries import invented_lock
from devnet.engine.sidechain.tampers import TAMPERS

FORGERIES: dict[str, tuple[str, ...]] = {
    "forged-proof": ("nothing",),
    "wrong-flags": ("flags",),
    "inflate": ("amount", "asset"),
    "steal-claim": ("recipient",),
}
"""Faults that change an honest claim, each with the changes that are offered."""
BY_HAND_MS = 40


@dataclass(frozen=True, slots=True)
class Offer:
    """
    A claim that a collector hands in, and on which sidechain.

    late_ms: it goes to each validator by hand, so much later, past any cut; 0: it is
    sent like any message.
    """

    chain: str
    tx: Transaction
    late_ms: int = 0


def offers(
    turn: Turn,
    collector: Collector,
    lock: SeenLock,
    honest: Transaction,
    make: Callable[[SeenLock], Transaction],
) -> tuple[Offer, ...]:
    """
    What the collector hands in for a settled lock: the honest claim, unless a fault is
    at work on it.

    Args:
        make: the claim that the collector makes of a lock.
    """
    found = [Offer(lock.chain, honest)]
    for fault in turn.faults:
        if fault.kind == "two-chains" and fault.chain != lock.chain:
            found.append(Offer(fault.chain, make(replace(lock, chain=fault.chain))))
        if fault.kind == "double-claim" and fault.chain == lock.chain:
            return (
                Offer(lock.chain, honest, BY_HAND_MS),
                Offer(
                    lock.chain, _written_otherwise(collector, honest), 10 * BY_HAND_MS
                ),
            )
        if fault.chain == lock.chain and fault.kind in _DISHONEST:
            given = _DISHONEST[fault.kind](turn, collector, fault, lock, honest)
            return tuple(Offer(lock.chain, tx) for tx in given)
    return tuple(found)


def _written_otherwise(collector: Collector, honest: Transaction) -> Transaction:
    """A second claim of the same lock, with the money in two pieces."""
    first = honest.outputs[0]
    pieces = (replace(first, amount=first.amount - 1), replace(first, amount=1))
    second = replace(honest, outputs=(*pieces, *honest.outputs[1:]), received=None)
    return sign_claim(second, collector.xprv)


def _changed(
    turn: Turn,
    collector: Collector,
    fault: Fault,
    lock: SeenLock,
    honest: Transaction,
) -> tuple[Transaction, ...]:
    changed = [TAMPERS[name](honest) for name in FORGERIES[fault.kind]]
    if fault.kind in ("forged-proof", "wrong-flags"):
        _compare_with_early_vapor(turn, fault, changed[0])
    return tuple(sign_claim(tx, collector.xprv) for tx in changed)


def _compare_with_early_vapor(turn: Turn, fault: Fault, tx: Transaction) -> None:
    """The same proof by the rule of the chain that had Claims before."""
    (claim,) = tx.inputs
    assert isinstance(claim, Claim)
    proof = parse_merkle_block(claim.merkle_block)
    lock_tx, n_flags = parse_transaction(claim.raw_transaction), len(proof.flags)
    if fault.kind == "forged-proof":
        verdict = "takes" if accepts_proof(proof, []) else "refuses"
        saw(turn, fault.id, f"early Vapor {verdict} the same proof, of {n_flags} flag")
        return
    verdict = "took" if accepts_proof(proof, [lock_tx.id]) else "refused"
    saw(
        turn,
        fault.id,
        f"early Vapor {verdict} honest proofs: it read their {n_flags} flags as "
        f"{', '.join(map(str, proof.flags))}",
    )


def _invented(
    turn: Turn,
    collector: Collector,
    fault: Fault,
    lock: SeenLock,
    honest: Transaction,
) -> tuple[Transaction, ...]:
    return (sign_claim(invented_lock(honest), collector.xprv),)


def _lazy(
    turn: Turn,
    collector: Collector,
    fault: Fault,
    lock: SeenLock,
    honest: Transaction,
) -> tuple[Transaction, ...]:
    """Nothing, or too high a fee, where the lock is its own; the others are honest."""
    tree = turn.side(lock.chain).tree
    keys = tree.council(tree[turn.side(lock.chain).head]).collectors
    if order_of(keys, lock.coin.id)[:1] != (collector.key,):
        words = f"{collector.name} claims in place of the silent collector"
        saw(turn, fault.id, words)
        return (honest,)
    (claim,) = honest.inputs
    assert isinstance(claim, Claim)
    if fault.value:
        key = collector.key
        fee = claim.amount - honest.outputs[0].amount
        fee += max(1, claim.amount * fault.value // 1_000_000)
        fee = min(fee, claim.amount)
        outputs = (
            replace(honest.outputs[0], amount=claim.amount - fee),
            Output(claim.asset, fee, key_program(key)),
        )
        greedy = replace(honest, outputs=outputs, received=None)
        return (sign_claim(greedy, collector.xprv),)
    return ()


_DISHONEST: dict[
    str,
    Callable[[Turn, Collector, Fault, SeenLock, Transaction], tuple[Transaction, ...]],
] = {
    **dict.fromkeys(FORGERIES, _changed),
    "invented-lock": _invented,
    "lazy-collector": _lazy,
}


# Locks that never were.


def failed_outputs(turn: Turn, entry: MainEntry) -> list[Coin]:
    """
    Outputs of a block's failed transactions, which nobody ever owned: a collector that
    does not look at statuses takes them for locks while the fault is at work.
    """
    if not any(fault.kind == "failed-tx" for fault in turn.faults):
        return []
    return [
        Coin(
            tx.result_ids[position], tx.mux_id, position, output.asset, output.amount,
            output.program, entry.height,
        )
        for tx, failed in zip(entry.block.transactions, entry.statuses, strict=True)
        for position, output in enumerate(tx.outputs)
        if failed and output.asset != BTM
    ]  # fmt: skip


def forget_failed(turn: Turn) -> None:
    """Collectors look at statuses again: what never was a lock is none."""
    for collector in turn.collectors:
        tip = turn.tree[collector.view.tip]
        pending = tuple(
            lock
            for lock in collector.pending
            if tip.state.deposit(lock.coin.program, lock.coin.id) is not None
        )
        set_collector(turn, replace(collector, pending=pending))
