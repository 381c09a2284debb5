"""Members are convicted of thefts and of second payouts, and honest ones of nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.actors import guarding
from devnet.engine.bc.electoral import stake_key_of
from devnet.engine.bc.evidence import (
    BAD_PAYOUT,
    Evidence,
    SignedPayout,
    parse_signed_payout,
)
from devnet.engine.bc.records import parse_record
from devnet.engine.bc.transaction import BTM, Output, Spend, Transaction, with_arguments
from devnet.engine.chain.coins import Coin
from devnet.engine.events import OffenceProven
from devnet.engine.federation.council import Council
from devnet.engine.federation.programs import (
    lock_program,
    redeem_script,
    treasury_program,
)
from devnet.engine.federation.signatures import sign_inputs
from devnet.engine.interfaces import Checkpoint
from devnet.engine.keys.chainkd import sign
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain.badpayouts import final_view, is_stolen, moved_by
from devnet.engine.sidechain.court import Court
from devnet.engine.sidechain.offences import BadEvidence, accused, convict
from tests.engine.support import (
    BTM_UNITS,
    branch,
    deposit,
    hurry,
    main_block,
    mine_branch,
    network,
    run,
    run_until,
    said,
)

THIEF = bytes.fromhex("0014") + b"\x66" * 20
BOB = play_account("bob")
FEE_NEU = 10_000_000


@cache
def paid() -> Network:
    """Three deposits, and a withdrawal that was paid from one of them."""
    net = network((SidechainSpec("alpha", "poa"),))
    for n_btm in (50, 30, 20):
        deposit(net, n_btm * BTM_UNITS, "BTM", "alpha")
    name = net.withdraw("alice", 10 * BTM_UNITS, "BTM", "alpha")
    run_until(net, lambda: net.transfer(name).stage == "settled")
    with hurry(net):
        run(net, 5_000)
    return net


def court(net: Network, **state: object) -> Court:
    side = net.world.sidechain("alpha")
    head = side.tree[side.head]
    head = replace(head, state=replace(head.state, **state))
    return Court(side.tree, net.world.tree, head, head.anchor, lambda block: block)


def verdict(net: Network, record: Evidence) -> bytes:
    return convict(record, court(net)).key


def held(net: Network) -> list[tuple[Coin, bytes]]:
    """What the federation holds, with claim scripts; deposits come first."""
    world, found = net.world, []
    coins = world.tree[world.main_tip].state.coins
    for program, watched in sorted(world.watched.items()):
        found += [(coin, watched.claim_script) for coin in coins.of_program(program)]
    chain_id = world.sidechain("alpha").tree.spec.chain_id
    treasury = treasury_program(world.federation, chain_id)
    return found + [(coin, b"") for coin in coins.of_program(treasury)]


def spend_of(net: Network, *outputs: Output, at: int = 0) -> tuple[Transaction, bytes]:
    """A transaction that spends one output of the federation, and its claim script."""
    coin, script = held(net)[at]
    spend = Spend(coin.source_id, coin.asset, coin.amount, coin.position, coin.program)
    return Transaction(1, 0, (spend,), outputs), script


def signed_by(net: Network, index: int, tx: Transaction, script: bytes) -> SignedPayout:
    member = net.world.members[index]
    chain_id = net.world.sidechain("alpha").tree.spec.chain_id
    (signature,) = sign_inputs(member.xprv, chain_id, tx, (script,))
    return SignedPayout(tx, ((0, script),), member.xpub, 0, signature)


def complete(net: Network, tx: Transaction, script: bytes) -> Transaction:
    """The transaction with the first members' signatures, as many as it takes."""
    world = net.world
    chain_id = world.sidechain("alpha").tree.spec.chain_id
    by_xpub = {one.xpub: one.xprv for one in world.members}
    signers = world.federation.members[: world.federation.quorum]
    signatures = [
        sign_inputs(by_xpub[xpub], chain_id, tx, (script,))[0] for xpub in signers
    ]
    redeem = redeem_script(world.federation, chain_id, script)
    return with_arguments(tx, 0, (*signatures, redeem))


def mined(net: Network, tx: Transaction) -> None:
    """Until the transaction is where a final block of alpha sees it settled."""
    net.submit(tx.raw, "main")
    go_on(net, lambda: tx.id in final_view(court(net)).index.places)


