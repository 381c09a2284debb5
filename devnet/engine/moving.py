"""
Moving a running sidechain to another database.

A move goes through three phases, a part after each step of the network, so that the
chain and the screen go on:

1. copy: a frozen state of the old database is written to the new one in key order;
   what blocks change meanwhile is written to the old one and noted;
2. catch up: the notes are written to the new one, oldest first;
3. compare: from here on each block is written to both; both are frozen and read.

When both digests are equal the chain changes over, and only then is the old database
removed. If anything fails before that, the new one is thrown away and the old one,
which had every block all the time, goes on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from hashlib import sha3_256
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Sidechain, World
from devnet.engine.errors import DevnetError, PluginError, StorageError
from devnet.engine.events import StorageMoved, StorageMoving, StorageStayed
from devnet.engine.interfaces import Store
from devnet.engine.sidechain.persist import Changes, apply_changes, rewrite

KEYS_PER_STEP = 200
BYTES_PER_STEP = 2**20
"""What one step copies: some milliseconds on every store."""
BATCHES_PER_STEP = 20

P = ParamSpec("P")
T = TypeVar("T")


class SameStore(StorageError):
    """The sidechain is kept in this database already."""

    code = "storage.same-store"
    default_hint = (
        "`show SIDECHAIN` says where it is kept, `stores` what else there is."
    )


class AlreadyMoving(StorageError):
    """The sidechain is on its way to another database."""

    code = "storage.already-moving"
    default_hint = "Wait until it is there: `show SIDECHAIN` says where it is kept."


class ContentDiffers(StorageError):
    """The new database does not hold what the old one holds."""

    code = "storage.content-differs"
    default_hint = "The old one goes on. Check the new store with check-plugin."


@dataclass(frozen=True, slots=True)
class Moved:
    """What a finished move found in both databases."""

    n_keys: int
    digest_before: str
    digest_after: str


class Databases(Protocol):
    """Where databases come from and go to, by store name and sidechain name."""

    @property
    def check_store(self) -> Callable[[str], object]:
        """Raises when there is no such database."""

    @property
    def open_store(self) -> Callable[[str, str], Store]:
        """Open it."""

    @property
    def remove_store(self) -> Callable[[str, str], object]:
        """Remove what a closed one left behind."""


def take_some(pairs: Iterator[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """As many pairs as one step may handle; none at the end."""
    part: list[tuple[bytes, bytes]] = []
    n_bytes = 0
    for key, value in pairs:
        part.append((key, value))
        n_bytes += len(key) + len(value)
        if len(part) == KEYS_PER_STEP or n_bytes >= BYTES_PER_STEP:
            break
    return part


class Reckoning:
    """The digest of S10 over a frozen state, taken a part at a time."""

    def __init__(self, pairs: Iterator[tuple[bytes, bytes]]) -> None:
        self._pairs = pairs
        self._digest = sha3_256()
        self.n_keys = 0

    def carry_on(self) -> bool:
        """Take some more pairs in. True when there are no more."""
        part = take_some(self._pairs)
        for key, value in part:
            for field in (key, value):
                self._digest.update(len(field).to_bytes(4, "big"))
                self._digest.update(field)
        self.n_keys += len(part)
        return not part

    def hexdigest(self) -> str:
        """64 hex digits."""
        return self._digest.hexdigest()


class Move:
    """One move on its way. The new database must be empty."""

    def __init__(self, store: str, source: Store, target: Store) -> None:
        self.store = store
        self.source, self.target = source, target
        self.n_copied = 0
        self._open = ExitStack()
        frozen = self._open.enter_context(source.snapshot())
        self._pairs: Iterator[tuple[bytes, bytes]] | None = frozen.iterate()
        self._notes: deque[Changes] = deque()
        self._both: tuple[Reckoning, Reckoning] | None = None
        self._failure: Exception | None = None

    def note(self, changes: Changes) -> None:
        """The old database took this batch. Never fails: `carry_on` says what did."""
        if self._both is None:
            self._notes.append(changes)
            return
        try:
            apply_changes(self.target, changes)
        except Exception as error:
            self._failure = error

    def carry_on(self) -> Moved | None:
        """One more part. What was found, once both are the same; ContentDiffers."""
        if self._failure is not None:
            raise self._failure
        if self._pairs is not None:
            self._copy(self._pairs)
        elif self._both is None:
            self._catch_up()
        else:
            return self._compare(*self._both)
        return None

    def let_go(self) -> None:
        """Close what was held open for reading."""
        self._open.close()

    def _copy(self, pairs: Iterator[tuple[bytes, bytes]]) -> None:
        part = take_some(pairs)
        apply_changes(self.target, tuple(part))
        self.n_copied += len(part)
        if not part:
            self._pairs = None
            self._open.close()

    def _catch_up(self) -> None:
        merged: dict[bytes, bytes | None] = {}
        for _ in range(min(BATCHES_PER_STEP, len(self._notes))):
            merged.update(self._notes.popleft())
        apply_changes(self.target, tuple(merged.items()))
        if not self._notes:
            old = self._open.enter_context(self.source.snapshot())
            new = self._open.enter_context(self.target.snapshot())
            self._both = Reckoning(old.iterate()), Reckoning(new.iterate())

    def _compare(self, old: Reckoning, new: Reckoning) -> Moved | None:
        ended = old.carry_on()
        if not new.carry_on() and not ended:
            return None
        while not (old.carry_on() and new.carry_on()):
            pass  # One of them has more; how much is to be said.
        self._open.close()
        moved = Moved(old.n_keys, old.hexdigest(), new.hexdigest())
        if moved.digest_before != moved.digest_after:
            raise ContentDiffers(
                f"{self.store} holds {new.n_keys} keys with digest "
                f"{moved.digest_after[:16]}, the old database {old.n_keys} with "
                f"{moved.digest_before[:16]}"
            )
        return moved


class Moving:
    """The moves of a network: what `Network` does about them."""

    world: World
    stores: dict[str, Store]
    _databases: Databases
    _moves: dict[str, Move]

    def _act(
        self,
        act: Callable[Concatenate[Turn, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """One act of somebody, now. `Network` has it."""
        raise NotImplementedError

    def _side(self, name: str) -> Sidechain:
        """A sidechain, or UnknownName. `Reading` has it."""
        raise NotImplementedError

    def move_store(self, chain: str, store: str) -> None:
        """
        Begin to move a running sidechain to another database.

        Raises:
            UnknownName, SameStore, AlreadyMoving, PluginError; StorageError: the new
            one cannot be opened. Nothing changed then.
        """
        if chain in self._moves:
            raise AlreadyMoving(
                f"{chain} is on its way to {self._moves[chain].store} already"
            )
        side = self._side(chain)
        if side.store == store:
            raise SameStore(f"{chain} is kept in {store} already")
        self._databases.check_store(store)
        move = self._open_move(side, store)
        try:
            self._act(begin, chain, store)
        except BaseException:
            self._throw_away(chain, move)
            raise
        self._moves[chain] = move

    def _open_move(self, side: Sidechain, store: str) -> Move:
        target = self._databases.open_store(store, side.name)
        try:
            # What an older move left there.
            rewrite(target, ())
            return Move(store, self.stores[side.name], target)
        except BaseException:
            target.close()
            raise

    def _carry_moves(self) -> None:
        """A step was taken: one part of each move."""
        for chain, move in tuple(self._moves.items()):
            try:
                moved = move.carry_on()
            except Exception as error:
                # Also a bug of a store: the chain does not need the new one.
                self._give_up(chain, _reason(error))
                continue
            if moved is not None:
                self._change_over(chain, move, moved)

    def _change_over(self, chain: str, move: Move, moved: Moved) -> None:
        old_store, old = self._side(chain).store, self.stores[chain]
        self._act(finish, chain, move.store, moved)
        # Only now: killed before this, the world comes back with the old one.
        del self._moves[chain]
        self.stores[chain] = move.target
        self._remove(chain, old_store, old)

    def _give_up(self, chain: str, reason: str) -> None:
        move = self._moves.pop(chain)
        self._throw_away(chain, move)
        self._act(stay, chain, move.store, reason)

    def _open_again(self, world: World) -> None:
        """Open the databases of a world from before moves of which it knows nothing."""
        opened: dict[str, tuple[str, Store]] = {}
        try:
            for now in self.world.sidechains:
                then = world.sidechain(now.name)
                if then is not None and then.store != now.store:
                    store = self._databases.open_store(then.store, then.name)
                    opened[then.name] = (now.store, store)
        except BaseException:
            for _, store in opened.values():
                store.close()
            raise
        for chain, (left, store) in opened.items():
            old = self.stores.get(chain)
            self.stores[chain] = store
            if old is not None:
                self._remove(chain, left, old)

    def _restart_moves(self) -> None:
        """Begin anew the moves that the present world has on their way."""
        for side in self.world.sidechains:
            if side.moving_to and side.name not in self._moves:
                try:
                    self._moves[side.name] = self._open_move(side, side.moving_to)
                except (StorageError, PluginError) as error:
                    self._act(stay, side.name, side.moving_to, _reason(error))

    def _drop_moves(self) -> None:
        """End all moves without a word; the old databases go on."""
        while self._moves:
            self._throw_away(*self._moves.popitem())

    def _throw_away(self, chain: str, move: Move) -> None:
        with suppress(Exception):
            move.let_go()
        self._remove(chain, move.store, move.target)

    def _remove(self, chain: str, name: str, store: Store) -> None:
        # What cannot be removed lies there until the next move comes upon it.
        with suppress(Exception):
            store.close()
            self._databases.remove_store(name, chain)


def _reason(error: Exception) -> str:
    if isinstance(error, DevnetError):
        return error.message
    return f"{type(error).__name__}: {error}"


# The acts.


def begin(turn: Turn, chain: str, store: str) -> None:
    """The sidechain is on its way to another database."""
    side = turn.side(chain)
    turn.set_side(replace(side, moving_to=store))
    turn.say(StorageMoving(chain=chain, old_store=side.store, store=store))


def finish(turn: Turn, chain: str, store: str, moved: Moved) -> None:
    """The sidechain is kept in another database."""
    side = turn.side(chain)
    turn.set_side(replace(side, store=store, moving_to=""))
    turn.say(
        StorageMoved(
            chain=chain,
            old_store=side.store,
            store=store,
            keys=moved.n_keys,
            digest_before=moved.digest_before,
            digest_after=moved.digest_after,
        )
    )


def stay(turn: Turn, chain: str, store: str, reason: str) -> None:
    """The move to another database came to nothing."""
    side = turn.side(chain)
    turn.set_side(replace(side, moving_to=""))
    turn.say(
        StorageStayed(chain=chain, old_store=side.store, store=store, reason=reason)
    )
