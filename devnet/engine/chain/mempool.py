"""
Transactions that wait for a block, as one node has them. First seen wins.

Source: transaction pool of Bytom/bytom v1.1.0 (protocol/txpool.go), without its weak
spots: conflicts are refused here, and a transaction is judged for the next height.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rpds import HashTrieMap

from devnet.engine.bc.transaction import BTM, Claim, Spend, Transaction, is_side_record
from devnet.engine.chain.coins import Coin, CoinSet, coins_of_outputs
from devnet.engine.errors import DevnetError, TransactionError

MAX_TRANSACTIONS = 10_000
MAX_ORPHANS = 2_000
"""Transactions a node keeps that came before what they spend."""
ORPHAN_LIFE_MS = 600_000
"""How long a node keeps an orphan."""
REBUILD_BELOW = 4
"""Taking one transaction out costs as much as putting so many into a new pool."""


class AlreadySpent(TransactionError):
    """Another waiting transaction spends the same output. First seen wins."""

    code = "tx.conflict"
    default_hint = "Wait until the other one is in a block, or spend other coins."


class UnknownOutput(TransactionError):
    """An input names an output that neither the chain nor the pool has."""

    code = "tx.orphan"
    default_hint = "Send its parent first."


class DustTransaction(TransactionError):
    """The pool takes no transaction without a BTM input or with an empty output."""

    code = "tx.dust"
    default_hint = "Pay the fee in BTM and leave out outputs of amount 0."


class PoolFull(TransactionError):
    """The pool holds as many transactions as it may."""

    code = "tx.pool-full"
    default_hint = "Wait for the next block."


@dataclass(frozen=True, slots=True)
class Waiting:
    """One transaction in a pool, with its verdict. `failed`: only its fee counts."""

    tx: Transaction
    fee: int
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Mempool:
    """Waiting transactions in order of arrival."""

    order: tuple[bytes, ...] = ()
    by_id: HashTrieMap[bytes, Waiting] = field(default_factory=HashTrieMap)
    spent: HashTrieMap[bytes, bytes] = field(default_factory=HashTrieMap)
    created: HashTrieMap[bytes, Coin] = field(default_factory=HashTrieMap)

    def __len__(self) -> int:
        return len(self.order)

    def __contains__(self, tx_id: bytes) -> bool:
        return tx_id in self.by_id

    def transactions(self) -> tuple[Waiting, ...]:
        """All of them, oldest first."""
        return tuple(self.by_id[tx_id] for tx_id in self.order)

    def add(self, waiting: Waiting, height: int) -> Mempool:
        """
        The pool with one more transaction, whose admission was checked before.

        Args:
            height: of the block that may take it; its outputs count from there.
        """
        draft = PoolDraft(self, height)
        draft.add(waiting)
        return draft.frozen()

    def without(self, tx_ids: Iterable[bytes]) -> Mempool:
        """
        The pool without these transactions; unknown ids do no harm. The work is that of
        the cheaper part: most blocks take nearly all that waits.
        """
        gone = {tx_id for tx_id in tx_ids if tx_id in self.by_id}
        if not gone:
            return self
        staying = tuple(tx_id for tx_id in self.order if tx_id not in gone)
        if len(staying) < REBUILD_BELOW * len(gone):
            return self._with_only(staying)
        by_id, spent, created = self.by_id, self.spent, self.created
        for tx_id in gone:
            tx = by_id[tx_id].tx
            by_id = by_id.remove(tx_id)
            for key in tx.keys_taken:
                if spent.get(key) == tx_id:
                    spent = spent.remove(key)
            for coin_id in tx.result_ids:
                created = created.discard(coin_id)
        return Mempool(staying, by_id, spent, created)

    def _with_only(self, tx_ids: tuple[bytes, ...]) -> Mempool:
        """The pool with these of its transactions, in this order."""
        txs = [self.by_id[tx_id].tx for tx_id in tx_ids]
        return Mempool(
            tx_ids,
            HashTrieMap({tx_id: self.by_id[tx_id] for tx_id in tx_ids}),
            HashTrieMap({key: tx.id for tx in txs for key in tx.keys_taken}),
            HashTrieMap(
                {
                    coin_id: self.created[coin_id]
                    for tx in txs
                    for coin_id in tx.result_ids
                    if coin_id in self.created
                }
            ),
        )

    def check_admission(self, tx: Transaction, coins: CoinSet) -> None:
        """
        May this transaction join, as far as the pool and unspent outputs go?

        Raises:
            PoolFull, DustTransaction, AlreadySpent, UnknownOutput.
        """
        PoolDraft(self, 0).check(tx, coins)


class PoolDraft:
    """
    A pool while transactions join it, one or thousands; `frozen` makes the next one.

    Args:
        height: of the block that may take them; their outputs count from there.
    """

    def __init__(self, base: Mempool, height: int) -> None:
        self._base = base
        self._height = height
        self._joined: dict[bytes, Waiting] = {}
        self._spent: dict[bytes, bytes] = {}
        self._created: dict[bytes, Coin] = {}

    def __len__(self) -> int:
        """How many joined."""
        return len(self._joined)

    def __contains__(self, tx_id: bytes) -> bool:
        return tx_id in self._joined or tx_id in self._base

    def check(self, tx: Transaction, coins: CoinSet) -> None:
        """As `Mempool.check_admission`; what joined before counts."""
        base = self._base
        if len(base.order) + len(self._joined) >= MAX_TRANSACTIONS:
            raise PoolFull(f"the pool holds {MAX_TRANSACTIONS} transactions")
        if is_dust(tx):
            raise DustTransaction(
                f"transaction {tx.id.hex()[:16]} has no BTM input or an output of 0",
                id=tx.id,
            )
        for key in tx.keys_taken:
            other = self._spent.get(key) or base.spent.get(key)
            if other is not None:
                raise AlreadySpent(
                    f"{key.hex()[:16]} is spent already by waiting transaction "
                    f"{other.hex()[:16]}",
                    id=key,
                    other=other,
                )
        for spent_id in tx.spent_output_ids:
            if (
                spent_id is None
                or spent_id in coins.by_id
                or spent_id in self._created
                or spent_id in base.created
            ):
                continue
            raise UnknownOutput(f"output {spent_id.hex()} does not exist", id=spent_id)

    def add(self, waiting: Waiting) -> None:
        """One more transaction, whose admission was checked before."""
        tx = waiting.tx
        self._joined[tx.id] = waiting
        for key in tx.keys_taken:
            self._spent[key] = tx.id
        for coin in coins_of_outputs(tx, self._height, failed=waiting.failed):
            self._created[coin.id] = coin

    def frozen(self) -> Mempool:
        """The pool with all that joined."""
        base = self._base
        return Mempool(
            (*base.order, *self._joined),
            base.by_id.update(self._joined),
            base.spent.update(self._spent),
            base.created.update(self._created),
        )


def is_dust(tx: Transaction) -> bool:
    """
    Without BTM input, or with an empty output. Claims are none, and records on a
    sidechain may be empty.
    """
    pays_gas = False
    for entry in tx.inputs:
        if isinstance(entry, Claim):
            return False
        if isinstance(entry, Spend) and entry.asset == BTM:
            pays_gas = True
    for output in tx.outputs:
        if output.amount == 0 and not (tx.side and is_side_record(output.program)):
            return True
    return not pays_gas


@dataclass(frozen=True, slots=True)
class Orphan:
    """A transaction that came before what it spends, and when it came."""

    tx: Transaction
    since_ms: int


def keep_orphan(
    orphans: tuple[Orphan, ...], orphan: Orphan, now_ms: int
) -> tuple[Orphan, ...]:
    """
    The orphans with one more. Those that waited too long are swept; when there are too
    many the oldest goes, so that newcomers always have a chance.
    """
    others = tuple(
        other
        for other in orphans
        if other.tx.id != orphan.tx.id and now_ms - other.since_ms < ORPHAN_LIFE_MS
    )
    return (*others, orphan)[-MAX_ORPHANS:]


def adopt_orphans(
    orphans: tuple[Orphan, ...], admit: Callable[[Transaction], None]
) -> tuple[Orphan, ...]:
    """
    Try every orphan, and again those that spend what was admitted meanwhile.

    Args:
        admit: takes a transaction in, or raises: UnknownOutput keeps it an orphan,
            another refusal ends its waiting.

    Returns:
        The orphans that are left.
    """
    left = {orphan.tx.id: orphan for orphan in orphans}
    spenders: dict[bytes, list[Orphan]] = {}
    for orphan in orphans:
        for spent_id in orphan.tx.spent_output_ids:
            if spent_id is not None:
                spenders.setdefault(spent_id, []).append(orphan)
    queue = deque(orphans)
    while queue:
        tx = queue.popleft().tx
        if tx.id not in left:
            continue
        try:
            admit(tx)
        except UnknownOutput:
            continue
        except DevnetError:
            del left[tx.id]
            continue
        del left[tx.id]
        for result_id in tx.result_ids:
            queue.extend(spenders.get(result_id, ()))
    return tuple(left.values())
