"""
I1 and I2: the sums of the balance sheet.

Source: protocol page "federation", section 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from devnet.engine.audit.values import (
    LEFT,
    RIGHT,
    Books,
    Count,
    Finding,
    Sums,
    short_name,
)
from devnet.engine.chain.coins import Coin
from devnet.engine.sidechain.locks import Tally
from devnet.engine.sidechain.state import Claimed


def sums_of(books: Books, tally: Tally, *, from_scratch: bool) -> tuple[Sums, ...]:
    """
    The terms of every asset that was ever locked for this sidechain, or is on it.

    Args:
        from_scratch: add up every unspent output and every claim, instead of trusting
            the sums that are kept with each block's state.
    """
    state = books.side_entry.state
    assets = set(state.coins.totals) | set(state.claimed_sum)
    assets |= set(tally.n_deposits) | set(tally.paid_out)
    count = _counted if from_scratch else _kept
    return tuple(count(books, asset, tally) for asset in sorted(assets, reverse=True))


def _kept(books: Books, asset: bytes, tally: Tally) -> Sums:
    held, state = books.main_entry.state.coins, books.side_entry.state
    return _sums(
        books,
        asset,
        tally,
        locked=sum(
            held.total_of(program, asset) for program in tally.holdings.by_program
        ),
        circulating=state.coins.total(asset),
        claimed=state.claimed_sum.get(asset) or 0,
    )


def _counted(books: Books, asset: bytes, tally: Tally) -> Sums:
    held, state = books.main_entry.state.coins, books.side_entry.state
    claims: Iterable[Claimed] = state.claimed.values()
    coins: Iterable[Coin] = state.coins.by_id.values()
    return _sums(
        books,
        asset,
        tally,
        locked=sum(
            coin.amount
            for program in tally.holdings.by_program
            for coin in held.held_by(program)
            if coin.asset == asset
        ),
        circulating=sum(coin.amount for coin in coins if coin.asset == asset),
        claimed=sum(claim.amount for claim in claims if claim.asset == asset),
    )


def _sums(
    books: Books,
    asset: bytes,
    tally: Tally,
    *,
    locked: int,
    circulating: int,
    claimed: int,
) -> Sums:
    state = books.side_entry.state
    withdrawn = state.withdrawn_sum.get(asset) or 0
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
        stranded=tally.stranded.get(asset, 0),
        written_off=sum(one.amount for one in lost_claims(books) if one.asset == asset),
    )


def lost_claims(books: Books) -> list[Claimed]:
    """
    Claims that were written off, and whose locks are not on the best mainchain either:
    those that came back with it are no loss.
    """
    there = books.main_entry.state.deposits_by_id
    written_off = books.side_entry.state.written_off
    return [one for one in written_off if one.lock_id not in there]


def solvency(count: Count) -> Iterator[Finding]:
    """I1: what is locked on the mainchain is all that it must cover, to the unit."""
    for one in count.sums:
        if one.difference:
            terms = " + ".join(
                f"{name} {one.term(name)}"
                for name in RIGHT
                if one.term(name) or name not in ("donated", "stranded")
            )
            there = f"{LEFT} {one.locked}"
            if one.written_off:
                there += f" + written off {one.written_off}"
            yield Finding(
                "I1",
                f"solvency of {count.books.chain}, asset {short_name(one.asset)}: "
                f"{there} is not {terms}, it is off by {one.difference} units",
                one.asset,
            )


def supply(count: Count) -> Iterator[Finding]:
    """I2: what circulates came in by claims and has not left, as the sidechain says."""
    for one in count.sums:
        if one.circulating != one.claimed - one.withdrawn - one.burned:
            yield Finding(
                "I2",
                f"supply of {count.books.chain}, asset {short_name(one.asset)}: "
                f"circulating {one.circulating} is not claimed {one.claimed} - "
                f"withdrawn {one.withdrawn} - burned {one.burned}",
                one.asset,
            )
