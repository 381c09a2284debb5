"""A session served from a thread of its own, beside a program that uses it, too."""

from __future__ import annotations

import asyncio
import math
import threading
from contextlib import AbstractContextManager

from devnet.api.serving import Address, Service
from devnet.commands.session import Session

GRACE_S = 5.0


class HttpServer:
    """
    The HTTP interface of a session, until `close`.

    Args:
        guard: held by whoever touches the session.
        port: 0: any that is free.
        speed: virtual time per wall time; 0: it stands still here.

    Raises:
        PortTaken.
    """

    def __init__(
        self,
        session: Session,
        guard: AbstractContextManager[object],
        port: int = 0,
        speed: float = 1.0,
    ) -> None:
        self._session, self._guard = session, guard
        self._service = Service(session, Address(port=port), guard=guard)
        if speed:
            session.pacer = session.pacer.at_speed(speed)
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(ready, bool(speed)), name="devnet http", daemon=True
        )
        self._thread.start()
        ready.wait(GRACE_S)

    def _run(self, ready: threading.Event, drives: bool) -> None:
        with self._service:
            asyncio.run(self._service.run(ready.set, drives=drives))

    @property
    def url(self) -> str:
        """Where it listens, "http://127.0.0.1:PORT"."""
        return str(self._service.ready_line()["mainchain"])

    def __str__(self) -> str:
        return self.url

    def close(self) -> None:
        """End it; requests under way are answered."""
        self._service.stop()
        self._thread.join(GRACE_S)
        with self._guard:
            self._session.pacer = self._session.pacer.at_speed(math.inf)
