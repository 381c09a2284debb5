"""Folds of consensus messages, validators and swaps."""

from __future__ import annotations

from dataclasses import replace

from devnet.engine import events as ev
from devnet.tui.folds.base import folds, with_lane
from devnet.tui.views import LaneView, MessageView, State, SwapView, ValidatorView

MOST_MESSAGES = 240
MOST_ROUNDS = 6


@folds(ev.ConsensusSent)
def _consensus_sent(state: State, event: ev.ConsensusSent) -> State:
    message = MessageView(
        event.at_ms,
        event.validator,
        event.to,
        event.what,
        event.height,
        event.round,
        arrived=False,
    )
    state = _with_message(state, event.chain, message)
    return with_lane(state, event.chain, lambda lane: _counted(lane, event))


def _counted(lane: LaneView, event: ev.ConsensusSent) -> LaneView:
    """One more message of its round; the oldest rounds are forgotten."""
    place, rounds = (event.height, event.round), dict(lane.counts)
    n_sent = max(1, len(lane.validators) - 1) if event.to == "all" else 1
    kinds = dict(rounds.pop(place, {}))
    kinds[event.what] = kinds.get(event.what, 0) + n_sent
    rounds[place] = kinds
    return replace(lane, counts=tuple(rounds.items())[-MOST_ROUNDS:])


@folds(ev.ConsensusGot)
def _consensus_got(state: State, event: ev.ConsensusGot) -> State:
    message = MessageView(
        event.at_ms,
        event.validator,
        event.sender,
        event.what,
        event.height,
        event.round,
        arrived=True,
    )
    return _with_message(state, event.chain, message)


def _with_message(state: State, chain: str, message: MessageView) -> State:
    return with_lane(
        state,
        chain,
        lambda lane: replace(
            lane, messages=(*lane.messages[-(MOST_MESSAGES - 1) :], message)
        ),
    )


@folds(ev.ConsensusSaid)
def _consensus_said(state: State, event: ev.ConsensusSaid) -> State:
    return with_lane(
        state,
        event.chain,
        lambda lane: replace(
            lane, said=event.text, proposer=event.proposer or lane.proposer
        ),
    )


@folds(ev.ValidatorChanged)
def _validator_changed(state: State, event: ev.ValidatorChanged) -> State:
    return _with_seat(state, event.chain, event.validator, event.state)


@folds(ev.OffenceProven)
def _offence_proven(state: State, event: ev.OffenceProven) -> State:
    if event.role != "validator":
        return state
    return _with_seat(state, event.chain, event.validator, "convicted")


def _with_seat(state: State, chain: str, validator: str, now: str) -> State:
    def change(one: ValidatorView) -> ValidatorView:
        # Nothing takes a conviction back: what is proven stands in a block.
        if one.name != validator or (one.state == "convicted" and now != "down"):
            return one
        return ValidatorView(one.name, now)

    return with_lane(
        state,
        chain,
        lambda lane: replace(lane, validators=tuple(map(change, lane.validators))),
    )


@folds(ev.ValidatorsElected)
def _elected(state: State, event: ev.ValidatorsElected) -> State:
    def change(lane: LaneView) -> LaneView:
        known = {one.name: one for one in lane.validators}
        now = tuple(known.get(name, ValidatorView(name)) for name in event.validators)
        return replace(lane, validators=now)

    return with_lane(state, event.chain, change)


@folds(ev.SwapProposed)
def _swap_proposed(state: State, event: ev.SwapProposed) -> State:
    swap = SwapView(
        old_engine=event.old_engine,
        engine=event.engine,
        closing_height=event.closing_height,
        stage="asked",
        needed=event.needed,
    )
    return with_lane(state, event.chain, lambda lane: replace(lane, swap=swap))


@folds(ev.SwapApproved)
def _swap_approved(state: State, event: ev.SwapApproved) -> State:
    return _with_swap(
        state, event.chain, approvals=event.approvals, needed=event.needed
    )


@folds(ev.SwapScheduled)
def _swap_scheduled(state: State, event: ev.SwapScheduled) -> State:
    return _with_swap(
        state,
        event.chain,
        stage="scheduled",
        closing_height=event.closing_height,
        height=event.height,
    )


def _with_swap(state: State, chain: str, **changes: object) -> State:
    def change(lane: LaneView) -> LaneView:
        if lane.swap is None:
            return lane
        return replace(lane, swap=replace(lane.swap, **changes))  # type: ignore[arg-type]

    return with_lane(state, chain, change)


@folds(ev.SwapDropped)
def _swap_dropped(state: State, event: ev.SwapDropped) -> State:
    def change(lane: LaneView) -> LaneView:
        if lane.swap is None:
            return lane
        ended = replace(lane.swap, stage="dropped", reason=event.reason)
        return replace(lane, swap=None, swaps=(*lane.swaps, ended))

    return with_lane(state, event.chain, change)


@folds(ev.RuleSwapped)
def _rule_swapped(state: State, event: ev.RuleSwapped) -> State:
    def change(lane: LaneView) -> LaneView:
        known = {one.name: one for one in lane.validators}
        ended = SwapView(
            old_engine=event.old_engine,
            engine=event.engine,
            closing_height=lane.swap.closing_height if lane.swap else event.height,
            stage="done",
            height=event.height,
            epoch=event.epoch,
        )
        return replace(
            lane,
            engine=event.engine,
            finality=event.finality,
            epoch=event.epoch,
            validators=tuple(
                known.get(name, ValidatorView(name)) for name in event.validators
            ),
            swap=None,
            swaps=(*lane.swaps, ended),
            said="",
        )

    return with_lane(state, event.chain, change)
