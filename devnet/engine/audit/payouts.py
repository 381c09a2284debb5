"""
I4 and I7: what left the federation, and what it holds where.

Source: protocol page "federation", section 9.
"""

from __future__ import annotations

from collections.abc import Iterator

from devnet.engine.audit.values import Books, Count, Finding, short_name
from devnet.engine.chain.coins import Coin
from devnet.engine.federation.programs import Federation
from devnet.engine.sidechain.holdings import Holder


def once_out(count: Count) -> Iterator[Finding]:
    """
    I4: what left the federation since the audit before went out for withdrawals that
    are final, and no withdrawal was paid twice.
    """
    books, tally = count.books, count.tally
    state = books.side_entry.state
    for key in sorted(tally.fresh):
        heights = state.pegout.heights.get(key) or ()
        n_final = sum(height <= books.final_height for height in heights)
        n_paid = tally.paid.get(key) or 0
        if n_paid > n_final:
            amount, to = int.from_bytes(key[32:40], "big"), key[40:].hex()[:16]
            asset = short_name(key[:32])
            yield Finding(
                "I4",
                f"payouts of {books.chain}, asset {asset}: {amount} left "
                f"{n_paid} times for {to or 'nobody who is owed it'}, final "
                f"withdrawals are {n_final}",
                key[:32],
            )


def custody(count: Count) -> Iterator[Finding]:
    """
    I7: every output of the federation belongs to an accepted epoch, or to a migration
    under way. What a past epoch holds is under way for so long: until the block that
    ended it, or the output itself, is settled, and the grace period after that. A
    deposit that nobody claimed in time is stranded, and stays until it is sent on.
    """
    books, holdings = count.books, count.tally.holdings
    accepted = books.council.federations
    held = books.main_entry.state.coins
    for federation in books.federations:
        if federation in accepted:
            continue
        coins = [
            coin
            for program in holdings.of(federation)
            for coin in held.held_by(program)
        ]
        if not coins:
            continue
        ended = _ended_at(books, federation)
        for coin in sorted(coins, key=lambda one: (one.height, one.id)):
            if _is_late(books, holdings.by_program[coin.program], coin, ended):
                yield Finding(
                    "I7",
                    f"custody of {books.chain}, asset {short_name(coin.asset)}: "
                    f"{coin.amount} in output {coin.id.hex()[:16]} of main "
                    f"{coin.height} is still held by an epoch that ended at main "
                    f"{ended}",
                    coin.asset,
                )


def _is_late(books: Books, holder: Holder, coin: Coin, ended: int) -> bool:
    """Should old members have moved this output long ago?"""
    state = books.side_entry.state
    if not holder.is_treasury and coin.id not in state.claimed:
        return False
    spec = books.side.spec
    claimed = state.claimed.get(coin.id)
    start = max(ended, coin.height + spec.depth)
    if claimed is not None:
        start = max(start, _anchor_height(books, claimed.height))
    return books.main_entry.height > start + spec.depth + spec.grace


def _anchor_height(books: Books, height: int) -> int:
    """The mainchain's height that the sidechain's block at a height names."""
    block_hash = books.side.hash_at(books.side_tip, height)
    assert block_hash is not None, "a height below the tip"
    return books.side[block_hash].anchor.height


def _ended_at(books: Books, federation: Federation) -> int:
    """The anchor's height of the block since which a federation is not accepted."""

    def has_ended(height: int) -> bool:
        block_hash = books.side.hash_at(books.side_tip, height)
        assert block_hash is not None, "a height below the tip"
        council = books.side.council(books.side[block_hash])
        return federation in council.past and federation not in council.federations

    # It may have come back and ended again: look for the nearest change below the tip.
    high, step = books.side_entry.height, 1
    while high - step > 0 and has_ended(high - step):
        high, step = high - step, 2 * step
    low = max(0, high - step)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if has_ended(middle) else (middle, high)
    return _anchor_height(books, high)
