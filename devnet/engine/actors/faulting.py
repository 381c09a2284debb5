"""
Breaking things on purpose: every fault by name, with an end or an undo.

A fault is a value in the world. The network's ones change how messages travel
(links.py); a validator's ones stop it (lifecycle.py), set its clock wrong (seats.py),
or make it lie (lying.py); attacks on the peg have a dishonest collector (forging.py),
or a play of several steps (plays.py). Nobody else knows of them: the honest find out,
or do not.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors import lifecycle
from devnet.engine.actors.faultkinds import LIES, FaultKind
from devnet.engine.actors.messages import FaultEnds, GossipDue
from devnet.engine.actors.plays import PLAYS, Play
from devnet.engine.actors.scenariokinds import KINDS
from devnet.engine.actors.seeing import keep, saw, tell_events
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Fault
from devnet.engine.errors import BadValue, NameTaken, UnknownName
from devnet.engine.events import FaultEnded, FaultStarted, ValidatorChanged

ACTOR = lifecycle.ACTOR
MAIN = "main"
LABORATORY = "laboratory"
FEDERATION = "federation"
NO_PLAY = Play()


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
        chain: nothing for faults of the mainchain.
        node: the validator, for faults of one.
        value: how much, in the kind's unit; None: its default.
        for_ms, for_blocks: it ends by itself after so much virtual time, or so many
            mainchain blocks; None: when somebody mends it.

    Raises:
        UnknownFault, UnknownName, BadValue, AlreadyBroken.
    """
    kind = kind_of(name)
    if kind.target == "lesson":
        timed = for_ms is not None or for_blocks is not None
        return _teach(turn, kind, timed or bool(chain) or value is not None)
    chain = chain or (FEDERATION if kind.target == "federation" else MAIN)
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
    play = PLAYS.get(name, NO_PLAY)
    cast = tuple(
        start(turn, part, chain, who).id for part, who in play.cast(turn, fault)
    )
    if cast:
        fault = replace(fault, parts=cast)
        keep(turn, fault)
    play.begin(turn, fault)
    return fault


def kind_of(name: str) -> FaultKind:
    """A kind of fault by its name, or UnknownFault."""
    kind = KINDS.get(name)
    if kind is None:
        raise UnknownFault(f"there is no fault {name!r}", names=tuple(KINDS))
    return kind


def _teach(turn: Turn, kind: FaultKind, has_more: bool) -> Fault:
    """A lesson: told at once, in the laboratory. The world only hears of it."""
    if has_more:
        raise BadValue(
            f"{kind.name} is a lesson: it takes no target, value or time",
            hint=f"Say: fault {kind.name}",
        )
    fault = Fault(f"f{turn.n_faults + 1}", kind.name, LABORATORY)
    turn.n_faults += 1
    turn.faults = (*turn.faults, fault)
    turn.say(started(fault))
    for line in turn.tools.lesson(kind.name):
        saw(turn, fault.id, line)
    return end(turn, fault.id)


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
    if kind.target == "federation":
        if chain != FEDERATION or node:
            raise BadValue(
                f"{kind.name} is about the federation, which serves all sidechains",
                hint=f"Say: fault {kind.name}",
            )
        return
    if chain != MAIN:
        turn.side(chain)
    if kind.target == "network" and node:
        raise BadValue(
            f"{kind.name} is about a chain's network, not about {node}",
            hint=f"Say: fault {kind.name} {chain}",
        )
    if kind.target == "mainchain" and (chain != MAIN or node):
        raise BadValue(
            f"{kind.name} is about the mainchain, not about {chain}",
            hint=f"Say: fault {kind.name}",
        )
    if kind.target == "sidechain" and (chain == MAIN or node):
        raise BadValue(
            f"{kind.name} needs a sidechain",
            hint=f"Say for example: fault {kind.name} alpha",
        )
    if kind.target != "validator":
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
        raise BadValue(
            f"{kind.name} takes no value, {value} was given", hint="Leave --value out."
        )
    if not kind.low <= value <= kind.high or (kind.low < 0 and value == 0):
        raise BadValue(
            f"{kind.name} takes {kind.low} to {kind.high} {kind.unit}, not {value}",
            hint=f"{kind.default} {kind.unit} without --value.",
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
    for part in fault.parts:
        if any(other.id == part for other in turn.faults):
            end(turn, part)
    PLAYS.get(fault.kind, NO_PLAY).end(turn, fault)
    turn.say(FaultEnded(fault=fault.kind, target=fault.target, id=fault.id))
    if fault.kind == "kill":
        lifecycle.restart(turn, fault.chain, fault.node)
    elif fault.kind == "pause":
        lifecycle.wake(turn, fault.chain, fault.node)
    elif fault.kind == "missing-engine":
        lifecycle.install(turn, fault.chain, fault.node)
    elif fault.chain not in (MAIN, LABORATORY, FEDERATION):
        names = (fault.node,) if fault.node else turn.node_names(fault.chain)
        lifecycle.catch_up(turn, fault.chain, names)
    _tell_state(turn, fault)
    return fault


def tell_seen(turn: Turn) -> None:
    """What this step shows of the faults at work."""
    tell_events(turn)
    for fault in turn.faults:
        PLAYS.get(fault.kind, NO_PLAY).watch(turn, fault)


def go_on(turn: Turn) -> None:
    """The world came back from a disk: faults that need it go to work again."""
    for fault in turn.faults:
        PLAYS.get(fault.kind, NO_PLAY).again(turn, fault)


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
