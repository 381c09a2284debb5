"""
What one sees of a fault: its own events picked from the stream and told under its id,
so that a script can ask for them and a learner need not search.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.faultkinds import Watch
from devnet.engine.actors.scenariokinds import KINDS
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Fault
from devnet.engine.events import (
    BlockAdded,
    BlockRefused,
    BlockUndone,
    ClaimJudged,
    Event,
    FaultSeen,
    InvariantBroken,
    MemberRefused,
    OffenceProven,
    RuleSwapped,
    TransferMoved,
    ValidatorChanged,
)

MOST_SEEN = 100
"""Lines that are kept of one fault; the first ones tell its story."""


def saw(turn: Turn, fault_id: str, what: str) -> None:
    """Tell once what was seen of a fault that is at work."""
    for fault in turn.faults:
        if fault.id != fault_id or what in fault.seen or len(fault.seen) >= MOST_SEEN:
            continue
        keep(turn, replace(fault, seen=(*fault.seen, what)))
        turn.say(
            FaultSeen(fault=fault.kind, target=fault.target, id=fault.id, what=what)
        )


def keep(turn: Turn, fault: Fault) -> None:
    """The next state of a fault that is at work."""
    turn.faults = tuple(
        fault if other.id == fault.id else other for other in turn.faults
    )


def tell_events(turn: Turn) -> None:
    """Tell what the events of this step show of the faults at work."""
    for fault in turn.faults:
        watches = KINDS[fault.kind].watches
        for event in tuple(turn.events) if watches else ():
            what = _words(watches, fault, event)
            if what:
                saw(turn, fault.id, what)


def _words(watches: tuple[Watch, ...], fault: Fault, event: Event) -> str:
    """The line that an event adds to a fault's story, or nothing."""
    match event:
        case InvariantBroken() if "alarms" in watches:
            return f"{event.invariant} breaks on {event.chain}: {event.detail}"
        case TransferMoved(stage="lock") if "locks" in watches:
            return f"the lock of {event.transfer} is {event.note}"
        case MemberRefused() if "members" in watches:
            return f"{event.member} refuses, {event.check}: {event.reason}"
        case TransferMoved(transfer=name) if name.startswith("w") and (
            "withdrawals" in watches
        ):
            return f"{name} {event.stage}: {event.note}"
    if getattr(event, "chain", "") != fault.chain:
        return ""
    match event:
        case ClaimJudged() if "claims" in watches and event.failed:
            return (
                f"{event.validator} refuses the claim, {event.failed}: {event.reason}"
            )
        case BlockRefused() if "blocks" in watches:
            whose = f"{event.proposer}'s block" if event.proposer else "block"
            return (
                f"{event.validator} refuses {whose} {event.height}, {event.code}: "
                f"{event.reason}"
            )
        case BlockUndone() if "undone" in watches:
            return f"block {event.height} {event.id[:8]} is undone"
        case OffenceProven() if "offences" in watches:
            return (
                f"{event.validator} is convicted of {event.offence}, {event.burned} "
                "of its bond burned"
            )
        case ValidatorChanged(validator=name) if "states" in watches:
            return f"{name} is {event.state}" if fault.node in ("", name) else ""
        case BlockAdded(closing=True) if "closing" in watches:
            return f"closing block {event.height} by {event.producer}"
        case RuleSwapped() if "swaps" in watches:
            return f"{event.engine} from block {event.height} on"
    return ""
