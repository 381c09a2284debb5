"""
Which coins pay: Bytom's rule, and who holds them meanwhile.

Source: protocol page "http-api", section 10.2; Bytom/bytom v1.1.0,
account/utxo_keeper.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from devnet.engine.chain.coins import COINBASE_MATURITY, Coin
from devnet.wallet.errors import Immature, Insufficient, Reserved
from devnet.wallet.unstable import go_sorted

DESIRED_COINS = 5
"""One great coin is given up for so many smaller ones."""


def valid_height(coin: Coin) -> int:
    """The first tip height at which a coin can be spent; 0: at any."""
    return coin.height + COINBASE_MATURITY if coin.is_coinbase else 0


def ordered(coins: Iterable[Coin]) -> list[Coin]:
    """Greatest first, equal ones as the reference leaves them."""
    by_id = sorted(coins, key=lambda coin: coin.id)
    return go_sorted(by_id, lambda one, two: one.amount > two.amount)


def choose(coins: Sequence[Coin], amount: int) -> tuple[list[Coin], int]:
    """
    Coins for an amount, and their sum, which is less if all of them do not suffice.

    The greatest are taken first; then the first of them is given up for a run of the
    next ones as long as few enough of those do.

    Args:
        coins: as `ordered` gives them.
    """
    chosen: list[Coin] = []
    total = place = 0
    while total < amount and place < len(coins):
        chosen.append(coins[place])
        total += coins[place].amount
        place += 1
    while chosen and place < len(coins):
        n_most = max(0, DESIRED_COINS - len(chosen) + 1)
        without = total - chosen[0].amount
        run: list[Coin] = []
        for coin in coins[place : place + n_most]:
            run.append(coin)
            without += coin.amount
            if without >= amount:
                break
        else:
            break
        chosen, total, place = [*chosen[1:], *run], without, place + len(run)
    return chosen, total


class Reservations:
    """
    Coins that an unfinished build holds, each until its time is over.

    Args:
        now_s: a clock in seconds.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._until_s: dict[bytes, float] = {}

    def holds(self, coin_id: bytes) -> bool:
        """Does a build hold this coin now?"""
        until_s = self._until_s.get(coin_id)
        if until_s is None:
            return False
        if until_s <= self._now_s():
            del self._until_s[coin_id]
            return False
        return True

    def hold(self, coins: Iterable[Coin], span_s: float) -> None:
        """Hold coins for so long."""
        self.hold_ids((coin.id for coin in coins), span_s)

    def hold_ids(self, coin_ids: Iterable[bytes | None], span_s: float) -> None:
        """The same, by their ids."""
        now_s = self._now_s()
        if len(self._until_s) > 10_000:
            self._until_s = {k: v for k, v in self._until_s.items() if v > now_s}
        self._until_s |= {one: now_s + span_s for one in coin_ids if one is not None}

    def release_all(self) -> None:
        """Let go of all coins."""
        self._until_s.clear()

    def release(self, coins: Iterable[Coin]) -> None:
        """Let go of coins."""
        self.release_ids(coin.id for coin in coins)

    def release_ids(self, coin_ids: Iterable[bytes | None]) -> None:
        """The same, by their ids."""
        for coin_id in coin_ids:
            if coin_id is not None:
                self._until_s.pop(coin_id, None)

    def pick(self, coins: Iterable[Coin], amount: int, tip_height: int) -> list[Coin]:
        """
        Coins for an amount, free and ripe. Nothing is held by this.

        Args:
            coins: of one account and asset.

        Raises:
            Insufficient, Immature, Reserved: what is missing.
        """
        free: list[Coin] = []
        immature = reserved = 0
        ripe = []
        for coin in coins:
            if valid_height(coin) > tip_height:
                immature += coin.amount
            else:
                ripe.append(coin)
        # Held ones take part in the order, which is not stable.
        for coin in ordered(ripe):
            if self.holds(coin.id):
                reserved += coin.amount
            else:
                free.append(coin)
        chosen, total = choose(free, amount)
        if total >= amount:
            return chosen
        if total + reserved + immature < amount:
            raise Insufficient
        if total + reserved < amount:
            raise Immature
        raise Reserved
