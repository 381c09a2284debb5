"""
The session: the one door to a network, held by every front end.

It keeps names, history, pace and the recording; it starts worlds and begins lines. Time
passes as `driving.py` says: headless, `execute(line)` returns when the line is done;
attached, a front end begins lines with `begin` and calls `advance` from a timer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from devnet.commands.completion import complete_line, explain_line
from devnet.commands.context import Catalogue, Settings
from devnet.commands.driving import Driving
from devnet.commands.errors import Interrupted
from devnet.commands.grammar import Call, parse_line, without_secrets
from devnet.commands.host import Host
from devnet.commands.log import Log
from devnet.commands.options import WorldOptions
from devnet.commands.outcome import Outcome
from devnet.commands.pacer import Pacer
from devnet.commands.paths import resolve
from devnet.commands.recording import refusal_line
from devnet.commands.snapshots import FIRST, Companion, Snapshot, Snapshots
from devnet.commands.stream import Stream
from devnet.commands.tasks import Task
from devnet.commands.types import Completion
from devnet.commands.values import Said
from devnet.commands.verbs import all_commands
from devnet.commands.walleting import HeldWallet
from devnet.engine.events import Refused

if TYPE_CHECKING:
    from devnet.engine.network import Network
    from devnet.wallet.wallet import Wallet

MOST_HISTORY = 10_000


class Session(Driving):
    """
    Names, history, pace, and the network that lines act on.

    Args:
        host: how to make networks.
        options: what `start` uses where it says nothing.
        read_only: refuse verbs that act.
        attached: a front end drives the time; otherwise `execute` does.
    """

    def __init__(
        self,
        host: Host,
        options: WorldOptions | None = None,
        *,
        read_only: bool = False,
        attached: bool = False,
    ) -> None:
        super().__init__(host, attached=attached)
        self.defaults = options or WorldOptions()
        self.options = self.defaults
        self.read_only = read_only
        self.settings = Settings()
        self.names: dict[str, Any] = {}
        self.history: list[str] = []
        self.wants_to_quit = False
        self.resumed = False
        self.n_worlds = 0
        self.stream = Stream()
        self._network: Network | None = None
        self._snapshots: Snapshots | None = None
        self._companions: list[Companion] = []
        self._listeners: list[Callable[[Network], None]] = []
        self.held = HeldWallet(
            lambda: self.network, lambda: host.wall.date_s(), self.join
        )

    # The world.

    @property
    def network(self) -> Network:
        """The network; the kept world, or the default one, is started at need."""
        if self._network is None and (back := self.host.resume()) is not None:
            self._hold(*back, resumed=True)
        if self._network is None:
            self.start(self.defaults)
        assert self._network is not None
        return self._network

    @property
    def has_network(self) -> bool:
        """Is a world running already?"""
        return self._network is not None

    def start(self, options: WorldOptions) -> Network:
        """
        Start a world in place of the present one. Names of the old one are gone.

        Raises:
            DevnetError: the options do not fit; the present world stays.
        """
        network = self.host.make_network(options)
        self._hold(network, options)
        return network

    def _hold(
        self, network: Network, options: WorldOptions, *, resumed: bool = False
    ) -> None:
        """A world takes the place of the present one."""
        waiting = [task for task in self._tasks if task.deadline_ms is not None]
        self._end(waiting, "another world was started")
        self.close()
        if self._network is not None:
            self.stream.went_back(self.next_seq, 0)
        self._network, self.options, self.resumed = network, options, resumed
        self.n_worlds += 1
        self.n_steps = 0
        self.names.clear()
        self._snapshots = Snapshots(self._snapshot(FIRST))
        self.log = Log()
        self.fault = None
        self.pacer = self.pacer.resume()
        for tell in list(self._listeners):
            tell(network)

    def _end(self, tasks: list[Task], why: str) -> None:
        for task in tasks:
            task.end(Interrupted(why, hint="ask again"))

    @property
    def wallet(self) -> Wallet:
        """The one wallet, of all front ends. Raises WalletDamaged."""
        return self.held.wallet

    # Snapshots.

    @property
    def snapshots(self) -> Snapshots:
        """Those of the present world."""
        _ = self.network
        assert self._snapshots is not None
        return self._snapshots

    def join(self, companion: Companion) -> None:
        """From now on this goes back with the world; now is its first state."""
        self._companions.append(companion)
        state = companion.saved()
        for snapshot in self.snapshots:
            snapshot.beside.append((companion, state))

    def take_snapshot(self, name: str | None = None) -> Snapshot:
        """The present moment. Raises NameTaken, TooManySnapshots."""
        made = self._snapshot(self.snapshots.new_id(name))
        self.snapshots.add(made)
        return made

    def _snapshot(self, snapshot_id: str) -> Snapshot:
        world = replace(self.network.snapshot(), hurry=0, diggers=0)
        beside = [(one, one.saved()) for one in self._companions]
        height = self.network.main_height()
        return Snapshot(snapshot_id, world, height, dict(self.names), beside)

    def go_back(self, to: Snapshot) -> None:
        """
        All chains, names and wallets as they were. Whoever waits is told to ask again.

        Raises:
            StorageError: a database cannot be written anew.
        """
        busy = [one for one in self._tasks if one.deadline_ms or one.is_stepping]
        self._end(busy, "the world went back to a snapshot")
        stood_still = self.fault is not None or self.network.is_paused_by_breach()
        n_events = self.next_seq
        self.network.restore(to.world)
        self.stream.went_back(n_events, self.next_seq)
        self.snapshots.forget_after(to)
        self.fault, self.names = None, dict(to.names)
        self.n_worlds += 1  # Whoever follows the stream begins again.
        pacer = self.pacer.resume() if stood_still else self.pacer
        self.pacer = replace(pacer, wall_ms=None, target_ms=float(self.now_ms))
        for companion, state in to.beside:
            companion.put_back(state)

    def leave(self, companion: Companion) -> None:
        """It goes its own way from now on."""
        self._companions.remove(companion)
        for snapshot in self.snapshots:
            snapshot.beside = [
                one for one in snapshot.beside if one[0] is not companion
            ]

    def begin_anew(self) -> None:
        """The first state, and nothing of what was done since is remembered."""
        self.go_back(self.snapshots.find(FIRST))
        self.history.clear()
        self.stream = Stream()
        self.log, self.settings = Log(), Settings()
        self.n_steps, self.wants_to_quit = 0, False
        self.pacer = Pacer(speed=self.pacer.speed)

    def close(self) -> None:
        """Close the databases of the present world, if there is one."""
        if self._network is not None:
            self._network.close()

    def keep_wreck(self) -> str:
        """Keep what led to a failure of the engine. Gives the path, or nothing."""
        return self.host.keep_wreck(self)

    def on_world(self, tell: Callable[[Network], None]) -> None:
        """Call this with every network that is started from now on."""
        self._listeners.append(tell)

    @property
    def catalogue(self) -> Catalogue:
        """Names of the plug-ins that can be chosen."""
        return self.host.catalogue

    @property
    def verbs(self) -> Mapping[str, str]:
        """Every verb with its summary."""
        return {one.verb: one.summary for one in all_commands()}

    @property
    def now_ms(self) -> int:
        """Virtual time; zero before the first world."""
        return self._network.now_ms if self._network else 0

    @property
    def next_seq(self) -> int:
        """The place of the event that comes next."""
        return len(self._network.events) if self._network else 0

    @property
    def next_event(self) -> int:
        """The number that it will have in the stream, where none comes twice."""
        return self.stream.number(self.next_seq)

    # Lines.

    def begin(
        self,
        line: str,
        number: int = 1,
        told: Callable[[Outcome], None] = lambda outcome: None,
    ) -> Task:
        """Begin a line. What needs no time is done when this returns."""
        return self.begin_lines([(number, line)], told)

    def begin_lines(
        self,
        lines: Iterable[tuple[int, str | Call]],
        told: Callable[[Outcome], None] = lambda outcome: None,
        *,
        quiet: bool = False,
    ) -> Task:
        """Begin a script: numbered lines, run in order until one fails."""
        task = Task(self, lines, told, self._forget, quiet=quiet)
        self._tasks.append(task)
        self._interrupted = False
        task.poll()
        return task

    def execute(self, line: str, number: int = 1) -> Outcome:
        """Run a line to its end, driving the network as fast as the pace allows."""
        task = self.begin(line, number)
        self.run(task)
        return task.outcome

    def complete(self, text: str, cursor: int | None = None) -> list[Completion]:
        """The words that fit at the cursor."""
        return complete_line(text[:cursor], self)

    def explain(self, text: str) -> Said:
        """The signature of the verb in this half of a line, the next argument lit."""
        return explain_line(text, self)

    def value_of(self, path: str) -> Any:
        """What `$path` leads to. Raises UnknownPath."""
        return resolve(path, self, named=True)

    # For tasks.

    def read_line(self, text: str) -> tuple[Call, ...]:
        """The calls of a line, kept in the history. Raises UsageError."""
        if text.strip():
            self.history.append(without_secrets(text.strip()))
            del self.history[:-MOST_HISTORY]
        return parse_line(text)

    def explain_call(self, call: Call) -> Said:
        """What `lock ?` and `lock --help` answer."""
        words = call.text.removesuffix("?").rstrip()
        if call.tokens[0].text == "--help":
            words = call.verb
        return explain_line(words + " ", self)

    def tell_refusal(self, refused: Refused) -> None:
        """Say in the stream, and keep for the recording, that a command was refused."""
        if self._network is None or self.read_only or self.fault is not None:
            return
        self._network.tell_refusal(refused)
        self.record(refusal_line(refused))

    def remember(self, outcome: Outcome, said: Said | None) -> None:
        """Give a result its names."""
        if said is None:
            return
        value = said.value if said.handle is None else said.handle
        if value is not None:
            self.names["_"] = value
        if outcome.name is not None:
            self.names[outcome.name] = value
