"""
The session's wallet: one for the prompt, the screen, the HTTP interface and Python.

It is made when it is asked for, since most sessions need none. It keeps step with the
world: accounts opened by a verb appear in it, and it goes back with snapshots.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devnet.engine.actors.world import World
    from devnet.engine.bc.transaction import Transaction
    from devnet.engine.network import Network
    from devnet.wallet.keeping import Keeper
    from devnet.wallet.keyring import Chance
    from devnet.wallet.players import Players
    from devnet.wallet.wallet import Wallet


def gone_from(before: World, after: World, chain: str) -> list[Transaction]:
    """What waited on a chain, at the node that people ask, and waits no more."""
    from devnet.engine.actors.world import speaker_of

    def waiting(world: World) -> dict[bytes, Transaction]:
        side = world.sidechain(chain)
        if side is None:
            pool = world.main_nodes[0].pool
        else:
            pool = speaker_of(side.nodes, world.faults, chain).pool
        return {one.tx.id: one.tx for one in pool.transactions()}

    now = waiting(after)
    return [tx for tx_id, tx in waiting(before).items() if tx_id not in now]


class HeldWallet:
    """
    A wallet that is made at need.

    Args:
        network: gives the network of the moment.
        now_s: the clock on the wall, seconds since 1970.
        made: called once with this, when the wallet is there.
    """

    def __init__(
        self,
        network: Callable[[], Network],
        now_s: Callable[[], float],
        made: Callable[[HeldWallet], None],
    ) -> None:
        self._network, self.now_s, self._made = network, now_s, made
        self.folder: Path | None = None
        self.chance: Chance | None = None
        self._wallet: Wallet | None = None
        self._keeper: Keeper | None = None
        self._players: Players | None = None

    @property
    def is_known(self) -> bool:
        """Is there a wallet: made in this session, or kept in the folder?"""
        if self._wallet is not None or self.folder is None:
            return self._wallet is not None
        from devnet.wallet.keeping import FILE_NAME

        return (self.folder / FILE_NAME).exists()

    @property
    def wallet(self) -> Wallet:
        """The wallet, in step with the world. Raises WalletDamaged."""
        world = self._network().world
        if self._wallet is None:
            self._make()
        assert self._wallet is not None and self._players is not None
        self._players.follow(world)
        return self._wallet

    @property
    def keeper(self) -> Keeper:
        """What writes the wallet's file."""
        _ = self.wallet
        assert self._keeper is not None
        return self._keeper

    def save(self) -> None:
        """Write the file, if there is a wallet and it changed."""
        if self._keeper is not None:
            self._keeper.save()

    def release(self, *txs: Transaction) -> None:
        """These transactions are gone: what they would have spent is free again."""
        if self._wallet is not None:
            for tx in txs:
                self._wallet.reservations.release_ids(tx.spent_output_ids)

    def _make(self) -> None:
        from devnet.wallet.keeping import KEYS_NAME, Keeper
        from devnet.wallet.players import Players
        from devnet.wallet.wallet import Wallet

        keys = None if self.folder is None else self.folder / KEYS_NAME
        wallet = Wallet(
            self._network, keys, chance=self.chance, now_s=lambda: self.now_s()
        )
        self._keeper = Keeper(self.folder, wallet)
        self._players, self._wallet = Players(wallet), wallet
        self._players.follow(self._network().world)
        wallet.hold_spent(*(one.tx for one in wallet.pool.transactions()))
        self._made(self)

    # Going back, together with the world.

    def saved(self) -> object:
        """What the chain does not tell."""
        return self.wallet.frozen()

    def put_back(self, state: Any) -> None:
        """The world went back: so do keys, accounts, receivers and assets."""
        assert self._wallet is not None and self._players is not None
        self._wallet.thaw(state)
        self._players.look_again()
