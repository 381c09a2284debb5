"""
What a world that lives on disk writes at each step, as keys and values.

Blocks of the mainchain with their work, and what cannot be told from blocks. Sidechains
have databases of their own (`sidechain/persist.py`, `sidechain/durable.py`); the batch
made here goes before theirs, so that a block never stands there without its anchor.

Tables: n block at a height, b block, w work, t tip of a node, s sidechain, d transfer,
k watched lock program, p waiting transaction, q swap asked for, x pin that a member
signed with for a withdrawal, j member or collector who joined, m all else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from devnet.engine.actors.messages import SwapAsked
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import (
    AssetInfo,
    Breach,
    Fault,
    Groups,
    Owner,
    Sidechain,
    Steering,
    World,
)
from devnet.engine.bc.block import Block
from devnet.engine.bc.transaction import Transaction
from devnet.engine.events import (
    BlockUndone,
    Event,
    RuleSwapped,
    SwapDropped,
    SwapProposed,
    SwapScheduled,
    TransferMoved,
    TransferStarted,
    TxDropped,
    TxQueued,
    TxsMined,
)
from devnet.engine.interfaces import Validator
from devnet.engine.plain import to_text
from devnet.engine.sidechain.claims import is_claim
from devnet.engine.sidechain.durable import (
    ballot_changes,
    final_changes,
    name_changes,
    own_block_changes,
)
from devnet.engine.sidechain.persist import Changes, changes_of_chain

FORMAT = 2
"""Since 2 a world has seats, epochs and several collectors."""
PINS = b"x"
JOINED = b"j"
OFF, ON = b"off", b"on"
FIELDS: dict[str, Any] = {
    "assets": tuple[AssetInfo, ...],
    "owners": tuple[Owner, ...],
    "cuts": dict[str, Groups],
    "faults": tuple[Fault, ...],
    "n_faults": int,
    "breaches": tuple[Breach, ...],
    "acknowledged": int,
    "steering": Steering,
}
"""Fields of the world that are kept as they are, with their types."""

Draft = dict[bytes, bytes | None]


@dataclass(frozen=True, slots=True)
class SideRecord:
    """A sidechain as the world keeps it: enough to begin it again from nothing."""

    name: str
    store: str
    nodes: tuple[str, ...]
    genesis: bytes
    engine: str
    params: dict[str, int]
    validators: tuple[Validator, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """When the world was written last, in virtual time, and when it began."""

    now_ms: int
    start_ms: int


# All of it.


def changes_of_world(world: World) -> Changes:
    """All that is kept of a world, the mainchain's blocks aside."""
    draft: Draft = {
        b"mformat": str(FORMAT).encode(),
        b"mconfig": to_text(world.config),
    }
    for node in world.main_nodes:
        draft[b"t" + node.name.encode()] = node.view.tip
    for name in FIELDS:
        draft[b"m" + name.encode()] = to_text(getattr(world, name))
    for watched in world.watched.values():
        draft[b"k" + watched.program] = to_text(watched)
    for index, side in enumerate(world.sidechains):
        draft[_side_key(index)] = to_text(side_record(side))
    for name in world.transfers:
        draft[b"d" + name.encode()] = to_text(world.transfers[name])
    draft.update(_pins(world, None))
    draft.update(_joined(world, None))
    for chain, pool in _pools(world):
        for item in pool.transactions():
            _put_waiting(draft, world, chain, item.tx, "payment", len(draft))
    draft[b"mclock"] = to_text(Clock(world.now_ms, world.start_ms))
    return tuple(draft.items())


def changes_of_main_block(block: Block, work: bytes) -> Changes:
    """A block of the mainchain, and the answer that its proof of work gave."""
    header = block.header
    return (
        (b"n" + header.height.to_bytes(8, "big") + header.hash, b""),
        (b"b" + header.hash, block.raw),
        (b"w" + header.hash, work),
    )


