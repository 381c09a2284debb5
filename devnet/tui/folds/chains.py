"""Folds of worlds, blocks and mempools."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from devnet.engine import events as ev
from devnet.tui.folds.base import folds, with_lane
from devnet.tui.views import (
    BlockView,
    LaneView,
    MainView,
    MiningView,
    State,
    TxView,
    ValidatorView,
)

MOST_BLOCKS = 64
"""Blocks that a lane remembers. The blocks screen asks the network for older ones."""

MOST_SECONDS = 32
MOST_MEMPOOL = 2000


@folds(ev.WorldStarted)
def _world_started(state: State, event: ev.WorldStarted) -> State:
    return State(
        seed=event.seed,
        profile=event.profile,
        depth=event.depth,
        quorum=event.quorum,
        members=event.members,
        collectors=event.collectors,
        accounts=event.accounts,
        main=MainView(
            height=event.height,
            tip=event.tip,
            n_miners=event.n_miners,
            profile=event.profile,
            blocks=(BlockView(event.height, event.tip, 1),),
            tip_ms=event.at_ms,
        ),
        n_events=state.n_events,
        now_ms=event.at_ms,
    )


@folds(ev.AssetKnown)
def _asset_known(state: State, event: ev.AssetKnown) -> State:
    return replace(
        state,
        decimals={**state.decimals, event.asset: event.decimals},
        asset_ids={**state.asset_ids, event.asset: event.id},
    )


@folds(ev.AccountAdded)
def _account_added(state: State, event: ev.AccountAdded) -> State:
    return replace(state, accounts=(*state.accounts, event.who))


@folds(ev.SidechainAdded)
def _sidechain_added(state: State, event: ev.SidechainAdded) -> State:
    lane = LaneView(
        name=event.name,
        chain_id=event.chain_id,
        engine=event.engine,
        store=event.store,
        finality=event.finality,
        validators=tuple(ValidatorView(name) for name in event.validators),
    )
    return replace(state, lanes=(*state.lanes, lane))


@folds(ev.StorageMoving)
def _storage_moving(state: State, event: ev.StorageMoving) -> State:
    return with_lane(
        state, event.chain, lambda lane: replace(lane, moving_to=event.store)
    )


@folds(ev.StorageMoved)
def _storage_moved(state: State, event: ev.StorageMoved) -> State:
    return with_lane(
        state,
        event.chain,
        lambda lane: replace(lane, store=event.store, moving_to=""),
    )


@folds(ev.StorageStayed)
def _storage_stayed(state: State, event: ev.StorageStayed) -> State:
    return with_lane(state, event.chain, lambda lane: replace(lane, moving_to=""))


@folds(ev.BalanceChanged)
def _balance_changed(state: State, event: ev.BalanceChanged) -> State:
    key = (event.who, event.chain, event.asset)
    return replace(state, balances={**state.balances, key: event.amount})


# Blocks and transactions.


@folds(ev.MiningTried)
def _mining_tried(state: State, event: ev.MiningTried) -> State:
    mining = MiningView(
        height=event.height,
        tries=event.tries,
        expected_tries=event.expected_tries,
        since_tip_ms=event.since_tip_ms,
        at_ms=event.at_ms,
    )
    return replace(state, main=replace(state.main, mining=mining))


@folds(ev.BlockAdded)
def _block_added(state: State, event: ev.BlockAdded) -> State:
    block = BlockView(
        height=event.height,
        id=event.id,
        n_txs=event.n_txs,
        producer=event.producer,
        n_locks=event.n_locks,
        n_payouts=event.n_payouts,
        size=event.size,
        epoch=event.epoch,
        engine=event.engine,
        closing=event.closing,
        at_ms=event.at_ms,
    )
    if event.chain != "main":
        return with_lane(state, event.chain, lambda lane: _lane_block(lane, block))
    main = replace(
        state.main,
        height=block.height,
        tip=block.id,
        blocks=(*_below(state.main.blocks, block.height), block),
        mining=None,
        mined=state.main.mining,
        tip_ms=event.at_ms,
    )
    return replace(state, main=main)


def _lane_block(lane: LaneView, block: BlockView) -> LaneView:
    second = block.at_ms // 1000
    seconds = dict(lane.txs_by_second)
    # The coinbase is the chain's own doing and no traffic.
    seconds[second] = seconds.get(second, 0) + max(0, block.n_txs - 1)
    return replace(
        lane,
        height=block.height,
        tip=block.id,
        epoch=block.epoch,
        blocks=(*_below(lane.blocks, block.height), block),
        proposer=block.producer or lane.proposer,
        txs_by_second=tuple(seconds.items())[-MOST_SECONDS:],
    )


def _below(blocks: tuple[BlockView, ...], height: int) -> tuple[BlockView, ...]:
    kept = blocks[-(MOST_BLOCKS - 1) :]
    while kept and kept[-1].height >= height:
        kept = kept[:-1]
    return kept


@folds(ev.BlockUndone)
def _block_undone(state: State, event: ev.BlockUndone) -> State:
    if event.chain != "main":
        return with_lane(
            state,
            event.chain,
            lambda lane: replace(
                lane,
                height=event.height - 1,
                blocks=_below(lane.blocks, event.height),
            ),
        )
    main = state.main
    lost = tuple(block for block in main.blocks if block.id == event.id)
    # Blocks of one reorganisation leave at one moment: keep them together.
    earlier = main.lost if main.lost_at_ms == event.at_ms else ()
    kept = _below(main.blocks, event.height)
    main = replace(
        main,
        height=event.height - 1,
        tip=kept[-1].id if kept else "",
        blocks=kept,
        lost=lost + earlier,
        lost_at_ms=event.at_ms,
    )
    return replace(state, main=main)


@folds(ev.BlockFinal)
def _block_final(state: State, event: ev.BlockFinal) -> State:
    return with_lane(
        state, event.chain, lambda lane: replace(lane, final_height=event.height)
    )


@folds(ev.TxQueued)
def _tx_queued(state: State, event: ev.TxQueued) -> State:
    others = tuple(
        tx for tx in state.mempool if (tx.chain, tx.id) != (event.chain, event.id)
    )
    waiting = TxView(event.chain, event.id, event.what, event.at_ms)
    return replace(state, mempool=(*others[-(MOST_MEMPOOL - 1) :], waiting))


@folds(ev.TxDropped)
def _tx_dropped(state: State, event: ev.TxDropped) -> State:
    return _without_txs(state, event.chain, (event.id,))


@folds(ev.TxsMined)
def _txs_mined(state: State, event: ev.TxsMined) -> State:
    return _without_txs(state, event.chain, event.ids)


def _without_txs(state: State, chain: str, ids: Iterable[str]) -> State:
    gone = {(chain, tx) for tx in ids}
    kept = tuple(tx for tx in state.mempool if (tx.chain, tx.id) not in gone)
    return replace(state, mempool=kept)
