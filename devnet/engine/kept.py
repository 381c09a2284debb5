"""
How a network writes its databases: one per sidechain, and one for the world when it
lives on disk.

The order within a step is what makes a death at any moment harmless. First what
validators signed, then the world with the mainchain's blocks, then the sidechains'
blocks, and only then the step is real and told. What a sidechain's block made
superfluous in the world's store goes with the next batch there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from devnet.engine.actors.keeping import (
    ballots_of_step,
    blocks_of_step,
    changes_of_main_block,
    changes_of_side,
    changes_of_step,
    changes_of_world,
    done_in_step,
)
from devnet.engine.actors.rebuilding import is_kept
from devnet.engine.actors.resuming import resume_world
from devnet.engine.actors.turn import Tools, Turn
from devnet.engine.actors.world import World
from devnet.engine.bc.block import Block
from devnet.engine.events import Event
from devnet.engine.interfaces import ConsensusEngine, Store, WorkSource
from devnet.engine.sidechain.durable import take_over
from devnet.engine.sidechain.persist import Changes, apply_changes, rewrite

MAIN_TABLES = (b"n", b"b", b"w")


class Patient:
    """Answers of the proof-of-work function that are waited for."""

    def __init__(self, works: WorkSource) -> None:
        self.works = works

    def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
        """The work of a header. Raises what the source raises when it is gone."""
        while (answer := self.works.get(seed, header_hash)) is None:
            self.works.want(((seed, header_hash),))
            self.works.wait(1.0)
        return answer

    def want(self, pairs: tuple[tuple[bytes, bytes], ...]) -> None:
        """Nothing is computed ahead."""

    def wait(self, timeout_s: float) -> bool:
        """`get` waits by itself."""
        return True

    def close(self) -> None:
        """The source is its maker's to close."""


class Books:
    """The world's own store, if it has one."""

    def __init__(self, keep: Store | None) -> None:
        self.keep = keep
        self.has_world = keep is not None and is_kept(keep)
        self._birth: list[Changes] = []
        self._stale: Changes = ()

    def begin(self, starter: Sequence[tuple[Block, bytes]]) -> None:
        """A new world: its first batch holds all of it, the starter chain included."""
        self._birth = [changes_of_main_block(block, work) for block, work in starter]

    def forget_soon(self, stale: Changes) -> None:
        """What the next batch takes along."""
        self._stale += stale

    def write(self, turn: Turn, world: World, events: Sequence[Event]) -> None:
        """One batch with what a step changed, if it changed anything that is kept."""
        if self.keep is None:
            return
        if self.has_world:
            changes = changes_of_step(turn, world, events)
        else:
            changes = tuple(pair for one in self._birth for pair in one)
            changes += changes_of_world(world)
        if changes:
            apply_changes(self.keep, self._stale + changes)
            self._stale, self._birth, self.has_world = (), [], True
        self.forget_soon(done_in_step(events))

    def rewrite(self, world: World) -> None:
        """The world went back to an earlier moment: so does its store."""
        if self.keep is None:
            return
        content = dict(changes_of_world(world))
        for table in MAIN_TABLES:
            for key, value in self.keep.iterate(prefix=table):
                if key[-32:] in world.tree.entries:
                    content[key] = value
        rewrite(self.keep, (tuple(content.items()),))
        self._stale = ()

    def close(self) -> None:
        """Let go of the store."""
        if self.keep is not None:
            self.keep.close()


class Noting(Protocol):
    """What goes along with a sidechain's database: it is told of each batch."""

    def note(self, changes: Changes) -> None:
        """This batch was written."""


class Outside(Protocol):
    """Where stores, engines and proofs of work come from."""

    @property
    def works(self) -> WorkSource:
        """Answers of the proof-of-work function."""

    @property
    def engine(self) -> Callable[[str], ConsensusEngine]:
        """Consensus engines by name."""

    @property
    def open_store(self) -> Callable[[str, str], Store]:
        """A database by store name and sidechain name."""


class Kept:
    """The databases of a network: what `Network` does about them."""

    stores: dict[str, Store]
    _books: Books
    _outside: Outside
    _noting: Mapping[str, Noting]

    def _resumed(self) -> tuple[World, Turn]:
        """The world that is kept, and the turn in which it comes back."""
        keep, outside = self._books.keep, self._outside
        assert keep is not None
        tools = Tools(Patient(outside.works), outside.engine)
        back = resume_world(keep, outside.open_store, tools)
        self.stores.update(back.stores)
        self._books.forget_soon(back.stale)
        return back.world, back.turn

    def main_store(self) -> str:
        """Where the world itself is kept."""
        return "memory" if self._books.keep is None else self._books.keep.info.name

    def will_forget(self, chain: str) -> bool:
        """Does the world live on disk, and this sidechain's database not?"""
        lives_on = self._books.keep is not None
        return lives_on and not self.stores[chain].info.durable

    def _open_new(self, world: World) -> None:
        """Databases of new sidechains, before anything is written anywhere."""
        for side in world.sidechains:
            if side.name in self.stores:
                continue
            store = self._store(side.name, side.store)
            try:
                take_over(store, side.name, side.tree.spec.chain_id)
            except BaseException:
                self.stores.pop(side.name).close()
                raise

    def _keep(self, turn: Turn, world: World, events: Sequence[Event]) -> None:
        """Write a step, in the order that this module is about."""
        self._open_new(world)
        for chain, changes in ballots_of_step(turn, world):
            self._write(chain, changes)
        self._books.write(turn, world, events)
        for chain, changes in blocks_of_step(turn, world):
            self._write(chain, changes)

    def _keep_anew(self, world: World) -> None:
        """Whatever the stores held, they hold this world."""
        self._books.rewrite(world)
        for side in world.sidechains:
            rewrite(self._store(side.name, side.store), changes_of_side(side))

    def _write(self, chain: str, changes: Changes) -> None:
        """One batch to a sidechain's database, and to the one it is moved to."""
        apply_changes(self.stores[chain], changes)
        if chain in self._noting:
            self._noting[chain].note(changes)

    def _store(self, chain: str, name: str) -> Store:
        """A sidechain's database, opened when it is asked for."""
        store = self.stores.get(chain)
        if store is None:
            store = self._outside.open_store(name, chain)
            self.stores[chain] = store
        return store