def changes_of_side(side: Sidechain) -> list[Changes]:
    """All that a sidechain's own database holds, as an empty one must take it."""
    return [
        name_changes(side.tree.spec.chain_id),
        *changes_of_chain(side.tree, side.head),
        final_changes(side.final),
        ballot_changes(side.nodes),
    ]


def side_record(side: Sidechain) -> SideRecord:
    """What the world's own store says of a sidechain."""
    genesis = side.tree[side.tree.spec.chain_id]
    rules = genesis.state.rules
    return SideRecord(
        side.name,
        side.store,
        tuple(node.name for node in side.nodes),
        genesis.block.raw,
        rules.engine,
        dict(rules.params),
        rules.validators,
    )


# One step.


def changes_of_step(turn: Turn, world: World, events: Iterable[Event]) -> Changes:
    """What a step changed of all that. Nothing when there is nothing to keep."""
    draft: Draft = {}
    before = turn.before
    for block, work in turn.main_blocks:
        draft.update(changes_of_main_block(block, work))
    for node, old in zip(world.main_nodes, before.main_nodes, strict=True):
        if node.view.tip != old.view.tip:
            draft[b"t" + node.name.encode()] = node.view.tip
    for name in FIELDS:
        value = getattr(world, name)
        if value is not getattr(before, name):
            draft[b"m" + name.encode()] = to_text(value)
    watched = world.watched
    if watched is not before.watched:
        for program in watched:
            if program not in before.watched:
                draft[b"k" + program] = to_text(watched[program])
    if world.members is not before.members:
        draft.update(_pins(world, before))
    draft.update(_joined(world, before))
    for index, side in enumerate(world.sidechains):
        if _is_recorded_anew(before.sidechain(side.name), side):
            draft[_side_key(index)] = to_text(side_record(side))
    for event in events:
        _follow(draft, world, event)
    if draft or turn.batches:
        draft[b"mclock"] = to_text(Clock(world.now_ms, world.start_ms))
    return tuple(draft.items())


def _pins(world: World, before: World | None) -> Draft:
    """The pins that members signed with since."""
    draft: Draft = {}
    pins = {one.name: one.pins for one in before.members} if before else {}
    for member in world.members:
        old = pins.get(member.name)
        if member.pins is old:
            continue
        for withdrawal_id in member.pins:
            pin_id = member.pins[withdrawal_id]
            if old is None or old.get(withdrawal_id) != pin_id:
                draft[PINS + withdrawal_id + member.name.encode()] = pin_id
    return draft


def _joined(world: World, before: World | None) -> Draft:
    """Members and collectors that are there since, and whose machine is off."""
    draft: Draft = {}
    if before is not None and (
        world.members is before.members and world.collectors is before.collectors
    ):
        return draft
    known = {one.name: one.off for one in before.members} if before else {}
    for member in world.members:
        if known.get(member.name) is not member.off:
            key = JOINED + b"member\0" + member.name.encode()
            draft[key] = OFF if member.off else ON
    known = {one.name: one.off for one in before.collectors} if before else {}
    for collector in world.collectors:
        if known.get(collector.name) is not collector.off:
            key = JOINED + b"collector\0" + collector.name.encode()
            draft[key] = OFF if collector.off else ON
    return draft


def ballots_of_step(turn: Turn, world: World) -> list[tuple[str, Changes]]:
    """What validators signed in a step, by sidechain: to be written first."""
    found = []
    for side in world.sidechains:
        old = turn.before.sidechain(side.name)
        if side is not old:
            changes = ballot_changes(side.nodes, old.nodes if old else ())
            for chain, key, block in turn.own_blocks:
                if chain == side.name:
                    changes += own_block_changes(key, block.raw)
            if changes:
                found.append((side.name, changes))
    return found


def blocks_of_step(turn: Turn, world: World) -> list[tuple[str, Changes]]:
    """One batch per block, and what became final, by sidechain: to be written last."""
    batches = list(turn.batches)
    for side in world.sidechains:
        old = turn.before.sidechain(side.name)
        if old is None or side.final != old.final:
            batches.append((side.name, final_changes(side.final)))
    return batches


