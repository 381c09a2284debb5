"""
The mainchain's actors: nodes that relay, pools that wait, miners that try.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.messages import (
    MainBlockCame,
    MainTxCame,
    MineStart,
    MineTry,
)
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import World
from devnet.engine.bc.block import BlockHeader
from devnet.engine.bc.difficulty import meets_target, work_of_bits
from devnet.engine.bc.transaction import Transaction
from devnet.engine.chain.mempool import (
    Orphan,
    UnknownOutput,
    Waiting,
    adopt_orphans,
    keep_orphan,
)
from devnet.engine.chain.places import Places
from devnet.engine.errors import DevnetError
from devnet.engine.events import MiningTried, TxDropped, TxQueued
from devnet.engine.mainchain.miner import (
    MainNode,
    Miner,
    build_template,
    next_try_ms,
)
from devnet.engine.mainchain.view import MainView, how_moved, receive
from devnet.engine.rules.transaction import validate_transaction

TELL_TRIES_MS = 250
"""Least virtual time between two words about tries that found nothing."""


def actor_name(node: str) -> str:
    """The schedule's name of a mainchain node."""
    return f"main:{node}"


# Transactions.


def admit(turn: Turn, node: MainNode, tx: Transaction) -> MainNode:
    """
    Take a transaction into a node's pool.

    Raises:
        TransactionError, VmError: the rule that it breaks; nothing changed.
    """
    if tx.id in node.pool:
        return node
    tip = turn.tree[node.view.tip]
    node.pool.check_admission(tx, tip.state.coins)
    verdict = validate_transaction(
        tx, block_version=1, height=tip.height + 1, first_in_block=False,
        rule_aa_height=turn.tree.profile.rule_aa_height,
    )  # fmt: skip
    if verdict.status == "invalid":
        assert verdict.error is not None
        raise verdict.error
    for spent_id in tx.spent_output_ids:
        if spent_id is not None and spent_id in tip.state.coins.by_id:
            tip.state.coins.to_spend(spent_id, tip.height + 1)
    waiting = Waiting(tx, verdict.fee, verdict.status == "gas_only")
    return replace(node, pool=node.pool.add(waiting, tip.height + 1))


def submit(turn: Turn, tx: Transaction, what: str) -> None:
    """Hand a transaction to the first node, which tells the others."""
    first = turn.main_nodes[0]
    node = admit(turn, first, tx)
    if node is first:
        return
    turn.set_main_node(node)
    turn.say(TxQueued(chain="main", id=tx.id.hex(), what=what))
    _gossip(turn, node.name, tx)
    plan_mining(turn, node.name)
    _try_orphans(turn, node.name)


def tx_came(turn: Turn, name: str, tx: Transaction) -> None:
    """
    A node hears of a transaction. What it cannot take it does not pass on; what came
    before the transaction that it spends waits for that.
    """
    if tx.id in _mined(turn, name):
        return
    try:
        _take(turn, name, tx)
    except UnknownOutput:
        node, orphan = turn.main_node(name), Orphan(tx, turn.now_ms)
        orphans = keep_orphan(node.orphans, orphan, turn.now_ms)
        turn.set_main_node(replace(node, orphans=orphans))
    except DevnetError:
        return
    else:
        _try_orphans(turn, name)


def _take(turn: Turn, name: str, tx: Transaction) -> None:
    """Take a transaction into a node's pool and pass it on, or raise why not."""
    before = turn.main_node(name)
    node = admit(turn, before, tx)
    if node is before:
        return
    turn.set_main_node(node)
    _gossip(turn, name, tx)
    plan_mining(turn, name)


def _try_orphans(turn: Turn, name: str) -> None:
    """Something new is here: perhaps what an orphan waited for."""
    node = turn.main_node(name)
    if not node.orphans:
        return
    mined = _mined(turn, name)
    orphans = tuple(one for one in node.orphans if one.tx.id not in mined)
    left = adopt_orphans(orphans, lambda tx: _take(turn, name, tx))
    turn.set_main_node(replace(turn.main_node(name), orphans=left))


def _mined(turn: Turn, name: str) -> Places:
    """What the blocks of a node's best chain hold."""
    return turn.tree[turn.main_node(name).view.tip].state.index.places


def _gossip(turn: Turn, name: str, tx: Transaction) -> None:
    for other in turn.main_nodes:
        if other.name != name:
            turn.send(name, actor_name(other.name), tx.id, MainTxCame(tx))


