"""
What moves the world while somebody watches: short slices of engine, then a nap.

One slice takes at most SLICE_S of the event loop, so that a key is answered at once.
Proofs of work are computed by another process; a world that waits for one naps too.
The driver also folds new events into the state that the screens show.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from devnet.engine.events import Event
from devnet.tui.state import State, reduce
from devnet.tui.views import FailureView

if TYPE_CHECKING:
    from devnet.commands.session import Session

SLICE_S = 0.008
NAP_S = 0.05
WORK_NAP_S = 0.015
IDLE_NAP_S = 0.1
"""While time stands still, or while nothing has happened for N_IDLE slices."""

N_IDLE = 20
BUSY_NAP_S = 0.001
"""Between slices when there is more to do: the loop serves keys meanwhile."""

SLOW_FOLD = 400
"""Events folded at most in one slice, so that a flood does not freeze the screen."""


class Driver:
    """
    The clockwork of an attached session.

    Args:
        session: whose network moves; its pacer says how fast.
        clock: seconds on the wall, monotonic.
    """

    def __init__(
        self, session: Session, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.session, self._clock = session, clock
        self.state = State()
        self.stream: list[Event] = []
        self._n_folded = self._n_before = self._n_idle = 0
        self._n_worlds = -1
        self.fold(limit=None)

    def slice(self) -> float:
        """Let the world move a little. Returns the seconds to nap before the next."""
        session = self.session
        end_s = self._clock() + SLICE_S
        behind = self.fold()
        if behind:
            return BUSY_NAP_S
        session.pacer = session.pacer.tick(self._clock() * 1000, session.now_ms)
        status = session.advance(session.pacer.until_ms, lambda: self._clock() < end_s)
        if status in ("work", "stopped"):
            session.pacer = session.pacer.held_back(session.now_ms)
        behind = self.fold()
        if behind or status == "stopped":
            return BUSY_NAP_S
        if status == "work":
            return WORK_NAP_S
        n_events = len(self.stream)
        self._n_idle = self._n_idle + 1 if n_events == self._n_before else 0
        self._n_before = n_events
        still = session.pacer.paused and not session.busy
        return IDLE_NAP_S if still or self._n_idle > N_IDLE else NAP_S

    def fold(self, limit: int | None = SLOW_FOLD) -> bool:
        """Fold what happened since the last time. True when more is waiting."""
        session = self.session
        events = session.network.events
        # A world that went back to a snapshot has fewer events than were folded.
        if session.n_worlds != self._n_worlds or len(events) < self._n_folded:
            self._n_worlds, self._n_folded = session.n_worlds, 0
            self.state, self.stream = State(), []
        end = len(events)
        if limit is not None:
            end = min(end, self._n_folded + limit)
        for event in events[self._n_folded : end]:
            self.state = reduce(self.state, event)
            self.stream.append(event)
        self._n_folded = end
        self._notice_fault()
        return end < len(events)

    def _notice_fault(self) -> None:
        fault, known = self.session.fault, self.state.failure
        # The session knows more than the event: where the recording lies.
        if fault is not None and (known is None or known.replay != fault.hint):
            failure = FailureView(fault.message, fault.hint)
            self.state = replace(self.state, failure=failure)
