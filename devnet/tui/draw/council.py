"""Members, collectors, epochs, and the grid of withdrawals by members."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from devnet.tui.draw.books import shares
from devnet.tui.draw.pages import heading, wrapped
from devnet.tui.draw.text import fit, line, money, plural, short
from devnet.tui.draw.withdrawal import ANSWERS
from devnet.tui.theme import (
    BROKEN,
    DARK,
    DEPOSIT,
    DONE,
    EMPTY,
    FULL,
    NOW,
    TO_COME,
    WITHDRAWAL,
    Palette,
)

if TYPE_CHECKING:
    from devnet.engine.councilstory import CouncilFacts, EpochFacts, Holder, LockTurn
    from devnet.engine.lockstory import LockFacts
    from devnet.engine.payoutstory import WithdrawalStory

BTM_DECIMALS = 8
N_CELL = 7
"""Cells of a member's column in the grid."""
N_WIDE = 100
_LOCK_SIGNS = {
    "seen": (TO_COME, "dim"),
    "rejected": (BROKEN, "error"),
    "gone": (BROKEN, "error"),
    "in block": (DONE, "good"),
    "final": (DONE, "good"),
}
"""Signs of a lock's states, with the name of a colour; any other is under way."""
N_REASON = 24
"""Cells that a reason needs to be worth reading."""
AssetName = Callable[[bytes], str]


def draw_members(facts: CouncilFacts, width: int, look: Palette = DARK) -> list[Text]:
    """Who signs for a sidechain, and who stands for it."""
    n_seats = sum(one.sits for one in facts.members)
    left = plural(facts.next_tally - facts.height, "block")
    collectors = {one.name for one in facts.collectors if one.sits}
    rows = [
        line(
            (f" {facts.chain}", f"bold {look.good}"),
            (f"  epoch {facts.epoch}", f"bold {look.text}"),
            (f"  {facts.quorum} of {n_seats} must sign", look.text),
            (f"  votes count at {facts.next_tally}, in {left}", look.dim),
        ),
        line(""),
        _columns("member", "health", "role", "epochs", look),
    ]
    for one in facts.members:
        role = "signs" if one.sits or one.epochs else "stands"
        if one.name in collectors:
            role += ", collects"
        epochs = " ".join(map(str, one.epochs)) or "-"
        rows.append(_holder(one, role, epochs, width, look))
    hint = " enter changes something: register, vote, leave, off, on"
    rows += [line(""), _legend(look), line((hint, look.dim))]
    return [fit(row, width) for row in rows]


def _columns(first: str, second: str, third: str, fourth: str, look: Palette) -> Text:
    words = f"   {first:<9} {second:<8} {third:<16} {fourth:<6}"
    return line((f"{words} {'votes':>8} {'bond':>8}  key", f"bold {look.text}"))


def _holder(one: Holder, role: str, place: str, width: int, look: Palette) -> Text:
    sign, ink = (DONE, look.good) if one.sits else (TO_COME, look.dim)
    if one.comes or one.goes:
        sign, ink = DEPOSIT if one.comes else WITHDRAWAL, f"bold {look.now}"
    health = "up"
    if not one.up:
        sign, ink, health = BROKEN, f"bold {look.error}", "still"
    votes = money(one.votes, BTM_DECIMALS) if one.votes else "-"
    bond = money(one.bond, BTM_DECIMALS) if one.bond else "-"
    bond = "founder" if one.founder else bond
    row = line(
        (f" {sign} ", ink),
        (f"{one.name:<9.9} ", look.text),
        (f"{health:<8} ", ink if health != "up" else look.text),
        (f"{role:<16} {place:<6} {votes:>8} {bond:>8}", look.text),
        (f"  {short(one.key.hex())}", look.dim),
    )
    for holds, sign, words in (
        (one.comes, DEPOSIT, "comes"),
        (one.goes, WITHDRAWAL, "goes"),
        (one.leaving, "", "leaves"),
    ):
        if holds:
            row.append(f"  {sign} {words}" if width >= N_WIDE else f" {sign}", look.now)
    return fit(row, width)


def _legend(look: Palette) -> Text:
    return line(
        (f" {DONE} sits   {TO_COME} stands   {BROKEN} stands still   ", look.dim),
        (f"{DEPOSIT} comes, {WITHDRAWAL} goes with the next epoch", look.dim),
    )


