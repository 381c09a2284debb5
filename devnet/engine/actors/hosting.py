"""
The host of the consensus engines: brings inputs, carries effects out.

Engines never sign. A proposal or vote passes the node's signer, which stores its state
first and refuses what its state forbids, whatever the engine says.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.messages import EngineMessage, EngineTimer, SideBlockCame
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.sideblock import proposal_message, view, vote_message
from devnet.engine.errors import DevnetError
from devnet.engine.events import ConsensusGot, ConsensusSent
from devnet.engine.interfaces import (
    BlockJudged,
    Broadcast,
    CastVote,
    Certificate,
    Certified,
    Checkpoint,
    Effect,
    Filled,
    Final,
    Header,
    Input,
    Message,
    MessageGot,
    Propose,
    Publish,
    Rules,
    Seat,
    Send,
    SetTimer,
    TimerFired,
    Vote,
    Voted,
)
from devnet.engine.keys.chainkd import sign
from devnet.engine.mainchain.view import settled_hash
from devnet.engine.sidechain.claims import is_claim
from devnet.engine.sidechain.judge import fill, judge
from devnet.engine.sidechain.node import Ballot, SideNode, VoteRefused, justify_round
from devnet.engine.sidechain.reader import SideReader
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.swap import InForce, in_force, needed_weight


def actor_name(chain: str, node: str) -> str:
    """The schedule's name of a sidechain's validator."""
    return f"side:{chain}:{node}"


def reader_of(turn: Turn, chain: str, node: SideNode) -> SideReader:
    """The chain as this validator has it."""
    tree = turn.side(chain).tree
    head = tree[node.head]
    answer = in_force(tree, head)
    epochs = head.state.epochs
    if answer.opens_epoch:
        epochs = (*epochs, answer.rules)
    return SideReader(tree, node.head, epochs, turn.wall_ms, node.seen)


def index_of(rules: Rules, node: SideNode) -> int:
    """The node's seat in an epoch, or -1."""
    for index, validator in enumerate(rules.validators):
        if validator.key == node.key:
            return index
    return -1


# Inputs.


def start_engines(turn: Turn, chain: str, name: str) -> None:
    """Start the engine of the rules for the next block, if it does not run yet."""
    node = turn.node(chain, name)
    tree = turn.side(chain).tree
    rules = in_force(tree, tree[node.head]).rules
    me = index_of(rules, node)
    if me < 0 or rules.epoch in node.engines:
        return
    engine = turn.tools.engine(rules.engine)
    state, effects = engine.start(
        Seat(me, rules, turn.wall_ms), reader_of(turn, chain, node)
    )
    turn.set_node(chain, replace(node, engines=node.engines.insert(rules.epoch, state)))
    carry_out(turn, chain, name, rules.epoch, effects)


def feed(turn: Turn, chain: str, name: str, epoch: int, event: Input) -> None:
    """Tell one engine of one validator what happened, and do what follows."""
    node = turn.node(chain, name)
    if epoch not in node.engines:
        return
    reader = reader_of(turn, chain, node)
    if epoch >= len(reader.epochs):
        return
    engine = turn.tools.engine(reader.rules(epoch).engine)
    state, effects = engine.step(node.engines[epoch], event, reader)
    turn.set_node(chain, replace(node, engines=node.engines.insert(epoch, state)))
    carry_out(turn, chain, name, epoch, effects)


def feed_all(turn: Turn, chain: str, name: str, event: Input) -> None:
    """Tell every engine that the validator runs: two of them around a swap."""
    for epoch in sorted(turn.node(chain, name).engines):
        feed(turn, chain, name, epoch, event)


def timer_fired(turn: Turn, chain: str, name: str, timer: EngineTimer) -> None:
    """A timer ends, unless it was set anew meanwhile."""
    node = turn.node(chain, name)
    if node.timers.get((timer.epoch, timer.token)) == timer.number:
        feed(turn, chain, name, timer.epoch, TimerFired(turn.wall_ms, timer.token))


def message_came(turn: Turn, chain: str, name: str, got: EngineMessage) -> None:
    """A consensus message arrives. Those of forgotten epochs are dropped."""
    node = turn.node(chain, name)
    if got.epoch not in node.engines:
        return
    reader = reader_of(turn, chain, node)
    if got.epoch >= len(reader.epochs):
        return
    sender = index_of(reader.rules(got.epoch), turn.node(chain, got.sender))
    message = got.message
    turn.say(
        ConsensusGot(
            chain=chain,
            validator=name,
            sender=got.sender,
            what=message.kind,
            height=message.height,
            round=message.round,
        )
    )
    feed(turn, chain, name, got.epoch, MessageGot(turn.wall_ms, sender, message))


# Effects.


