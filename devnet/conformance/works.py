"""Proofs of work for a run: computed beside it, from its start to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from types import TracebackType

from devnet.conformance.sections import Pair
from devnet.conformance.values import BadCase
from devnet.engine.interfaces import WorkSource

STEP_S = 1.0
PATIENCE_S = 600.0
"""Longer than a plain-Python seed table on a slow machine takes."""


class PooledWorks:
    """
    Works from a `WorkSource` that is started when first something is wanted.

    Args:
        start: makes the source; it must be closed with `close`.
    """

    def __init__(self, start: Callable[[], WorkSource]) -> None:
        self._start = start
        self._source: WorkSource | None = None
        self._wanted: dict[Pair, None] = {}

    def expect(self, pairs: Iterable[Pair]) -> None:
        """These will be asked for, in about this order."""
        self._wanted.update(dict.fromkeys(pairs))
        if self._wanted:
            self._ready().want(tuple(self._wanted))

    def work(self, seed: bytes, header_hash: bytes) -> bytes:
        """The answer, waited for. BadCase: none came in ten minutes."""
        source, pair = self._ready(), (seed, header_hash)
        found = source.get(seed, header_hash)
        if found is None and pair not in self._wanted:
            self._wanted = {pair: None, **self._wanted}
            source.want(tuple(self._wanted))
        deadline_s = time.monotonic() + PATIENCE_S
        while found is None:
            source.wait(STEP_S)
            found = source.get(seed, header_hash)
            if found is None and time.monotonic() > deadline_s:
                raise BadCase(f"no proof of work came in {PATIENCE_S:.0f} s")
        self._wanted.pop(pair, None)
        return found

    def close(self) -> None:
        """End what was started."""
        if self._source is not None:
            self._source.close()

    def _ready(self) -> WorkSource:
        if self._source is None:
            self._source = self._start()
        return self._source

    def __enter__(self) -> PooledWorks:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def hash_pool() -> WorkSource:
    """A pool of hash workers, started; one more than usual, since we mostly wait."""
    from devnet.worker.pool import MOST_WORKERS, HashPool, default_n_workers

    pool = HashPool(min(MOST_WORKERS, default_n_workers() + 1))
    pool.start()
    return pool
