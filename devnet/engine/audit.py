"""
The auditor: sums and orders that must hold at every pair of tips, whatever happens.

Each sidechain is audited on its own, per asset, from the values of both chains as they
are now. What a screen shows of the peg is what this page signed off.

Source: protocol page "federation", section 9.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devnet.engine.chain.coins import Coin
from devnet.engine.federation.programs import Federation, lock_program, treasury_program
from devnet.engine.interfaces import Checkpoint
from devnet.engine.mainchain.state import MainTree
from devnet.engine.sidechain.state import Claimed, SideEntry, SideTree
from devnet.engine.sidechain.tally import Locks, Tally, counted, tally_of


@dataclass(frozen=True, slots=True)
class Sums:
    """The books of one sidechain for one asset, in its smallest unit."""

    asset: bytes
    locked: int
    circulating: int
    arriving: int
    leaving: int
    burned: int
    donated: int
    claimed: int
    withdrawn: int = 0

    @property
    def difference(self) -> int:
        """Locked less everything that it must cover. I1 wants 0."""
        covered = (
            self.circulating + self.arriving + self.leaving + self.burned + self.donated
        )
        return self.locked - covered


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant that does not hold, in words with the values."""

    invariant: str
    detail: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit of one sidechain found, at one pair of tips."""

    chain: str
    main_height: int
    side_height: int
    sums: tuple[Sums, ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Does everything hold?"""
        return not self.findings


@dataclass(frozen=True, slots=True)
class Books:
    """
    What an audit looks at: both chains at their tips, and the watched programs.

    Args:
        audited: the sidechain block up to which claims were audited before.
        final_height: up to which blocks of the sidechain are final.
    """

    chain: str
    main: MainTree
    main_tip: bytes
    side: SideTree
    side_tip: bytes
    lock_programs: tuple[bytes, ...]
    audited: bytes
    final_height: int


def audit(books: Books, *, from_scratch: bool = False) -> AuditReport:
    """
    Recompute I1 to I5 for one sidechain.

    Args:
        from_scratch: add up every unspent output and every claim, instead of trusting
            the sums that are kept with each block's state and the audits before.
    """
    main, side = books.main[books.main_tip], books.side[books.side_tip]
    locks = _locks_of(books)
    tally = counted(locks) if from_scratch else tally_of(locks)
    sums = tuple(
        _sums_of(books, asset, tally, from_scratch) for asset in _assets(tally, side)
    )
    findings = [*_check_sums(books, sums)]
    findings += _check_payouts(books, tally, side)
    claims = _all(side) if from_scratch else _claims_since(books, side)
    findings += _check_claims(books, claims)
    findings += _check_anchor(books, side)
    return AuditReport(books.chain, main.height, side.height, sums, tuple(findings))


def _assets(tally: Tally, side: SideEntry) -> list[bytes]:
    """Every asset that was ever locked for this sidechain, or is on it."""
    assets = set(side.state.coins.totals) | set(side.state.claimed_sum)
    return sorted(assets | set(tally.n_deposits) | set(tally.paid_out), reverse=True)


def _locks_of(books: Books) -> Locks:
    return Locks(
        books.main, books.main_tip, books.side, books.side_tip,
        books.lock_programs, _treasuries(books),
    )  # fmt: skip


def _treasuries(books: Books) -> tuple[bytes, ...]:
    known, chain_id = _federations(books), books.side.spec.chain_id
    return tuple(treasury_program(one, chain_id) for one in known)


def _federations(books: Books) -> tuple[Federation, ...]:
    """All that ever held the sidechain's locks."""
    return books.side.council(books.side[books.side_tip]).known


def _sums_of(books: Books, asset: bytes, tally: Tally, from_scratch: bool) -> Sums:
    held, side = books.main[books.main_tip].state.coins, books.side[books.side_tip]
    state, programs = side.state, (*books.lock_programs, *_treasuries(books))
    locked = sum(held.total_of(program, asset) for program in programs)
    circulating = state.coins.total(asset)
    claimed = state.claimed_sum.get(asset) or 0
    withdrawn = state.withdrawn_sum.get(asset) or 0
    if from_scratch:
        coins: Iterable[Coin] = state.coins.by_id.values()
        locked = sum(
            coin.amount
            for program in programs
            for coin in held.held_by(program)
            if coin.asset == asset
        )
        circulating = sum(coin.amount for coin in coins if coin.asset == asset)
        claimed = sum(item.amount for item in _all(side) if item.asset == asset)
    return Sums(
        asset,
        locked=locked,
        circulating=circulating,
        arriving=tally.arriving.get(asset, 0),
        leaving=withdrawn - tally.settled(asset),
        burned=state.burned_sum.get(asset) or 0,
        donated=tally.donated.get(asset, 0),
        claimed=claimed,
        withdrawn=withdrawn,
    )