def carry_out(
    turn: Turn, chain: str, name: str, epoch: int, effects: tuple[Effect, ...]
) -> None:
    """Do what an engine asks for, in order."""
    for effect in effects:
        match effect:
            case SetTimer(at_ms, token):
                _set_timer(turn, chain, name, epoch, at_ms, token)
            case Propose():
                _propose(turn, chain, name, epoch, effect)
            case Publish(block_hash):
                _publish(turn, chain, name, block_hash)
            case CastVote(block_hash):
                _cast_vote(turn, chain, name, epoch, block_hash)
            case Broadcast(message):
                _broadcast(turn, chain, name, epoch, message)
            case Send(to, message):
                _send(turn, chain, name, epoch, to, message)
            case Final(block_hash):
                _note_final(turn, chain, name, block_hash)
            case Certified():
                pass  # Known to the engine, and soon to the chain.


def _set_timer(
    turn: Turn, chain: str, name: str, epoch: int, at_ms: int, token: str
) -> None:
    node = turn.node(chain, name)
    key = (epoch, token)
    number = (node.timers.get(key) or 0) + 1
    turn.set_node(chain, replace(node, timers=node.timers.insert(key, number)))
    delay_ms = max(0, at_ms - turn.wall_ms)
    turn.later(delay_ms, actor_name(chain, name), EngineTimer(epoch, token, number))


def is_wanted(turn: Turn, chain: str, node: SideNode, parent: SideEntry) -> bool:
    """
    Does this chain need a block now? An idle chain makes one now and then, so that an
    open devnet costs almost nothing.
    """
    if len(node.pool):
        return True
    state = parent.state
    if _records(turn, node, parent, in_force(turn.side(chain).tree, parent)):
        return True
    if state.pending is not None or parent.final.height < state.busy_height:
        return True
    rules = state.rules
    if rules.epoch > 0 and parent.final.height <= rules.base.height:
        return True
    pace_ms = turn.config.idle_ms
    if turn.hurry > 0:
        pace_ms = min(pace_ms, turn.tree.profile.side_ms)
    return turn.wall_ms - parent.header.time_ms >= pace_ms


def anchor_for(turn: Turn, node: SideNode, parent: SideEntry) -> Checkpoint:
    """
    The newest mainchain block that the validator sees settled; the parent's anchor when
    the own view has left its branch (then the peg is frozen).
    """
    anchor_hash = settled_hash(turn.tree, node.main, turn.depth)
    if not turn.tree.is_ancestor(parent.anchor.hash, anchor_hash):
        return parent.anchor
    return Checkpoint(turn.tree[anchor_hash].height, anchor_hash)


def _propose(turn: Turn, chain: str, name: str, epoch: int, wish: Propose) -> None:
    """Fill a block, unless nothing needs one or the parent belongs to other rules."""
    node = turn.node(chain, name)
    tree = turn.side(chain).tree
    parent = tree[wish.parent]
    answer = in_force(tree, parent)
    if answer.rules.epoch != epoch or not is_wanted(turn, chain, node, parent):
        return
    frozen = not turn.tree.is_ancestor(parent.anchor.hash, node.main.tip)
    filled = fill(
        tree,
        turn.tree,
        wish,
        anchor_for(turn, node, parent),
        [
            item.tx
            for item in node.pool.transactions()
            if not (frozen and is_claim(item.tx))
        ],
        _records(turn, node, parent, answer),
        node.program,
    )
    header = view(filled.block.header)
    blocks = node.filled.insert(header.hash, filled.block)
    turn.set_node(chain, replace(node, filled=blocks))
    feed(turn, chain, name, epoch, Filled(turn.wall_ms, header))
    node = turn.node(chain, name)  # An engine publishes at once, or not at all.
    turn.set_node(chain, replace(node, filled=node.filled.discard(header.hash)))


def _records(
    turn: Turn, node: SideNode, parent: SideEntry, answer: InForce
) -> tuple[bytes, ...]:
    """The swap record, once enough validators approved it and while it is in time."""
    swap = node.swap
    if swap is None or answer.opens_epoch or parent.state.pending is not None:
        return ()
    notice = turn.before.swap_notice
    if swap.record.from_epoch != answer.rules.epoch:
        return ()
    if swap.record.closing_height < parent.height + 1 + notice:
        return ()  # As `approving.is_too_late`.
    weight = sum(answer.rules.validators[index].weight for index in swap.approvals)
    if weight < needed_weight(answer.rules):
        return ()
    proof = Certificate.of({index: swap.approvals[index] for index in swap.approvals})
    record = replace(swap.record, bitmap=proof.bitmap, signatures=proof.signatures)
    return (record.program,)


