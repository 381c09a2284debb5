"""
The balance sheet as facts for people and programs: every term of every asset, and how
each invariant stands.

Source: protocol page "federation", section 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devnet.engine.audit.values import LEFT, RIGHT, AuditReport, Finding, Sums
from devnet.engine.interfaces import Checkpoint


@dataclass(frozen=True, slots=True)
class SheetRow:
    """
    One asset on a balance sheet.

    Args:
        name: the asset's name in this world, or the beginning of its id.
        decimals: of the asset; the sums are in its smallest unit.
    """

    name: str
    decimals: int
    sums: Sums

    @property
    def asset(self) -> bytes:
        """The asset's id."""
        return self.sums.asset

    @property
    def left(self) -> tuple[tuple[str, int], ...]:
        """What is there, term by term; and what was written off, if anything was."""
        there = ((LEFT, self.sums.term(LEFT)),)
        lost = self.sums.written_off
        return (*there, ("written_off", lost)) if lost else there

    @property
    def right(self) -> tuple[tuple[str, int], ...]:
        """What it must cover, term by term, in the order of the value's way."""
        return tuple((name, self.sums.term(name)) for name in RIGHT)


@dataclass(frozen=True, slots=True)
class BalanceSheet:
    """
    The books of one sidechain at one pair of blocks.

    Args:
        findings: what does not hold at this pair.
        counted: everything was added up from nothing.
    """

    chain: str
    main: Checkpoint
    side: Checkpoint
    rows: tuple[SheetRow, ...]
    findings: tuple[Finding, ...]
    counted: bool

    @property
    def ok(self) -> bool:
        """Does everything hold at this pair of blocks?"""
        return not self.findings


@dataclass(frozen=True, slots=True)
class InvariantState:
    """
    How an invariant stands on one sidechain.

    Args:
        holds: now, by a count from nothing, and no alarm stands.
        main, side: the first pair of blocks where it did not hold, if there is one.
        at_ms: virtual time of that.
        detail: what is wrong, with the values. moved: what changed just before.
    """

    id: str
    name: str
    says: str
    chain: str
    holds: bool
    main: Checkpoint | None = None
    side: Checkpoint | None = None
    at_ms: int = 0
    detail: str = ""
    moved: str = ""


def sheet_of(
    report: AuditReport, names: Mapping[bytes, tuple[str, int]], *, counted: bool
) -> BalanceSheet:
    """
    An audit as a balance sheet.

    Args:
        names: of assets with their decimals, by id.
    """
    rows = []
    for sums in report.sums:
        name, decimals = names.get(sums.asset, (sums.asset.hex()[:8], 0))
        rows.append(SheetRow(name, decimals, sums))
    return BalanceSheet(
        report.chain,
        Checkpoint(report.main_height, report.main_hash),
        Checkpoint(report.side_height, report.side_hash),
        tuple(rows),
        report.findings,
        counted,
    )
