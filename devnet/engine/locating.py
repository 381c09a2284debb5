"""
Finding a transaction by its id, wherever it is, and what the world calls things.
`Network` inherits from it; nothing here changes anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.actors.owners import key_of
from devnet.engine.bc.transaction import Transaction, parse_transaction
from devnet.engine.chain.mempool import Mempool
from devnet.engine.chain.places import TxPlace
from devnet.engine.codec import from_hex
from devnet.engine.describing import Names
from devnet.engine.errors import UnknownName
from devnet.engine.reading import MAIN, Reading
from devnet.engine.rules.tracing import InputTrace, trace_input


@dataclass(frozen=True, slots=True)
class Located:
    """
    A transaction and where it is.

    Args:
        chain: "main" or a sidechain.
        place: in which block; None: it waits in the mempool.
        height: of its block, or of the next one.
        failed: only its BTM side counts.
    """

    tx: Transaction
    chain: str
    place: TxPlace | None
    height: int
    failed: bool
    block_hash: bytes = b""


class Locating(Reading):
    """Where things are, and what they are called."""

    def names(self) -> Names:
        """What the world calls assets and programs."""
        owners = {
            watched.program: f"lock for {watched.chain}"
            for watched in self.world.watched.values()
        }
        for node in self.world.main_nodes:
            owners[node.program] = node.name
        for owner in self.world.owners:
            owners[key_of(self.world, owner.name).program] = owner.name
        assets = {info.id: info.name for info in self.world.assets}
        return Names(assets, owners, self._hrp())

    def locate(self, tx_id: str) -> Located:
        """
        A transaction by its id, wherever it is: mined or waiting, on any chain.

        Raises:
            BadHex, UnknownName.
        """
        wanted = from_hex(tx_id)
        found = self._mined_main(wanted) or self._mined_side(wanted)
        found = found or self._waiting(wanted)
        if found is None:
            raise UnknownName(
                f"there is no transaction {tx_id[:70]}",
                hint="show mempool lists what waits; show block N what a block has.",
            )
        return found

    def _mined_main(self, tx_id: bytes) -> Located | None:
        tip = self.world.tree[self.world.main_tip]
        place = tip.state.index.places.get(tx_id)
        if place is None:
            return None
        entry = self.world.tree[tip.state.hashes[place.height]]
        tx = entry.block.transactions[place.index]
        failed = entry.statuses[place.index]
        return Located(tx, MAIN, place, place.height, failed, entry.hash)

    def _mined_side(self, tx_id: bytes) -> Located | None:
        for side in self.world.sidechains:
            state = side.tree[side.head].state
            place = state.places.get(tx_id)
            if place is not None:
                entry = side.tree[state.hashes[place.height]]
                tx = entry.block.transactions[place.index]
                return Located(tx, side.name, place, place.height, False, entry.hash)
        return None

    def _waiting(self, tx_id: bytes) -> Located | None:
        for chain in self.chain_names():
            for pool, next_height in self._pools(chain):
                waiting = pool.by_id.get(tx_id)
                if waiting is not None:
                    return Located(waiting.tx, chain, None, next_height, waiting.failed)
        return None

    def _pools(self, chain: str) -> list[tuple[Mempool, int]]:
        """The mempool of each node of a chain, with the height it waits for."""
        if chain == MAIN:
            tree = self.world.tree
            return [
                (node.pool, tree[node.view.tip].height + 1)
                for node in self.world.main_nodes
            ]
        side = self._side(chain)
        return [(node.pool, side.tree[node.head].height + 1) for node in side.nodes]

    def trace(self, tx_id: str, index: int = 0) -> InputTrace:
        """The program of one input, step by step. Takes an id, or raw bytes in hex."""
        if len(tx_id) > 64:
            tx = parse_transaction(from_hex(tx_id))
            return trace_input(tx, index, self.main_height() + 1)
        found = self.locate(tx_id)
        return trace_input(found.tx, index, found.height)
