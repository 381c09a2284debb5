"""
What each collector knows of each lock, as states to be drawn: seen, mined, ready,
waiting, submitted, rejected, in block, final, gone.

Source: protocol page "federation", section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from devnet.engine.actors import collecting
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Transfer
from devnet.engine.federation.collector import Collector, SeenLock

LockState = Literal[
    "seen", "mined", "ready", "waiting", "submitted", "rejected", "in block", "final",
    "gone",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class LockFacts:
    """
    One lock, as one collector has it.

    Args:
        collector: its name. transfer: the deposit's, or nothing.
        done, needed: blocks on top of it, when it is mined.
        note: what explains the state: whose turn it is, why it was refused.
    """

    collector: str
    transfer: str
    chain: str
    lock_id: bytes
    asset: bytes
    amount: int
    state: LockState
    done: int = 0
    needed: int = 0
    note: str = ""


def lock_facts(turn: Turn) -> tuple[LockFacts, ...]:
    """Every lock that a collector has not done with, collector by collector."""
    found: list[LockFacts] = []
    for collector in turn.collectors:
        known = {lock.coin.id for lock in collector.pending}
        found += (_of_pending(turn, collector, lock) for lock in collector.pending)
        for name in turn.open_transfers:
            transfer = turn.transfers[name]
            if not transfer.is_withdrawal and transfer.lock_id not in known:
                found.append(_of_transfer(turn, collector, transfer))
    return tuple(found)


def _of_transfer(turn: Turn, collector: Collector, transfer: Transfer) -> LockFacts:
    """A deposit whose lock is in no block that the collector has, or is done with."""
    side = turn.side(transfer.chain)
    state: LockState = "gone"
    if transfer.lock_id in side.tree[side.head].state.claimed:
        state = "final"
    elif any(transfer.lock_tx in node.pool for node in turn.main_nodes):
        state = "seen"
    asset = next((one.id for one in turn.assets if one.name == transfer.asset), b"")
    return LockFacts(
        collector.name, transfer.id, transfer.chain, transfer.lock_id, asset,
        transfer.amount, state,
    )  # fmt: skip


def _of_pending(turn: Turn, collector: Collector, lock: SeenLock) -> LockFacts:
    tip_height = turn.tree[collector.view.tip].height
    done = tip_height - turn.tree[lock.block_hash].height
    state, note = _state_of(turn, collector, lock)
    transfer = collecting.transfer_of(turn, lock.coin.id)
    return LockFacts(
        collector.name, transfer.id if transfer is not None else "", lock.chain,
        lock.coin.id, lock.coin.asset, lock.coin.amount, state,
        min(done, turn.depth), turn.depth, note,
    )  # fmt: skip


def _state_of(
    turn: Turn, collector: Collector, lock: SeenLock
) -> tuple[LockState, str]:
    side = turn.side(lock.chain)
    done = side.tree[side.head].state.claimed.get(lock.coin.id)
    if collecting.is_claimed_for_good(turn, lock):
        return "final", ""
    if done is not None:
        return "in block", f"{lock.chain} {done.height}"
    if not collecting.is_settled(turn, collector, lock):
        return "mined", ""
    if lock.refused:
        return "rejected", lock.refused
    if lock.submitted_at >= 0:
        return "submitted", f"at main {lock.submitted_at}"
    if collecting.is_in_turn(turn, collector, lock):
        return "ready", ""
    return "waiting", collecting.who_is_due(turn, lock)
