"""
What a sidechain owes on the mainchain, and how records say that it was paid.

Three records: a withdrawal makes a debt, an intent names the payout that shall pay it
and the output that pins that, a completion proves that it was mined. The pin makes a
completion belong to one withdrawal, even where two look the same from outside.

An intent or a completion in a transaction has an effect if it is right, else none; in a
coinbase, where the block's maker answers for it, a wrong one makes the block invalid.

Source: protocol page "claim", section 6; "federation", section 7.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rpds import HashTrieMap

from devnet.engine.bc.merkleblock import (
    MerkleBlock,
    check_inclusion,
    check_status,
    parse_merkle_block,
)
from devnet.engine.bc.programs import is_unspendable
from devnet.engine.bc.records import (
    PayoutIntent,
    Record,
    Withdrawal,
    WithdrawalCompleted,
    parse_record,
)
from devnet.engine.bc.transaction import (
    BTM,
    Coinbase,
    Spend,
    Transaction,
    is_side_record,
    parse_transaction,
)
from devnet.engine.errors import BlockError, ClaimError, CodecError
from devnet.engine.federation.programs import treasury_program
from devnet.engine.federation.withdrawals import Owed, relay_fee
from devnet.engine.keys.accounts import key_program
from devnet.engine.sidechain.claim_case import ClaimContext

MOST_TX_BYTES = 200_000
"""Of the payout in a completion: a larger one cannot be mined."""


class BadPayoutRecord(BlockError):
    """An intent or a completion does not fit the withdrawal that it names."""

    code = "block.payout-record"


class NothingOwed(BadPayoutRecord):
    """No open withdrawal has this id."""

    code = "block.payout-nothing-owed"


class PinTaken(BadPayoutRecord):
    """The pin is named for another withdrawal that is still open."""

    code = "block.payout-pin-taken"


class NoIntent(BadPayoutRecord):
    """No intent named the payout's pin, so it may belong to another withdrawal."""

    code = "block.payout-no-intent"
    default_hint = "Post the intent first."


class NotThisPayout(BadPayoutRecord):
    """The transaction spends another pin, or does not pay what is owed."""

    code = "block.payout-other"


class PayoutNotProven(BadPayoutRecord):
    """The proof does not show the payout in a settled block, with good status."""

    code = "block.payout-not-proven"


class PayoutsRest(BadPayoutRecord):
    """A consensus swap is closing; payouts pause."""

    code = "block.payouts-rest"


@dataclass(frozen=True, slots=True)
class Settled:
    """What completed a withdrawal: the payout's mainchain id, and the block here."""

    payout_id: bytes
    height: int


@dataclass(frozen=True, slots=True)
class PegOut:
    """
    Withdrawals at a block.

    Args:
        open: owed and not completed, by withdrawal id.
        completed: those that were paid, by withdrawal id.
        payouts: which withdrawal each recorded payout completed, by the payout's id.
        heights: of the blocks with withdrawals that look the same, by debt key.
        given_up: height of the newest block that gave a branch of the mainchain up; 0:
            none did. What an older withdrawal was to be paid from may be gone with it.
    """

    open: HashTrieMap[bytes, Owed] = field(default_factory=HashTrieMap)
    completed: HashTrieMap[bytes, Settled] = field(default_factory=HashTrieMap)
    heights: HashTrieMap[bytes, tuple[int, ...]] = field(default_factory=HashTrieMap)
    payouts: HashTrieMap[bytes, bytes] = field(default_factory=HashTrieMap)
    given_up: int = 0

    def find(self, withdrawal_id: bytes) -> Owed | None:
        """An open withdrawal, or None."""
        return self.open.get(withdrawal_id)

    def with_debt(self, owed: Owed) -> PegOut:
        """One more withdrawal."""
        heights = (*(self.heights.get(owed.key) or ()), owed.height)
        return replace(
            self,
            open=self.open.insert(owed.id, owed),
            heights=self.heights.insert(owed.key, heights),
        )

    def with_intent(self, record: PayoutIntent) -> PegOut:
        """The withdrawal with the payout and the pin that an intent names."""
        owed = self.open[record.withdrawal_id]
        announced = replace(owed, payout_id=record.payout_id, pin_id=record.pin_id)
        return replace(self, open=self.open.insert(owed.id, announced))

    def without(self, withdrawal_id: bytes, settled: Settled) -> PegOut:
        """The withdrawal is completed."""
        return replace(
            self,
            open=self.open.remove(withdrawal_id),
            completed=self.completed.insert(withdrawal_id, settled),
            payouts=self.payouts.insert(settled.payout_id, withdrawal_id),
        )


