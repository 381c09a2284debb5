"""
What a caller may do before its request is one: bounds for heads, answers to nonsense.

The server's own parser reads HTTP; here is only who waits for it, and how long.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from devnet.api.refusals import NotUnderstood, bad_body, shape_of
from devnet.api.wire import dumps

MOST_HEAD_BYTES = 64 * 1024
MOST_HEAD_S = 10.0
"""From the opening of a connection, or the first byte of a later request."""
_REASONS = {400: b"Bad Request", 408: b"Request Timeout"}


class Bounded(HttpToolsProtocol):
    """
    A connection whose requests must begin soon and not with endless heads.

    patience: ends when the head that is awaited has not come; None: none is awaited.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._in_head = True
        self._n_head_bytes = 0
        self.patience: asyncio.TimerHandle | None = None

    def connection_made(  # type: ignore[override]
        self, transport: asyncio.Transport
    ) -> None:
        """Somebody calls, and has to say what for."""
        super().connection_made(transport)
        self._begin_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any longer."""
        self._end_head()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The first byte of a request has come."""
        super().on_message_begin()
        self._begin_head()

    def on_headers_complete(self) -> None:
        """The head has ended; the body has bounds of its own."""
        self._end_head()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Some bytes more."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._n_head_bytes += len(data)
        if self._n_head_bytes > MOST_HEAD_BYTES:
            self._refuse(bad_body(f"a head of more than {MOST_HEAD_BYTES} bytes"))

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP."""
        self._refuse(bad_body(msg.rstrip(".").lower()))

    def _begin_head(self) -> None:
        self._end_head()
        self._in_head, self._n_head_bytes = True, 0
        self.patience = self.loop.call_later(MOST_HEAD_S, self._lose_patience)

    def _end_head(self) -> None:
        self._in_head = False
        if self.patience is not None:
            self.patience.cancel()
            self.patience = None

    def _lose_patience(self) -> None:
        if not self.transport.is_closing():
            self._refuse(
                NotUnderstood("BTM001", f"no whole head came within {MOST_HEAD_S:g} s")
            )

    def _refuse(self, error: NotUnderstood) -> None:
        """Answer in the envelope of all answers, and hang up."""
        self._end_head()
        status, shape = shape_of(error)
        body = dumps(shape)
        self.transport.write(
            b"HTTP/1.1 %d %s\r\n" % (status, _REASONS[status])
            + b"content-type: application/json; charset=utf-8\r\n"
            + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            + body
        )
        self.transport.close()
