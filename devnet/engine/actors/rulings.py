"""
A swap on its way, told as events: in a block, taken back, come too late, in force.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors import approving, auditing
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Sidechain
from devnet.engine.bc.evidence import OFFENCES
from devnet.engine.bc.records import SwapRecord
from devnet.engine.events import (
    OffenceProven,
    RuleSwapped,
    SwapDropped,
    SwapScheduled,
    ValidatorChanged,
)
from devnet.engine.sidechain.node import OpenSwap
from devnet.engine.sidechain.offences import accused, evidence_in
from devnet.engine.sidechain.staking import REPORTER_PERCENT
from devnet.engine.sidechain.state import SideEntry


def say_swap(turn: Turn, side: Sidechain, entry: SideEntry) -> None:
    """What a block that joined the chain does to a swap."""
    pending = entry.state.pending
    if pending is not None and pending.height == entry.height:
        record = pending.record
        turn.say(
            SwapScheduled(
                chain=side.name,
                engine=record.engine,
                closing_height=record.closing_height,
                height=entry.height,
            )
        )
    parent = side.tree[entry.header.previous]
    taken_back = entry.state.cancelled[len(parent.state.cancelled) :]
    if taken_back and parent.state.pending is not None:
        turn.say(
            SwapDropped(
                chain=side.name,
                engine=parent.state.pending.record.engine,
                reason=f"cancelled by a quorum in block {entry.height}",
            )
        )
    _say_offences(turn, side, entry, parent)
    rules = entry.state.rules
    if rules.epoch != parent.state.rules.epoch:
        engine = turn.tools.engine(rules.engine)
        turn.say(
            RuleSwapped(
                chain=side.name,
                old_engine=parent.state.rules.engine,
                engine=rules.engine,
                height=entry.height,
                epoch=rules.epoch,
                validators=tuple(validator.name for validator in rules.validators),
                finality=engine.info.finality,
            )
        )
        auditing.audit_swap(turn, side.name, entry)


def _say_offences(
    turn: Turn, side: Sidechain, entry: SideEntry, parent: SideEntry
) -> None:
    """Whom the block convicts, and what was burned."""
    before, now = parent.state.roster.banned, entry.state.roster.banned
    if len(before) == len(now):
        return
    names = {node.key: node.name for node in turn.nodes(side.name)}
    offences = {
        key: OFFENCES[record.offence]
        for record in evidence_in(entry.block)
        for key in [accused(record)]
    }
    roster = parent.state.roster
    for key in sorted(key for key in now if key not in before):
        bond = roster.by_key.get(key)
        neu = roster.by_name[bond].bond_neu if bond is not None else 0
        name = names.get(key, key.hex()[:8])
        turn.say(
            OffenceProven(
                chain=side.name,
                validator=name,
                offence=offences[key],
                height=entry.height,
                burned=neu - neu * REPORTER_PERCENT // 100,
            )
        )
        turn.say(ValidatorChanged(chain=side.name, validator=name, state="lying"))


def drop_late_swap(turn: Turn, chain: str, head: SideEntry, wish: OpenSwap) -> None:
    """
    Forget a swap that has happened, one that was taken back, and one that no block can
    carry any more. One that is in a block is kept until then: the block may still
    lose to another.
    """
    record = wish.record
    assert isinstance(record, SwapRecord), "a cancellation stands beside its swap"
    gone = record.body_hash in head.state.cancelled
    if gone or head.state.rules.epoch > record.from_epoch:
        approving.forget_swap(turn, chain)
        return
    reason = _why_never(turn, chain, head, record)
    if head.state.pending is not None or not reason:
        return
    approving.forget_swap(turn, chain)
    side = turn.side(chain)
    if side.dropped_swap == record.body_hash:
        return  # An approval came late, nothing new.
    turn.set_side(replace(side, dropped_swap=record.body_hash))
    turn.say(
        SwapDropped(
            chain=chain,
            engine=record.engine,
            reason=reason,
        )
    )


def _why_never(turn: Turn, chain: str, head: SideEntry, record: SwapRecord) -> str:
    """Why no block can carry a swap that is asked for, or nothing."""
    convicted = [
        one for one in record.validators if one.key in head.state.roster.banned
    ]
    if convicted:
        names = {node.key: node.name for node in turn.nodes(chain)}
        key = convicted[0].key
        return f"it seats {names.get(key, key.hex()[:8])}, who lost the seat for ever"
    if approving.is_too_late(record, head.height, turn.before.swap_notice):
        return f"not approved by a quorum before block {head.height}"
    return ""
