"""Changes of rule: the one under way with all that is known of it, then the past."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from devnet.tui.draw.pages import wrapped
from devnet.tui.draw.sidechains import blocks_strip
from devnet.tui.draw.text import fit, line, plural
from devnet.tui.theme import BROKEN, DARK, EMPTY, FULL, TICK, Palette
from devnet.tui.views import LaneView, SwapView

N_BAR = 10
N_STRIP = 40
MOVING = ("scheduled", "closing", "opening")
NO_SWAP = " no change of rule yet: s asks the validators for one"


def draw_swaps(
    lane: LaneView,
    width: int,
    look: Palette = DARK,
    *,
    story: Mapping[str, Any] | None = None,
) -> list[Text]:
    """
    The change under way, then those that were: newest first.

    Args:
        lane: the sidechain.
        width: cells.
        look: the palette.
        story: what the engine knows of the swap on its way, its words above all.
    """
    story, rows = story or {}, list[Text]()
    if lane.swap is not None:
        rows += _under_way(lane.swap, lane, story, width, look)
    elif story.get("state") in MOVING:
        rows += _words(story, width, look)
    if story.get("state") in MOVING:
        strip = blocks_strip(lane, width - 9, look)
        rows.append(fit(line((" blocks  ", look.dim), strip), width))
    for one in reversed(lane.swaps):
        rows.append(fit(_past(one, look), width))
    return rows or [line((NO_SWAP, look.dim))]


def _under_way(
    swap: SwapView,
    lane: LaneView,
    story: Mapping[str, Any],
    width: int,
    look: Palette,
) -> list[Text]:
    """The countdown in one line; then why it stands still, in full."""
    change = f" > {swap.old_engine} > {swap.engine}"
    if swap.stage == "asked":
        words = f"  asked, {swap.approvals} of {swap.needed} agree"
        words += f", to close after {swap.closing_height}"
        row = fit(line((change, f"bold {look.now}"), (words, look.text)), width)
        return [row, *_trouble(story, width, look)]
    left = max(0, swap.closing_height - lane.height)
    total = max(1, swap.closing_height - swap.height)
    n_full = round(N_BAR * (1 - min(left, total) / total))
    row = line(
        (change, f"bold {look.now}"),
        (f"  after {swap.closing_height}  ", look.text),
        (FULL * n_full + EMPTY * (N_BAR - n_full), look.now),
        (f"  {plural(left, 'block')} left" if left else "  closing", look.text),
    )
    if "cancel_until" in story:
        row.append(f"  S takes it back until {story['cancel_until']}", look.dim)
    rows = [fit(row, width)]
    # While blocks are counted down, the words of the story say no more than the bar.
    return rows + (_trouble if left else _words)(story, width, look)


def _trouble(story: Mapping[str, Any], width: int, look: Palette) -> list[Text]:
    """The words, if they say more than where the swap stands."""
    return _words(story, width, look) if "; " in str(story.get("words", "")) else []


def _words(story: Mapping[str, Any], width: int, look: Palette) -> list[Text]:
    words = str(story.get("words", ""))
    stuck = "stuck" in words
    sign, style = (BROKEN, f"bold {look.error}") if stuck else (">", look.now)
    return wrapped(f"{sign} {words}", width, style) if words else []


def _past(swap: SwapView, look: Palette) -> Text:
    change = f"{swap.old_engine} > {swap.engine}"
    if swap.stage == "done":
        words = f"from block {swap.height} on, epoch {swap.epoch}"
        return line((f" {TICK} {change}", look.good), (f"  {words}", look.text))
    return line(
        (f" {BROKEN} {change}", f"bold {look.error}"), (f"  {swap.reason}", look.text)
    )