def debts_of(
    tx: Transaction, height: int, failed: bool, context: ClaimContext
) -> tuple[Owed, ...]:
    """The withdrawals that a transaction makes; of a failed one those of BTM."""
    return tuple(
        Owed(tx.result_ids[position], output.asset, output.amount, recipient, height,
             tx.id)
        for position, output in enumerate(tx.outputs)
        if is_unspendable(output.program)
        and output.amount and not (failed and output.asset != BTM)
        and (recipient := recipient_of(output.program, context)) is not None
    )  # fmt: skip


def recipient_of(program: bytes, context: ClaimContext) -> bytes | None:
    """
    Who a withdrawal record pays, or None: then its value is burned. It must name our
    mainchain, and no treasury of any epoch, where nothing would ever leave.
    """
    record = _record(program)
    if not isinstance(record, Withdrawal) or record.parent_id != context.parent_id:
        return None
    treasuries = (
        treasury_program(federation, context.chain_id)
        for federation in (*context.federations, *context.past)
    )
    return None if record.recipient in treasuries else record.recipient


def with_records(
    pegout: PegOut, tx: Transaction, height: int, context: ClaimContext
) -> PegOut:
    """
    The withdrawals after the intents and completions of a transaction in a block of
    this height.

    Raises:
        BadPayoutRecord: one in a coinbase is wrong. In another transaction it has no
            effect.
    """
    in_coinbase = isinstance((*tx.inputs, None)[0], Coinbase)
    for output in tx.outputs:
        if output.amount or not is_unspendable(output.program):
            continue
        record = _record(output.program)
        if not isinstance(record, PayoutIntent | WithdrawalCompleted):
            continue
        try:
            if isinstance(record, WithdrawalCompleted):
                pegout = completed_by(pegout, record, height, context)
            elif in_coinbase or _is_coordinators(tx, context):
                pegout = announced_by(pegout, record, context)
        except BadPayoutRecord:
            if in_coinbase:
                raise
    return pegout


MOST_IN_BLOCK = 32
"""Intents and completions that an honest proposer puts in one coinbase."""


def effective(
    pegout: PegOut, programs: tuple[bytes, ...], height: int, context: ClaimContext
) -> tuple[bytes, ...]:
    """Those of these records that are right, each after the one before, and news."""
    found: list[bytes] = []
    for program in programs:
        record = _record(program)
        before = pegout
        try:
            if isinstance(record, WithdrawalCompleted):
                pegout = completed_by(pegout, record, height, context)
            elif isinstance(record, PayoutIntent):
                pegout = announced_by(pegout, record, context)
        except BadPayoutRecord:
            continue
        if pegout is not before:
            found.append(program)
    return tuple(found[:MOST_IN_BLOCK])


def has_payout_records(tx: Transaction) -> bool:
    """Does it carry an intent or a completion?"""
    return any(
        isinstance(_record(output.program), PayoutIntent | WithdrawalCompleted)
        for output in tx.outputs
        if not output.amount
    )


def announced_by(pegout: PegOut, record: PayoutIntent, context: ClaimContext) -> PegOut:
    """
    The withdrawals after an intent. A later one takes the place of an earlier one;
    members hold to the pin, whatever is announced.

    Raises:
        BadPayoutRecord: nothing is owed, the pin is another's, payouts pause.
    """
    _check_open(context)
    if record.withdrawal_id in pegout.completed:
        return pegout
    owed = _owed(pegout, record.withdrawal_id)
    if (owed.payout_id, owed.pin_id) == (record.payout_id, record.pin_id):
        return pegout
    for other_id in sorted(pegout.open):
        other = pegout.open[other_id]
        if other.pin_id == record.pin_id and other.id != owed.id:
            raise PinTaken(
                f"pin {record.pin_id.hex()[:16]} is named for withdrawal "
                f"{other.id.hex()[:16]}",
                pin=record.pin_id,
            )
    return pegout.with_intent(record)