# Blocks.


def main_peers(turn: Turn) -> tuple[str, ...]:
    """Everybody who follows the mainchain, as the schedule names them."""
    validators = (
        f"side:{side.name}:{node}"
        for side in turn.sides()
        for node in turn.node_names(side.name)
    )
    nodes = (actor_name(node.name) for node in turn.main_nodes)
    members = (f"fed:{one.name}" for one in turn.members if turn.owes)
    collectors = (f"collector:{one.name}" for one in turn.collectors)
    return (*nodes, *collectors, *validators, *members)


def block_came(turn: Turn, name: str, block_hash: bytes) -> None:
    """A node hears of a valid block: it may switch, and then plans anew."""
    node = turn.main_node(name)
    view = receive(turn.tree, node.view, block_hash)
    ask_for_parent(turn, actor_name(name), view, block_hash)
    if view.tip == node.view.tip:
        turn.set_main_node(replace(node, view=view))
        return
    moved = how_moved(turn.tree, node.view.tip, view.tip)
    node = replace(node, view=view, tip_ms=turn.now_ms)
    turn.set_main_node(_refresh_pool(turn, node, moved.undone, moved.joined))
    if node.index == 0:
        turn.tries = 0
    plan_mining(turn, name)
    _try_orphans(turn, name)


def ask_for_parent(turn: Turn, actor: str, view: MainView, block_hash: bytes) -> None:
    """
    A block whose parent is missing waits for it, and whoever has it asks for that.
    It may have been announced before they listened.
    """
    parent = turn.tree[block_hash].block.header.previous
    if block_hash in view.orphans and parent not in view.orphans:
        turn.send("main", actor, parent, MainBlockCame(parent))


def _refresh_pool(
    turn: Turn, node: MainNode, undone: tuple[bytes, ...], joined: tuple[bytes, ...]
) -> MainNode:
    """Mined transactions leave the pool; those of lost blocks come back to it."""
    mined = [tx.id for block in joined for tx in turn.tree[block].block.transactions]
    again = [
        tx
        for block in reversed(undone)
        for tx in turn.tree[block].block.transactions[1:]
    ]
    waiting = [item.tx for item in node.pool.transactions()] if again else []
    node = replace(node, pool=node.pool.without(mined))
    if again:
        node = replace(node, pool=type(node.pool)())
    for tx in (*again, *waiting):
        if tx.id in mined:
            continue
        try:
            node = admit(turn, node, tx)
        except DevnetError as error:
            if node.index == 0:
                turn.say(TxDropped(chain="main", id=tx.id.hex(), reason=error.message))
    return node


# Mining.


def is_busy(turn: Turn, node: MainNode) -> bool:
    """Does something wait for the next mainchain block?"""
    return turn.hurry > 0 or len(node.pool) > 0 or transfers_wait(turn)


def transfers_wait(world: World | Turn) -> bool:
    """Does a lock wait to be buried, or is something owed?"""
    return world.owes or any(
        world.transfers[name].stage in ("confirm", "proof")
        for name in world.open_transfers
    )


def may_mine(turn: Turn, node: MainNode) -> bool:
    """Does a node make blocks now? Whoever digs gets them whatever is set."""
    if turn.diggers:
        return True
    match turn.steering.automine:
        case "off":
            return False
        case "on_transaction":
            return len(node.pool) > 0
        case "interval":
            return True
    return not turn.config.empty


def _pause_ms(turn: Turn, node: MainNode) -> int:
    """Virtual time between a new tip and the next try."""
    profile, steering = turn.tree.profile, turn.steering
    if steering.automine != "world" and not turn.diggers:
        return steering.interval_ms
    return profile.busy_ms if is_busy(turn, node) else profile.idle_ms


def plan_mining(turn: Turn, name: str) -> None:
    """Decide when the miner begins; work on another tip or plan is given up."""
    node = turn.main_node(name)
    miner = node.miner
    if not may_mine(turn, node):
        # What is scheduled for an older plan is void.
        turn.set_main_node(replace(node, miner=Miner(miner.plan + 1)))
        return
    template = miner.template
    if template is not None and template.block.header.previous == node.view.tip:
        return
    start_ms = max(turn.now_ms, node.tip_ms + _pause_ms(turn, node))
    if template is None and miner.start_ms == start_ms and miner.plan:
        return
    plan = miner.plan + 1
    turn.set_main_node(replace(node, miner=Miner(plan, start_ms)))
    turn.later(start_ms - turn.now_ms, actor_name(name), MineStart(plan))


