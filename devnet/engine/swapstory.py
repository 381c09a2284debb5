"""
Where a swap stands, in plain words: what it waits for, and whether that can come.

A swap cannot rescue a chain that lost its quorum: the old rule must make one more block
final. Nor can anybody fall back once the new rule is in force, as nobody can know that
it has finalised nothing. Both are said here as they are.
"""

from __future__ import annotations

from typing import Any

from devnet.engine.actors.world import OFF, Fault, Sidechain
from devnet.engine.interfaces import Rules
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.swap import in_force, last_cancel_height, needed_weight


def swap_story(
    side: Sidechain, head: SideEntry, faults: tuple[Fault, ...], notice: int
) -> dict[str, Any]:
    """
    Facts about the swap on its way, or the one that has just happened; empty if none.

    Returns:
        "to", "after", "state" (scheduled, closing, opening), "n_closing", "words", and
        "cancel_until" while there is time.
    """
    pending, rules = head.state.pending, head.state.rules
    if pending is None:
        if rules.epoch and side.final.height <= rules.base.height:
            return _opening(side, head, faults)
        return {}
    record = pending.record
    facts = {"to": record.engine, "after": record.closing_height}
    left = record.closing_height - head.height
    if left > 0:
        until = last_cancel_height(record, notice)
        words = f"{left} blocks to go under {rules.engine}"
        if head.height < until:
            facts["cancel_until"] = until
        return {**facts, "state": "scheduled", "n_closing": 0, "words": words}
    closing = in_force(side.tree, head).closing
    words = f"closing: {rules.engine} must make block {record.closing_height} final"
    if closing:
        words += _trouble(side, head.state.seated, faults)
    return {
        **facts, "state": "closing", "n_closing": max(0, -left), "words": words
    }  # fmt: skip


def _opening(
    side: Sidechain, head: SideEntry, faults: tuple[Fault, ...]
) -> dict[str, Any]:
    rules = head.state.rules
    words = (
        f"{rules.engine} is in force since {rules.base.height + 1}, nothing final yet"
    )
    return {
        "to": rules.engine,
        "after": rules.base.height,
        "state": "opening",
        "n_closing": 0,
        "words": words + _trouble(side, head.state.seated, faults),
    }


def _trouble(side: Sidechain, rules: Rules, faults: tuple[Fault, ...]) -> str:
    """What keeps the validators of a rule from a quorum, if anything does."""
    off = {one.node for one in faults if one.chain == side.name and one.kind in OFF}
    off |= {node.name for node in side.nodes if node.needs}
    up = sum(one.weight for one in rules.validators if one.name not in off)
    needed = needed_weight(rules)
    if up >= needed:
        return ""
    return (
        f"; stuck: weight {up} is up, {needed} are needed, and no rule can decide "
        "without them"
    )
