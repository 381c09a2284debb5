"""
Mainchain blocks from outside: out of a file, or from whoever hands one in.

Source: Bytom/bytom v1.1.0, protocol/block.go (ProcessBlock).
"""

from __future__ import annotations

from devnet.engine.actors.mainchain import announce
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.block import Block
from devnet.engine.mainchain.foreign import check_genesis


def take_block(turn: Turn, block: Block, clock_s: int) -> bool:
    """
    The first node gets a block: it is judged by every rule, and the others are told.

    Args:
        clock_s: the clock to judge by. It comes from outside and is kept with the act,
            so that whoever lives through it again judges alike.

    Returns:
        Whether the node did not have it. Which branch is followed is another question.

    Raises:
        WrongGenesis, UnknownParent, BlockError, TransactionError: the rule broken.
        WorkMissing: its proof of work must be computed first.
    """
    first, block_hash = turn.main_nodes[0], block.header.hash
    if block_hash in first.view.seen:
        return False
    if turn.tree.get(block_hash) is None:
        check_genesis(turn.tree, block.header)
        seed = turn.tree.seed_to_check(block.header, clock_s)
        work = turn.tools.work(seed, block_hash)
        turn.add_main_block(block, work, clock_s)
    announce(turn, first.name, block_hash)
    return True
