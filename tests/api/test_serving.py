"""
`devnet serve` as programs meet it: a process, a socket, one ready line, a clean end.
"""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Request, TextMessage

from devnet.api.asgi import MOST_BODY_BYTES
from devnet.api.serving import Address, PortTaken
from tests.api.worlds import story

STEPS = {step["n"]: step for step in story("http-api")["steps"]}
PATIENCE_S = 60


@contextmanager
def served(*words):
    """A served devnet: the process, and what its ready line says."""
    process = subprocess.Popen(
        [sys.executable, "-m", "devnet", "serve", "--port", "0", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def node():
    """One for all tests; it must end cleanly, and must not have complained."""
    with served("--profile", "solonet", "--empty") as (process, ready):
        yield ready
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, said) == (0, "")


def port_of(ready):
    return int(ready["mainchain"].rpartition(":")[2])


def connect(ready):
    return http.client.HTTPConnection("127.0.0.1", port_of(ready), timeout=PATIENCE_S)


def ask(connection, path, body=b"{}", method="POST", **headers):
    connection.request(method, path, body, headers)
    reply = connection.getresponse()
    return reply, reply.read()


def test_the_first_line_tells_where_the_node_is(node):
    assert node["ready"] is True
    assert node["mainchain"].startswith("http://127.0.0.1:")
    reply, body = ask(connect(node), "/net-info")
    assert reply.status == 200
    assert json.loads(body) == STEPS[1]["response"]


def test_a_connection_stays_open_unless_the_caller_wants_it_closed(node):
    connection = connect(node)
    for _ in range(3):
        reply, _ = ask(connection, "/get-block-count")
        assert reply.getheader("connection") != "close"
    used = connection.sock
    reply, _ = ask(connection, "/get-block-count")
    assert connection.sock is used
    reply, _ = ask(connect(node), "/get-block-count", Connection="close")
    assert reply.getheader("connection") == "close"


def test_answers_carry_the_headers_of_the_real_node(node):
    reply, body = ask(connect(node), "/gas-rate")

    assert body.endswith(b"\n")
    assert reply.getheader("content-type") == "application/json; charset=utf-8"
    assert reply.getheader("vary") == "Accept-Encoding"
    assert reply.getheader("x-content-type-options") == "nosniff"
    assert reply.getheader("x-frame-options") == "DENY"
    assert reply.getheader("access-control-allow-origin") is None


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_the_method_does_not_matter(node, method):
    _, body = ask(connect(node), "/get-block-count", method=method)
    assert json.loads(body)["data"].keys() == {"block_count"}


def test_a_body_that_is_too_long_is_refused_before_it_is_read(node):
    connection = connect(node)
    connection.putrequest("POST", "/create-key")
    connection.putheader("content-length", str(MOST_BODY_BYTES + 1))
    connection.endheaders()
    reply = connection.getresponse()

    assert (reply.status, json.loads(reply.read())["code"]) == (400, "BTM002")
    assert reply.getheader("connection") == "close"


def test_the_front_page_leads_to_the_dashboard(node):
    reply, _ = ask(connect(node), "/")
    assert (reply.status, reply.getheader("location")) == (302, "/dashboard/")


class Socket:
    """A websocket client."""

    def __init__(self, ready, path="/websocket-subscribe", port=0):
        self._socket = socket.create_connection(
            ("127.0.0.1", port or port_of(ready)), timeout=PATIENCE_S
        )
        self._protocol = WSConnection(ConnectionType.CLIENT)
        request = Request(host="127.0.0.1", target=path)
        self._socket.sendall(self._protocol.send(request))
        self._events = self._read()
        assert isinstance(next(self._events), AcceptConnection)

    def _read(self):
        while data := self._socket.recv(65536):
            self._protocol.receive_data(data)
            yield from self._protocol.events()

    def send(self, text):
        self._socket.sendall(self._protocol.send(TextMessage(data=text)))

    def receive(self):
        text = ""
        for event in self._events:
            text += event.data
            if event.message_finished:
                return json.loads(text)
        raise EOFError

    def close(self):
        self._socket.close()


def without_parsing(frame):
    """A frame without the words of another JSON reader."""
    detail = frame.get("error_detail", "")
    if "parsing error" in detail:
        return {**frame, "error_detail": detail.partition(": ")[0]}
    return frame


def test_a_websocket_answers_as_recorded(node):
    connection = Socket(node)
    log = [one for one in story("http-api-websocket")["log"] if one.get("conn") == "a"]
    for place, one in enumerate(log):
        if one["dir"] != "send":
            continue
        connection.send(one["frame_text"])
        assert without_parsing(connection.receive()) == without_parsing(
            log[place + 1]["frame"]
        )
    connection.close()


def test_the_websockets_path_without_an_upgrade_is_a_bad_request(node):
    reply, body = ask(connect(node), "/websocket-subscribe", method="GET")
    assert [reply.status, body.decode()] == [400, "400 Bad Request.\n"]


def test_a_block_is_told_while_requests_are_answered_at_once(node):
    listener = Socket(node)
    listener.send('{"topic": "notify_raw_blocks"}')
    assert listener.receive()["data"] is None
    slow, quick = connect(node), connect(node)
    # The proof of work is computed for real, by another process.
    slow.request("POST", "/submit-work", json.dumps(STEPS[109]["request"]))
    waits_s = []
    for _ in range(20):
        start_s = time.monotonic()
        ask(quick, "/net-info")
        waits_s.append(time.monotonic() - start_s)
    assert max(waits_s) < 1
    assert json.loads(slow.getresponse().read()) == STEPS[109]["response"]
    told = listener.receive()
    _, body = ask(quick, "/get-raw-block", b'{"block_height": 1}')
    assert told["notification_type"] == "raw_blocks_connected"
    assert told["data"] == json.loads(body)["data"]["raw_block"]
    listener.close()


def test_a_port_that_is_taken_is_one_sentence(node):
    with pytest.raises(PortTaken) as caught:
        Address(port=port_of(node)).open()
    assert "cannot be listened on" in caught.value.message
    assert "--port 0" in caught.value.hint


@pytest.mark.parametrize("host", ["nowhere", "300.1.1.1", "192.0.2.1"])
def test_an_address_of_another_machine_is_no_place_to_listen(host):
    with pytest.raises(PortTaken):
        Address(host, 0).open()


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_cannot_be_is_refused(port):
    with pytest.raises(PortTaken):
        Address(port=port).open()
