"""
What happened, as frozen records in one ordered stream.

Screens, logs, recordings and the API have no other way to learn of the engine. An event
is past tense, flat and small; big things are named by hash. `seq` has no gaps; `at_ms`
is virtual time. A name of a chain is "main" or the name of a sidechain. Hashes are
64 hex digits, amounts are ints in the smallest unit of their asset.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from devnet.engine.events.base import Event
from devnet.engine.events.chains import (
    AccountAdded,
    AssetKnown,
    BalanceChanged,
    BlockAdded,
    BlockFinal,
    BlockUndone,
    HistoryNotKept,
    MiningTried,
    SidechainAdded,
    TxDropped,
    TxHeld,
    TxQueued,
    TxsMined,
    WorldResumed,
    WorldStarted,
)
from devnet.engine.events.consensus import (
    BlockRefused,
    CandidateChanged,
    ConsensusGot,
    ConsensusSaid,
    ConsensusSent,
    OffenceProven,
    RuleSwapped,
    SwapApproved,
    SwapDropped,
    SwapProposed,
    SwapScheduled,
    ValidatorChanged,
    ValidatorsElected,
)
from devnet.engine.events.federation import (
    ActorChanged,
    CollectorsElected,
    FederationChanged,
    FederationProposed,
    HandoverSigned,
    MembersSilent,
    MigrationDone,
    MigrationMined,
    MigrationSent,
)
from devnet.engine.events.storage import (
    StorageMoved,
    StorageMoving,
    StorageStayed,
)
from devnet.engine.events.transfers import (
    ClaimCrafted,
    ClaimJudged,
    MemberRefused,
    MemberSigned,
    PayoutPlanned,
    TransferMoved,
    TransferStarted,
)
from devnet.engine.events.trouble import (
    Audited,
    EngineFailed,
    FaultEnded,
    FaultSeen,
    FaultStarted,
    InvariantBroken,
    PegFroze,
    PegThawed,
    Refused,
)

__all__ = [
    "AccountAdded",
    "ActorChanged",
    "AssetKnown",
    "Audited",
    "BalanceChanged",
    "BlockAdded",
    "BlockFinal",
    "BlockRefused",
    "BlockUndone",
    "CandidateChanged",
    "ClaimCrafted",
    "ClaimJudged",
    "CollectorsElected",
    "ConsensusGot",
    "ConsensusSaid",
    "ConsensusSent",
    "EVENT_KINDS",
    "EngineFailed",
    "Event",
    "FaultEnded",
    "FaultSeen",
    "FaultStarted",
    "FederationChanged",
    "FederationProposed",
    "HandoverSigned",
    "HistoryNotKept",
    "InvariantBroken",
    "PegFroze",
    "PegThawed",
    "MemberRefused",
    "MemberSigned",
    "MembersSilent",
    "MigrationDone",
    "MigrationMined",
    "MigrationSent",
    "MiningTried",
    "OffenceProven",
    "PayoutPlanned",
    "Refused",
    "RuleSwapped",
    "SidechainAdded",
    "StorageMoved",
    "StorageMoving",
    "StorageStayed",
    "SwapApproved",
    "SwapDropped",
    "SwapProposed",
    "SwapScheduled",
    "TransferMoved",
    "TransferStarted",
    "TxDropped",
    "TxHeld",
    "TxQueued",
    "TxsMined",
    "ValidatorChanged",
    "ValidatorsElected",
    "WorldResumed",
    "WorldStarted",
    "event_from_dict",
]

EVENT_KINDS: dict[str, type[Event]] = {
    kind.__name__: kind for kind in Event.__subclasses__()
}
"""Every event by its name."""


def event_from_dict(values: dict[str, Any]) -> Event:
    """The event that `as_dict` wrote. Lists become tuples again."""
    kind = EVENT_KINDS[values["kind"]]
    known = {field.name for field in fields(kind)}
    plain: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if name in known
    }
    return kind(**plain)
