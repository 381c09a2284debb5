"""
What a step changed, told as events: the only place where states become words.

The mainchain is told as its first node has it, a sidechain as the validator that
follows the weightiest block has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from devnet.engine.actors import auditing, faulting, migrating, thawing, withdrawing
from devnet.engine.actors.epochnews import say_epochs
from devnet.engine.actors.heads import best_final, best_head
from devnet.engine.actors.mainchain import plan_all, transfers_wait
from devnet.engine.actors.naming import learn_assets
from devnet.engine.actors.owners import key_of
from devnet.engine.actors.rolls import say_roster
from devnet.engine.actors.rulings import drop_late_swaps, say_swap
from devnet.engine.actors.telling import say_transfer
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.unchanged import knows_the_same, only_pools_changed
from devnet.engine.actors.world import AssetInfo, Sidechain, Transfer
from devnet.engine.audit import check_finality
from devnet.engine.bc.transaction import BTM
from devnet.engine.chain.coins import Coin, CoinSet
from devnet.engine.events import (
    BalanceChanged,
    BlockAdded,
    BlockFinal,
    BlockUndone,
    ConsensusSaid,
    TxsMined,
)
from devnet.engine.interfaces import Checkpoint
from devnet.engine.mainchain.view import how_moved
from devnet.engine.sidechain.reader import SideReader
from devnet.engine.sidechain.state import SideEntry


def report(turn: Turn) -> None:
    """Compare the world before the step with the world after it, and say it."""
    main_moved = turn.before.main_tip != turn.main_tip
    if main_moved:
        faulting.expire_at_height(turn)
        _report_main(turn)
    moved = main_moved
    for side in tuple(turn.sides()):
        if turn.touched(side.name) and not only_pools_changed(turn, side):
            _report_side(turn, side)
            moved = True
        if main_moved:
            auditing.audit_side(turn, side.name)
    if moved or turn.coordinators is not turn.before.coordinators:
        withdrawing.follow_all(turn)
    if transfers_wait(turn.before) != transfers_wait(turn):
        plan_all(turn)
    for side in tuple(turn.sides()) if moved else ():
        thawing.say_frozen(turn, side.name)
    if turn.faults:
        faulting.tell_seen(turn)


# The mainchain.


def _report_main(turn: Turn) -> None:
    old, new = turn.before.main_tip, turn.main_tip
    moved = how_moved(turn.tree, old, new)
    for block_hash in moved.undone:
        height = turn.tree[block_hash].height
        turn.say(BlockUndone(chain="main", height=height, id=block_hash.hex()))
    touched: list[Coin] = []
    for block_hash in (*moved.undone, *moved.joined):
        change = turn.tree[block_hash].change
        touched += (*change.spent, *change.created)
    for block_hash in moved.joined:
        entry = turn.tree[block_hash]
        watched = turn.watched
        txs = entry.block.transactions
        turn.say(
            BlockAdded(
                chain="main",
                height=entry.height,
                id=block_hash.hex(),
                producer=_miner_of(turn, txs[0].outputs[0].program),
                n_txs=len(txs),
                n_locks=sum(coin.program in watched for coin in entry.change.created),
                n_payouts=withdrawing.n_payouts(turn, entry),
                size=len(entry.block.raw),
            )
        )
        _say_mined(turn, "main", entry.height, [tx.id for tx in txs[1:]])
        learn_assets(turn, entry)
    coins, height = turn.tree[new].state.coins, turn.tree[new].height + 1
    say_balances(turn, "main", coins, height, touched)
    for name in turn.open_transfers:
        if not turn.transfers[name].is_withdrawal:
            follow_lock(turn, turn.transfers[name])
    migrating.report_main(turn, moved.joined)


def _say_mined(turn: Turn, chain: str, height: int, tx_ids: list[bytes]) -> None:
    if tx_ids:
        ids = tuple(tx_id.hex() for tx_id in tx_ids)
        turn.say(TxsMined(chain=chain, height=height, ids=ids))


def _miner_of(turn: Turn, program: bytes) -> str:
    for node in turn.main_nodes:
        if node.program == program:
            return node.name
    return ""


def say_balances(
    turn: Turn, chain: str, coins: CoinSet, height: int, touched: Iterable[Coin]
) -> None:
    """New balances of the accounts whose coins came or went."""
    pairs = {(coin.program, coin.asset) for coin in touched}
    ids = {asset for _, asset in pairs}
    assets = [asset for asset in turn.assets if asset.id in ids]
    for owner in turn.owners:
        program = key_of(turn, owner.name).program
        for asset in assets:
            if (program, asset.id) in pairs:
                amount = spendable(coins, program, asset.id, height)
                turn.say(
                    BalanceChanged(
                        who=owner.name, chain=chain, asset=asset.name, amount=amount
                    )
                )


def spendable(coins: CoinSet, program: bytes, asset: bytes, height: int) -> int:
    """What a program's owner can spend of an asset in a block of this height."""
    return coins.total_of(program, asset, height)


