"""
From actions to a template: coins are chosen and held, change is returned.

Source: protocol page "http-api", section 10; Bytom/bytom v1.1.0, account/builder.go,
asset/builder.go, blockchain/txbuilder/{txbuilder,actions}.go.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from devnet.engine.bc.programs import retire_program
from devnet.engine.bc.transaction import Input, Issuance, Output, Spend, Transaction
from devnet.engine.chain.coins import Coin
from devnet.engine.codec import program_of_address
from devnet.engine.errors import CodecError
from devnet.wallet.book import Receiver
from devnet.wallet.coins import valid_height
from devnet.wallet.errors import (
    AmountTooLarge,
    Immature,
    MissingField,
    NoAccount,
    NoCoin,
    Reserved,
    WalletError,
)
from devnet.wallet.template import (
    Component,
    Data,
    Instruction,
    KeyAt,
    Signatures,
    Template,
    fee_of,
)
from devnet.wallet.wallet import Wallet

MOST_AMOUNT = 2**63 - 1
DEFAULT_TTL_S = 1800.0
NO_ASSET = bytes(32)

Arguments: TypeAlias = "Callable[[], tuple[Component, ...]] | None"
"""What a contract takes, read when its coin is held; None: nothing was said."""


@dataclass(frozen=True, slots=True)
class SpendAccount:
    """Coins of an account for an amount, with change."""

    account_id: str
    asset: bytes
    amount: int
    unconfirmed: bool = False


@dataclass(frozen=True, slots=True)
class SpendOutput:
    """One given coin."""

    output_id: bytes
    unconfirmed: bool = False
    arguments: Arguments = None


@dataclass(frozen=True, slots=True)
class Issue:
    """New units of an asset."""

    asset: bytes
    amount: int
    arguments: Arguments = None


@dataclass(frozen=True, slots=True)
class Pay:
    """An output: to an address, or else to a program."""

    asset: bytes
    amount: int
    address: str | None = None
    program: bytes | None = None


@dataclass(frozen=True, slots=True)
class Retire:
    """An output that nobody spends, with a note."""

    asset: bytes
    amount: int
    note: bytes = b""


class Special(ABC):
    """An action that only some chain knows."""

    @abstractmethod
    def carry_out(self, wallet: Wallet, draft: Draft) -> None:
        """Add its inputs and outputs. Raises WalletError."""


Action: TypeAlias = SpendAccount | SpendOutput | Issue | Pay | Retire | Special


@dataclass(slots=True)
class Draft:
    """A transaction that grows. held: coins that are let go if it fails."""

    ttl_s: float
    inputs: list[tuple[Input, tuple[Component, ...] | None]] = field(
        default_factory=list
    )
    outputs: list[Output] = field(default_factory=list)
    held: list[Coin] = field(default_factory=list)


def build(
    wallet: Wallet,
    actions: Sequence[Action],
    *,
    base: Transaction | None = None,
    ttl_s: float = 0,
    time_range: int = 0,
) -> Template:
    """
    Carry out actions, all of them, so that every error is told.

    Args:
        base: what the new inputs and outputs are added to.
        ttl_s: how long coins are held; 0: half an hour.

    Raises:
        WalletError: the kind of the first action that fails, in the words of all.
    """
    draft = Draft(ttl_s or DEFAULT_TTL_S)
    failed: list[tuple[int, WalletError]] = []
    for index, action in enumerate(merged(actions)):
        try:
            _run(wallet, draft, action)
        except WalletError as error:
            failed.append((index, error))
    if failed:
        wallet.reservations.release(draft.held)
        raise _together(failed)
    n_before = 0 if base is None else len(base.inputs)
    tx = Transaction(
        1 if base is None else base.version,
        time_range or (0 if base is None else base.time_range),
        (*(() if base is None else base.inputs), *(given for given, _ in draft.inputs)),
        (*(() if base is None else base.outputs), *draft.outputs),
    )
    instructions = tuple(
        Instruction(n_before + place, components)
        for place, (_, components) in enumerate(draft.inputs)
    )
    return Template(tx, instructions, fee_of(tx) % 2**64)


def merged(actions: Sequence[Action]) -> list[Action]:
    """Spends of the same account and asset become one, where the first stood."""
    found: list[Action] = []
    places: dict[tuple[str, bytes], int] = {}
    for action in actions:
        if isinstance(action, SpendAccount):
            key = (action.account_id, action.asset)
            if key in places:
                first = found[places[key]]
                assert isinstance(first, SpendAccount)
                found[places[key]] = replace(first, amount=first.amount + action.amount)
                continue
            places[key] = len(found)
        found.append(action)
    return found


def _together(failed: Sequence[tuple[int, WalletError]]) -> WalletError:
    first = failed[0][1]
    root = type(first).words or first.message
    words = "".join(f"action index {at}: {error.message}" for at, error in failed)
    return type(first)(f"{words}: {root}")


def _run(wallet: Wallet, draft: Draft, action: Action) -> None:
    match action:
        case SpendAccount():
            _spend_account(wallet, draft, action)
        case SpendOutput():
            _spend_output(wallet, draft, action)
        case Issue():
            _issue(wallet, draft, action)
        case Pay():
            _pay(wallet, draft, action)
        case Retire():
            need(action.asset != NO_ASSET, action.amount)
            add_output(draft, action.asset, action.amount, retire_program(action.note))
        case Special():
            action.carry_out(wallet, draft)


def need(*given: object) -> None:
    """Raises MissingField where a value is zero or nothing."""
    if not all(given):
        raise MissingField


def _spend_account(wallet: Wallet, draft: Draft, action: SpendAccount) -> None:
    need(action.account_id, action.asset != NO_ASSET, action.amount)
    account = wallet.book.accounts.get(action.account_id)
    if account is None:
        raise NoAccount(f"get account info: {NoAccount.words}")
    coins = [
        coin
        for coin in wallet.coins_of(account, unconfirmed=action.unconfirmed)
        if coin.asset == action.asset
    ]
    try:
        chosen = wallet.reservations.pick(coins, action.amount, wallet.tip.height)
    except WalletError as error:
        raise type(error)(f"reserving utxos: {error.message}") from None
    hold(wallet, draft, chosen)
    for coin in chosen:
        receiver = wallet.receiver_of(coin)
        assert receiver is not None
        draft.inputs.append((spend_of(coin), components_of(wallet, receiver)))
    left = sum(coin.amount for coin in chosen) - action.amount
    if left:
        change = wallet.book.next_receiver(account, change=True)
        draft.outputs.append(Output(action.asset, left, change.program))


def _spend_output(wallet: Wallet, draft: Draft, action: SpendOutput) -> None:
    need(action.output_id != NO_ASSET)
    coin = wallet.coin(action.output_id, unconfirmed=action.unconfirmed)
    if coin is None:
        raise NoCoin
    if valid_height(coin) > wallet.tip.height:
        raise Immature
    if wallet.reservations.holds(coin.id):
        raise Reserved
    components: tuple[Component, ...] | None = None
    if action.arguments is not None:
        components = action.arguments()
    elif (receiver := wallet.receiver_of(coin)) is not None:
        components = components_of(wallet, receiver)
    hold(wallet, draft, [coin])
    draft.inputs.append((spend_of(coin), components))


def _issue(wallet: Wallet, draft: Draft, action: Issue) -> None:
    from devnet.engine.keys.paths import asset_path

    need(action.asset != NO_ASSET, action.amount)
    asset = wallet.assets.find(action.asset, wallet.tip.state)
    if action.amount > MOST_AMOUNT:
        raise _too_large(action.amount)
    components: tuple[Component, ...] = ()
    if asset.xpubs:
        path = asset_path(asset.index)
        keys = tuple(KeyAt(xpub, path) for xpub in asset.xpubs)
        components = (Signatures(keys, asset.quorum),)
    elif action.arguments is not None:
        components = action.arguments()
    issuance = Issuance(
        wallet.chance.token(8), asset.id, action.amount, asset.definition, 1,
        asset.program,
    )  # fmt: skip
    draft.inputs.append((issuance, components))


def _pay(wallet: Wallet, draft: Draft, action: Pay) -> None:
    target = action.program if action.address is None else action.address
    need(action.asset != NO_ASSET, action.amount, target)
    program = action.program or b""
    if action.address is not None:
        program = program_at(wallet, action.address)
    add_output(draft, action.asset, action.amount, program)


def program_at(wallet: Wallet, address: str) -> bytes:
    """The program of an address. Raises WalletError."""
    try:
        return program_of_address(address, wallet.hrp)
    except CodecError:
        raise WalletError("unknown address type") from None


def add_output(draft: Draft, asset: bytes, amount: int, program: bytes) -> None:
    """Raises AmountTooLarge."""
    if amount > MOST_AMOUNT:
        raise _too_large(amount)
    draft.outputs.append(Output(asset, amount, program))


def _too_large(amount: int) -> AmountTooLarge:
    words = f"amount {amount} exceeds maximum value 2^63"
    return AmountTooLarge(f"{words}: {AmountTooLarge.words}")


def hold(wallet: Wallet, draft: Draft, coins: list[Coin]) -> None:
    """No other build takes these coins for a while."""
    wallet.reservations.hold(coins, draft.ttl_s)
    draft.held += coins


def spend_of(coin: Coin) -> Spend:
    """The input that spends a coin, unsigned."""
    return Spend(coin.source_id, coin.asset, coin.amount, coin.position, coin.program)


def components_of(wallet: Wallet, receiver: Receiver) -> tuple[Component, ...]:
    """What a coin at one of our receivers needs."""
    account = wallet.book.accounts[receiver.account_id]
    keys = tuple(KeyAt(xpub, receiver.path) for xpub in account.xpubs)
    last = receiver.script or receiver.public_keys[0]
    return Signatures(keys, account.quorum), Data(last)
