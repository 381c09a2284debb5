"""
Payments from more coins than one transaction can spend: coins are merged five by five
first, each merger paying the account itself, and the payment spends the last one.

Source: Bytom/bytom v1.1.0, account/builder.go, account/accounts.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from devnet.engine.bc.transaction import BTM, Output, Spend, Transaction
from devnet.engine.chain.coins import Coin
from devnet.wallet.book import Account
from devnet.wallet.building import (
    DEFAULT_TTL_S,
    Action,
    SpendAccount,
    build,
    components_of,
    merged,
    spend_of,
)
from devnet.wallet.errors import NoAccount, WalletError
from devnet.wallet.template import CHAIN_TX_NEU, Instruction, Template, fee_of
from devnet.wallet.wallet import Wallet

N_MERGED = 5


def build_chain(
    wallet: Wallet,
    actions: Sequence[Action],
    *,
    ttl_s: float = 0,
    time_range: int = 0,
) -> list[Template]:
    """
    Mergers, then the payment, to be signed and handed in in this order.

    Raises:
        WalletError: as `build`; or another asset than BTM is spent.
    """
    span_s = ttl_s or DEFAULT_TTL_S
    templates: list[Template] = []
    payers: list[tuple[Account, Coin, int]] = []
    held: list[Coin] = []
    others: list[Action] = []
    try:
        for action in merged(actions):
            if not isinstance(action, SpendAccount):
                others.append(action)
                continue
            if action.asset != BTM:
                raise WalletError("spend chain action only support BTM")
            account = wallet.book.accounts.get(action.account_id)
            if account is None:
                raise NoAccount
            coins = _pick(wallet, account, action, span_s, held)
            mergers, last = _merge(wallet, account, coins, time_range)
            templates += mergers
            payers.append((account, last, action.amount))
        rest = build(wallet, others, ttl_s=span_s, time_range=time_range)
    except WalletError:
        wallet.reservations.release(held)
        raise
    return [*templates, _payment(wallet, payers, rest)]


def _pick(
    wallet: Wallet,
    account: Account,
    action: SpendAccount,
    span_s: float,
    held: list[Coin],
) -> list[Coin]:
    """Coins for the amount and for merging them."""
    picked: list[Coin] = []
    total = 0
    while total < (needed := action.amount + _merging_neu(len(picked))):
        coins = [
            coin
            for coin in wallet.coins_of(account, unconfirmed=action.unconfirmed)
            if coin.asset == BTM
        ]
        more = wallet.reservations.pick(coins, needed - total, wallet.tip.height)
        wallet.reservations.hold(more, span_s)
        held += more
        picked += more
        total += sum(coin.amount for coin in more)
    return picked


def _merging_neu(n_coins: int) -> int:
    """What merging so many coins into one costs."""
    n_mergers = -(-(n_coins - 1) // (N_MERGED - 1)) if n_coins > 1 else 0
    return CHAIN_TX_NEU * n_mergers


def _merge(
    wallet: Wallet, account: Account, coins: list[Coin], time_range: int
) -> tuple[list[Template], Coin]:
    """Mergers until one coin is left, and that coin."""
    queue, templates = list(coins), []
    while len(queue) > 1:
        group, queue = queue[:N_MERGED], queue[N_MERGED:]
        output = Output(
            BTM, sum(coin.amount for coin in group) - CHAIN_TX_NEU, coins[0].program
        )
        template = _template(wallet, account, group, (output,), time_range)
        templates.append(template)
        tx = template.tx
        queue.append(
            Coin(tx.result_ids[0], tx.mux_id, 0, BTM, output.amount, output.program, 0)
        )
    return templates, queue[0]


def _template(
    wallet: Wallet,
    account: Account,
    coins: Sequence[Coin],
    outputs: tuple[Output, ...],
    time_range: int,
) -> Template:
    tx = Transaction(1, time_range, tuple(map(spend_of, coins)), outputs)
    instructions = []
    for place, coin in enumerate(coins):
        receiver = wallet.receiver_of(coin)
        assert receiver is not None and receiver.account_id == account.id
        instructions.append(Instruction(place, components_of(wallet, receiver)))
    return Template(tx, tuple(instructions), fee_of(tx) % 2**64)


def _payment(
    wallet: Wallet, payers: Sequence[tuple[Account, Coin, int]], rest: Template
) -> Template:
    """The last transaction: what the mergers made, and all other actions."""
    inputs: list[Spend] = []
    outputs, instructions = [], []
    for account, coin, amount in payers:
        receiver = wallet.receiver_of(coin)
        assert receiver is not None
        instructions.append(Instruction(len(inputs), components_of(wallet, receiver)))
        inputs.append(spend_of(coin))
        if coin.amount > amount:
            outputs.append(Output(BTM, coin.amount - amount, coin.program))
        assert receiver.account_id == account.id
    n_before = len(inputs)
    tx = replace(
        rest.tx,
        inputs=(*inputs, *rest.tx.inputs),
        outputs=(*outputs, *rest.tx.outputs),
    )
    moved = (
        replace(one, position=one.position + n_before) for one in rest.instructions
    )
    return Template(tx, (*instructions, *moved), fee_of(tx) % 2**64)
