"""The one way in which a transfer changes: the world has it, and the stream says it."""

from __future__ import annotations

from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Transfer
from devnet.engine.events import TransferMoved


def say_transfer(turn: Turn, old: Transfer, new: Transfer) -> None:
    """A transfer's next stage, if anything about it changed."""
    if new == old:
        return
    turn.set_transfer(new)
    turn.say(
        TransferMoved(
            transfer=new.id,
            stage=new.stage,
            done=new.done,
            needed=new.needed,
            note=new.note,
            failed=new.failed,
        )
    )
