"""
The network: the one object that changes. It holds the present world, steps it through
virtual time, keeps the stream of events, and hands each step's batch to the databases.

Front ends hold this and nothing below it. Everything that it does is deterministic:
the same config and the same acts at the same virtual times give the same hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha3_256
from typing import Concatenate, Literal, ParamSpec, TypeVar

from devnet.engine.actors import acts, cutting, handing, submitting, swapping
from devnet.engine.actors.birth import add_sidechain, new_world
from devnet.engine.actors.dispatch import dispatch
from devnet.engine.actors.foreseeing import upcoming_works
from devnet.engine.actors.messages import MineStart, MineTry
from devnet.engine.actors.reporting import report
from devnet.engine.actors.submitting import Submitted
from devnet.engine.actors.turn import Tools, Turn
from devnet.engine.actors.world import (
    Groups,
    Seats,
    SidechainSpec,
    World,
    WorldConfig,
)
from devnet.engine.bc.block import Block, BlockHeader
from devnet.engine.certifying import Certifying
from devnet.engine.deeds import Deeds
from devnet.engine.errors import BadValue, DevnetError
from devnet.engine.events import EngineFailed, Event, Refused
from devnet.engine.interfaces import ConsensusEngine, Store, WorkSource
from devnet.engine.kept import Books, Kept
from devnet.engine.mainchain.foreign import works_ahead
from devnet.engine.mainchain.state import WorkMissing
from devnet.engine.moving import Move, Moving
from devnet.engine.sidechain.persist import rewrite

__all__ = ["Advance", "EngineFault", "Environment", "Network", "SidechainSpec",
           "WorldConfig"]  # fmt: skip

Advance = Literal["reached", "work", "stopped", "breach"]
Step = Literal["stepped", "work", "breach"]

P = ParamSpec("P")
T = TypeVar("T")


class EngineFault(DevnetError):
    """A bug in the engine: the world stands still and stays readable."""

    code = "engine.failed"
    default_hint = "Save the recording and report it: it replays to this very point."


@dataclass(frozen=True, slots=True)
class Environment:
    """
    What a network needs from outside.

    Args:
        works: answers of the proof-of-work function.
        engine: consensus engines by name. lesson: a lesson's story, by its fault.
        check_store: raises when there is no such database.
        open_store: a database by store name and sidechain name.
        remove_store: what a closed one left behind, by the same names.
        starter: blocks above genesis with their proof-of-work answers.
        keep: where the world itself is kept; None: nowhere, it ends with the process.
    """

    works: WorkSource
    engine: Callable[[str], ConsensusEngine]
    check_store: Callable[[str], object]
    open_store: Callable[[str, str], Store]
    starter: Sequence[tuple[Block, bytes]]
    remove_store: Callable[[str, str], object] = lambda store, chain: None
    keep: Store | None = None
    lesson: Callable[[str], tuple[str, ...]] = lambda name: ()


class Network(Certifying, Deeds, Kept, Moving):
    """
    A running devnet.

    Reads stand in `Reading`, `Looking` and `Certifying`, acts on assets in `Deeds`,
    on databases in `Moving`, what is written where in `Kept`.
    Acts raise a DevnetError and change nothing, or happen whole. Time passes only in
    `advance` and `step_once`.
    """

    def __init__(self, config: WorldConfig, environment: Environment) -> None:
        self.environment = self._databases = self._outside = environment
        self.tools = Tools(environment.works, environment.engine, environment.lesson)
        self.events: list[Event] = []
        self.stores: dict[str, Store] = {}
        self._moves: dict[str, Move] = {}
        self._noting = self._moves
        self.failure: EngineFault | None = None
        self._listeners: list[Callable[[Event], None]] = []
        self._books = Books(environment.keep)
        if self._books.has_world:
            self.world, turn = self._resumed()
        else:
            self.world, turn = new_world(config, self.tools, environment.starter)
            self._books.begin(environment.starter)
        self._close(turn)

    @property
    def config(self) -> WorldConfig:
        """What the world started from."""
        return self.world.config

    @property
    def now_ms(self) -> int:
        """Virtual time since the start of the world."""
        return self.world.now_ms

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with each event from now on; the answer ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # Time.

    def advance(
        self, until_ms: int, keep_going: Callable[[], bool] = lambda: True
    ) -> Advance:
        """
        Let virtual time pass.

        Args:
            until_ms: stop there, when nothing is due before.
            keep_going: asked after each step; False stops.

        Returns:
            "reached", "stopped", "work" when a proof-of-work answer is awaited, or
            "breach" when an invariant broke and nobody has said `resume` yet.

        Raises:
            EngineFault: a bug; see `failure`.
        """
        while True:
            if self.is_paused_by_breach():
                return "breach"
            due = self.world.schedule.first()
            if due is None or due.at_ms > until_ms:
                if until_ms > self.world.now_ms:
                    self.world = replace(self.world, now_ms=until_ms)
                return "reached"
            if self.step_once() == "work":
                return "work"
            if not keep_going():
                return "stopped"

    def step_once(self) -> Step:
        """Take the next entry of the schedule, unless it awaits proof of work."""
        if self.failure is not None:
            raise self.failure
        if self.is_paused_by_breach():
            return "breach"
        due = self.world.schedule.first()
        if due is None:
            return "stepped"
        turn = Turn(self.world, self.tools, due.at_ms)
        turn.schedule = self.world.schedule.rest()
        try:
            dispatch(turn, due)
            report(turn)
        except WorkMissing as missing:
            self._want((missing.seed, missing.header_hash))
            return "work"
        except Exception as error:
            self._fail(f"{type(error).__name__}: {error}", error)
        self._close(turn)
        self._carry_moves()
        if turn.foresees or isinstance(due.what, MineStart | MineTry):
            self._want()
        return "stepped"

    def _want(self, *first: tuple[bytes, bytes]) -> None:
        wishes = upcoming_works(self.world)
        if first or wishes:
            self.tools.works.want((*first, *wishes))

    def _fail(self, what: str, error: Exception) -> None:
        due = self.world.schedule.first()
        self.failure = EngineFault(
            f"the engine failed at {self.now_ms} ms on {due}: {what}"[:400]
        )
        replay = f"seed {self.config.seed}, virtual time {self.now_ms} ms"
        failed = EngineFailed(
            message=what, replay=replay, seq=len(self.events), at_ms=self.now_ms
        )
        self._publish((failed,))
        raise self.failure from error

    # Acts.

    def _act(
        self,
        act: Callable[Concatenate[Turn, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """One act of somebody, now. If it raises, the turn is forgotten."""
        if self.failure is not None:
            raise self.failure
        turn = Turn(self.world, self.tools, self.now_ms)
        try:
            result = act(turn, *args, **kwargs)
            report(turn)
        except (DevnetError, WorkMissing):
            raise
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise EngineFault(f"nothing happened, because of {what}"[:400]) from error
        self._close(turn)
        miners = zip(self.world.main_nodes, turn.before.main_nodes, strict=True)
        if turn.foresees or any(new is not old for new, old in miners):
            self._want()
        return result

    def lock(
        self, who: str, amount: int, asset: str, sidechain: str, to: str | None = None
    ) -> str:
        """Lock value for a sidechain. Returns the transfer's id."""
        return self._act(acts.lock, who, amount, asset, sidechain, to)

    def transfer_value(
        self, sender: str, receiver: str, amount: int, asset: str, chain: str
    ) -> str:
        """Pay on any chain. Returns the transaction id, 64 hex digits."""
        return self._act(
            acts.transfer_value, sender, receiver, amount, asset, chain
        ).hex()

    def submit(self, raw: bytes, chain: str = "main") -> Submitted:
        """Hand in a raw transaction of any wallet."""
        return self._act(submitting.submit_raw, raw, chain)

    def submit_many(
        self, raws: Sequence[bytes], chain: str = "main"
    ) -> tuple[Submitted | DevnetError, ...]:
        """Hand in many at once: for each what became of it, or why it was refused."""
        return self._act(submitting.submit_many, raws, chain)

    def claim(self, transfer_id: str) -> str:
        """Hand a Claim in by hand. Returns its transaction id."""
        return self._act(acts.claim, transfer_id).hex()

    def request_swap(
        self,
        sidechain: str,
        engine: str,
        at: int | None = None,
        validators: Seats | None = None,
        params: Mapping[str, int] | None = None,
    ) -> int:
        """
        Ask the validators for another rule. Returns the closing height.

        Args:
            validators: names, or weights by name; None: those in force.
        """
        return self._act(
            swapping.request_swap, sidechain, engine, at, validators, params
        )

    def cancel_swap(self, sidechain: str) -> int | None:
        """Take back a swap: the last height that may say so; None: it is forgotten."""
        return self._act(swapping.cancel_swap, sidechain)

    def new_sidechain(
        self,
        name: str,
        engine: str,
        n_validators: int = 4,
        store: str = "memory",
        params: Mapping[str, int] | None = None,
        weights: tuple[int, ...] = (),
    ) -> None:
        """One more sidechain, from now on; `weights` of its validators, or 1 each."""
        chosen = tuple(sorted((params or {}).items()))
        spec = SidechainSpec(name, engine, store, n_validators, chosen, weights)
        self.environment.check_store(store)
        self._act(add_sidechain, spec)

    def partition(self, chain: str, groups: Groups = ()) -> Groups:
        """Cut a chain's network into groups; without any the last member is alone."""
        return self._act(cutting.partition, chain, groups)

    def heal(self, chain: str) -> None:
        """Join a chain's network again."""
        self._act(cutting.heal, chain)

    def set_hurry(self, delta: int, mines: bool = False) -> None:
        """Somebody begins (+1) or ends (-1) to wait; `mines`: for mainchain blocks."""
        self._act(acts.set_hurry, delta, mines)

    def take_block(
        self, block: Block, clock_s: int, following: Iterable[BlockHeader] = ()
    ) -> Literal["taken", "known", "work"]:
        """
        Give a block from outside to the first node, which tells the others.

        Args:
            clock_s: seconds since 1970; the block may be one hour ahead of it.
            following: headers that will be handed in next; their work is asked for.

        Returns:
            "taken", "known" when the node had it, or "work" when nothing happened since
            its proof of work is awaited: wait for it and ask again.

        Raises:
            WrongGenesis, UnknownParent, BlockError, TransactionError: the rule broken.
        """
        try:
            is_new = self._act(handing.take_block, block, clock_s)
        except WorkMissing as missing:
            ahead = works_ahead(self.world.tree, following)
            self.tools.works.want(((missing.seed, missing.header_hash), *ahead))
            return "work"
        return "taken" if is_new else "known"

    def acknowledge(self) -> None:
        """Go on after a breach; the alarm stands."""
        self._act(acts.acknowledge)

    def tell_refusal(self, refused: Refused) -> None:
        """Say in the stream that a command was refused. Nothing else changes."""
        if self.failure is None:
            turn = Turn(self.world, self.tools, self.now_ms)
            turn.say(refused)
            self._close(turn)

    # Keeping.

    def snapshot(self) -> World:
        """The world as it is: a reference, nothing is copied."""
        return self.world

    def restore(self, world: World) -> None:
        """
        Back to a snapshot of this network. What came after it never happened.

        Raises:
            BadValue: the snapshot is of a later moment, which never happened.
        """
        if world.n_events > len(self.events):
            raise BadValue(
                f"the snapshot has {world.n_events} events, this network "
                f"{len(self.events)}: it is of a future that was given up"
            )
        self._drop_moves()
        self._open_again(world)
        self.world = world
        del self.events[world.n_events :]
        self.failure = None
        self._keep_anew(world)
        for chain in self.stores.keys() - set(self.sidechain_names()):
            store = self.stores.pop(chain)
            rewrite(store, ())
            store.close()
        self._restart_moves()

    def digest(self) -> str:
        """Hash of every chain's tip and every transfer: 64 hex digits."""
        digest = sha3_256(str(self.world.n_events).encode())
        digest.update(self.world.main_tip)
        for side in self.world.sidechains:
            digest.update(side.head + side.final.hash)
        for name in sorted(self.world.transfers):
            transfer = self.world.transfers[name]
            digest.update(f"{name} {transfer.stage} {transfer.done}".encode())
        return digest.hexdigest()

    def close(self) -> None:
        """Close the databases. The proof-of-work source is its maker's to close."""
        self._drop_moves()
        for store in self.stores.values():
            store.close()
        self.stores = {}
        self._books.close()

    def _close(self, turn: Turn) -> None:
        """A step is done: databases first, then the world, then the words."""
        world, events = turn.close()
        self._keep(turn, world, events)
        self.world = world
        self._publish(events)

    def _publish(self, events: Sequence[Event]) -> None:
        self.events.extend(events)
        for event in events:
            for listener in tuple(self._listeners):
                listener(event)
