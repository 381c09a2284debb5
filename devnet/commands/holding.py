"""
Accounts by name, wherever they were made: in the world by a verb, or in the wallet over
HTTP. Verbs ask here what an account has, where it is paid, and to pay.

The world's own accounts pay as ever, from their one address. The wallet pays for the
accounts that only it knows, and for the world's where the one address does not do: when
a build over HTTP holds coins there, or change of such a build lies elsewhere. What the
wallet signed is recorded as bytes, so a replay needs no key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devnet.commands.context import Context
from devnet.commands.errors import did_you_mean
from devnet.engine.errors import InsufficientFunds, UnknownName

if TYPE_CHECKING:
    from devnet.engine.bc.transaction import Output
    from devnet.wallet.book import Account
    from devnet.wallet.paying import Minting

MAIN = "main"
SIGNED = "signed"
"""Begins a recorded line of a lock or a withdrawal that the wallet signed."""


@dataclass(frozen=True, slots=True)
class Order:
    """
    A payment as both sides can make it.

    Args:
        by_world: the act of the network for one of its own accounts; gives its result.
        outputs: what the wallet pays instead, the one that counts first; None: it
            cannot.
        hand_in: gives the wallet's bytes to the network; gives the same result.
        line: how a recording keeps that, for these bytes; None: as `submit`.
        minting: new units that the wallet's transaction makes.
    """

    who: str
    chain: str
    by_world: Callable[[], str]
    outputs: Callable[[], Sequence[Output]] | None = None
    hand_in: Callable[[bytes], str] | None = None
    line: Callable[[bytes], str] | None = None
    minting: Callable[[], Minting] | None = None


# Who there is.


def holder_names(session: Context) -> list[str]:
    """All accounts: the world's, then those that only the wallet knows."""
    names = list(session.network.accounts())
    if session.held.is_known:
        aliases = sorted(one.alias for one in session.wallet.book.accounts.values())
        names += [alias for alias in aliases if alias and alias not in names]
    return names


def wallet_account(session: Context, name: str) -> Account | None:
    """The wallet's account of a name, if it is not the world's own."""
    if not session.held.is_known:
        return None
    from devnet.wallet.players import is_play

    found = _named(session, name)
    if found is None or is_play(session.wallet, session.network.world, found):
        return None
    return found


def _named(session: Context, name: str) -> Account | None:
    """The wallet's account of a name; only when there is a wallet."""
    for one in session.wallet.book.accounts.values():
        if one.alias == name:
            return one
    return None


def check_holder(session: Context, name: str) -> None:
    """Raise UnknownName unless there is an account of this name."""
    known = holder_names(session)
    if name not in known:
        raise UnknownName(
            f"there is no account {name[:40]!r}",
            hint=did_you_mean(name, known, "account"),
        )


def is_address(session: Context, word: str) -> bool:
    """Does a word look like an address of this network? Its checksum is read later."""
    return word.lower().startswith(f"{session.network.world.tree.profile.hrp}1")


def place_of(session: Context, name: str) -> str:
    """
    Where an account is paid, as the network understands it: the name of one of its own,
    the newest address of one of the wallet's, or what was given if it is neither.
    """
    account = wallet_account(session, name)
    if account is None:
        return name
    from devnet.engine.codec import address_of_program

    wallet = session.wallet
    return address_of_program(wallet.book.place_of(account).program, wallet.hrp)


def balance_units(session: Context, who: str, chain: str, asset: str) -> int:
    """What an account can spend on a chain, at all its addresses."""
    network, account = session.network, wallet_account(session, who)
    units, counted = 0, b""
    if account is None:
        units, counted = network.balance(who, chain, asset), network.claim_script(who)
        account = _named(session, who) if session.held.is_known else None
    if account is None:
        return units
    programs = (one.program for one in session.wallet.book.of_account(account.id))
    return units + sum(
        network.held_at(program, chain, asset)
        for program in programs
        if program != counted
    )


# Paying.


def pay(session: Context, order: Order) -> tuple[str, str | None]:
    """
    Carry an order out.

    Returns:
        Its result, and the line for the recording where it is another than the call.

    Raises:
        DevnetError: why not; nothing changed.
    """
    account = wallet_account(session, order.who)
    if account is not None:
        return _by_wallet(session, order, account)
    own = _named(session, order.who) if session.held.is_known else None
    if own is None:
        return order.by_world(), None
    if _is_held(session, order):
        return _by_wallet(session, order, own)
    try:
        result = order.by_world()
    except InsufficientFunds:
        if order.outputs is None or len(session.wallet.book.of_account(own.id)) == 1:
            raise
        return _by_wallet(session, order, own)
    _hold_spent(session, result)
    return result, None


def _by_wallet(
    session: Context, order: Order, account: Account
) -> tuple[str, str | None]:
    from devnet.wallet.errors import Reserved
    from devnet.wallet.paying import account_purse, pay_from, settle

    wallet, network = session.wallet, session.network
    if order.outputs is None or order.hand_in is None:
        raise Reserved(
            f"coins of {order.who} are held by a transaction that is being built",
            hint="hand that one in, or wait until its time (ttl) is over",
        )
    paid = pay_from(
        wallet,
        account,
        account_purse(wallet, network, account, order.chain),
        order.outputs(),
        side=order.chain != MAIN,
        minting=order.minting() if order.minting else None,
    )
    result = order.hand_in(paid.tx.raw)
    settle(wallet, paid)
    if order.line is not None:
        return result, order.line(paid.tx.raw)
    return result, f"submit {paid.tx.raw.hex()} {order.chain}"


def _is_held(session: Context, order: Order) -> bool:
    """Does a build hold coins at the one address of a world's account?"""
    network, reservations = session.network, session.wallet.reservations
    program = network.claim_script(order.who)
    purse = network.purse(order.chain, program)
    return any(reservations.holds(coin.id) for coin in purse.coins)


def _hold_spent(session: Context, result: str) -> None:
    """What a transaction spends is spent: no build takes it, too."""
    network, tx_id = session.network, result
    if len(result) != 64:
        tx_id = network.transfer(result).lock_tx.hex()
    session.wallet.hold_spent(network.locate(tx_id).tx)


def submit(session: Context, chain: str) -> Callable[[bytes], str]:
    """Hand in the wallet's bytes as a payment. Gives the transaction id."""
    return lambda raw: session.network.submit(raw, chain).tx.id.hex()


# Replaying.


def signed_line(kind: str, raw: bytes, **facts: object) -> str:
    """A lock or a withdrawal as a recording keeps it."""
    return f"{SIGNED} {json.dumps({'kind': kind, 'raw': raw.hex(), **facts})}"


def replay_signed(words: str, session: Context) -> None:
    """Do what `signed_line` kept. Raises DevnetError."""
    facts: dict[str, Any] = json.loads(words)
    kind, raw = facts.pop("kind"), bytes.fromhex(facts.pop("raw"))
    network = session.network
    act = network.hand_in_lock if kind == "lock" else network.hand_in_withdrawal
    act(raw, **facts)
