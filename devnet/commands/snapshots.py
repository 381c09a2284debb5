"""
Snapshots of a session: the world as a value, the names, and what others keep beside it.

A world is frozen, so a snapshot is a reference and costs nothing; going back to it is
an assignment. The history is a line: going back forgets the snapshots taken since.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from devnet.commands.errors import did_you_mean
from devnet.engine.errors import NameTaken, RequestError, UnknownName

if TYPE_CHECKING:
    from devnet.engine.actors.world import World

MOST_SNAPSHOTS = 1_000
FIRST = "first"
"""The state that the session began with."""


class TooManySnapshots(RequestError):
    """A session keeps so many snapshots and no more."""

    code = "request.too-many-snapshots"
    default_hint = "Revert to an old one: that forgets all that came after it."


class Companion(Protocol):
    """Something beside the world that goes back together with it, such as a wallet."""

    def saved(self) -> object:
        """Its state as a value that later changes do not touch."""

    def put_back(self, state: Any) -> None:
        """Take that state again."""


@dataclass(slots=True)
class Snapshot:
    """
    One moment.

    Args:
        world: without anybody who waits; those who did are told that they wait no more.
        names: of results.
        beside: states of the session's companions.
    """

    id: str
    world: World
    height: int
    names: Mapping[str, Any]
    beside: list[tuple[Companion, object]] = field(default_factory=list)


class Snapshots:
    """The snapshots of one world, oldest first. The first state is always there."""

    def __init__(self, first: Snapshot) -> None:
        self._held = {FIRST: first}
        self._n_made = 0

    def __iter__(self) -> Iterator[Snapshot]:
        return iter(self._held.values())

    def new_id(self, name: str | None) -> str:
        """A free id, or the name if it is free. Raises NameTaken, TooManySnapshots."""
        if len(self._held) > MOST_SNAPSHOTS:
            raise TooManySnapshots(f"{MOST_SNAPSHOTS} snapshots are held already")
        if name is not None:
            if name in self._held:
                raise NameTaken(
                    f"there is a snapshot {name!r} already", hint="Take another name."
                )
            return name
        number = self._n_made + 1
        while f"s{number}" in self._held:
            number += 1
        return f"s{number}"

    def add(self, made: Snapshot) -> None:
        """Keep it."""
        self._n_made += 1
        self._held[made.id] = made

    def find(self, snapshot_id: str) -> Snapshot:
        """The snapshot of this id. Raises UnknownName."""
        found = self._held.get(snapshot_id)
        if found is None:
            raise UnknownName(
                f"there is no snapshot {snapshot_id[:40]!r}",
                hint=did_you_mean(snapshot_id, self._held, "snapshot"),
            )
        return found

    def forget_after(self, kept: Snapshot) -> None:
        """The world went back to this one: those made since never happened."""
        ids = list(self._held)
        for later in ids[ids.index(kept.id) + 1 :]:
            del self._held[later]
