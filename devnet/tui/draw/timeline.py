"""
Messages of a rule over time: a row per validator, a letter per message, and at the end
of each row what binds that validator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from devnet.tui.draw.text import clock, fit, line
from devnet.tui.theme import DARK, LINK, NOTE, PROPOSER, Palette
from devnet.tui.views import LaneView, MessageView

if TYPE_CHECKING:
    from devnet.engine.picturing import SeatFacts

LETTERS = {
    "block": "P",
    "vote": "V",
    "prepare": "A",
    "commit": "C",
    "view-change": "W",
    "new-view": "N",
    "aggregate": "U",
    "exchange": "X",
    "finalize": "F",
    "view": "L",
}
"""How a kind of message is drawn; another kind is its first letter."""

N_NAME = 7
N_LOCK = 6
MOST_SHOWN = 90
MOST_APART_MS = 2500
"""What is longer ago would squeeze the round of the picked message."""

NO_MESSAGE = "No message yet: validators speak when there is something to decide."


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message and those who got it, with the time that it took."""

    at_ms: int
    sender: str
    to: str
    what: str
    height: int
    round: int
    got: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Locks:
    """What the two columns at the right are called, and their values by validator."""

    names: tuple[str, str]
    rounds: Mapping[str, tuple[int, int]]


def locks_of(seats: Sequence[SeatFacts]) -> Locks | None:
    """What binds the validators; None under rules that bind nobody."""
    if any(one.prepared_round or one.committed_round for one in seats):
        rounds = {one.name: (one.prepared_round, one.committed_round) for one in seats}
        return Locks(("prep", "comm"), rounds)
    if any(one.voted_round for one in seats):
        rounds = {one.name: (one.voted_round, one.source_round) for one in seats}
        return Locks(("voted", "on"), rounds)
    return None


def letter_of(what: str) -> str:
    """The letter of a kind of message."""
    return LETTERS.get(what, what[:1].upper() or "?")


def spoken(messages: Sequence[MessageView]) -> tuple[Spoken, ...]:
    """Sent messages in order, each with those who got it."""
    found: list[Spoken] = []
    for sent in messages:
        if sent.arrived:
            continue
        got = tuple(
            (other.validator, other.at_ms - sent.at_ms)
            for other in messages
            if other.arrived
            and (other.other, other.what) == (sent.validator, sent.what)
            and (other.height, other.round) == (sent.height, sent.round)
            and sent.other in ("all", other.validator)
            and other.at_ms >= sent.at_ms
        )
        found.append(
            Spoken(
                sent.at_ms,
                sent.validator,
                sent.other,
                sent.what,
                sent.height,
                sent.round,
                got,
            )
        )
    return tuple(found[-MOST_SHOWN:])


def draw_timeline(
    lane: LaneView,
    said: Sequence[Spoken],
    width: int,
    look: Palette = DARK,
    *,
    cursor: int = -1,
    locks: Locks | None = None,
    most_rows: int = 12,
) -> list[Text]:
    """
    Time runs right, a row per validator, a letter per message, a dot where it arrived.

    Args:
        lane: the sidechain.
        said: its messages, oldest first.
        width: cells.
        look: the palette.
        cursor: index of the picked message, which sets the window of time; -1: none.
        locks: the two columns at the right.
        most_rows: validators that are shown; who spoke last comes first.
    """
    if not said:
        return [line((f" {NO_MESSAGE}", look.dim))]
    index = cursor if 0 <= cursor < len(said) else len(said) - 1
    picked = said[index]
    near = [
        one
        for one in said
        if abs(one.height - picked.height) <= 1
        and abs(one.at_ms - picked.at_ms) <= MOST_APART_MS
    ]
    names = _names_shown(lane, near, picked, most_rows)
    start_ms = min(one.at_ms for one in near)
    end_ms = max(one.at_ms + max([ms for _, ms in one.got], default=0) for one in near)
    room = width - N_NAME - 2 - (2 * N_LOCK + 1 if locks else 0)
    per_ms = (room - 1) / max(1, end_ms - start_ms)

    def column(at_ms: int) -> int:
        return max(0, min(room - 1, int((at_ms - start_ms) * per_ms)))

    n_hidden = len(lane.validators) - len(names)
    rows = [_scale(start_ms, end_ms, room, look, n_hidden=n_hidden, locks=locks)]
    for name in names:
        row = _row_of(name, lane, near, picked, room, column, look)
        rows.append(line(row, *_locks_of(name, locks, look)))
    return rows + _about(picked, near, width, look)


