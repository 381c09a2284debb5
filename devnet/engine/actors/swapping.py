"""
What people ask about a sidechain's rule: another one, or the end of a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from devnet.engine.actors import approving
from devnet.engine.actors.birth import check_weights, checked_params
from devnet.engine.actors.messages import SwapAsked
from devnet.engine.actors.seats import actor_name
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Seats
from devnet.engine.bc.records import SwapCancelled, SwapRecord
from devnet.engine.bc.sideblock import params_text
from devnet.engine.clock import Due
from devnet.engine.errors import BadValue
from devnet.engine.events import SwapDropped, SwapProposed
from devnet.engine.interfaces import Validator
from devnet.engine.sidechain.roster import Banned
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.swap import (
    CancelTooLate,
    NothingToCancel,
    SwapNothingChanges,
    SwapPending,
    SwapTooLate,
    SwapTooSoon,
    last_cancel_height,
    needed_weight,
)

MOST_BLOCKS_AHEAD = 100_000
"""A swap that nobody lives to see would only keep others from being asked for."""


def request_swap(
    turn: Turn,
    chain: str,
    engine_name: str,
    at: int | None = None,
    seats: Seats | None = None,
    params: Mapping[str, int] | None = None,
) -> int:
    """
    Ask a sidechain's validators to change its rule.

    Args:
        at: the last height of the old rule; None: the earliest that keeps the notice.
        seats: validators under the new rule, with their weights or of weight 1 each;
            None: those in force.

    Returns:
        The closing height.

    Raises:
        PluginError, SwapPending, SwapTooSoon, SwapTooLate, SwapNothingChanges,
        BadValue.
    """
    side = turn.side(chain)
    head = side.tree[side.head]
    rules = head.state.seated
    engine = turn.tools.engine(engine_name)
    _check_no_swap(turn, chain, head.height)
    chosen = checked_params(engine.info, dict(params or {}))
    chosen_seats = _seats(turn, chain, seats, rules.validators)
    if len(chosen_seats) < engine.info.least_validators:
        raise BadValue(
            f"{engine_name} needs {engine.info.least_validators} validators, not "
            f"{len(chosen_seats)}"
        )
    if (engine_name, chosen, chosen_seats) == (
        rules.engine,
        dict(rules.params),
        _without_bls(rules.validators),
    ):
        raise SwapNothingChanges(f"{chain} runs {engine_name} like this already")
    closing_height = _closing_height(turn, chain, head, at)
    record = SwapRecord(
        rules.epoch, engine_name, params_text(chosen), closing_height, chosen_seats
    )
    # It may be asked for again. Approvals of others, still on their way, count no more.
    dropped = tuple(one for one in side.dropped_swaps if one != record.body_hash)
    turn.set_side(replace(side, dropped_swaps=dropped, dropped_why=""))
    turn.say(
        SwapProposed(
            chain=chain,
            engine=engine_name,
            old_engine=rules.engine,
            closing_height=closing_height,
            needed=needed_weight(rules),
        )
    )
    for name in turn.node_names(chain):
        actor = actor_name(chain, name)
        turn.send("operator", actor, record.body_hash, SwapAsked(record))
    return closing_height


def _closing_height(turn: Turn, chain: str, head: SideEntry, at: int | None) -> int:
    """The last height of the old rule: as asked for, or the earliest, or a refusal."""
    notice = turn.before.swap_notice
    earliest = head.height + notice + 1
    closing_height = earliest + _approval_blocks(turn, head) if at is None else at
    if closing_height > earliest + MOST_BLOCKS_AHEAD:
        raise SwapTooLate(
            f"{chain} is at {head.height}: a swap after {closing_height} is more than "
            f"{MOST_BLOCKS_AHEAD} blocks ahead",
            latest=earliest + MOST_BLOCKS_AHEAD,
        )
    if closing_height < earliest:
        raise SwapTooSoon(
            f"{chain} is at {head.height}: a swap after {closing_height} leaves less "
            f"than {notice} blocks of notice",
            hint=f"The earliest is --at {earliest}, or leave --at out.",
            earliest=earliest,
        )
    return closing_height


def cancel_swap(turn: Turn, chain: str) -> int | None:
    """
    Ask the validators to take back the swap that is asked for or on its way.

    Returns:
        The last height whose block may say so; None when no block carries the swap yet
        and it is simply forgotten.

    Raises:
        NothingToCancel, CancelTooLate.
    """
    side = turn.side(chain)
    head = side.tree[side.head]
    pending = head.state.pending
    if pending is None:
        _forget_request(turn, chain, head)
        return None
    latest = last_cancel_height(pending.record, turn.before.swap_notice)
    if head.height >= latest:
        raise CancelTooLate(
            f"{chain} is at {head.height}; the end of its swap to "
            f"{pending.record.engine} had to be in block {latest} or before",
            latest=latest,
        )
    record = SwapCancelled(head.state.rules.epoch, pending.record.body_hash)
    for name in turn.node_names(chain):
        what = SwapAsked(record)
        turn.send("operator", actor_name(chain, name), record.body_hash + b"end", what)
    return latest


def _forget_request(turn: Turn, chain: str, head: SideEntry) -> None:
    """Nothing is in a block: whoever was asked is told to forget it."""
    asked = _requests_on_their_way(turn, chain)
    wishes = [due.what.record for due in asked if isinstance(due.what, SwapAsked)]
    wishes += [node.swap.record for node in turn.nodes(chain) if node.swap is not None]
    found = next((wish for wish in wishes if isinstance(wish, SwapRecord)), None)
    if found is None:
        raise NothingToCancel(
            f"{chain} runs {head.state.rules.engine}, and no swap is on its way",
            hint=f"swap {chain} ENGINE asks for one.",
        )
    approving.forget_swap(turn, chain)
    turn.schedule = turn.schedule.without(lambda due: due in asked)
    reason = "taken back before it was in a block"
    why = f"to {found.engine}: {reason}"
    turn.set_side(turn.side(chain).with_dropped(found.body_hash, why))
    turn.say(SwapDropped(chain=chain, engine=found.engine, reason=reason))


def _approval_blocks(turn: Turn, head: SideEntry) -> int:
    """
    How many blocks the chain makes while validators are asked and tell each other; at
    least one, for a proposer who is about to seal. Where they come by chance, two more.
    """
    rules, config = head.state.rules, turn.config
    interval_ms = rules.params.get("interval_ms", config.idle_ms)
    by_chance = turn.tools.engine(rules.engine).info.finality == "depth"
    return 1 + 2 * by_chance + 3 * config.high_latency_ms // interval_ms


def _check_no_swap(turn: Turn, chain: str, height: int) -> None:
    side = turn.side(chain)
    pending = side.tree[side.head].state.pending
    if pending is not None:
        left = max(pending.record.closing_height - height, 0)
        raise SwapPending(
            f"{chain} is already swapping to {pending.record.engine}, {left} blocks "
            f"left",
            hint="Wait for it, then swap again.",
        )
    asked = _requests_on_their_way(turn, chain)
    if asked or any(node.swap is not None for node in turn.nodes(chain)):
        raise SwapPending(
            f"the validators of {chain} are asked about another swap",
            hint="Wait until it is in a block, or dropped.",
        )


def _requests_on_their_way(turn: Turn, chain: str) -> tuple[Due, ...]:
    return tuple(
        due
        for due in turn.schedule.waiting
        if isinstance(due.what, SwapAsked) and due.actor.startswith(f"side:{chain}:")
    )


def _seats(
    turn: Turn,
    chain: str,
    names: Seats | None,
    present: tuple[Validator, ...],
) -> tuple[Validator, ...]:
    side = turn.side(chain)
    banned = side.tree[side.head].state.roster.banned
    if names is None:
        return _without_bls(tuple(one for one in present if one.key not in banned))
    weights = dict(names) if isinstance(names, Mapping) else dict.fromkeys(names, 1)
    if not weights or len(weights) != len(names):
        raise BadValue("name each validator of the new rule once")
    check_weights(tuple(weights.values()))
    nodes = [turn.node(chain, name) for name in weights]
    for node in nodes:
        if node.key in banned:
            raise Banned(f"{node.name} lost its seat at height {banned[node.key]}")
    return tuple(Validator(node.name, node.key, weights[node.name]) for node in nodes)


def _without_bls(validators: tuple[Validator, ...]) -> tuple[Validator, ...]:
    """Seats as a swap names them: BLS keys register anew for each rule."""
    return tuple(replace(one, bls_key=b"") for one in validators)
