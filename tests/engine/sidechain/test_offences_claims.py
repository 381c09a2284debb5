"""A collector is convicted of what it hands in, and not of what others make of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rpds import HashTrieMap

from devnet.engine.actors.newcomers import new_collector
from devnet.engine.actors.witnessing import saw_claim
from devnet.engine.bc.electoral import COLLECTOR_ROLE
from devnet.engine.bc.evidence import (
    BAD_CLAIM,
    Evidence,
    HandIn,
    hand_in_message,
    parse_hand_in,
)
from devnet.engine.bc.programs import p2wpkh
from devnet.engine.bc.records import parse_record
from devnet.engine.bc.stakes import bond_program
from devnet.engine.bc.transaction import (
    BTM,
    Claim,
    Transaction,
    parse_transaction,
)
from devnet.engine.chain.coins import Coin, CoinDraft, CoinSet
from devnet.engine.events import ClaimJudged, OffenceProven
from devnet.engine.federation.council import Council
from devnet.engine.interfaces import Checkpoint
from devnet.engine.keys import chainkd
from devnet.engine.keys.chainkd import sign
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain.claims import sign_claim
from devnet.engine.sidechain.court import Conviction, Court
from devnet.engine.sidechain.ledger import Ledger
from devnet.engine.sidechain.offences import BadEvidence, accused, convict
from devnet.engine.sidechain.registrations import Registration
from devnet.engine.sidechain.roster import LEAST_BOND_NEU, Roster
from devnet.engine.sidechain.tampers import TAMPERS
from tests.engine.support import (
    BTM_UNITS,
    all_books_hold,
    branch,
    deposit,
    hurry,
    meddle,
    network,
    run,
    run_until,
    said,
    settle,
)

CONVICTING = {f"C{number}" for number in (*range(3, 11), 12, 13)}
STRANGER = chainkd.root_xprv(b"somebody who collects nothing here")


@cache
def calm() -> tuple[Network, Transaction]:
    """A world in which a deposit was claimed, and that claim."""
    net = network((SidechainSpec("alpha", "poa"),), relay_fee_ppm=1000)
    deposit(net, 50 * BTM_UNITS, "BTM", "alpha")
    with hurry(net):
        run(net, 3_000)
    side = net.world.sidechain("alpha")
    entry = side.tree[side.head]
    while not entry.claims:
        entry = side.tree[entry.header.previous]
    tx = next(tx for tx in entry.block.transactions if isinstance(tx.inputs[0], Claim))
    return net, tx


def court(net: Network, **state: object) -> Court:
    side = net.world.sidechain("alpha")
    head = side.tree[side.head]
    head = replace(head, state=replace(head.state, **state))
    return Court(side.tree, net.world.tree, head, head.anchor, lambda block: block)


def handed_in(
    net: Network,
    tx: Transaction,
    xprv: bytes = b"",
    anchor: Checkpoint | None = None,
    chain_id: bytes = b"",
) -> Evidence:
    """The claim as evidence, with the word of whoever handed it in."""
    side, collector = net.world.sidechain("alpha"), net.world.collectors[0]
    xprv = xprv or collector.xprv
    anchor = anchor or side.tree[side.head].anchor
    message = hand_in_message(chain_id or side.tree.spec.chain_id, anchor, tx.raw)
    word = HandIn(anchor, chainkd.xpub(xprv)[:32], sign(xprv, message))
    return Evidence(BAD_CLAIM, tx.raw, word.raw)


def refusal(net: Network, record: Evidence, **state: object) -> str:
    with pytest.raises(BadEvidence) as caught:
        convict(record, court(net, **state))
    return caught.value.message


# What convicts.


@pytest.mark.parametrize("name", TAMPERS)
def test_a_forged_claim_convicts_if_it_breaks_a_rule_from_c3_to_c13(name: str):
    net, honest = calm()
    tamper, collector = TAMPERS[name], net.world.collectors[0]
    forged = tamper(honest)
    if tamper.check not in ("C1", "C14"):
        forged = sign_claim(forged, collector.xprv)
    record = handed_in(net, forged)
    if tamper.check in CONVICTING:
        found = convict(record, court(net))
        assert (found.key, found.act) == (collector.key, forged.id)
        assert (
            accused(record) == collector.key and parse_record(record.program) == record
        )
    elif name == "unsigned":  # Nobody takes the fee: then it is an honest one.
        assert "breaks no rule" in refusal(net, record)
    else:
        assert refusal(net, record)


@pytest.mark.parametrize(
    ("fault", "n_proven"),
    [("forged-proof", 1), ("inflate", 2), ("steal-claim", 1), ("invented-lock", 1)],
)
def test_a_dishonest_collector_is_convicted_once_for_each_claim(fault, n_proven):
    net = network((SidechainSpec("alpha", "poa"),))
    net.start_fault(fault, "alpha")
    net.lock("alice", 50 * BTM_UNITS, "BTM", "alpha")
    with hurry(net):
        run_until(net, lambda: len(said(net, OffenceProven)) >= n_proven)
        run(net, 10_000)
    proven = said(net, OffenceProven)
    names = {one.name for one in net.world.collectors}
    assert len(proven) == n_proven and {one.validator for one in proven} <= names
    assert {(one.role, one.burned) for one in proven} == {("collector", 0)}
    assert {one.offence for one in proven} == {"a claim that breaks a rule"}
    assert all_books_hold(net)
    assert sorted(net.show("alpha")["validators"]) == ["v1", "v2", "v3", "v4"]


def test_a_registered_collector_pays_for_a_bad_claim_and_stands_on_with_the_rest():
    net, honest = branch(calm()[0]), calm()[1]
    deposit(net, 200 * BTM_UNITS, "BTM", "alpha")
    net.register_validator("alice", "alpha", 100 * BTM_UNITS, COLLECTOR_ROLE)
    with hurry(net):
        run(net, 3_000)
    side = net.world.sidechain("alpha")
    (one,) = side.tree[side.head].state.roster.book(COLLECTOR_ROLE).all()
    carl = new_collector("alice", net.world.main_nodes[0].view)
    assert carl.key == one.key
    record = handed_in(net, TAMPERS["recipient"](honest), carl.xprv)
    turn = meddle(net)
    tx, word = parse_transaction(record.first, side=True), parse_hand_in(record.second)
    saw_claim(turn, "alpha", "v2", tx, word)
    settle(net, turn)
    with hurry(net):
        run_until(net, lambda: bool(said(net, OffenceProven)))
        run(net, 3_000)
    (proven,) = said(net, OffenceProven)
    assert (proven.validator, proven.role) == ("alice", "collector")
    assert proven.burned == 10 * BTM_UNITS * 95 // 100
    side = net.world.sidechain("alpha")
    (left,) = side.tree[side.head].state.roster.book(COLLECTOR_ROLE).all()
    assert left.stands and left.bond_neu == 90 * BTM_UNITS
    assert side.tree[side.head].state.burned_sum[BTM] == proven.burned
    assert all_books_hold(net)


# What does not.


def test_an_honest_claim_convicts_nobody_nor_does_what_others_make_of_it():
    """The signature inside a claim leaves out the proof, which anybody can spoil."""
    net, honest = calm()
    record = handed_in(net, honest)
    assert "breaks no rule" in refusal(net, record)
    for name in ("hash", "flags", "nothing", "status", "header", "lock-bytes"):
        spoilt = replace(record, first=TAMPERS[name](honest).raw)
        assert "did not hand in" in refusal(net, spoilt)


def test_only_a_collectors_word_for_this_sidechain_convicts():
    net, honest = calm()
    forged = TAMPERS["recipient"](honest)
    assert "is no collector" in refusal(net, handed_in(net, forged, STRANGER))
    other_chain = handed_in(net, forged, chain_id=b"\x09" * 32)
    assert "did not hand in" in refusal(net, other_chain)
    word = parse_hand_in(handed_in(net, forged).second)
    other = replace(word, anchor=Checkpoint(word.anchor.height + 1, word.anchor.hash))
    moved = Evidence(BAD_CLAIM, forged.raw, other.raw)
    assert "did not hand in" in refusal(net, moved)


def test_a_claim_is_convicted_once():
    net, honest = calm()
    forged = TAMPERS["recipient"](honest)
    roster = Roster(bad_claims=HashTrieMap({forged.id: 9}))
    assert "convicted in block 9" in refusal(net, handed_in(net, forged), roster=roster)


def test_a_header_counts_only_against_the_branch_that_the_collector_looked_from():
    net, honest = calm()
    forged = TAMPERS["header"](honest)
    assert convict(handed_in(net, forged), court(net)).act == forged.id
    elsewhere = Checkpoint(3, b"\x03" * 32)
    tip = net.world.tree[net.world.main_tip]
    later = Checkpoint(tip.height, tip.hash)
    lies = Checkpoint(1, court(net).anchor.hash)
    for anchor in (elsewhere, later, lies):
        record = handed_in(net, forged, anchor=anchor)
        assert "breaks no rule" in refusal(net, record), anchor
    genesis = Checkpoint(0, net.world.tree.genesis_hash)
    too_soon = handed_in(net, honest, anchor=genesis)
    assert "breaks no rule" in refusal(net, too_soon)


def test_a_claim_to_a_federation_that_is_accepted_no_more_convicts_nobody():
    net, honest = calm()
    federation = net.world.federation
    other = replace(federation, quorum=federation.quorum - 1)
    keys = tuple(one.key for one in net.world.collectors)
    record = handed_in(net, honest)
    past = Council(2, (other,), keys, past=(federation,))
    assert "breaks no rule" in refusal(net, record, council=past)
    unknown = Council(2, (other,), keys)
    assert convict(record, court(net, council=unknown)).act == honest.id


def test_nobody_is_accused_where_collectors_are_honest_and_the_mainchain_forks():
    net = branch(calm()[0])
    for n_btm in (3, 4):
        net.lock("alice", n_btm * BTM_UNITS, "BTM", "alpha")
    net.start_fault("shallow-reorg", "main")
    with hurry(net):
        run(net, 30_000)
    assert said(net, ClaimJudged)
    assert not said(net, OffenceProven)
    assert not any(len(it.proofs) for it in net.world.sidechain("alpha").nodes)


@settings(max_examples=80, deadline=None)
@given(
    data=st.binary(max_size=60), cut=st.integers(0, 2000), change=st.integers(1, 255)
)
def test_spoilt_evidence_against_collectors_is_refused_by_name(data, cut, change):
    net, honest = calm()
    good = handed_in(net, TAMPERS["recipient"](honest))
    for field in ("first", "second"):
        raw = getattr(good, field)
        at = cut % len(raw)
        spoilt = raw[:at] + bytes((raw[at] ^ change,)) + raw[at + 1 :]
        for wrong in (data, raw[:at], spoilt, raw + b"\x00"):
            assert refusal(net, replace(good, **{field: wrong}))


# What it costs.


def bonded(bond_neu: int) -> tuple[Ledger, bytes]:
    """Books in which a collector's bond is, and its key."""
    key, program = b"\x21" * 32, bond_program(b"\x21" * 32, b"\x22" * 20)
    bond = Coin(b"\x23" * 32, b"\x24" * 32, 0, BTM, bond_neu, program, 5)
    one = Registration(
        "carl", key, p2wpkh(b"\x22" * 20), bond.id, bond_neu, 5, role=COLLECTOR_ROLE
    )
    ledger = Ledger.__new__(Ledger)
    ledger.height, ledger.roster = 50, Roster().with_registration(one)
    ledger._draft = CoinDraft(CoinSet().add(bond))
    ledger.burned_sum, ledger.spent, ledger.created = HashTrieMap(), [], []
    return ledger, key


