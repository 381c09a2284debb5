"""
All that a plug-in may import: a consensus engine or a store rests on this page alone.

A consensus engine is two pure functions of frozen state. The host brings inputs and
carries effects out; it owns network, time, keys and storage, and it alone signs.
A store is an ordered map of bytes with atomic batches.
"""

from __future__ import annotations

from devnet.engine.errors import ConsensusError, PluginError, StorageError
from devnet.engine.interfaces.chain import (
    Certificate,
    ChainReader,
    Checkpoint,
    Header,
    Rules,
    Validator,
    quorum,
)
from devnet.engine.interfaces.consensus import (
    API_VERSION,
    BlockJudged,
    Broadcast,
    CastVote,
    Certified,
    ConsensusEngine,
    Effect,
    EngineInfo,
    Filled,
    Final,
    Finality,
    HeadChanged,
    Input,
    Message,
    MessageGot,
    Param,
    Propose,
    Publish,
    Seat,
    Send,
    SetTimer,
    TimerFired,
    Vote,
    Voted,
    VoteMessage,
    Woken,
)
from devnet.engine.interfaces.storage import Batch, Reader, Store, StoreInfo
from devnet.engine.interfaces.works import WorkSource

__all__ = [
    "API_VERSION",
    "Batch",
    "BlockJudged",
    "Broadcast",
    "CastVote",
    "Certificate",
    "Certified",
    "ChainReader",
    "Checkpoint",
    "ConsensusEngine",
    "ConsensusError",
    "Effect",
    "EngineInfo",
    "Filled",
    "Final",
    "Finality",
    "HeadChanged",
    "Header",
    "Input",
    "Message",
    "MessageGot",
    "Param",
    "PluginError",
    "Propose",
    "Publish",
    "quorum",
    "Reader",
    "Rules",
    "Seat",
    "Send",
    "SetTimer",
    "StorageError",
    "Store",
    "StoreInfo",
    "TimerFired",
    "Validator",
    "Vote",
    "Voted",
    "VoteMessage",
    "Woken",
    "WorkSource",
]
