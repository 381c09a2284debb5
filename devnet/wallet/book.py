"""
The book of accounts: whose keys, under which alias, and the programs they are paid at.

Source: protocol page "http-api", sections 9.3 and 12; Bytom/bytom v1.1.0,
account/accounts.go, blockchain/signers/idgenerate.go.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from devnet.engine.keys.accounts import Account as Owner
from devnet.engine.keys.accounts import receiver
from devnet.engine.keys.paths import BIP44_RULE, account_path
from devnet.wallet.errors import (
    AccountAliasTaken,
    NoAccount,
    NoKeys,
    QuorumOutOfRange,
    RepeatedKey,
)

EPOCH_MS = 1_496_635_208_000
SHARD = 5
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"


@dataclass(frozen=True, slots=True)
class Account:
    """Keys, how many must sign, and which account of these keys it is."""

    id: str
    alias: str
    xpubs: tuple[bytes, ...]
    quorum: int
    index: int
    rule: int = BIP44_RULE


@dataclass(frozen=True, slots=True)
class Receiver:
    """A program at which an account is paid, and what spending it needs."""

    account_id: str
    index: int
    change: bool
    program: bytes
    public_keys: tuple[bytes, ...]
    script: bytes
    path: tuple[bytes, ...]


class Book:
    """
    All accounts and their receivers.

    Args:
        now_ms: the clock that goes into account ids.
    """

    def __init__(self, now_ms: Callable[[], int] | None = None) -> None:
        self._now_ms = now_ms or (lambda: time.time_ns() // 10**6)
        self.accounts: dict[str, Account] = {}
        self.receivers: dict[bytes, Receiver] = {}
        self._next: dict[tuple[str, bool], int] = {}
        self.next_index: dict[frozenset[bytes], int] = {}
        self._n_ids = 0
        self.n_changes = 0

    def create(self, alias: str, xpubs: Sequence[bytes], quorum: int) -> Account:
        """A new account. Raises AccountAliasTaken, NoKeys, QuorumOutOfRange, ..."""
        alias = alias.strip().lower()
        self._check_alias(alias)
        check_signers(xpubs, quorum)
        whose = frozenset(xpubs)
        index = self.next_index.get(whose, 0) + 1
        self.next_index[whose] = index
        account = Account(self._new_id(), alias, tuple(xpubs), quorum, index)
        self.accounts[account.id] = account
        self.n_changes += 1
        return account

    def put_back(self, account: Account) -> bool:
        """An account from a backup. False: it is here already."""
        taken = any(one.alias == account.alias for one in self.accounts.values())
        if account.id in self.accounts or taken:
            return False
        self.accounts[account.id] = account
        self.n_changes += 1
        whose = frozenset(account.xpubs)
        highest = max(self.next_index.get(whose, 0), account.index)
        self.next_index[whose] = highest
        return True

    def adopt(
        self, alias: str, xpubs: tuple[bytes, ...], quorum: int = 1, index: int = 1
    ) -> Account:
        """
        An account of known keys with its first receiver; at no cost if it is here.

        Raises:
            AccountAliasTaken: another account has the alias.
        """
        for account in self.accounts.values():
            if account.xpubs == xpubs and account.index == index:
                return account
        self._check_alias(alias)
        account = Account(self._new_id(), alias, xpubs, quorum, index)
        self.put_back(account)
        self.next_receiver(account)
        return account

    def place_of(self, account: Account) -> Receiver:
        """Where an account is paid: its newest receiver, or the first one."""
        found = [one for one in self.of_account(account.id) if not one.change]
        return found[-1] if found else self.next_receiver(account)

    def rename(self, account: Account, alias: str) -> None:
        """Another alias. Raises AccountAliasTaken."""
        alias = alias.strip().lower()
        self._check_alias(alias)
        self.accounts[account.id] = replace(account, alias=alias)
        self.n_changes += 1

    def delete(self, account: Account) -> None:
        """Forget an account with its receivers; its keys stay."""
        del self.accounts[account.id]
        self.n_changes += 1
        self.receivers = {
            program: one
            for program, one in self.receivers.items()
            if one.account_id != account.id
        }
        for change in (False, True):
            self._next.pop((account.id, change), None)

    def find(self, alias: str, account_id: str) -> Account:
        """The account of an alias, or else of an id. Raises NoAccount."""
        if alias:
            for account in self.accounts.values():
                if account.alias == alias:
                    return account
            raise NoAccount
        found = self.accounts.get(account_id)
        if found is None:
            raise NoAccount
        return found

    def ordered(self) -> list[Account]:
        """All accounts by id, which is by age."""
        return [self.accounts[account_id] for account_id in sorted(self.accounts)]

    def next_receiver(self, account: Account, *, change: bool = False) -> Receiver:
        """The next program of an account. Old ones stay good."""
        index = self.last_index(account, change=change) + 1
        made = self.receiver_at(account, index, change)
        self.keep(made)
        return made

    def receiver_at(self, account: Account, index: int, change: bool) -> Receiver:
        """The program of a number, which is not kept by this."""
        owner = Owner(account.xpubs, account.quorum, account.index, account.rule)
        made = receiver(owner, index, change)
        path = account_path(account.rule, account.index, change, index)
        return Receiver(
            account.id, index, change, made.program, made.public_keys, made.script, path
        )

    def keep(self, made: Receiver) -> None:
        """Know a receiver from now on."""
        self.receivers[made.program] = made
        self.n_changes += 1
        place = (made.account_id, made.change)
        self._next[place] = max(self._next.get(place, 0), made.index)

    def last_index(self, account: Account, *, change: bool = False) -> int:
        """The number of the newest receiver of an account; 0: it has none."""
        return self._next.get((account.id, change), 0)

    def of_account(self, account_id: str) -> list[Receiver]:
        """The receivers of an account by number, receiving ones first."""
        found = [one for one in self.receivers.values() if one.account_id == account_id]
        return sorted(found, key=lambda one: (one.index, one.change))

    def counters(self) -> Iterator[tuple[str, bool, int]]:
        """How many receivers each account has: (account id, change, number)."""
        for (account_id, change), number in self._next.items():
            yield account_id, change, number

    def frozen(self) -> object:
        """All of it as it is now, for `thaw`."""
        parts = (self.accounts, self.receivers, self._next, self.next_index)
        return tuple(dict(part) for part in parts)

    def thaw(self, state: Any) -> None:
        """As it was. Account ids are not given out twice all the same."""
        self.accounts, self.receivers, self._next, self.next_index = map(dict, state)
        self.n_changes += 1

    def _check_alias(self, alias: str) -> None:
        if any(account.alias == alias for account in self.accounts.values()):
            raise AccountAliasTaken

    def _new_id(self) -> str:
        self._n_ids += 1
        stamp = max(0, self._now_ms() - EPOCH_MS)
        number = stamp << 23 | SHARD << 10 | self._n_ids % 1024
        padded = number << 1
        return "".join(_DIGITS[padded >> 5 * place & 31] for place in range(12, -1, -1))


def check_signers(xpubs: Sequence[bytes], quorum: int) -> None:
    """Raises NoKeys, RepeatedKey, QuorumOutOfRange."""
    if not xpubs:
        raise NoKeys
    for place, xpub in enumerate(xpubs):
        if xpub in xpubs[:place]:
            raise RepeatedKey(f"duplicated key={xpub.hex()}: {RepeatedKey.words}")
    if not 1 <= quorum <= len(xpubs):
        raise QuorumOutOfRange
