"""
Intents and completions on their way into a block: a coordinator hands them to the
validators, and whoever proposes puts those that are right into its coinbase.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.actors.chairs import chairs_of
from devnet.engine.actors.hosting import feed_all
from devnet.engine.actors.messages import PayoutRecordCame
from devnet.engine.actors.pinning import may_take_over
from devnet.engine.actors.seats import actor_name
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.records import PayoutIntent, WithdrawalCompleted, parse_record
from devnet.engine.codec import sha3
from devnet.engine.errors import CodecError
from devnet.engine.interfaces import Woken
from devnet.engine.sidechain.node import SideNode

MOST_KEPT = 256
"""Records that a validator keeps; the coordinator brings the others again."""


def post(turn: Turn, sender: str, author: bytes, chain: str, program: bytes) -> None:
    """
    Send a record to the validators that do not have it.

    Args:
        sender: as the schedule names it. author: its fee program, or nothing.
    """
    for node in turn.nodes(chain):
        if program not in node.payout_records:
            what = PayoutRecordCame(program, author)
            label = sha3(program) + turn.side(chain).head
            turn.send(sender, actor_name(chain, node.name), label, what)


def record_came(turn: Turn, chain: str, name: str, came: PayoutRecordCame) -> None:
    """A validator keeps a record about an open withdrawal, and forgets the others."""
    node = turn.node(chain, name)
    kept = tuple(one for one in node.payout_records if _is_news(turn, chain, node, one))
    program = came.program
    if (
        program not in kept
        and _is_news(turn, chain, node, program)
        and _may_announce(turn, chain, node, came)
    ):
        others = (one for one in kept if not _is_replaced(one, program))
        kept = (*others, program)[-MOST_KEPT:]
    if kept != node.payout_records:
        turn.set_node(chain, replace(node, payout_records=kept))
        feed_all(turn, chain, name, Woken(turn.wall_ms))


def _is_news(turn: Turn, chain: str, node: SideNode, program: bytes) -> bool:
    """Is it an intent or a completion of an open withdrawal, and no old news?"""
    record = _record(program)
    pegout = turn.side(chain).tree[node.head].state.pegout
    owed = None if record is None else pegout.find(record.withdrawal_id)
    if record is None or owed is None:
        return False
    if isinstance(record, WithdrawalCompleted):
        return True
    return (owed.payout_id, owed.pin_id) != (record.payout_id, record.pin_id)


def _is_replaced(old: bytes, new: bytes) -> bool:
    """Do both announce a payout of the same withdrawal? Then the newest counts."""
    one, other = _record(old), _record(new)
    return (
        isinstance(one, PayoutIntent)
        and isinstance(other, PayoutIntent)
        and one.withdrawal_id == other.withdrawal_id
    )


def _may_announce(
    turn: Turn, chain: str, node: SideNode, came: PayoutRecordCame
) -> bool:
    """
    Is it this author's turn to announce a payout, and is its pin not another than the
    chain holds to? Anybody may prove that one is completed.
    """
    record = _record(came.program)
    if not isinstance(record, PayoutIntent):
        return True
    head, tip = turn.side(chain).tree[node.head], turn.tree[node.main.tip]
    pegout = head.state.pegout
    if not may_take_over(turn, chain, tip, record, pegout):
        return False
    owed = pegout.open[record.withdrawal_id]
    chairs = chairs_of(turn, chain, head, owed, tip.height)
    return came.author in chairs.programs or chairs.anybody


def _record(program: bytes) -> PayoutIntent | WithdrawalCompleted | None:
    try:
        record = parse_record(program)
    except CodecError:
        return None
    if isinstance(record, PayoutIntent | WithdrawalCompleted):
        return record
    return None
