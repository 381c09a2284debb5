"""
Driving: how a session lets virtual time pass, and ends what waited for it.

Two ways of driving. Headless, `run` returns when a task is done, as fast as the pace
allows. Attached, a front end calls `advance` from a timer, in slices. `advance` stops
at each moment at which something waited for came true, so both give the same world for
the same lines at the same virtual times.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from devnet.commands.errors import EngineFault, Interrupted, InvariantAlarm
from devnet.commands.host import Host
from devnet.commands.log import Log
from devnet.commands.pacer import NO_LIMIT_MS, Pacer
from devnet.commands.tasks import Task
from devnet.engine.errors import DevnetError
from devnet.engine.events import InvariantBroken

if TYPE_CHECKING:
    from devnet.engine.network import Network

_WORK_WAIT_S = 0.1
_NAP_S = 0.005


class Driving(ABC):
    """
    The part of a session that moves its network.

    Args:
        host: where proofs of work and the clock on the wall come from.
        attached: a front end drives the time; otherwise `run` does.
    """

    def __init__(self, host: Host, *, attached: bool) -> None:
        self.host, self.attached = host, attached
        self.pacer = Pacer(speed=1.0 if attached else math.inf)
        self.log = Log()
        self.fault: DevnetError | None = None
        self.n_steps = 0
        self._tasks: list[Task] = []
        self._interrupted = False

    @property
    @abstractmethod
    def network(self) -> Network:
        """The network that is driven."""

    @property
    @abstractmethod
    def now_ms(self) -> int:
        """Virtual time; zero before the first world."""

    @abstractmethod
    def keep_wreck(self) -> str:
        """Keep what led to a failure of the engine. Gives the path, or nothing."""

    @property
    def busy(self) -> bool:
        """Is a task running?"""
        return bool(self._tasks)

    def interrupt(self) -> None:
        """End what is running. Safe inside a signal handler: it only sets a flag."""
        self._interrupted = True

    def run(self, task: Task) -> None:
        """Drive the network until the task is done."""
        while not self.drive(task):
            pass

    def drive(self, task: Task, keep_going: Callable[[], bool] = lambda: True) -> bool:
        """
        Drive the network one slice towards the end of a task. True: it is done.

        Args:
            keep_going: asked after each step; false ends the slice.
        """
        if not task.poll():
            self._drive_once(task, keep_going)
        return task.done

    def run_for(self, until_ms: int, keep_going: Callable[[], bool]) -> None:
        """Let time flow at the pace, up to a virtual time, without any task."""
        while keep_going() and self.now_ms < until_ms:
            status = self._paced_slice(until_ms, keep_going)
            if status in ("reached", "stopped", "breach", "failed"):
                return

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

    def date_s(self) -> int:
        """The host's clock, seconds since 1970: for blocks from outside alone."""
        return int(self.host.wall.date_s())

    def hurry(self, delta: int, mines: bool = False) -> None:
        """
        Something more, or less, waits: the chains run at full pace for it.

        Args:
            mines: it waits for mainchain blocks, so that an empty world mines too.
        """
        self.network.set_hurry(delta, mines)
        self.record(f"hurry {delta:+d}" + (" mines" if mines else ""))

    def record(self, line: str) -> None:
        """Keep a line that acted on the world, with the moment it was accepted."""
        self.log.add(self.now_ms, self.n_steps, line)

    def failed(self, error: Exception) -> DevnetError:
        """Freeze: the engine failed. Keeps a recording to report, ends every task."""
        self.pacer = self.pacer.pause()
        fault = error if isinstance(error, DevnetError) else None
        if fault is None:
            fault = EngineFault(f"a bug of the devnet: {type(error).__name__}: {error}")
            fault.__cause__ = error
        self.fault = fault
        path = self.keep_wreck()
        if path:
            fault.hint = f"please report it; devnet replay {path} --check leads to it"
        for task in list(self._tasks):
            task.end(fault)
        return fault

    def _forget(self, task: Task) -> None:
        """The task is done."""
        if task in self._tasks:
            self._tasks.remove(task)

    # Below: one call of the network.

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
        events = self.network.events
        broken = [one for one in events if isinstance(one, InvariantBroken)]
        # One wrong coin breaks several sums at once; the first is the plainest.
        broken = [one for one in broken if one.at_ms == broken[-1].at_ms]
        first = broken[0]
        names = ", ".join(one.invariant for one in broken)
        alarm = InvariantAlarm(
            f"{names} broke on {first.chain} at main {first.main_height}: "
            f"{first.detail}",
            invariant=first.invariant,
        )
        for task in list(self._tasks):
            task.end(alarm)

    def _drive_once(self, task: Task, keep_going: Callable[[], bool]) -> None:
        """One slice for a task that waits."""
        if self._interrupted:
            self._poll_tasks(None)
        elif task.is_stepping:
            self._wait_for_work()
        else:
            self._paced_slice(NO_LIMIT_MS, lambda: not task.done and keep_going())

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
