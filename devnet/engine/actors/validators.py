"""
What a sidechain's validator does with blocks, its own chain's and the mainchain's.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.approving import try_early_swaps
from devnet.engine.actors.candidacy import bring_bond_home
from devnet.engine.actors.guarding import watch_payouts
from devnet.engine.actors.hosting import feed_all, judged, start_engines
from devnet.engine.actors.mainchain import ask_for_parent
from devnet.engine.actors.messages import SideBlockCame
from devnet.engine.actors.pooling import (
    clean_pool,
    drop_lost_claims,
    try_orphans,
    tx_came,
)
from devnet.engine.actors.seats import actor_name, clock_ms
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.witnessing import expel, saw_bad_block, saw_block
from devnet.engine.bc.sideblock import SideBlock
from devnet.engine.errors import ConsensusError, DevnetError
from devnet.engine.events import BlockRefused
from devnet.engine.interfaces import HeadChanged
from devnet.engine.mainchain.view import how_moved, receive, settled_hash
from devnet.engine.sidechain.judge import judge
from devnet.engine.sidechain.node import SideNode, weighs_more
from devnet.engine.sidechain.reader import SideReader
from devnet.engine.sidechain.state import SideEntry

# Blocks of the sidechain.


def block_came(turn: Turn, chain: str, name: str, block_hash: bytes) -> None:
    """
    A validator hears of a valid block. Without its parent it waits; with an anchor that
    is not settled in the own view it is held, not refused. What waited for it follows.
    """
    arrived = [block_hash]
    for one in arrived:
        if _take_in(turn, chain, name, one):
            arrived += _adopted(turn, chain, name, one)


def _adopted(turn: Turn, chain: str, name: str, parent: bytes) -> list[bytes]:
    """The orphans that waited for a block; they wait no more."""
    node, tree = turn.node(chain, name), turn.side(chain).tree
    children = [one for one in node.orphans if tree[one].header.previous == parent]
    left = tuple(one for one in node.orphans if one not in children)
    turn.set_node(chain, replace(node, orphans=left))
    return children


def _take_in(turn: Turn, chain: str, name: str, block_hash: bytes) -> bool:
    """Is this block one that the validator has now, and had not before?"""
    node = turn.node(chain, name)
    if block_hash in node.seen or block_hash in node.orphans:
        return False
    tree = turn.side(chain).tree
    entry = tree[block_hash]
    parent_hash = entry.header.previous
    if parent_hash not in node.seen:
        orphans = (*node.orphans, block_hash)
        turn.set_node(chain, replace(node, orphans=orphans))
        _ask_for_missing(turn, chain, name, parent_hash)
        return False
    if _comes_too_early(turn, chain, name, entry, tree[parent_hash]):
        return False
    if not _anchor_is_settled(turn, node, entry, tree[parent_hash]):
        if block_hash not in node.held_blocks:
            held = (*node.held_blocks, block_hash)
            turn.set_node(chain, replace(node, held_blocks=held))
        return False
    turn.set_node(chain, replace(node, seen=node.seen.insert(block_hash, None)))
    saw_block(turn, chain, name, entry)
    _follow(turn, chain, name, entry)
    judged(turn, chain, name, entry.header)
    return True


def _ask_for_missing(turn: Turn, chain: str, name: str, missing: bytes) -> None:
    """
    Ask for the lowest block that is missing below an orphan. Every further orphan asks
    again, so that an answer lost on the way does not cut the validator off for ever.
    """
    node, tree = turn.node(chain, name), turn.side(chain).tree
    while missing in node.orphans:
        missing = tree[missing].header.previous
    if missing not in node.seen and missing not in node.held_blocks:
        turn.send(chain, actor_name(chain, name), missing, SideBlockCame(missing))


def _comes_too_early(
    turn: Turn, chain: str, name: str, entry: SideEntry, parent: SideEntry
) -> bool:
    """
    Does the validator's own clock forbid the block, for now? Blocks are judged once, by
    their maker's clock; only one from the future must be looked at again by each.
    """
    now_ms = clock_ms(turn, chain, name)
    ahead_ms = entry.header.time_ms - now_ms
    if ahead_ms <= 0:
        return False
    tree, epochs = turn.side(chain).tree, entry.state.epochs
    eyes = SideReader(tree, entry.hash, epochs, now_ms, works=turn.tools.work)
    try:
        turn.tools.engine(entry.header.engine).check_header(
            entry.header, parent.header, eyes
        )
    except ConsensusError as error:
        _say_refused(turn, chain, name, entry.block, error)
        again = SideBlockCame(entry.hash)
        turn.later(ahead_ms, actor_name(chain, name), again)
        return True
    return False


def bad_block_came(
    turn: Turn, chain: str, name: str, block: SideBlock, sender: str
) -> None:
    """A block that its maker did not dare to put in the tree: judge it, and say why."""
    side = turn.side(chain)
    if block.header.previous not in side.tree.entries:
        return
    engine = turn.tools.engine(block.header.engine)
    now_ms = clock_ms(turn, chain, name)
    try:
        judge(side.tree, turn.tree, engine, block, now_ms, turn.tools.work)
    except DevnetError as error:
        _say_refused(turn, chain, name, block, error)
        saw_bad_block(turn, chain, name, block)


def _say_refused(
    turn: Turn, chain: str, name: str, block: SideBlock, error: DevnetError
) -> None:
    program = block.transactions[0].outputs[0].program
    makers = [node.name for node in turn.nodes(chain) if node.program == program]
    turn.say(
        BlockRefused(
            chain=chain,
            validator=name,
            proposer=makers[0] if makers else "",
            height=block.header.height,
            id=block.header.hash.hex(),
            code=error.code,
            reason=error.message,
        )
    )


def _anchor_is_settled(
    turn: Turn, node: SideNode, entry: SideEntry, parent: SideEntry
) -> bool:
    """
    A2: the anchor is on the own best mainchain and buried deep enough. A block that
    moves no anchor and claims nothing goes on even while the peg is frozen.
    """
    if entry.anchor == parent.anchor and not entry.claims:
        return True
    settled = settled_hash(turn.tree, node.main, turn.depth)
    return turn.tree.is_ancestor(entry.anchor.hash, settled)


def _follow(turn: Turn, chain: str, name: str, entry: SideEntry) -> None:
    """Switch to a block that weighs more, clean the pool, start its rule's engine."""
    node = turn.node(chain, name)
    tree = turn.side(chain).tree
    old = tree[node.head]
    final = max(node.final, entry.final, key=lambda point: point.height)
    if not tree.is_ancestor(node.final.hash, entry.hash):
        return  # Nothing final is ever left, whatever the other branch weighs.
    if not weighs_more(entry, old):
        turn.set_node(chain, replace(node, final=final))
        return
    node = replace(node, head=entry.hash, final=final)
    turn.set_node(chain, replace(node, pool=clean_pool(turn, chain, node, old)))
    _close_old_epochs(turn, chain, name)
    start_engines(turn, chain, name)
    try_orphans(turn, chain, name)
    bring_bond_home(turn, chain, name)
    feed_all(turn, chain, name, HeadChanged(turn.wall_ms, entry.header))
    try_early_swaps(turn, chain, name)
    watch_payouts(turn, chain, name)
    expel(turn, chain, name)


