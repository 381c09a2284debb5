"""
The server: a socket, the engine advanced in slices beside it, one ready line, and a
clean end on Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import signal
import socket
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from uvicorn.config import Config
from uvicorn.server import Server

from devnet.api.app import App
from devnet.api.asgi import Asgi
from devnet.api.mining import mine_for_ever
from devnet.api.node import Node
from devnet.api.protocol import Bounded
from devnet.api.websocket import PATH, Hub
from devnet.commands.errors import UsageError
from devnet.commands.session import Session
from devnet.wallet.players import PASSWORD, adopt_players

SLICE_S = 0.01
"""Engine time between two looks at the sockets."""
NAP_S = 0.01
WORK_NAP_S = 0.002
IDLE_S = 75
"""A connection is kept open for so long between two requests."""
MOST_FRAME_BYTES = 64 * 1024
GRACE_S = 2


class PortTaken(UsageError):
    """The address cannot be listened on."""

    code = "usage.port"
    default_hint = "choose another --port, or --port 0 for any that is free"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Port 0: any that is free."""

    host: str = "127.0.0.1"
    port: int = 9888

    def open(self) -> socket.socket:
        """A socket that listens. Raises PortTaken."""
        try:
            family = socket.AF_INET
            if ipaddress.ip_address(self.host).version == 6:
                family = socket.AF_INET6
            made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((self.host, self.port))
        except (OSError, OverflowError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise PortTaken(
                f"{self.host} port {self.port} cannot be listened on: {why.lower()}"
            ) from None
        made.setblocking(False)
        return made


class Quiet(Server):
    """A server that leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Catch none."""
        yield


def serve(session: Session, address: Address, folder: Path | None = None) -> int:
    """
    Serve until somebody says stop.

    Args:
        folder: where the wallet is kept; None: it ends with the process.

    Returns:
        The exit status.

    Raises:
        PortTaken.
    """
    listening = address.open()
    try:
        node = Node(session, folder)
        if not session.options.empty:
            adopt_players(node.wallet)
            node.keeper.save()
        session.join(node)
        asyncio.run(_serve(node, listening))
    finally:
        listening.close()
    return 0


async def _serve(node: Node, listening: socket.socket) -> None:
    hub = Hub(node)
    server = make_server(Asgi(App(node), hub))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        node.is_closing = server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no such handlers.
            loop.add_signal_handler(number, stop)
    driving = asyncio.create_task(drive(node.session, hub))
    driving.add_done_callback(lambda task: stop())
    mining = asyncio.create_task(mine_for_ever(node))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0)
    ready = ready_line(node, listening)
    node.places["main"] = str(ready["mainchain"])
    print(json.dumps(ready), flush=True)
    await serving
    for task in (driving, mining):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(driving, mining)


def make_server(asgi: Asgi) -> Quiet:
    """The server around an app; it is started with `serve`."""
    return Quiet(
        Config(
            asgi, http=Bounded, ws="wsproto", loop="asyncio", lifespan="off",
            log_config=None, access_log=False, server_header=False, date_header=True,
            proxy_headers=False, timeout_keep_alive=IDLE_S,
            ws_max_size=MOST_FRAME_BYTES, timeout_graceful_shutdown=GRACE_S,
        )
    )  # fmt: skip


def ready_line(node: Node, listening: socket.socket) -> dict[str, object]:
    """What a program reads that started us."""
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return {
        "ready": True,
        "mainchain": f"http://{shown}:{port}",
        "websocket": f"ws://{shown}:{port}{PATH}",
        "profile": node.wallet.tree.profile.name,
        "network_id": "solonet",
        "height": node.wallet.tip.height,
        "accounts": [account.alias for account in node.wallet.book.ordered()],
        "password": PASSWORD,
    }


async def drive(session: Session, hub: Hub) -> None:
    """Let virtual time pass in slices, at the session's pace, for ever."""
    while True:
        status = _slice(session)
        hub.look()
        nap_s = NAP_S
        if status == "work":
            session.pacer = session.pacer.held_back(session.now_ms)
            nap_s = WORK_NAP_S
        elif status == "stopped":
            nap_s = 0
        elif status == "failed":
            assert session.fault is not None
            sys.stderr.write(
                f"devnet: {session.fault.message}\n  {session.fault.hint}\n"
            )
            return
        await asyncio.sleep(nap_s)


def _slice(session: Session) -> str:
    wall = session.host.wall
    start_s = wall.now_s()
    session.pacer = session.pacer.tick(start_s * 1000, session.now_ms)
    return session.advance(
        session.pacer.until_ms, lambda: wall.now_s() - start_s < SLICE_S
    )
