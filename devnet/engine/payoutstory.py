"""
The story of a withdrawal: its eight states, who signed, and what the payout is made of.

Where it stands is read from the chains. Nothing here decides anything.

Source: protocol page "federation", section 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from devnet.engine.actors.desks import why_waits
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Transfer
from devnet.engine.bc.records import PayoutIntent, parse_record, record_kind
from devnet.engine.federation.withdrawals import relay_fee
from devnet.engine.payoutparts import (
    MemberAnswer,
    PayoutFacts,
    PayoutPart,
    Told,
    answers_of,
    facts_of,
    federation_of,
    inputs_of,
    outputs_of,
)
from devnet.engine.sidechain.state import SideEntry

STATES = (
    "requested", "final", "planned", "signed", "broadcast", "mined", "settled",
    "completed",
)  # fmt: skip
"""What a withdrawal passes, in order."""

Mark = Literal["done", "now", "to come", "broken"]


@dataclass(frozen=True, slots=True)
class Step:
    """One of the eight states: how it stands, where, and under which id."""

    state: str
    mark: Mark
    where: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawalStory:
    """
    One withdrawal. Amounts in the asset's smallest unit, ids in hex or nothing.

    Args:
        fee: what the coordinator keeps of the amount.
        note: why it stands where it stands.
        intent_height, completed_height: of the sidechain blocks with those records; 0:
            none yet. intent: the payout that the last intent names.
    """

    transfer: str
    who: str
    to: str
    chain: str
    asset: str
    amount: int
    fee: int
    withdrawal: str
    tx: str
    recipient: bytes
    steps: tuple[Step, ...]
    members: tuple[MemberAnswer, ...]
    quorum: int
    note: str = ""
    payout: str = ""
    pin: str = ""
    inputs: tuple[PayoutPart, ...] = ()
    outputs: tuple[PayoutPart, ...] = ()
    intent: str = ""
    intent_height: int = 0
    completed_height: int = 0

    @property
    def state(self) -> str:
        """The state that it is in: the last one that is done, or "asked"."""
        done = [one.state for one in self.steps if one.mark == "done"]
        return done[-1] if done else "asked"

    @property
    def n_signed(self) -> int:
        """Members that signed."""
        return sum(one.answer == "signed" for one in self.members)


def withdrawal_story(
    turn: Turn, transfer: Transfer, told: Told, *, closely: bool = True
) -> WithdrawalStory:
    """
    A withdrawal at this moment; `turn` is only looked at.

    Args:
        told: what members answered as the stream has it.
        closely: find the blocks of the intent and the completion, too.
    """
    facts = facts_of(turn, transfer)
    tx, spec = facts.tx, facts.side.tree.spec
    federation = federation_of(turn, facts, tx)
    fee = relay_fee(transfer.amount, spec.relay_fee_ppm)
    intent, intent_height = _intent(facts) if closely else ("", 0)
    answers = answers_of(turn, transfer, facts, federation, told)
    pin = (tx.spent_output_ids[0] or b"").hex() if tx is not None else ""
    return WithdrawalStory(
        transfer=transfer.id,
        who=transfer.who,
        to=transfer.to,
        chain=transfer.chain,
        asset=transfer.asset,
        amount=transfer.amount,
        fee=fee,
        withdrawal=transfer.lock_id.hex(),
        tx=transfer.lock_tx.hex(),
        recipient=transfer.lock_program,
        steps=_steps(turn, transfer, facts, answers, federation.quorum),
        members=answers,
        quorum=federation.quorum,
        note=transfer.note,
        payout=tx.id.hex() if tx is not None else "",
        pin=pin,
        inputs=() if tx is None else inputs_of(turn, facts, tx),
        outputs=() if tx is None else outputs_of(tx, bool(fee)),
        intent=intent,
        intent_height=intent_height,
        completed_height=facts.settled.height if facts.settled is not None else 0,
    )


def _intent(facts: PayoutFacts) -> tuple[str, int]:
    """The payout that the last intent names, and its block; nothing without one."""
    if facts.owed is None:
        return "", 0
    tree, top = facts.side.tree, facts.head.height
    if facts.settled is not None:
        top = facts.settled.height
    elif not facts.owed.payout_id:
        return "", 0
    for height in range(top, facts.owed.height, -1):
        block_hash = tree.hash_at(facts.head.hash, height)
        assert block_hash is not None, "the branch has a block of each height"
        record = _intent_in(tree[block_hash], facts.owed.id)
        if record is not None:
            return record.payout_id.hex(), height
    return "", 0


def _intent_in(entry: SideEntry, withdrawal_id: bytes) -> PayoutIntent | None:
    for tx in entry.block.transactions:
        for output in tx.outputs:
            if output.amount or record_kind(output.program) != PayoutIntent.kind:
                continue
            record = parse_record(output.program)
            if (
                isinstance(record, PayoutIntent)
                and record.withdrawal_id == withdrawal_id
            ):
                return record
    return None


# The eight states.


def _steps(
    turn: Turn,
    transfer: Transfer,
    facts: PayoutFacts,
    answers: tuple[MemberAnswer, ...],
    quorum: int,
) -> tuple[Step, ...]:
    """Those that are done, the one that comes next, and the rest."""
    reached = _reached(turn, transfer, facts, answers, quorum)
    next_mark: Mark = "broken" if transfer.failed else "now"
    steps = []
    for index, state in enumerate(STATES):
        where, step_id = reached.get(state, ("", ""))
        if state in reached and all(earlier in reached for earlier in STATES[:index]):
            steps.append(Step(state, "done", where, step_id))
            continue
        came = len(steps) and steps[-1].mark != "done"
        mark: Mark = "to come" if came else next_mark
        wait = _waits(turn, facts, state, answers, quorum) if not came else ""
        steps.append(Step(state, mark, wait))
    return tuple(steps)


def _reached(
    turn: Turn,
    transfer: Transfer,
    facts: PayoutFacts,
    answers: tuple[MemberAnswer, ...],
    quorum: int,
) -> dict[str, tuple[str, str]]:
    """Where and under which id each state was reached."""
    found: dict[str, tuple[str, str]] = {}
    side, owed, tx = facts.side, facts.owed, facts.tx
    if owed is None:
        return found
    place = f"{side.name} {owed.height}"
    found["requested"] = place, transfer.lock_tx.hex()
    if side.tree.is_final_at(facts.head.hash, owed.height, side.final):
        found["final"] = f"{place} is final", ""
    if tx is None:
        return found
    payout_id = tx.id.hex()
    found["planned"] = f"{len(tx.inputs)} inputs", payout_id
    n_signed = sum(one.answer == "signed" for one in answers)
    if facts.mined is not None or n_signed >= quorum:
        found["signed"] = f"{n_signed} of {len(answers)}, {quorum} needed", ""
    in_pool = any(tx.id in node.pool for node in turn.main_nodes)
    if facts.mined is not None or in_pool:
        found["broadcast"] = "left the mempool" if facts.mined else "main mempool", ""
    if facts.mined is None:
        return found
    entry, tip = facts.mined[0], turn.tree[turn.main_tip]
    found["mined"] = f"main {entry.height}", entry.hash.hex()
    if tip.height - entry.height >= turn.depth:
        found["settled"] = f"{turn.depth} blocks on top", ""
    if facts.settled is not None:
        found["completed"] = f"{side.name} {facts.settled.height}", ""
    return found


def _waits(
    turn: Turn,
    facts: PayoutFacts,
    state: str,
    answers: tuple[MemberAnswer, ...],
    quorum: int,
) -> str:
    """What a state that comes next waits for."""
    if state == "requested":
        return f"waits in {facts.side.name}'s mempool"
    if state == "final" and facts.owed is not None:
        return f"{facts.side.name} is final up to {facts.side.final.height}"
    if state == "planned" and facts.owed is not None:
        return why_waits(turn, facts.owed.id) or "the coordinator's turn"
    if state == "signed":
        n_signed = sum(one.answer == "signed" for one in answers)
        return f"{n_signed} of {quorum} signatures"
    if state == "settled" and facts.mined is not None:
        n_above = turn.tree[turn.main_tip].height - facts.mined[0].height
        return f"{n_above} of {turn.depth} blocks on top"
    return {
        "broadcast": "to be handed to the mainchain",
        "mined": "waits for a mainchain block",
        "completed": f"the proof is on its way to {facts.side.name}",
    }.get(state, "")
