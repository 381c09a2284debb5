"""
A pool of hash worker processes, and what it knows.

A wish is a (seed, header hash) pair that will be needed. Wishes wait here and not in
the workers, each of which gets two at a time: so a new list of wishes takes effect at
once, and what is no longer wanted is never computed. One thread per worker takes its
answers in. Nothing here imports numpy or touches the terminal.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from threading import Condition, Thread

from devnet.engine.errors import DevnetError
from devnet.worker import frames
from devnet.worker.memo import Memo, Pair
from devnet.worker.process import WorkerProcess, worker_command

IN_FLIGHT = 2
"""One in work and one at hand, so that a worker never waits for us."""

N_RESTARTS = 1

MOST_WORKERS = 8
"""A worker takes 70 MB; nobody mines on a devnet with more."""

CLOSE_S = 2.0


class WorkerFailed(DevnetError):
    """A hash worker died more often than it is restarted."""

    code = "worker.failed"
    default_hint = "save your work and start again; `devnet bench T1` tries the hash"


@dataclass(frozen=True, slots=True)
class HashStats:
    """The pool in numbers. `hashes_per_s` is its speed while it has wishes."""

    n_workers: int
    n_ready: int
    n_hashed: int
    n_waiting: int
    hashes_per_s: float
    engine: str
    notes: tuple[str, ...]


class HashPool:
    """
    A `WorkSource` in processes. `start` returns at once, and `close` takes what it
    started with it.

    Args:
        n_workers: `default_n_workers()` if not given.
        cache_dir: where seed tables are kept; the user's cache folder if not given.
        command: what to start, for tests.
    """

    def __init__(
        self,
        n_workers: int | None = None,
        cache_dir: Path | None = None,
        *,
        command: Sequence[str] | None = None,
    ) -> None:
        self._n_workers = n_workers or default_n_workers()
        self._command = command or worker_command(cache_dir or default_cache_dir())
        self._changed = Condition()  # Guards everything below.
        self._memo = Memo()
        self._wishes: deque[Pair] = deque()
        self._seats: list[_Seat] = []
        self._news = False
        self._closed = False
        self._failure: WorkerFailed | None = None
        self._n_hashed = 0
        self._took_us: deque[int] = deque(maxlen=32)
        self._engine = ""
        self._notes: deque[str] = deque(maxlen=8)

    def start(self) -> None:
        """Start the workers, which then load numpy and a seed table by themselves."""
        with self._changed:
            if self._seats or self._closed:
                return
            self._seats = [_Seat() for _ in range(self._n_workers)]
            for seat in self._seats:
                self._fill(seat)
                seat.thread = Thread(target=self._tend, args=(seat,), daemon=True)
                seat.thread.start()
            self._hand_out()

    def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
        """The 32-byte work, or None when it is not known yet."""
        with self._changed:
            return self._memo.get((seed, header_hash))

    def want(self, pairs: tuple[Pair, ...]) -> None:
        """These will be needed, soonest first. Replaces what was wanted before."""
        with self._changed:
            busy = {pair for seat in self._seats for pair in seat.in_flight}
            self._wishes = deque(
                pair
                for pair in dict.fromkeys(pairs)
                if pair not in self._memo and pair not in busy
            )
            self._hand_out()

    def wait(self, timeout_s: float) -> bool:
        """
        Wait until there is an answer that came after the last wait.

        Returns:
            False when time ran out, or the pool was closed.

        Raises:
            WorkerFailed: no worker is left, so that nothing will ever come.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._news or self._closed or self._deserted(), timeout_s
            )
            came, self._news = self._news, False
            if not came and not self._closed and self._failure and self._deserted():
                raise self._failure
            return came

    def remember(
        self, works: Mapping[Pair, bytes] | Iterable[tuple[Pair, bytes]]
    ) -> None:
        """Take over works that are known from elsewhere: nothing is computed twice."""
        with self._changed:
            self._memo.add(works)
            self._wishes = deque(p for p in self._wishes if p not in self._memo)

    def known(self) -> dict[Pair, bytes]:
        """Every work known here."""
        with self._changed:
            return self._memo.all()

    @property
    def failure(self) -> WorkerFailed | None:
        """What went wrong with a worker for good, if anything did."""
        with self._changed:
            return self._failure

    def stats(self) -> HashStats:
        """The pool in numbers, for a screen."""
        with self._changed:
            n_here = sum(seat.process is not None for seat in self._seats)
            mean_us = fmean(self._took_us) if self._took_us else 0.0
            return HashStats(
                n_workers=n_here,
                n_ready=sum(seat.ready for seat in self._seats),
                n_hashed=self._n_hashed,
                n_waiting=len(self._wishes)
                + sum(len(s.in_flight) for s in self._seats),
                hashes_per_s=n_here * 1e6 / mean_us if mean_us else 0.0,
                engine=self._engine,
                notes=tuple(self._notes),
            )

    def close(self) -> None:
        """End the workers, which stop in the middle of a hash. Takes a moment."""
        with self._changed:
            self._closed = True
            self._wishes.clear()
            self._changed.notify_all()
            seats, self._seats = self._seats, []
        processes = [seat.process for seat in seats if seat.process]
        for process in processes:
            process.hang_up()
        deadline_s = time.monotonic() + CLOSE_S
        for process in processes:
            process.reap(max(0.0, deadline_s - time.monotonic()))
        for seat in seats:
            if seat.thread:
                seat.thread.join(CLOSE_S)

    def __enter__(self) -> HashPool:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # Below, the lock is held by the caller, except in the threads' own two functions.

    def _deserted(self) -> bool:
        """All workers are gone for good."""
        return bool(self._seats) and not any(seat.process for seat in self._seats)

    def _hand_out(self) -> None:
        """Give the soonest wishes to the least busy workers."""
        while self._wishes:
            able = [s for s in self._seats if s.able and len(s.in_flight) < IN_FLIGHT]
            if not able:
                return
            seat = min(able, key=lambda seat: len(seat.in_flight))
            pair = self._wishes.popleft()
            seat.in_flight.append(pair)
            seat.send(pair)

    def _fill(self, seat: _Seat) -> None:
        """Put a new process on a seat, or note why there is none."""
        seat.ready = False
        try:
            seat.process = WorkerProcess(self._command)
        except OSError as error:
            seat.process = None
            self._failure = WorkerFailed(f"the hash worker cannot be started: {error}")
            self._changed.notify_all()
        seat.able = seat.process is not None

    def _tend(self, seat: _Seat) -> None:
        """The thread of a seat: take answers in, and replace a worker that died."""
        while (process := seat.process) is not None:
            reason = self._listen(seat, process)
            exit_code = process.reap(CLOSE_S)
            process.answers.close()
            with self._changed:
                if self._closed:
                    return
                self._replace(seat, reason or f"it ended with status {exit_code}")

    def _listen(self, seat: _Seat, process: WorkerProcess) -> str:
        """Take answers in until the worker ends. Its last words, if it had any."""
        last_words = ""
        try:
            while frame := frames.read_frame(process.answers):
                kind, payload = frame
                if kind == frames.ERROR:
                    last_words = payload.decode(errors="replace")
                with self._changed:
                    self._take(seat, kind, payload)
        except (
            OSError,
            ValueError,
        ) as error:  # ValueError: no frame, or a closed file.
            return last_words or f"it broke off: {error}"
        return last_words

    def _take(self, seat: _Seat, kind: bytes, payload: bytes) -> None:
        """One frame from a worker."""
        if kind == frames.WORK:
            seed, header_hash, work, took_us = frames.ANSWER.unpack(payload)
            pair = (seed, header_hash)
            self._memo.add({pair: work})
            self._n_hashed += 1
            self._took_us.append(took_us)
            self._news = True
            if pair in seat.in_flight:
                seat.in_flight.remove(pair)
            self._hand_out()
        elif kind == frames.READY:
            seat.ready = True
            self._engine = payload.decode(errors="replace")
        elif kind == frames.NOTE:
            self._notes.append(payload.decode(errors="replace"))
        self._changed.notify_all()

    def _replace(self, seat: _Seat, reason: str) -> None:
        """After a worker's death: its wishes go back, and once it gets a successor."""
        self._wishes.extendleft(reversed(seat.in_flight))
        seat.in_flight.clear()
        seat.process, seat.able, seat.ready = None, False, False
        if seat.n_restarts < N_RESTARTS:
            seat.n_restarts += 1
            self._notes.append(f"a hash worker died ({reason}) and was started again")
            self._fill(seat)
        else:
            self._failure = WorkerFailed(
                f"a hash worker died {seat.n_restarts + 1} times: {reason}",
                reason=reason,
            )
        self._hand_out()
        self._changed.notify_all()


class _Seat:
    """A worker's place: who sits on it, and what it has been given to do."""

    def __init__(self) -> None:
        self.process: WorkerProcess | None = None
        self.thread: Thread | None = None
        self.in_flight: list[Pair] = []
        self.able = False
        self.ready = False
        self.n_restarts = 0

    def send(self, pair: Pair) -> None:
        """Hand a wish over. If the worker is dead, its thread finds the wish here."""
        try:
            assert self.process is not None
            self.process.ask(pair)
        except (OSError, ValueError):
            self.able = False


def default_n_workers(n_spared: int = 1) -> int:
    """The cores that we may use but for those spared: at least one, and no crowd."""
    if hasattr(os, "sched_getaffinity"):
        n_cores = len(os.sched_getaffinity(0))
    else:
        n_cores = os.cpu_count() or 1
    return min(max(1, n_cores - n_spared), MOST_WORKERS)


def default_cache_dir() -> Path | None:
    """The user's cache folder, or None where there is no home."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(given):  # A relative one is to be ignored, says its standard.
        return Path(given) / "bystack-devnet"
    try:
        return Path.home() / ".cache" / "bystack-devnet"
    except RuntimeError:
        return None