def _all(side: SideEntry) -> tuple[Claimed, ...]:
    claims: Iterable[Claimed] = side.state.claimed.values()
    return tuple(sorted(claims, key=lambda claim: (claim.height, claim.lock_id)))


def _claims_since(books: Books, side: SideEntry) -> tuple[Claimed, ...]:
    """Claims of the blocks that joined since the audit before."""
    claims: tuple[Claimed, ...] = ()
    while not books.side.is_ancestor(side.hash, books.audited):
        claims = (*side.claims, *claims)
        side = books.side[side.header.previous]
    return claims


def _check_sums(books: Books, sums: tuple[Sums, ...]) -> Iterable[Finding]:
    for sum_ in sums:
        name = sum_.asset.hex()[:8]
        if sum_.difference:
            yield Finding(
                "I1",
                f"solvency of {books.chain}, asset {name}: locked {sum_.locked} = "
                f"circulating {sum_.circulating} + arriving {sum_.arriving} + leaving "
                f"{sum_.leaving} + burned {sum_.burned} + donated {sum_.donated} "
                f"is off by {sum_.difference}",
            )
        if sum_.circulating != sum_.claimed - sum_.withdrawn - sum_.burned:
            yield Finding(
                "I2",
                f"supply of {books.chain}, asset {name}: circulating "
                f"{sum_.circulating} is not claimed {sum_.claimed} - withdrawn "
                f"{sum_.withdrawn} - burned {sum_.burned}",
            )


def _check_payouts(books: Books, tally: Tally, side: SideEntry) -> Iterable[Finding]:
    """
    I4: what left the federation since the audit before went out for withdrawals that
    are final, and no withdrawal was paid twice.
    """
    for key in tally.fresh:
        heights = side.state.pegout.heights.get(key) or ()
        n_final = sum(height <= books.final_height for height in heights)
        n_paid = tally.paid.get(key) or 0
        if n_paid > n_final:
            amount, to = int.from_bytes(key[32:40], "big"), key[40:].hex()[:16]
            yield Finding(
                "I4",
                f"payouts of {books.chain}, asset {key.hex()[:8]}: {amount} left "
                f"{n_paid} times for {to or 'nobody who is owed it'}, final "
                f"withdrawals are {n_final}",
            )


def _check_claims(books: Books, claims: Iterable[Claimed]) -> Iterable[Finding]:
    """
    I3: each claimed lock is one mainchain output: amount, asset, recipient. I5: it is
    not above the anchor of the block that claims it.
    """
    spec = books.side.spec
    state = books.main[books.main_tip].state
    for claim in claims:
        found = (
            state.deposit(
                lock_program(federation, spec.chain_id, claim.claim_script),
                claim.lock_id,
            )
            for federation in _federations(books)
        )
        locks = [lock for lock in found if lock is not None]
        if [(coin.asset, coin.amount) for coin in locks] != [
            (claim.asset, claim.amount)
        ]:
            yield Finding(
                "I3",
                f"claim of lock {claim.lock_id.hex()[:16]} on {books.chain} for "
                f"{claim.amount} does not match one output of the mainchain",
            )
            continue
        anchor = _anchor_of(books, claim)
        if locks[0].height > anchor.height:
            yield Finding(
                "I5",
                f"claim of lock {claim.lock_id.hex()[:16]} in {books.chain} "
                f"{claim.height}: the lock is in main {locks[0].height}, above the "
                f"block's anchor {anchor.height}",
            )


def _anchor_of(books: Books, claim: Claimed) -> Checkpoint:
    """The anchor of the block that holds a claim."""
    block_hash = books.side.hash_at(books.side_tip, claim.height)
    assert block_hash is not None, "a claim is in a block below the tip"
    return books.side[block_hash].anchor


def _check_anchor(books: Books, side: SideEntry) -> Iterable[Finding]:
    """I5: anchors only move forward, so the newest one stands for all."""
    anchor = side.anchor
    if not books.main.is_ancestor(anchor.hash, books.main_tip):
        yield Finding(
            "I5",
            f"anchor {anchor.height} {anchor.hash.hex()[:16]} of {books.chain} "
            f"{side.height} is not on the best mainchain",
        )


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