def done_in_step(events: Iterable[Event]) -> Changes:
    """
    What a step's sidechain blocks made superfluous. It may go once these blocks are
    stored, and not before: what waited would be nowhere in between.
    """
    draft: Draft = {}
    for event in events:
        match event:
            case TxsMined(chain=chain, ids=ids) if chain != "main":
                for tx_id in ids:
                    draft[_waiting_key(chain, bytes.fromhex(tx_id))] = None
            case SwapScheduled(chain=chain) | RuleSwapped(chain=chain):
                draft[b"q" + chain.encode()] = None
    return tuple(draft.items())


def _is_recorded_anew(old: Sidechain | None, new: Sidechain) -> bool:
    if old is None:
        return True
    if old is new:
        return False
    names = [node.name for node in new.nodes]
    return old.store != new.store or [node.name for node in old.nodes] != names


def _side_key(index: int) -> bytes:
    return b"s" + index.to_bytes(2, "big")


def _follow(draft: Draft, world: World, event: Event) -> None:
    """What an event says of transfers, of waiting transactions and of swaps."""
    match event:
        case TransferStarted(transfer=name) | TransferMoved(transfer=name):
            draft[b"d" + name.encode()] = to_text(world.transfers[name])
        case TxQueued(chain=chain, id=tx_id, what=what):
            tx = _waiting_tx(world, chain, bytes.fromhex(tx_id))
            if tx is not None:
                _put_waiting(draft, world, chain, tx, what, event.seq)
        case TxDropped(chain=chain, id=tx_id):
            draft[_waiting_key(chain, bytes.fromhex(tx_id))] = None
        case TxsMined(chain="main", ids=ids):
            for tx_id in ids:
                draft[_waiting_key("main", bytes.fromhex(tx_id))] = None
        case BlockUndone(chain=chain, id=block_id):
            for tx in _block_txs(world, chain, bytes.fromhex(block_id)):
                _put_waiting(draft, world, chain, tx, "payment", event.seq)
        case SwapProposed(chain=chain):
            draft[b"q" + chain.encode()] = _asked_swap(world, chain)
        case SwapDropped(chain=chain):
            draft[b"q" + chain.encode()] = None


def _asked_swap(world: World, chain: str) -> bytes | None:
    for due in world.schedule.waiting:
        if due.actor.startswith(f"side:{chain}:") and isinstance(due.what, SwapAsked):
            return due.what.record.program
    return None


# Waiting transactions.


@dataclass(frozen=True, slots=True)
class WaitingRecord:
    """A transaction that somebody handed in and no block carries yet."""

    at_ms: int
    seq: int
    what: str
    raw: bytes


def _put_waiting(
    draft: Draft, world: World, chain: str, tx: Transaction, what: str, seq: int
) -> None:
    if is_claim(tx):
        return  # The collector makes it again.
    record = WaitingRecord(world.now_ms, seq, what, tx.raw)
    draft[_waiting_key(chain, tx.id)] = to_text(record)


def _waiting_key(chain: str, tx_id: bytes) -> bytes:
    return b"p" + chain.encode() + b"\0" + tx_id


def _pools(world: World) -> Iterable[tuple[str, Any]]:
    for node in world.main_nodes:
        yield "main", node.pool
    for side in world.sidechains:
        for validator in side.nodes:
            yield side.name, validator.pool


def _waiting_tx(world: World, chain: str, tx_id: bytes) -> Transaction | None:
    for name, pool in _pools(world):
        if name == chain and tx_id in pool:
            found: Transaction = pool.by_id[tx_id].tx
            return found
    return None


def _block_txs(world: World, chain: str, block_hash: bytes) -> tuple[Transaction, ...]:
    if chain == "main":
        return world.tree[block_hash].block.transactions[1:]
    side = world.sidechain(chain)
    return () if side is None else side.tree[block_hash].block.transactions[1:]
