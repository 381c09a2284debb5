"""
A world comes back: it is told to whoever looks, what waited is handed in again, and
everybody goes to work.

The stream begins anew. It tells the world as it stands, in the words of a fresh start,
and then that it came back. Virtual time goes on from where it was written last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devnet.engine.actors import (
    approving,
    collecting,
    cutting,
    faulting,
    mainchain,
    pooling,
)
from devnet.engine.actors.auditing import audit_side
from devnet.engine.actors.faulting import ACTOR as FAULTS
from devnet.engine.actors.hosting import start_engines
from devnet.engine.actors.keeping import SideRecord, WaitingRecord
from devnet.engine.actors.messages import (
    FaultEnds,
    SideBlockCame,
    SwapAsked,
)
from devnet.engine.actors.rebuilding import (
    Rebuilt,
    reading,
    rebuild_side,
    rebuild_world,
)
from devnet.engine.actors.retelling import (
    tell_faults,
    tell_side,
    tell_transfers,
    tell_world,
)
from devnet.engine.actors.seats import actor_name
from devnet.engine.actors.turn import Tools, Turn
from devnet.engine.actors.withdrawing import follow_debts
from devnet.engine.actors.world import World
from devnet.engine.bc.records import SwapRecord, parse_record
from devnet.engine.bc.transaction import Transaction, parse_transaction
from devnet.engine.chain.mempool import UnknownOutput
from devnet.engine.errors import DevnetError
from devnet.engine.events import SwapDropped, SwapProposed, TxDropped, WorldResumed
from devnet.engine.interfaces import Store
from devnet.engine.plain import from_text
from devnet.engine.sidechain.durable import take_over
from devnet.engine.sidechain.persist import Changes
from devnet.engine.sidechain.swap import needed_weight


@dataclass(frozen=True, slots=True)
class Resumed:
    """
    A world that came back.

    Args:
        world: as it was before its first turn, without sidechains.
        turn: the turn in which it comes back, not closed yet.
        stores: the sidechains' databases, open.
        stale: what the world's store may forget after the turn.
    """

    world: World
    turn: Turn
    stores: dict[str, Store]
    stale: Changes


def resume_world(
    keep: Store, open_store: Callable[[str, str], Store], tools: Tools
) -> Resumed:
    """
    Read a world back, and let it begin.

    Args:
        keep: the world's own store.
        open_store: a sidechain's database by store name and sidechain name.
        tools: its works must answer at once or wait; nothing is taken again here.

    Raises:
        WorldOfOtherVersion, WorldDamaged, StorageError, PluginError: nothing was
            written; every database that was opened is closed.
    """
    world = rebuild_world(keep)
    turn = Turn(world, tools, world.now_ms)
    found: list[Rebuilt] = []
    try:
        with reading("the stored sidechains"):
            records = [from_text(SideRecord, text) for _, text in keep.iterate(b"s")]
        for record in records:
            found.append(rebuild_side(turn, record, open_store))
            turn.add_side(found[-1].side)
        with reading("what waited"):
            waiting = _read_waiting(keep)
            asked = _read_asked(keep)
    except BaseException:
        for one in found:
            one.store.close()
        raise
    for one in found:
        if one.is_new:
            _begin_again(turn, one)
    _tell(turn, found)
    _go_to_work(turn)
    for one in found:
        for block_hash in one.own_blocks:
            for name in turn.node_names(one.side.name):
                actor = actor_name(one.side.name, name)
                turn.send(one.side.name, actor, block_hash, SideBlockCame(block_hash))
    stale = _hand_in(turn, waiting) | _ask_again(turn, asked)
    tell_transfers(turn)
    follow_debts(turn)
    _say_resumed(turn)
    stores = {one.side.name: one.store for one in found}
    return Resumed(world, turn, stores, tuple((key, None) for key in sorted(stale)))


def _begin_again(turn: Turn, one: Rebuilt) -> None:
    """A database that forgets, or that was made just before the end: from genesis."""
    side = one.side
    if not one.store.info.durable:
        take_over(one.store, side.name, side.tree.spec.chain_id)
    turn.batch(side.name, side.tree[side.head], undo=False)


def _tell(turn: Turn, found: list[Rebuilt]) -> None:
    tell_world(turn)
    for one in found:
        tell_side(turn, one.side.name, forgets=not one.store.info.durable)
    tell_faults(turn)
    for one in found:
        audit_side(turn, one.side.name)


def _go_to_work(turn: Turn) -> None:
    """Engines, collector, miners; faults that end by themselves."""
    for side in tuple(turn.sides()):
        for name in turn.node_names(side.name):
            if not turn.has_fault("kill", side.name, name):
                start_engines(turn, side.name, name)
    for collector in turn.collectors:
        collecting.rescan(turn, collector.name)
    for fault in turn.faults:
        if fault.until_ms is not None:
            left_ms = max(0, fault.until_ms - turn.now_ms)
            turn.later(left_ms, FAULTS, FaultEnds(fault.id))
    faulting.go_on(turn)
    cutting.exchange_main(turn)
    mainchain.plan_all(turn)


# What waited.


@dataclass(frozen=True, slots=True)
class _Waiting:
    key: bytes
    chain: str
    what: str
    tx: Transaction


def _read_waiting(keep: Store) -> list[_Waiting]:
    """Transactions that no block carried, in the order in which they came."""
    found = []
    for key, text in keep.iterate(b"p"):
        record = from_text(WaitingRecord, text)
        chain = key[1:].partition(b"\0")[0].decode()
        tx = parse_transaction(record.raw, side=chain != "main")
        found.append((record.at_ms, record.seq, _Waiting(key, chain, record.what, tx)))
    return [one for _, _, one in sorted(found, key=lambda item: item[:2])]


def _hand_in(turn: Turn, waiting: list[_Waiting]) -> set[bytes]:
    """
    Hand them in again, those that spend others after these. Gives the keys of those
    that are no longer good, most of them because a block has them.
    """
    stale: set[bytes] = set()
    left, tried = waiting, len(waiting) + 1
    while left:
        is_last, tried, again = len(left) == tried, len(left), []
        for one in left:
            try:
                _submit(turn, one)
            except DevnetError as error:
                if isinstance(error, UnknownOutput) and not is_last:
                    again.append(one)
                    continue
                stale.add(one.key)
                _say_dropped(turn, one, error)
        left = again
    return stale


def _submit(turn: Turn, one: _Waiting) -> None:
    if one.chain == "main":
        mainchain.submit(turn, one.tx, one.what)
    else:
        pooling.submit(turn, one.chain, one.tx, one.what)


def _say_dropped(turn: Turn, one: _Waiting, error: DevnetError) -> None:
    if one.chain == "main":
        places = turn.tree[turn.main_tip].state.index.places
    else:
        side = turn.side(one.chain)
        places = side.tree[side.head].state.places
    if one.tx.id not in places:
        turn.say(TxDropped(chain=one.chain, id=one.tx.id.hex(), reason=error.message))


def _read_asked(keep: Store) -> list[tuple[bytes, str, SwapRecord]]:
    found = []
    for key, program in keep.iterate(b"q"):
        record = parse_record(program)
        if isinstance(record, SwapRecord):
            found.append((key, key[1:].decode(), record))
    return found


def _ask_again(turn: Turn, asked: list[tuple[bytes, str, SwapRecord]]) -> set[bytes]:
    """Validators who were about to approve a swap are asked again. Gives stale keys."""
    stale: set[bytes] = set()
    for key, chain, record in asked:
        side = turn.side(chain)
        head = side.tree[side.head]
        rules = head.state.rules
        if head.state.pending is not None or rules.epoch != record.from_epoch:
            stale.add(key)
            continue
        if approving.is_too_late(record, head.height, turn.before.swap_notice):
            stale.add(key)
            reason = "the world was not running when it was to be approved"
            turn.say(SwapDropped(chain=chain, engine=record.engine, reason=reason))
            continue
        for name in turn.node_names(chain):
            actor = actor_name(chain, name)
            turn.send("operator", actor, record.body_hash, SwapAsked(record))
        turn.say(
            SwapProposed(
                chain=chain,
                engine=record.engine,
                old_engine=rules.engine,
                closing_height=record.closing_height,
                needed=needed_weight(rules),
            )
        )
    return stale


def _say_resumed(turn: Turn) -> None:
    sides = tuple(turn.sides())
    turn.say(
        WorldResumed(
            height=turn.tree[turn.main_tip].height,
            sidechains=tuple(side.name for side in sides),
            heights=tuple(side.tree[side.head].height for side in sides),
        )
    )
