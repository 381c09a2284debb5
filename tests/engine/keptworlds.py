"""
Worlds on disks of memory: every commit is noted, so that the disk at any moment, and
what had been said by then, can be brought back without living through it again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar

from devnet.engine.actors.world import World
from devnet.engine.interfaces import Store, StoreInfo, WorkSource
from devnet.engine.network import Environment, Network, SidechainSpec, WorldConfig
from devnet.plugins.memory import MemoryStore
from tests.engine.support import environment

WORLD = ""
"""The name of the world's own store among the others."""
FORGETFUL = "memory"


class Killed(BaseException):
    """The process is gone. No code of the engine may catch this."""


@dataclass
class Disk:
    """All stores of a world, and each batch that they took, in order."""

    stores: dict[str, DiskStore] = field(default_factory=dict)
    commits: list[tuple[str, dict[bytes, bytes | None]]] = field(default_factory=list)
    dies_at: int | None = None

    def store(self, name: str) -> DiskStore:
        """A store, opened again and again: its content stays."""
        if name not in self.stores:
            self.stores[name] = DiskStore(self, name)
        return self.stores[name]

    def open_store(self, kind: str, chain: str) -> Store:
        """As an environment wants it. `memory` forgets, all else is on this disk."""
        return MemoryStore() if kind == FORGETFUL else self.store(f"{chain}.{kind}")

    def remove_store(self, kind: str, chain: str) -> None:
        """As after a move: nothing is left of it."""
        store = self.store(f"{chain}.{kind}")
        store._write({key: None for key, _ in tuple(store.iterate())})

    def after(self, n_commits: int) -> Disk:
        """The disk as it was after so many commits."""
        then = Disk()
        for name in self.stores:
            then.store(name)
        for name, changes in self.commits[:n_commits]:
            then.store(name)._write(dict(changes))
        return then

    def environment(self, works: WorkSource | None = None) -> Environment:
        """A network's outside with this disk."""
        return replace(
            environment(works, self.open_store),
            keep=self.store(WORLD),
            remove_store=self.remove_store,
        )


class DiskStore(MemoryStore):
    """A store that outlives whoever opened it."""

    info: ClassVar[StoreInfo] = replace(MemoryStore.info, durable=True)

    def __init__(self, disk: Disk, name: str) -> None:
        super().__init__()
        self._disk, self._name = disk, name

    def _write(self, changes: dict[bytes, bytes | None]) -> None:
        if self._disk.dies_at == len(self._disk.commits):
            raise Killed
        self._disk.commits.append((self._name, dict(changes)))
        super()._write(changes)

    def close(self) -> None:
        """The disk keeps it open."""


def kept_network(
    disk: Disk, sidechains: tuple[SidechainSpec, ...] = (), **config: int
) -> Network:
    """The world of this disk, or a new one on it."""
    wanted = WorldConfig(seed=7, sidechains=sidechains, **config)  # type: ignore[arg-type]
    return Network(wanted, disk.environment())


@dataclass
class Life:
    """A world that was lived: after how many commits it stood where."""

    disk: Disk
    moments: list[tuple[int, World]] = field(default_factory=list)

    def note(self, net: Network) -> None:
        """This is told by now: nothing of it may be lost any more."""
        self.moments.append((len(self.disk.commits), net.world))

    def told(self, n_commits: int) -> tuple[World, bool]:
        """
        The last world that was told when so many commits were on the disk, and whether
        they are just what it had written.
        """
        index = bisect_right(self.moments, n_commits, key=lambda one: one[0]) - 1
        written, world = self.moments[index]
        return world, written == n_commits

    def run_until(self, net: Network, holds: Callable[[], bool]) -> None:
        """Step by step, each noted."""
        for _ in range(100_000):
            if holds():
                return
            assert net.step_once() == "stepped"
            self.note(net)
        raise AssertionError("too long")
