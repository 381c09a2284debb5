"""
What is counted of a sidechain's locks, and what came of the count.

Source: protocol page "federation", section 9.
"""

from __future__ import annotations

from dataclasses import dataclass

from rpds import HashTrieMap

from devnet.engine.chain.coins import Coin
from devnet.engine.federation.council import Council
from devnet.engine.federation.forwards import Forward, forwards_of
from devnet.engine.federation.paying import Release, releases_in, spends_of
from devnet.engine.mainchain.state import MainTree
from devnet.engine.sidechain.holdings import Holdings
from devnet.engine.sidechain.state import SideTree


@dataclass(frozen=True)
class Locks:
    """
    What is counted for one sidechain: both chains at their tips.

    Args:
        registered: claim scripts that a wallet told a collector of. Others are known
            from the moment when one of their locks is claimed.
    """

    main: MainTree
    main_tip: bytes
    side: SideTree
    side_tip: bytes
    registered: frozenset[bytes]

    @property
    def council(self) -> Council:
        """Who holds the locks, and who held them before."""
        return self.side.council(self.side[self.side_tip])

    def releases(self, block_hash: bytes, holdings: Holdings) -> list[Release]:
        """What the federation let go in a block of the mainchain."""
        fee_ppm = self.side.spec.relay_fee_ppm
        return releases_in(self.main[block_hash], holdings.claim_scripts, fee_ppm)

    def forwards(self, block_hash: bytes, holdings: Holdings) -> list[Forward]:
        """Deposits that the federation sent on in a block of the mainchain."""
        entry, scripts = self.main[block_hash], holdings.claim_scripts
        if not any(coin.program in scripts for coin in entry.change.spent):
            return []
        return [
            one
            for tx, failed in zip(entry.block.transactions, entry.statuses, strict=True)
            for one in forwards_of(tx, failed, scripts)
        ]

    def is_change(self, tip: bytes, coin: Coin, holdings: Holdings) -> bool:
        """Did the federation itself pay this output, on the branch of a tip?"""
        block_hash = self.main.hash_at(tip, coin.height)
        assert block_hash is not None, "a deposit is in a block of its branch"
        return any(
            tx.mux_id == coin.source_id and spends_of(tx, holdings.programs)
            for tx in self.main[block_hash].block.transactions
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """
    Sums by asset over all deposits on the branch, spent or not.

    arriving: locked and not claimed. stranded: the same, but no epoch that is accepted
    holds it, and it was not sent on. donated: paid to a treasury, but for change.
    n_deposits: of all kinds, claimed ones too; an asset that has none is not in it.
    paid_out: what left the federation.
    paid: how often by debt key. excess: by debt key how many of these no withdrawal of
    the sidechain explains. fresh: keys whose number changed since the tally before.
    holdings: the programs that were watched.
    """

    arriving: dict[bytes, int]
    stranded: dict[bytes, int]
    donated: dict[bytes, int]
    n_deposits: dict[bytes, int]
    paid_out: dict[bytes, int]
    paid: HashTrieMap[bytes, int]
    excess: dict[bytes, int]
    holdings: Holdings
    fresh: tuple[bytes, ...] = ()

    def settled(self, asset: bytes) -> int:
        """What left the federation for withdrawals of the sidechain."""
        unexplained = sum(
            int.from_bytes(key[32:40], "big") * n
            for key, n in self.excess.items()
            if key[:32] == asset
        )
        return self.paid_out.get(asset, 0) - unexplained
