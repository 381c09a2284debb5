"""Events of the sidechains' rules."""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.events.base import Event

# Consensus.


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusSent(Event):
    """A validator sent a message of its rule. `to` is "all" or a name."""

    chain: str
    validator: str
    to: str
    what: str
    height: int
    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusGot(Event):
    """A message of a rule arrived."""

    chain: str
    validator: str
    sender: str
    what: str
    height: int
    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusSaid(Event):
    """The rule's own one-line account, when it changed."""

    chain: str
    text: str
    proposer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatorChanged(Event):
    """A validator is up, down or caught lying."""

    chain: str
    validator: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRefused(Event):
    """A validator refused a block. `code` names the rule that it breaks."""

    chain: str
    validator: str
    proposer: str
    height: int
    id: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateChanged(Event):
    """
    Somebody registered for a seat, left, got the bond back, or lost it. `role`: of a
    validator, a collector or a member of the federation.
    """

    chain: str
    name: str
    state: str
    height: int
    role: str = "validator"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatorsElected(Event):
    """From this block on other validators act, by election."""

    chain: str
    height: int
    validators: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OffenceProven(Event):
    """
    A block carries evidence against a validator or a member, whose bond burns and whose
    seat goes; or against a collector, who loses a part of its bond for each bad claim.

    Args:
        validator: the name of whoever is convicted.
        burned: what was burned of the bond, in neu; 0 when there was none.
        role: "validator", "collector" or "member".
    """

    chain: str
    validator: str
    offence: str
    height: int
    burned: int = 0
    role: str = "validator"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapProposed(Event):
    """Somebody asked the validators to change the rule after a height."""

    chain: str
    engine: str
    old_engine: str
    closing_height: int
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapApproved(Event):
    """One more validator signed the swap."""

    chain: str
    validator: str
    approvals: int
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapScheduled(Event):
    """The swap record is in a block: the rule will change after this height."""

    chain: str
    engine: str
    closing_height: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapDropped(Event):
    """The swap will not happen."""

    chain: str
    engine: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSwapped(Event):
    """The first block of the new rule joined the chain."""

    chain: str
    old_engine: str
    engine: str
    height: int
    epoch: int
    validators: tuple[str, ...]
    finality: str
