"""Sidechain lanes: rule, validators, blocks, storage, peg, traffic."""

from __future__ import annotations

from rich.text import Text

from devnet.tui.draw.text import clause, fit, line, money, plural
from devnet.tui.theme import (
    BROKEN,
    DARK,
    DEPOSIT,
    DONE,
    EPOCH,
    HATCH,
    LINK,
    NOTE,
    PROPOSER,
    SPARKS,
    Palette,
)
from devnet.tui.views import BlockView, LaneView, State, ValidatorView

WIDE = 108
N_NAME, N_MARKS, N_SPARKS = 9, 8, 20
N_BADGE, N_BADGE_WIDE = 11, 14
MOST_MARKS = 7
TPS_SECONDS = 5

NO_SIDECHAIN = "No sidechain yet. c makes one, or start with --sidechains alpha:poa."


def sidechains_title(state: State, look: Palette = DARK) -> Text:
    """The title of the panel: how many run, and what is wrong with some."""
    n_swapping = sum(lane.swap is not None for lane in state.lanes)
    words = f"  {len(state.lanes)} running"
    words += f"  {n_swapping} swapping" if n_swapping else ""
    words += f"  {plural(state.n_down, 'validator')} down" if state.n_down else ""
    words += f"  {state.n_lying} lying" if state.n_lying else ""
    words += f"  {plural(len(state.faults), 'fault')}" if state.faults else ""
    return line(("sidechains", f"bold {look.good}"), (words, look.good))


def draw_lane(
    lane: LaneView,
    width: int,
    look: Palette = DARK,
    *,
    decimals: dict[str, int] | None = None,
    two_rows: bool = False,
    now_ms: int = 0,
) -> tuple[Text, ...]:
    """
    One lane as one row or two, each in exactly `width` cells.

    Args:
        lane: the sidechain.
        width: cells.
        look: the palette.
        decimals: of the assets, for the pegged value.
        two_rows: with storage, the rule's account and traffic on a row of their own.
        now_ms: virtual time, at which the sparkline ends.
    """
    head = line(
        " ",
        (f"{lane.name:<{N_NAME}.{N_NAME}} ", f"bold {look.good}"),
        _badge(lane, look, N_BADGE_WIDE if width >= WIDE else N_BADGE),
        " ",
        _validators(lane, look),
        "  ",
    )
    if not two_rows:
        n_says = 30 if width >= WIDE else 21
        n_blocks = max(0, width - head.cell_len - n_says - 2)
        blocks = fit(_blocks(lane, n_blocks, look), n_blocks)
        words = clause(lane_says(lane), n_says)
        says = fit(line((words, _says_style(lane, look))), n_says)
        return (fit(line(head, blocks, "  ", says), width),)
    peg = f"peg {peg_words(lane, decimals or {})}"
    n_blocks = width - head.cell_len - max(len(peg), N_SPARKS + 8) - 3
    blocks = fit(_blocks(lane, n_blocks, look), n_blocks)
    first = line(head, blocks)
    first.append(" " * max(1, width - first.cell_len - len(peg) - 1))
    first.append(peg, look.dim)
    sparks, tps = sparkline(lane, now_ms), f"{tps_words(lane, now_ms)} tps"
    second = line(" " * (N_NAME + 2), (f"{lane.store:^{N_BADGE_WIDE}}", look.dim), "  ")
    n_says = width - second.cell_len - N_SPARKS - 11
    second.append_text(fit(line((lane_says(lane), _says_style(lane, look))), n_says))
    second.append_text(line(" ", (sparks, look.good), (f"{tps:>9}", look.dim)))
    return fit(first, width), fit(second, width)


def lane_says(lane: LaneView) -> str:
    """What the chain does now: a broken sum, a coming change, or its rule's words."""
    if lane.broken:
        return f"{lane.broken} broken"
    swap = lane.swap
    if swap is None:
        return lane.said
    # What changes comes first: it is what is left where room is short.
    change = f"{swap.old_engine}>{swap.engine} at {swap.closing_height}"
    if swap.stage == "asked":
        return f"{swap.approvals} of {swap.needed} agree  {change}"
    left = swap.closing_height - lane.height
    if left > 0:
        return f"{plural(left, 'block')} left  {change}"
    return f"closing  {change}, to be final"


