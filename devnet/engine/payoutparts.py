"""
The facts of a withdrawal: where its record and its payout are, what each member said to
the payout, and what the payout is made of.

What members answered is read from the coordinator while the payout is under way,
afterwards from the payout's own witness and from what was told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from devnet.engine.actors import desks
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Sidechain, Transfer
from devnet.engine.bc.transaction import Spend, Transaction
from devnet.engine.events import Event, MemberRefused, MemberSigned, PayoutPlanned
from devnet.engine.federation.members import Member, Paying
from devnet.engine.federation.programs import (
    TREASURY_SCRIPT,
    Federation,
    lock_program,
    member_key,
)
from devnet.engine.federation.withdrawals import Owed
from devnet.engine.keys.ed25519 import verify
from devnet.engine.mainchain.state import MainEntry
from devnet.engine.sidechain.pegout import Settled
from devnet.engine.sidechain.state import SideEntry

Answer = Literal["signed", "refused", "waiting", "off"]


@dataclass(frozen=True, slots=True)
class MemberAnswer:
    """
    What one member said to the payout.

    Args:
        check, reason: of a refusal: the rule that the payout breaks, in words.
        pin: the output that it signed with and holds to, hex; or nothing.
    """

    member: str
    answer: Answer
    check: str = ""
    reason: str = ""
    pin: str = ""


@dataclass(frozen=True, slots=True)
class PayoutPart:
    """
    An input or an output of the payout.

    Args:
        what: pin, lock, treasury or gas; recipient, relay fee, change, gas change.
        of: the transfer whose lock an input is, if one is known.
        asset: an asset id.
    """

    what: str
    id: bytes
    asset: bytes
    amount: int
    program: bytes
    of: str = ""


class Told:
    """
    What members answered, as the stream has it: of each transfer the newest payout,
    and the last answer of each member. It grows with the stream.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], MemberSigned | MemberRefused] = {}
        self._payouts: dict[str, str] = {}
        self._n_read = 0
        self._last: Event | None = None

    def get(self, key: tuple[str, str]) -> MemberSigned | MemberRefused | None:
        """The answer to a transfer's newest payout. `key`: transfer, member."""
        event = self._found.get(key)
        if event is None or self._payouts.get(key[0], event.payout) != event.payout:
            return None
        return event

    def followed(self, events: Sequence[Event]) -> Told:
        """
        This one, after what is new in the stream was read; another one, read from the
        beginning, if the stream was cut off below.
        """
        n_read = self._n_read
        if n_read > len(events) or (n_read and events[n_read - 1] is not self._last):
            return Told().followed(events)
        for event in events[n_read:]:
            if isinstance(event, PayoutPlanned):
                self._payouts[event.transfer] = event.payout
            elif isinstance(event, MemberSigned | MemberRefused):
                self._found[event.transfer, event.member] = event
            self._last = event
        self._n_read = len(events)
        return self


@dataclass(frozen=True, slots=True)
class PayoutFacts:
    """What is known of a withdrawal before it is told."""

    side: Sidechain
    head: SideEntry
    owed: Owed | None
    settled: Settled | None
    under_way: Paying | None
    mined: tuple[MainEntry, Transaction] | None
    tx: Transaction | None


def facts_of(turn: Turn, transfer: Transfer) -> PayoutFacts:
    """Where a withdrawal and its payout are now; `turn` is only looked at."""
    side, key = turn.side(transfer.chain), transfer.lock_id
    head = side.tree[side.head]
    pegout, tip = head.state.pegout, turn.tree[turn.main_tip]
    settled, under_way = pegout.completed.get(key), desks.under_way(turn, key)
    owed = pegout.find(key)
    mined: tuple[MainEntry, Transaction] | None = None
    if settled is not None:
        owed = _as_written(side, head, key, settled.height)
        place = tip.state.index.places.get(settled.payout_id)
        if place is not None:
            entry = turn.tree[tip.state.hashes[place.height]]
            mined = entry, entry.block.transactions[place.index]
    elif owed is not None:
        mined = desks.mined_payout(turn, tip, owed, pegout)
    tx = mined[1] if mined else under_way.payout.tx if under_way else None
    if tx is None and owed is not None:
        # The coordinator forgot it, the mempool did not.
        waiting = turn.main_nodes[0].pool.by_id.get(owed.payout_id)
        tx = waiting.tx if waiting is not None else None
    return PayoutFacts(side, head, owed, settled, under_way, mined, tx)


def _as_written(
    side: Sidechain, head: SideEntry, key: bytes, below: int
) -> Owed | None:
    """A completed withdrawal as its block has it, with the last intent about it."""
    block_hash = side.tree.hash_at(head.hash, below)
    while block_hash is not None and block_hash in side.tree.entries:
        entry = side.tree[block_hash]
        for owed in entry.debts:
            if owed.id == key:
                return owed
        block_hash = entry.header.previous if entry.height else None
    return None


