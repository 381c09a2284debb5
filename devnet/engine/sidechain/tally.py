"""
What was ever locked for a sidechain: sums that follow both chains block by block.

The auditor looks after every block of either chain, so it must not count all deposits
each time. A tally says of which values it is the sum; it goes on to the next values by
the blocks between them, and is counted from nothing when it cannot: when those values
are not the ones that stand in the trees any more, or the watched programs are others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from rpds import HashTrieMap

from devnet.engine.chain.coins import Coin
from devnet.engine.federation.paying import Release, releases_in, spends_of
from devnet.engine.mainchain.state import MainState, MainTree
from devnet.engine.mainchain.view import how_moved
from devnet.engine.once import once
from devnet.engine.sidechain.state import Claimed, SideEntry, SideTree

_N_TALLIES = 64

Heights: TypeAlias = "HashTrieMap[bytes, tuple[int, ...]]"
"""Of the sidechain blocks with withdrawals that look the same, by debt key."""


@dataclass(frozen=True)
class Locks:
    """
    What is counted for one sidechain: both chains at their tips, and the programs.

    Args:
        lock_programs: hold deposits until they are claimed. treasuries: hold gifts.
    """

    main: MainTree
    main_tip: bytes
    side: SideTree
    side_tip: bytes
    lock_programs: tuple[bytes, ...]
    treasuries: tuple[bytes, ...]

    @once
    def held_by(self) -> frozenset[bytes]:
        """Every program of the federation for this sidechain."""
        return frozenset((*self.lock_programs, *self.treasuries))

    def releases(self, block_hash: bytes) -> list[Release]:
        """What the federation let go in a block of the mainchain."""
        return releases_in(
            self.main[block_hash], self.held_by, frozenset(self.treasuries),
            self.side.spec.relay_fee_ppm,
        )  # fmt: skip

    def is_change(self, tip: bytes, coin: Coin) -> bool:
        """Did the federation itself pay this output, on the branch of a tip?"""
        block_hash = self.main.hash_at(tip, coin.height)
        assert block_hash is not None, "a deposit is in a block of its branch"
        return any(
            tx.mux_id == coin.source_id and spends_of(tx, self.held_by)
            for tx in self.main[block_hash].block.transactions
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """
    Sums by asset over all deposits on the branch, spent or not.

    arriving: locked and not claimed. donated: paid to a treasury, but for change.
    n_deposits: of both kinds, claimed ones too; an asset that has none is not in it.
    paid_out: what left the federation.
    paid: how often by debt key. excess: by debt key how many of these no withdrawal of
    the sidechain explains. fresh: keys whose number changed since the tally before.
    """

    arriving: dict[bytes, int]
    donated: dict[bytes, int]
    n_deposits: dict[bytes, int]
    paid_out: dict[bytes, int]
    paid: HashTrieMap[bytes, int]
    excess: dict[bytes, int]
    fresh: tuple[bytes, ...] = ()

    def settled(self, asset: bytes) -> int:
        """What left the federation for withdrawals of the sidechain."""
        unexplained = sum(
            int.from_bytes(key[32:40], "big") * n
            for key, n in self.excess.items()
            if key[:32] == asset
        )
        return self.paid_out.get(asset, 0) - unexplained


@dataclass(frozen=True, slots=True)
class _Known:
    """A tally, and the values that it is the sum of. The trees are not kept alive."""

    tally: Tally
    main_tip: bytes
    side_tip: bytes
    programs: tuple[tuple[bytes, ...], ...]
    deposits: HashTrieMap[bytes, Coin]
    claimed: HashTrieMap[bytes, Claimed]
    owed: Heights


_known: dict[bytes, _Known] = {}
"""The newest tally of each sidechain, by chain id."""


def tally_of(locks: Locks) -> Tally:
    """The sums at these tips. The same as `counted`, at the cost of what is new."""
    chain_id = locks.side.spec.chain_id
    main, side = locks.main[locks.main_tip].state, locks.side[locks.side_tip].state
    old = _known.pop(chain_id, None)
    tally: Tally | None = None
    if old is not None and _stands(old, locks):
        same = (
            old.main_tip == locks.main_tip
            and old.claimed is side.claimed
            and old.owed is side.pegout.heights
        )
        tally = replace(old.tally, fresh=()) if same else _moved_on(old, locks)
    if tally is None:
        tally = counted(locks)
    if len(_known) >= _N_TALLIES:
        del _known[next(iter(_known))]
    _known[chain_id] = _Known(
        tally,
        locks.main_tip,
        locks.side_tip,
        (locks.lock_programs, locks.treasuries),
        main.deposits_by_id,
        side.claimed,
        side.pegout.heights,
    )
    return tally


def counted(locks: Locks) -> Tally:
    """The sums from nothing, over every deposit."""
    main, side = locks.main[locks.main_tip].state, locks.side[locks.side_tip].state
    sums = _Sums(locks)
    for program in (*locks.lock_programs, *locks.treasuries):
        for coin in main.deposits_to(program):
            sums.add(coin, 1, coin.id in side.claimed, locks.main_tip)
    for block_hash in main.hashes:
        sums.add_releases(block_hash, 1)
    return sums.tally(side.pegout.heights, sums.paid)


class _Sums:
    """A tally in the making."""

    def __init__(self, locks: Locks, start: Tally | None = None) -> None:
        self._locks = locks
        self._lock_programs = frozenset(locks.lock_programs)
        self._treasuries = frozenset(locks.treasuries)
        self._arriving = Counter(start.arriving if start else {})
        self._donated = Counter(start.donated if start else {})
        self._n_deposits = Counter(start.n_deposits if start else {})
        self._paid_out = Counter(start.paid_out if start else {})
        self._excess = dict(start.excess if start else {})
        self.paid: HashTrieMap[bytes, int] = start.paid if start else HashTrieMap()

    def add(self, coin: Coin, sign: int, is_claimed: bool, tip: bytes) -> None:
        """Count a deposit on the branch of a mainchain tip, or take it out (-1)."""
        if coin.program in self._lock_programs:
            self._n_deposits[coin.asset] += sign
            if not is_claimed:
                self._arriving[coin.asset] += sign * coin.amount
        if coin.program in self._treasuries:
            self._n_deposits[coin.asset] += sign
            if not self._locks.is_change(tip, coin):
                self._donated[coin.asset] += sign * coin.amount

    def add_releases(self, block_hash: bytes, sign: int) -> list[bytes]:
        """Count what left in a block, or take it out (-1). Gives the debt keys."""
        found = self._locks.releases(block_hash)
        for release in found:
            self._paid_out[release.asset] += sign * release.amount
            n_paid = (self.paid.get(release.key) or 0) + sign
            self.paid = self.paid.insert(release.key, n_paid)
        return [release.key for release in found]

    def tally(self, owed: Heights, touched: Iterable[bytes]) -> Tally:
        """
        The sums so far, all that was paid fresh.

        Args:
            touched: debt keys that were paid or owed more or less often than before.
        """
        for key in touched:
            n_more = (self.paid.get(key) or 0) - len(owed.get(key) or ())
            self._excess.pop(key, None)
            if n_more > 0:
                self._excess[key] = n_more
        return Tally(
            dict(self._arriving),
            dict(self._donated),
            {asset: n for asset, n in self._n_deposits.items() if n},
            dict(self._paid_out),
            self.paid,
            self._excess,
            tuple(self.paid),
        )


def _stands(old: _Known, locks: Locks) -> bool:
    """Are the values that were counted still those of the blocks in these trees?"""
    main, side = locks.main.get(old.main_tip), locks.side.get(old.side_tip)
    return (
        main is not None
        and side is not None
        and main.state.deposits_by_id is old.deposits
        and side.state.claimed is old.claimed
        and side.state.pegout.heights is old.owed
        and old.programs == (locks.lock_programs, locks.treasuries)
    )


def _moved_on(old: _Known, locks: Locks) -> Tally:
    """The old sums, less and plus what the blocks between touched."""
    main: MainState = locks.main[locks.main_tip].state
    side = locks.side[locks.side_tip].state
    moved = how_moved(locks.main, old.main_tip, locks.main_tip)
    side_blocks = tuple(_side_blocks(old, locks))
    touched = {claim.lock_id for entry in side_blocks for claim in entry.claims}
    if old.deposits is not main.deposits_by_id:
        touched |= {
            coin.id
            for block_hash in (*moved.undone, *moved.joined)
            for coin in locks.main[block_hash].change.created
        }
    sums = _Sums(locks, old.tally)
    for lock_id in touched:
        before, after = old.deposits.get(lock_id), main.deposits_by_id.get(lock_id)
        if before is not None:
            sums.add(before, -1, lock_id in old.claimed, old.main_tip)
        if after is not None:
            sums.add(after, 1, lock_id in side.claimed, locks.main_tip)
    fresh = dict.fromkeys(
        key
        for blocks, sign in ((moved.undone, -1), (moved.joined, 1))
        for block_hash in blocks
        for key in sums.add_releases(block_hash, sign)
    )
    debts = [owed.key for entry in side_blocks for owed in entry.debts]
    tally = sums.tally(side.pegout.heights, (*fresh, *debts))
    return replace(tally, fresh=tuple(fresh))


def _side_blocks(old: _Known, locks: Locks) -> Iterator[SideEntry]:
    """Blocks that left or joined between the two tips of the sidechain."""
    tree = locks.side
    entry = tree[old.side_tip]
    while not tree.is_ancestor(entry.hash, locks.side_tip):
        yield entry
        entry = tree[entry.header.previous]
    fork, entry = entry, tree[locks.side_tip]
    while entry.hash != fork.hash:
        yield entry
        entry = tree[entry.header.previous]
