"""
What people set by hand about mining, time and mempools: when blocks come by themselves,
what the clock says, which transaction is forgotten, who gets coins for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from devnet.engine.actors import issuing, mainchain
from devnet.engine.actors.messages import MainTxCame, SideTxCame, SideTxsCame
from devnet.engine.actors.owners import key_of
from devnet.engine.actors.owners import program_of as program_of
from devnet.engine.actors.purses import MAIN, asset_of, main_purse
from devnet.engine.actors.reporting import follow_lock
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import AssetInfo
from devnet.engine.bc.transaction import BTM, Output, Transaction
from devnet.engine.chain.mempool import Orphan
from devnet.engine.chain.wallet import Key, pay
from devnet.engine.clock import Due
from devnet.engine.errors import (
    BadValue,
    InsufficientFunds,
    RequestError,
)
from devnet.engine.events import TxDropped
from devnet.engine.mainchain.accounts import play_account

MODES = ("world", "off", "on_transaction", "interval")
MOST_INTERVAL_MS = 86_400_000
MOST_AHEAD_MS = 10 * 366 * 86_400_000
"""How far the clock may be moved in a world's life: consensus slots are counted."""
FOUNDER = "founder"
DROPPED = "dropped by hand"


class TimeGoneBy(RequestError):
    """The clock would stand before a block that exists already."""

    code = "request.time-gone-by"
    default_hint = "Time goes forward only; revert to a snapshot to go back."


class NotWaiting(RequestError):
    """No mempool of the chain has this transaction."""

    code = "request.not-waiting"
    default_hint = "show mempool CHAIN lists what waits."


# Mining and time.


def set_automine(turn: Turn, mode: str, interval_ms: int = 0) -> None:
    """
    Say when mainchain blocks come by themselves.

    Raises:
        BadValue: there is no such mode, or the interval does not fit.
    """
    if mode not in MODES:
        raise BadValue(
            f"there is no way to mine called {mode[:40]!r}",
            hint=f"It is one of {', '.join(MODES)}.",
        )
    if mode == "interval" and not 1 <= interval_ms <= MOST_INTERVAL_MS:
        raise BadValue(
            f"an interval of {interval_ms} ms: it is from 1 to {MOST_INTERVAL_MS} ms"
        )
    kept_ms = interval_ms if mode == "interval" else 0
    turn.steering = replace(turn.steering, automine=mode, interval_ms=kept_ms)
    mainchain.plan_all(turn)


def set_clock(turn: Turn, wall_ms: int) -> None:
    """
    Set the clock that block times follow; the order of what happens stays.

    Args:
        wall_ms: milliseconds since 1970.

    Raises:
        TimeGoneBy: a block is newer. BadValue: it is too far ahead.
    """
    newest_ms = max(
        turn.tree[turn.main_tip].block.header.timestamp * 1000,
        *(side.tree[side.head].header.time_ms for side in turn.sides()),
        0,
    )
    if wall_ms < newest_ms:
        raise TimeGoneBy(
            f"the clock cannot be set to {wall_ms / 1000:.3f}: a block says "
            f"{newest_ms / 1000:.3f}"
        )
    ahead_ms = wall_ms - turn.before.start_ms - turn.now_ms
    if ahead_ms > MOST_AHEAD_MS:
        raise BadValue(
            f"{ahead_ms // 1000} seconds ahead of the world's own clock; "
            f"{MOST_AHEAD_MS // 1000} are possible"
        )
    turn.steering = replace(turn.steering, ahead_ms=ahead_ms)


# Mempools.


