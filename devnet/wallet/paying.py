"""
Payments of an account as one deed, for verbs: coins are chosen by the recorded rule on
any chain, the fee is what the gas estimate says, change goes to change addresses, keys
that were opened sign.

Nothing of the wallet changes until the payment was taken: `settle` does that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devnet.engine.bc.transaction import BTM, Input, Issuance, Output, Transaction
from devnet.engine.chain.coins import Coin
from devnet.engine.chain.wallet import Purse, TooManyPieces
from devnet.engine.errors import InsufficientFunds
from devnet.engine.network import Network
from devnet.engine.rules.verdict import MOST_GAS
from devnet.wallet.book import Account, Receiver
from devnet.wallet.building import components_of, spend_of
from devnet.wallet.coins import choose, ordered
from devnet.wallet.errors import NotOpened, Reserved
from devnet.wallet.template import (
    NEU_PER_GAS,
    Component,
    Instruction,
    Template,
    estimate,
    fee_of,
    is_complete,
    sign_opened,
)
from devnet.wallet.wallet import SPENT_HELD_S, Wallet

MOST_ROUNDS = 64


@dataclass(frozen=True, slots=True)
class Minting:
    """New units that a payment makes, and what its issuance needs to be signed."""

    issuance: Issuance
    components: tuple[Component, ...]
    last_height: int = 0


@dataclass(frozen=True, slots=True)
class Paid:
    """A signed transaction, the coins that it spends, and where its change goes."""

    tx: Transaction
    coins: tuple[Coin, ...]
    change: tuple[Receiver, ...]


def account_purse(
    wallet: Wallet, network: Network, account: Account, chain: str
) -> Purse:
    """What an account can spend on a chain, at all its addresses."""
    purse = Purse(chain, 0, ())
    for one in wallet.book.of_account(account.id):
        found = network.purse(chain, one.program)
        purse = Purse(chain, found.height, (*purse.coins, *found.coins))
    return purse


def pay_from(
    wallet: Wallet,
    account: Account,
    purse: Purse,
    outputs: Sequence[Output],
    *,
    side: bool = False,
    minting: Minting | None = None,
) -> Paid:
    """
    A signed transaction that makes these outputs first and pays its gas.

    Args:
        purse: as `account_purse` gives it.
        side: it is for a sidechain.

    Raises:
        NotOpened: too few of the account's keys are open.
        Reserved: the coins suffice only with those that a build holds.
        InsufficientFunds, TooManyPieces: and what is missing.
    """
    _check_keys(wallet, account)
    wanted: dict[bytes, int] = {}
    for output in outputs:
        wanted[output.asset] = wanted.get(output.asset, 0) + output.amount
    if minting is not None:
        wanted[minting.issuance.asset] -= minting.issuance.amount
    btm, chosen = wanted.pop(BTM, 0), {}
    for asset in sorted(wanted):
        if wanted[asset] > 0:
            chosen[asset] = _pick(wallet, account, purse, asset, wanted[asset], 0)
    fee = 0
    for _ in range(MOST_ROUNDS):
        chosen[BTM] = _pick(wallet, account, purse, BTM, btm + fee, fee)
        wanted[BTM] = btm + fee
        template, change = _drafted(
            wallet, account, chosen, wanted, outputs, side, minting
        )
        needed = estimate(template).total_neu
        if needed > MOST_GAS * NEU_PER_GAS:
            n_coins = sum(map(len, chosen.values()))
            raise TooManyPieces(
                f"{n_coins} coins of {account.alias} need more gas than one "
                "transaction can buy",
                pieces=n_coins,
            )
        if needed <= fee:
            break
        fee = needed
    signed = sign_opened(template, wallet.keyring)
    if not is_complete(signed):
        raise NotOpened(f"a key that {account.alias} needs to issue is not open")
    coins = tuple(coin for some in chosen.values() for coin in some)
    return Paid(signed.tx, coins, change)


def settle(wallet: Wallet, paid: Paid) -> None:
    """The payment was taken: its change addresses are used, its coins are held."""
    for receiver in paid.change:
        wallet.book.keep(receiver)
    wallet.reservations.hold(paid.coins, SPENT_HELD_S)


def _check_keys(wallet: Wallet, account: Account) -> None:
    n_open = sum(wallet.keyring.opened(xpub) is not None for xpub in account.xpubs)
    if n_open < account.quorum:
        raise NotOpened(
            f"{account.quorum} of {len(account.xpubs)} keys sign for {account.alias}, "
            f"and {n_open} are open",
            hint=f"wallet unlock {account.alias} --password PASSWORD opens them",
        )


def _pick(
    wallet: Wallet, account: Account, purse: Purse, asset: bytes, amount: int, fee: int
) -> list[Coin]:
    """Free coins for an amount: those of blocks, with change under way only at need."""
    coins = [coin for coin in purse.coins if coin.asset == asset]
    free = [coin for coin in coins if not wallet.reservations.holds(coin.id)]
    need = max(amount, 1)
    for some in ([one for one in free if one.height < purse.height], free):
        chosen, total = choose(ordered(some), need)
        if total >= need:
            return chosen
    have = sum(coin.amount for coin in coins)
    name = "BTM" if asset == BTM else f"asset {asset.hex()[:8]}"
    if have >= need:
        held = have - sum(coin.amount for coin in free)
        raise Reserved(
            f"{account.alias} has {have} units of {name} on {purse.chain}, but {held} "
            "of them are held by a transaction that is being built",
            hint="hand that one in, or wait until its time (ttl) is over",
        )
    raise InsufficientFunds(
        f"{account.alias} has {have} units of {name} on {purse.chain}, needs {need}"
        + (f", {fee} of it for the fee" if fee else ""),
        hint=f"See what is there: balance {account.alias} {purse.chain} BTM.",
        have=have,
        need=need,
    )


def _drafted(
    wallet: Wallet,
    account: Account,
    chosen: dict[bytes, list[Coin]],
    wanted: dict[bytes, int],
    outputs: Sequence[Output],
    side: bool,
    minting: Minting | None,
) -> tuple[Template, tuple[Receiver, ...]]:
    """The transaction, unsigned, and the addresses of its change."""
    change: list[Receiver] = []
    returned: list[Output] = []
    for asset, coins in chosen.items():
        left = sum(coin.amount for coin in coins) - wanted[asset]
        if left:
            index = wallet.book.last_index(account, change=True) + 1 + len(change)
            change.append(wallet.book.receiver_at(account, index, True))
            returned.append(Output(asset, left, change[-1].program))
    components: list[tuple[Component, ...]] = []
    inputs: list[Input] = []
    if minting is not None:
        inputs.append(minting.issuance)
        components.append(minting.components)
    # An ordinary coin comes first: it says who is the author of a record.
    for coin in (
        *chosen[BTM],
        *(c for a, some in chosen.items() if a != BTM for c in some),
    ):
        receiver = wallet.receiver_of(coin)
        assert receiver is not None
        inputs.append(spend_of(coin))
        components.append(components_of(wallet, receiver))
    last_height = minting.last_height if minting else 0
    tx = Transaction(1, last_height, tuple(inputs), (*outputs, *returned), side)
    instructions = tuple(Instruction(at, one) for at, one in enumerate(components))
    return Template(tx, instructions, fee_of(tx) % 2**64), tuple(change)
