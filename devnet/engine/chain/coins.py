"""
Unspent outputs: what can be spent at a block, as one persistent value.

State at a block is the parent's state with this block's changes; both share what did
not change. So a reorganisation is a look at another value, and nothing is ever undone.

Source: Bytom/bytom v1.1.0, protocol/state/utxo_view.go; rules in protocol order.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from rpds import HashTrieMap

from devnet.engine.bc.programs import is_unspendable
from devnet.engine.bc.transaction import BTM, Spend, Transaction
from devnet.engine.errors import TransactionError

Ids: TypeAlias = "HashTrieMap[bytes, None]"

COINBASE_MATURITY = 100
"""Blocks between an output of a block's first transaction and its first spending."""


class MissingOutput(TransactionError):
    """The output does not exist on this branch, or never did."""

    code = "tx.output-missing"
    default_hint = "It may still be in a mempool, or the amount or program is not its."


class ImmatureCoinbase(TransactionError):
    """A coinbase output is spent before its hundredth block."""

    code = "tx.immature-coinbase"
    default_hint = "Wait until it is 100 blocks deep."


@dataclass(frozen=True, slots=True)
class Coin:
    """One unspent output, with all that is needed to spend it."""

    id: bytes
    source_id: bytes
    position: int
    asset: bytes
    amount: int
    program: bytes
    height: int
    is_coinbase: bool = False

    def spendable_at(self, height: int) -> bool:
        """May a block of this height spend it?"""
        return not self.is_coinbase or self.height + COINBASE_MATURITY <= height


@dataclass(frozen=True, slots=True)
class CoinSet:
    """
    All unspent outputs of a chain at one block: by id, by the program that holds them,
    and the sum of each asset.

    sums: by program and asset (the asset's 32 bytes last), coinbase outputs aside.
    coinbases: ids by program; whether they count depends on the height.
    """

    by_id: HashTrieMap[bytes, Coin] = field(default_factory=HashTrieMap)
    by_program: HashTrieMap[bytes, Ids] = field(default_factory=HashTrieMap)
    totals: HashTrieMap[bytes, int] = field(default_factory=HashTrieMap)
    sums: HashTrieMap[bytes, int] = field(default_factory=HashTrieMap)
    coinbases: HashTrieMap[bytes, Ids] = field(default_factory=HashTrieMap)

    def add(self, coin: Coin) -> CoinSet:
        """The set with one more output. An equal id overwrites, as in the reference."""
        return self.with_changes({coin.id: coin})

    def remove(self, coin: Coin) -> CoinSet:
        """The set without this output, which must be in it."""
        return self.with_changes({coin.id: None})

    def with_changes(self, changes: Mapping[bytes, Coin | None]) -> CoinSet:
        """The set after many changes at once; None takes the output of that id away."""
        gone: list[Coin] = []
        new: dict[bytes, Coin] = {}
        by_id = self.by_id
        for coin_id, coin in changes.items():
            old = by_id.get(coin_id)
            if old is not None:
                gone.append(old)
            if coin is not None:
                new[coin_id] = coin
            elif old is not None:
                by_id = by_id.remove(coin_id)
        if not gone and not new:
            return self
        came = tuple(new.values())
        totals: dict[bytes, int] = {}
        sums: dict[bytes, int] = {}
        for sign, coins in ((-1, gone), (1, came)):
            for coin in coins:
                amount = sign * coin.amount
                totals[coin.asset] = totals.get(coin.asset, 0) + amount
                if not coin.is_coinbase:
                    key = coin.program + coin.asset
                    sums[key] = sums.get(key, 0) + amount
        return CoinSet(
            by_id.update(new),
            _with_owners(self.by_program, gone, came),
            _with_sums(self.totals, totals),
            _with_sums(self.sums, sums),
            _with_owners(
                self.coinbases,
                [coin for coin in gone if coin.is_coinbase],
                [coin for coin in came if coin.is_coinbase],
            ),
        )

    def of_program(self, program: bytes) -> list[Coin]:
        """Outputs that this program holds, oldest first."""
        coins = self.held_by(program)
        return sorted(coins, key=lambda coin: (coin.height, coin.position, coin.id))

    def held_by(self, program: bytes) -> Iterator[Coin]:
        """The same outputs in no order at all, for sums."""
        for coin_id in self.by_program.get(program) or ():
            yield self.by_id[coin_id]

    def total(self, asset: bytes) -> int:
        """Sum of all unspent outputs of an asset."""
        return self.totals.get(asset) or 0

    def total_of(self, program: bytes, asset: bytes, height: int | None = None) -> int:
        """
        Sum of what a program holds of an asset.

        Args:
            height: count what a block of this height may spend; None: count all.
        """
        young = (self.by_id[coin_id] for coin_id in self.coinbases.get(program) or ())
        return (self.sums.get(program + asset) or 0) + sum(
            coin.amount
            for coin in young
            if coin.asset == asset and (height is None or coin.spendable_at(height))
        )

    def to_spend(self, coin_id: bytes, height: int) -> Coin:
        """
        The output, if a block of this height may spend it.

        Raises:
            MissingOutput: it is not there.
            ImmatureCoinbase: it is a coinbase output that is too young.
        """
        return _checked(self.by_id.get(coin_id), coin_id, height)


