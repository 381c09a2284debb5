"""Events of databases: a sidechain's store is moved while the chain runs."""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageMoving(Event):
    """A sidechain's content is being copied to another database; the chain runs on."""

    chain: str
    old_store: str
    store: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageMoved(Event):
    """The sidechain is kept in another database. Equal digests: nothing was lost."""

    chain: str
    old_store: str
    store: str
    keys: int
    digest_before: str
    digest_after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageStayed(Event):
    """A move came to nothing; the old database went on all the time."""

    chain: str
    old_store: str
    store: str
    reason: str