def _close_old_epochs(turn: Turn, chain: str, name: str) -> None:
    """Once a block of the new epoch is final, the switch is settled."""
    node = turn.node(chain, name)
    rules = turn.side(chain).tree[node.head].state.rules
    if rules.epoch == 0 or node.final.height <= rules.base.height:
        return
    engines = node.engines
    for epoch in sorted(engines):
        if epoch < rules.epoch:
            engines = engines.remove(epoch)
    turn.set_node(chain, replace(node, engines=engines))


# The mainchain.


def main_block_came(turn: Turn, chain: str, name: str, block_hash: bytes) -> None:
    """The validator's own view of the mainchain grows; what was held is looked at."""
    node = turn.node(chain, name)
    view = receive(turn.tree, node.main, block_hash)
    ask_for_parent(turn, actor_name(chain, name), view, block_hash)
    moved = how_moved(turn.tree, node.main.tip, view.tip)
    turn.set_node(chain, replace(node, main=view))
    if moved.undone:
        drop_lost_claims(turn, chain, name, view)
    if not moved.joined:
        return
    for held in node.held_blocks:
        now = turn.node(chain, name)
        left = tuple(other for other in now.held_blocks if other != held)
        turn.set_node(chain, replace(now, held_blocks=left))
        block_came(turn, chain, name, held)
    for claim in node.held_claims:
        now = turn.node(chain, name)
        rest = tuple(tx for tx in now.held_claims if tx.id != claim.id)
        turn.set_node(chain, replace(now, held_claims=rest))
        tx_came(turn, chain, name, claim)
