"""Transfers between chains: one row each, failed first, then moving, then done."""

from __future__ import annotations

from rich.text import Text

from devnet.tui.draw.text import fit, line, money
from devnet.tui.theme import (
    BROKEN,
    DARK,
    DASHES,
    DEPOSIT,
    DONE,
    LINE,
    NOW,
    TO_COME,
    WITHDRAWAL,
    Palette,
)
from devnet.tui.views import State, TransferView

WIDE = 108
"""From this width on, stages have their names beside their marks."""

MOST_FINISHED = 3


def federation_title(state: State, look: Palette = DARK) -> Text:
    """The title of the panel: quorum, members, who collects."""
    if not state.members:
        return line(("federation", f"bold {look.federation}"))
    one_or_more = "collector" if len(state.collectors) == 1 else "collectors"
    collectors = " ".join((one_or_more, *state.collectors))
    return line(
        ("federation", f"bold {look.federation}"),
        (f"  {state.quorum} of {len(state.members)}  {collectors}", look.federation),
    )


def in_order(transfers: tuple[TransferView, ...]) -> tuple[TransferView, ...]:
    """Failed first, then moving, then the last few finished, newest of them first."""
    failed = [one for one in transfers if one.failed and not one.dismissed]
    moving = [one for one in transfers if not one.failed and not one.finished]
    ended = [one for one in transfers if one.finished or (one.failed and one.dismissed)]
    return (*failed, *moving, *reversed(ended[-MOST_FINISHED:]))


def draw_transfer(
    transfer: TransferView, width: int, decimals: int, look: Palette = DARK
) -> Text:
    """One row in exactly `width` cells."""
    amount = f"{money(transfer.amount, decimals)} {transfer.asset:<4}"
    strong = look.dim if transfer.finished else f"bold {look.text}"
    tone = look.deposit if transfer.is_deposit else look.withdrawal
    sign = DEPOSIT if transfer.is_deposit else WITHDRAWAL
    if width >= WIDE:
        place, n_amount = _route(transfer), 16
        path = _named_path(transfer, look)
    else:
        place, n_amount = f"{transfer.chain:<7.7}", 12
        path = _bare_path(transfer, look)
    row = line(
        (f" {sign} ", tone),
        (f"{transfer.id:<3} ", f"bold {look.text}"),
        (place, look.text),
        (f"{amount:>{n_amount}} ", strong),
        path,
        "  ",
        (_said(transfer), _tone(transfer, look)),
    )
    return fit(row, width)


def _route(transfer: TransferView) -> str:
    if transfer.is_deposit:
        return f"{f'main > {transfer.chain}':<16.16}"
    return f"{f'{transfer.chain} > main':<16.16}"


def _marks(transfer: TransferView) -> tuple[str, ...]:
    """One mark a stage: done, now, to come, broken."""
    index = _stage_index(transfer)
    here = BROKEN if transfer.failed else DONE if transfer.finished else NOW
    n_after = len(transfer.stages) - index - 1
    return (DONE,) * index + (here,) + (TO_COME,) * n_after


def _stage_index(transfer: TransferView) -> int:
    stages = transfer.stages
    return stages.index(transfer.stage) if transfer.stage in stages else 0


def _mark_style(mark: str, transfer: TransferView, look: Palette) -> str:
    tone = look.deposit if transfer.is_deposit else look.withdrawal
    return {
        DONE: tone,
        NOW: f"bold {look.now}",
        BROKEN: f"bold {look.error}",
        TO_COME: look.dim,
    }[mark]


def _bare_path(transfer: TransferView, look: Palette) -> Text:
    text = line()
    for index, mark in enumerate(_marks(transfer)):
        style = _mark_style(mark, transfer, look)
        if index:
            text.append(_road(mark) * 2, _road_style(mark, transfer, look))
        text.append(mark, style)
    return text


def _named_path(transfer: TransferView, look: Palette) -> Text:
    text = line("  ")
    for index, mark in enumerate(_marks(transfer)):
        style = _mark_style(mark, transfer, look)
        if index:
            text.append(" " + _road(mark) * 3, _road_style(mark, transfer, look))
        text.append(mark, style)
        here = mark in (NOW, BROKEN)
        text.append(f" {transfer.stages[index]}", style if here else look.dim)
    return text


def _road(mark: str) -> str:
    return DASHES if mark == TO_COME else LINE


def _road_style(mark: str, transfer: TransferView, look: Palette) -> str:
    if mark == TO_COME:
        return look.dim
    return look.deposit if transfer.is_deposit else look.withdrawal


def _said(transfer: TransferView) -> str:
    if transfer.failed:
        return transfer.note or f"{transfer.stage} failed"
    count = f"{transfer.done}/{transfer.needed}" if transfer.needed else ""
    if transfer.stage in transfer.note:
        return transfer.note
    words = [transfer.stage if count else "", count, transfer.note]
    return " ".join(word for word in words if word) or transfer.stage


def _tone(transfer: TransferView, look: Palette) -> str:
    if transfer.failed:
        return look.dim if transfer.dismissed else f"bold {look.error}"
    return look.dim if transfer.finished else look.now


NO_TRANSFER = "Nothing in flight. l locks an asset and sends it to a sidechain."
