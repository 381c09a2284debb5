"""The verb of the auditor: every sum of the peg, and how each invariant stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devnet.commands.bars import bars
from devnet.commands.context import Context
from devnet.commands.registry import command
from devnet.commands.types import Sidechain
from devnet.commands.values import Said, show_units

if TYPE_CHECKING:
    from devnet.engine.audit.sheet import BalanceSheet, InvariantState, SheetRow

MEMORANDA = ("claimed", "withdrawn", "difference")
SOLVENCY = "I1"
RARE = ("written_off", "stranded", "donated")
"""Terms that a table leaves out where they are nothing."""


@command(group="checks", example="audit alpha")
def audit(
    session: Context,
    sidechain: Sidechain | None = None,
    *,
    from_scratch: bool = False,
    invariants: bool = False,
) -> Said:
    """Recompute what a sidechain's coins stand on, asset by asset.

    Locked on the mainchain must be, to the unit, what circulates, arrives, leaves, was
    burned, donated, or is stranded. --from-scratch adds up every output, claim and
    block again, and says whether that agrees with the sums kept from block to block.
    --invariants lists what must hold, I1 to I10, and since when something does not.
    Without a sidechain: all of them.
    """
    network = session.network
    names = (sidechain,) if sidechain else network.sidechain_names()
    if invariants:
        states = [one for name in names for one in network.invariants(name)]
        ok = all(one.holds for one in states)
        value = {"ok": ok, "invariants": [_state(one) for one in states]}
        return Said(value, "\n".join(_state_lines(states)))
    sheets, facts, lines = [], [], []
    for name in names:
        kept = network.balance_sheet(name)
        agree = True
        sheet = kept
        if from_scratch:
            sheet = network.balance_sheet(name, from_scratch=True)
            agree = [one.sums for one in kept.rows] == [one.sums for one in sheet.rows]
        alarms = network.alarms(name)
        sheets.append(sheet.ok and agree and not alarms)
        facts.append(_sheet(sheet, agree if from_scratch else None, alarms))
        lines += _sheet_lines(sheet, agree if from_scratch else None, alarms)
        if alarms:
            lines += _since_lines(network.invariants(name))
    return Said({"ok": all(sheets), "chains": facts}, "\n".join(lines))


def _sheet(
    sheet: BalanceSheet, agree: bool | None, alarms: list[str]
) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "chain": sheet.chain,
        "ok": sheet.ok and not alarms and agree is not False,
        "main": {"height": sheet.main.height, "hash": sheet.main.hash},
        "side": {"height": sheet.side.height, "hash": sheet.side.hash},
        "assets": [_row(row) for row in sheet.rows],
        "broken": [
            {"invariant": one.invariant, "detail": one.detail} for one in sheet.findings
        ],
        "alarms": alarms,
    }
    if agree is not None:
        facts["agree"] = agree
    return facts


def _row(row: SheetRow) -> dict[str, Any]:
    """Each term as the exact decimal string of its smallest units."""
    terms = {name: str(amount) for name, amount in (*row.left, *row.right)}
    return {
        "asset": row.name,
        "id": row.asset,
        "decimals": row.decimals,
        **terms,
        **{name: str(getattr(row.sums, name)) for name in MEMORANDA},
    }


def _sheet_lines(
    sheet: BalanceSheet, agree: bool | None, alarms: list[str]
) -> list[str]:
    broken = sorted({one.invariant for one in sheet.findings})
    word = "balances"
    if SOLVENCY in broken:
        word = "DOES NOT BALANCE"
    elif broken:
        word = f"balances, but {' and '.join(broken)} BROKEN"
    elif alarms:
        word = f"balances now; alarm stands: {', '.join(alarms)}"
    at = f"main {sheet.main.height}, {sheet.chain} {sheet.side.height}"
    lines = [f"{sheet.chain} at {at}: {word}"]
    if sheet.rows:
        lines += _table(sheet)
        for row in sheet.rows:
            lines += [f"  {row.name}", *bars(row)]
    else:
        lines.append("  nothing locked, nothing circulates")
    if agree is not None:
        both = "kept sums and a count from scratch agree"
        lines.append(f"  {both if agree else both.replace('agree', 'DIFFER')}")
    lines += [f"  {one.invariant} {one.detail}" for one in sheet.findings]
    return lines


def _since_lines(states: list[InvariantState]) -> list[str]:
    """Where each alarm rang first, and what moved there."""
    lines = []
    for one in states:
        if one.main is None or one.side is None:
            continue
        lines.append(
            f"  {one.id} rang first at main {one.main.height} "
            f"{one.main.hash.hex()[:8]}, {one.chain} {one.side.height} "
            f"{one.side.hash.hex()[:8]}" + (f": {one.moved}" if one.moved else "")
        )
    return lines


def _table(sheet: BalanceSheet) -> list[str]:
    """Terms down, assets across."""
    rows = [["", *(row.name for row in sheet.rows)]]
    lefts = dict.fromkeys(name for row in sheet.rows for name, _ in row.left)
    names = [*lefts, *(name for name, _ in sheet.rows[0].right)]
    for name in (*names, "difference"):
        if not any(getattr(row.sums, name) for row in sheet.rows) and name in RARE:
            continue
        shown = [
            show_units(getattr(row.sums, name), row.decimals) for row in sheet.rows
        ]
        rows.append([name.replace("_", " "), *shown])
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  " + row[0].ljust(widths[0]) + "".join(
            "  " + cell.rjust(width)
            for cell, width in zip(row[1:], widths[1:], strict=True)
        )
        for row in rows
    ]  # fmt: skip


def _state(state: InvariantState) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": state.id,
        "name": state.name,
        "says": state.says,
        "chain": state.chain,
        "holds": state.holds,
    }
    if not state.holds:
        facts["detail"] = state.detail
    if state.main is not None and state.side is not None:
        facts["since"] = {
            "at_ms": state.at_ms,
            "main": {"height": state.main.height, "hash": state.main.hash},
            "side": {"height": state.side.height, "hash": state.side.hash},
            "moved": state.moved,
        }
    return facts


def _state_lines(states: list[InvariantState]) -> list[str]:
    """Each invariant once, with the sidechains where it does not hold below it."""
    by_id: dict[str, list[InvariantState]] = {}
    for state in states:
        by_id.setdefault(state.id, []).append(state)
    lines = []
    for same in by_id.values():
        first, broken = same[0], [one for one in same if not one.holds]
        word = "BROKEN" if broken else "holds "
        lines.append(f"{first.id:<4}{word}  {first.name:<12}{first.says}")
        for one in broken:
            since = ""
            if one.main is not None and one.side is not None:
                since = (
                    f" since main {one.main.height} {one.main.hash.hex()[:8]}, "
                    f"{one.chain} {one.side.height} {one.side.hash.hex()[:8]}"
                )
            lines.append(f"      on {one.chain}{since}: {one.detail}")
            if one.moved:
                lines.append(f"      {one.moved}")
    return lines
