"""
Building and signing payments from the coins of one account, on any chain. An account
has one key, or several of which some sign together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from devnet.engine.bc.transaction import (
    BTM,
    Issuance,
    Output,
    Spend,
    Transaction,
    is_side_record,
    with_arguments,
)
from devnet.engine.chain.coins import Coin, CoinSet
from devnet.engine.chain.mempool import Mempool
from devnet.engine.errors import BadValue, InsufficientFunds
from devnet.engine.keys.chainkd import sign
from devnet.engine.rules.verdict import GAS_CREDIT, MOST_GAS

NEU_PER_GAS = 200
P2WPKH_GAS = 1409
SPARE_GAS = 12
"""Room for a fee that makes an amount one byte longer."""
STAKE_GAS = 100
"""What a stake costs more than a plain coin: its key is pushed, and dropped."""
PEAK_GAS = 143
"""CHECKSIG takes 1024 and gives this much back, so the last input of another asset than
BTM must have it at hand: by then the storage is paid for."""
SCRIPT_GAS, SCRIPT_KEY_GAS = 375, 1058
"""Of one input that a script of several keys unlocks: at all, and for each key."""
ISSUE_GAS, ISSUE_KEY_GAS = 280, 1025
"""Of one issuance: at all (a limit height and small numbers included), and a key."""
STACKED_GAS, STACKED_KEY_GAS, STACKED_SIGNATURE_GAS = 280, 75, 72
"""What items on the stacks hold back until CHECKMULTISIG has taken them."""
MOST_KEYS = 28
"""Of one script: the gas credit does not suffice for more."""
MOST_AMOUNT = 2**63 - 1


class TooManyPieces(InsufficientFunds):
    """The money is there, but in too many pieces for one transaction's gas credit."""

    code = "request.too-many-pieces"
    default_hint = "Pay a smaller amount, or pay yourself first to merge the pieces."


@dataclass(frozen=True, slots=True)
class Key:
    """
    Whose coins are spent: a name for messages, the private key, its program.

    Args:
        xprvs: of an account of several keys, all of them, in the order of its script.
        quorum: how many of them sign; the first do.
        script: what hashes to the program; empty for one key.
    """

    name: str
    xprv: bytes
    public_key: bytes
    program: bytes
    xprvs: tuple[bytes, ...] = ()
    quorum: int = 1
    script: bytes = b""

    @property
    def input_gas(self) -> int:
        """What unlocking one coin costs."""
        if not self.script:
            return P2WPKH_GAS
        return SCRIPT_GAS + SCRIPT_KEY_GAS * len(self.xprvs)

    @property
    def peak_gas(self) -> int:
        """What unlocking one coin needs for a moment beyond its cost."""
        if not self.script:
            return PEAK_GAS
        return _stacked(len(self.xprvs), self.quorum)

    @property
    def most_btm_inputs(self) -> int:
        """How many coins of BTM the gas credit allows in one transaction."""
        return GAS_CREDIT // self.input_gas

    @property
    def blank(self) -> tuple[bytes, ...]:
        """Arguments of the right length, before anything is signed."""
        if not self.script:
            return bytes(64), bytes(32)
        return (*(bytes(64) for _ in range(self.quorum)), self.script)

    def arguments(self, message: bytes) -> tuple[bytes, ...]:
        """What unlocks one coin, for the signature hash of its input."""
        if not self.script:
            return sign(self.xprv, message), self.public_key
        signers = self.xprvs[: self.quorum]
        return (*(sign(xprv, message) for xprv in signers), self.script)


def _stacked(n_keys: int, n_signatures: int) -> int:
    return STACKED_GAS + STACKED_KEY_GAS * n_keys + STACKED_SIGNATURE_GAS * n_signatures


