"""
What validators say to one another about consensus: by name, by seat, to everybody.
"""

from __future__ import annotations

from devnet.engine.actors.messages import EngineMessage
from devnet.engine.actors.seats import actor_name, reader_of
from devnet.engine.actors.turn import Turn
from devnet.engine.events import ConsensusSent
from devnet.engine.interfaces import Message


def say_sent(
    turn: Turn, chain: str, name: str, to: str, what: str, height: int, round_: int
) -> None:
    """A validator sent a message."""
    turn.say(
        ConsensusSent(
            chain=chain, validator=name, to=to, what=what, height=height, round=round_
        )
    )


def broadcast(turn: Turn, chain: str, name: str, epoch: int, message: Message) -> None:
    """To every other validator of the chain."""
    if turn.has_fault("withhold", chain, name):
        return
    say_sent(turn, chain, name, "all", message.kind, message.height, message.round)
    for other in turn.node_names(chain):
        if other != name:
            _deliver(turn, chain, name, other, epoch, message)


def send(
    turn: Turn, chain: str, name: str, epoch: int, to: int, message: Message
) -> None:
    """To the validator of one seat of the epoch."""
    if any(turn.has_fault(lie, chain, name) for lie in ("withhold", "bad-gateway")):
        return
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
