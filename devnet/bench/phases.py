"""
Where the time of a world goes: a clock that is always with exactly one phase.

Functions of the engine are wrapped wherever a module holds them under a name; inside
one that is wrapped, another phase takes over and gives back. Wrapping costs time
itself, so shares are taken in a run of their own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from devnet.engine.actors import (
    dispatch,
    pooling,
    proposing,
    reporting,
    signing,
    submitting,
)
from devnet.engine.actors.turn import Turn
from devnet.engine.bc import transaction
from devnet.engine.interfaces import Store
from devnet.engine.rules import transaction as rules
from devnet.engine.sidechain import judge, persist
from devnet.engine.sidechain.ledger import Ledger

PHASES = (
    "parse", "validate", "admit", "gossip", "order", "execute", "store", "events",
    "rest",
)  # fmt: skip
"""
Bytes read; rules and signatures; the first pool; the others' pools; blocks put together
and followed; their transactions run; databases; what is said; all else.
"""

_FUNCTIONS: tuple[tuple[Callable[..., Any], str], ...] = (
    (transaction.parse_transaction, "parse"),
    (rules.validate_transaction, "validate"),
    (submitting.submit_many, "admit"),
    (pooling.txs_came, "gossip"),
    (dispatch.dispatch, "order"),
    (proposing.propose, "order"),
    (signing.publish, "order"),
    (judge.judge, "execute"),
    (pooling.clean_pool, "order"),
    (persist.changes_of_block, "store"),
    (reporting.report, "events"),
)
_METHODS: tuple[tuple[type, str, str], ...] = (
    (Ledger, "add", "execute"),
    (Turn, "close", "events"),
)


class Meter:
    """CPU seconds by phase."""

    def __init__(self) -> None:
        self.spent_s = dict.fromkeys(PHASES, 0.0)
        self._phases = ["rest"]
        self._since_s = time.process_time()

    def _turn_to(self, phase: str) -> None:
        now_s = time.process_time()
        self.spent_s[self._phases[-1]] += now_s - self._since_s
        self._since_s = now_s
        self._phases.append(phase)

    def _back(self) -> None:
        now_s = time.process_time()
        self.spent_s[self._phases.pop()] += now_s - self._since_s
        self._since_s = now_s

    def shares(self) -> dict[str, float]:
        """The part of each phase, together 1."""
        whole_s = sum(self.spent_s.values())
        return {phase: round(s / whole_s, 3) for phase, s in self.spent_s.items()}

    def wrapped(self, work: Callable[..., Any], phase: str) -> Callable[..., Any]:
        """The function, its time counted for the phase."""

        @wraps(work)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._turn_to(phase)
            try:
                return work(*args, **kwargs)
            finally:
                self._back()

        return timed

    @contextmanager
    def watching(self, stores: tuple[Store, ...]) -> Iterator[None]:
        """Count what happens in this process from here to the end of the block."""
        undo: list[tuple[Any, str, Any]] = []
        for work, phase in _FUNCTIONS:
            timed = self.wrapped(work, phase)
            for owner, name in _holders(work):
                undo.append((owner, name, work))
                setattr(owner, name, timed)
        for kind, name, phase in _METHODS:
            undo.append((kind, name, getattr(kind, name)))
            setattr(kind, name, self.wrapped(getattr(kind, name), phase))
        for kind in {type(store) for store in stores}:
            undo.append((kind, "batch", vars(kind).get("batch", kind.batch)))
            kind.batch = self._batches(kind.batch)  # type: ignore[method-assign]
        self._since_s = time.process_time()
        try:
            yield
        finally:
            self._turn_to("rest")
            self._back()
            for owner, name, old in undo:
                setattr(owner, name, old)

    def _batches(self, batch: Callable[..., Any]) -> Callable[..., Any]:
        """A store's batches, from opening to the end of writing."""

        @contextmanager
        def timed(store: Store) -> Iterator[Any]:
            self._turn_to("store")
            try:
                with batch(store) as opened:
                    yield opened
            finally:
                self._back()

        return timed


def _holders(work: Callable[..., Any]) -> list[tuple[Any, str]]:
    """Modules of the engine that have the function, and under which name."""
    return [
        (module, name)
        for module_name, module in tuple(sys.modules.items())
        if module_name.startswith("devnet.engine")
        for name, value in tuple(vars(module).items())
        if value is work
    ]
