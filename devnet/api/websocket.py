"""
Notifications over websockets: blocks that join or leave a chain, transactions that come
into its pool, and the devnet's own events.

Source: protocol page "http-api", section 13; Bytom/bytom v1.1.0, net/websocket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from devnet.api.node import Node
from devnet.api.sides import PREFIX, Side
from devnet.api.watching import BLOCKS, TRANSACTIONS, Sight, Watch
from devnet.api.wire import BadJson, dumps, loads
from devnet.commands.values import plain
from devnet.wallet.definitions import Typed as Number

PATH = "/websocket-subscribe"
MOST_CONNECTIONS = 25
MOST_WAITING = 1_000
"""Frames that a slow reader may leave lying; then it is sent away."""
EVENTS = "devnet_events"
TOPICS = (BLOCKS, TRANSACTIONS, EVENTS)
MAIN = "main"
TOO_SLOW, TRY_LATER = 1008, 1013

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(eq=False)
class Listener:
    """One connection, the chain it is about, and what it asked for."""

    chain: str = MAIN
    topics: set[str] = field(default_factory=set)
    frames: asyncio.Queue[str | None] = field(
        default_factory=lambda: asyncio.Queue(MOST_WAITING)
    )

    def tell(self, kind: str, data: Any, detail: str = "") -> None:
        """Put a frame on its way; None ends a connection that does not read."""
        frame = {"notification_type": kind, "data": data}
        if detail:
            frame["error_detail"] = detail
        if self.frames.full():
            self.topics.clear()
            self.frames.get_nowait()
            self.frames.put_nowait(None)
            return
        self.frames.put_nowait(dumps(frame).decode().rstrip("\n"))


class Hub:
    """All connections, and what was last seen of each chain that they are about."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._listeners: set[Listener] = set()
        self._watches: dict[str, Watch] = {}
        self._next_event = node.session.next_event
        self._n_worlds = node.session.n_worlds

    def _see(self, chain: str) -> Sight | None:
        node = self._node
        if chain == MAIN:
            wallet = node.wallet
            return Sight(wallet.tree, wallet.tip.hash, wallet.pool)
        if node.network.world.sidechain(chain) is None:
            return None
        side = Side(node, chain)
        return Sight(side.chain.tree, side.chain.head, side.pool)

    def look(self) -> None:
        """Tell what is new since the last look."""
        with self._node.guard:
            self._look()

    def _look(self) -> None:
        heard = {listener.chain for listener in self._listeners}
        for chain in self._watches.keys() - heard:
            del self._watches[chain]
        for chain in heard - self._watches.keys():
            self._watches[chain] = Watch(partial(self._see, chain))
        for chain, watch in self._watches.items():
            for news in watch.look():
                self._tell(news.topic, news.kind, news.data, chain)
        self._look_at_events()

    def _look_at_events(self) -> None:
        session, events = self._node.session, self._node.network.events
        place = session.stream.place(self._next_event)
        if session.n_worlds != self._n_worlds:
            self._n_worlds = session.n_worlds
            facts = {"next_event": session.stream.number(place)}
            self._tell(EVENTS, "devnet_reverted", facts)
        if any(EVENTS in listener.topics for listener in self._listeners):
            for at in range(place, len(events)):
                event = {**events[at].as_dict(), "seq": session.stream.number(at)}
                self._tell(EVENTS, "devnet_event", plain(event))
        self._next_event = session.next_event

    def _tell(self, topic: str, kind: str, data: Any, chain: str = "") -> None:
        for listener in self._listeners:
            if topic in listener.topics and chain in ("", listener.chain):
                listener.tell(kind, data)

    def chain_at(self, path: str) -> str | None:
        """The chain whose notifications a path gives; None: it gives none."""
        if path == PATH:
            return MAIN
        name, slash, rest = path.removeprefix(f"/{PREFIX}").partition("/")
        is_side = path.startswith(f"/{PREFIX}") and slash + rest == PATH
        is_there = is_side and name in self._node.network.sidechain_names()
        return name if is_there else None

    async def serve(self, receive: Receive, send: Send, chain: str = MAIN) -> None:
        """One connection, from its opening to its end."""
        await receive()
        if len(self._listeners) >= MOST_CONNECTIONS:
            await send({"type": "websocket.close", "code": TRY_LATER})
            return
        await send({"type": "websocket.accept"})
        listener = Listener(chain)
        self._listeners.add(listener)
        sending = asyncio.create_task(_send_frames(listener, send))
        try:
            while (message := await receive())["type"] != "websocket.disconnect":
                self.hear(listener, message.get("text") or "")
        finally:
            self._listeners.discard(listener)
            sending.cancel()

    def hear(self, listener: Listener, text: str) -> None:
        """One frame of a client."""
        try:
            found = loads(text.encode("utf-8", "replace"))
        except BadJson as error:
            words = f"Websocket request parsing error: {error}"
            listener.tell("request_status", None, words)
            return
        topic = found.get("topic", "") if isinstance(found, dict) else None
        if not isinstance(topic, str) or isinstance(topic, Number):
            words = "Websocket request parsing error: a topic is a text"
            listener.tell("request_status", None, words)
            return
        name = topic.removeprefix("stop_").removeprefix("notify_")
        if topic == f"notify_{name}" and name in TOPICS:
            self.look()
            listener.topics.add(name)
        elif topic == f"stop_notify_{name}" and name in TOPICS:
            listener.topics.discard(name)
        else:
            words = f"Websocket Internal error: There is not this topic: {topic}"
            listener.tell("request_status", None, words)
            return
        listener.tell("request_status", None)


async def _send_frames(listener: Listener, send: Send) -> None:
    while (frame := await listener.frames.get()) is not None:
        await send({"type": "websocket.send", "text": frame})
    await send({"type": "websocket.close", "code": TOO_SLOW})
