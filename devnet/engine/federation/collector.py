"""
The collectors' memory: which lock addresses they watch, and what became of each lock.

A pure state machine per lock: watch, mined, ready, submitted, final; gone when the lock
leaves the best chain. It can be slow, it cannot steal: others check all it makes.
"""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.chain.coins import Coin
from devnet.engine.mainchain.view import MainView


@dataclass(frozen=True, slots=True)
class Watched:
    """A lock program and who it is for."""

    program: bytes
    chain: str
    claim_script: bytes


@dataclass(frozen=True, slots=True)
class SeenLock:
    """
    A lock in a block of the collector's best chain.

    submitted_at: mainchain height at which its Claim was last handed in, or -1.
    claims: ids of what it handed in then.
    refused: the check that refused that and why, or nothing.
    """

    coin: Coin
    chain: str
    claim_script: bytes
    block_hash: bytes
    submitted_at: int = -1
    claims: tuple[bytes, ...] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Collector:
    """
    Everything that a collector knows.

    pending: locks that are not yet claimed, in order of appearance.
    off: it stands still, hears nothing and says nothing.
    """

    name: str
    xprv: bytes
    key: bytes
    view: MainView
    pending: tuple[SeenLock, ...] = ()
    off: bool = False