def _names_shown(
    lane: LaneView, near: Sequence[Spoken], picked: Spoken, most: int
) -> list[str]:
    """Those for whom there is room, in the order of the list."""
    names = [one.name for one in lane.validators]
    if len(names) <= most:
        return names
    spoke = [picked.sender, *(one.sender for one in reversed(near))]
    got = [who for who, _ in picked.got]
    ranked = [one for one in dict.fromkeys((*spoke, *got, *names)) if one in names]
    kept = set(ranked[:most])
    return [name for name in names if name in kept]


def _scale(
    start_ms: int,
    end_ms: int,
    room: int,
    look: Palette,
    *,
    n_hidden: int,
    locks: Locks | None,
) -> Text:
    left, right = clock(start_ms), f"+{end_ms - start_ms} ms"
    middle = f"{n_hidden} more say little" if n_hidden else ""
    gap = room - len(left) - len(right) - len(middle)
    before = max(1, gap // 2)
    words = f"{left}{' ' * before}{middle}{' ' * max(1, gap - before)}{right}"
    ends = "".join(f"{name:>{N_LOCK}}" for name in locks.names) if locks else ""
    return line(" " * (N_NAME + 1), (f"{words}{ends}", look.dim))


def _locks_of(
    name: str, locks: Locks | None, look: Palette
) -> tuple[tuple[str, str], ...]:
    if locks is None:
        return ()
    first, second = locks.rounds.get(name, (0, 0))
    cells = "".join(f"{value or '-':>{N_LOCK}}" for value in (first, second))
    return ((cells, look.text),)


def _row_of(
    name: str,
    lane: LaneView,
    near: Sequence[Spoken],
    picked: Spoken,
    room: int,
    place: Callable[[int], int],
    look: Palette,
) -> Text:
    cells = [(LINK, look.dim)] * room
    for one in near:
        for who, took_ms in one.got:
            if who == name:
                at = place(one.at_ms + took_ms)
                tone = look.now if one is picked else look.dim
                cells[at] = (NOTE, f"bold {tone}")
    taken: set[int] = set()
    for one in near:
        if one.sender == name:
            letter = letter_of(one.what)
            tone = f"bold {look.text} on {look.cursor}" if one is picked else look.good
            at = place(one.at_ms)
            # Two messages of one moment stand side by side.
            while at in taken and at < room - 1:
                at += 1
            taken.add(at)
            cells[at] = (letter, tone)
    mark = PROPOSER if name == lane.proposer else " "
    label = line(
        (f" {name:<{N_NAME - 2}.{N_NAME - 2}}", look.text), (mark, look.now), " "
    )
    return line(label, *cells)


def _about(
    one: Spoken, near: Sequence[Spoken], width: int, look: Palette
) -> list[Text]:
    """Two lines about the picked message; the letters of its surroundings."""
    got = ", ".join(f"{who} +{ms} ms" for who, ms in one.got)
    heard = f" got by {got or 'nobody yet'}  "
    if one.what == "block" and not got:
        heard = " a block: whoever takes it votes, or builds on it  "
    kinds = dict.fromkeys(each.what for each in near)
    legend = "  ".join(f"{letter_of(what)} {what}" for what in kinds)
    first = line(
        (f" {letter_of(one.what)} {one.sender} > {one.to}", f"bold {look.text}"),
        (f"  {one.what} {one.height} round {one.round}", look.text),
        (f"  at {clock(one.at_ms)}  ", look.dim),
    )
    second = line((heard, look.dim))
    # The legend stands where there is room for it.
    for row in (first, second):
        gap = width - row.cell_len - len(legend) - 1
        if gap >= 0:
            row.append(" " * gap + legend, look.dim)
            break
    return [fit(first, width), fit(second, width)]
