"""
Notifications over websockets: blocks that join or leave the chain, transactions that
come into the pool.

What is new is found by looking at the tip and the pool, so a reorganisation is told
block by block, and nothing is told twice.
Source: protocol page "http-api", section 13; Bytom/bytom v1.1.0, net/websocket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from devnet.api.node import Node
from devnet.api.wire import BadJson, dumps, loads
from devnet.commands.values import plain
from devnet.engine.mainchain.view import how_moved
from devnet.wallet.definitions import Typed as Number

PATH = "/websocket-subscribe"
MOST_CONNECTIONS = 25
MOST_WAITING = 1_000
"""Frames that a slow reader may leave lying; then it is sent away."""
BLOCKS, TRANSACTIONS, EVENTS = "raw_blocks", "new_transactions", "devnet_events"
TOPICS = (BLOCKS, TRANSACTIONS, EVENTS)
TOO_SLOW, TRY_LATER = 1008, 1013

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(eq=False)
class Listener:
    """One connection, and what it asked for."""

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
    """All connections, and what was last seen of the chain."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._listeners: set[Listener] = set()
        self._tip = node.wallet.tip.hash
        self._pool = frozenset(node.wallet.pool.order)
        self._n_events = len(node.network.events)
        self._n_worlds = node.session.n_worlds

    def look(self) -> None:
        """Tell what is new since the last look."""
        with self._node.guard:
            self._look()

    def _look(self) -> None:
        wallet = self._node.wallet
        tip, order = wallet.tip.hash, wallet.pool.order
        if tip != self._tip:
            if self._listeners and wallet.tree.get(self._tip) is not None:
                self._tell_blocks(self._tip, tip)
            self._tip = tip
        if len(order) != len(self._pool) or not self._pool.issuperset(order):
            if self._listeners:
                self._tell_transactions(order)
            self._pool = frozenset(order)
        self._look_at_events()

    def _look_at_events(self) -> None:
        session, events = self._node.session, self._node.network.events
        if session.n_worlds != self._n_worlds:
            self._n_worlds, self._n_events = session.n_worlds, len(events)
            self._tell(EVENTS, "devnet_reverted", {"next_event": len(events)})
        if any(EVENTS in listener.topics for listener in self._listeners):
            for event in events[self._n_events :]:
                self._tell(EVENTS, "devnet_event", plain(event.as_dict()))
        self._n_events = len(events)

    def _tell_blocks(self, old: bytes, new: bytes) -> None:
        tree = self._node.wallet.tree
        moved = how_moved(tree, old, new)
        for kind, hashes in (
            ("raw_blocks_disconnected", moved.undone),
            ("raw_blocks_connected", moved.joined),
        ):
            for block_hash in hashes:
                self._tell(BLOCKS, kind, tree[block_hash].block.raw.hex())

    def _tell_transactions(self, order: tuple[bytes, ...]) -> None:
        for tx_id in order:
            if tx_id not in self._pool:
                waiting = self._node.wallet.pool.by_id[tx_id]
                data = {
                    "transaction": waiting.tx.raw.hex(), "status_fail": waiting.failed
                }  # fmt: skip
                self._tell(TRANSACTIONS, "new_transaction", data)

    def _tell(self, topic: str, kind: str, data: Any) -> None:
        for listener in self._listeners:
            if topic in listener.topics:
                listener.tell(kind, data)

    async def serve(self, receive: Receive, send: Send) -> None:
        """One connection, from its opening to its end."""
        await receive()
        if len(self._listeners) >= MOST_CONNECTIONS:
            await send({"type": "websocket.close", "code": TRY_LATER})
            return
        await send({"type": "websocket.accept"})
        listener = Listener()
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
