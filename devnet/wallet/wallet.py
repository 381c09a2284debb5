"""
The wallet as one object: what it holds, and what the chain's tip says about it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devnet.engine.bc.programs import is_p2wpkh, is_p2wsh, is_standard
from devnet.engine.bc.transaction import Transaction
from devnet.engine.chain.coins import Coin
from devnet.engine.chain.mempool import Mempool, Waiting
from devnet.engine.mainchain.state import MainEntry, MainTree
from devnet.wallet.assets import Asset, Assets
from devnet.wallet.book import Account, Book, Receiver
from devnet.wallet.coins import Reservations
from devnet.wallet.history import History, Mined, touches
from devnet.wallet.keyring import Chance, Keyring

if TYPE_CHECKING:
    from devnet.engine.network import Network

GAP = 20
"""So many unused receivers in a row end the search for an account's own."""
N_FOUND_MOST = 1_000
SPENT_HELD_S = 1800.0
"""What a verb spends is held as long as what a build takes."""


class Wallet:
    """
    Keys, accounts, assets and reservations over a network.

    Args:
        network: gives the network of the moment.
        folder: where key files lie; None keeps them in memory.
        now_s: the clock of reservations and ids, seconds since 1970.
    """

    def __init__(
        self,
        network: Callable[[], Network],
        folder: Path | None = None,
        *,
        chance: Chance | None = None,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._network = network
        self.chance = chance or Chance()
        self.keyring = Keyring(folder, self.chance)
        self.book = Book(lambda: int(now_s() * 1000))
        self.assets = Assets()
        self.reservations = Reservations(now_s)
        self.now_s = now_s
        self._history = History()

    # The chain.

    @property
    def tree(self) -> MainTree:
        """All mainchain blocks."""
        return self._network().world.tree

    @property
    def tip(self) -> MainEntry:
        """The tip that the first node follows."""
        world = self._network().world
        return world.tree[world.main_nodes[0].view.tip]

    @property
    def pool(self) -> Mempool:
        """What waits at the first node."""
        return self._network().world.main_nodes[0].pool

    @property
    def hrp(self) -> str:
        """The address prefix of the network."""
        return self.tree.profile.hrp

    # Coins.

    def coins_of(
        self, account: Account, *, unconfirmed: bool = False
    ) -> Iterator[Coin]:
        """The coins of an account; those of the pool at the end."""
        receivers = self.book.of_account(account.id)
        for one in receivers:
            yield from self.tip.state.coins.held_by(one.program)
        if unconfirmed:
            programs = {one.program for one in receivers}
            yield from (coin for coin in self.coming() if coin.program in programs)

    def coming(self) -> Iterator[Coin]:
        """Outputs of the pool that nothing in it spends."""
        pool = self.pool
        for coin_id in sorted(pool.created):
            if coin_id not in pool.spent:
                yield pool.created[coin_id]

    def contract_coins(self, *, unconfirmed: bool = False) -> Iterator[Coin]:
        """Everybody's coins that are locked by a program of their own."""
        coins = self.tip.state.coins
        for program in coins.by_program:
            if not is_standard(program):
                yield from coins.held_by(program)
        if unconfirmed:
            for coin in self.coming():
                if not is_standard(coin.program):
                    yield coin

    def hold_spent(self, *txs: Transaction) -> None:
        """Hold what these transactions spend, so that no build takes it too."""
        for tx in txs:
            self.reservations.hold_ids(tx.spent_output_ids, SPENT_HELD_S)

    def receiver_of(self, coin: Coin) -> Receiver | None:
        """Our receiver of a coin, or None."""
        return self.book.receivers.get(coin.program)

    def coin(self, coin_id: bytes, *, unconfirmed: bool = False) -> Coin | None:
        """One of our coins, or anybody's contract coin, by its id."""
        found = self.tip.state.coins.by_id.get(coin_id)
        if found is None and unconfirmed and coin_id not in self.pool.spent:
            found = self.pool.created.get(coin_id)
        if found is None or (
            is_standard(found.program) and found.program not in self.book.receivers
        ):
            return None
        return found

    # Transactions.

    def mined(self, programs: set[bytes] | None = None) -> Iterator[Mined]:
        """Our transactions in blocks, newest first."""
        wanted = programs if programs is not None else set(self.book.receivers)
        return self._history.newest_first(self.tree, self.tip.hash, wanted)

    def waiting(self, programs: set[bytes] | None = None) -> list[Waiting]:
        """Our transactions in the pool, latest first."""
        wanted = programs if programs is not None else set(self.book.receivers)
        found = [one for one in self.pool.transactions() if touches(one.tx, wanted)]
        return found[::-1]

    def find_mined(self, tx_id: bytes) -> Mined | None:
        """One of our transactions in a block, or None."""
        place = self.tip.state.index.places.get(tx_id)
        if place is None:
            return None
        entry = self.tree[self.tip.state.hashes[place.height]]
        tx = entry.block.transactions[place.index]
        return Mined(tx, entry, place.index) if self.owns(tx) else None

    def owns(self, tx: Transaction) -> bool:
        """Does a transaction pay or spend one of our programs?"""
        return touches(tx, self.book.receivers)

    def asset(self, asset: bytes) -> Asset | None:
        """What is known of an asset."""
        return self.assets.get(asset, self.tip.state)

    # Coming back.

    def frozen(self) -> object:
        """What the chain does not tell, as it is now, for `thaw`."""
        return self.book.frozen(), self.assets.frozen(), self.keyring.frozen()

    def thaw(self, state: Any) -> None:
        """As it was. Nothing is held for an unfinished build any more."""
        book, assets, keyring = state
        self.book.thaw(book)
        self.assets.thaw(assets)
        self.keyring.thaw(keyring)
        self.reservations.release_all()

    def search(self, account: Account) -> None:
        """Find the receivers of an account that the chain knows."""
        used = self._history.used(self.tree, self.tip.hash)
        for change in (False, True):
            last, index = 0, 1
            while index <= last + GAP and index <= N_FOUND_MOST:
                made = self.book.receiver_at(account, index, change)
                if made.program in used:
                    for missed in range(last + 1, index):
                        self.book.keep(self.book.receiver_at(account, missed, change))
                    self.book.keep(made)
                    last = index
                index += 1


def is_standard_form(program: bytes) -> bool:
    """Is a program that of a key, or of a script's hash?"""
    return is_p2wpkh(program) or is_p2wsh(program)
