"""The mainchain lane and the truth about its proof of work."""

from __future__ import annotations

from rich.text import Text

from devnet.tui.draw.text import fit, line, short, span
from devnet.tui.theme import DARK, DEPOSIT, EMPTY, FULL, LINK, MORE, WITHDRAWAL, Palette
from devnet.tui.views import BlockView, FaultView, MainView

UNLUCKY = 0.99
"""Above this chance of a block by now no number is honest enough to be shown."""


def main_title(main: MainView, look: Palette = DARK, cut: str = "") -> Text:
    """The title of the panel. `cut` names the sides when the network is cut."""
    miners = f"  {main.n_miners} miners" if main.n_miners else ""
    alarm = f"  cut: {cut}" if cut else ""
    return line(
        ("mainchain", f"bold {look.main}"),
        (f"  bytom {main.profile}  PoW tensority{miners}", look.main),
        (alarm, f"bold {look.error}"),
    )


def cut_of(faults: tuple[FaultView, ...]) -> str:
    """The sides of a cut mainchain, or nothing while it is whole."""
    cuts = [fault.detail for fault in faults if fault.target == "main"]
    return cuts[0] if cuts else ""


def main_foot(main: MainView, n_waiting: int, look: Palette = DARK) -> Text:
    """What stands in the lower edge of the panel, where there is one."""
    return line((f"mempool {n_waiting}   tip {short(main.tip)}", look.dim))


def draw_blocks(
    main: MainView,
    width: int,
    look: Palette = DARK,
    *,
    cursor: int | None = None,
    with_lost: bool = False,
) -> Text:
    """
    The newest blocks, newest right, then the one being mined.

    Args:
        main: the lane.
        width: cells.
        look: the palette.
        cursor: height of the block that the reader has picked.
        with_lost: show blocks that another branch just replaced, struck through.
    """
    coming = line(("  ? ", f"bold {look.now}"), (str(main.height + 1), look.now))
    cells = [_cell(block, look, picked=block.height == cursor) for block in main.blocks]
    if with_lost:
        cells += [_lost_cell(block, look) for block in main.lost]
    room = width - coming.cell_len - 2
    shown: list[Text] = []
    while cells and room >= cells[-1].cell_len + 1:
        cell = cells.pop()
        room -= cell.cell_len + 1
        shown.insert(0, cell)
    first_height = main.height - len(shown) + 1
    before = (MORE if first_height > 0 else " ", look.dim)
    text = line(before)
    for index, cell in enumerate(shown):
        text.append(LINK if index else "", look.dim)
        text.append_text(cell)
    return line(text, coming)


def _cell(block: BlockView, look: Palette, *, picked: bool) -> Text:
    ground = look.cursor if picked else look.block
    text = line(
        (f" {block.height} ", f"bold {look.main} on {ground}"),
        (str(block.n_txs), f"{look.main} on {ground}"),
    )
    if block.n_locks:
        text.append(DEPOSIT, f"{look.deposit} on {ground}")
    if block.n_payouts:
        text.append(WITHDRAWAL, f"{look.withdrawal} on {ground}")
    text.append(" ", f"on {ground}")
    return text


def _lost_cell(block: BlockView, look: Palette) -> Text:
    return line((f" {block.height} {block.n_txs} ", f"strike dim {look.dim}"))


def draw_pow(main: MainView, width: int, look: Palette = DARK, now_ms: int = 0) -> Text:
    """
    How mining goes. Mining has no memory, so nothing here fills up: the bar is the
    chance that a block would have come by now, `1 - (1 - p)^tries`.
    """
    label = line((f" pow {main.height + 1}  ", f"bold {look.now}"))
    since = span(max(0, now_ms - main.tip_ms))
    mining = main.mining
    if mining is None or mining.tries == 0:
        words = "nothing tried yet" if width < 100 else "no nonce tried yet"
        text = line(label, (words, look.text), (f"  {since} since tip", look.dim))
        if main.mined is not None and main.mined.height == main.height:
            tries = main.mined.tries
            took = "1 try" if tries == 1 else f"{tries} tries"
            words = f"  {main.height} took {took} of ~{main.mined.expected_tries}"
            text.append(words, look.dim)
        return fit(text, width)
    expected = max(1, mining.expected_tries)
    chance = 1 - (1 - 1 / expected) ** mining.tries
    n_bar = 30 if width >= 100 else 12
    n_full = min(n_bar, round(chance * n_bar))
    says = "unlucky" if chance > UNLUCKY else f"{100 * chance:.0f} % by now"
    text = line(
        label,
        (FULL * n_full, look.now),
        (EMPTY * (n_bar - n_full), look.dim),
        (f" {says}", look.text),
        (f"  tries {mining.tries} of ~{expected}", look.text),
    )
    if width < 100:
        return fit(line(text, (f"  {since}", look.dim)), width)
    rate = 1000 * mining.tries / max(1, mining.since_tip_ms)
    more = f"  {rate:.1f} tries/s  {since} since tip"
    return fit(line(text, (more, look.dim)), width)


def draw_mainchain(
    main: MainView,
    width: int,
    look: Palette = DARK,
    *,
    now_ms: int = 0,
    cursor: int | None = None,
    with_lost: bool = False,
) -> Text:
    """Both lines of the panel."""
    blocks = draw_blocks(main, width, look, cursor=cursor, with_lost=with_lost)
    pow_line = draw_pow(main, width, look, now_ms)
    return Text("\n", end="").join([fit(blocks, width), pow_line])