def _with_owners(
    owners: HashTrieMap[bytes, Ids], gone: Sequence[Coin], came: Sequence[Coin]
) -> HashTrieMap[bytes, Ids]:
    """Ids by program after some outputs went and others came."""
    leaving: dict[bytes, list[bytes]] = {}
    joining: dict[bytes, dict[bytes, None]] = {}
    for coin in gone:
        leaving.setdefault(coin.program, []).append(coin.id)
    for coin in came:
        joining.setdefault(coin.program, {})[coin.id] = None
    for program in {**leaving, **joining}:
        owned: Ids = owners.get(program) or HashTrieMap()
        for coin_id in leaving.get(program, ()):
            owned = owned.remove(coin_id)
        if program in joining:
            owned = owned.update(joining[program])
        owners = owners.insert(program, owned) if len(owned) else owners.remove(program)
    return owners


def _with_sums(
    sums: HashTrieMap[bytes, int], changes: Mapping[bytes, int]
) -> HashTrieMap[bytes, int]:
    return sums.update(
        {key: (sums.get(key) or 0) + change for key, change in changes.items()}
    )


def _checked(coin: Coin | None, coin_id: bytes, height: int) -> Coin:
    if coin is None:
        raise MissingOutput(f"output {coin_id.hex()} does not exist", id=coin_id)
    if not coin.spendable_at(height):
        raise ImmatureCoinbase(
            f"coinbase output {coin_id.hex()[:16]} of height {coin.height} can be "
            f"spent from {coin.height + COINBASE_MATURITY} on, not at {height}",
            id=coin_id,
            height=height,
        )
    return coin


class CoinDraft:
    """
    Unspent outputs while a block is put together: a set, and what is changed above it.
    The set itself never changes; `frozen` makes the next one, at a fraction of what
    one change after the other costs.
    """

    def __init__(self, base: CoinSet) -> None:
        self._base = base
        self._changes: dict[bytes, Coin | None] = {}

    def to_spend(self, coin_id: bytes, height: int) -> Coin:
        """As `CoinSet.to_spend`."""
        changes = self._changes
        if coin_id in changes:
            return _checked(changes[coin_id], coin_id, height)
        return self._base.to_spend(coin_id, height)

    def change(self, spent: Iterable[Coin], created: Iterable[Coin]) -> None:
        """Take outputs away, then add others."""
        for coin in spent:
            self._changes[coin.id] = None
        for coin in created:
            self._changes[coin.id] = coin

    def frozen(self) -> CoinSet:
        """The set with all changes so far."""
        return self._base.with_changes(self._changes)


@dataclass(frozen=True, slots=True)
class CoinChange:
    """What one block did to the unspent outputs."""

    spent: tuple[Coin, ...] = ()
    created: tuple[Coin, ...] = ()


def coins_of_outputs(
    tx: Transaction, height: int, *, failed: bool = False, coinbase: bool = False
) -> tuple[Coin, ...]:
    """
    The outputs of a transaction that become spendable at a height.

    Retirements and side records never do. Of a failed transaction only the BTM side
    counts. On a sidechain an output of nothing (an empty coinbase) is no output.
    """
    key = (tx.id, tx.side, height, failed, coinbase)
    made = _made.get(key)
    if made is None:
        made = tuple(
            [
                Coin(
                    coin_id, tx.mux_id, position, output.asset, output.amount,
                    output.program, height, coinbase,
                )
                for position, (coin_id, output) in enumerate(
                    zip(tx.result_ids, tx.outputs, strict=True)
                )
                if not is_unspendable(output.program)
                and not (failed and output.asset != BTM)
                and not (tx.side and output.amount == 0)
            ]
        )  # fmt: skip
        if len(_made) >= _N_MADE:
            _made.popitem(last=False)
        _made[key] = made
    return made


_made: OrderedDict[tuple[bytes, bool, int, bool, bool], tuple[Coin, ...]]
_made = OrderedDict()
"""
The newest answers of `coins_of_outputs`: every pool and the block ask for the same. An
id covers all that matters to it.
"""
_N_MADE = 16_384


def apply_transaction(
    coins: CoinSet,
    tx: Transaction,
    height: int,
    *,
    failed: bool = False,
    coinbase: bool = False,
) -> tuple[CoinSet, CoinChange]:
    """As `apply_to_draft`, for one transaction alone: the set after it."""
    draft = CoinDraft(coins)
    change = apply_to_draft(draft, tx, height, failed=failed, coinbase=coinbase)
    return draft.frozen(), change


def apply_to_draft(
    draft: CoinDraft,
    tx: Transaction,
    height: int,
    *,
    failed: bool = False,
    coinbase: bool = False,
) -> CoinChange:
    """
    Spend and create what a transaction of a block at this height does. If it raises,
    the draft is as it was.

    Args:
        failed: the transaction pays its fee only; its non-BTM side has no effect.
        coinbase: it is the first of its block, so its outputs must mature.

    Raises:
        MissingOutput, ImmatureCoinbase: see `CoinSet.to_spend`.
    """
    spent: dict[bytes, Coin] = {}
    for spent_id, spend in zip(tx.spent_output_ids, tx.inputs, strict=True):
        if spent_id is None or not isinstance(spend, Spend):
            continue
        if failed and spend.asset != BTM:
            continue
        if spent_id in spent:
            _checked(None, spent_id, height)
        spent[spent_id] = draft.to_spend(spent_id, height)
    change = CoinChange(
        tuple(spent.values()),
        coins_of_outputs(tx, height, failed=failed, coinbase=coinbase),
    )
    draft.change(change.spent, change.created)
    return change