def draw_collectors(
    facts: CouncilFacts,
    width: int,
    look: Palette = DARK,
    *,
    decimals: Mapping[str, int],
    asset_name: AssetName,
    known: Sequence[LockFacts] = (),
) -> list[Text]:
    """
    Who may claim locks, whose turn each one is, and what each collector knows of it.

    Args:
        known: one for each collector and lock, of all sidechains.
    """
    rows = [
        line(
            (f" {facts.chain}", f"bold {look.good}"),
            ("  a lock's own number picks the first; then the next may", look.dim),
        ),
        line(""),
        _columns("collector", "health", "role", "place", look),
    ]
    for index, one in enumerate(facts.collectors):
        role, place = ("collects", f"{index}") if one.sits else ("stands", "-")
        rows.append(_holder(one, role, place, width, look))
    rows += [line(""), heading("Locks", look, "not claimed for good yet")]
    if facts.locks:
        rows.append(
            _lock_row(
                look, "", ("lock", "amount", "main", "turn of", "state", "anybody in")
            )
        )
    for lock in facts.locks:
        rows.append(_lock(lock, decimals, asset_name, width, look))
    if not facts.locks:
        rows.append(line((" none: l locks an asset", look.dim)))
    still = {one.name for one in facts.collectors if not one.up}
    own = [
        one for one in known if one.chain == facts.chain and one.collector not in still
    ]
    if own:
        rows += [line(""), heading("Seen by", look, "each with a mainchain of its own")]
        rows += [_known(one, look) for one in own]
    return [fit(row, width) for row in rows]


def _known(one: LockFacts, look: Palette) -> Text:
    """How far a lock is for one collector."""
    sign, ink = _LOCK_SIGNS.get(one.state, (NOW, "now"))
    tone = str(getattr(look, ink))
    name = one.transfer or short(one.lock_id.hex())
    count = f" {one.done}/{one.needed}" if one.needed else ""
    return line(
        (f" {sign} ", tone),
        (f"{one.collector:<9.9} {name:<10.10} ", look.text),
        (f"{one.state + count:<13} ", tone),
        (one.note, look.dim),
    )


def _lock(
    lock: LockTurn,
    decimals: Mapping[str, int],
    asset_name: AssetName,
    width: int,
    look: Palette,
) -> Text:
    name = asset_name(lock.asset)
    amount = f"{money(lock.amount, decimals.get(name, 0))} {name}"
    cells = (
        lock.transfer or short(lock.lock_id.hex()),
        amount,
        str(lock.height),
        ", ".join(lock.turns) or "nobody",
        lock.state,
        str(lock.anybody_in),
    )
    return fit(_lock_row(look, DEPOSIT, cells), width)


def _lock_row(look: Palette, sign: str, cells: tuple[str, ...]) -> Text:
    name, amount, height, turns, state, left = cells
    return line(
        (f" {sign or ' '} ", look.deposit),
        (f"{name:<10.10} {amount:>14} {height:>6}  ", look.text),
        (f"{turns:<14} ", look.now if sign else f"bold {look.text}"),
        (f"{state:<15.26} ", look.text),
        (f"{left:>8}", look.dim),
    )


# Epochs.


def draw_epochs(
    facts: CouncilFacts,
    width: int,
    look: Palette = DARK,
    *,
    decimals: Mapping[str, int],
    asset_name: AssetName,
    signed: tuple[str, ...] = (),
) -> list[Text]:
    """
    The wanted set, the epoch in force, the older ones, and what each holds.

    Args:
        signed: members who signed the handover to the wanted set.
    """
    rows = [
        line(
            (f" {facts.chain}", f"bold {look.good}"),
            (f"  block {facts.height}", look.text),
            (f"  votes count at {facts.next_tally}", look.dim),
        )
    ]
    rows += _migration(facts, width, look, decimals, asset_name)
    for one in facts.epochs:
        rows += [line(""), *_epoch(one, width, look, decimals, asset_name)]
        if one.state == "wanted":
            rows += _handover(facts.quorum, signed, width, look)
    if all(one.state != "wanted" for one in facts.epochs):
        words = "The votes want nobody else: no change is on its way."
        rows += [line(""), *wrapped(words, width, look.dim)]
    return [fit(row, width) for row in rows]


