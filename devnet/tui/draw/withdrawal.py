"""The withdrawal inspector: eight states as a conveyor, the members, the payout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rich.text import Text

from devnet.tui.draw.pages import fact, heading, wrapped
from devnet.tui.draw.text import fit, line, money, short
from devnet.tui.theme import (
    BROKEN,
    DARK,
    DASHES,
    DONE,
    LINE,
    NOW,
    PROPOSER,
    TICK,
    TO_COME,
    Palette,
)

if TYPE_CHECKING:
    from devnet.engine.payoutparts import MemberAnswer, PayoutPart
    from devnet.engine.payoutstory import Step, WithdrawalStory

SIGNS = {"done": DONE, "now": NOW, "to come": TO_COME, "broken": BROKEN}
ANSWERS = {"signed": TICK, "refused": BROKEN, "waiting": TO_COME, "off": "-"}
WIDE = 110
"""From this width on there is room for whole hashes."""
AssetName = Callable[[bytes], str]


def withdrawal_title(story: WithdrawalStory, decimals: int, look: Palette) -> Text:
    """Which withdrawal this is, and how to come to the others."""
    amount = f"{money(story.amount, decimals)} {story.asset}"
    return line(
        (f"withdrawal {story.transfer}", f"bold {look.withdrawal}"),
        (f"  {story.chain} > main  {amount} to {story.to}", look.withdrawal),
        ("  [ ] others", look.dim),
    )


def draw_withdrawal(
    story: WithdrawalStory,
    width: int,
    look: Palette = DARK,
    *,
    decimals: Mapping[str, int],
    asset_name: AssetName,
    address: str = "",
) -> list[Text]:
    """
    Everything about one withdrawal.

    Args:
        decimals: of assets by name. asset_name: from an asset id.
        address: where the recipient is paid.
    """
    # Where there is little room, bold headings part what blank lines would.
    gap = [line("")] if width >= WIDE else []
    rows = [*_conveyor(story.steps, width, look), *gap]
    rows += [_step_row(step, width, look) for step in story.steps if _has_news(step)]
    said = f"{story.n_signed} signed, {story.quorum} needed"
    rows += [*gap, heading("Members", look, said)]
    for one in story.members:
        rows += _member_rows(one, story.pin, width, look)
    rows += [*gap, *_payout(story, width, look, decimals, asset_name)]
    rows += [*gap, *_records(story, width, look, address)]
    return rows


# The conveyor.


def _conveyor(steps: tuple[Step, ...], width: int, look: Palette) -> list[Text]:
    """Names above, marks on the belt below; narrower than that, marks alone."""
    least = sum(len(one.state) for one in steps) + 2 * len(steps)
    gap = max(2, min(8, (width - least) // len(steps) + 2))
    names, belt = line(" "), line(" ")
    for index, one in enumerate(steps):
        tone = _tone(one, look)
        is_last = index == len(steps) - 1
        room = len(one.state) + (0 if is_last else gap)
        names.append(f"{one.state:<{room}}", tone if one.mark != "to come" else "")
        belt.append(SIGNS[one.mark], tone)
        if not is_last:
            road = DASHES if steps[index + 1].mark == "to come" else LINE
            ink = look.dim if road == DASHES else look.withdrawal
            belt.append(road * (room - 1), ink)
    return [fit(names, width), fit(belt, width)]


def _tone(step: Step, look: Palette) -> str:
    return {
        "done": look.withdrawal,
        "now": f"bold {look.now}",
        "broken": f"bold {look.error}",
        "to come": look.dim,
    }[step.mark]


def _has_news(step: Step) -> bool:
    return step.mark != "to come"


def _step_row(step: Step, width: int, look: Palette) -> Text:
    told = step.id if width >= WIDE else short(step.id) if step.id else ""
    ink = look.text if step.mark == "done" else _tone(step, look)
    row = line(
        (f" {SIGNS[step.mark]} ", _tone(step, look)),
        (f"{step.state:<10} ", ink),
        (f"{step.where:<28} ", ink),
        (told, look.dim),
    )
    return fit(row, width)


# Members.


def _member_rows(one: MemberAnswer, pin: str, width: int, look: Palette) -> list[Text]:
    tone = {
        "signed": look.good,
        "refused": f"bold {look.error}",
        "waiting": look.now,
        "off": look.dim,
    }[one.answer]
    words = {"off": "stands still"}.get(one.answer, one.answer)
    row = line((f" {ANSWERS[one.answer]} ", tone), (f"{one.member:<8} ", look.text))
    row.append(f"{words:<13}", tone)
    if one.pin:
        holds = "" if one.pin == pin else ", another one"
        row.append(f"{PROPOSER} holds to pin {short(one.pin)}{holds}", look.now)
    rows = [fit(row, width)]
    if one.check:
        why = f"{one.check}: {one.reason}"
        rows += wrapped(why, width, look.error, indent=" " * 12)
    return rows


# The payout.


def _payout(
    story: WithdrawalStory,
    width: int,
    look: Palette,
    decimals: Mapping[str, int],
    asset_name: AssetName,
) -> list[Text]:
    if not story.payout:
        return [
            heading("Payout", look, "not planned yet"),
            *wrapped(
                "The coordinator picks settled outputs of the federation, the first of "
                "them is the pin: whoever signs once signs only what spends it.",
                width,
                look.dim,
            ),
        ]
    rows = [heading("Payout", look, "the transaction that members sign")]
    for sign, parts in (("in ", story.inputs), ("out", story.outputs)):
        for part in parts:
            name = asset_name(part.asset)
            amount = f"{money(part.amount, decimals.get(name, 0))} {name}"
            rows.append(_part_row(sign, part, amount, width, look))
    return rows


def _part_row(
    sign: str, part: PayoutPart, amount: str, width: int, look: Palette
) -> Text:
    is_pin = part.what.startswith("pin")
    words = part.what + (f" of {part.of}" if part.of else "")
    ink = f"bold {look.now}" if is_pin else look.text
    told = part.id.hex() if width >= WIDE else short(part.id.hex())
    row = line(
        (f" {PROPOSER if is_pin else ' '} ", ink),
        (f"{sign}  ", look.dim),
        (f"{words:<24}", ink),
        (f"{amount:>22}", look.text),
        (f"  {told}", look.now if is_pin else look.dim),
    )
    return fit(row, width)


def _records(
    story: WithdrawalStory, width: int, look: Palette, address: str
) -> list[Text]:
    chain = story.chain
    intent, done = "none yet", "none yet"
    if story.intent:
        intent = f"in {chain} {story.intent_height}, names {short(story.intent)}"
    if story.completed_height:
        done = f"in {chain} {story.completed_height}, with the payout's Merkle proof"
    return [
        heading("Records", look, f"what {chain} carries about it"),
        *fact("withdrawal", story.withdrawal, width, look),
        *fact("pays to", address or story.recipient.hex(), width, look),
        *fact("intent", intent, width, look),
        *fact("completion", done, width, look),
        *(fact("payout", story.payout, width, look) if story.payout else ()),
    ]
