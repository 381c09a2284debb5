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
from dataclasses import dataclass

from rpds import HashTrieMap

from devnet.engine.chain.coins import Coin
from devnet.engine.mainchain.state import MainState, MainTree
from devnet.engine.mainchain.view import how_moved
from devnet.engine.sidechain.state import Claimed, SideEntry, SideTree

_N_TALLIES = 64


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Tally:
    """
    Sums by asset over all deposits on the branch, spent or not.

    arriving: locked and not claimed. donated: paid to a treasury. n_deposits: of both
    kinds, claimed ones too; an asset that has none is not in it.
    """

    arriving: dict[bytes, int]
    donated: dict[bytes, int]
    n_deposits: dict[bytes, int]


@dataclass(frozen=True, slots=True)
class _Known:
    """A tally, and the values that it is the sum of. The trees are not kept alive."""

    tally: Tally
    main_tip: bytes
    side_tip: bytes
    programs: tuple[tuple[bytes, ...], ...]
    deposits: HashTrieMap[bytes, Coin]
    claimed: HashTrieMap[bytes, Claimed]


_known: dict[bytes, _Known] = {}
"""The newest tally of each sidechain, by chain id."""


def tally_of(locks: Locks) -> Tally:
    """The sums at these tips. The same as `counted`, at the cost of what is new."""
    chain_id = locks.side.spec.chain_id
    main, side = locks.main[locks.main_tip].state, locks.side[locks.side_tip].state
    old = _known.pop(chain_id, None)
    tally: Tally | None = None
    if old is not None and _stands(old, locks):
        same = old.deposits is main.deposits_by_id and old.claimed is side.claimed
        tally = old.tally if same else _moved_on(old, locks)
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
    )
    return tally


def counted(locks: Locks) -> Tally:
    """The sums from nothing, over every deposit."""
    main, side = locks.main[locks.main_tip].state, locks.side[locks.side_tip].state
    sums = _Sums(locks)
    for program in (*locks.lock_programs, *locks.treasuries):
        for coin in main.deposits_to(program):
            sums.add(coin, 1, coin.id in side.claimed)
    return sums.tally()


class _Sums:
    """A tally in the making."""

    def __init__(self, locks: Locks, start: Tally | None = None) -> None:
        self._lock_programs = frozenset(locks.lock_programs)
        self._treasuries = frozenset(locks.treasuries)
        self._arriving = Counter(start.arriving if start else {})
        self._donated = Counter(start.donated if start else {})
        self._n_deposits = Counter(start.n_deposits if start else {})

    def add(self, coin: Coin, sign: int, is_claimed: bool) -> None:
        """Count a deposit, or take it out (-1)."""
        if coin.program in self._lock_programs:
            self._n_deposits[coin.asset] += sign
            if not is_claimed:
                self._arriving[coin.asset] += sign * coin.amount
        if coin.program in self._treasuries:
            self._n_deposits[coin.asset] += sign
            self._donated[coin.asset] += sign * coin.amount

    def tally(self) -> Tally:
        """The sums so far."""
        return Tally(
            dict(self._arriving),
            dict(self._donated),
            {asset: n for asset, n in self._n_deposits.items() if n},
        )


def _stands(old: _Known, locks: Locks) -> bool:
    """Are the values that were counted still those of the blocks in these trees?"""
    main, side = locks.main.get(old.main_tip), locks.side.get(old.side_tip)
    return (
        main is not None
        and side is not None
        and main.state.deposits_by_id is old.deposits
        and side.state.claimed is old.claimed
        and old.programs == (locks.lock_programs, locks.treasuries)
    )


def _moved_on(old: _Known, locks: Locks) -> Tally:
    """The old sums, less and plus what the blocks between touched."""
    main: MainState = locks.main[locks.main_tip].state
    claimed = locks.side[locks.side_tip].state.claimed
    touched = {
        coin.id
        for block_hash in _main_blocks(old, locks)
        for coin in locks.main[block_hash].change.created
    }
    touched |= {
        claim.lock_id for entry in _side_blocks(old, locks) for claim in entry.claims
    }
    sums = _Sums(locks, old.tally)
    for lock_id in touched:
        before, after = old.deposits.get(lock_id), main.deposits_by_id.get(lock_id)
        if before is not None:
            sums.add(before, -1, lock_id in old.claimed)
        if after is not None:
            sums.add(after, 1, lock_id in claimed)
    return sums.tally()


def _main_blocks(old: _Known, locks: Locks) -> Iterable[bytes]:
    moved = how_moved(locks.main, old.main_tip, locks.main_tip)
    return (*moved.undone, *moved.joined)


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