@dataclass(frozen=True, slots=True)
class Mint:
    """
    New units of an asset that a transaction makes.

    Args:
        issuance: without arguments.
        signers: private keys of those who sign, in the order of the program.
        n_keys: how many keys the program names.
        last_height: of a block that may take it; 0: any. Later it would fail, and cost
            its fee all the same.
    """

    issuance: Issuance
    signers: tuple[bytes, ...]
    n_keys: int
    last_height: int = 0

    @property
    def gas(self) -> int:
        """What the program costs, and needs for a moment."""
        cost = ISSUE_GAS + ISSUE_KEY_GAS * self.n_keys
        return cost + _stacked(self.n_keys, len(self.signers))

    @property
    def draft(self) -> Issuance:
        """The input before anything is signed."""
        return replace(self.issuance, arguments=(bytes(64),) * len(self.signers))


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
    key: Key,
    purse: Purse,
    outputs: Sequence[Output],
    *,
    side: bool,
    mint: Mint | None = None,
    freed: Sequence[Coin] = (),
    least_fee: int = 0,
) -> Transaction:
    """
    A signed transaction that makes these outputs, pays its gas and returns the change.

    Args:
        outputs: records on a sidechain may hold nothing, all others must not.
        side: it is for a sidechain.
        mint: units that it makes itself; they need not be in the purse.
        freed: stakes of BTM of this key that come free; all of them are spent.
        least_fee: what it pays at least, in neu.

    Raises:
        InsufficientFunds, TooManyPieces, BadValue: and what is missing.
    """
    for output in outputs:
        least = 0 if side and is_side_record(output.program) else 1
        if not least <= output.amount <= MOST_AMOUNT:
            raise BadValue(
                f"an amount must be from 1 to {MOST_AMOUNT} units, not {output.amount}",
                amount=output.amount,
            )
    wanted: dict[bytes, int] = {}
    for output in outputs:
        wanted[output.asset] = wanted.get(output.asset, 0) + output.amount
    if mint is not None:
        wanted[mint.issuance.asset] -= mint.issuance.amount
    picked: list[Coin] = []
    change: list[Output] = []
    for asset in sorted(wanted):
        if asset != BTM and wanted[asset] > 0:
            taken = _pick(purse, asset, wanted[asset], key.name)
            picked += taken
            left = sum(coin.amount for coin in taken) - wanted[asset]
            change += [Output(asset, left, key.program)] if left else []
    results = (*outputs, *change)
    btm = wanted.get(BTM, 0)
    return _with_fee(
        key, purse, results, picked, btm, side, mint, tuple(freed), least_fee
    )


def _with_fee(
    key: Key,
    purse: Purse,
    outputs: tuple[Output, ...],
    picked: Sequence[Coin],
    btm: int,
    side: bool,
    mint: Mint | None,
    freed: tuple[Coin, ...],
    least_fee: int,
) -> Transaction:
    """Add BTM inputs until they cover the amount and the gas of the whole."""
    fee, held = least_fee, sum(coin.amount for coin in freed)
    while True:
        # Freed stakes come last: input 0, the author, is an ordinary coin if any is.
        missing = btm + fee - held
        plain = missing > 0 or not freed
        fuel = _pick(purse, BTM, missing, key.name, fee=fee) if plain else []
        fuel = [*fuel, *freed]
        if len(fuel) > key.most_btm_inputs:
            raise TooManyPieces(
                f"{btm + fee} units of BTM are in {len(fuel)} pieces, one transaction "
                f"of {key.name} can spend {key.most_btm_inputs}",
                pieces=len(fuel),
            )
        left = sum(coin.amount for coin in fuel) - btm - fee
        results = outputs
        if left:
            results = (*results, Output(BTM, left, key.program))
        coins = (*fuel, *picked)
        draft = _draft(key, coins, results, side, mint)
        gas = key.input_gas * len(coins) + draft.size + SPARE_GAS
        gas += STAKE_GAS * len(freed)
        gas += (mint.gas if mint else 0) + (key.peak_gas if picked or key.script else 0)
        if gas > MOST_GAS:
            raise TooManyPieces(
                f"the pieces need {gas} gas, one transaction can buy {MOST_GAS}",
                pieces=len(coins),
            )
        if gas * NEU_PER_GAS <= fee:
            return _signed(draft, key, mint)
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
    total = 0
    for coin in coins:
        if total >= amount and (taken or asset != BTM):
            break
        taken.append(coin)
        total += coin.amount
    return taken


def _draft(
    key: Key,
    coins: Sequence[Coin],
    outputs: tuple[Output, ...],
    side: bool,
    mint: Mint | None,
) -> Transaction:
    """Unsigned, with arguments of the right length, so that its size is right."""
    blank = key.blank
    spends = tuple(
        Spend(
            coin.source_id, coin.asset, coin.amount, coin.position, coin.program, blank
        )
        for coin in coins
    )
    issuances = (mint.draft,) if mint else ()
    last_height = mint.last_height if mint else 0
    return Transaction(1, last_height, (*issuances, *spends), outputs, side)


def _signed(draft: Transaction, key: Key, mint: Mint | None) -> Transaction:
    tx = draft
    for index, given in enumerate(draft.inputs):
        message = draft.sig_hash(index)
        if isinstance(given, Issuance):
            assert mint is not None
            arguments = tuple(sign(xprv, message) for xprv in mint.signers)
        else:
            arguments = key.arguments(message)
        tx = with_arguments(tx, index, arguments)
    return tx
