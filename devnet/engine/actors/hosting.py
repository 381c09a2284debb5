"""
The host of the consensus engines: brings inputs, carries effects out.

What an effect is answered with (a filled block, a signed vote) is told to the engine at
once, before its next effect is carried out. Engines never sign; see signing.py.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.lying import vote_for_all
from devnet.engine.actors.messages import EngineMessage, EngineTimer, SideBlockCame
from devnet.engine.actors.proposing import propose, try_nonce
from devnet.engine.actors.seats import actor_name, clock_ms, index_of, reader_of
from devnet.engine.actors.sending import broadcast, say_sent, send
from devnet.engine.actors.signing import cast_vote, publish, sign_view
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.witness import heard_vote
from devnet.engine.copies import changed
from devnet.engine.events import ConsensusGot, ValidatorChanged
from devnet.engine.interfaces import (
    BlockJudged,
    Broadcast,
    CastVote,
    Certified,
    Checkpoint,
    Effect,
    Final,
    Foresee,
    Header,
    Input,
    MessageGot,
    Propose,
    Publish,
    Rules,
    Seat,
    Send,
    SetTimer,
    Share,
    SignView,
    TimerFired,
    TryNonce,
    VoteMessage,
)
from devnet.engine.sidechain.node import Ballot, SideNode
from devnet.engine.sidechain.swap import in_force

# Inputs.


def start_engines(turn: Turn, chain: str, name: str) -> None:
    """
    Start the engine of the rules for the next block, if it does not run yet. Who has no
    seat runs it only where votes may bring one.
    """
    node = turn.node(chain, name)
    tree = turn.side(chain).tree
    rules = in_force(tree, tree[node.head]).rules
    me = index_of(rules, node)
    if rules.epoch in node.engines:
        return
    if rules.epoch and turn.has_fault("missing-engine", chain, name):
        _say_missing(turn, chain, node, rules)
        return
    engine = turn.tools.engine(rules.engine)
    if me < 0 and not engine.info.elects:
        return
    ballot = node.ballots.get(rules.epoch) or Ballot()
    now_ms = clock_ms(turn, chain, name)
    seat = Seat(me, rules, now_ms, node.key, ballot.view_round, ballot.kept)
    state, effects = engine.start(seat, reader_of(turn, chain, node))
    turn.set_node(chain, replace(node, engines=node.engines.insert(rules.epoch, state)))
    carry_out(turn, chain, name, rules.epoch, effects)


def _say_missing(turn: Turn, chain: str, node: SideNode, rules: Rules) -> None:
    """It must not guess: it goes on serving history, and votes no more."""
    needs = f"stopped: block {rules.base.height + 1} needs {rules.engine}"
    if node.needs != needs:
        turn.set_node(chain, replace(node, needs=needs))
        turn.say(ValidatorChanged(chain=chain, validator=node.name, state=needs))


def feed(turn: Turn, chain: str, name: str, epoch: int, event: Input) -> None:
    """
    Tell one engine of one validator what happened, and do what follows.

    Args:
        event: with the true time; the validator hears the time of its own clock.
    """
    node = turn.node(chain, name)
    if epoch not in node.engines:
        return
    reader = reader_of(turn, chain, node)
    if epoch >= len(reader.epochs):
        return
    if reader.now_ms != event.now_ms:
        event = replace(event, now_ms=reader.now_ms)
    engine = turn.tools.engine(reader.rules(epoch).engine)
    before = node.engines[epoch]
    state, effects = engine.step(before, event, reader)
    if state is not before:
        node = changed(node, engines=node.engines.insert(epoch, state))
    turn.set_node(chain, node)
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
    rules = reader.rules(got.epoch)
    if reader.head().epoch == got.epoch:
        rules = reader.rules_of(reader.head())
    sender = index_of(rules, turn.node(chain, got.sender))
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
    if isinstance(message, VoteMessage):
        heard_vote(turn, chain, name, message.vote)
    feed(turn, chain, name, got.epoch, MessageGot(turn.wall_ms, sender, message))


# Effects.


def carry_out(
    turn: Turn, chain: str, name: str, epoch: int, effects: tuple[Effect, ...]
) -> None:
    """Do what an engine asks for, in order, and tell it the answers."""
    for effect in effects:
        answer = _do(turn, chain, name, epoch, effect)
        if answer is not None:
            feed(turn, chain, name, epoch, answer)


def _do(turn: Turn, chain: str, name: str, epoch: int, effect: Effect) -> Input | None:
    """One effect, and what the engine must be told about it."""
    match effect:
        case SetTimer(at_ms, token):
            _set_timer(turn, chain, name, epoch, at_ms, token)
        case Propose():
            return propose(turn, chain, name, epoch, effect)
        case TryNonce():
            return try_nonce(turn, chain, name, effect)
        case Foresee(block_hashes):
            node = turn.node(chain, name)
            turn.set_node(chain, replace(node, foreseen=block_hashes))
            turn.foresees = True
        case Publish(block_hash, seats):
            publish(turn, chain, name, block_hash, seats)
        case CastVote():
            return cast_vote(turn, chain, name, epoch, effect)
        case SignView():
            return sign_view(turn, chain, name, epoch, effect)
        case Broadcast(message):
            broadcast(turn, chain, name, epoch, message)
        case Send(to, message):
            send(turn, chain, name, epoch, to, message)
        case Share(block_hash, to):
            _share(turn, chain, name, epoch, block_hash, to)
        case Final(block_hash):
            _note_final(turn, chain, name, block_hash)
        case Certified():
            pass  # Known to the engine, and soon to the chain.
    return None


def _set_timer(
    turn: Turn, chain: str, name: str, epoch: int, at_ms: int, token: str
) -> None:
    node = turn.node(chain, name)
    key = (epoch, token)
    number = (node.timers.get(key) or 0) + 1
    turn.set_node(chain, replace(node, timers=node.timers.insert(key, number)))
    delay_ms = max(0, at_ms - clock_ms(turn, chain, name))
    turn.later(delay_ms, actor_name(chain, name), EngineTimer(epoch, token, number))


def _share(
    turn: Turn, chain: str, name: str, epoch: int, block_hash: bytes, to: int | None
) -> None:
    """Send a block again, to whoever has it already too."""
    node = turn.node(chain, name)
    if block_hash not in node.seen:
        return
    if any(turn.has_fault(lie, chain, name) for lie in ("withhold", "bad-gateway")):
        return
    rules = reader_of(turn, chain, node).rules(epoch)
    header = turn.side(chain).tree[block_hash].header
    for other in turn.nodes(chain):
        if other.name != name and to in (None, index_of(rules, other)):
            say_sent(
                turn, chain, name, other.name, "block", header.height, header.round
            )
            me, peer = actor_name(chain, name), actor_name(chain, other.name)
            turn.send(me, peer, block_hash, SideBlockCame(block_hash))


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
    if turn.has_fault("vote-twice", chain, name):
        vote_for_all(turn, chain, name, header)
    feed(turn, chain, name, header.epoch, BlockJudged(turn.wall_ms, header))
