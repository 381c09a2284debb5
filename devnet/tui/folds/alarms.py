"""Folds of what the auditor says, of faults and of failures."""

from __future__ import annotations

from dataclasses import replace

from devnet.engine import events as ev
from devnet.tui.folds.base import folds, with_lane
from devnet.tui.views import (
    BooksView,
    BreachView,
    FailureView,
    FaultView,
    State,
    SumsView,
)

TERMS = ("circulating", "arriving", "leaving", "burned", "donated", "stranded")


@folds(ev.Audited)
def _audited(state: State, event: ev.Audited) -> State:
    sums = [getattr(event, name) or (0,) * len(event.assets) for name in TERMS]
    rows = tuple(
        SumsView(asset, locked, terms)
        for asset, locked, terms in zip(
            event.assets, event.locked, zip(*sums, strict=True), strict=True
        )
    )
    books = BooksView(event.main_height, event.side_height, event.ok, rows)
    return with_lane(state, event.chain, lambda lane: replace(lane, books=books))


@folds(ev.InvariantBroken)
def _invariant_broken(state: State, event: ev.InvariantBroken) -> State:
    breach = BreachView(
        event.invariant,
        event.chain,
        event.main_height,
        event.side_height,
        event.detail,
    )
    state = with_lane(
        state, event.chain, lambda lane: replace(lane, broken=event.invariant)
    )
    return replace(state, breach=breach)


@folds(ev.FaultStarted)
def _fault_started(state: State, event: ev.FaultStarted) -> State:
    fault = FaultView(
        event.fault,
        event.target,
        event.detail,
        event.id,
        event.until_ms,
        event.until_height,
    )
    return replace(state, faults=(*state.faults, fault))


@folds(ev.FaultEnded)
def _fault_ended(state: State, event: ev.FaultEnded) -> State:
    ended = (event.fault, event.target)
    kept = tuple(one for one in state.faults if (one.fault, one.target) != ended)
    return replace(state, faults=kept)


@folds(ev.EngineFailed)
def _engine_failed(state: State, event: ev.EngineFailed) -> State:
    return replace(state, failure=FailureView(event.message, event.replay))
