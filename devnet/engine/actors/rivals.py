"""
An attacker with more hashing power than everybody: it mines a mainchain branch of its
own, in secret, and shows it when it wants. Every block has its work; only the time that
it takes is the attacker's luck.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors import mainchain
from devnet.engine.actors.epochs import deposit_program
from devnet.engine.actors.messages import FaultEnds, MainBlockCame, RivalTry
from devnet.engine.actors.owners import key_of
from devnet.engine.actors.seats import actor_name
from devnet.engine.actors.seeing import keep, saw
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Fault, Transfer
from devnet.engine.bc.difficulty import meets_target
from devnet.engine.bc.transaction import BTM, Output, Transaction
from devnet.engine.chain.mempool import Mempool, Waiting
from devnet.engine.chain.wallet import Purse, pay, purse_of
from devnet.engine.errors import BadValue, RequestError
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.mainchain.miner import MainNode, build_template
from devnet.engine.mainchain.state import MainEntry
from devnet.engine.mainchain.view import MainView

ACTOR = "faults"
TRY_MS = 1
SHOW_MS = 1000
"""How long a reorganisation that ends by itself is watched after it was shown."""
LOOK_MS = 500
"""How often an attacker looks whether its branch is still the higher one."""
LIE = 1000
"""Whole BTM of the lock that only the attacker's branch has."""
LIAR = "alice"


class NothingToUndo(RequestError):
    """No claimed lock stands on the mainchain that a reorganisation could take away."""

    code = "request.nothing-to-undo"
    default_hint = "Lock something first, and wait until it is claimed."


# What people ask for.


def reorganise(turn: Turn, fault: Fault) -> None:
    """
    Replace the last blocks of the mainchain, no deeper than what is settled.

    Raises:
        BadValue: it would reach below what counts as settled.
    """
    if fault.value > turn.depth:
        raise BadValue(
            f"{fault.value} blocks are more than the {turn.depth} on top of what is "
            "settled",
            hint="fault deep-reorg goes below.",
        )
    _begin(turn, fault.id, _below_tip(turn, fault.value), fault.value + 1)


def reorganise_deep(turn: Turn, fault: Fault) -> None:
    """
    Replace the mainchain from below the newest claimed lock on, and spend that lock's
    money otherwise, so that the lock never comes back.

    Raises:
        NothingToUndo: no lock is claimed.
        InsufficientFunds: what the lock spent came out of its own block.
    """
    transfer, tip = _newest_claimed(turn), turn.tree[turn.main_tip]
    n_blocks = tip.height - _coin_height(turn, transfer) + 2
    parent = _below_tip(turn, n_blocks - 1)
    fault = replace(fault, memory=(tip.hash, transfer.lock_id))
    keep(turn, fault)
    _spent_otherwise(turn, fault, turn.tree[parent])  # It can be, or this raises.
    _begin(turn, fault.id, parent, n_blocks)


def come_back(turn: Turn, fault: Fault) -> None:
    """
    The branch that was left is mined on until it is the best one again; unless a
    sidechain has written it off, and would be frozen by its return.
    """
    anchors = [side.tree[side.head].anchor.hash for side in turn.sides()]
    old_tip = fault.memory[0] if fault.memory else turn.main_tip
    if not all(turn.tree.is_ancestor(one, old_tip) for one in anchors):
        return
    if not turn.tree.is_ancestor(old_tip, turn.main_tip):
        _begin(turn, "", fault.memory[0], 1)


def mislead(turn: Turn, fault: Fault) -> None:
    """
    Show one validator a branch of the attacker's, with a lock that no other has.

    Raises:
        BadValue: one key alone makes blocks final there.
        InsufficientFunds: alice has not enough for the lock.
    """
    side = turn.side(fault.chain)
    rule = side.tree[side.head].state.rules.engine
    if turn.tools.engine(rule).info.finality == "instant":
        raise BadValue(
            f"{fault.chain} believes a single key, and nobody could outvote it",
            hint="Take a sidechain under another rule.",
        )
    _lie(turn, fault, turn.tree[turn.main_tip])  # It can be, or this raises.
    _begin(turn, fault.id, turn.main_tip, turn.depth + 2)


def mislead_again(turn: Turn, fault: Fault) -> None:
    """The world came back: the validator is shown a new branch, with another lock."""
    keep(turn, replace(fault, memory=()))
    _begin(turn, fault.id, turn.main_tip, turn.depth + 2)


def give_up(turn: Turn, fault: Fault) -> None:
    """The world came back, and what the attacker had in secret is lost."""
    turn.later(0, ACTOR, FaultEnds(fault.id))


def _begin(turn: Turn, fault_id: str, parent: bytes, n_blocks: int) -> None:
    turn.later(TRY_MS, ACTOR, RivalTry(fault_id, (parent,), n_blocks))


def _below_tip(turn: Turn, n_blocks: int) -> bytes:
    height = max(0, turn.tree[turn.main_tip].height - n_blocks)
    found = turn.tree.hash_at(turn.main_tip, height)
    assert found is not None
    return found


def _newest_claimed(turn: Turn) -> Transfer:
    claimed = [one for one in turn.transfers.values() if one.stage == "claimed"]
    if not claimed:
        raise NothingToUndo("no lock is claimed yet")
    return max(claimed, key=lambda one: (_coin_height(turn, one), int(one.id[1:])))


