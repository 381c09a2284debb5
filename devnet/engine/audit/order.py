"""
I6 and I8 to I10: what blocks of the sidechain may say and change.

Source: protocol page "federation", section 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from devnet.engine.audit.values import Count, Finding
from devnet.engine.bc.transaction import BTM, Claim, Spend, Transaction
from devnet.engine.federation.programs import Federation
from devnet.engine.federation.withdrawals import FEE_UNIT
from devnet.engine.sidechain.state import SideEntry, SideTree


def finality(count: Count) -> Iterator[Finding]:
    """I6: what is final to one stands on, or below, what is final to another."""
    books = count.books
    finals = sorted({(one.height, one.hash) for one in books.finals})
    for (_, low), (_, high) in pairwise(finals):
        yield from check_finality(books.side, books.chain, low, high)


def check_finality(
    tree: SideTree, chain: str, old_final: bytes, new_final: bytes
) -> tuple[Finding, ...]:
    """I6: a final block stays final; what is final now descends from it."""
    if tree.is_ancestor(old_final, new_final):
        return ()
    old, new = tree[old_final], tree[new_final]
    return (
        Finding(
            "I6",
            f"{chain} had {old.height} {old.hash.hex()[:16]} final, now "
            f"{new.height} {new.hash.hex()[:16]} is, which does not descend from it",
        ),
    )


def fees(count: Count) -> Iterator[Finding]:
    """
    I8: the coinbase of each block holds the fees of its transactions and no more, and
    the second output of each claim the exact relay fee. Computed from blocks alone.
    """
    books = count.books
    ppm = books.side.spec.relay_fee_ppm
    for entry in count.blocks:
        coinbase, *others = entry.block.transactions
        paid = sum(output.amount for output in coinbase.outputs)
        wanted = sum(_fee(tx) for tx in others)
        if paid != wanted or any(one.asset != BTM for one in coinbase.outputs):
            yield Finding(
                "I8",
                f"the coinbase of {books.chain} {entry.height} pays {paid}, the fees "
                f"are {wanted}",
                BTM,
            )
        for tx in others:
            yield from _relay_fee(books.chain, entry, tx, ppm)


def _fee(tx: Transaction) -> int:
    """What a transaction leaves to the block: BTM in less BTM out."""
    given = sum(
        one.amount
        for one in tx.inputs
        if isinstance(one, Spend | Claim) and one.asset == BTM
    )
    return given - sum(one.amount for one in tx.outputs if one.asset == BTM)


def _relay_fee(
    chain: str, entry: SideEntry, tx: Transaction, ppm: int
) -> Iterator[Finding]:
    claim = (*tx.inputs, None)[0]
    if not isinstance(claim, Claim):
        return
    wanted = claim.amount * ppm // FEE_UNIT if claim.collector_auth else 0
    paid = sum(output.amount for output in tx.outputs[1:])
    if paid != wanted:
        yield Finding(
            "I8",
            f"claim {tx.id.hex()[:16]} in {chain} {entry.height} pays its collector "
            f"{paid}, the relay fee is {wanted}",
            claim.asset,
        )


def rotation(count: Count) -> Iterator[Finding]:
    """I9: consecutive federations differ in a third of the seats at most."""
    books = count.books
    for entry in count.blocks:
        old = books.side.council(books.parent(entry)).current
        new = books.side.council(entry).current
        if old is new:
            continue
        n_moved, most = seats_moved(old, new), len(old.members) // 3
        if n_moved > most:
            yield Finding(
                "I9",
                f"block {entry.height} of {books.chain} changes {n_moved} of "
                f"{len(old.members)} seats of the federation, at most {most} may",
            )


def seats_moved(old: Federation, new: Federation) -> int:
    """Seats that got another holder, or are there no more, or were not before."""
    before, after = set(old.members), set(new.members)
    return max(len(before - after), len(after - before))


def quiet_swap(count: Count) -> Iterator[Finding]:
    """I10: a consensus swap changes neither unspent outputs nor the claimed set."""
    books = count.books
    for entry in count.blocks:
        if len(entry.state.epochs) > len(books.parent(entry).state.epochs):
            yield from check_quiet_swap(books.side, books.chain, entry)


def check_quiet_swap(
    tree: SideTree, chain: str, opening: SideEntry
) -> tuple[Finding, ...]:
    """
    I10: between the last block of the old rule with content and the first of the new,
    unspent outputs and claimed set stay as they are.

    Args:
        opening: the first block of the new epoch.
    """
    base = tree[opening.state.rules.base.hash]
    before, after = base.state, tree[opening.header.previous].state
    findings = []
    if set(before.coins.by_id) != set(after.coins.by_id):
        findings.append(Finding("I10", f"the swap of {chain} changed unspent outputs"))
    if set(before.claimed) != set(after.claimed):
        findings.append(Finding("I10", f"the swap of {chain} changed the claimed set"))
    return tuple(findings)


def check_quiet_pool(chain: str, lost: tuple[bytes, ...]) -> tuple[Finding, ...]:
    """I10 for the mempool: `lost` waited, and neither waits nor is in a block."""
    if not lost:
        return ()
    ids = ", ".join(tx_id.hex()[:16] for tx_id in lost[:3])
    return (Finding("I10", f"the swap of {chain} lost {len(lost)} waiting: {ids}"),)
