"""
The devnet as a Python object: the verbs of the prompt as methods, results with
attributes, refusals as exceptions.

    from devnet import Devnet

    with Devnet(seed=42) as net:
        deposit = net.lock("alice", 100, "BTM", "alpha")
        net.wait(deposit)
        assert net.balance("alice", "alpha", "BTM").units == 100 * 10**8
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from devnet.commands.errors import BadArgument, RefusesMissed, exit_status
from devnet.commands.grammar import Call, parse_line
from devnet.commands.launch import opened
from devnet.commands.options import SideOptions, WorldOptions, parse_sidechains
from devnet.commands.outcome import Outcome
from devnet.commands.registry import find
from devnet.commands.session import Session
from devnet.commands.tasks import Task
from devnet.commands.verbs import all_commands
from devnet.commands.verbs.feed import events_of
from devnet.engine.errors import DevnetError
from devnet.results import LiveTransfer, Result, call_of, result_of

if TYPE_CHECKING:
    from devnet.api.thread import HttpServer
    from devnet.engine.network import Network

Work = Literal["real", "instant"]
SLICE_S = 0.02
BREATH_S = 0.0005
"""While a server runs beside us, it gets its turn after each slice."""


class Devnet:
    """
    A devnet of one's own, in this process. A context manager; `close` ends it, too.

    Every verb of the prompt is a method: `-` becomes `_`, options become keywords
    (`net.swap("alpha", "pos", at="+12")`), amounts are numbers, Decimals or texts.

    Args:
        seed: where all chance comes from. Equal worlds and acts give equal hashes.
        sidechains: as on the command line ("alpha:poa,beta:solo:sqlite"), or a list of
            such texts; None: the default three. depth, relay_fee, unbond, profile,
            empty: as the options of these names.
        work: "real" is Tensority, in a process beside this one; "instant" costs
            nothing, and no real node would take the blocks.
        data: a folder in which the world lives on.
        options: any other option of a world, by its name.

    Raises:
        DevnetError: the world cannot be as it is asked for. Every refusal has `code`,
            `message`, `hint`, and `exit`, the status of a script that ends with it.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        profile: str | None = None,
        sidechains: str | Sequence[str] | None = None,
        depth: int | None = None,
        relay_fee: int | None = None,
        unbond: int | None = None,
        empty: bool | None = None,
        work: Work = "real",
        data: str | None = None,
        **options: Any,
    ) -> None:
        self._lock = threading.RLock()
        self._server: HttpServer | None = None
        with ExitStack() as stack, _told():
            wanted = WorldOptions().with_changes(
                seed=seed, profile=profile, sidechains=_sides(sidechains), depth=depth,
                relay_fee_ppm=relay_fee, unbond_blocks=unbond, empty=empty, **options,
            )  # fmt: skip
            works = _works(work)
            self.session: Session = stack.enter_context(
                opened(wanted, data=data, works=works)
            )
            _ = self.session.network
            self._stack = stack.pop_all()

    def __enter__(self) -> Devnet:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it: the server, the databases, the process that hashes."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._stack.close()

    @property
    def network(self) -> Network:
        """The network itself, for what no verb tells."""
        return self.session.network

    @property
    def now_ms(self) -> int:
        """Virtual time since the start of the world."""
        return self.session.now_ms

    # Verbs.

    def execute(self, line: str) -> Any:
        """
        Run a line as at the prompt. Returns the result of its last call.

        Raises:
            DevnetError: it was refused, or makes no sense. Nothing changed.
        """
        with _told():
            calls = parse_line(line)
        answer: Any = None
        for call in calls:
            answer = self._call(call)
        return answer

    def __getattr__(self, name: str) -> Any:
        verb = name.strip("_").replace("_", "-")
        try:
            command = find(verb)
        except DevnetError as error:
            raise AttributeError(f"a devnet has no {name}; {error.hint}") from None

        def method(*words: Any, **flags: Any) -> Any:
            with _told():
                call = call_of(verb, words, flags)
            return self._call(call)

        method.__name__ = method.__qualname__ = name
        method.__doc__ = f"{command.signature}\n\n{command.summary}\n{command.details}"
        return method

    def __dir__(self) -> list[str]:
        verbs = (one.verb.replace("-", "_") for one in all_commands())
        return sorted({*super().__dir__(), *verbs})

    def wait(self, test: str | LiveTransfer, within: str | None = None) -> Any:
        """
        Let virtual time pass until a test holds, or a transfer has arrived.

        Args:
            test: as in a script, "alpha.height > 20"; or what `lock` gave.
            within: "20blocks" or "30s" of virtual time.
        """
        text = test.arrival if isinstance(test, LiveTransfer) else test
        return self.execute(f"wait {text}" + (f" --within {within}" if within else ""))

    def expect(self, test: str) -> Any:
        """Raise ExpectMissed unless a test holds, "alpha.rule == poa"."""
        return self.execute(f"expect {test}")

    @contextmanager
    def refuses(self, code: str) -> Iterator[None]:
        """What is done inside must be refused with this code, or its first part."""
        try:
            yield
        except DevnetError as error:
            if error.code == code or error.code.startswith(f"{code}."):
                return
            raise
        with _told():
            raise RefusesMissed(f"it was accepted, and {code} was expected")

    def pass_time(self, seconds: float) -> None:
        """Let so much virtual time pass, with whatever happens in it."""
        until_ms = self.now_ms + round(seconds * 1000)
        while self.now_ms < until_ms:
            with self._lock, self._unpaced():
                self.session.run_for(until_ms, self._patience())
                _raise(self.session.fault)
            self._breathe()

    # What happened, and going back.

    def events(
        self, after: int = 0, *, kind: str = "", chain: str = ""
    ) -> list[Result]:
        """The events from a number on, oldest first."""
        with self._lock, _told():
            return [Result(one) for one in events_of(self.session, after, chain, kind)]

    def revert(self, snapshot: str | Mapping[str, Any]) -> Result:
        """Go back to a snapshot: its id, or what `snapshot` gave."""
        one = snapshot if isinstance(snapshot, str) else snapshot["snapshot_id"]
        result: Result = self._call(call_of("revert", (one,), {}))
        return result

    @contextmanager
    def scratch(self) -> Iterator[None]:
        """What is done inside is undone afterwards."""
        with self._lock:
            made = self.session.take_snapshot()
        try:
            yield
        finally:
            with self._lock:
                self.session.go_back(made)

    def renew(self) -> None:
        """As it was in the beginning, and nothing remembered. For the next test."""
        if self._server is not None:
            self._server.close()
            self._server = None
        with self._lock:
            self.session.begin_anew()

    # Over HTTP.

    def http(self, port: int = 0, *, speed: float = 1.0) -> HttpServer:
        """
        Serve Bytom's HTTP interface, and the devnet's controls, from a thread.

        Args:
            port: 0: any that is free; `url` of what is returned names it.
            speed: virtual seconds a second while nobody calls; 0: time stands still.
        """
        from devnet.api.thread import HttpServer

        if self._server is None:
            with _told():
                self._server = HttpServer(self.session, self._lock, port, speed)
        return self._server

    # Below: one call.

    def _call(self, call: Call) -> Any:
        with self._lock:
            task = self.session.begin_lines([(1, call)])
        while not self._slice(task):
            self._breathe()
        with self._lock:
            return self._answer(task.outcome)

    def _slice(self, task: Task) -> bool:
        with self._lock, self._unpaced():
            return self.session.drive(task, self._patience())

    @contextmanager
    def _unpaced(self) -> Iterator[None]:
        """As fast as possible, whatever pace a server keeps when nobody calls."""
        session = self.session
        if self._server is None:
            yield
            return
        kept = session.pacer
        session.pacer = kept.at_speed(math.inf)
        try:
            yield
        finally:
            session.pacer = kept.at_speed(kept.speed)  # What passed is not made up for.

    def _patience(self) -> Callable[[], bool]:
        if self._server is None:
            return lambda: True
        end_s = time.monotonic() + SLICE_S
        return lambda: time.monotonic() < end_s

    def _breathe(self) -> None:
        if self._server is not None:
            time.sleep(BREATH_S)

    def _answer(self, outcome: Outcome) -> Any:
        _raise(outcome.error)
        handle = self.session.names.get("_") if outcome.result is not None else None
        return result_of(self.session, outcome.result, handle)


def _sides(given: str | Sequence[str] | None) -> tuple[SideOptions, ...] | None:
    if given is None:
        return None
    return parse_sidechains(given if isinstance(given, str) else ",".join(given))


def _works(work: Work) -> Any:
    if work == "real":
        return None
    if work != "instant":
        raise BadArgument(f"there is no work {work!r}", hint="real, or instant")
    from devnet.worker.instant import InstantWorks

    return InstantWorks()


def _raise(error: DevnetError | None) -> None:
    if error is not None:
        with _told():
            raise error


@contextmanager
def _told() -> Iterator[None]:
    """A refusal inside knows the exit status that a script would have."""
    try:
        yield
    except DevnetError as error:
        error.exit = exit_status(error)  # type: ignore[attr-defined]
        raise