def go_on(net: Network, test: Callable[[], bool]) -> None:
    """Until a test holds, whatever alarms there are."""
    with hurry(net):
        for _ in range(20_000):
            if test():
                return
            if net.is_paused_by_breach():
                net.acknowledge()
            net.step_once()
    raise AssertionError(f"never; last: {net.events[-3:]}")


def theft(net: Network) -> tuple[Transaction, bytes]:
    coin, _ = held(net)[0]
    return spend_of(net, Output(BTM, coin.amount - FEE_NEU, THIEF))


@cache
def robbed() -> tuple[Network, Transaction, bytes]:
    """The same world after a quorum of members stole a deposit."""
    net = branch(paid())
    tx, script = theft(net)
    mined(net, complete(net, tx, script))
    return net, tx, script


def test_members_who_sign_a_theft_are_convicted_by_name_soon_after_it_settled():
    net = branch(robbed()[0])
    until_ms = net.now_ms + 20_000
    go_on(net, lambda: net.now_ms > until_ms)
    world = net.world
    signers = world.federation.members[: world.federation.quorum]
    names = {one.name for one in world.members if one.xpub in signers}
    proven = said(net, OffenceProven)
    assert {one.validator for one in proven} == names and len(proven) == 3
    assert {(one.role, one.burned) for one in proven} == {("member", 0)}
    side = world.sidechain("alpha")
    banned = side.tree[side.head].state.roster.banned
    assert set(banned) == {stake_key_of(xpub) for xpub in signers}


def test_whoever_settles_a_theft_with_one_signature_is_enough_to_convict():
    net, tx, script = robbed()
    record = Evidence(BAD_PAYOUT, signed_by(net, 3, tx, script).raw)
    key = stake_key_of(net.world.members[3].xpub)
    assert verdict(net, record) == accused(record) == key
    assert parse_record(record.program) == record
    assert not parse_signed_payout(record.first).tx.inputs[0].arguments


def refusal(net: Network, first: SignedPayout, second: SignedPayout | None = None):
    record = Evidence(BAD_PAYOUT, first.raw, b"" if second is None else second.raw)
    with pytest.raises(BadEvidence) as caught:
        verdict(net, record)
    return caught.value.message


def test_a_theft_that_no_final_block_looks_back_to_convicts_nobody_yet():
    net = paid()
    assert "in no mainchain block" in refusal(net, signed_by(net, 0, *theft(net)))


def test_a_signature_of_somebody_else_or_over_something_else_convicts_nobody():
    net, tx, script = robbed()
    good = signed_by(net, 0, tx, script)
    other = replace(good, member=net.world.members[1].xpub)
    stranger = replace(good, member=b"\x07" * 64)
    over = replace(good, tx=replace(tx, outputs=(Output(BTM, 1, THIEF),)))
    for wrong in (other, stranger, over):
        assert "did not sign" in refusal(net, wrong)
    foreign = replace(good, locked=((0, b"\x00\x14" + b"\x01" * 20),))
    assert "of no federation" in refusal(net, foreign)


def test_what_members_signed_in_an_honest_world_convicts_nobody():
    net = paid()
    tree, spec = net.world.tree, net.world.sidechain("alpha").tree.spec
    scripts = {program: one.claim_script for program, one in net.world.watched.items()}
    scripts[treasury_program(net.world.federation, spec.chain_id)] = b""
    payouts = [
        tx
        for block in tree.branch(net.world.main_tip)
        for tx in block.transactions[1:]
        if any(getattr(it, "program", b"") in scripts for it in tx.inputs)
    ]
    assert payouts and not said(net, OffenceProven)
    assert not any(len(it.proofs) for it in net.world.sidechain("alpha").nodes)
    for tx in payouts:
        script = scripts[tx.inputs[0].program]
        locked = tuple(
            (index, scripts[it.program])
            for index, it in enumerate(tx.inputs)
            if it.program in scripts
        )
        member = net.world.members[0]
        path = sign_inputs(member.xprv, spec.chain_id, tx, (script,))
        signed = SignedPayout(tx, locked, member.xpub, 0, path[0])
        assert "pays what is owed" in refusal(net, signed)


def test_a_merge_and_change_to_the_treasury_convict_nobody_but_short_change_does():
    net = branch(paid())
    spec = net.world.sidechain("alpha").tree.spec
    treasury = treasury_program(net.world.federation, spec.chain_id)
    coin, _ = held(net)[0]
    whole = spend_of(net, Output(BTM, coin.amount, treasury))
    assert "pays what is owed" in refusal(net, signed_by(net, 0, *whole))
    recipient = spend_of(net, Output(BTM, coin.amount - 1, treasury))
    assert "in no mainchain block" in refusal(net, signed_by(net, 0, *recipient))