def _publish(turn: Turn, chain: str, name: str, block_hash: bytes) -> None:
    """Sign a filled block, check it like anybody's, and send it."""
    node = turn.node(chain, name)
    unsigned = node.filled.get(block_hash)
    if unsigned is None:
        return
    header = unsigned.header
    ballot = node.ballots.get(header.epoch) or Ballot()
    try:
        ballot = ballot.after_proposal(header.round)
    except VoteRefused:
        return
    chain_id = turn.side(chain).tree.spec.chain_id
    signature = sign(node.xprv, proposal_message(chain_id, block_hash))
    block = replace(unsigned, header=replace(header, signature=signature))
    node = replace(
        node,
        ballots=node.ballots.insert(header.epoch, ballot),
        filled=node.filled.remove(block_hash),
    )
    turn.set_node(chain, node)
    tree = turn.side(chain).tree
    engine = turn.tools.engine(header.engine)
    try:
        entry = judge(tree, turn.tree, engine, block, turn.wall_ms)
    except DevnetError:
        return  # An engine that proposes what its own rule forbids stays silent.
    turn.set_side_tree(chain, tree.with_entry(entry))
    say_sent(turn, chain, name, "all", "block", header.height, header.round)
    me = actor_name(chain, name)
    for other in turn.node_names(chain):
        if other != name:
            to = actor_name(chain, other)
            turn.send(me, to, block_hash, SideBlockCame(block_hash))
    turn.later(0, me, SideBlockCame(block_hash))


def _cast_vote(
    turn: Turn, chain: str, name: str, epoch: int, block_hash: bytes
) -> None:
    """The signer: store, then sign, then tell the engine."""
    node = turn.node(chain, name)
    reader = reader_of(turn, chain, node)
    header = reader.header(block_hash)
    if header is None or header.epoch != epoch:
        return
    rules = reader.rules(epoch)
    source = justify_round(reader.tree, header, rules.base)
    try:
        ballot = (node.ballots.get(epoch) or Ballot()).after_vote(header, source)
    except VoteRefused:
        return
    turn.set_node(chain, replace(node, ballots=node.ballots.insert(epoch, ballot)))
    signature = sign(node.xprv, vote_message(reader.chain_id, block_hash))
    vote = Vote(
        epoch, header.round, header.height, block_hash, index_of(rules, node), signature
    )
    feed(turn, chain, name, epoch, Voted(turn.wall_ms, vote))


def say_sent(
    turn: Turn, chain: str, name: str, to: str, what: str, height: int, round_: int
) -> None:
    """A validator sent a message."""
    turn.say(
        ConsensusSent(
            chain=chain, validator=name, to=to, what=what, height=height, round=round_
        )
    )


def _broadcast(turn: Turn, chain: str, name: str, epoch: int, message: Message) -> None:
    say_sent(turn, chain, name, "all", message.kind, message.height, message.round)
    for other in turn.node_names(chain):
        if other != name:
            _deliver(turn, chain, name, other, epoch, message)


def _send(
    turn: Turn, chain: str, name: str, epoch: int, to: int, message: Message
) -> None:
    node = turn.node(chain, name)
    rules = reader_of(turn, chain, node).rules(epoch)
    key = rules.validators[to].key
    for other in turn.nodes(chain):
        if other.key == key:
            say_sent(
                turn, chain, name, other.name,
                message.kind, message.height, message.round,
            )  # fmt: skip
            _deliver(turn, chain, name, other.name, epoch, message)


def _deliver(
    turn: Turn, chain: str, sender: str, to: str, epoch: int, message: Message
) -> None:
    label = f"{message.kind} {epoch} {message.height} {message.round}".encode()
    turn.send(
        actor_name(chain, sender),
        actor_name(chain, to),
        label,
        EngineMessage(epoch, sender, message),
    )


def _note_final(turn: Turn, chain: str, name: str, block_hash: bytes) -> None:
    """A validator can prove a block final before the chain itself shows it."""
    node = turn.node(chain, name)
    entry = turn.side(chain).tree.get(block_hash)
    if entry is None:
        return
    height = capped_final(turn, chain, node, entry.header)
    if height > node.final.height:
        final_hash = turn.side(chain).tree.hash_at(block_hash, height)
        assert final_hash is not None
        turn.set_node(chain, replace(node, final=Checkpoint(height, final_hash)))


def capped_final(turn: Turn, chain: str, node: SideNode, header: Header) -> int:
    """Above a closing height the old rule declares nothing final."""
    entry = turn.side(chain).tree[header.hash]
    pending = entry.state.pending
    if pending is None:
        return header.height
    return min(header.height, pending.record.closing_height)


def judged(turn: Turn, chain: str, name: str, header: Header) -> None:
    """Tell the engine of its epoch that a valid block is here."""
    feed(turn, chain, name, header.epoch, BlockJudged(turn.wall_ms, header))
