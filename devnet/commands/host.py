"""What a session gets from whoever starts it. Tests hand in other things."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from devnet.commands.context import Catalogue, Context
from devnet.commands.options import WorldOptions

if TYPE_CHECKING:
    from devnet.engine.network import Network


class Works(Protocol):
    """What computes proofs of work, as far as a session cares."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until one more answer is there. False when time ran out."""


@dataclass(slots=True)
class Wall:
    """The clock on the wall, replaceable by tests."""

    now_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    date_s: Callable[[], float] = time.time


@dataclass(slots=True)
class Host:
    """
    What a session gets from whoever starts it.

    Args:
        make_network: builds a world from options.
        works: where proofs of work come from.
        catalogue: names of plug-ins.
        keep_wreck: writes the recording of a failed engine, gives its path.
        resume: the world that is kept on disk, with its options; None: there is none.
    """

    make_network: Callable[[WorldOptions], Network]
    works: Works
    catalogue: Catalogue
    keep_wreck: Callable[[Context], str] = lambda session: ""
    resume: Callable[[], tuple[Network, WorldOptions] | None] = lambda: None
    wall: Wall = field(default_factory=Wall)
