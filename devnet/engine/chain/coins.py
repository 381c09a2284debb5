"""
Unspent outputs: what can be spent at a block, as one persistent value.

State at a block is the parent's state with this block's changes; both share what did
not change. So a reorganisation is a look at another value, and nothing is ever undone.

Source: Bytom/bytom v1.1.0, protocol/state/utxo_view.go; rules in protocol order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rpds import HashTrieMap

from devnet.engine.bc.programs import is_unspendable
from devnet.engine.bc.transaction import BTM, Spend, Transaction
from devnet.engine.errors import TransactionError

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
    """

    by_id: HashTrieMap[bytes, Coin] = field(default_factory=HashTrieMap)
    by_program: HashTrieMap[bytes, HashTrieMap[bytes, None]] = field(
        default_factory=HashTrieMap
    )
    totals: HashTrieMap[bytes, int] = field(default_factory=HashTrieMap)

    def add(self, coin: Coin) -> CoinSet:
        """The set with one more output. An equal id overwrites, as in the reference."""
        old = self.by_id.get(coin.id)
        if old is not None:
            return self.remove(old).add(coin)
        owned = self.by_program.get(coin.program) or HashTrieMap()
        total = self.totals.get(coin.asset) or 0
        return CoinSet(
            self.by_id.insert(coin.id, coin),
            self.by_program.insert(coin.program, owned.insert(coin.id, None)),
            self.totals.insert(coin.asset, total + coin.amount),
        )

    def remove(self, coin: Coin) -> CoinSet:
        """The set without this output, which must be in it."""
        owned = self.by_program[coin.program].remove(coin.id)
        return CoinSet(
            self.by_id.remove(coin.id),
            self.by_program.insert(coin.program, owned)
            if len(owned)
            else self.by_program.remove(coin.program),
            self.totals.insert(coin.asset, self.totals[coin.asset] - coin.amount),
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

    def to_spend(self, coin_id: bytes, height: int) -> Coin:
        """
        The output, if a block of this height may spend it.

        Raises:
            MissingOutput: it is not there.
            ImmatureCoinbase: it is a coinbase output that is too young.
        """
        coin = self.by_id.get(coin_id)
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
    return tuple(
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
    )  # fmt: skip


def apply_transaction(
    coins: CoinSet,
    tx: Transaction,
    height: int,
    *,
    failed: bool = False,
    coinbase: bool = False,
) -> tuple[CoinSet, CoinChange]:
    """
    Spend and create what a transaction of a block at this height does.

    Args:
        failed: the transaction pays its fee only; its non-BTM side has no effect.
        coinbase: it is the first of its block, so its outputs must mature.

    Raises:
        MissingOutput, ImmatureCoinbase: see `CoinSet.to_spend`.
    """
    spent = []
    for spent_id, spend in zip(tx.spent_output_ids, tx.inputs, strict=True):
        if spent_id is None or not isinstance(spend, Spend):
            continue
        if failed and spend.asset != BTM:
            continue
        coin = coins.to_spend(spent_id, height)
        coins = coins.remove(coin)
        spent.append(coin)
    created = coins_of_outputs(tx, height, failed=failed, coinbase=coinbase)
    for coin in created:
        coins = coins.add(coin)
    return coins, CoinChange(tuple(spent), created)
