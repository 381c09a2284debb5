"""
Whatever bytes reach the peg, they are refused by name, and nothing changes: claims,
records of every kind, messages of members and coordinators, proofs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet.engine.actors.messages import NotSigned, Signed, SignPlease
from devnet.engine.bc.merkle import status_root, tx_root
from devnet.engine.bc.recordform import RECORD_MAGIC, record_program
from devnet.engine.bc.records import parse_record
from devnet.engine.bc.sideblock import SideBlock
from devnet.engine.bc.transaction import (
    BTM,
    Claim,
    Output,
    Spend,
    Transaction,
    parse_transaction,
)
from devnet.engine.errors import ClaimError, CodecError, DevnetError
from devnet.engine.federation.payouts import Payout
from devnet.engine.keys.chainkd import sign
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import Network
from devnet.engine.sidechain.claims import ClaimContext, check_claim, examine
from devnet.engine.sidechain.judge import judge_body
from devnet.engine.sidechain.ledger import Ledger
from devnet.engine.sidechain.reader import claim_context
from devnet.engine.sidechain.state import SideEntry
from tests.engine.plants import CHAIN, OPEN, claim_of, coin_of, payouts_of
from tests.engine.support import (
    BTM_UNITS,
    ONE_SOLO,
    branch,
    deposit,
    meddle,
    network,
    run,
    run_until,
    settle,
)

FEW, MANY = 120, 4000
KINDS = (0x01, 0x02, 0x03, 0x04, 0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x22, 0x30, 0x40,
         0x50, 0x00, 0xFF)  # fmt: skip
Test = Callable[..., None]


def fuzzed(**given_values: st.SearchStrategy[object]) -> Callable[[Test], list[Test]]:
    """The same test small, and large for long runs."""

    def made(test: Test) -> list[Test]:
        return [
            settings(
                max_examples=n, deadline=None, derandomize=True,
                suppress_health_check=list(HealthCheck),
            )(given(**given_values)(test))
            for n in (FEW, MANY)
        ]  # fmt: skip

    return made


both = pytest.mark.parametrize("size", [0, pytest.param(1, marks=pytest.mark.long)])


@cache
def world() -> Network:
    """A lock that can be claimed, and a payout that waits for its members."""
    net = network(ONE_SOLO, depth=1, relay_fee_ppm=1000)
    deposit(net, 50 * BTM_UNITS, "BTM", CHAIN)
    deposit(net, 40 * BTM_UNITS, "BTM", CHAIN, who="bob")
    for member in net.world.members:
        net.switch_member(member.name, off=True)
    net.withdraw("alice", 2 * BTM_UNITS, "BTM", CHAIN, "bob")
    net.lock("alice", 5 * BTM_UNITS, "BTM", CHAIN)
    run_until(net, lambda: net.transfer(OPEN).stage == "proof")
    for member in net.world.members:
        net.switch_member(member.name, off=False)
    return net


def head(net: Network) -> SideEntry:
    (side,) = net.world.sidechains
    return side.tree[side.head]


def context() -> ClaimContext:
    net = world()
    (side,) = net.world.sidechains
    tip = net.world.tree[net.world.main_tip]
    anchor_hash = net.world.tree.hash_at(tip.hash, tip.height - 1)
    assert anchor_hash is not None
    anchor = replace(head(net).anchor, height=tip.height - 1, hash=anchor_hash)
    return claim_context(
        side.tree, head(net), net.world.tree, anchor, frozen=False, resting=False
    )


@st.composite
def mangled(draw: st.DrawFn, honest: bytes) -> bytes:
    """Bytes that are near something honest, or far from anything."""
    how = draw(st.integers(0, 4))
    at = draw(st.integers(0, max(0, len(honest) - 1)))
    junk = draw(st.binary(max_size=80))
    return (
        junk,
        honest[:at],
        honest + junk,
        honest[:at] + junk + honest[at + len(junk) :],
        honest[:at] + bytes([honest[at] ^ 1 << draw(st.integers(0, 7))])
        + honest[at + 1 :] if honest else junk,
    )[how]  # fmt: skip


# Claims and their proofs.


def a_claim_of_anything(data: st.DataObject) -> None:
    tx = claim_of(world(), OPEN)
    (claim,) = tx.inputs
    assert isinstance(claim, Claim)
    field = data.draw(
        st.sampled_from(
            ("raw_transaction", "merkle_block", "claim_script", "collector_auth",
             "parent_id", "program", "source_id", "asset")
        )
    )  # fmt: skip
    value = data.draw(mangled(getattr(claim, field)))
    bad = replace(tx, inputs=(replace(claim, **{field: value}),), received=None)
    _refused_claim(bad, tx)


def a_claim_of_any_bytes(data: st.DataObject) -> None:
    honest = claim_of(world(), OPEN)
    changed = data.draw(mangled(honest.raw))
    results = examine(changed, context())

    if all(one.verdict == "passed" for one in results):
        assert parse_transaction(changed, side=True).id == honest.id
    before = world().world
    net = branch(world())
    try:
        net.submit(changed, CHAIN)
    except DevnetError as error:
        assert error.code
        assert net.world is before


def a_claim_of_any_number(data: st.DataObject) -> None:
    tx = claim_of(world(), OPEN)
    (claim,) = tx.inputs
    assert isinstance(claim, Claim)
    amount = data.draw(st.integers(0, 2**63 - 1))
    position = data.draw(st.integers(0, 2**20))
    changed = replace(claim, amount=amount, source_position=position)
    bad = replace(tx, inputs=(changed,), received=None)
    _refused_claim(bad, tx)


def _refused_claim(bad: Transaction, honest: Transaction) -> None:
    """
    By every way in: one named check, and the ledger as it was. A lock transaction with
    another witness is the same transaction, so the claim with it is the same claim.
    """
    ledger = Ledger(head(world()), context())
    before = _books(ledger)
    try:
        check_claim(bad, context())
    except ClaimError as error:
        assert error.check
        assert error.code.startswith("claim.")
    except CodecError:
        pass  # It cannot even be written down.
    else:
        assert (bad.id, bad.outputs) == (honest.id, honest.outputs)
        return
    with pytest.raises(DevnetError):
        ledger.add(bad)
    assert _books(ledger) == before


def _books(ledger: Ledger) -> tuple[object, ...]:
    return (
        ledger.claimed, ledger.claimed_sum, ledger.burned_sum, ledger.withdrawn_sum,
        ledger.pegout, ledger.roster, ledger.fee_sum, ledger.gas_left,
        tuple(ledger.statuses), ledger.change(),
    )  # fmt: skip


# Records.


def a_record_of_anything(data: st.DataObject) -> None:
    kind, body = data.draw(st.sampled_from(KINDS)), data.draw(st.binary(max_size=300))
    try:
        program = record_program(kind, body)
    except CodecError:
        program = b"\x6a" + RECORD_MAGIC + bytes((kind,)) + body
    try:
        parse_record(program)
    except CodecError as error:
        assert error.code
    _in_a_transaction(program, data.draw(st.sampled_from((0, 1, 777))))
    _in_a_coinbase(program)


def _in_a_transaction(program: bytes, amount: int) -> None:
    coin, alice = coin_of(world()), play_account("alice")
    spend = Spend(coin.source_id, BTM, coin.amount, coin.position, coin.program)
    outputs = (
        Output(BTM, amount, program),
        Output(BTM, coin.amount - amount - 20_000_000, alice.program),
    )
    tx = Transaction(1, 0, (spend,), outputs, side=True)
    arguments = (sign(alice.xprv, tx.sig_hash(0)), alice.key)
    tx = replace(tx, inputs=(replace(spend, arguments=arguments),), received=None)
    ledger = Ledger(head(world()), context())
    before, circulating = _books(ledger), ledger.coins().total(BTM)
    try:
        ledger.add(tx)
    except DevnetError as error:
        assert error.code
        assert _books(ledger) == before
    else:
        # Value in a record is burned, unless the record is a withdrawal.
        assert ledger.coins().total(BTM) == circulating - amount - 20_000_000


def _in_a_coinbase(program: bytes) -> None:
    net = world()
    (side,) = net.world.sidechains
    old = head(net).block
    first, *others = old.transactions
    coinbase = replace(
        first, outputs=(*first.outputs, Output(BTM, 0, program)), received=None
    )
    txs = (coinbase, *others)
    header = replace(
        old.header,
        tx_root=tx_root([tx.id for tx in txs]),
        status_root=status_root([False] * len(txs)),
    )
    try:
        judge_body(side.tree, net.world.tree, SideBlock(header, txs))
    except DevnetError as error:
        assert error.code


# Messages.


def a_message_of_anything(data: st.DataObject) -> None:
    net = branch(world())
    (honest, *_) = payouts_of(net, "w1")
    payout = _mangled_payout(data, honest)
    turn = meddle(net)
    xpub = data.draw(
        st.sampled_from((turn.members[0].xpub, bytes(64), b"", turn.members[3].xpub))
    )
    desk = data.draw(st.sampled_from(sorted(turn.coordinators)))
    signatures = tuple(data.draw(st.lists(st.binary(max_size=65), max_size=3)))
    what, to = data.draw(
        st.sampled_from(
            (
                (SignPlease(CHAIN, payout, desk), "fed:fed-1"),
                (Signed(CHAIN, xpub, payout, signatures), desk),
                (NotSigned(CHAIN, xpub, payout, "P8", "because", payout.tx.id), desk),
            )
        )
    )
    digest, tip = net.state_digest(CHAIN), net.world.main_tip
    pins = [len(member.pins) for member in turn.members]
    turn.schedule = type(turn.schedule)()
    turn.later(0, to, what)
    settle(net, turn)
    assert run(net, 1) == "reached", "an engine that fails raises"

    assert (net.state_digest(CHAIN), net.world.main_tip) == (digest, tip)
    if payout != honest:
        assert [len(member.pins) for member in net.world.members] == pins
    assert not net.world.breaches


def _mangled_payout(data: st.DataObject, honest: Payout) -> Payout:
    tx, number = honest.tx, st.integers(0, 2**62)
    match data.draw(st.integers(0, 6)):
        case 0:
            return replace(honest, withdrawal_id=data.draw(st.binary(max_size=70)))
        case 1:
            scripts = data.draw(st.lists(st.binary(max_size=40), max_size=3))
            return replace(honest, scripts=tuple(scripts))
        case 2:
            tx = replace(tx, inputs=tx.inputs[: data.draw(st.integers(0, 1))])
        case 3:
            tx = replace(tx, outputs=tx.outputs[: data.draw(st.integers(0, 2))])
        case 4:
            first = replace(tx.outputs[0], amount=data.draw(number))
            tx = replace(tx, outputs=(first, *tx.outputs[1:]))
        case 5:
            first = replace(tx.outputs[0], program=data.draw(st.binary(max_size=40)))
            tx = replace(tx, outputs=(first, *tx.outputs[1:]))
        case _:
            tx = replace(tx, inputs=tx.inputs * 2)
    return replace(honest, tx=replace(tx, received=None))


CLAIM_PARTS = fuzzed(data=st.data())(a_claim_of_anything)
CLAIM_BYTES = fuzzed(data=st.data())(a_claim_of_any_bytes)
CLAIM_NUMBERS = fuzzed(data=st.data())(a_claim_of_any_number)
RECORDS = fuzzed(data=st.data())(a_record_of_anything)
MESSAGES = fuzzed(data=st.data())(a_message_of_anything)


@both
def test_any_part_of_a_claim_is_judged_by_name_and_changes_nothing(size: int):
    CLAIM_PARTS[size]()


@both
def test_any_bytes_in_place_of_a_claim_are_refused_and_change_nothing(size: int):
    CLAIM_BYTES[size]()


@both
def test_any_amount_and_position_are_judged_by_name(size: int):
    CLAIM_NUMBERS[size]()


@both
def test_any_record_is_taken_refused_or_burned_and_never_breaks_the_engine(size: int):
    RECORDS[size]()


@both
def test_any_message_about_a_payout_leaves_chains_and_pins_alone(size: int):
    MESSAGES[size]()