def follow_lock(turn: Turn, transfer: Transfer) -> None:
    """
    Where a transfer's lock is on the best chain: waiting, or so many blocks deep. A
    reorganisation takes it back, as long as no block of the sidechain has its claim.
    """
    tip, needed = turn.tree[turn.main_tip], turn.depth
    lock = tip.state.deposit(transfer.lock_program, transfer.lock_id)
    depth = tip.height - lock.height if lock else -1
    if transfer.stage in ("proof", "claim"):
        side = turn.side(transfer.chain)
        if depth >= needed or transfer.lock_id in side.tree[side.head].state.claimed:
            return
    moved = replace(transfer, stage="lock", done=0, needed=0, failed=False)
    if lock:
        done = min(depth, needed)
        note = f"confirm {done}/{needed}"
        moved = replace(moved, stage="confirm", done=done, needed=needed, note=note)
    elif transfer.lock_tx in turn.main_nodes[0].pool:
        moved = replace(moved, note="in mempool")
    else:
        moved = replace(moved, note="gone from the mempool", failed=True)
    say_transfer(turn, transfer, moved)


# Sidechains.


def _report_side(turn: Turn, side: Sidechain) -> None:
    old_head, old_final = side.head, side.final
    touched = turn.touched(side.name)
    head = best_head(turn, side)
    final = best_final(turn, side, head)
    if head.hash != old_head:
        turn.set_side(replace(turn.side(side.name), head=head.hash))
        _report_blocks(turn, side, side.tree[old_head], head)
    auditing.audit_waiting(turn, side.name)
    if final != old_final:
        turn.set_side(replace(turn.side(side.name), final=final))
        _check_final(turn, side.name, old_final, final)
        turn.say(block_final(turn, side.name, head, final))
    say_epochs(turn, side)
    for _, node in touched:
        if node.final != final:
            _check_final(turn, side.name, node.final, final)
    for name in turn.open_transfers:
        transfer = turn.transfers[name]
        if transfer.chain == side.name and not transfer.is_withdrawal:
            follow_claim(turn, side.name, transfer, head, final)
    if head.hash != old_head:
        auditing.audit_side(turn, side.name)
    if head.hash != old_head or any(node.swap is not None for _, node in touched):
        drop_late_swaps(turn, side.name, head)
    _report_rule(turn, side.name, head, moved=head.hash != old_head)


def block_final(
    turn: Turn, chain: str, head: SideEntry, final: Checkpoint
) -> BlockFinal:
    """The word that a block is final, in the way of the rule at the head."""
    return BlockFinal(
        chain=chain,
        height=final.height,
        id=final.hash.hex(),
        finality=turn.tools.engine(head.state.rules.engine).info.finality,
    )


def _check_final(turn: Turn, chain: str, one: Checkpoint, other: Checkpoint) -> None:
    """I6 for two blocks that are both final to somebody: one stands on the other."""
    low, high = sorted((one, other), key=lambda point: point.height)
    found = check_finality(turn.side(chain).tree, chain, low.hash, high.hash)
    auditing.note_findings(turn, chain, found)


