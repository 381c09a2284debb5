"""One sidechain's rule: validators, its messages over time, the changes of rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.text import Text

from devnet.tui.draw.sidechains import lane_says
from devnet.tui.draw.text import clock, fit, line, plural, short
from devnet.tui.theme import BROKEN, DARK, DONE, LINK, NOTE, PROPOSER, TICK, Palette
from devnet.tui.views import LaneView, MessageView, SwapView

LETTERS = {"block": "P", "vote": "V", "prepare": "A", "view-change": "W"}
"""How a kind of message is drawn; another kind is its first letter."""

N_NAME = 7
MOST_SHOWN = 60
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


def consensus_title(lane: LaneView, look: Palette = DARK) -> Text:
    """The title: chain, rule, height."""
    words = f"  {lane.engine}  height {lane.height}  final {lane.final_height}"
    words += _bet(lane)
    return line(("consensus  ", f"bold {look.good}"), (lane.name + words, look.good))


def _bet(lane: LaneView) -> str:
    """What is final by depth is no more than likely."""
    return ", a bet" if lane.finality == "depth" else ""


def draw_facts(lane: LaneView, width: int, look: Palette = DARK) -> list[Text]:
    """What is in force, who sits, and what is about to change."""
    seats = line((f" {'validators':<11} ", look.dim))
    for one in lane.validators:
        up = one.state == "up"
        mark = DONE if up else BROKEN
        mark = PROPOSER if up and one.name == lane.proposer else mark
        tone = look.good if up else f"bold {look.error}"
        seats.append(f"{mark} ", look.now if mark == PROPOSER else tone)
        seats.append(f"{one.name} " + ("" if up else f"{one.state} "), look.text)
    return [
        line(
            (f" {'rule':<11} ", look.dim),
            (lane.engine, f"bold {look.text}"),
            (f"  epoch {lane.epoch}  finality: {lane.finality}{_bet(lane)}", look.text),
            (f"  storage {_storage(lane)}", look.dim),
            (f"  chain {short(lane.chain_id)}" if width >= 100 else "", look.dim),
        ),
        fit(seats, width),
        line(
            (f" {'says':<11} ", look.dim), (lane_says(lane) or "nothing yet", look.now)
        ),
    ]


def _storage(lane: LaneView) -> str:
    """The database, and the one to which the chain is being moved."""
    return f"{lane.store} > {lane.moving_to}" if lane.moving_to else lane.store


def draw_swaps(lane: LaneView, width: int, look: Palette = DARK) -> list[Text]:
    """The change under way, then those that were: newest first."""
    rows = []
    if lane.swap is not None:
        rows.append(_swap_row(lane.swap, lane, look))
    rows += [_swap_row(one, lane, look) for one in reversed(lane.swaps)]
    if not rows:
        words = " no change of rule yet: s asks the validators for one"
        return [line((words, look.dim))]
    return [fit(row, width) for row in rows]


def _swap_row(swap: SwapView, lane: LaneView, look: Palette) -> Text:
    change = f"{swap.old_engine} > {swap.engine}"
    if swap.stage == "done":
        words = f"from block {swap.height} on, epoch {swap.epoch}"
        return line((f" {TICK} {change}", look.good), (f"  {words}", look.text))
    if swap.stage == "dropped":
        return line(
            (f" {BROKEN} {change}", f"bold {look.error}"),
            (f"  {swap.reason}", look.text),
        )
    left = max(0, swap.closing_height - lane.height)
    if swap.stage == "asked":
        words = f"asked, {swap.approvals} of {swap.needed} agree"
    else:
        words = f"recorded in block {swap.height}"
    words += f", last old block {swap.closing_height}: {plural(left, 'block')} left"
    return line((f" > {change}", f"bold {look.now}"), (f"  {words}", look.text))


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
) -> list[Text]:
    """
    Time runs right, a row per validator, a letter per message, a dot where it arrived.

    Args:
        lane: the sidechain.
        said: its messages, oldest first.
        width: cells.
        look: the palette.
        cursor: index of the picked message, which sets the window of time; -1: none.
    """
    if not said:
        return [line((f" {NO_MESSAGE}", look.dim))]
    index = cursor if 0 <= cursor < len(said) else len(said) - 1
    picked = said[index]
    near = [one for one in said if abs(one.height - picked.height) <= 1]
    start_ms = min(one.at_ms for one in near)
    end_ms = max(one.at_ms + max([ms for _, ms in one.got], default=0) for one in near)
    room = width - N_NAME - 2
    per_ms = (room - 1) / max(1, end_ms - start_ms)

    def column(at_ms: int) -> int:
        return max(0, min(room - 1, int((at_ms - start_ms) * per_ms)))

    rows = [_scale(start_ms, end_ms, room, look)]
    for one in lane.validators:
        rows.append(_row_of(one.name, lane, near, picked, room, column, look))
    rows.append(line(""))
    rows += _about(picked, len(lane.validators), width, look)
    return rows


def _scale(start_ms: int, end_ms: int, room: int, look: Palette) -> Text:
    left, right = clock(start_ms), f"+{end_ms - start_ms} ms"
    gap = max(1, room - len(left) - len(right))
    return line(" " * (N_NAME + 1), (f"{left}{' ' * gap}{right}", look.dim))


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
            letter = LETTERS.get(one.what, one.what[:1].upper() or "?")
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


def _about(one: Spoken, n_seats: int, width: int, look: Palette) -> list[Text]:
    letter = LETTERS.get(one.what, one.what[:1].upper() or "?")
    got = ", ".join(f"{who} +{ms} ms" for who, ms in one.got) or "nobody yet"
    return [
        line(
            (f" {letter} {one.sender} > {one.to}", f"bold {look.text}"),
            (f"  {one.what} {one.height} round {one.round}", look.text),
            (f"  at {clock(one.at_ms)}", look.dim),
        ),
        fit(line((f" got by {got}", look.dim)), width),
    ]
