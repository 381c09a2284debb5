"""
What those remember who pay withdrawals out: the members, each for itself, and the
coordinator.

A member's pins are durable: they are stored before its signature is on the way. All
that the coordinator knows it finds again, in the chains or in the members' answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from rpds import HashTrieMap

from devnet.engine.bc.handover import Handover
from devnet.engine.federation.payouts import Payout
from devnet.engine.mainchain.view import MainView

Heads: TypeAlias = "HashTrieMap[str, bytes]"
"""The newest block that one follows, by sidechain."""


@dataclass(frozen=True, slots=True)
class HandingOver:
    """
    A handover under way, as one member has it.

    Args:
        record: without signatures. signatures: by the old member's place.
        told: the head at which the member told the others last.
    """

    record: Handover
    signatures: HashTrieMap[int, bytes] = field(default_factory=HashTrieMap)
    told: bytes = b""


@dataclass(frozen=True, slots=True)
class Member:
    """
    A federation member with nodes of its own.

    Args:
        xprv, xpub: its root keys.
        main: its view of the mainchain. heads: of the sidechains.
        pins: the pin that it signed with, by withdrawal id. Never forgotten.
        off: it stands still, hears nothing and says nothing.
        handovers: those that it signs with the others, by sidechain. The chain says
            them again, so they are not stored.
    """

    name: str
    xprv: bytes
    xpub: bytes
    main: MainView
    heads: Heads = field(default_factory=HashTrieMap)
    pins: HashTrieMap[bytes, bytes] = field(default_factory=HashTrieMap)
    off: bool = False
    handovers: HashTrieMap[str, HandingOver] = field(default_factory=HashTrieMap)


@dataclass(frozen=True, slots=True)
class Paying:
    """
    One payout under way.

    Args:
        chain: the sidechain that owes it.
        signatures, refusals: by member's root xpub; refusals as (check, reason).
        asked: both tips when members were asked last.
        sent: with all witnesses, once it was broadcast.
        planned_at: the mainchain's height then. is_late: the alarm of a migration that
            nobody signs was said.
    """

    chain: str
    payout: Payout
    signatures: HashTrieMap[bytes, tuple[bytes, ...]] = field(
        default_factory=HashTrieMap
    )
    refusals: HashTrieMap[bytes, tuple[str, str]] = field(default_factory=HashTrieMap)
    asked: tuple[bytes, bytes] = (b"", b"")
    sent: bool = False
    planned_at: int = -1
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Coordinator:
    """
    Somebody who pays withdrawals out: a collector, a member, or an account for itself.

    Args:
        heads: of the sidechains that owe; a member's are with its other things.
        paying: payouts by withdrawal id.
        pins: those that members named when they refused another, by withdrawal id.
        waits: why a withdrawal is not planned yet, by its id.
        own: of an account, the withdrawals that it coordinates.
    """

    heads: Heads = field(default_factory=HashTrieMap)
    paying: HashTrieMap[bytes, Paying] = field(default_factory=HashTrieMap)
    pins: HashTrieMap[bytes, bytes] = field(default_factory=HashTrieMap)
    waits: HashTrieMap[bytes, str] = field(default_factory=HashTrieMap)
    own: tuple[bytes, ...] = ()
