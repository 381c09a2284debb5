"""Events of elections of members and collectors, of handovers and of migrations."""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorChanged(Event):
    """
    A member's or a collector's machine. `state`: joined, off (it hears and says
    nothing), or on again.
    """

    role: str
    name: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FederationProposed(Event):
    """
    The votes ask for another federation: who comes, and who goes. It takes over when
    `needed` of its present members have signed the handover.
    """

    chain: str
    height: int
    epoch: int
    members: tuple[str, ...]
    came: tuple[str, ...]
    left: tuple[str, ...]
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverSigned(Event):
    """A present member found the same result in its own chain and signed it over."""

    chain: str
    epoch: int
    member: str
    signatures: int
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FederationChanged(Event):
    """
    A handover is final: new deposits go to the new federation's addresses. Those to the
    old ones can be claimed below the sidechain's height `expires`.
    """

    chain: str
    height: int
    epoch: int
    old_members: tuple[str, ...]
    members: tuple[str, ...]
    n_seats_changed: int
    quorum: int
    old_treasury: str
    treasury: str
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationSent(Event):
    """
    Members of an older epoch signed what it holds over to the newest treasury, or a
    deposit that expired to the newest lock address of its recipient (`forward`).
    """

    chain: str
    epoch: int
    tx: str
    asset: str
    amount: int
    n_inputs: int
    forward: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationMined(Event):
    """The same in a block of the mainchain. `transfer`: whose deposit was forwarded."""

    chain: str
    height: int
    tx: str
    asset: str
    amount: int
    forward: bool = False
    transfer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationDone(Event):
    """Nothing is left at the addresses of older epochs."""

    chain: str
    epoch: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersSilent(Event):
    """
    An alarm: old members do not sign what they hold over to the new federation. It
    stays theirs to sign, and their bonds stay locked.
    """

    chain: str
    epoch: int
    tx: str
    members: tuple[str, ...]
    asset: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorsElected(Event):
    """From now on these may claim locks for a fee, by turns."""

    chain: str
    height: int
    collectors: tuple[str, ...]
