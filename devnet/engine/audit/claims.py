"""
I3 and I5: what came in, and on which block of the mainchain it stands.

Source: protocol page "federation", section 9.
"""

from __future__ import annotations

from collections.abc import Iterator

from devnet.engine.audit.solvency import lost_claims
from devnet.engine.audit.values import Books, Count, Finding
from devnet.engine.chain.coins import Coin
from devnet.engine.federation.programs import lock_program
from devnet.engine.sidechain.state import Claimed, SideEntry


def once_in(count: Count) -> Iterator[Finding]:
    """
    I3: every lock id is claimed once at most, and what its claim says and pays is what
    the mainchain output holds: amount, asset, recipient. An output is of one sidechain
    alone, since the chain's id is in its program.
    """
    books = count.books
    for entry in count.blocks:
        seen = set[bytes]()
        before = books.parent(entry).state.claimed
        for claim in entry.claims:
            if claim.lock_id in before or claim.lock_id in seen:
                yield _broken(books, claim, "is claimed a second time")
            seen.add(claim.lock_id)
    lost = {claim.lock_id for claim in lost_claims(books)}
    for claim in _claims(count):
        lock = _lock(books, claim)
        if claim.lock_id in lost:
            continue
        if lock is None or (lock.asset, lock.amount) != (claim.asset, claim.amount):
            words = f"for {claim.amount} does not match one output of the mainchain"
            yield _broken(books, claim, words)
        elif not _pays_recipient(books, claim):
            yield _broken(books, claim, "does not pay the recipient of the lock")


def settled(count: Count) -> Iterator[Finding]:
    """
    I5: every claim's lock block is at or below the anchor of the claim's block, and
    every anchor is on the best mainchain. Anchors only move forward, so the newest one
    stands for all.
    """
    books = count.books
    anchor = books.side_entry.anchor
    for claim in _claims(count):
        lock, holder = _lock(books, claim), _block_of(books, claim)
        given_up = not books.main.is_ancestor(holder.anchor.hash, books.main_tip)
        if lock is None or given_up:
            continue  # Where anchors were given up, a lock may stand higher now.
        if lock.height > holder.anchor.height:
            yield Finding(
                "I5",
                f"claim of lock {claim.lock_id.hex()[:16]} in {books.chain} "
                f"{claim.height}: the lock is in main {lock.height}, above the block's "
                f"anchor {holder.anchor.height}",
            )
    if not books.main.is_ancestor(anchor.hash, books.main_tip):
        yield Finding(
            "I5",
            f"anchor {anchor.height} {anchor.hash.hex()[:16]} of {books.chain} "
            f"{books.side_entry.height} is not on the best mainchain",
        )


def _claims(count: Count) -> tuple[Claimed, ...]:
    """The claims to be looked at: of some blocks, or the whole claimed set."""
    if not count.whole:
        return tuple(claim for entry in count.blocks for claim in entry.claims)
    found = count.books.side_entry.state.claimed.values()
    return tuple(sorted(found, key=lambda claim: (claim.height, claim.lock_id)))


def _lock(books: Books, claim: Claimed) -> Coin | None:
    """The mainchain output of a claim, if a federation was paid by it."""
    coin = books.main_entry.state.deposits_by_id.get(claim.lock_id)
    if coin is None:
        return None
    chain_id = books.side.spec.chain_id
    programs = (
        lock_program(one, chain_id, claim.claim_script) for one in books.federations
    )
    return coin if coin.program in programs else None


def _block_of(books: Books, claim: Claimed) -> SideEntry:
    block_hash = books.side.hash_at(books.side_tip, claim.height)
    assert block_hash is not None, "a claim is in a block below the tip"
    return books.side[block_hash]


def _pays_recipient(books: Books, claim: Claimed) -> bool:
    """Does the claim's first output belong to whom the lock is bound to?"""
    for tx in _block_of(books, claim).block.transactions:
        if tx.id == claim.tx_id:
            return tx.outputs[0].program == claim.claim_script
    return False


def _broken(books: Books, claim: Claimed, words: str) -> Finding:
    return Finding(
        "I3",
        f"claim of lock {claim.lock_id.hex()[:16]} on {books.chain} {words}",
        claim.asset,
    )
