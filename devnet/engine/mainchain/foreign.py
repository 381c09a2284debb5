"""
Blocks from elsewhere: do they belong to this mainchain, and which works will their
checks ask for?
"""

from __future__ import annotations

from collections.abc import Iterable

from devnet.engine.bc.block import BlockHeader
from devnet.engine.errors import BlockError
from devnet.engine.mainchain.profile import PROFILES, genesis_block
from devnet.engine.mainchain.state import SEED_WINDOW, MainTree


class WrongGenesis(BlockError):
    """The block belongs to a chain that begins with another genesis block."""

    code = "block.genesis"


def check_genesis(tree: MainTree, header: BlockHeader) -> None:
    """
    Is this block of no other chain, as far as one can tell?

    Raises:
        WrongGenesis: it is, and of which profile.
    """
    if header.hash in tree.entries or header.previous in tree.entries:
        return
    ours = tree.genesis_hash.hex()[:16]
    for name in PROFILES:
        genesis = genesis_block(name).header.hash
        if genesis in (header.hash, header.previous):
            raise WrongGenesis(
                f"this chain begins with {genesis.hex()[:16]}, ours with {ours}",
                hint=f"It is a chain of the profile {name}: --profile {name}",
            )
    if header.height == 0:
        raise WrongGenesis(
            f"this chain begins with {header.hash.hex()[:16]}, ours with {ours}",
            hint="Only chains of a known profile can come in.",
        )


def works_ahead(
    tree: MainTree, headers: Iterable[BlockHeader]
) -> tuple[tuple[bytes, bytes], ...]:
    """
    The (seed, header hash) pairs that these blocks will be asked for, if all goes well.

    Args:
        headers: of blocks that are judged next, parents first. What follows one without
            a parent is not looked at.
    """
    seeds: dict[bytes, tuple[int, bytes]] = {}
    pairs = []
    for header in headers:
        if (parent := tree.get(header.previous)) is not None:
            seed = tree.seed_for_child(parent)
        elif (below := seeds.get(header.previous)) is not None:
            is_new = below[0] % SEED_WINDOW == 0
            seed = header.previous if is_new else below[1]
        else:
            break
        seeds[header.hash] = header.height, seed
        if header.hash not in tree.entries:
            pairs.append((seed, header.hash))
    return tuple(pairs)
