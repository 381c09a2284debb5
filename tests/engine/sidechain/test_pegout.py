"""Withdrawal, intent and completion: what each changes, and every way to be wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.actors import desks
from devnet.engine.bc.merkleblock import merkle_block_of, parse_merkle_block
from devnet.engine.bc.records import (
    PayoutIntent,
    Withdrawal,
    WithdrawalCompleted,
    record_program,
)
from devnet.engine.bc.transaction import (
    BTM,
    Coinbase,
    Output,
    Spend,
    Transaction,
)
from devnet.engine.federation.programs import treasury_program
from devnet.engine.interfaces import Checkpoint
from devnet.engine.keys.accounts import key_program
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain import pegout as p
from devnet.engine.sidechain.claim_case import ClaimContext
from devnet.engine.sidechain.pegout import PegOut
from devnet.engine.sidechain.reader import claim_context
from tests.engine.support import (
    BTM_UNITS,
    branch,
    deposit,
    meddle,
    network,
    run_until,
)

ALICE, BOB = play_account("alice"), play_account("bob")


@pytest.fixture(scope="module")
def world() -> Network:
    """A withdrawal is mined and buried on the mainchain, and not completed yet."""
    net = network((SidechainSpec("alpha", "solo"),))
    deposit(net, 50 * BTM_UNITS, "BTM", "alpha")
    name = net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", "bob")
    run_until(net, lambda: net.transfer(name).done == net.world.depth > 0
              and net.transfer(name).stage == "pay")  # fmt: skip
    return net


class Facts:
    """What the tests need of that world."""

    def __init__(self, net: Network) -> None:
        side = net.world.sidechain("alpha")
        head = side.tree[side.head]
        self.tip = net.world.tree[net.world.main_tip]
        self.pegout: PegOut = head.state.pegout
        (self.owed,) = (self.pegout.open[key] for key in self.pegout.open)
        turn = meddle(net)
        found = desks.mined_payout(turn, self.tip, self.owed, self.pegout)
        assert found is not None
        self.entry, self.tx = found
        anchor = Checkpoint(self.entry.height, self.entry.hash)
        self.context: ClaimContext = claim_context(
            side.tree, head, net.world.tree, anchor, frozen=False, resting=False
        )
        proof = merkle_block_of(self.entry.block, self.entry.statuses, self.tx.id)
        self.record = WithdrawalCompleted(self.owed.id, self.tx.raw, proof.raw)
        self.intent = PayoutIntent(self.owed.id, self.tx.id, self.owed.pin_id)


@pytest.fixture(scope="module")
def facts(world: Network) -> Facts:
    return Facts(world)


def coinbase(*programs: bytes) -> Transaction:
    outputs = (
        Output(BTM, 0, ALICE.program),
        *(Output(BTM, 0, one) for one in programs),
    )
    return Transaction(1, 0, (Coinbase(b"\x00" + b"1"),), outputs, side=True)


def ordinary(author: bytes, *programs: bytes) -> Transaction:
    spend = Spend(b"\x01" * 32, BTM, 5, 0, author, ())
    outputs = tuple(Output(BTM, 0, one) for one in programs)
    return Transaction(1, 0, (spend,), outputs, side=True)


def refused(facts: Facts, record: WithdrawalCompleted, **changes: object):
    context = replace(facts.context, **changes)  # type: ignore[arg-type]
    with pytest.raises(p.BadPayoutRecord) as caught:
        p.completed_by(facts.pegout, record, 9, context)
    assert caught.value.message
    # In a coinbase it makes the block invalid, elsewhere it has no effect.
    with pytest.raises(p.BadPayoutRecord):
        p.with_records(facts.pegout, coinbase(record.program), 9, context)
    author = ordinary(BOB.program, record.program)
    assert p.with_records(facts.pegout, author, 9, context) == facts.pegout
    assert p.effective(facts.pegout, (record.program,), 9, context) == ()
    return caught.type


# Completions.


def test_a_proven_payout_completes_its_withdrawal_once(facts: Facts):
    after = p.completed_by(facts.pegout, facts.record, 9, facts.context)
    assert not len(after.open)
    assert after.completed[facts.owed.id] == p.Settled(facts.tx.id, 9)
    again = p.completed_by(after, facts.record, 10, facts.context)
    assert again is after
    for tx in (
        coinbase(facts.record.program),
        ordinary(BOB.program, facts.record.program),
    ):
        assert p.has_payout_records(tx)
        found = p.with_records(facts.pegout, tx, 9, facts.context)
        assert found.completed == after.completed


def test_a_completion_of_nothing_or_without_intent_is_refused(facts: Facts):
    unknown = replace(facts.record, withdrawal_id=b"\x07" * 32)
    assert refused(facts, unknown) is p.NothingOwed
    silent = replace(facts.owed, payout_id=b"", pin_id=b"")
    before = replace(facts.pegout, open=facts.pegout.open.insert(facts.owed.id, silent))
    with pytest.raises(p.NoIntent):
        p.completed_by(before, facts.record, 9, facts.context)


def test_another_transaction_completes_nothing(facts: Facts):
    for other in facts.entry.block.transactions[:1]:
        proof = merkle_block_of(facts.entry.block, facts.entry.statuses, other.id)
        record = WithdrawalCompleted(facts.owed.id, other.raw, proof.raw)
        assert refused(facts, record) is p.NotThisPayout
    outputs = (replace(facts.tx.outputs[0], program=ALICE.program),)
    outputs += facts.tx.outputs[1:]
    stolen = replace(facts.tx, outputs=outputs, received=None)
    record = replace(facts.record, raw_transaction=stolen.raw)
    assert refused(facts, record) is p.NotThisPayout
    less = replace(facts.tx.outputs[0], amount=facts.tx.outputs[0].amount - 1)
    greedy = replace(facts.tx, outputs=(less, *facts.tx.outputs[1:]), received=None)
    record = replace(facts.record, raw_transaction=greedy.raw)
    assert refused(facts, record) is p.NotThisPayout
    no_fee_taken = replace(facts.context, relay_fee_ppm=1000)
    p.completed_by(facts.pegout, facts.record, 9, no_fee_taken)


def test_a_proof_that_is_not_the_one_path_is_refused(facts: Facts):
    proof = parse_merkle_block(facts.record.merkle_block)
    for bad in (
        replace(proof, tx_hashes=proof.tx_hashes[:-1]),
        replace(proof, tx_hashes=(*proof.tx_hashes, b"\x00" * 32)),
        replace(proof, tx_hashes=(b"\x00" * 32, *proof.tx_hashes[1:])),
        replace(proof, status_hashes=(b"\x00" * 32, *proof.status_hashes[1:])),
        replace(proof, flags=(0,)),
    ):
        record = replace(facts.record, merkle_block=bad.raw)
        assert refused(facts, record) is p.PayoutNotProven
    for raw in (b"", b"\x00", facts.record.merkle_block[:-1]):
        record = replace(facts.record, merkle_block=raw)
        assert refused(facts, record) is p.PayoutNotProven
    for raw in (b"", b"\x07\x01", facts.record.raw_transaction + b"\x00"):
        record = replace(facts.record, raw_transaction=raw)
        assert refused(facts, record) is p.PayoutNotProven
    padded = replace(facts.record, raw_transaction=bytes(p.MOST_TX_BYTES + 1))
    with pytest.raises(p.NotThisPayout):
        p.completed_by(facts.pegout, padded, 9, facts.context)


def test_a_payout_above_the_anchor_or_on_another_branch_is_refused(facts: Facts):
    below = Checkpoint(facts.entry.height - 1, facts.entry.block.header.previous)
    assert refused(facts, facts.record, anchor=below) is p.PayoutNotProven
    elsewhere = replace(facts.record, merkle_block=_other_header(facts))
    assert refused(facts, elsewhere) is p.PayoutNotProven


def _other_header(facts: Facts) -> bytes:
    proof = parse_merkle_block(facts.record.merkle_block)
    header = replace(proof.header, nonce=proof.header.nonce + 1)
    return replace(proof, header=header).raw


def test_nothing_is_recorded_while_a_swap_closes(facts: Facts):
    assert refused(facts, facts.record, closing=True) is p.PayoutsRest
    with pytest.raises(p.PayoutsRest):
        resting = replace(facts.context, closing=True)
        p.announced_by(facts.pegout, facts.intent, resting)


# Intents.


def test_an_intent_counts_from_a_collector_or_from_the_blocks_maker(facts: Facts):
    intent = PayoutIntent(facts.owed.id, b"\x05" * 32, b"\x06" * 32)
    collector = key_program(facts.context.collectors[0])
    for tx, counts in (
        (coinbase(intent.program), True),
        (ordinary(collector, intent.program), True),
        (ordinary(BOB.program, intent.program), False),
    ):
        after = p.with_records(facts.pegout, tx, 9, facts.context)
        assert (after.open[facts.owed.id].pin_id == b"\x06" * 32) is counts


def test_no_two_open_withdrawals_have_one_pin(facts: Facts):
    other = replace(facts.owed, id=b"\x08" * 32, payout_id=b"", pin_id=b"")
    both = facts.pegout.with_debt(other)
    taken = PayoutIntent(other.id, b"\x05" * 32, facts.owed.pin_id)
    with pytest.raises(p.PinTaken):
        p.announced_by(both, taken, facts.context)
    mine = p.announced_by(both, facts.intent, facts.context)
    assert mine is both, "saying it again changes nothing"
    unknown = replace(taken, withdrawal_id=b"\x09" * 32)
    with pytest.raises(p.NothingOwed):
        p.announced_by(both, unknown, facts.context)


# Withdrawals.


def test_only_a_record_that_can_be_paid_makes_a_debt(facts: Facts):
    parent, context = facts.context.parent_id, facts.context
    good = Withdrawal(parent, BOB.program).program
    treasury = treasury_program(context.federations[0], context.chain_id)
    assert p.recipient_of(good, context) == BOB.program
    for program in (
        Withdrawal(b"\x01" * 32, BOB.program).program,
        Withdrawal(parent, treasury).program,
        record_program(1, b"short"),
        record_program(1, Withdrawal(parent, b"\x51").body()),
        record_program(1, Withdrawal(parent, BOB.program).body() + b"\x00"),
        b"\x6a",
        BOB.program,
    ):
        assert p.recipient_of(program, context) is None
    tx = replace(
        ordinary(ALICE.program, good),
        outputs=(Output(BTM, 5, good), Output(b"\x03" * 32, 7, good)),
    )
    debts = p.debts_of(tx, 4, False, context)
    assert [(one.amount, one.height) for one in debts] == [(5, 4), (7, 4)]
    assert len({one.id for one in debts}) == 2
    assert [one.amount for one in p.debts_of(tx, 4, True, context)] == [5]


@settings(max_examples=80, deadline=None)
@given(body=st.binary(max_size=200), kind=st.sampled_from([1, 2, 4]), extra=st.data())
def test_any_bytes_in_a_record_settle_nothing_else_and_never_raise(
    facts: Facts, body: bytes, kind: int, extra: st.DataObject
):
    raw = facts.record.body() if kind == 2 else facts.intent.body()
    at = extra.draw(st.integers(0, len(raw) - 1))
    bent = raw[:at] + bytes((raw[at] ^ 0x5A,)) + raw[at + 1 :]
    for one in (body, bent):
        tx = ordinary(BOB.program, record_program(kind, one))
        after = p.with_records(facts.pegout, tx, 9, facts.context)
        if after != facts.pegout:
            # A bent witness: no id covers it, and the payout is the same.
            assert after.completed[facts.owed.id] == p.Settled(facts.tx.id, 9)


def test_what_a_block_completes_is_owed_again_below_it(
    world: Network,
):
    net = branch(world)
    run_until(net, lambda: net.transfers()[-1].stage == "settled")
    side = net.world.sidechain("alpha")
    done = side.tree[side.head].state.pegout
    assert not len(done.open)
    entry = side.tree[side.head]
    while len(entry.state.pegout.completed):
        entry = side.tree[entry.header.previous]
    assert len(entry.state.pegout.open) == 1, "the block below still owes it"