def test_each_bad_claim_costs_a_tenth_of_the_bond_and_the_reporter_gets_his_part():
    ledger, key = bonded(3 * LEAST_BOND_NEU)
    reporter = p2wpkh(b"\x31" * 20)
    first = Conviction(key, "?", b"\x41" * 32)
    assert ledger.forfeit(first, reporter) == 30 * BTM_UNITS * 95 // 100
    left = ledger.roster.of_key(key)
    assert left is not None and left.stands and left.bond_neu == 270 * BTM_UNITS
    coins = ledger.coins()
    assert coins.by_id[left.bond_id].program == bond_program(key, b"\x22" * 20)
    assert coins.total_of(reporter, BTM) == 30 * BTM_UNITS * 5 // 100
    assert coins.total(BTM) + ledger.burned_sum[BTM] == 3 * LEAST_BOND_NEU
    assert ledger.forfeit(first, reporter) == 0
    assert ledger.forfeit(Conviction(key, "?", b"\x42" * 32), reporter) == (
        27 * BTM_UNITS * 95 // 100
    )
    assert set(ledger.roster.bad_claims) == {b"\x41" * 32, b"\x42" * 32}
    assert not len(ledger.roster.banned)


def test_a_bond_that_is_used_up_ends_the_registration():
    ledger, key = bonded(LEAST_BOND_NEU // 8)
    reporter = p2wpkh(b"\x31" * 20)
    for n_claims in range(2):
        act = bytes((n_claims,)) * 32
        assert ledger.forfeit(Conviction(key, "?", act), reporter) > 0
    assert ledger.roster.of_key(key) is None
    assert ledger.coins().total(BTM) + ledger.burned_sum[BTM] == LEAST_BOND_NEU // 8
    assert ledger.forfeit(Conviction(key, "?", b"\x09" * 32), reporter) == 0
    assert len(ledger.roster.bad_claims) == 3
