"""
Breaking things on purpose: every fault by name, with an end or an undo.

A fault is a value in the world. The network's ones change how messages travel
(links.py); a validator's ones stop it (lifecycle.py), set its clock wrong (seats.py),
or make it lie (lying.py). Nobody else knows of them: the honest find out, or do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from devnet.engine.actors import lifecycle
from devnet.engine.actors.messages import FaultEnds, GossipDue
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Fault
from devnet.engine.errors import BadValue, NameTaken, UnknownName
from devnet.engine.events import FaultEnded, FaultStarted, ValidatorChanged

ACTOR = lifecycle.ACTOR
MAIN = "main"
Target = Literal["network", "validator"]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """
    One line of the table of faults.

    Args:
        does: what it does, in words. sees: what one will see.
        unit: of its value, or nothing when it takes none; with bounds and default.
    """

    name: str
    target: Target
    does: str
    sees: str
    unit: str = ""
    default: int = 0
    low: int = 0
    high: int = 0


NETWORK = (
    FaultKind(
        "latency", "network", "messages take up to so much longer",
        "votes come late; slots of slow blocks stay empty", "ms", 400, 1, 60_000,
    ),
    FaultKind(
        "loss", "network", "a share of all messages never arrives",
        "certificates take longer; each second all tell another what they have",
        "%", 30, 1, 100,
    ),
    FaultKind(
        "duplicate", "network", "a share of all messages arrives twice",
        "nothing: votes and blocks count once", "%", 30, 1, 100,
    ),
    FaultKind(
        "reorder", "network", "a share of all messages waits and arrives out of order",
        "orphans wait for their parents; nothing final moves", "%", 30, 1, 100,
    ),
)  # fmt: skip
VALIDATOR = (
    FaultKind(
        "kill", "validator", "its process is gone; its disk stays",
        "its turns pass; after mending it catches up and votes on, never twice",
    ),
    FaultKind(
        "pause", "validator", "it stands still and hears everything later",
        "its turns pass; then it works through what came meanwhile",
    ),
    FaultKind(
        "clock-skew", "validator", "its clock is wrong by so much",
        "ahead: its blocks are refused as too early; behind: it is late for its turns",
        "ms", 3000, -60_000, 60_000,
    ),
    FaultKind(
        "equivocate", "validator", "makes two blocks a turn, one for each half",
        "at most one is certified; under solo both are final, which breaks I6",
    ),
    FaultKind(
        "vote-twice", "validator", "votes for every block it sees, whatever it signed",
        "nothing up to a third of the weight; two signed votes are evidence",
    ),
    FaultKind(
        "withhold", "validator", "keeps its blocks and votes for itself",
        "its turns pass; the others need each other's votes",
    ),
    FaultKind(
        "propose-invalid", "validator", "its blocks pay it a coin that nobody owned",
        "everybody refuses them and names the rule",
    ),
    FaultKind(
        "missing-engine", "validator", "can load no engine but those that it runs",
        "it approves no swap; after one it stops and says which engine it needs",
    ),
    FaultKind(
        "bad-gateway", "validator", "forwards nothing (bbft)",
        "votes of its zone take another way; more messages, no lost round",
    ),
)  # fmt: skip
KINDS = {kind.name: kind for kind in (*NETWORK, *VALIDATOR)}
LIES = ("equivocate", "vote-twice", "withhold", "propose-invalid", "bad-gateway")


class UnknownFault(UnknownName):
    """No fault has this name."""

    code = "request.unknown-fault"
    default_hint = "fault list shows all of them."


class AlreadyBroken(NameTaken):
    """This fault is at work there already."""

    code = "request.already-broken"
    default_hint = "mend ends it."


def start(
    turn: Turn,
    name: str,
    chain: str,
    node: str = "",
    value: int | None = None,
    for_ms: int | None = None,
    for_blocks: int | None = None,
) -> Fault:
    """
    Break something now.

    Args:
        node: the validator, for faults of one.
        value: how much, in the kind's unit; None: its default.
        for_ms, for_blocks: it ends by itself after so much virtual time, or so many
            mainchain blocks; None: when somebody mends it.

    Raises:
        UnknownFault, UnknownName, BadValue, AlreadyBroken.
    """
    kind = KINDS.get(name)
    if kind is None:
        raise UnknownFault(f"there is no fault {name!r}", names=tuple(KINDS))
    _check_target(turn, kind, chain, node)
    place = f"{chain}.{node}" if node else chain
    if turn.has_fault(name, chain, node):
        raise AlreadyBroken(f"{name} is at work on {place} already")
    fault = Fault(
        f"f{turn.n_faults + 1}",
        name,
        chain,
        node,
        _checked_value(kind, value),
        None if for_ms is None else turn.now_ms + for_ms,
        None if for_blocks is None else turn.tree[turn.main_tip].height + for_blocks,
    )
    turn.n_faults += 1
    turn.faults = (*turn.faults, fault)
    turn.say(started(fault))
    if for_ms is not None:
        turn.later(for_ms, ACTOR, FaultEnds(fault.id))
    if name == "kill":
        lifecycle.kill(turn, chain, node)
    if name == "loss" and chain != MAIN:
        turn.later(lifecycle.GOSSIP_MS, ACTOR, GossipDue(chain, 0))
    _tell_state(turn, fault)
    return fault


def started(fault: Fault) -> FaultStarted:
    """The word that a fault is at work."""
    unit = KINDS[fault.kind].unit
    return FaultStarted(
        fault=fault.kind,
        target=fault.target,
        detail=f"{fault.value} {unit}" if unit else "",
        id=fault.id,
        until_ms=-1 if fault.until_ms is None else fault.until_ms,
        until_height=-1 if fault.until_height is None else fault.until_height,
    )


def _check_target(turn: Turn, kind: FaultKind, chain: str, node: str) -> None:
    if chain != MAIN:
        turn.side(chain)
    if kind.target == "network" and node:
        raise BadValue(
            f"{kind.name} is about a chain's network, not about {node}",
            hint=f"Say: fault {kind.name} {chain}",
        )
    if kind.target == "network":
        return
    if chain == MAIN or not node:
        raise BadValue(
            f"{kind.name} needs a sidechain's validator",
            hint=f"Say for example: fault {kind.name} alpha.v2",
        )
    turn.node(chain, node)


def _checked_value(kind: FaultKind, value: int | None) -> int:
    if value is None:
        return kind.default
    if not kind.unit:
        raise BadValue(f"{kind.name} takes no value, {value} was given")
    if not kind.low <= value <= kind.high or (kind.low < 0 and value == 0):
        raise BadValue(
            f"{kind.name} takes {kind.low} to {kind.high} {kind.unit}, not {value}"
        )
    return value


def end(turn: Turn, fault_id: str) -> Fault:
    """
    Mend a fault by its id; whoever missed something hears of it.

    Raises:
        UnknownFault: none of this id is at work.
    """
    for fault in turn.faults:
        if fault.id == fault_id:
            break
    else:
        known = ", ".join(fault.id for fault in turn.faults) or "none"
        raise UnknownFault(
            f"no fault {fault_id!r} is at work", hint=f"At work: {known}."
        )
    turn.faults = tuple(other for other in turn.faults if other.id != fault_id)
    turn.say(FaultEnded(fault=fault.kind, target=fault.target, id=fault.id))
    if fault.kind == "kill":
        lifecycle.restart(turn, fault.chain, fault.node)
    elif fault.kind == "pause":
        lifecycle.wake(turn, fault.chain, fault.node)
    elif fault.kind == "missing-engine":
        lifecycle.install(turn, fault.chain, fault.node)
    elif fault.chain != MAIN:
        names = (fault.node,) if fault.node else turn.node_names(fault.chain)
        lifecycle.catch_up(turn, fault.chain, names)
    _tell_state(turn, fault)
    return fault


def expire(turn: Turn, fault_id: str) -> None:
    """Its time is over, unless somebody mended it before."""
    if any(fault.id == fault_id for fault in turn.faults):
        end(turn, fault_id)


def expire_at_height(turn: Turn) -> None:
    """The mainchain grew: faults that last so many blocks end."""
    height = turn.tree[turn.main_tip].height
    for fault in turn.faults:
        if fault.until_height is not None and height >= fault.until_height:
            end(turn, fault.id)


def _tell_state(turn: Turn, fault: Fault) -> None:
    """How the validator looks from outside now: up, down or lying."""
    if not fault.node:
        return
    here = [
        other.kind
        for other in turn.faults
        if (other.chain, other.node) == (fault.chain, fault.node)
    ]
    state = "up"
    if "kill" in here or "pause" in here:
        state = "down"
    elif any(kind in LIES for kind in here):
        state = "lying"
    turn.say(ValidatorChanged(chain=fault.chain, validator=fault.node, state=state))