def test_moves_to_a_newer_federation_convict_nobody_unless_a_claim_would_count_twice():
    net = paid()
    side, old = net.world.sidechain("alpha"), net.world.federation
    new = replace(old, quorum=old.quorum - 1)
    chain_id, claimed = side.tree.spec.chain_id, side.tree[side.head].state.claimed
    coin, script = held(net)[0]
    unclaimed = claimed.remove(coin.id)
    moved = spend_of(net, Output(BTM, coin.amount, treasury_program(new, chain_id)))[0]
    again = lock_program(new, chain_id, script)
    forward = spend_of(net, Output(BTM, coin.amount, again))[0]
    twice = spend_of(net, *(Output(BTM, coin.amount, again),) * 2)[0]
    past = Council(1, (new,), (), past=(old,))
    for council, lost, tx, stolen in (
        (Council(1, (new, old), ()), claimed, moved, False),
        (Council(0, (old,), (), wanted=new), claimed, moved, False),
        (Council(0, (old,), ()), claimed, moved, True),
        (past, unclaimed, forward, False),
        (past, claimed, forward, True),
        (Council(1, (new, old), ()), unclaimed, forward, True),
        (past, unclaimed, twice, False),
    ):
        where = court(net, council=council, claimed=lost)
        assert is_stolen(moved_by(tx, ((0, script),), where), where) is stolen


def test_a_deposit_that_can_still_be_claimed_is_not_forwarded_for_nothing():
    """To its recipient's own lock program it would be there to be claimed twice."""
    net = paid()
    spec = net.world.sidechain("alpha").tree.spec
    coin, script = held(net)[0]
    again = lock_program(net.world.federation, spec.chain_id, script)
    tx, _ = spend_of(net, Output(BTM, coin.amount, again))
    assert "in no mainchain block" in refusal(net, signed_by(net, 0, tx, script))


@pytest.mark.parametrize("engine", ["poa", "pow", "dpos-bbft", "solo"])
def test_honest_members_are_accused_of_nothing_whatever_happens_around_them(engine):
    net = network((SidechainSpec("alpha", engine),), relay_fee_ppm=1000)
    for amount, asset in ((50 * BTM_UNITS, "BTM"), (30 * BTM_UNITS, "BTM")):
        deposit(net, amount, asset, "alpha")
    deposit(net, 9_000, "GOLD", "alpha")
    wishes = ((5 * BTM_UNITS, "BTM"), (5 * BTM_UNITS, "BTM"), (700, "GOLD"))
    names = [net.withdraw("alice", amount, asset, "alpha") for amount, asset in wishes]
    net.switch_member("fed-2", off=True)
    net.start_fault("shallow-reorg", "main")
    with hurry(net):
        run(net, 15_000)
        names += [net.withdraw("alice", 5 * BTM_UNITS, "BTM", "alpha")]
        net.switch_member("fed-2", off=False)
        run_until(net, lambda: all(net.transfer(it).stage == "settled" for it in names))
        run(net, 15_000)
    assert not said(net, OffenceProven)
    nodes = net.world.sidechain("alpha").nodes
    assert not any(len(node.proofs) for node in nodes)
    heights = final_view(court(net)).hashes
    seen = [net.world.tree[node.payouts_seen].height for node in nodes]
    assert min(seen) >= len(heights) - 12


def test_a_branch_that_takes_over_is_read_from_where_it_parts():
    net = branch(paid())
    top = net.main_height()
    seen = main_block(net, top)
    rival = mine_branch(net, main_block(net, top - 3), 2)[-1]
    main = net.world.tree

    def read_to(seen: bytes, block_hash: bytes) -> int:
        anchor = Checkpoint(main[block_hash].height, block_hash)
        return guarding.seen_to(main, seen, anchor)

    assert read_to(b"", rival) == 0
    assert read_to(seen, seen) == top
    assert read_to(seen, rival) == top - 3, "though it is lower than what was seen"
    assert read_to(main_block(net, top - 1), seen) == top - 1


# The pin rule.


