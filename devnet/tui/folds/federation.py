"""Folds of what happens to members and collectors: who signed, and that it did."""

from __future__ import annotations

from dataclasses import replace

from devnet.engine import events as ev
from devnet.tui.folds.base import folds, with_lane
from devnet.tui.views import State


@folds(ev.ActorChanged)
@folds(ev.MigrationSent)
@folds(ev.MigrationMined)
@folds(ev.MigrationDone)
@folds(ev.MembersSilent)
@folds(ev.CollectorsElected)
def _holders_changed(state: State, event: ev.Event) -> State:
    return replace(state, n_holders=state.n_holders + 1)


@folds(ev.FederationProposed)
@folds(ev.FederationChanged)
def _handover_begins_or_ends(
    state: State, event: ev.FederationProposed | ev.FederationChanged
) -> State:
    state = with_lane(state, event.chain, lambda lane: replace(lane, handover=()))
    return _holders_changed(state, event)


@folds(ev.HandoverSigned)
def _handover_signed(state: State, event: ev.HandoverSigned) -> State:
    state = with_lane(
        state,
        event.chain,
        lambda lane: replace(lane, handover=(*lane.handover, event.member)),
    )
    return _holders_changed(state, event)
