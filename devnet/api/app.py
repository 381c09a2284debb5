"""
What happens to a request: may its sender come in, which endpoint is meant, what does
the body say, what is answered.

Nothing here knows of sockets; `asgi.py` brings requests, and so do tests.
"""

from __future__ import annotations

import gzip
import sys
from dataclasses import dataclass
from typing import Any

import devnet.api.endpoints  # noqa: F401  Fills the table.
from devnet.api import crossings, openapi, sides
from devnet.api.fields import read_body
from devnet.api.guarding import Guarded
from devnet.api.node import Node
from devnet.api.refusals import MESSAGES, NotUnderstood, shape_of
from devnet.api.table import NOTHING, TABLE
from devnet.api.tokens import Access, check_access
from devnet.api.wire import dumps
from devnet.engine.errors import DevnetError

HEADERS = (
    ("content-type", "application/json; charset=utf-8"),
    ("vary", "Accept-Encoding"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "1"),
)
HOME = "/dashboard/"
LEAST_TO_GZIP = 64


@dataclass(frozen=True, slots=True)
class Request:
    """
    A request without its socket.

    Args:
        who: "local" for a caller from a loopback address.
        authorization, accept_encoding: the headers of these names.
    """

    path: str
    body: bytes = b""
    who: Access = "local"
    authorization: str = ""
    accept_encoding: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer without its socket."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = HEADERS


class App:
    """Answers requests for a node."""

    def __init__(self, node: Node) -> None:
        self.node = node

    async def answer(self, request: Request) -> Reply:
        """The answer, always well-formed."""
        try:
            self.admit(request)
            if request.path == "/":
                return Reply(302, b"", (("location", HOME), *HEADERS))
            if request.path == openapi.PATH:
                status, body = 200, openapi.document()
            else:
                status, body = 200, await self._carry_out(request)
        except DevnetError as error:
            status, body = shape_of(error)
            if request.path.startswith(f"/{sides.PREFIX}"):
                body = sides.shifted(body)
        except Exception as error:
            status, body = 200, _bug(request.path, error)
        return _packed(Reply(status, dumps(body)), request.accept_encoding)

    def admit(self, request: Request) -> None:
        """May this caller come in? Raises NotUnderstood."""
        check_access(
            self.node.tokens, request.path, request.who, request.authorization,
            checks=self.node.checks_tokens,
        )  # fmt: skip

    async def _carry_out(self, request: Request) -> dict[str, Any]:
        path = request.path[1:]
        if path.startswith(crossings.PREFIX):
            with self.node.guard:
                crossed = crossings.answer(self.node, path, request.body, request.query)
            if crossed is not None:
                return crossed
        found, target = TABLE.get(path), self.node
        if found is None and path.startswith(sides.PREFIX):
            found, target = sides.find(self.node, path)
        if found is None:
            raise NotUnderstood("BTM000", "not Found")
        ask = read_body(request.body, found.fields) if found.reads_body else {}
        guard = self.node.guard
        try:
            with guard:
                data = found.handler(target, ask)
            if found.is_slow:
                data = await Guarded(guard, data)
        finally:
            with guard:
                self.node.keeper.save()
        return {"status": "success"} | ({} if data is NOTHING else {"data": data})


def _bug(path: str, error: Exception) -> dict[str, Any]:
    """Our own mistakes are told to whoever runs the node; callers learn the kind."""
    kind = type(error).__name__
    sys.stderr.write(f"devnet: a bug of the devnet in {path[:60]}: {kind}\n")
    return {
        "status": "fail", "code": "BTM000", "msg": MESSAGES["BTM000"],
        "error_detail": f"a bug of the devnet: {kind}",
    }  # fmt: skip


def _packed(reply: Reply, accepted: str) -> Reply:
    if "gzip" not in accepted or len(reply.body) < LEAST_TO_GZIP:
        return reply
    body = gzip.compress(reply.body, compresslevel=1, mtime=0)
    return Reply(reply.status, body, (*reply.headers, ("content-encoding", "gzip")))
