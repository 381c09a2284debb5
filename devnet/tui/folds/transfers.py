"""Folds of transfers between chains."""

from __future__ import annotations

from dataclasses import replace

from devnet.engine import events as ev
from devnet.tui.folds.base import folds, with_transfer
from devnet.tui.views import State, TransferView


@folds(ev.TransferStarted)
def _transfer_started(state: State, event: ev.TransferStarted) -> State:
    transfer = TransferView(
        id=event.transfer,
        who=event.who,
        to=event.to,
        chain=event.chain,
        asset=event.asset,
        amount=event.amount,
        stage="burn" if event.transfer.startswith("w") else "lock",
        lock_tx=event.lock_tx,
        address=event.address,
        started_ms=event.at_ms,
        moved_ms=event.at_ms,
    )
    return replace(state, transfers=(*state.transfers, transfer))


@folds(ev.TransferMoved)
def _transfer_moved(state: State, event: ev.TransferMoved) -> State:
    return with_transfer(
        state,
        event.transfer,
        stage=event.stage,
        done=event.done,
        needed=event.needed,
        note=event.note,
        failed=event.failed,
        dismissed=False,
        finished=event.stage in ("claimed", "settled") and not event.failed,
        moved_ms=event.at_ms,
    )


@folds(ev.ClaimCrafted)
def _claim_crafted(state: State, event: ev.ClaimCrafted) -> State:
    return with_transfer(
        state,
        event.transfer,
        proof_bytes=event.proof_bytes,
        n_hashes=event.n_hashes,
        claim_tx=event.tx,
    )


@folds(ev.ClaimJudged)
def _claim_judged(state: State, event: ev.ClaimJudged) -> State:
    transfer = state.transfer(event.transfer)
    if transfer is None or event.failed or event.validator in transfer.judged_by:
        return state
    judged_by = (*transfer.judged_by, event.validator)
    return with_transfer(state, event.transfer, judged_by=judged_by)
