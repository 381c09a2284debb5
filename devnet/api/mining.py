"""
The node's own miner, where the devnet does not mine by itself (`--empty`): it tries the
nonces of a fresh template and hands in what it finds, as anybody outside would.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from devnet.api.desk import Work
from devnet.api.node import Node
from devnet.engine.bc.block import Block
from devnet.engine.bc.difficulty import meets_target
from devnet.engine.errors import DevnetError

REST_S = 0.05
"""While nobody wants blocks."""
LEAST_BLOCK_S = 0.5
"""Easy work would flood the chain."""
WORK_NAP_S = 0.005
N_AHEAD = 8
REFRESH_TRIES = 32
"""After so many a new template takes in what came meanwhile."""


async def mine_for_ever(node: Node) -> None:
    """Mine while the node is told to, until this is cancelled."""
    while True:
        if not (node.is_mining and node.session.options.empty):
            await asyncio.sleep(REST_S)
            continue
        block = await find_block(node)
        if block is None:
            continue
        try:
            await node.hand_in(block)
        except DevnetError:
            await asyncio.sleep(REST_S)  # Somebody else was quicker.
            continue
        await asyncio.sleep(LEAST_BLOCK_S)


async def find_block(node: Node) -> Block | None:
    """A block that pays the mining address; None when the tip or the wish changed."""
    node.desk.address()
    work = node.desk.work()
    works = node.network.tools.works
    for nonce in range(REFRESH_TRIES):
        wishes = tuple(
            (work.seed, _block(work, ahead).hash)
            for ahead in range(nonce, nonce + N_AHEAD)
        )
        while (found := works.get(*wishes[0])) is None:
            works.want(wishes)
            await asyncio.sleep(WORK_NAP_S)
            moved = node.wallet.tip.hash != work.block.header.previous
            if moved or not node.is_mining:
                return None
        if meets_target(found, work.block.header.bits):
            return _block(work, nonce)
    await asyncio.sleep(0)
    return None


def _block(work: Work, nonce: int) -> Block:
    return Block(replace(work.block.header, nonce=nonce), work.block.transactions)
