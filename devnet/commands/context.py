"""
What verbs, argument types and tasks may ask of the session that runs them.

They rest on this and not on the session itself, which is built from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from devnet.commands.grammar import Call
from devnet.commands.log import Log
from devnet.commands.options import BLOCK_S, WorldOptions
from devnet.commands.outcome import Outcome
from devnet.commands.pacer import Pacer
from devnet.commands.snapshots import Snapshot, Snapshots
from devnet.commands.stream import Stream
from devnet.commands.values import Said
from devnet.commands.walleting import HeldWallet
from devnet.engine.errors import DevnetError
from devnet.engine.events import Refused

if TYPE_CHECKING:
    from devnet.engine.network import Network
    from devnet.wallet.wallet import Wallet


WITHIN_BLOCKS = 60


class Catalogue(Protocol):
    """Names of the plug-ins that can be chosen."""

    def engines(self) -> tuple[str, ...]:
        """Consensus engines."""

    def stores(self) -> tuple[str, ...]:
        """Stores."""


@dataclass(slots=True)
class Settings:
    """
    What the verb `set` changes. None of it is part of the world.

    Args:
        within_s: virtual seconds that `wait` waits; 0: the time of 60 blocks.
    """

    events: bool = False
    within_s: int = 0


class Context(Protocol):
    """A session as its verbs see it."""

    defaults: WorldOptions
    options: WorldOptions
    read_only: bool
    attached: bool
    pacer: Pacer
    settings: Settings
    names: dict[str, Any]
    history: list[str]
    log: Log
    fault: DevnetError | None
    wants_to_quit: bool
    resumed: bool
    n_worlds: int
    n_steps: int
    held: HeldWallet
    stream: Stream

    @property
    def network(self) -> Network:
        """The network; the default world is started when there is none yet."""

    @property
    def wallet(self) -> Wallet:
        """The one wallet, of all front ends. Raises WalletDamaged."""

    @property
    def catalogue(self) -> Catalogue:
        """Names of the plug-ins that can be chosen."""

    @property
    def verbs(self) -> Mapping[str, str]:
        """Every verb with its summary."""

    @property
    def now_ms(self) -> int:
        """Virtual time; zero before the first world."""

    @property
    def next_seq(self) -> int:
        """The place of the event that comes next."""

    @property
    def next_event(self) -> int:
        """The number that it will have in the stream, where none comes twice."""

    @property
    def snapshots(self) -> Snapshots:
        """Those of the present world."""

    def take_snapshot(self, name: str | None = None) -> Snapshot:
        """The present moment. Raises NameTaken, TooManySnapshots."""

    def go_back(self, to: Snapshot) -> None:
        """All chains, names and wallets as they were."""

    def start(self, options: WorldOptions) -> Network:
        """Start a world in place of the present one. Raises DevnetError."""

    def value_of(self, path: str) -> Any:
        """What `$path` leads to. Raises UnknownPath."""

    def explain(self, text: str) -> Said:
        """The signature of the verb in this half of a line, the next argument lit."""

    def explain_call(self, call: Call) -> Said:
        """What `lock ?` and `lock --help` answer."""

    def step_once(self) -> bool:
        """One step of the network. False when it cannot be taken now."""

    def date_s(self) -> int:
        """The host's clock, seconds since 1970: for blocks from outside alone."""

    def hurry(self, delta: int, mines: bool = False) -> None:
        """Something more, or less, waits; `mines`: for mainchain blocks."""

    def record(self, line: str) -> None:
        """Keep a line that acted on the world, with the moment it was accepted."""

    def read_line(self, text: str) -> tuple[Call, ...]:
        """The calls of a line, kept in the history. Raises UsageError."""

    def remember(self, outcome: Outcome, said: Said | None) -> None:
        """Give a result its names."""

    def tell_refusal(self, refused: Refused) -> None:
        """Say in the stream, and keep for the recording, that a command was refused."""

    def failed(self, error: Exception) -> DevnetError:
        """Freeze: the engine failed. Keeps a recording to report, ends every task."""


def within_s(session: Context) -> int:
    """Virtual seconds that a `wait` waits by itself."""
    if session.settings.within_s:
        return session.settings.within_s
    return WITHIN_BLOCKS * BLOCK_S[session.options.profile]
