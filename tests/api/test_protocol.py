"""Callers that are no callers get an answer, and are kept waiting for nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket

import pytest

from devnet.api import protocol
from devnet.api.asgi import Asgi
from devnet.api.serving import make_server
from devnet.api.websocket import Hub
from tests.api.worlds import House

GOOD = b"POST /get-block-count HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"


@contextlib.asynccontextmanager
async def serving():
    """A server in this process, and its port."""
    house = House()
    listening = socket.create_server(("127.0.0.1", 0))
    server = make_server(Asgi(house.app, Hub(house.node)))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0)
    try:
        yield listening.getsockname()[1], server
    finally:
        server.should_exit = True
        await task


async def say(*parts: bytes) -> bytes:
    """Everything that the server answers until it hangs up."""
    async with serving() as (number, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", number)
        for part in parts:
            with contextlib.suppress(ConnectionError):
                writer.write(part)
                await writer.drain()
        said = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        return said


def refusal(said: bytes) -> tuple[int, str]:
    head, _, body = said.partition(b"\r\n\r\n")
    answer = json.loads(body)
    assert answer["status"] == "fail" and b"connection: close" in head
    return int(head.split()[1]), answer["code"]


@pytest.mark.parametrize(
    "nonsense",
    [b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"POST / HTTP/9.7\r\n\r\n"],
    ids=["words", "tls", "version"],
)
def test_what_is_no_http_is_refused_in_the_envelope(nonsense):
    assert refusal(asyncio.run(say(nonsense))) == (400, "BTM002")


def test_an_endless_head_is_refused():
    parts = [b"POST / HTTP/1.1\r\nx: "] + [b"y" * 32 * 1024] * 3

    assert refusal(asyncio.run(say(*parts))) == (400, "BTM002")


@pytest.mark.parametrize(
    "begin",
    [b"", b"POST /net-info HTTP/1.1\r\nhost: x\r\n", GOOD + b"POST /net-info HT"],
    ids=["nothing", "half a head", "half a second head"],
)
def test_a_head_that_never_ends_is_waited_for_so_long_and_no_longer(monkeypatch, begin):
    monkeypatch.setattr(protocol, "MOST_HEAD_S", 0.05)

    said = asyncio.run(say(begin))

    *first, last = said.split(b"HTTP/1.1 ")[1:]
    assert len(first) == begin.count(GOOD)
    assert refusal(b"HTTP/1.1 " + last) == (408, "BTM001")


def test_nobody_waits_for_a_head_while_a_connection_rests():
    async def talk() -> list[bytes]:
        async with serving() as (number, server):
            reader, writer = await asyncio.open_connection("127.0.0.1", number)
            heard = []
            for _ in range(2):
                writer.write(GOOD)
                heard.append(await asyncio.wait_for(reader.readuntil(b"}\n"), 30))
                (connection,) = server.server_state.connections
                assert connection.patience is None
            writer.close()
            return heard

    assert all(b"block_count" in one for one in asyncio.run(talk()))