def _report_blocks(
    turn: Turn, side: Sidechain, old: SideEntry, head: SideEntry
) -> None:
    undone, joined = [], []
    entry = head
    while not side.tree.is_ancestor(entry.hash, old.hash):
        joined.append(entry)
        entry = side.tree[entry.header.previous]
    fork, entry = entry, old
    while entry.hash != fork.hash:
        undone.append(entry)
        entry = side.tree[entry.header.previous]
    touched: list[Coin] = []
    for entry in (*undone, *joined):
        touched += (*entry.change.spent, *entry.change.created)
    for entry in undone:
        turn.say(BlockUndone(chain=side.name, height=entry.height, id=entry.hash.hex()))
        turn.batch(side.name, entry, undo=True)
    for entry in reversed(joined):
        say_side_block(turn, side, entry)
        turn.batch(side.name, entry, undo=False)
    say_balances(turn, side.name, head.state.coins, head.height + 1, touched)


def say_side_block(turn: Turn, side: Sidechain, entry: SideEntry) -> None:
    rules = entry.state.rules
    txs = entry.block.transactions
    turn.say(
        BlockAdded(
            chain=side.name,
            height=entry.height,
            id=entry.hash.hex(),
            producer=_proposer_of(turn, side.name, entry),
            n_txs=len(txs),
            n_locks=len(entry.claims),
            size=len(entry.block.raw),
            epoch=rules.epoch,
            engine=rules.engine,
            closing=entry.is_closing(),
        )
    )
    _say_mined(turn, side.name, entry.height, [tx.id for tx in txs[1:]])
    say_swap(turn, side, entry)
    say_roster(turn, side, entry)


def _proposer_of(turn: Turn, chain: str, entry: SideEntry) -> str:
    program = entry.block.transactions[0].outputs[0].program
    for node in turn.nodes(chain):
        if node.program == program:
            return node.name
    return ""


def follow_claim(
    turn: Turn, chain: str, transfer: Transfer, head: SideEntry, final: Checkpoint
) -> None:
    """Where a transfer's Claim is: in mempools, in a block, final, or refused."""
    claimed = head.state.claimed.get(transfer.lock_id)
    if claimed is not None:
        tree = turn.side(chain).tree
        done = tree.is_final_at(head.hash, claimed.height, final)
        say_transfer(
            turn,
            transfer,
            replace(
                transfer,
                stage="claimed" if done else "claim",
                note=f"{'claimed in' if done else 'in'} {chain} {claimed.height}",
                failed=False,
                claim_tx=claimed.tx_id,
            ),
        )
        return
    if transfer.stage != "claim":
        return
    queued = any(transfer.claim_tx in node.pool for node in turn.nodes(chain))
    refusals = [
        event
        for event in turn.events
        if type(event).__name__ == "ClaimJudged"
        and getattr(event, "transfer", "") == transfer.id
        and getattr(event, "failed", "")
    ]
    if queued:
        moved = replace(transfer, note=f"in {chain} mempool", failed=False)
        say_transfer(turn, transfer, moved)
    elif refusals:
        reason = getattr(refusals[-1], "reason", "")
        moved = replace(transfer, note=f"claim refused: {reason}", failed=True)
        say_transfer(turn, transfer, moved)


def _report_rule(turn: Turn, chain: str, head: SideEntry, *, moved: bool) -> None:
    """The rule's own line, asked once a moment or when it can have changed."""
    side, speaker = turn.side(chain), turn.speaker(chain)
    epoch = head.state.rules.epoch
    state = speaker.engines.get(epoch)
    if state is None:
        return
    if side.said_ms != turn.now_ms:
        turn.set_side(replace(side, said_ms=turn.now_ms))
    elif not turn.faults and not moved and knows_the_same(turn, chain, speaker):
        return
    engine = turn.tools.engine(head.state.rules.engine)
    reader = SideReader(
        side.tree, speaker.head, head.state.epochs, turn.wall_ms, speaker.seen
    )
    text = engine.describe(state, reader)
    if text != side.said:
        turn.set_side(replace(turn.side(chain), said=text))
        proposer = _proposer_of(turn, chain, head) if head.height else ""
        turn.say(ConsensusSaid(chain=chain, text=text, proposer=proposer))


def btm_info() -> AssetInfo:
    """The native asset."""
    return AssetInfo("BTM", BTM, 8)
