"""
Building and signing payments from the coins of one key, on any chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devnet.engine.bc.transaction import (
    BTM,
    Output,
    Spend,
    Transaction,
    with_arguments,
)
from devnet.engine.chain.coins import Coin, CoinSet
from devnet.engine.chain.mempool import Mempool
from devnet.engine.errors import BadValue, InsufficientFunds
from devnet.engine.keys.chainkd import sign

NEU_PER_GAS = 200
P2WPKH_GAS = 1409
SPARE_GAS = 12
"""Room for a fee that makes an amount one byte longer."""
PEAK_GAS = 143
"""CHECKSIG takes 1024 and gives this much back, so the last input of another asset than
BTM must have it at hand: by then the storage is paid for."""
MOST_BTM_INPUTS = 21
MOST_AMOUNT = 2**63 - 1


class TooManyPieces(InsufficientFunds):
    """The money is there, but in too many pieces for one transaction's gas credit."""

    code = "request.too-many-pieces"
    default_hint = "Pay a smaller amount, or pay yourself first to merge the pieces."


@dataclass(frozen=True, slots=True)
class Key:
    """Whose coins are spent: a name for messages, the private key, its program."""

    name: str
    xprv: bytes
    public_key: bytes
    program: bytes


@dataclass(frozen=True, slots=True)
class Purse:
    """What a key can spend now: on the chain, and its change in the mempool."""

    chain: str
    height: int
    coins: tuple[Coin, ...]

    def total(self, asset: bytes) -> int:
        """All of an asset."""
        return sum(coin.amount for coin in self.coins if coin.asset == asset)


def purse_of(
    chain: str, program: bytes, coins: CoinSet, pool: Mempool, height: int
) -> Purse:
    """
    The purse of a program at the next block's height: mature coins that nothing in the
    pool spends, then outputs of the pool that it will own.
    """
    mined = [
        coin
        for coin in coins.of_program(program)
        if coin.spendable_at(height) and coin.id not in pool.spent
    ]
    coming = [
        coin
        for coin_id in sorted(pool.created)
        if (coin := pool.created[coin_id]).program == program
        and coin_id not in pool.spent
    ]
    return Purse(chain, height, (*mined, *coming))


def pay(
    key: Key, purse: Purse, outputs: Sequence[Output], *, side: bool
) -> Transaction:
    """
    A signed transaction that makes these outputs, pays its gas and returns the change.

    Args:
        side: it is for a sidechain.

    Raises:
        InsufficientFunds, TooManyPieces, BadValue: and what is missing.
    """
    for output in outputs:
        if not 0 < output.amount <= MOST_AMOUNT:
            raise BadValue(
                f"an amount must be from 1 to {MOST_AMOUNT} units, not {output.amount}",
                amount=output.amount,
            )
    wanted: dict[bytes, int] = {}
    for output in outputs:
        wanted[output.asset] = wanted.get(output.asset, 0) + output.amount
    picked: list[Coin] = []
    change: list[Output] = []
    for asset in sorted(wanted):
        if asset != BTM:
            taken = _pick(purse, asset, wanted[asset], key.name)
            picked += taken
            left = sum(coin.amount for coin in taken) - wanted[asset]
            change += [Output(asset, left, key.program)] if left else []
    return _with_fee(
        key, purse, tuple(outputs), tuple(change), picked, wanted.get(BTM, 0), side
    )


def _with_fee(
    key: Key,
    purse: Purse,
    outputs: tuple[Output, ...],
    change: tuple[Output, ...],
    picked: Sequence[Coin],
    btm: int,
    side: bool,
) -> Transaction:
    """Add BTM inputs until they cover the amount and the gas of the whole."""
    fee = 0
    while True:
        fuel = _pick(purse, BTM, btm + fee, key.name, fee=fee)
        left = sum(coin.amount for coin in fuel) - btm - fee
        results = (*outputs, *change)
        if left:
            results = (*results, Output(BTM, left, key.program))
        draft = _draft((*fuel, *picked), results, side)
        gas = P2WPKH_GAS * len(draft.inputs) + draft.size + SPARE_GAS
        gas += PEAK_GAS if picked else 0
        if gas * NEU_PER_GAS <= fee:
            return _signed(draft, key)
        fee = gas * NEU_PER_GAS


def _pick(
    purse: Purse, asset: bytes, amount: int, who: str, fee: int = 0
) -> list[Coin]:
    """The biggest coins first, so that few inputs are needed."""
    coins = sorted(
        (coin for coin in purse.coins if coin.asset == asset),
        key=lambda coin: (-coin.amount, coin.height, coin.id),
    )
    have = sum(coin.amount for coin in coins)
    if have < amount:
        what = "BTM" if asset == BTM else f"asset {asset.hex()[:8]}"
        for_fee = f", {fee} of it for the fee" if fee else ""
        raise InsufficientFunds(
            f"{who} has {have} units of {what} on {purse.chain}, "
            f"needs {amount}{for_fee}",
            hint=f"See what is there: balance {who} {purse.chain} BTM.",
            have=have,
            need=amount,
        )
    taken: list[Coin] = []
    while sum(coin.amount for coin in taken) < amount or (asset == BTM and not taken):
        if not coins:
            break
        taken.append(coins.pop(0))
    if asset == BTM and len(taken) > MOST_BTM_INPUTS:
        raise TooManyPieces(
            f"{amount} units of BTM are in {len(taken)} pieces, one transaction can "
            f"spend {MOST_BTM_INPUTS}",
            pieces=len(taken),
        )
    return taken


def _draft(
    coins: Sequence[Coin], outputs: tuple[Output, ...], side: bool
) -> Transaction:
    """Unsigned, with arguments of the right length, so that its size is right."""
    blank = (bytes(64), bytes(32))
    inputs = tuple(
        Spend(
            coin.source_id, coin.asset, coin.amount, coin.position, coin.program, blank
        )
        for coin in coins
    )
    return Transaction(1, 0, inputs, outputs, side)


def _signed(draft: Transaction, key: Key) -> Transaction:
    tx = draft
    for index in range(len(draft.inputs)):
        signature = sign(key.xprv, draft.sig_hash(index))
        tx = with_arguments(tx, index, (signature, key.public_key))
    return tx
