"""
Intents and completions on their way into a block: the coordinator hands them to the
validators, and whoever proposes puts those that are right into its coinbase.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.hosting import feed_all
from devnet.engine.actors.messages import PayoutRecordCame
from devnet.engine.actors.seats import actor_name
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.records import PayoutIntent, WithdrawalCompleted, parse_record
from devnet.engine.codec import sha3
from devnet.engine.errors import CodecError
from devnet.engine.interfaces import Woken
from devnet.engine.sidechain.pegout import PegOut

COORDINATOR = "collector:fed-1"
MOST_KEPT = 256
"""Records that a validator keeps; the coordinator brings the others again."""


def post(turn: Turn, chain: str, program: bytes) -> None:
    """Send a record to the validators that do not have it."""
    for node in turn.nodes(chain):
        if program not in node.payout_records:
            what = PayoutRecordCame(program)
            label = sha3(program) + turn.side(chain).head
            turn.send(COORDINATOR, actor_name(chain, node.name), label, what)


def record_came(turn: Turn, chain: str, name: str, program: bytes) -> None:
    """A validator keeps a record about an open withdrawal, and forgets the others."""
    node = turn.node(chain, name)
    pegout = turn.side(chain).tree[node.head].state.pegout
    kept = tuple(one for one in node.payout_records if _is_about(one, pegout))
    if program not in kept and _is_about(program, pegout):
        kept = (*kept, program)[-MOST_KEPT:]
    if kept != node.payout_records:
        turn.set_node(chain, replace(node, payout_records=kept))
        feed_all(turn, chain, name, Woken(turn.wall_ms))


def _is_about(program: bytes, pegout: PegOut) -> bool:
    """Is it an intent or a completion of an open withdrawal, and no old news?"""
    try:
        record = parse_record(program)
    except CodecError:
        return False
    if not isinstance(record, PayoutIntent | WithdrawalCompleted):
        return False
    owed = pegout.find(record.withdrawal_id)
    if owed is None:
        return False
    if isinstance(record, WithdrawalCompleted):
        return True
    return (owed.payout_id, owed.pin_id) != (record.payout_id, record.pin_id)