def plan_all(turn: Turn) -> None:
    """Who waits has changed: every miner looks at its plans again."""
    for node in tuple(turn.main_nodes):
        plan_mining(turn, node.name)


def mine_start(turn: Turn, name: str, plan: int) -> None:
    """Build a template and try the first nonce."""
    node = turn.main_node(name)
    if plan != node.miner.plan:
        return
    tag = f" {turn.config.seed} {name}".encode()
    template, unusable = build_template(turn.tree, node, turn.wall_ms // 1000, tag)
    for tx_id in unusable:
        if node.index == 0:
            turn.say(
                TxDropped(chain="main", id=tx_id.hex(), reason="unusable in a block")
            )
    node = replace(node, pool=node.pool.without(unusable))
    miner = Miner(plan + 1, turn.now_ms, template)
    turn.set_main_node(replace(node, miner=miner))
    _schedule_try(turn, node, miner.plan)


def _schedule_try(turn: Turn, node: MainNode, plan: int) -> None:
    profile = turn.tree.profile
    at_ms = next_try_ms(turn.now_ms, node, len(turn.main_nodes), profile.hash_ms)
    turn.later(at_ms - turn.now_ms, actor_name(node.name), MineTry(plan))


def mine_try(turn: Turn, name: str, plan: int) -> None:
    """One nonce: a block, or on to the next nonce."""
    node = turn.main_node(name)
    miner = node.miner
    if plan != miner.plan or miner.template is None:
        return
    template = miner.template
    header = template.header_with(miner.nonce)
    work = turn.tools.work(template.seed, header.hash)
    turn.tries += 1
    found = meets_target(work, header.bits)
    _say_tries(turn, name, header, found=found)
    if not found:
        if _is_stale(turn, node):
            mine_start(turn, name, plan)
            return
        turn.set_main_node(replace(node, miner=replace(miner, nonce=miner.nonce + 1)))
        _schedule_try(turn, node, plan)
        return
    block = template.block_with(miner.nonce)
    # Our own timestamp is right by definition, whatever the profile's clock.
    clock_s = max(turn.wall_ms // 1000, header.timestamp)
    turn.add_main_block(block, work, clock_s)
    turn.set_main_node(replace(node, miner=Miner(miner.plan + 1)))
    announce(turn, name, header.hash)


def _say_tries(turn: Turn, name: str, header: BlockHeader, *, found: bool) -> None:
    """How many tries so far: the one that found a block, else at most four a second."""
    if not found and turn.now_ms - turn.told_tries_ms < TELL_TRIES_MS:
        return
    turn.told_tries_ms = turn.now_ms
    turn.say(
        MiningTried(
            node=name,
            height=header.height,
            tries=turn.tries,
            expected_tries=work_of_bits(header.bits),
            since_tip_ms=turn.now_ms - turn.main_nodes[0].tip_ms,
        )
    )


def _is_stale(turn: Turn, node: MainNode) -> bool:
    """
    Does something wait that the template lacks, and is it time to look? That is at
    fixed points of virtual time, so that who sends when does not move the tries.
    """
    refresh_ms, miner = turn.tree.profile.refresh_ms, node.miner
    if not refresh_ms or turn.now_ms // refresh_ms == miner.start_ms // refresh_ms:
        return False
    assert miner.template is not None
    inside = (tx.id for tx in miner.template.block.transactions[1:])
    return tuple(inside) != node.pool.order


def announce(turn: Turn, name: str, block_hash: bytes) -> None:
    """A node has a new block: it takes it at once, everybody else hears of it."""
    me = actor_name(name)
    block_came(turn, name, block_hash)
    for peer in main_peers(turn):
        if peer != me:
            turn.send(me, peer, block_hash, MainBlockCame(block_hash))


def upcoming_tries(
    nodes: tuple[MainNode, ...], n_ahead: int
) -> tuple[tuple[bytes, bytes], ...]:
    """
    The (seed, header hash) pairs that miners will ask for next, if nothing changes.

    Args:
        n_ahead: nonces looked ahead for each miner.
    """
    wishes = []
    for ahead in range(n_ahead):
        for node in nodes:
            template = node.miner.template
            if template is not None:
                header = template.header_with(node.miner.nonce + ahead)
                wishes.append((template.seed, header.hash))
    return tuple(wishes)
