"""
Where a swap stands, in plain words: what it waits for, and whether that can come.

A swap cannot rescue a chain that lost its quorum: the old rule must make one more block
final. Nor can anybody fall back once the new rule is in force, as nobody can know that
it has finalised nothing. Both are said here as they are.
"""

from __future__ import annotations

from typing import Any

from devnet.engine.actors.turn import Tools
from devnet.engine.actors.world import OFF, Fault, Sidechain
from devnet.engine.bc.records import SwapRecord
from devnet.engine.interfaces import Rules
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.swap import in_force, last_cancel_height, needed_weight


def swap_story(
    side: Sidechain,
    head: SideEntry,
    faults: tuple[Fault, ...],
    notice: int,
    tools: Tools,
) -> dict[str, Any]:
    """
    Facts about the swap on its way, or the one that has just happened or come to
    nothing; empty if none.

    Returns:
        "state" (asked, scheduled, closing, opening, dropped) and "words"; but for the
        last also "to", "after", "n_closing", and "cancel_until" while there is time.
    """
    pending, rules = head.state.pending, head.state.rules
    if pending is None:
        if rules.epoch and side.final.height <= rules.base.height:
            words = f"{rules.engine} is in force since {rules.base.height + 1}"
            words += ", nothing final yet" + _trouble(
                side, head.state.seated, faults, tools
            )
            return _facts(rules.engine, rules.base.height, "opening", words)
        return _asked(side, head, faults, notice)
    answer, record = in_force(side.tree, head), pending.record
    closing_height = record.closing_height
    left = closing_height - head.height
    trouble = _trouble(
        side, answer.rules if answer.opens_epoch else head.state.seated, faults, tools
    )
    if answer.opens_epoch:
        words = f"block {closing_height} is final, {record.engine} makes the next"
        return _facts(record.engine, closing_height, "opening", words + trouble, -left)
    if left > 0:
        words = f"{left} blocks to go under {rules.engine}{trouble}"
        facts = _facts(record.engine, closing_height, "scheduled", words)
        until = last_cancel_height(record, notice)
        return {**facts, "cancel_until": until} if head.height < until else facts
    words = f"closing: {rules.engine} must make block {closing_height} final{trouble}"
    return _facts(record.engine, closing_height, "closing", words, -left)


def _asked(
    side: Sidechain, head: SideEntry, faults: tuple[Fault, ...], notice: int
) -> dict[str, Any]:
    """A request that no block carries yet: who approved, who does not, until when."""
    wishes = [node.swap for node in side.nodes if node.swap is not None]
    best = max(wishes, key=lambda wish: len(wish.approvals), default=None)
    if best is None or not isinstance(best.record, SwapRecord):
        if not side.dropped_why:
            return {}
        return {"state": "dropped", "words": f"no swap {side.dropped_why}"}
    record, rules = best.record, head.state.seated
    signed = [one for one in rules.validators if one.key in best.approvals]
    weight, needed = sum(one.weight for one in signed), needed_weight(rules)
    latest = record.closing_height - notice
    words = f"asked: weight {weight} of {needed} approved, time until block {latest}"
    off = {one.node for one in faults if one.chain == side.name}
    silent = [one.name for one in rules.validators if one not in signed]
    waits = ", ".join(name for name in silent if name in off)
    if weight < needed and waits:
        words += f"; broken on purpose: {waits}"
    return _facts(record.engine, record.closing_height, "asked", words)


def _facts(
    engine: str, after: int, state: str, words: str, n_closing: int = 0
) -> dict[str, Any]:
    return {
        "to": engine, "after": after, "state": state, "n_closing": n_closing,
        "words": words,
    }  # fmt: skip


def _trouble(
    side: Sidechain, rules: Rules, faults: tuple[Fault, ...], tools: Tools
) -> str:
    """What keeps the validators of a rule from a final block, if anything does."""
    off = {one.node for one in faults if one.chain == side.name and one.kind in OFF}
    off |= {node.name for node in side.nodes if node.needs}
    up = [one for one in rules.validators if one.name not in off]
    finality = tools.engine(rules.engine).info.finality
    if finality == "instant":
        sealer = rules.validators[0].name
        stuck = f"{sealer}, who alone seals, is down" if sealer in off else ""
    elif finality == "certificate":
        weight, needed = sum(one.weight for one in up), needed_weight(rules)
        stuck = f"weight {weight} is up, {needed} are needed" if weight < needed else ""
    else:
        # Some rules of builders ask for more than half; none is content with less.
        n = len(rules.validators)
        least = n // 2 + 1 if finality == "builders" else 1
        stuck = (
            f"{len(up)} of {n} are up, {least} are needed" if len(up) < least else ""
        )
    return f"; stuck: {stuck}, and no rule can decide without them" if stuck else ""