def completed_by(
    pegout: PegOut, record: WithdrawalCompleted, height: int, context: ClaimContext
) -> PegOut:
    """
    The withdrawals after a completion. Saying it twice changes nothing.

    Raises:
        BadPayoutRecord: the rule that the proof breaks.
    """
    _check_open(context)
    if record.withdrawal_id in pegout.completed:
        return pegout
    owed = _owed(pegout, record.withdrawal_id)
    if not owed.pin_id:
        raise NoIntent(f"nobody announced a payout of {owed.id.hex()[:16]}")
    tx, proof = _parsed(record)
    other_id = pegout.payouts.get(tx.id)
    if other_id is not None:
        raise NotThisPayout(
            f"payout {tx.id.hex()[:16]} completed withdrawal {other_id.hex()[:16]}",
            payout=tx.id,
        )
    _check_pays(owed, tx, context)
    _check_mined(owed, tx, proof, context)
    return pegout.without(owed.id, Settled(tx.id, height))


def _check_open(context: ClaimContext) -> None:
    if context.closing:
        raise PayoutsRest("payouts pause while a consensus swap closes")


def _owed(pegout: PegOut, withdrawal_id: bytes) -> Owed:
    owed = pegout.find(withdrawal_id)
    if owed is None:
        raise NothingOwed(
            f"no withdrawal {withdrawal_id.hex()[:16]} is open", id=withdrawal_id
        )
    return owed


def _parsed(record: WithdrawalCompleted) -> tuple[Transaction, MerkleBlock]:
    n_bytes = len(record.raw_transaction)
    if n_bytes > MOST_TX_BYTES:
        raise NotThisPayout(f"a payout of {n_bytes} bytes, at most {MOST_TX_BYTES}")
    try:
        return (
            parse_transaction(record.raw_transaction),
            parse_merkle_block(record.merkle_block),
        )
    except CodecError as error:
        raise PayoutNotProven(f"completion: {error.message}") from None


def _check_pays(owed: Owed, tx: Transaction, context: ClaimContext) -> None:
    """The pin is spent, and output 0 is what is owed."""
    if owed.pin_id not in tx.spent_output_ids:
        raise NotThisPayout(
            f"transaction {tx.id.hex()[:16]} does not spend the pin "
            f"{owed.pin_id.hex()[:16]}",
            pin=owed.pin_id,
        )
    if not owed.is_paid_by(tx, context.relay_fee_ppm):
        net = owed.amount - relay_fee(owed.amount, context.relay_fee_ppm)
        raise NotThisPayout(
            f"output 0 of {tx.id.hex()[:16]} does not pay {net} to the recipient",
            amount=net,
        )


def _check_mined(
    owed: Owed, tx: Transaction, proof: MerkleBlock, context: ClaimContext
) -> None:
    """One canonical path to a block at or below the anchor, with good status."""
    header, anchor = proof.header, context.anchor
    try:
        check_inclusion(proof, tx.id)
        status = check_status(proof, asset_is_btm=owed.asset == BTM)
    except ClaimError as error:
        raise PayoutNotProven(f"completion: {error.message}") from None
    if status != "succeeded" and not context.failed_btm_counts:
        raise PayoutNotProven(f"the payout failed in main {header.height}")
    known = None
    if header.height <= anchor.height:
        known = context.main.block_hash_at(anchor.hash, header.height)
    if known != header.hash:
        raise PayoutNotProven(
            f"main {header.height} {header.hash.hex()[:16]} is not at or below the "
            f"anchor {anchor.height}",
            height=header.height,
        )


def _is_coordinators(tx: Transaction, context: ClaimContext) -> bool:
    """Is the author, whom input 0 spends, a collector or a federation's member?"""
    first = (*tx.inputs, None)[0]
    keys = (*context.collectors, *(one[:32] for one in context.federations[0].members))
    return isinstance(first, Spend) and first.program in map(key_program, keys)


def _record(program: bytes) -> Record | None:
    if not is_side_record(program):
        return None
    try:
        return parse_record(program)
    except CodecError:
        return None