def drop_transaction(turn: Turn, chain: str, tx_id: bytes) -> None:
    """
    Every node of a chain forgets a transaction that waits, what spends its outputs, and
    what of both is on its way.

    Raises:
        UnknownName: no such chain. NotWaiting: nobody has it.
    """
    if chain != MAIN:
        turn.side(chain)
    known = {tx.id: tx for tx in _waiting(turn, chain)}
    if tx_id not in known:
        raise NotWaiting(f"transaction {tx_id.hex()[:16]} does not wait on {chain}")
    gone = {tx_id} | _after(known, known[tx_id])
    turn.schedule = turn.schedule.without(lambda due: _carries(due, gone))
    if chain == MAIN:
        for node in tuple(turn.main_nodes):
            pool, orphans = node.pool.without(gone), _kept(node.orphans, gone)
            turn.set_main_node(replace(node, pool=pool, orphans=orphans))
        mainchain.plan_all(turn)
    else:
        for one in turn.nodes(chain):
            held = tuple(tx for tx in one.held_claims if tx.id not in gone)
            pool, orphans = one.pool.without(gone), _kept(one.pool_orphans, gone)
            changed = replace(one, pool=pool, pool_orphans=orphans, held_claims=held)
            turn.set_node(chain, changed)
    for one_id in sorted(gone, key=lambda one_id: one_id != tx_id):
        turn.say(TxDropped(chain=chain, id=one_id.hex(), reason=DROPPED))
    for name in turn.open_transfers if chain == MAIN else ():
        transfer = turn.transfers[name]
        if transfer.lock_tx in gone and not transfer.is_withdrawal:
            follow_lock(turn, transfer)


def _waiting(turn: Turn, chain: str) -> Iterator[Transaction]:
    if chain == MAIN:
        for node in turn.main_nodes:
            yield from (item.tx for item in node.pool.transactions())
            yield from (one.tx for one in node.orphans)
        return
    for one in turn.nodes(chain):
        yield from (item.tx for item in one.pool.transactions())
        yield from (orphan.tx for orphan in one.pool_orphans)
        yield from one.held_claims


def _after(known: dict[bytes, Transaction], first: Transaction) -> set[bytes]:
    """The waiting transactions that need this one, directly or not."""
    made = set(first.result_ids)
    found: set[bytes] = set()
    while True:
        more = {
            tx.id
            for tx in known.values()
            if tx.id not in found and made.intersection(tx.spent_output_ids)
        }
        if not more:
            return found - {first.id}
        found |= more
        made.update(one for tx_id in more for one in known[tx_id].result_ids)


def _kept(orphans: tuple[Orphan, ...], gone: set[bytes]) -> tuple[Orphan, ...]:
    return tuple(one for one in orphans if one.tx.id not in gone)


def _carries(due: Due, gone: set[bytes]) -> bool:
    match due.what:
        case MainTxCame(tx) | SideTxCame(tx):
            return tx.id in gone
        case SideTxsCame(txs):
            return all(tx.id in gone for tx in txs)
    return False


# Coins.


def give(turn: Turn, to: str, amount: int, asset: str) -> bytes:
    """
    Coins out of the devnet's own pocket: BTM of the founder, or of whoever has most; of
    another asset what its richest holder has, or new units if somebody here can issue.

    Args:
        to: an account or a mainchain address.
        amount: in the asset's smallest unit.

    Returns:
        The transaction id.

    Raises:
        UnknownName, BadValue, InsufficientFunds: nothing happened.
    """
    info, program = asset_of(turn, asset), program_of(turn, to)
    output = (Output(info.id, amount, program),)
    givers = sorted(_givers(turn), key=lambda key: -_held(turn, key, info.id))
    for key in givers:
        try:
            tx = pay(key, main_purse(turn, key.program), output, side=False)
        except InsufficientFunds:
            continue
        mainchain.submit(turn, tx, "payment")
        return tx.id
    if info.id == BTM or not info.signers:
        most = max(_held(turn, key, info.id) for key in givers)
        raise InsufficientFunds(
            f"nobody here has {amount} units of {asset} to give: the most is {most}",
            hint="Give less at a time, or mine until coins are mature.",
            have=most, need=amount,
        )  # fmt: skip
    return _issued(turn, info, amount, output)


def _givers(turn: Turn) -> Iterable[Key]:
    founder = play_account(FOUNDER)
    yield Key(FOUNDER, founder.xprv, founder.key, founder.program)
    for owner in turn.owners:
        yield key_of(turn, owner.name)


def _held(turn: Turn, key: Key, asset: bytes) -> int:
    return main_purse(turn, key.program).total(asset)


def _issued(
    turn: Turn, info: AssetInfo, amount: int, output: tuple[Output, ...]
) -> bytes:
    """New units for their issuer, who hands them on at once."""
    issuer = info.signers[0]
    issuing.issue(turn, issuer, amount, info.name)
    key = key_of(turn, issuer)
    tx = pay(key, main_purse(turn, key.program), output, side=False)
    mainchain.submit(turn, tx, "payment")
    return tx.id
