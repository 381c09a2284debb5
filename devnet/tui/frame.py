"""What the app hands to every screen, at most eight times a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devnet.engine.events import Event
from devnet.tui.draw.header import HeaderView
from devnet.tui.views import State


@dataclass(frozen=True, slots=True)
class Frame:
    """
    One picture of the world.

    Args:
        state: all that was folded from events.
        header: the line on top.
        stream: every event so far; it grows, and is never changed.
        now_ms: virtual time.
        with_lost: blocks of a reorganisation are still to be seen.
        read_only: nothing acts.
        paused: time stands still.
        frozen: sidechains whose peg rests: the mainchain left their anchor.
    """

    state: State
    header: HeaderView
    stream: Sequence[Event]
    now_ms: int = 0
    with_lost: bool = False
    read_only: bool = False
    paused: bool = False
    frozen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picked:
    """
    What the reader has under the cursor: at most one of each kind. `command` tells
    everything about it.
    """

    chain: str = ""
    transfer: str = ""
    height: int | None = None
    copy_what: str = ""
    copy_text: str = ""
    command: str = ""
