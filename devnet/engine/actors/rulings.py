"""
A swap on its way, told as events: in a block, taken back, come too late, in force.
"""

from __future__ import annotations

from devnet.engine.actors import approving
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Sidechain
from devnet.engine.bc.electoral import ROLE_NAMES, stake_key_of
from devnet.engine.bc.evidence import OFFENCES
from devnet.engine.bc.records import SwapRecord
from devnet.engine.bc.sideblock import params_text
from devnet.engine.events import (
    OffenceProven,
    RuleSwapped,
    SwapDropped,
    SwapScheduled,
    ValidatorChanged,
)
from devnet.engine.sidechain.blskeys import registrations
from devnet.engine.sidechain.node import OpenSwap
from devnet.engine.sidechain.offences import accused, evidence_in
from devnet.engine.sidechain.roster import Roster
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
        record = parent.state.pending.record
        reason = f"cancelled by a quorum in block {entry.height}"
        why = f"to {record.engine}: {reason}"
        now = turn.side(side.name).with_dropped(record.body_hash, why)
        turn.set_side(now)
        turn.say(SwapDropped(chain=side.name, engine=record.engine, reason=reason))
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


def _say_offences(
    turn: Turn, side: Sidechain, entry: SideEntry, parent: SideEntry
) -> None:
    """Whom the block convicts, and what was burned."""
    if len(entry.block.transactions[0].outputs) == 1:
        return
    before, now = parent.state.roster, entry.state.roster
    told: set[bytes] = set()
    for record in evidence_in(entry.block):
        key = accused(record)
        lost = 0 if key in told else _bond_of(before, key) - _bond_of(now, key)
        told.add(key)
        name, role = _convicted(turn, side.name, key)
        turn.say(
            OffenceProven(
                chain=side.name,
                validator=name,
                role=role,
                offence=OFFENCES[record.offence],
                height=entry.height,
                burned=lost - lost * REPORTER_PERCENT // 100,
            )
        )
        if role == "validator":
            said = ValidatorChanged(chain=side.name, validator=name, state="lying")
            turn.say(said)


def _bond_of(roster: Roster, key: bytes) -> int:
    """What stands behind a key, in neu."""
    one = roster.of_key(key)
    return 0 if one is None else one.bond_neu


def _convicted(turn: Turn, chain: str, key: bytes) -> tuple[str, str]:
    """Name and role of who is convicted."""
    names = {stake_key_of(one.xpub): (one.name, "member") for one in turn.members}
    names |= {one.key: (one.name, "collector") for one in turn.collectors}
    names |= {node.key: (node.name, "validator") for node in turn.nodes(chain)}
    roster = turn.side(chain).tree[turn.side(chain).head].state.roster
    one = roster.of_key(key)
    role = "validator" if one is None else ROLE_NAMES[one.role]
    return names.get(key) or (key.hex()[:8] if one is None else one.name, role)


def drop_late_swaps(turn: Turn, chain: str, head: SideEntry) -> None:
    """
    Forget a swap that has happened, one that was taken back, and one that no block can
    carry any more. One that is in a block is kept until then: the block may still
    lose to another. Validators may be asked about several, around a cancellation.
    """
    wishes = [node.swap for node in turn.nodes(chain) if node.swap is not None]
    for wish in {one.record.body_hash: one for one in wishes}.values():
        record = wish.record
        assert isinstance(record, SwapRecord), "a cancellation stands beside its swap"
        if record.body_hash in head.state.cancelled or _is_in_force(head, record):
            approving.forget_swap(turn, chain, record)
            continue
        reason = _why_never(turn, chain, head, wish)
        if head.state.rules.epoch > record.from_epoch:
            reason = f"another swap came first, to {head.state.rules.engine}"
        elif head.state.pending is not None or not reason:
            continue
        approving.forget_swap(turn, chain, record)
        side = turn.side(chain)
        if record.body_hash not in side.dropped_swaps:  # An approval came late, else.
            why = f"to {record.engine}: {reason}"
            turn.set_side(side.with_dropped(record.body_hash, why))
            dropped = SwapDropped(chain=chain, engine=record.engine, reason=reason)
            turn.say(dropped)


def _is_in_force(head: SideEntry, record: SwapRecord) -> bool:
    """Did this very swap happen?"""
    if len(head.state.epochs) <= record.from_epoch + 1:
        return False
    rules = head.state.epochs[record.from_epoch + 1]
    seats = [(one.key, one.weight) for one in rules.validators]
    return (
        rules.base.height,
        rules.engine,
        params_text(dict(rules.params)),
        seats,
    ) == (
        record.closing_height,
        record.engine,
        record.params,
        [(one.key, one.weight) for one in record.validators],
    )


def _why_never(turn: Turn, chain: str, head: SideEntry, wish: OpenSwap) -> str:
    """Why no block can carry a swap that is asked for, or nothing."""
    record = wish.record
    assert isinstance(record, SwapRecord)
    names = {node.key: node.name for node in turn.nodes(chain)}
    for one in record.validators:
        if one.key in head.state.roster.banned:
            name = names.get(one.key, one.key.hex()[:8])
            return f"it seats {name}, who lost the seat for ever"
    if not approving.is_too_late(record, head.height, turn.before.swap_notice):
        return ""
    if registrations(wish) is None:
        silent = [it for it in record.validators if it.key not in wish.bls_keys]
        who = ", ".join(names.get(one.key, one.key.hex()[:8]) for one in silent)
        return f"{who} told no key for merged votes before block {head.height}"
    return f"not approved by a quorum before block {head.height}"