def _coin_height(turn: Turn, transfer: Transfer) -> int:
    state = turn.tree[turn.main_tip].state
    coin = state.deposit(transfer.lock_program, transfer.lock_id)
    return -1 if coin is None else coin.height


# Mining.


def try_nonce(turn: Turn, due: RivalTry) -> None:
    """One nonce of the attacker's; it goes on until its branch is high enough."""
    fault = next((one for one in turn.faults if one.id == due.fault_id), None)
    if due.fault_id and fault is None:
        return  # Mended meanwhile.
    tip = turn.tree[due.branch[-1]]
    is_shown = fault is not None and fault.kind == "deep-reorg" and not due.n_blocks
    if is_shown and turn.tree.is_ancestor(tip.hash, turn.main_tip):
        turn.later(LOOK_MS, ACTOR, due)  # Another branch may still overtake it.
        return
    if len(due.branch) > due.n_blocks and tip.height > turn.tree[turn.main_tip].height:
        _show(turn, due, fault)
        return
    first = len(due.branch) == 1
    pool = Mempool()
    for tx in _first_transactions(turn, fault, tip) if first else ():
        pool = pool.add(Waiting(tx, 0), tip.height + 1)
    program = play_account("attacker").program
    miner = MainNode("attacker", 0, program, MainView(tip.hash), pool)
    clock_s = turn.wall_ms // 1000
    template, _ = build_template(turn.tree, miner, clock_s, b" attacker")
    header = template.header_with(due.nonce)
    work = turn.tools.work(template.seed, header.hash)
    if meets_target(work, header.bits):
        block = template.block_with(due.nonce)
        turn.add_main_block(block, work, max(clock_s, header.timestamp))
        due = replace(due, branch=(*due.branch, header.hash), nonce=0)
    else:
        due = replace(due, nonce=due.nonce + 1)
    turn.later(TRY_MS, ACTOR, due)


def _first_transactions(
    turn: Turn, fault: Fault | None, parent: MainEntry
) -> tuple[Transaction, ...]:
    """What the attacker puts into the first block of its branch."""
    if fault is None or fault.kind == "shallow-reorg":
        return ()
    if fault.kind == "lying-node":
        return (_lie(turn, fault, parent),)
    return (_spent_otherwise(turn, fault, parent),)


def _lie(turn: Turn, fault: Fault, parent: MainEntry) -> Transaction:
    """Alice's lock on the attacker's branch. She may sign what others never see."""
    key = key_of(turn, LIAR)
    program = deposit_program(turn, fault.chain, key.program)
    height = parent.height + 1
    purse = purse_of("main", key.program, parent.state.coins, Mempool(), height)
    lock = Output(BTM, LIE * 10**8, program)
    return pay(key, purse, (lock,), side=False)


def _spent_otherwise(turn: Turn, fault: Fault, parent: MainEntry) -> Transaction:
    """The money of a claimed lock, back to its owner before it was locked."""
    old_tip, lock_id = fault.memory
    transfer = next(one for one in turn.transfers.values() if one.lock_id == lock_id)
    tip = turn.tree[old_tip]
    coin = tip.state.deposit(transfer.lock_program, transfer.lock_id)
    assert coin is not None, "the lock is on the branch that is about to be left"
    entry = turn.tree[tip.state.hashes[coin.height]]
    lock_tx = next(
        tx for tx in entry.block.transactions if transfer.lock_id in tx.result_ids
    )
    held = parent.state.coins.by_id
    ids = [one for one in lock_tx.spent_output_ids if one is not None and one in held]
    key = key_of(turn, transfer.who)
    purse = Purse("main", parent.height + 1, tuple(held[one] for one in ids))
    back = Output(coin.asset, coin.amount, key.program)
    return pay(key, purse, (back,), side=False)


# Showing.


def _show(turn: Turn, due: RivalTry, fault: Fault | None) -> None:
    """The branch comes out: to everybody, or to the one who is to be misled."""
    peers = mainchain.main_peers(turn)
    if fault is not None and fault.kind == "lying-node":
        peers = (actor_name(fault.chain, fault.node),)
    for block_hash in due.branch[1:]:
        for peer in peers:
            turn.later(0, peer, MainBlockCame(block_hash))
    if fault is None:
        return
    tip = turn.tree[due.branch[-1]]
    words = f"a branch of {len(due.branch) - 1} blocks is shown, main {tip.height} now"
    if fault.kind == "lying-node":
        if not fault.memory:
            words = (
                f"{fault.node} alone is shown main {tip.height}, {tip.hash.hex()[:8]}"
            )
            saw(turn, fault.id, words)
        keep(turn, replace(_now(turn, fault), memory=due.branch))
        turn.later(LOOK_MS, ACTOR, replace(due, n_blocks=0))
        return
    saw(turn, fault.id, words)
    if fault.kind == "deep-reorg":
        turn.later(LOOK_MS, ACTOR, replace(due, n_blocks=0))
    if fault.kind == "shallow-reorg":
        turn.later(SHOW_MS, ACTOR, FaultEnds(fault.id))


def _now(turn: Turn, fault: Fault) -> Fault:
    return next(one for one in turn.faults if one.id == fault.id)
