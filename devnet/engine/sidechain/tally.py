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
from devnet.engine.federation.council import Council
from devnet.engine.federation.programs import Federation
from devnet.engine.mainchain.state import MainState
from devnet.engine.mainchain.view import how_moved
from devnet.engine.sidechain.holdings import Holdings, holdings_of
from devnet.engine.sidechain.locks import Locks, Tally
from devnet.engine.sidechain.state import Claimed, SideEntry, SideTree

_N_TALLIES = 64

Heights: TypeAlias = "HashTrieMap[bytes, tuple[int, ...]]"
"""Of the sidechain blocks with withdrawals that look the same, by debt key."""

Held: TypeAlias = "Counter[tuple[Federation, bytes]]"
"""Units by the federation that was paid, and by asset."""


@dataclass(frozen=True, slots=True)
class _Known:
    """
    A tally, and the values that it is the sum of. The trees are not kept alive.

    unclaimed, sent_on: units in deposits that nobody claimed, and in those of them that
    were sent on. forwarded: lock ids of all that were sent on.
    n_claims: claims by claim script.
    """

    tally: Tally
    main_tip: bytes
    side_tip: bytes
    registered: frozenset[bytes]
    council: Council
    deposits: HashTrieMap[bytes, Coin]
    claimed: HashTrieMap[bytes, Claimed]
    owed: Heights
    unclaimed: Held
    sent_on: Held
    forwarded: HashTrieMap[bytes, None]
    n_claims: HashTrieMap[bytes, int]


_known: dict[bytes, _Known] = {}
"""The newest tally of each sidechain, by chain id."""


def tally_of(locks: Locks) -> Tally:
    """The sums at these tips. The same as `counted`, at the cost of what is new."""
    chain_id = locks.side.spec.chain_id
    old = _known.pop(chain_id, None)
    known = _followed(old, locks) if old is not None and _stands(old, locks) else None
    if known is None:
        known = _count(locks)
    if len(_known) >= _N_TALLIES:
        del _known[next(iter(_known))]
    _known[chain_id] = known
    return known.tally


def counted(locks: Locks) -> Tally:
    """The sums from nothing, over every deposit."""
    return _count(locks).tally


def _count(locks: Locks) -> _Known:
    main, side = locks.main[locks.main_tip].state, locks.side[locks.side_tip].state
    n_claims = Counter(claim.claim_script for claim in side.claimed.values())
    scripts = locks.registered.union(n_claims)
    chain_id = locks.side.spec.chain_id
    holdings = holdings_of(chain_id, locks.council.known, scripts)
    sums = _Sums(locks, holdings)
    for block_hash in main.hashes:
        sums.add_block(block_hash, 1)
    for program in holdings.by_program:
        for coin in main.deposits_to(program):
            sums.add(coin, 1, coin.id in side.claimed, locks.main_tip)
    return sums.known(HashTrieMap(n_claims), sums.paid, sums.paid)


class _Sums:
    """A tally in the making."""

    def __init__(
        self, locks: Locks, holdings: Holdings, start: _Known | None = None
    ) -> None:
        tally = start.tally if start else None
        self._locks = locks
        self._holdings = holdings
        self._unclaimed: Held = Counter(start.unclaimed if start else {})
        self._sent_on: Held = Counter(start.sent_on if start else {})
        self._donated = Counter(tally.donated if tally else {})
        self._n_deposits = Counter(tally.n_deposits if tally else {})
        self._paid_out = Counter(tally.paid_out if tally else {})
        self._excess = dict(tally.excess if tally else {})
        self.paid: HashTrieMap[bytes, int] = tally.paid if tally else HashTrieMap()
        self.forwarded: HashTrieMap[bytes, None]
        self.forwarded = start.forwarded if start else HashTrieMap()

    def add(self, coin: Coin, sign: int, is_claimed: bool, tip: bytes) -> None:
        """Count a deposit on the branch of a mainchain tip, or take it out (-1)."""
        holder = self._holdings.by_program.get(coin.program)
        if holder is None:
            return
        self._n_deposits[coin.asset] += sign
        amount, key = sign * coin.amount, (holder.federation, coin.asset)
        if holder.is_treasury:
            if not self._locks.is_change(tip, coin, self._holdings):
                self._donated[coin.asset] += amount
        elif not is_claimed:
            self._unclaimed[key] += amount
            if coin.id in self.forwarded:
                self._sent_on[key] += amount

    def add_block(self, block_hash: bytes, sign: int) -> list[bytes]:
        """
        Count what was let go and sent on in a block, or take it out (-1). Gives the
        debt keys of what was let go.
        """
        for one in self._locks.forwards(block_hash, self._holdings):
            if sign > 0:
                self.forwarded = self.forwarded.insert(one.lock_id, None)
            else:
                self.forwarded = self.forwarded.discard(one.lock_id)
        found = self._locks.releases(block_hash, self._holdings)
        for release in found:
            self._paid_out[release.asset] += sign * release.amount
            n_paid = (self.paid.get(release.key) or 0) + sign
            self.paid = self.paid.insert(release.key, n_paid)
        return [release.key for release in found]

    def known(
        self,
        n_claims: HashTrieMap[bytes, int],
        touched: Iterable[bytes],
        fresh: Iterable[bytes],
    ) -> _Known:
        """
        The sums so far.

        Args:
            touched: debt keys that were paid or owed more or less often than before.
            fresh: those that were paid more or less often.
        """
        locks = self._locks
        main, side = locks.main[locks.main_tip].state, locks.side[locks.side_tip].state
        owed = side.pegout.heights
        for key in touched:
            n_more = (self.paid.get(key) or 0) - len(owed.get(key) or ())
            self._excess.pop(key, None)
            if n_more > 0:
                self._excess[key] = n_more
        arriving, stranded = self._by_fate()
        n_deposits = {asset: n for asset, n in self._n_deposits.items() if n}
        tally = Tally(
            arriving, stranded, dict(self._donated), n_deposits, dict(self._paid_out),
            self.paid, self._excess, self._holdings, tuple(fresh),
        )  # fmt: skip
        return _Known(
            tally, locks.main_tip, locks.side_tip, locks.registered, locks.council,
            main.deposits_by_id, side.claimed, owed, self._unclaimed, self._sent_on,
            self.forwarded, n_claims,
        )  # fmt: skip

    def _by_fate(self) -> tuple[dict[bytes, int], dict[bytes, int]]:
        """What can be claimed, and what no rule can claim any more, by asset."""
        accepted = self._locks.council.federations
        arriving: Counter[bytes] = Counter()
        stranded: Counter[bytes] = Counter()
        for (federation, asset), amount in self._unclaimed.items():
            if federation in accepted:
                arriving[asset] += amount
            else:
                stranded[asset] += amount - self._sent_on[federation, asset]
        return dict(arriving), {key: left for key, left in stranded.items() if left}


