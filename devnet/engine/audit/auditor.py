"""
The auditor: sums and orders that must hold at every pair of tips, whatever happens.

Each sidechain is audited on its own, per asset, from the values of both chains as they
are now. What a screen shows of the peg is what this page signed off.

Source: protocol page "federation", section 9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from devnet.engine.audit.claims import once_in, settled
from devnet.engine.audit.order import fees, finality, quiet_swap, rotation
from devnet.engine.audit.payouts import custody, once_out
from devnet.engine.audit.solvency import solvency, sums_of, supply
from devnet.engine.audit.values import AuditReport, Books, Count, Finding
from devnet.engine.sidechain.locks import Locks
from devnet.engine.sidechain.tally import counted, tally_of


@dataclass(frozen=True, slots=True)
class Invariant:
    """
    What must hold.

    Args:
        says: one sentence for people.
        check: gives what is wrong.
    """

    id: str
    name: str
    says: str
    check: Callable[[Count], Iterator[Finding]]


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "I1", "solvency",
        "locked (+ written off) = circulating + arriving + leaving + "
        "burned + donated + stranded",
        solvency,
    ),
    Invariant(
        "I2", "supply",
        "circulating = claimed - withdrawn - burned, from the sidechain alone",
        supply,
    ),
    Invariant(
        "I3", "once in",
        "each lock is claimed once at most, with its amount, asset and recipient",
        once_in,
    ),
    Invariant(
        "I4", "once out",
        "what left the federation paid final withdrawals, and none of them twice",
        once_out,
    ),
    Invariant(
        "I5", "settled",
        "each claim's lock is at or below its block's anchor, each anchor on main",
        settled,
    ),
    Invariant(
        "I6", "finality",
        "the final height never falls and no final block changes",
        finality,
    ),
    Invariant(
        "I7", "custody",
        "what the federation holds is an accepted epoch's, or on its way there",
        custody,
    ),
    Invariant(
        "I8", "fees",
        "a coinbase holds its block's fees, and each claim pays the exact relay fee",
        fees,
    ),
    Invariant(
        "I9", "rotation",
        "from one federation to the next at most a third of the seats changes",
        rotation,
    ),
    Invariant(
        "I10", "quiet swap",
        "a consensus swap leaves outputs, claimed set and mempool as they were",
        quiet_swap,
    ),
)  # fmt: skip


def audit(books: Books, *, from_scratch: bool = False) -> AuditReport:
    """
    Recompute I1 to I10 for one sidechain.

    Args:
        from_scratch: add up every unspent output, look at every claim and every block,
            instead of trusting the sums that are kept with each block's state and the
            audits before.
    """
    locks = Locks(
        books.main, books.main_tip, books.side, books.side_tip, books.registered
    )
    tally = counted(locks) if from_scratch else tally_of(locks)
    sums = sums_of(books, tally, from_scratch=from_scratch)
    blocks = books.all_blocks() if from_scratch else books.blocks_above(books.audited)
    count = Count(books, tally, sums, blocks, from_scratch)
    findings = tuple(found for one in INVARIANTS for found in one.check(count))
    return AuditReport(
        books.chain,
        books.main_entry.height,
        books.side_entry.height,
        sums,
        findings,
        books.main_tip,
        books.side_tip,
    )