def first_payout(net: Network) -> tuple[Transaction, tuple[tuple[int, bytes], ...]]:
    """The payout that completed the only withdrawal, and what it spends of the lock."""
    side, tree = net.world.sidechain("alpha"), net.world.tree
    (settled,) = side.tree[side.head].state.pegout.completed.values()
    state = tree[net.world.main_tip].state
    place = state.index.places[settled.payout_id]
    tx = tree[state.hashes[place.height]].block.transactions[place.index]
    watched = net.world.watched.get(tx.inputs[0].program)
    return tx, ((0, watched.claim_script),)


def second_payout(net: Network) -> tuple[Transaction, bytes]:
    """The same paid from another deposit, and that deposit's claim script."""
    first, _ = first_payout(net)
    spec = net.world.sidechain("alpha").tree.spec
    treasury = treasury_program(net.world.federation, spec.chain_id)
    coin, script = held(net)[0]
    rest = coin.amount - first.outputs[0].amount
    fuel = next(
        iter(net.world.tree[net.world.main_tip].state.coins.of_program(BOB.program))
    )
    tx, _ = spend_of(net, first.outputs[0], Output(BTM, rest, treasury))
    spend = Spend(fuel.source_id, BTM, fuel.amount, fuel.position, fuel.program)
    back = Output(BTM, fuel.amount - FEE_NEU, BOB.program)
    tx = replace(tx, inputs=(*tx.inputs, spend), outputs=(*tx.outputs, back))
    return with_arguments(tx, 1, (sign(BOB.xprv, tx.sig_hash(1)), BOB.key)), script


def both_signed(net: Network, tx: Transaction, script: bytes, index: int = 0):
    """One member's signatures on the payout that was, and on another."""
    first, locked = first_payout(net)
    member, chain_id = (
        net.world.members[index],
        net.world.sidechain("alpha").tree.spec.chain_id,
    )
    (signature,) = sign_inputs(member.xprv, chain_id, first, (locked[0][1],))
    one = SignedPayout(first, locked, member.xpub, 0, signature)
    return one, signed_by(net, index, tx, script)


def test_a_second_payout_of_one_withdrawal_from_another_pin_convicts_its_signers():
    net = branch(paid())
    tx, script = second_payout(net)
    one, two = both_signed(net, tx, script)
    record = Evidence(BAD_PAYOUT, one.raw, two.raw)
    assert verdict(net, record) == stake_key_of(one.member)
    assert "the first payout is not mined" in refusal(net, two, one)
    mined(net, complete(net, tx, script))
    go_on(net, lambda: len(said(net, OffenceProven)) >= 2)
    assert {one.role for one in said(net, OffenceProven)} == {"member"}


def test_two_payouts_that_may_be_of_two_withdrawals_convict_nobody():
    net = branch(paid())
    tx, script = second_payout(net)
    one, two = both_signed(net, tx, script)
    name = net.withdraw("alice", 10 * BTM_UNITS, "BTM", "alpha")
    run_until(net, lambda: net.transfer(name).stage == "settled")
    assert "may be of two withdrawals" in refusal(net, one, two)


def test_one_member_two_payouts_two_pins_is_what_it_takes():
    net = paid()
    tx, script = second_payout(net)
    one, _ = both_signed(net, tx, script)
    assert "two that pay it" in refusal(net, one, one)
    _, other = both_signed(net, tx, script, 1)
    assert "signed by one member" in refusal(net, one, other)
    theirs = signed_by(net, 0, *theft(net))
    assert "two that pay it" in refusal(net, one, theirs)
    gone = Spend(b"\x05" * 32, BTM, 7, 0, tx.inputs[0].program)
    absent = replace(tx, inputs=(gone, *tx.inputs[1:]), received=None)
    assert "its pin is not there" in refusal(
        net, one, signed_by(net, 0, absent, script)
    )
    both = replace(
        tx, inputs=(*tx.inputs, first_payout(net)[0].inputs[0]), received=None
    )
    assert "in its way" in refusal(net, one, signed_by(net, 0, both, script))


@settings(max_examples=60, deadline=None)
@given(
    cut=st.integers(0, 700), change=st.integers(1, 255), second=st.binary(max_size=40)
)
def test_spoilt_evidence_against_members_is_refused_by_name(cut, change, second):
    net, tx, script = robbed()
    good = signed_by(net, 0, tx, script).raw
    at = cut % len(good)
    spoilt = good[:at] + bytes((good[at] ^ change,)) + good[at + 1 :]
    for first, other in ((good[:at], b""), (spoilt, b""), (good, second or b"?")):
        with pytest.raises(BadEvidence):
            verdict(net, Evidence(BAD_PAYOUT, first, other))