def _stands(old: _Known, locks: Locks) -> bool:
    """Are the values that were counted still those of the blocks in these trees?"""
    main, side = locks.main.get(old.main_tip), locks.side.get(old.side_tip)
    return (
        main is not None
        and side is not None
        and main.state.deposits_by_id is old.deposits
        and side.state.claimed is old.claimed
        and side.state.pegout.heights is old.owed
    )


def _followed(old: _Known, locks: Locks) -> _Known | None:
    """The old sums, less and plus what the blocks between touched; None: count anew."""
    main: MainState = locks.main[locks.main_tip].state
    side = locks.side[locks.side_tip].state
    joined, undone = _side_blocks(old, locks)
    n_new = sum(len(entry.claims) for entry in joined)
    n_gone = sum(len(entry.claims) for entry in undone)
    if len(side.claimed) != len(old.claimed) + n_new - n_gone:
        return None  # The set is not what the blocks say.
    n_claims = _claims_after(old.n_claims, joined, undone)
    holdings = old.tally.holdings
    if (
        n_claims is not old.n_claims
        or old.registered != locks.registered
        or old.council != locks.council
    ):
        scripts = locks.registered.union(n_claims)
        holdings = holdings.grown(locks.council.known, scripts)
        before = locks.main[old.main_tip].state
        if _were_used(old.tally.holdings, holdings, before):
            return None
    same = old.main_tip == locks.main_tip and not joined and not undone
    if same and holdings is old.tally.holdings and old.council == locks.council:
        return replace(old, tally=replace(old.tally, fresh=()))
    moved = how_moved(locks.main, old.main_tip, locks.main_tip)
    blocks = [(one, -1) for one in moved.undone] + [(one, 1) for one in moved.joined]
    side_blocks = (*joined, *undone)
    touched = {claim.lock_id for entry in side_blocks for claim in entry.claims}
    for block_hash, _ in blocks:
        created = locks.main[block_hash].change.created
        touched |= {coin.id for coin in created if coin.program in holdings.programs}
        touched |= {one.lock_id for one in locks.forwards(block_hash, holdings)}
    sums = _Sums(locks, holdings, old)
    for lock_id in touched:
        gone = old.deposits.get(lock_id)
        if gone is not None:
            sums.add(gone, -1, lock_id in old.claimed, old.main_tip)
    fresh = dict.fromkeys(
        key for block_hash, sign in blocks for key in sums.add_block(block_hash, sign)
    )
    for lock_id in touched:
        came = main.deposits_by_id.get(lock_id)
        if came is not None:
            sums.add(came, 1, lock_id in side.claimed, locks.main_tip)
    debts = [owed.key for entry in side_blocks for owed in entry.debts]
    return sums.known(n_claims, (*fresh, *debts), fresh)


def _claims_after(
    n_claims: HashTrieMap[bytes, int],
    joined: Iterable[SideEntry],
    undone: Iterable[SideEntry],
) -> HashTrieMap[bytes, int]:
    """Claims by claim script after some blocks left and others joined."""
    for blocks, sign in ((undone, -1), (joined, 1)):
        for entry in blocks:
            for claim in entry.claims:
                n = (n_claims.get(claim.claim_script) or 0) + sign
                n_claims = (
                    n_claims.insert(claim.claim_script, n)
                    if n
                    else n_claims.discard(claim.claim_script)
                )
    return n_claims


def _were_used(old: Holdings, new: Holdings, before: MainState) -> bool:
    """Does what was counted before change, since other programs are watched now?"""
    if old.by_program.keys() - new.by_program.keys():
        return True
    return any(
        before.deposits.get(program) is not None
        for program in new.by_program.keys() - old.by_program.keys()
    )


def _side_blocks(
    old: _Known, locks: Locks
) -> tuple[tuple[SideEntry, ...], tuple[SideEntry, ...]]:
    """Blocks that joined and blocks that left between the two tips of the sidechain."""
    tree = locks.side
    undone = tuple(_down_to_branch(tree, old.side_tip, locks.side_tip))
    joined = tuple(_down_to_branch(tree, locks.side_tip, old.side_tip))
    return joined, undone


def _down_to_branch(tree: SideTree, tip: bytes, other: bytes) -> Iterator[SideEntry]:
    """The blocks from a tip down to the first that is on the branch of another tip."""
    entry = tree[tip]
    while not tree.is_ancestor(entry.hash, other):
        yield entry
        entry = tree[entry.header.previous]
