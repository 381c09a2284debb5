"""
The app behind a server: reads requests within limits, sends answers, keeps websockets.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from devnet.api.app import App, Reply, Request
from devnet.api.refusals import NotUnderstood, bad_body, shape_of
from devnet.api.tokens import Access
from devnet.api.websocket import Hub
from devnet.api.wire import dumps
from devnet.engine.errors import DevnetError

MOST_BODY_BYTES = 16 * 1024 * 1024
MOST_BODY_S = 10.0

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Gone(Exception):
    """The caller hung up."""


class Asgi:
    """
    What the server calls.

    Args:
        roots: what stands before the paths of whoever comes to another port.
    """

    def __init__(
        self, app: App, hub: Hub, roots: Mapping[int, str] | None = None
    ) -> None:
        self._app, self._hub, self._roots = app, hub, roots or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or one websocket from its opening to its end."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = self._request_of(scope)
        try:
            body = await _body_of(scope, receive)
        except Gone:
            return
        except DevnetError as error:
            status, shape = shape_of(error)
            await _send(send, Reply(status, dumps(shape)), closes=True)
            return
        if self._hub.chain_at(request.path) is not None:
            await self._no_upgrade(request, send)
            return
        request = Request(
            request.path, body, request.who, request.authorization,
            request.accept_encoding, request.query,
        )  # fmt: skip
        reply = await self._app.answer(request)
        self._hub.look()
        await _send(send, reply)

    async def _no_upgrade(self, request: Request, send: Send) -> None:
        """The websocket's path, asked for without an upgrade."""
        try:
            self._app.admit(request)
        except DevnetError as error:
            status, shape = shape_of(error)
            await _send(send, Reply(status, dumps(shape)))
            return
        plain = (("content-type", "text/plain; charset=utf-8"),)
        await _send(send, Reply(400, b"400 Bad Request.\n", plain))

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = self._request_of(scope)
        chain = self._hub.chain_at(request.path)
        try:
            self._app.admit(request)
            if chain is None:
                raise NotUnderstood("BTM000", "not Found")
        except DevnetError:
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._hub.serve(receive, send, chain)

    def _request_of(self, scope: Scope) -> Request:
        headers = {
            name: value.decode("latin-1") for name, value in scope.get("headers", ())
        }
        client, server = scope.get("client"), scope.get("server")
        root = self._roots.get(server[1], "") if server else ""
        return Request(
            root + scope["path"],
            who=_who(client[0] if client else ""),
            authorization=headers.get(b"authorization", ""),
            accept_encoding=headers.get(b"accept-encoding", ""),
            query=scope.get("query_string", b"").decode("latin-1"),
        )


def _who(address: str) -> Access:
    try:
        return "local" if ipaddress.ip_address(address).is_loopback else "remote"
    except ValueError:
        return "remote"


async def _body_of(scope: Scope, receive: Receive) -> bytes:
    """The whole body. Raises NotUnderstood where it is too long or too slow, Gone."""
    length = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
    if length.isdigit() and int(length) > MOST_BODY_BYTES:
        raise bad_body(f"the body has more than {MOST_BODY_BYTES} bytes")
    parts: list[bytes] = []
    n_bytes = 0
    try:
        async with asyncio.timeout(MOST_BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                parts.append(message.get("body", b""))
                n_bytes += len(parts[-1])
                if n_bytes > MOST_BODY_BYTES:
                    raise bad_body(f"the body has more than {MOST_BODY_BYTES} bytes")
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise NotUnderstood("BTM001", "the body did not come in time") from None


async def _send(send: Send, reply: Reply, *, closes: bool = False) -> None:
    headers = [(name.encode(), value.encode()) for name, value in reply.headers]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    if closes:
        headers.append((b"connection", b"close"))
    await send(
        {"type": "http.response.start", "status": reply.status, "headers": headers}
    )
    await send({"type": "http.response.body", "body": reply.body})