def peg_words(lane: LaneView, decimals: dict[str, int]) -> str:
    """Value on the sidechain that the mainchain backs: `1 250 BTM + 400 GOLD`."""
    rows = lane.books.rows if lane.books else ()
    parts = [
        f"{money(one.terms[0], decimals.get(one.asset, 0))} {one.asset}"
        for one in rows
        if one.terms[0]
    ]
    return " + ".join(parts) or "0"


def sparkline(lane: LaneView, now_ms: int, n_cells: int = N_SPARKS) -> str:
    """Transactions of the last seconds, one cell a second, the present right."""
    counts = _counts(lane, now_ms, n_cells)
    top = max(counts)
    if top == 0:
        return SPARKS[0] * n_cells
    return "".join(
        SPARKS[0] if not n else SPARKS[max(1, round(n / top * (len(SPARKS) - 1)))]
        for n in counts
    )


def tps_words(lane: LaneView, now_ms: int) -> str:
    """Transactions per second over the last seconds that are over."""
    counts = _counts(lane, now_ms, TPS_SECONDS + 1)[:-1]
    rate = sum(counts) / TPS_SECONDS
    return f"{rate:.0f}" if rate >= 10 or rate == int(rate) else f"{rate:.1f}"


def _counts(lane: LaneView, now_ms: int, n_seconds: int) -> list[int]:
    known = dict(lane.txs_by_second)
    now_s = now_ms // 1000
    return [known.get(now_s - n_seconds + 1 + index, 0) for index in range(n_seconds)]


def _badge(lane: LaneView, look: Palette, width: int) -> Text:
    style = f"bold {look.badge_text} on {look.good}"
    words = lane.engine
    if lane.swap is not None:
        style = f"bold {look.badge_text} on {look.now}"
        words = f"{lane.engine}>{lane.swap.engine}"
        if len(words) > width:
            words = f">{lane.swap.engine}"
    return line((f"{words:^{width}.{width}}", style))


def _validators(lane: LaneView, look: Palette) -> Text:
    if len(lane.validators) > MOST_MARKS:
        n_up = len(lane.validators) - lane.n_down
        text = line((f"{n_up}{DONE}", look.good))
        if lane.n_down:
            text.append(f" {lane.n_down}{BROKEN}", f"bold {look.error}")
        return fit(text, N_MARKS)
    text = line()
    for validator in lane.validators:
        mark, style = seat_mark(validator, lane, look)
        text.append(mark, style)
    return fit(text, N_MARKS)


def seat_mark(one: ValidatorView, lane: LaneView, look: Palette) -> tuple[str, str]:
    """How a validator is drawn: up, proposer, down, a liar, or without its engine."""
    if one.state in ("lying", "convicted"):
        return "!", f"bold {look.error}"
    if one.state.startswith("stopped"):
        return "?", f"bold {look.error}"
    if one.state != "up":
        return BROKEN, f"bold {look.error}"
    if one.name == lane.proposer:
        return PROPOSER, f"bold {look.now}"
    return DONE, look.good


def blocks_strip(lane: LaneView, width: int, look: Palette = DARK) -> Text:
    """As many of the newest blocks as fit: closing ones hatched, rules set apart."""
    return _blocks(lane, max(0, width), look)


def _blocks(lane: LaneView, width: int, look: Palette) -> Text:
    """Newest right. Final heights are bold; a double bar is a change of rule."""
    cells: list[Text] = []
    room = width
    after: BlockView | None = None
    for block in reversed(lane.blocks):
        cell = _cell(block, lane, look)
        if after is not None:
            link = LINK if block.epoch == after.epoch else EPOCH
            cell.append(link, look.dim if link == LINK else f"bold {look.now}")
        if cell.cell_len > room:
            break
        room -= cell.cell_len
        cells.insert(0, cell)
        after = block
    return line(*cells) if cells else line(("no block yet", look.dim))


def _cell(block: BlockView, lane: LaneView, look: Palette) -> Text:
    final = block.height <= lane.final_height
    style = f"bold {look.block_ink}" if final else look.block_ink
    hatch = HATCH if block.closing else ""
    if block.closing:
        style = look.dim
    # The coinbase of a sidechain makes nothing: only what others sent is counted.
    n_txs = f"{NOTE}{block.n_txs - 1}"
    text = line((hatch, look.now), (str(block.height), style), (n_txs, look.dim))
    if block.n_locks:
        text.append(DEPOSIT, look.deposit)
    return text


def _says_style(lane: LaneView, look: Palette) -> str:
    if lane.broken:
        return f"bold {look.error}"
    return look.now if lane.swap is not None else look.dim
