"""Worlds whose proof of work costs nothing, so that all the rest can be measured."""

from __future__ import annotations

from hashlib import sha3_256
from pathlib import Path

from devnet.engine.bc.block import Block
from devnet.engine.bc.difficulty import meets_target
from devnet.engine.chain.mempool import Mempool, Waiting
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.mainchain.miner import MainNode, build_template
from devnet.engine.mainchain.state import MainTree
from devnet.engine.mainchain.view import MainView
from devnet.engine.network import Network, SidechainSpec, WorldConfig
from devnet.opening import open_network

CLOCK_S = 2**40
"""A validator's clock to which no block is too new."""


def cheap_work(seed: bytes, header_hash: bytes) -> bytes:
    """What stands in for the proof-of-work function: 32 bytes for nearly nothing."""
    return sha3_256(b"cheap work" + seed + header_hash).digest()


class CheapWorks:
    """A `WorkSource` that knows each answer at once."""

    def get(self, seed: bytes, header_hash: bytes) -> bytes | None:
        """The 32-byte work."""
        return cheap_work(seed, header_hash)

    def want(self, pairs: tuple[tuple[bytes, bytes], ...]) -> None:
        """Nothing to do."""

    def wait(self, timeout_s: float) -> bool:
        """Nothing is awaited."""
        return False

    def close(self) -> None:
        """Nothing to close."""


def cheap_network(
    sidechains: tuple[SidechainSpec, ...], data_dir: Path | None = None
) -> Network:
    """A world of the fast profile, everybody at full pace; in memory if unset."""
    config = WorldConfig(sidechains=sidechains)
    net = open_network(config, CheapWorks(), data_dir)
    net.set_hurry(1)
    return net


def mine_cheaply(
    tree: MainTree, tip: bytes, waiting: tuple[Waiting, ...] = ()
) -> tuple[Block, bytes]:
    """
    A valid block on a tip, and its work. It holds what waits.

    Args:
        waiting: transactions that the next block can take, oldest first.
    """
    height, pool = tree[tip].height + 1, Mempool()
    for item in waiting:
        pool = pool.add(item, height)
    miner = MainNode("bench", 0, play_account("bench").program, MainView(tip), pool)
    clock_s = tree[tip].block.header.timestamp + 1
    template, unusable = build_template(tree, miner, clock_s, b" bench")
    assert not unusable, "the benchmark's own payments are good"
    nonce = 0
    while True:
        header = template.header_with(nonce)
        work = cheap_work(template.seed, header.hash)
        if meets_target(work, header.bits):
            return template.block_with(nonce), work
        nonce += 1