# Who signed.


def federation_of(turn: Turn, facts: PayoutFacts, tx: Transaction | None) -> Federation:
    """The epoch that holds the payout's first input; the current one without any."""
    council = facts.side.tree.council(facts.head)
    if tx is None or not isinstance(tx.inputs[0], Spend):
        return council.current
    program = tx.inputs[0].program
    script, chain_id = _script_of(turn, program), facts.side.tree.spec.chain_id
    for federation in council.known:
        if lock_program(federation, chain_id, script) == program:
            return federation
    return council.current


def _script_of(turn: Turn, program: bytes) -> bytes:
    """The claim script of a lock program; else it is the treasury's."""
    watched = turn.watched.get(program)
    return watched.claim_script if watched is not None else TREASURY_SCRIPT


def answers_of(
    turn: Turn,
    transfer: Transfer,
    facts: PayoutFacts,
    federation: Federation,
    told: Told,
) -> tuple[MemberAnswer, ...]:
    """One answer a member, in the order of the federation record."""
    by_xpub = {member.xpub: member for member in turn.members}
    signed = _signed_in(turn, facts, federation)
    return tuple(
        _answer(xpub, by_xpub.get(xpub), transfer, facts, signed, told)
        for xpub in federation.members
    )


def _answer(
    xpub: bytes,
    member: Member | None,
    transfer: Transfer,
    facts: PayoutFacts,
    signed: set[bytes],
    told: Told,
) -> MemberAnswer:
    name = member.name if member is not None else xpub.hex()[:8]
    pin = (member.pins.get(transfer.lock_id) or b"").hex() if member is not None else ""
    paying_ = facts.under_way
    last = told.get((transfer.id, name))
    if xpub in signed or (isinstance(last, MemberSigned) and _is_about(last, facts)):
        return MemberAnswer(name, "signed", pin=pin)
    refusal = paying_.refusals.get(xpub) if paying_ is not None else None
    if refusal is not None:
        return MemberAnswer(name, "refused", *refusal, pin=pin)
    if isinstance(last, MemberRefused) and paying_ is None and _is_about(last, facts):
        return MemberAnswer(name, "refused", last.check, last.reason, pin)
    is_off = member is not None and member.off
    return MemberAnswer(name, "off" if is_off else "waiting", pin=pin)


def _is_about(event: MemberSigned | MemberRefused, facts: PayoutFacts) -> bool:
    return facts.tx is not None and event.payout == facts.tx.id.hex()


def _signed_in(turn: Turn, facts: PayoutFacts, federation: Federation) -> set[bytes]:
    """Members whose signatures are known: from the coordinator, or the witness."""
    if facts.under_way is not None:
        return set(facts.under_way.signatures)
    tx = facts.tx
    if tx is None or not isinstance(tx.inputs[0], Spend):
        return set()
    given, sig_hash = tx.inputs[0], tx.sig_hash(0)
    script, chain_id = _script_of(turn, given.program), facts.side.tree.spec.chain_id
    return {
        xpub
        for xpub in federation.members
        for signature in given.arguments[:-1]
        if verify(member_key(chain_id, xpub, script), sig_hash, signature)
    }


# What the payout is made of.


def inputs_of(
    turn: Turn, facts: PayoutFacts, tx: Transaction
) -> tuple[PayoutPart, ...]:
    """The federation's inputs, the pin first, then the relayer's for the gas."""
    chain_id = facts.side.tree.spec.chain_id
    known = facts.side.tree.council(facts.head).known
    locks = {
        turn.transfers[name].lock_id: name
        for name in turn.transfers
        if not turn.transfers[name].is_withdrawal
    }
    parts = []
    for index, given in enumerate(tx.inputs):
        assert isinstance(given, Spend), "a payout only spends"
        spent_id = tx.spent_output_ids[index] or b""
        script = _script_of(turn, given.program)
        programs = {lock_program(one, chain_id, script) for one in known}
        what = "gas"
        if given.program in programs:
            what = "lock" if script else "treasury"
        if index == 0:
            what = f"pin, {what}"
        of = locks.get(spent_id, "")
        part = PayoutPart(what, spent_id, given.asset, given.amount, given.program, of)
        parts.append(part)
    return tuple(parts)


def outputs_of(tx: Transaction, has_fee: bool) -> tuple[PayoutPart, ...]:
    """The recipient first, then fee, change and what is left of the gas."""
    gas_programs = {tx.inputs[-1].program} if isinstance(tx.inputs[-1], Spend) else ()
    parts = []
    for index, output in enumerate(tx.outputs):
        what = "change to the treasury"
        if index == 0:
            what = "recipient"
        elif index == 1 and has_fee:
            what = "relay fee"
        elif output.program in gas_programs:
            what = "what is left of the gas"
        result_id = tx.result_ids[index]
        part = PayoutPart(what, result_id, output.asset, output.amount, output.program)
        parts.append(part)
    return tuple(parts)
