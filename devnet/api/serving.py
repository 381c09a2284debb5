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
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from uvicorn.config import Config
from uvicorn.server import Server

from devnet.api.app import App
from devnet.api.asgi import Asgi
from devnet.api.guarding import Guarded
from devnet.api.mining import mine_for_ever
from devnet.api.node import Node
from devnet.api.protocol import Bounded
from devnet.api.sides import PREFIX
from devnet.api.websocket import PATH, Hub
from devnet.commands.errors import UsageError
from devnet.commands.session import Session
from devnet.wallet.players import PASSWORD

SLICE_S = 0.01
"""Engine time between two looks at the sockets."""
NAP_S = 0.01
WORK_NAP_S = 0.002
LOOK_NAP_S = 0.05
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


def serve(
    session: Session,
    address: Address,
    folder: Path | None = None,
    *,
    side_ports: bool = False,
) -> int:
    """
    Serve until somebody says stop.

    Args:
        folder: where the wallet is kept; None: it ends with the process.
        side_ports: each sidechain has a port of its own, too.

    Returns:
        The exit status.

    Raises:
        PortTaken.
    """
    with Service(session, address, folder, side_ports=side_ports) as service:
        asyncio.run(_serve(service))
    return 0


async def _serve(service: Service) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no such handlers.
            loop.add_signal_handler(number, service.stop)

    def ready() -> None:
        print(json.dumps(service.ready_line()), flush=True)

    await service.run(ready, drives=True)


class Service:
    """
    A session served over HTTP. A context manager: it listens from its making on.

    Args:
        address: where.
        folder: where the wallet is kept; None: it ends with this.
        guard: held whenever the session is touched; for a session of two threads.
        side_ports: each sidechain of this moment has a port of its own, too: those
            behind the mainchain's, or any that are free.

    Raises:
        PortTaken.
    """

    def __init__(
        self,
        session: Session,
        address: Address,
        folder: Path | None = None,
        guard: AbstractContextManager[object] | None = None,
        *,
        side_ports: bool = False,
    ) -> None:
        self._listening = address.open()
        self._of_sides: dict[str, socket.socket] = {}
        try:
            self.node = Node(session, folder)
            if guard is not None:
                self.node.guard = guard
            self.node.keeper.save()
            session.join(self.node)
            self._hub = Hub(self.node)
            names = self.node.network.sidechain_names() if side_ports else ()
            for number, name in enumerate(names, 1):
                port = address.port and address.port + number
                self._of_sides[name] = Address(address.host, port).open()
        except BaseException:
            self._close()
            raise
        roots = {
            one.getsockname()[1]: f"/{PREFIX}{name}"
            for name, one in self._of_sides.items()
        }
        self._server = make_server(Asgi(App(self.node), self._hub, roots))

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()
        with self.node.guard:
            self.node.session.leave(self.node)

    def _close(self) -> None:
        for one in (self._listening, *self._of_sides.values()):
            one.close()

    def stop(self) -> None:
        """Let `run` end. Safe in a signal handler, and in another thread."""
        self.node.is_closing = self._server.should_exit = True

    async def run(self, ready: Callable[[], None], *, drives: bool) -> None:
        """
        Serve until `stop`, or until the engine fails.

        Args:
            ready: called once requests are answered.
            drives: virtual time is ours; otherwise somebody else lets it pass.
        """
        node = self.node
        driving = drive(node, self._hub) if drives else watch(node, self._hub)
        beside = [asyncio.create_task(driving), asyncio.create_task(_mine(node))]
        beside[0].add_done_callback(lambda task: self.stop())
        serving = asyncio.create_task(self._serve())
        try:
            while not self._server.started and not serving.done():
                await asyncio.sleep(0)
            self.ready_line()
            ready()
            await serving
        finally:
            self.stop()
            for task in beside:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*beside)

    async def _serve(self) -> None:
        sockets = [self._listening, *self._of_sides.values()]
        await self._server.serve(sockets=sockets)

    def ready_line(self) -> dict[str, object]:
        """What a program reads that started us."""
        node, place = self.node, url_of(self._listening)
        node.places = {"main": place} | {
            name: url_of(self._of_sides[name])
            if name in self._of_sides
            else f"{place}/{PREFIX}{name}"
            for name in node.network.sidechain_names()
        }
        return ready_line(node)


def url_of(listening: socket.socket) -> str:
    """Where a socket listens, "http://127.0.0.1:9888"."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


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


def ready_line(node: Node) -> dict[str, object]:
    """What a program reads that started us."""
    places = dict(node.places)
    main = places.pop("main")
    return {
        "ready": True,
        "mainchain": main,
        "sidechains": places,
        "websocket": main.replace("http", "ws", 1) + PATH,
        "profile": node.wallet.tree.profile.name,
        "network_id": "solonet",
        "height": node.wallet.tip.height,
        "accounts": [account.alias for account in node.wallet.book.ordered()],
        "password": PASSWORD,
    }


async def drive(node: Node, hub: Hub) -> None:
    """Let virtual time pass in slices, at the session's pace, for ever."""
    session = node.session
    while True:
        with node.guard:
            status = _slice(session)
            hub.look()
            if status == "work":
                session.pacer = session.pacer.held_back(session.now_ms)
        nap_s = {"work": WORK_NAP_S, "stopped": 0}.get(status, NAP_S)
        if status == "failed":
            assert session.fault is not None
            sys.stderr.write(
                f"devnet: {session.fault.message}\n  {session.fault.hint}\n"
            )
            return
        await asyncio.sleep(nap_s)


async def watch(node: Node, hub: Hub) -> None:
    """Tell websockets what is new, while somebody else lets time pass."""
    while True:
        hub.look()
        await asyncio.sleep(LOOK_NAP_S)


async def _mine(node: Node) -> None:
    await Guarded(node.guard, mine_for_ever(node))


def _slice(session: Session) -> str:
    wall = session.host.wall
    start_s = wall.now_s()
    session.pacer = session.pacer.tick(start_s * 1000, session.now_ms)
    return session.advance(
        session.pacer.until_ms, lambda: wall.now_s() - start_s < SLICE_S
    )
