"""
All recorded conversations with real nodes, held with ours: for `devnet conformance`.

Each file is known by its content. A case is what the file lists: a step, a request, a
coin selection, a line of a websocket's log, an endpoint that a client calls.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from devnet.api.app import App, Request
from devnet.api.node import Node
from devnet.api.stories import Teller, differences
from devnet.api.websocket import Hub, Listener
from devnet.commands.launch import make_host
from devnet.commands.options import WorldOptions
from devnet.commands.session import Session
from devnet.engine.bc.block import BlockHeader, parse_header
from devnet.engine.bc.difficulty import INITIAL_SEED
from devnet.engine.chain.coins import Coin
from devnet.engine.errors import CodecError
from devnet.wallet.coins import choose, ordered

Json = Any
Verdict = tuple[str, tuple[str, ...]]
"""Where a case stands, and how it differs; nothing: it passed."""

NO_SIDECHAIN = (
    "the answers of a sidechain's own node, whose ids are of that run; "
    "tests/api/test_sides_http.py replays their forms"
)
DEFAULT_NOW_S = 1_795_355_000.0


class Works(Protocol):
    """Whoever computes proofs of work."""

    def work(self, seed: bytes, header_hash: bytes) -> bytes:
        """The 32-byte answer, waited for."""

    def expect(self, pairs: Any) -> None:
        """These will be asked for."""


class _Source:
    """The works of a run, as a network asks for them."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
        return self._works.work(seed, header_hash)

    def want(self, pairs: tuple[tuple[bytes, bytes], ...]) -> None:
        """What is asked for is waited for."""

    def wait(self, timeout_s: float) -> bool:
        return False

    def close(self) -> None:
        """Whoever made the works closes them."""


def converse(content: Mapping[str, Json], works: Works) -> list[Verdict] | str:
    """
    Hold one file's conversation.

    Returns:
        A verdict for each case, or why none can be given.
    """
    if str(content.get("node", "")).startswith("vapord"):
        return NO_SIDECHAIN
    for name, first, judge in _JUDGES:
        cases = content.get(name)
        if isinstance(cases, list) and any(
            isinstance(one, dict) and first <= one.keys() for one in cases
        ):
            return list(judge(content, works))
    return "nothing in it that could be said to a node"


def _app(works: Works, clock: list[float]) -> App:
    options = WorldOptions(profile="solonet", empty=True, sidechains=())
    session = Session(make_host(_Source(works)), options, attached=True)
    return App(Node(session, now_s=lambda: clock[0]))


# The judges.


def _steps(content: Mapping[str, Json], works: Works) -> Iterator[Verdict]:
    headers = list(_headers(content["steps"]))
    works.expect([(INITIAL_SEED, header.hash) for header in headers])
    clock = [60.0 + max([one.timestamp for one in headers], default=DEFAULT_NOW_S)]

    def wait(seconds: float) -> None:
        clock[0] += seconds

    teller = Teller(_app(works, clock), wait)
    for step in content["steps"]:
        told = asyncio.run(teller.tell(step))
        yield f"steps[{told.number}] {told.endpoint}", told.differences


def _headers(steps: list[Json]) -> Iterator[BlockHeader]:
    for step in steps:
        request = step.get("request") or {}
        raws = [*step.get("blocks", ())]
        if isinstance(request, dict):
            raws += [request.get(name) for name in ("block_header", "raw_block")]
        for raw in raws:
            try:
                yield parse_header(bytes.fromhex(raw))
            except (CodecError, ValueError, TypeError):
                continue


def _requests(content: Mapping[str, Json], works: Works) -> Iterator[Verdict]:
    for at, case in enumerate(content["cases"]):
        app = _app(works, [DEFAULT_NOW_S])
        body = case["request_raw"].encode()
        reply = asyncio.run(app.answer(Request("/create-asset", body)))
        wanted, got = json.loads(case["response_raw"]), json.loads(reply.body)
        if case["http_status"] == 200:
            same = reply.body.decode() == case["response_raw"]
        else:
            del wanted["detail"], got["detail"]
            same = wanted == got and reply.status == case["http_status"]
        wrong = () if same else tuple(differences(wanted, got)) or ("other bytes",)
        yield f"cases[{at}]", wrong


