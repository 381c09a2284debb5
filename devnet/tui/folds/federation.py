"""Folds of what happens to members and collectors: only that something did."""

from __future__ import annotations

from dataclasses import replace

from devnet.engine import events as ev
from devnet.tui.folds.base import folds
from devnet.tui.views import State


@folds(ev.ActorChanged)
@folds(ev.FederationProposed)
@folds(ev.HandoverSigned)
@folds(ev.FederationChanged)
@folds(ev.MigrationSent)
@folds(ev.MigrationMined)
@folds(ev.MembersSilent)
@folds(ev.CollectorsElected)
def _holders_changed(state: State, event: ev.Event) -> State:
    return replace(state, n_holders=state.n_holders + 1)
