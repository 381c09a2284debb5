"""
The signer: the only one who signs for a validator. It stores its state first, and
refuses what its state forbids, whatever the engine says.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors import lying
from devnet.engine.actors.messages import SideBlockCame
from devnet.engine.actors.seats import actor_name, clock_ms, index_of, reader_of
from devnet.engine.actors.sending import say_sent
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.sideblock import (
    SideBlock,
    SideHeader,
    phase_message,
    proposal_message,
    view_message,
    vote_message,
)
from devnet.engine.errors import DevnetError
from devnet.engine.interfaces import CastVote, SignView, ViewSigned, Vote, Voted
from devnet.engine.keys.aggregation import aggregation_of
from devnet.engine.keys.chainkd import sign
from devnet.engine.sidechain.judge import judge
from devnet.engine.sidechain.ledger import Ledger
from devnet.engine.sidechain.node import Ballot, SideNode, VoteRefused, justify_round


def publish(
    turn: Turn,
    chain: str,
    name: str,
    block_hash: bytes,
    to: tuple[int, ...] | None = None,
) -> None:
    """
    Sign a filled block, check it like anybody's, and send it: to everybody, or to some
    seats and to whoever has none.
    """
    node = turn.node(chain, name)
    draft = node.filled.get(block_hash)
    if draft is None:
        return
    unsigned, header = draft.block, draft.block.header
    ballot = node.ballots.get(header.epoch) or Ballot()
    try:
        ballot = ballot.after_proposal(header.round)
    except VoteRefused:
        return
    chain_id = turn.side(chain).tree.spec.chain_id
    if turn.has_fault("propose-invalid", chain, name):
        lying.send_bad_block(turn, chain, name, lying.greedy(node, chain_id, unsigned))
        return
    if turn.has_fault("double-claim", chain, name):
        tree = turn.side(chain).tree
        twice = lying.doubled(tree, node, chain_id, unsigned)
        if twice is not None:
            lying.send_bad_block(turn, chain, name, twice)
            return
    signature = sign(node.xprv, proposal_message(chain_id, block_hash))
    block = replace(unsigned, header=replace(header, signature=signature))
    node = replace(
        node,
        ballots=node.ballots.insert(header.epoch, ballot),
        filled=node.filled.remove(block_hash),
    )
    turn.set_node(chain, node)
    turn.own_blocks.append((chain, node.key, block))
    if not _enter(turn, chain, name, block, draft.ledger):
        return
    me = actor_name(chain, name)
    turn.later(0, me, SideBlockCame(block_hash))
    if turn.has_fault("withhold", chain, name):
        return
    twin_hash = None
    if turn.has_fault("equivocate", chain, name):
        twin = lying.twin_of(node, chain_id, block)
        twin_hash = twin.header.hash if _enter(turn, chain, name, twin) else None
    others = [other for other in turn.node_names(chain) if other != name]
    if to is None:
        say_sent(turn, chain, name, "all", "block", header.height, header.round)
    else:
        others = _some(turn, chain, name, header, to)
    for index, other in enumerate(others):
        sent = block_hash if twin_hash is None or index % 2 else twin_hash
        turn.send(me, actor_name(chain, other), sent, SideBlockCame(sent))


def _some(
    turn: Turn, chain: str, name: str, header: SideHeader, to: tuple[int, ...]
) -> list[str]:
    """Names of the validators in these seats, each told of; then of all without one."""
    rules = reader_of(turn, chain, turn.node(chain, name)).rules(header.epoch)
    seats = {node.name: index_of(rules, node) for node in turn.nodes(chain)}
    seated = [other for other, seat in seats.items() if seat in to]
    for other in seated:
        say_sent(turn, chain, name, other, "block", header.height, header.round)
    return seated + [other for other, seat in seats.items() if seat < 0]


def _enter(
    turn: Turn, chain: str, name: str, block: SideBlock, known: Ledger | None = None
) -> bool:
    """
    Judge an own block by the own clock; a good one is in the tree from now on.

    Args:
        known: the books after its body, from filling it.
    """
    tree = turn.side(chain).tree
    engine = turn.tools.engine(block.header.engine)
    now_ms = clock_ms(turn, chain, name)
    try:
        entry = judge(tree, turn.tree, engine, block, now_ms, turn.tools.work, known)
    except DevnetError:
        return False  # An engine that proposes what its own rule forbids stays silent.
    turn.set_side_tree(chain, tree.with_entry(entry))
    return True


def cast_vote(
    turn: Turn, chain: str, name: str, epoch: int, wish: CastVote
) -> Voted | None:
    """Store, then sign; None when the node's state forbids it."""
    node = turn.node(chain, name)
    reader = reader_of(turn, chain, node)
    header = reader.header(wish.block_hash)
    if header is None or header.epoch != epoch:
        return None
    rules = reader.rules_of(header)
    me = index_of(rules, node)
    if me < 0:
        return None
    ballot = node.ballots.get(epoch) or Ballot()
    try:
        if wish.phase == "vote":
            source = justify_round(reader.tree, header, rules.base)
            ballot = ballot.after_vote(header, source)
        else:
            ballot = ballot.after_phase(wish.phase, wish.round, wish.keep)
    except VoteRefused:
        return None
    _store(turn, chain, node, epoch, ballot)
    chain_id, block_hash = reader.chain_id, wish.block_hash
    if wish.phase == "vote":
        message, round_ = vote_message(chain_id, block_hash), header.round
        signature = aggregation_of(rules).sign(node.xprv, message)
    else:
        round_ = wish.round
        message = phase_message(chain_id, wish.phase, epoch, round_, block_hash)
        signature = sign(node.xprv, message)
    return Voted(
        turn.wall_ms,
        Vote(epoch, round_, header.height, block_hash, me, signature, wish.phase),
    )


def sign_view(
    turn: Turn, chain: str, name: str, epoch: int, wish: SignView
) -> ViewSigned | None:
    """Store, then sign a change of view; None when a later one is signed already."""
    node = turn.node(chain, name)
    try:
        ballot = (node.ballots.get(epoch) or Ballot()).after_view(wish.round)
    except VoteRefused:
        return None
    _store(turn, chain, node, epoch, ballot)
    chain_id = turn.side(chain).tree.spec.chain_id
    message = view_message(chain_id, epoch, wish.round, wish.justify_hash)
    signature = sign(node.xprv, message)
    return ViewSigned(turn.wall_ms, wish.round, wish.justify_hash, signature)


def _store(turn: Turn, chain: str, node: SideNode, epoch: int, ballot: Ballot) -> None:
    turn.set_node(chain, replace(node, ballots=node.ballots.insert(epoch, ballot)))
