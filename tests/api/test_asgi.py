"""Limits on what comes in, and who counts as a caller from this machine."""

import asyncio
import json

import pytest

from devnet.api import asgi
from devnet.api.asgi import Asgi
from devnet.api.websocket import MOST_CONNECTIONS, MOST_WAITING, Hub, Listener
from tests.api.worlds import House


@pytest.fixture(scope="module")
def app():
    house = House()
    return Asgi(house.app, Hub(house.node))


def call(
    app, parts, *, path="/create-key", client="127.0.0.1", headers=(), hangs=False
):
    """What is sent for a request whose body comes in these parts."""
    sent = []
    waiting = [
        {
            "type": "http.request",
            "body": part,
            "more_body": hangs or at + 1 < len(parts),
        }
        for at, part in enumerate(parts)
    ]

    async def receive():
        if waiting:
            return waiting.pop(0)
        if hangs:
            await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": path, "headers": list(headers)}
    scope["client"] = (client, 5000)
    asyncio.run(app(scope, receive, send))
    return sent


def status_and_code(sent):
    return sent[0]["status"], json.loads(sent[1]["body"])["code"]


def test_a_body_that_does_not_come_is_given_up(app, monkeypatch):
    monkeypatch.setattr(asgi, "MOST_BODY_S", 0.01)
    sent = call(app, [b'{"al'], hangs=True)

    assert status_and_code(sent) == (408, "BTM001")
    assert (b"connection", b"close") in sent[0]["headers"]


def test_a_body_that_never_says_its_length_is_cut_off(app, monkeypatch):
    monkeypatch.setattr(asgi, "MOST_BODY_BYTES", 10)
    assert status_and_code(call(app, [b"123456", b"789012"])) == (400, "BTM002")


def test_a_caller_that_hangs_up_gets_nothing(app):
    assert call(app, []) == []


@pytest.mark.parametrize(
    ("client", "status"),
    [("127.0.0.1", 200), ("127.9.9.9", 200), ("::1", 200), ("10.0.0.7", 401),
     ("::ffff:10.0.0.7", 401), ("", 401), ("somewhere", 401)],
)  # fmt: skip
def test_callers_from_elsewhere_need_a_token(app, client, status):
    sent = call(app, [b"{}"], path="/net-info", client=client)
    assert sent[0]["status"] == status


def test_nobody_becomes_local_by_saying_so(app):
    headers = [(b"x-forwarded-for", b"127.0.0.1"), (b"host", b"127.0.0.1")]
    sent = call(app, [b"{}"], path="/net-info", client="10.0.0.7", headers=headers)
    assert status_and_code(sent) == (401, "BTM860")


def test_a_long_answer_is_packed_for_those_who_can_unpack(app):
    headers = [(b"accept-encoding", b"gzip, deflate")]
    sent = call(app, [b"{}"], path="/get-block", headers=headers)
    assert (b"content-encoding", b"gzip") in sent[0]["headers"]


def test_a_listener_that_does_not_read_is_sent_away(app):
    async def overflow():
        listener = Listener({"raw_blocks"})
        for _ in range(MOST_WAITING + 1):
            listener.tell("raw_blocks_connected", "00")
        return listener.topics, listener.frames.qsize()

    assert asyncio.run(overflow()) == (set(), MOST_WAITING)


def test_there_is_room_for_so_many_listeners_and_no_more(app):
    hub = app._hub
    hub._listeners.update(Listener() for _ in range(MOST_CONNECTIONS))
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message["type"])

    asyncio.run(hub.serve(receive, send))
    hub._listeners.clear()
    assert sent == ["websocket.close"]
