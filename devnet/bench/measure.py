"""
Measuring honestly: two things in turn, in one run, and the ratio of each pair.

Absolute times age and travel badly; what this project promises are ratios of a subject
to a yardstick. A then B then A then B: a neighbour that
wakes up disturbs both. CPU time where it can be, since a busy host hardly moves it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median

from devnet.engine.errors import DevnetError

N_PAIRS = 7
N_RUNS = 3
"""A target counts as missed when it is missed in three runs of three."""

MEMORY = "MiB"
"""Stands for the clock where memory is measured; the "seconds" are MiB then."""

Clock = Callable[[], float]
"""Seconds: `time.process_time` or `time.perf_counter`."""


class BenchWrong(DevnetError):
    """Something that was measured gave a wrong answer, so its time means nothing."""

    code = "bench.wrong-answer"
    default_hint = "this is a bug or a broken library: run the test suite"


class BenchUnable(DevnetError):
    """This machine, or this installation, cannot take the measurement."""

    code = "bench.unable"
    default_hint = "the other subjects can be measured: name them after `devnet bench`"


@dataclass(frozen=True, slots=True)
class Target:
    """A bound for a ratio."""

    bound: float
    at_least: bool = False

    def met(self, ratio: float) -> bool:
        """Is the ratio on the right side?"""
        return ratio >= self.bound if self.at_least else ratio <= self.bound

    def __str__(self) -> str:
        return f"at {'least' if self.at_least else 'most'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Times of subject and yardstick, taken in turn. One ratio per pair."""

    subject_s: tuple[float, ...]
    yardstick_s: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Subject by yardstick, in the order of measuring."""
        pairs = zip(self.subject_s, self.yardstick_s, strict=True)
        return tuple(subject / yardstick for subject, yardstick in pairs)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one subject gave. `facts` adds what belongs to it alone."""

    pairs: Pairs
    clock: str
    target: Target
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """The median of the pairs."""
        return median(self.pairs.ratios)

    @property
    def met(self) -> bool:
        """Is the target met?"""
        return self.target.met(self.ratio)


@dataclass(frozen=True, slots=True)
class Subject:
    """One line of the benchmark: what is measured, against what, and how."""

    name: str
    what: str
    yardstick: str
    measure: Callable[[int], Measured]


def in_turn(
    subject: Callable[[], object],
    yardstick: Callable[[], object],
    n_pairs: int,
    clock: Clock = time.process_time,
) -> Pairs:
    """Both once to warm up, then both in turn."""
    subject()
    yardstick()
    pairs = [
        (timed(subject, clock), timed(yardstick, clock)) for _ in range(max(1, n_pairs))
    ]
    return Pairs(tuple(a for a, _ in pairs), tuple(b for _, b in pairs))


def timed(work: Callable[[], object], clock: Clock) -> float:
    """Seconds that it takes once."""
    began_s = clock()
    work()
    return clock() - began_s


def measure(subject: Subject, n_pairs: int = N_PAIRS) -> tuple[Measured, int]:
    """
    Measure, and once or twice again while the target is missed.

    Returns:
        The last measurement, and how many there were.

    Raises:
        BenchWrong: an answer was wrong.
        BenchUnable: it cannot be measured here.
    """
    measured, n_runs = subject.measure(n_pairs), 1
    while not measured.met and n_runs < N_RUNS:
        measured, n_runs = subject.measure(n_pairs), n_runs + 1
    return measured, n_runs


def n_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_average() -> float | None:
    """How busy the host was in the last minute, where it says."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
