"""
Every key in one table: what it does, why one would press it, when it is off.

Bindings, the footer, the help of `?`, the palette and the reasons of grey keys all come
from KEYS. Ids are stable, so that a configuration can give a key another place.
"""

from __future__ import annotations

from dataclasses import dataclass

from devnet.tui.views import State


@dataclass(frozen=True, slots=True)
class Key:
    """
    One key.

    Args:
        id: stable name, under which it can be remapped.
        key: as Textual calls it; several with commas.
        shown: as a person reads it.
        word: its label.
        why: what it is good for, for `?`.
        group: under which heading `?` lists it.
        acts: it changes the world, so `--read-only` turns it off.
        later: a sentence about a key that has no use yet.
        footer: it stands in the footer, lower numbers first; 0 does not.
    """

    id: str
    key: str
    shown: str
    word: str
    why: str
    group: str
    acts: bool = False
    later: str = ""
    footer: int = 0


_LATER = "comes in a later version of the devnet"
_NO_ASSETS = f"the assets screen {_LATER}: the Balances tab has the amounts"
_NO_LESSONS = f"lessons {_LATER}: locking with l is what the first one would teach"

# fmt: off
KEYS: tuple[Key, ...] = (
    Key("lock", "l", "l", "Lock", "send value down to a sidechain", "act", True,
        footer=1),
    Key("withdraw", "w", "w", "Withdraw", "bring value back up", "act", True,
        footer=2),
    Key("transfer", "t", "t", "Transfer", "pay somebody on one chain", "act", True,
        footer=10),
    Key("issue", "i", "i", "Issue", "make an asset", "act", True),
    Key("swap", "s", "s", "Swap", "change a sidechain's rule", "act", True, footer=3),
    Key("fault", "f", "f", "Fault", "break something on purpose", "act", True,
        footer=4),
    Key("mend", "M", "M", "Mend", "end a fault that is at work", "act", True),
    Key("cancel-swap", "S", "S", "Cancel swap", "take a change of rule back", "act",
        True),
    Key("new", "c", "c", "New", "make a sidechain", "act", True, footer=11),
    Key("pause", "space", "spc", "Pause", "stop or run time", "time", True, footer=5),
    Key("step", "full_stop", ".", "Step", "let one thing happen", "time", True,
        footer=6),
    Key("mine", "m", "m", "Mine", "run until a mainchain block is there", "time", True,
        footer=12),
    Key("faster", "plus,equals_sign", "+", "Faster", "more virtual time", "time", True),
    Key("slower", "minus", "-", "Slower", "less virtual time", "time", True),
    Key("command", "colon", ":", "Cmd", "type any command", "go", footer=7),
    Key("find", "slash", "/", "Find", "keep only lines with a word", "go", footer=8),
    Key("help", "question_mark", "?", "Help", "keys of this part", "go", footer=9),
    Key("trouble", "n", "n", "Trouble", "next sidechain in trouble", "go"),
    Key("zoom", "z", "z", "Zoom", "this panel alone, and back", "go"),
    Key("copy", "y", "y", "Copy", "copy the id that is picked", "go"),
    Key("copy-all", "Y", "Y", "Copy all", "copy all about it as JSON", "go"),
    Key("dismiss", "x", "x", "Dismiss", "a failed transfer has been seen", "go"),
    Key("dashboard", "D", "D", "Dashboard", "everything at once", "screens"),
    Key("blocks", "B", "B", "Blocks", "the blocks of a chain", "screens", footer=13),
    Key("consensus", "C", "C", "Consensus", "rule and messages of a sidechain",
        "screens", footer=14),
    Key("federation", "F", "F", "Federation", "members and the backing sum", "screens",
        footer=15),
    Key("events", "E", "E", "Events", "the whole stream", "screens", footer=16),
    Key("assets", "A", "A", "Assets", "assets and supply", "screens",
        later=_NO_ASSETS),
    Key("faults", "X", "X", "Faults", "what is broken, what can be", "screens"),
    Key("validators", "v", "v", "Validators", "votes, bonds and who comes next",
        "screens"),
    Key("lessons", "L", "L", "Lessons", "guided steps", "screens", later=_NO_LESSONS),
    Key("quit", "q", "q", "Quit", "leave", "go", footer=17),
)
# fmt: on
"""All keys, footer keys with a number above 0."""

_NEED_A_CHAIN = ("lock", "withdraw", "swap", "fault", "cancel-swap", "validators")

BY_ID = {key.id: key for key in KEYS}

READ_ONLY = "this window only shows: start devnet without --read-only to act"


def why_not(key: Key, state: State, *, read_only: bool, lane: str = "") -> str:
    """
    Why this key would do nothing now: one sentence, or "" when it works.

    Args:
        key: the key.
        state: the world as the screens know it.
        read_only: the session only shows.
        lane: the sidechain that is picked, if one is.
    """
    name = key.word.lower()
    if key.later:
        return key.later
    if key.acts and read_only:
        return f"{name}: {READ_ONLY}"
    if key.acts and state.failure is not None:
        return f"{name}: the engine has failed and the world stands still"
    if key.id in _NEED_A_CHAIN and not state.lanes:
        return f"{name}: there is no sidechain yet, c makes one"
    if key.id == "swap":
        return _why_not_swap(state, lane)
    if key.id == "cancel-swap":
        return _why_not_cancel(state, lane)
    if key.id == "mend" and not state.faults:
        return "mend: nothing is broken on purpose, f breaks something"
    if key.id == "trouble" and not any(one.in_trouble for one in state.lanes):
        return "no sidechain is in trouble"
    return ""


def _why_not_cancel(state: State, lane: str) -> str:
    lanes = [one for one in state.lanes if lane in ("", one.name)]
    if any(one.swap is not None for one in lanes):
        return ""
    who = f"{lane} is not" if lane else "no sidechain is"
    return f"cancel swap: {who} swapping, s begins a swap"


def _why_not_swap(state: State, lane: str) -> str:
    lanes = [one for one in state.lanes if lane in ("", one.name)]
    if not lanes or any(one.swap is None for one in lanes):
        return ""
    one = lanes[0]
    assert one.swap is not None
    left = one.swap.closing_height - one.height
    when = f"{left} blocks left" if left > 0 else "it is closing"
    return f"swap: {one.name} is already swapping, {when}"
