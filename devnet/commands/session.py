"""
The session: the one door to a network, held by every front end.

It keeps names, history, pace and the recording; it starts worlds, begins lines, and
drives the network. Two ways of driving:

- headless: `execute(line)` returns when the line is done, driving as fast as it can;
- attached: a front end begins lines with `begin` and calls `advance` from a timer, in
  slices. `advance` stops at each moment at which something waited for came true.

Both give the same world for the same lines at the same virtual times.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from devnet.commands.completion import complete_line, explain_line
from devnet.commands.context import Catalogue, Settings
from devnet.commands.errors import EngineFault, Interrupted, InvariantAlarm
from devnet.commands.grammar import Call, parse_line
from devnet.commands.host import Host
from devnet.commands.log import Log
from devnet.commands.options import WorldOptions
from devnet.commands.outcome import Outcome
from devnet.commands.pacer import NO_LIMIT_MS, Pacer
from devnet.commands.paths import resolve
from devnet.commands.tasks import Task
from devnet.commands.types import Completion
from devnet.commands.values import Said
from devnet.commands.verbs import all_commands
from devnet.engine.errors import DevnetError
from devnet.engine.events import InvariantBroken

if TYPE_CHECKING:
    from devnet.engine.network import Network

MOST_HISTORY = 10_000
_WORK_WAIT_S = 0.1
_NAP_S = 0.005


class Session:
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
        self.host = host
        self.defaults = options or WorldOptions()
        self.options = self.defaults
        self.read_only, self.attached = read_only, attached
        self.pacer = Pacer(speed=1.0 if attached else math.inf)
        self.settings = Settings()
        self.names: dict[str, Any] = {}
        self.history: list[str] = []
        self.log = Log()
        self.fault: DevnetError | None = None
        self.wants_to_quit = False
        self.n_worlds = 0
        self.n_steps = 0
        self._network: Network | None = None
        self._tasks: list[Task] = []
        self._interrupted = False
        self._listeners: list[Callable[[Network], None]] = []

    # The world.

    @property
    def network(self) -> Network:
        """The network; the default world is started when there is none yet."""
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
        for task in list(self._tasks):
            if task.deadline_ms is not None:
                task.end(Interrupted("another world was started", hint="ask again"))
        self.close()
        self._network, self.options = network, options
        self.n_worlds += 1
        self.n_steps = 0
        self.names.clear()
        self.log = Log()
        self.fault = None
        self.pacer = self.pacer.resume()
        for tell in list(self._listeners):
            tell(network)
        return network

    def close(self) -> None:
        """Close the databases of the present world, if there is one."""
        if self._network is not None:
            self._network.close()

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
        """The number of the event that comes next."""
        return len(self._network.events) if self._network else 0

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

    def run(self, task: Task) -> None:
        """Drive the network until the task is done."""
        while not task.poll():
            self._drive_once(task)

    def run_for(self, until_ms: int, keep_going: Callable[[], bool]) -> None:
        """Let time flow at the pace, up to a virtual time, without any task."""
        while keep_going() and self.now_ms < until_ms:
            status = self._paced_slice(until_ms, keep_going)
            if status in ("reached", "stopped", "breach", "failed"):
                return

    def interrupt(self) -> None:
        """End what is running. Safe inside a signal handler: it only sets a flag."""
        self._interrupted = True

    @property
    def busy(self) -> bool:
        """Is a task running?"""
        return bool(self._tasks)

    def complete(self, text: str, cursor: int | None = None) -> list[Completion]:
        """The words that fit at the cursor."""
        return complete_line(text[:cursor], self)

    def explain(self, text: str) -> Said:
        """The signature of the verb in this half of a line, the next argument lit."""
        return explain_line(text, self)

    def value_of(self, path: str) -> Any:
        """What `$path` leads to. Raises UnknownPath."""
        return resolve(path, self, named=True)

    # Time.

    def advance(
        self, until_ms: int, keep_going: Callable[[], bool] = lambda: True
    ) -> str:
        """
        Let the network run, ending tasks at the very moment that ends them.

        Args:
            until_ms: virtual time to reach.
            keep_going: asked after each step; false stops, for example a time budget.

        Returns:
            "reached", "stopped" (by keep_going), "work" (a proof of work is missing:
            wait for it, or come again later), "breach" (an invariant broke), or
            "failed" (the engine raised; see `fault`).
        """
        if self.fault is not None:
            return "failed"
        while True:
            self._poll_tasks(None)
            deadlines = [
                task.deadline_ms for task in self._tasks if task.deadline_ms is not None
            ]
            horizon_ms = min([until_ms, *deadlines])
            status = self._advance_network(horizon_ms, keep_going)
            if status in ("breach", "failed"):
                return status
            self._poll_tasks(horizon_ms if status == "reached" else None)
            if status == "work" or not keep_going():
                return "work" if status == "work" else "stopped"
            if status == "reached" and horizon_ms >= until_ms:
                return status

    def step_once(self) -> bool:
        """One step of the network. False when it cannot be taken now."""
        try:
            status = self.network.step_once()
        except Exception as error:
            self.failed(error)
            return False
        if status == "stepped":
            self.n_steps += 1
        if self.network.is_paused_by_breach():
            self._alarm()
        return status == "stepped"

    def hurry(self, delta: int) -> None:
        """Something more, or less, waits: the chains run at full pace for it."""
        self.network.set_hurry(delta)
        self.record(f"hurry {delta:+d}")

    def record(self, line: str) -> None:
        """Keep a line that acted on the world, with the moment it was accepted."""
        self.log.add(self.now_ms, self.n_steps, line)

    # For tasks.

    def read_line(self, text: str) -> tuple[Call, ...]:
        """The calls of a line, kept in the history. Raises UsageError."""
        if text.strip():
            self.history.append(text.strip())
            del self.history[:-MOST_HISTORY]
        return parse_line(text)

    def explain_call(self, call: Call) -> Said:
        """What `lock ?` and `lock --help` answer."""
        words = call.text.removesuffix("?").rstrip()
        if call.tokens[0].text == "--help":
            words = call.verb
        return explain_line(words + " ", self)

    def remember(self, outcome: Outcome, said: Said | None) -> None:
        """Give a result its names."""
        if said is None:
            return
        value = said.value if said.handle is None else said.handle
        if value is not None:
            self.names["_"] = value
        if outcome.name is not None:
            self.names[outcome.name] = value

    def failed(self, error: Exception) -> DevnetError:
        """Freeze: the engine failed. Keeps a recording to report, ends every task."""
        self.pacer = self.pacer.pause()
        fault = error if isinstance(error, DevnetError) else None
        if fault is None:
            fault = EngineFault(f"a bug of the devnet: {type(error).__name__}: {error}")
            fault.__cause__ = error
        self.fault = fault
        path = self.host.keep_wreck(self)
        if path:
            fault.hint = f"please report it; devnet replay {path} --check leads to it"
        for task in list(self._tasks):
            task.end(fault)
        return fault

    def _forget(self, task: Task) -> None:
        """The task is done."""
        if task in self._tasks:
            self._tasks.remove(task)

    # Below: driving.

    def _poll_tasks(self, now_ms: int | None) -> None:
        interrupted, self._interrupted = self._interrupted, False
        for task in list(self._tasks):
            if interrupted:
                task.end(Interrupted("interrupted"))
            else:
                task.poll(now_ms)

    def _advance_network(self, until_ms: int, keep_going: Callable[[], bool]) -> str:
        """One call of the network's own advance, watched step by step."""
        network, seen = self.network, -1
        raised: BaseException | None = None

        def watch() -> bool:
            nonlocal seen, raised
            self.n_steps += 1
            # Whatever a test can ask about changes together with an event.
            if len(network.events) != seen:
                seen = len(network.events)
                if any(task.settled(network.now_ms) for task in self._tasks):
                    return False
            try:
                return keep_going() and not self._interrupted
            except Exception as error:  # The front end's, not the engine's.
                raised = error
                return False

        try:
            status = network.advance(until_ms, watch)
        except Exception as error:
            self.failed(error)
            return "failed"
        if raised is not None:
            raise raised
        if status == "breach":
            self._alarm()
        return str(status)

    def _alarm(self) -> None:
        """An invariant broke: pause, and end every task with its name."""
        self.pacer = self.pacer.pause()
        alarm = InvariantAlarm("an invariant broke")
        for broken in self.network.events:
            if isinstance(broken, InvariantBroken):
                alarm = InvariantAlarm(
                    f"{broken.invariant} broke on {broken.chain} at main "
                    f"{broken.main_height}: {broken.detail}",
                    invariant=broken.invariant,
                )
        for task in list(self._tasks):
            task.end(alarm)

    def _drive_once(self, task: Task) -> None:
        """One slice for a task that waits."""
        if self._interrupted:
            self._poll_tasks(None)
        elif task.is_stepping:
            self._wait_for_work()
        else:
            self._paced_slice(NO_LIMIT_MS, lambda: not task.done)

    def _wait_for_work(self) -> None:
        try:
            self.host.works.wait(_WORK_WAIT_S)
        except DevnetError as error:  # No worker is left.
            self.failed(error)

    def _paced_slice(self, until_ms: int, keep_going: Callable[[], bool]) -> str:
        """Advance as far as the pace allows, then wait for what is missing."""
        wall = self.host.wall
        self.pacer = self.pacer.tick(wall.now_s() * 1000, self.now_ms)
        limit_ms = min(until_ms, self.pacer.until_ms)
        status = self.advance(limit_ms, keep_going)
        if status == "work":
            self._wait_for_work()
            self.pacer = self.pacer.held_back(self.now_ms)
        elif status == "reached" and limit_ms < until_ms:
            wall.sleep(_NAP_S)
            return "paced"
        return status
