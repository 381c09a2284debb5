"""What only some rules have: a tree with its messages, a clock of slots, gauges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from devnet.tui.draw.pages import wrapped
from devnet.tui.draw.text import fit, line
from devnet.tui.draw.timeline import letter_of
from devnet.tui.theme import (
    DARK,
    DONE,
    EMPTY,
    FULL,
    NOTE,
    NOW,
    PROPOSER,
    TO_COME,
    Palette,
)
from devnet.tui.views import LaneView

if TYPE_CHECKING:
    from devnet.engine.interfaces import Branches, Gauge, Slot
    from devnet.engine.picturing import ConsensusFacts

N_BAR = 14
Piece = Callable[[int], Text]
"""A seat by its place, as the tree shows it."""

NOTHING = "This rule shows no more than its words above."
SLOT_SIGNS = {"made": DONE, "passed": NOTE, "now": NOW, "coming": TO_COME}


def rule_title(facts: ConsensusFacts, look: Palette = DARK) -> Text:
    """What the panel shows of this rule."""
    rule = facts.rule
    words = facts.engine
    if rule.branches is not None:
        words = f"tree  of round {rule.branches.round}, block {rule.branches.height}"
    elif rule.slots:
        now = next((one for one in rule.slots if one.state == "now"), None)
        words = "slot clock"
        if now is not None:
            words += f"  {now.number} is {now.owner or 'nobody'}'s"
    elif rule.stage:
        words = "phase"
    elif rule.gauges:
        words = "work and depth"
    return line((words, f"bold {look.good}"))


def draw_rule(
    lane: LaneView, facts: ConsensusFacts, width: int, n_rows: int, look: Palette = DARK
) -> list[Text]:
    """
    The rule's own picture.

    Args:
        lane: the sidechain; its counted messages stand beside the expected ones.
        facts: of the same sidechain.
        width: cells.
        n_rows: how many there are: the tree is drawn flat where they are few.
        look: the palette.
    """
    rule, rows = facts.rule, list[Text]()
    if rule.branches is not None:
        rows += _tree(rule.branches, facts, width, n_rows, look)
        rows += _messages(rule.branches, lane, width, look)
    if rule.slots:
        rows += _clock(rule.slots, width, look)
    rows += [_gauge(one, width, look) for one in rule.gauges]
    if rule.stage:
        rows += wrapped(rule.stage, width, look.now)
    return rows or wrapped(NOTHING, width, look.dim)


# The tree.


def _tree(
    tree: Branches, facts: ConsensusFacts, width: int, n_rows: int, look: Palette
) -> list[Text]:
    """Each gateway with those below it; who voted has a full sign."""
    names = [one.name for one in facts.seats if one.acts]
    voters = next(
        (
            one.voters
            for one in facts.blocks
            if (one.height, one.round) == (tree.height, tree.round)
        ),
        (),
    )

    def piece(place: int) -> Text:
        name = names[place] if place < len(names) else f"#{place}"
        voted = place < len(voters) and voters[place]
        sign = PROPOSER if place == tree.leader else DONE if voted else TO_COME
        ink = look.now if place == tree.leader else look.good if voted else look.dim
        return line((sign, ink), (name, look.text))

    rows = []
    flat = len(tree.parents) + 3 > n_rows
    for gateway in tree.gateways:
        below = [at for at, above in enumerate(tree.parents) if above == gateway]
        row = line(" ", piece(gateway))
        if flat:
            rows.append(fit(line(row, *_inline(below, tree, piece)), width))
            continue
        rows.append(fit(line(row, ("  gateway", look.dim)), width))
        rows += _hanging(below, tree, piece, "  ", width)
    return rows


def _children(place: int, tree: Branches) -> list[int]:
    return [at for at, above in enumerate(tree.parents) if above == place]


def _inline(below: Sequence[int], tree: Branches, piece: Piece) -> list[Text | str]:
    """Those below on one line, with brackets around those below them."""
    if not below:
        return []
    parts: list[Text | str] = [" ─ "]
    for index, one in enumerate(below):
        parts += [" " if index else "", piece(one)]
        deeper = _inline(_children(one, tree), tree, piece)
        if deeper:
            parts += ["(", *deeper[1:], ")"]
    return parts


def _hanging(
    below: Sequence[int], tree: Branches, piece: Piece, indent: str, width: int
) -> list[Text]:
    """Those below, each on a line of its own."""
    rows = []
    for index, one in enumerate(below):
        last = index == len(below) - 1
        joint = "└─ " if last else "├─ "
        rows.append(fit(line(indent, joint, piece(one)), width))
        more = indent + ("   " if last else "│  ")
        rows += _hanging(_children(one, tree), tree, piece, more, width)
    return rows


def _messages(tree: Branches, lane: LaneView, width: int, look: Palette) -> list[Text]:
    """Messages that were sent in this round, against what it costs without faults."""
    counted: Mapping[str, int] = dict(lane.counts).get((tree.height, tree.round), {})
    n_counted = sum(counted.get(stage, 0) for stage, _ in tree.expected)
    right = n_counted == tree.n_expected
    more = n_counted > tree.n_expected
    words = f"{n_counted} of {tree.n_expected} messages"
    note = ", as expected" if right else ", more: somebody is silent" if more else ""
    ink = look.good if right else look.now
    stages = "  ".join(
        f"{stage} {counted.get(stage, 0)}/{count}" for stage, count in tree.expected
    )
    if len(stages) >= width:
        # The letters of the timeline, where words have no room.
        stages = "  ".join(
            f"{letter_of(stage)} {counted.get(stage, 0)}/{count}"
            for stage, count in tree.expected
        )
    rows = [fit(line((f" {words}{note}", f"bold {ink}")), width)]
    return rows + wrapped(stages, width, look.dim)


# The clock.


def _clock(slots: Sequence[Slot], width: int, look: Palette) -> list[Text]:
    """A column for each slot: who was due, what came of it, the block's height."""
    room = max(len(str(one.height or "")) for one in slots)
    room = max(room, *(len(one.owner or "-") for one in slots)) + 1
    n_shown = max(3, (width - 1) // room)
    now = next((i for i, one in enumerate(slots) if one.state == "now"), len(slots) - 1)
    # The past explains more than the future: two thirds of the room are its.
    first = max(0, min(now - 2 * n_shown // 3, len(slots) - n_shown))
    shown = slots[first : first + n_shown]
    owners, signs, heights = line(" "), line(" "), line(" ")
    inks = {"made": look.good, "passed": look.dim, "now": look.now, "coming": look.dim}
    for one in shown:
        ink = inks[one.state]
        bold = "bold " if one.state == "now" else ""
        owners.append(f"{one.owner or '-':<{room}}", f"{bold}{ink}")
        signs.append(f"{SLOT_SIGNS[one.state]:<{room}}", f"{bold}{ink}")
        heights.append(f"{one.height or '':<{room}}", look.block_ink)
    empty = [one for one in slots if one.state == "passed"]
    words = " no slot passed empty"
    if empty:
        last = ", ".join(f"{one.owner or 'nobody'} {one.number}" for one in empty[-2:])
        words = f" {len(empty)} passed empty, last {last}"
    rows = [owners, signs, heights, line((words, look.dim))]
    return [fit(row, width) for row in rows]


# Gauges.


def _gauge(one: Gauge, width: int, look: Palette) -> Text:
    """A bar, with the numbers beside it: over the mean it stays full."""
    numbers = f" {one.done} of {one.of}"
    n_bar = max(4, min(N_BAR, width - len(one.what) - len(numbers) - 2))
    full = min(n_bar, round(n_bar * one.done / max(1, one.of)))
    return fit(
        line(
            (f" {one.what} ", look.dim),
            (FULL * full, look.now),
            (EMPTY * (n_bar - full), look.dim),
            (numbers, look.text),
        ),
        width,
    )
