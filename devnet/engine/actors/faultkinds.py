"""
The catalogue of what can be broken on purpose: networks and validators.

Each kind says what it does, what one will see, and which invariants hold through it.
Attacks and other plays of several parts stand in scenariokinds.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Target = Literal[
    "network", "validator", "sidechain", "federation", "mainchain", "lesson"
]  # fmt: skip
Watch = Literal[
    "claims", "blocks", "undone", "locks", "alarms", "offences", "states", "swaps",
    "closing", "members", "withdrawals",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class FaultKind:
    """
    One line of the table of faults.

    Args:
        target: what it needs: a chain's network, a validator, a sidechain; nothing, as
            it is about the federation or the mainchain, or is a lesson, told at once.
        does: what it does, in words. sees: what one will see.
        unit: of its value, or nothing when it takes none; with bounds and default.
        holds: invariants that hold throughout. breaks: those that do not, and that is
            the lesson.
        watches: which events are noted as what was seen of it.
    """

    name: str
    target: Target
    does: str
    sees: str
    unit: str = ""
    default: int = 0
    low: int = 0
    high: int = 0
    holds: tuple[str, ...] = ("I6",)
    breaks: tuple[str, ...] = ()
    watches: tuple[Watch, ...] = ()


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
        holds=("I3", "I6"),
        watches=("states",),
    ),
    FaultKind(
        "pause", "validator", "it stands still and hears everything later",
        "its turns pass; then it works through what came meanwhile",
        watches=("states",),
    ),
    FaultKind(
        "clock-skew", "validator", "its clock is wrong by so much",
        "ahead: its blocks are refused as too early; behind: it is late for its turns",
        "ms", 3000, -60_000, 60_000, watches=("blocks",),
    ),
    FaultKind(
        "equivocate", "validator", "makes two blocks a turn, one for each half",
        "at most one is certified; under solo both are final, which breaks I6",
        watches=("offences", "alarms"),
    ),
    FaultKind(
        "vote-twice", "validator", "votes for every block it sees, whatever it signed",
        "nothing while each round has one block: let another one equivocate; then two "
        "signed votes are evidence, and up to a third of the weight changes nothing",
        watches=("offences",),
    ),
    FaultKind(
        "withhold", "validator", "keeps its blocks and votes for itself",
        "its turns pass; the others need each other's votes",
    ),
    FaultKind(
        "propose-invalid", "validator", "its blocks pay it a coin that nobody owned",
        "everybody refuses them and names the rule",
        holds=("I2", "I6", "I8"), watches=("blocks", "offences"),
    ),
    FaultKind(
        "missing-engine", "validator", "can load no engine but those that it runs",
        "it approves no swap; after one it stops and says which engine it needs",
        watches=("states", "swaps"),
    ),
    FaultKind(
        "bad-gateway", "validator", "forwards nothing (bbft)",
        "votes of its zone take another way; more messages, no lost round",
    ),
)  # fmt: skip
LIES = (
    "equivocate", "vote-twice", "withhold", "propose-invalid", "bad-gateway",
    "double-claim", "lying-node",
)  # fmt: skip
"""Faults of a validator that does not do what it should."""