def _migration(
    facts: CouncilFacts,
    width: int,
    look: Palette,
    decimals: Mapping[str, int],
    asset_name: AssetName,
) -> list[Text]:
    """Value that flows from old addresses to the newest: a bar for each asset."""
    current = [one for one in facts.epochs if one.state == "in force"]
    older = [one for one in facts.epochs if one.state in ("accepted", "expired")]
    if not older:
        return []
    now = dict(current[0].held) if current else {}
    left: dict[bytes, int] = {}
    for one in older:
        for asset, amount in one.held:
            left[asset] = left.get(asset, 0) + amount
    rows = [line(""), heading("Migration", look, "from old addresses to the newest")]
    for asset in sorted(now.keys() | left.keys(), reverse=True):
        name = asset_name(asset)
        n_old, n_new = shares(
            (left.get(asset, 0), now.get(asset, 0)), max(10, width - 52)
        )
        old_words = money(left.get(asset, 0), decimals.get(name, 0))
        new_words = money(now.get(asset, 0), decimals.get(name, 0))
        row = line((f"  {name:<7.7} old {old_words:>12} ", look.text))
        row.append(EMPTY * n_old, look.main)
        row.append(FULL * n_new, look.good)
        row.append(f" {new_words} new", look.text)
        rows.append(row)
    if not any(left.values()):
        rows.append(line(("  nothing is left at old addresses", look.good)))
    return rows


def _epoch(
    one: EpochFacts,
    width: int,
    look: Palette,
    decimals: Mapping[str, int],
    asset_name: AssetName,
) -> list[Text]:
    signs = {"in force": DONE, "accepted": DONE, "expired": BROKEN, "wanted": TO_COME}
    inks = {
        "in force": f"bold {look.good}",
        "accepted": look.main,
        "expired": look.dim,
        "wanted": f"bold {look.now}",
    }
    ink = inks[one.state]
    words = f"{one.state} until block {one.until}" if one.until else one.state
    head = line(
        (f" {signs[one.state]} epoch {one.number}", ink),
        (f"  {words}", ink),
        (f"  {one.quorum} of {len(one.members)}", look.text),
        (f"  {' '.join(one.members)}", look.text),
    )
    rows = [fit(head, width)]
    if one.came or one.left:
        change = line("    ")
        comes, goes = ("comes", "goes") if one.state == "wanted" else ("came", "left")
        change.append("".join(f"{DEPOSIT} {name} {comes}  " for name in one.came))
        change.append("".join(f"{WITHDRAWAL} {name} {goes}  " for name in one.left))
        change.stylize(look.now)
        rows.append(change)
    if one.state == "wanted":
        return rows
    rows.append(line(("    treasury ", look.dim), (one.treasury, look.deposit)))
    held = "  ".join(
        f"{money(amount, decimals.get(name, 0))} {name}"
        for asset, amount in one.held
        for name in [asset_name(asset)]
    )
    rows.append(line(("    holds    ", look.dim), (held or "nothing", look.text)))
    return rows


def _handover(
    needed: int, signed: tuple[str, ...], width: int, look: Palette
) -> list[Text]:
    """What the wanted set waits for."""
    names = f": {' '.join(signed)}" if signed else ""
    words = (
        f"handover signed by {len(signed)} of {needed} present members{names}; then "
        "new deposits go to the new address and old funds follow"
    )
    return wrapped(words, width, look.now, indent="    ")


# The grid of withdrawals.


def grid_head(members: tuple[str, ...], look: Palette = DARK) -> Text:
    """The names above the columns."""
    names = "".join(f"{name:^{N_CELL}.{N_CELL - 1}}" for name in members)
    words = f" {'':<2}{'':<4} {'chain':<8}{'amount':>16}  {'state':<10} "
    return line((words + names, f"bold {look.text}"))


def grid_row(
    one: WithdrawalStory,
    members: tuple[str, ...],
    decimals: int,
    width: int,
    look: Palette = DARK,
) -> Text:
    """One withdrawal: what each member answered, and why one refuses."""
    amount = f"{money(one.amount, decimals)} {one.asset}"
    done = one.state == "completed"
    row = line(
        (f" {WITHDRAWAL} ", look.withdrawal),
        (f"{one.transfer:<4}", f"bold {look.text}"),
        (f"{one.chain:<8.7}{amount:>16}  ", look.text),
        (f"{one.state:<10} ", look.dim if done else look.now),
    )
    answers = {each.member: each for each in one.members}
    inks = {
        "signed": look.good,
        "refused": f"bold {look.error}",
        "waiting": look.now,
        "off": look.dim,
    }
    for name in members:
        said = answers.get(name)
        sign = f"{ANSWERS[said.answer]} {said.check}".strip() if said else ""
        row.append(f"{sign:^{N_CELL}}", inks[said.answer] if said else "")
    refused = next((each.reason for each in one.members if each.check), "")
    if refused and width - row.cell_len > N_REASON:
        row.append(f"  {refused}", look.error)
    return fit(row, width)
