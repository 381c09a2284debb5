"""Events of faults, audits, refusals and failures."""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.events.base import Event

# What somebody breaks on purpose.


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultStarted(Event):
    """
    A fault is at work from now on. `id` mends it.

    Args:
        until_ms, until_height: virtual time or mainchain height at which it ends by
            itself; -1: it does not.
    """

    fault: str
    target: str
    detail: str = ""
    id: str = ""
    until_ms: int = -1
    until_height: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultEnded(Event):
    """A fault is over."""

    fault: str
    target: str
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSeen(Event):
    """Something that a fault at work leads to, in words; each line once."""

    fault: str
    target: str
    id: str
    what: str


# What the auditor says.


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited(Event):
    """
    The books of one sidechain were recomputed. Amounts are per asset, in order.

    Args:
        leaving: withdrawn there and not yet paid on the mainchain. burned: gone for
            good there, still locked here. donated: given to a treasury. stranded:
            deposits to an expired epoch. Each of them empty: there is nothing.
    """

    chain: str
    main_height: int
    side_height: int
    ok: bool
    assets: tuple[str, ...]
    locked: tuple[int, ...]
    circulating: tuple[int, ...]
    arriving: tuple[int, ...]
    leaving: tuple[int, ...] = ()
    burned: tuple[int, ...] = ()
    donated: tuple[int, ...] = ()
    stranded: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvariantBroken(Event):
    """
    A sum or an order that must always hold does not hold. Pauses the world.

    Args:
        main_height, main_id, side_height, side_id: the first pair of blocks where it
            does not.
        moved: what changed since the pair before, in words.
        terms: the names of the sums that changed.
    """

    invariant: str
    chain: str
    main_height: int
    side_height: int
    detail: str
    main_id: str = ""
    side_id: str = ""
    moved: str = ""
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PegFroze(Event):
    """
    The mainchain left the branch of a sidechain's anchor: no claim and no payout until
    it comes back, or is written off. Transfers go on.
    """

    chain: str
    anchor_height: int
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PegThawed(Event):
    """
    The peg of a sidechain works again.

    Args:
        n_written_off: claims whose locks were given up with the lost branch; 0: the
            mainchain came back.
    """

    chain: str
    anchor_height: int
    anchor: str
    n_written_off: int = 0


# Refusals and failures.


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Event):
    """A command was refused. Nothing changed."""

    command: str
    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFailed(Event):
    """A bug: the world stands still, everything stays readable."""

    message: str
    replay: str
