"""
Actions of a sidechain that vote: value is locked for a key, and taken back.

A vote's program names its key and its owner. The owner is an account's receiver, so who
votes needs an account of one key.
Source: protocol page "http-api", section 14; BytomDAO/vapor v1.1.9, account/builder.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from devnet.engine.bc.programs import is_p2wpkh, p2wpkh
from devnet.engine.bc.stakes import stake_of, vote_program
from devnet.engine.bc.transaction import BTM
from devnet.engine.chain.coins import Coin
from devnet.wallet.book import Account
from devnet.wallet.building import (
    NO_ASSET,
    Draft,
    Special,
    add_output,
    components_of,
    hold,
    need,
    program_at,
    spend_of,
)
from devnet.wallet.errors import Insufficient, NoAccount, Reserved, WalletError
from devnet.wallet.wallet import Wallet

VOTE_LOCKED = "vote-locked"
"""Vapor's BTM704, which is another refusal at Bytom's node."""


class VoteNotCounted(WalletError):
    """A vote of too little, of another asset, or of somebody with several keys."""

    code = "wallet.bad-vote"
    btm_code = "BTM749"


class LockedByVote(WalletError):
    """The votes suffice only with those whose unbonding period is not over."""

    code = "wallet.vote-locked"
    btm_code = VOTE_LOCKED
    words = "reservation found outputs locked by the vote"


@dataclass(frozen=True, slots=True)
class VoteOutput(Special):
    """
    Lock value for a key.

    Args:
        address: of whoever may take it back. key: 32 bytes.
        least: the least that a vote may be.
    """

    asset: bytes
    amount: int
    address: str
    key: bytes
    least: int

    def carry_out(self, wallet: Wallet, draft: Draft) -> None:
        """Raises MissingField, VoteNotCounted, WalletError."""
        need(self.asset != NO_ASSET, self.amount, self.address, self.key)
        if self.asset != BTM:
            raise VoteNotCounted("a vote is of BTM")
        if self.amount < self.least:
            raise VoteNotCounted(f"a vote of {self.amount}, {self.least} is the least")
        program = program_at(wallet, self.address)
        if not is_p2wpkh(program):
            raise VoteNotCounted("who votes is an address of one key")
        add_output(draft, BTM, self.amount, vote_program(self.key, program[2:]))


@dataclass(frozen=True, slots=True)
class Veto(Special):
    """
    Take votes of an account for a key back, the oldest first. What is left of the last
    one votes on, unless it is less than the least vote.

    Args:
        unbond_blocks: so long is a vote locked.
    """

    account_id: str
    asset: bytes
    amount: int
    key: bytes
    least: int
    unbond_blocks: int

    def carry_out(self, wallet: Wallet, draft: Draft) -> None:
        """Raises MissingField, NoAccount, Insufficient, LockedByVote, Reserved."""
        need(self.account_id, self.asset != NO_ASSET, self.amount, self.key)
        account = wallet.book.accounts.get(self.account_id)
        if account is None:
            raise NoAccount(f"get account info: {NoAccount.words}")
        try:
            chosen = self._chosen(wallet, account)
        except WalletError as error:
            raise type(error)(f"reserving utxos: {error.message}") from None
        hold(wallet, draft, chosen)
        for coin in chosen:
            receiver = wallet.book.receivers[owner_program(coin)]
            draft.inputs.append((spend_of(coin), components_of(wallet, receiver)))
        rest = sum(coin.amount for coin in chosen) - self.amount
        if rest:
            change = wallet.book.next_receiver(account, change=True).program
            votes_on = rest >= self.least
            program = vote_program(self.key, change[2:]) if votes_on else change
            add_output(draft, BTM, rest, program)

    def _chosen(self, wallet: Wallet, account: Account) -> list[Coin]:
        found = [
            coin for key, coin in votes_of(wallet, account)
            if key == self.key and coin.asset == self.asset
            and coin.id not in wallet.pool.spent
        ]  # fmt: skip
        height = wallet.tip.height + 1
        free = [one for one in found if one.height + self.unbond_blocks <= height]
        unheld = [one for one in free if not wallet.reservations.holds(one.id)]
        for coins, missing in ((found, Insufficient), (free, LockedByVote)):
            if sum(coin.amount for coin in coins) < self.amount:
                raise missing
        return _enough(sorted(unheld, key=_age), self.amount)


def _age(coin: Coin) -> tuple[int, bytes]:
    return coin.height, coin.id


def _enough(coins: Iterable[Coin], amount: int) -> list[Coin]:
    chosen, total = [], 0
    for coin in coins:
        chosen.append(coin)
        total += coin.amount
        if total >= amount:
            return chosen
    raise Reserved


def votes_of(wallet: Wallet, account: Account) -> Iterator[tuple[bytes, Coin]]:
    """An account's votes on the chain that the wallet looks at, with their keys."""
    owners = {one.program for one in wallet.book.of_account(account.id)}
    coins = wallet.tip.state.coins
    for program in coins.by_program:
        stake = stake_of(program)
        if stake and stake.kind == "vote" and p2wpkh(stake.owner_hash) in owners:
            yield from ((stake.key, coin) for coin in coins.held_by(program))


def owner_program(coin: Coin) -> bytes:
    """The program of the receiver who owns a stake."""
    stake = stake_of(coin.program)
    assert stake is not None
    return p2wpkh(stake.owner_hash)


class Owned(set[bytes]):
    """Programs of receivers, and with them all stakes that they own."""

    def __contains__(self, program: object) -> bool:
        stake = stake_of(program) if isinstance(program, bytes) else None
        return super().__contains__(p2wpkh(stake.owner_hash) if stake else program)
