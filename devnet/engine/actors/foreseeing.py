"""Which answers of the proof-of-work function will be asked for next, and by whom."""

from __future__ import annotations

from devnet.engine.actors.mainchain import upcoming_tries
from devnet.engine.actors.world import World

N_TRIES_AHEAD = 3


def upcoming_works(world: World) -> tuple[tuple[bytes, bytes], ...]:
    """
    The (seed, hash) pairs that miners will ask for, if nothing changes: the next try
    of everybody on every chain, then more of the mainchain's. Some may stand twice.
    """
    sides = tuple(
        (side.tree.spec.chain_id, block_hash)
        for side in world.sidechains
        for node in side.nodes
        for block_hash in node.foreseen
    )
    nodes = world.main_nodes
    return (*upcoming_tries(nodes, 1), *sides, *upcoming_tries(nodes, N_TRIES_AHEAD))