def _access(content: Mapping[str, Json], works: Works) -> Iterator[Verdict]:
    app = _app(works, [DEFAULT_NOW_S])
    good = app.node.tokens.create("good", "").text
    pairs = {
        "good": good,
        "bad secret": "good:" + "0" * 64,
        "unknown id": f"nobody:{good.partition(':')[2]}",
    }
    for at, case in enumerate(content["cases"]):
        app.node.checks_tokens = not case["auth_disabled"]
        pair = pairs.get(case["credentials"])
        token = "" if pair is None else base64.b64encode(pair.encode()).decode()
        local = case["remote"].startswith(("127.", "[::1]"))
        request = Request(
            case["path"], who="local" if local else "remote",
            authorization=f"Basic {token}" if token else "",
        )  # fmt: skip
        reply = asyncio.run(app.answer(request))
        refused = case["http_status"] == 401
        same = (reply.status == 401) == refused
        if refused:
            same = same and json.loads(reply.body) == json.loads(case["body"])
        yield f"cases[{at}] {case['path']}", () if same else (f"HTTP {reply.status}",)


def _coins(content: Mapping[str, Json], works: Works) -> Iterator[Verdict]:
    coins = [
        Coin(bytes.fromhex(one["id"]), b"", 0, b"", one["amount"], b"", 0)
        for one in content["coins"]
    ]
    for at, one in enumerate(coins):
        yield f"coins[{at}]", () if one.amount > 0 else ("an empty coin",)
    for at, case in enumerate(content["cases"]):
        chosen, total = choose(ordered(coins), case["amount"])
        wrong: tuple[str, ...]
        if "code" in case:
            wrong = () if total < case["amount"] else ("it should not suffice",)
        else:
            got = {
                "chosen": [coin.id.hex() for coin in chosen],
                "change": total - case["amount"],
            }
            wrong = tuple(differences({name: case[name] for name in got}, got))
        yield f"cases[{at}]", wrong


def _log(content: Mapping[str, Json], works: Works) -> Iterator[Verdict]:
    hub = Hub(_app(works, [DEFAULT_NOW_S]).node)
    listeners: dict[str, Listener] = {}
    for at, one in enumerate(content["log"]):
        if "frame_text" in one:
            listener = listeners.setdefault(one["conn"], Listener())
            hub.hear(listener, one["frame_text"])
        wanted = one.get("frame")
        wrong: tuple[str, ...] = ()
        if isinstance(wanted, dict):
            listener = listeners[one["conn"]]
            if wanted["notification_type"] != "request_status":
                # What happened on that node; how it is told must be the same.
                listener.tell(wanted["notification_type"], wanted["data"])
            if listener.frames.empty():
                wrong = ("nothing was said",)
            else:
                got = json.loads(listener.frames.get_nowait() or "{}")
                wrong = tuple(differences(_frame(wanted), _frame(got)))
        yield f"log[{at}]", wrong


def _frame(frame: Json) -> Json:
    """A frame without the words of another JSON reader."""
    detail = str(frame.get("error_detail", ""))
    short = {"error_detail": detail.partition(": ")[0]} if "parsing" in detail else {}
    return {**frame, **short}


def _clients(content: Mapping[str, Json], works: Works) -> Iterator[Verdict]:
    for client in content["clients"]:
        app = _app(works, [DEFAULT_NOW_S])
        for one in client["endpoints"]:
            body = str(one.get("example_body") or "")
            if body.startswith("{") and not _is_whole(body):
                continue  # The recording cut it.
            reply = asyncio.run(app.answer(Request(one["path"], body.encode())))
            allowed = {200, *(int(status.split()[0]) for status in one["status"])}
            wrong = () if reply.status in allowed else (f"HTTP {reply.status}",)
            yield f"{client['client']} {one['path']}", wrong


def _is_whole(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


Judge = Callable[[Mapping[str, Json], Works], Iterator[Verdict]]
_JUDGES: tuple[tuple[str, set[str], Judge], ...] = (
    ("steps", {"endpoint", "http_status"}, _steps),
    ("cases", {"request_raw", "response_raw"}, _requests),
    ("cases", {"credentials", "path"}, _access),
    ("cases", {"amount", "change"}, _coins),
    ("log", {"conn", "dir"}, _log),
    ("clients", {"client", "endpoints"}, _clients),
)
