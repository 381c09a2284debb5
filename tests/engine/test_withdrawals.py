"""The way back: from the burn on a sidechain to the payout that it records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.engine.actors import desks, membership, payrecords, pinning, tills
from devnet.engine.actors.collectors import actor_of
from devnet.engine.actors.messages import NotSigned, Signed, SignPlease
from devnet.engine.actors.world import World
from devnet.engine.bc.records import PayoutIntent
from devnet.engine.bc.transaction import BTM, Output, Transaction
from devnet.engine.codec import address_of_program
from devnet.engine.errors import BadValue, InsufficientFunds, UnknownName
from devnet.engine.events import (
    Audited,
    BlockUndone,
    MemberRefused,
    MemberSigned,
    PayoutPlanned,
    TransferMoved,
    TxsMined,
)
from devnet.engine.federation.payout_errors import PegFrozen, PegResting
from devnet.engine.federation.payouts import Payout
from devnet.engine.federation.planning import plan_payout
from devnet.engine.federation.programs import treasury_program
from devnet.engine.federation.signatures import assemble, sign_inputs
from devnet.engine.federation.turns import order_of
from devnet.engine.keys.accounts import key_program
from devnet.engine.mainchain.accounts import play_account
from devnet.engine.network import Network, SidechainSpec
from tests.engine.keptworlds import Disk, kept_network
from tests.engine.support import (
    BTM_UNITS,
    all_books_hold,
    branch,
    deliver,
    deposit,
    forget,
    height,
    hurry,
    main_block,
    meddle,
    mine_branch,
    network,
    run,
    run_blocks,
    run_until,
    said,
    settle,
)

COORDINATOR = actor_of("fed-1")
KINDS = {
    "certificate": SidechainSpec("alpha", "poa"),
    "builders": SidechainSpec("alpha", "dpos-bbft"),
    "instant": SidechainSpec("alpha", "solo"),
    "depth": SidechainSpec("alpha", "pow"),
    "phases": SidechainSpec("alpha", "pbft"),
}
STRANGER = bytes.fromhex("0020" + "5a" * 32)


def world_of(kind: str, **config: int) -> Network:
    """A world with one sidechain, where alice has BTM and GOLD."""
    net = network((KINDS[kind],), **config)
    deposit(net, 50 * BTM_UNITS, "BTM", "alpha")
    deposit(net, 10_000, "GOLD", "alpha")
    return net


@pytest.fixture(scope="module")
def world() -> Network:
    return world_of("instant")


def settled(net: Network, *names: str) -> bool:
    return all(net.transfer(name).stage == "settled" for name in names)


def until_settled(net: Network, *names: str) -> None:
    run_until(net, lambda: settled(net, *names))


def stage(net: Network, name: str) -> str:
    return net.transfer(name).stage


def until_stage(net: Network, name: str, *stages: str) -> None:
    run_until(net, lambda: stage(net, name) in stages)


def named(net: Network, name: str) -> bytes:
    """The pin that final blocks name for a withdrawal."""
    side = net.world.sidechain("alpha")
    head = side.tree[side.head]
    return pinning.named_pin(side.tree, head, net.transfer(name).lock_id)


def payouts(net: Network) -> list[Transaction]:
    """Transactions of the best mainchain that spend what the federation holds."""
    tree, found = net.world.tree, []
    spec = net.world.sidechain("alpha").tree.spec
    held = {treasury_program(net.world.federation, spec.chain_id)}
    held |= set(net.world.watched)
    for block in tree.branch(net.world.main_tip):
        for tx in block.transactions[1:]:
            if any(getattr(given, "program", b"") in held for given in tx.inputs):
                found.append(tx)
    return found


def books(net: Network, asset: str = "BTM"):
    wanted = net.asset(asset).id
    (found,) = [one for one in net.audit("alpha").sums if one.asset == wanted]
    return found


def always_balanced(net: Network) -> bool:
    return all(event.ok for event in said(net, Audited)) and all_books_hold(net)


# Whole round trips.


@pytest.mark.parametrize("kind", KINDS)
def test_btm_and_an_asset_go_back_under_every_kind_of_finality(kind: str):
    net = world_of(kind)
    bob = net.balance("bob", "main", "BTM")
    first = net.withdraw("alice", 20 * BTM_UNITS, "BTM", "alpha", "bob")
    second = net.withdraw("alice", 400, "GOLD", "alpha")
    gold = net.balance("alice", "main", "GOLD")
    until_settled(net, first, second)

    assert net.balance("bob", "main", "BTM") == bob + 20 * BTM_UNITS
    assert net.balance("alice", "main", "GOLD") == gold + 400
    assert net.balance("alice", "alpha", "GOLD") == 9_600
    assert [len(said(net, PayoutPlanned, transfer=one)) for one in (first, second)] == [
        1, 1,
    ]  # fmt: skip
    order = ["burn", "confirm", "sign", "pay", "settled"]
    for name in (first, second):
        seen = [event.stage for event in said(net, TransferMoved, transfer=name)]
        assert seen == sorted(seen, key=order.index)
        assert set(seen) >= {"burn", "sign", "pay", "settled"}
        signers = {event.member for event in said(net, MemberSigned, transfer=name)}
        assert len(signers) >= net.world.federation.quorum
    assert len(payouts(net)) == 2
    assert always_balanced(net)
    assert (books(net).leaving, books(net).withdrawn) == (0, 20 * BTM_UNITS)
    assert not net.world.owes
    run(net, 200)
    assert not any(len(one.paying) for one in desks.all_desks(meddle(net)))


def test_two_withdrawals_that_look_the_same_are_both_paid_once(world: Network):
    net = branch(world)
    names = [net.withdraw("alice", BTM_UNITS, "BTM", "alpha", "bob") for _ in range(2)]
    before = net.balance("bob", "main", "BTM")
    until_settled(net, *names)

    heights = {
        event.height
        for name in names
        for event in said(net, TxsMined, chain="alpha")
        if net.transfer(name).lock_tx.hex() in event.ids
    }
    assert len(heights) == 1
    assert net.balance("bob", "main", "BTM") == before + 2 * BTM_UNITS
    assert len({tx.id for tx in payouts(net)}) == 2
    assert always_balanced(net)


def test_any_address_can_be_paid_and_the_coordinator_keeps_its_fee():
    net = world_of("instant", relay_fee_ppm=1000)
    address = address_of_program(STRANGER, net.world.tree.profile.hrp)
    name = net.withdraw("alice", 10_000, "BTM", "alpha", address)
    until_settled(net, name)

    coins = net.world.tree[net.world.main_tip].state.coins
    assigned = order_of(net.world.collectors, net.transfer(name).lock_id)[0]
    collector = key_program(assigned.key)
    assert coins.total_of(STRANGER, BTM) == 9_990
    assert coins.total_of(collector, BTM) == 10
    assert net.transfer(name).to == address
    assert always_balanced(net)


def test_locked_value_falls_by_just_what_was_withdrawn(world: Network):
    net = branch(world)
    before = books(net)
    name = net.withdraw("alice", 3 * BTM_UNITS, "BTM", "alpha")
    until_stage(net, name, "sign")
    assert books(net).leaving == 3 * BTM_UNITS
    assert books(net).locked == before.locked
    until_stage(net, name, "pay")
    run_until(net, lambda: net.transfer(name).needed > 0)
    assert books(net).leaving == 0
    assert books(net).locked == before.locked - 3 * BTM_UNITS
    until_settled(net, name)
    assert all_books_hold(net)


def test_change_of_a_payout_pays_the_next_one(world: Network):
    net = branch(world)
    for _ in range(3):
        until_settled(net, net.withdraw("alice", 9 * BTM_UNITS, "BTM", "alpha"))
    assert [len(tx.inputs) for tx in payouts(net)] == [2, 2, 2]
    assert books(net).donated == 0
    assert always_balanced(net)


def test_what_is_given_to_the_treasury_is_no_change(world: Network):
    net = branch(world)
    spec = net.world.sidechain("alpha").tree.spec
    until_settled(net, net.withdraw("alice", BTM_UNITS, "BTM", "alpha"))
    turn = meddle(net)
    from devnet.engine.actors.mainchain import submit
    from devnet.engine.actors.owners import key_of
    from devnet.engine.actors.purses import main_purse
    from devnet.engine.chain.wallet import pay

    key = key_of(turn, "bob")
    gift = Output(BTM, 777, treasury_program(net.world.federation, spec.chain_id))
    tx = pay(key, main_purse(turn, key.program), (gift,), side=False)
    submit(turn, tx, "payment")
    settle(net, turn)
    run_blocks(net, "main", 2)
    assert books(net).donated == 777
    assert all_books_hold(net)


def test_many_pieces_are_paid_from_as_far_as_one_transaction_goes():
    net = network((KINDS["instant"],))
    for _ in range(8):
        deposit(net, 10 * BTM_UNITS, "BTM", "alpha")
    twin = branch(net)
    name = twin.withdraw("alice", 75 * BTM_UNITS, "BTM", "alpha", "bob")
    until_settled(twin, name)
    merged, paid = payouts(twin)
    treasury = treasury_program(
        net.world.federation, net.world.sidechain("alpha").tree.spec.chain_id
    )
    assert merged.outputs[0] == Output(BTM, 60 * BTM_UNITS, treasury)
    assert len(paid.inputs) == 4
    assert said(twin, PayoutPlanned)[0].withdrawal == ""
    assert (books(twin).donated, books(twin).leaving) == (0, 0)
    assert always_balanced(twin)
    name = net.withdraw("alice", 59 * BTM_UNITS, "BTM", "alpha", "bob")
    until_settled(net, name)
    (paid,) = payouts(net)
    assert len(paid.inputs) == 7
    assert always_balanced(net)


# Refusals.


def test_what_cannot_be_withdrawn_is_refused_and_changes_nothing(world: Network):
    net = branch(world)
    spec = net.world.sidechain("alpha").tree.spec
    hrp = net.world.tree.profile.hrp
    treasury = address_of_program(
        treasury_program(net.world.federation, spec.chain_id), hrp
    )
    before = net.world
    for error, args in (
        (BadValue, ("alice", 0, "BTM", "alpha")),
        (BadValue, ("alice", -5, "BTM", "alpha")),
        (InsufficientFunds, ("alice", 51 * BTM_UNITS, "BTM", "alpha")),
        (InsufficientFunds, ("bob", 1, "BTM", "alpha")),
        (UnknownName, ("alice", 5, "BTM", "alpha", "nobody")),
        (UnknownName, ("alice", 5, "BTM", "alpha", treasury[:-1])),
        (UnknownName, ("alice", 5, "BTM", "beta")),
        (UnknownName, ("alice", 5, "SILVER", "alpha")),
        (BadValue, ("alice", 5, "BTM", "alpha", treasury)),
    ):
        with pytest.raises(error):
            net.withdraw(*args)
    assert net.world is before


def test_a_withdrawal_is_no_deposit_to_claim_or_inspect(world: Network):
    net = branch(world)
    name = net.withdraw("alice", 5_000, "BTM", "alpha")
    for ask in (net.claim, net.inspect_claim):
        with pytest.raises(UnknownName, match="no deposit"):
            ask(name)


def test_a_frozen_peg_takes_no_withdrawal_and_pays_none(world: Network):
    net = branch(world)
    name = net.withdraw("alice", 5_000, "BTM", "alpha")
    until_stage(net, name, "sign")
    anchor = net.show("alpha")["anchor"]
    lost = net.main_height() - anchor + 2
    deliver(net, *mine_branch(net, main_block(net, anchor - 1), lost))
    run_until(net, lambda: net.frozen("alpha"))
    turn = meddle(net)
    turn.acknowledged = 99
    settle(net, turn)
    run(net, 3000)

    assert stage(net, name) == "sign"
    assert "frozen" in net.transfer(name).note
    with pytest.raises(PegFrozen):
        net.withdraw("alice", 5_000, "BTM", "alpha")


# Members.


def asked(net: Network, name: str, payout: Payout) -> Signed | NotSigned:
    """What a member answers, its pins kept."""
    turn = meddle(net)
    please = SignPlease("alpha", payout, COORDINATOR)
    membership.asked_to_sign(turn, name, please)
    answers = [
        due.what
        for due in turn.schedule.waiting
        if isinstance(due.what, Signed | NotSigned) and due.what.payout is payout
    ]
    settle(net, turn)
    return answers[-1]


def coordinator_of(net: Network, wid: bytes) -> str:
    """The collector that a withdrawal is assigned to, as the schedule names it."""
    return actor_of(order_of(net.world.collectors, wid)[0].name)


def planned(net: Network, name: str) -> Payout:
    """The payout of a withdrawal, once the coordinator has one."""
    wid = net.transfer(name).lock_id
    run_until(net, lambda: desks.under_way(meddle(net), wid) is not None)
    found = desks.under_way(meddle(net), wid)
    assert found is not None
    return found.payout


def test_too_few_members_leave_it_owed_and_their_return_drains_the_queue(
    world: Network,
):
    net = branch(world)
    net.switch_member("fed-2", off=True)
    net.switch_member("fed-4", off=True)
    names = [net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha") for _ in range(2)]
    run(net, 6000)

    assert {stage(net, name) for name in names} == {"sign"}
    assert "waiting for fed-2, fed-4" in net.transfer(names[0]).note or (
        "waiting for fed-2, fed-4" in net.transfer(names[1]).note
    )
    assert books(net).leaving == 4 * BTM_UNITS
    assert not payouts(net)
    net.switch_member("fed-2", off=False)
    until_settled(net, *names)
    assert always_balanced(net)
    with pytest.raises(UnknownName):
        net.switch_member("fed-9", off=True)


def test_a_member_names_the_check_that_a_greedy_coordinator_breaks(world: Network):
    net = branch(world)
    for name in ("fed-1", "fed-2", "fed-3", "fed-4"):
        net.switch_member(name, off=True)
    name = net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", "bob")
    payout = planned(net, name)
    net.switch_member("fed-1", off=False)
    carol = play_account("carol").program
    outputs = payout.tx.outputs

    def with_outputs(*changed: Output) -> Payout:
        return replace(payout, tx=replace(payout.tx, outputs=changed, received=None))

    stolen = with_outputs(replace(outputs[0], program=carol), *outputs[1:])
    short = with_outputs(
        outputs[0], replace(outputs[1], amount=outputs[1].amount - 1), outputs[2]
    )
    free = with_outputs(
        *outputs[:2], replace(outputs[2], amount=outputs[2].amount + BTM_UNITS)
    )
    for bad, check in ((stolen, "P4"), (short, "P5"), (free, "P6")):
        answer = asked(net, "fed-1", bad)
        assert isinstance(answer, NotSigned)
        assert answer.check == check
        assert not len(membership.member_of(meddle(net), "fed-1").pins)
    early = asked(net, "fed-1", payout)
    assert isinstance(early, NotSigned)
    assert (early.check, early.pin_id) == ("P8", b""), "the intent is not final"
    run_until(net, lambda: bool(named(net, name)))
    turn = meddle(net)
    membership.switch(turn, "fed-1", off=False)
    settle(net, turn)
    assert isinstance(asked(net, "fed-1", payout), Signed)


def test_what_is_not_final_to_a_member_is_not_signed():
    net = world_of("certificate")
    name = net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", "bob")
    until_stage(net, name, "confirm")
    twin = branch(net)
    payout = planned(twin, name)
    member = membership.member_of(meddle(net), "fed-3")
    assert member.heads.get("alpha") is None or stage(net, name) == "confirm"
    turn = meddle(net)
    head = net.world.sidechain("alpha").head
    membership.head_came(turn, "fed-3", "alpha", head)
    settle(net, turn)
    answer = asked(net, "fed-3", payout)
    assert isinstance(answer, NotSigned)
    assert answer.check == "P1"


def test_a_second_payout_from_other_inputs_is_refused_by_the_pin(world: Network):
    net = branch(world)
    deposit(net, 40 * BTM_UNITS, "BTM", "alpha", who="bob")
    name = net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", "bob")
    payout = planned(net, name)
    until_stage(net, name, "pay")
    turn = meddle(net)
    wid = net.transfer(name).lock_id
    head = turn.side("alpha").tree[net.world.sidechain("alpha").head]
    till = tills.till_of(turn, coordinator_of(net, wid), "alpha", wid)
    others = [one for one in till.held if one.coin.id != payout.pin_id]
    second = plan_payout(head.state.pegout.open[wid], replace(till, held=tuple(others)))
    answer = asked(net, "fed-1", second)
    assert isinstance(answer, NotSigned)
    assert (answer.check, answer.pin_id) == ("P8", payout.pin_id)
    until_settled(net, name)
    assert len(payouts(net)) == 1


def test_proposers_keep_to_the_pin_that_the_chain_names_while_it_stands(world: Network):
    net = branch(world)
    deposit(net, 40 * BTM_UNITS, "BTM", "alpha", who="bob")
    for number in range(1, 5):
        net.switch_member(f"fed-{number}", off=True)
    name = net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", "bob")
    run_until(net, lambda: bool(named(net, name)))
    first, wid = named(net, name), net.transfer(name).lock_id
    turn = meddle(net)
    me = coordinator_of(net, wid)
    held = tills.till_of(turn, me, "alpha", wid).held
    other = next(one.coin.id for one in held if one.coin.id != first)
    intent = PayoutIntent(wid, bytes(32), other)
    payrecords.post(turn, me, desks.program_of(turn, me), "alpha", intent.program)
    settle(net, turn)
    run_blocks(net, "alpha", 3)
    assert named(net, name) == first
    for number in range(1, 5):
        net.switch_member(f"fed-{number}", off=False)
    until_settled(net, name)
    (paid,) = payouts(net)
    assert paid.spent_output_ids[0] == first


# Reorganisations, and a coordinator that forgets.


def test_a_payout_that_is_reorganised_away_is_sent_and_mined_again(world: Network):
    net = branch(world)
    name = net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", "bob")
    until_stage(net, name, "pay")
    run_until(net, lambda: net.transfer(name).needed > 0)
    first = payouts(net)
    fork = main_block(net, net.main_height() - 1)
    deliver(net, *mine_branch(net, fork, 2))
    run(net, 1)
    assert not payouts(net)
    assert net.transfer(name).note == "in main mempool"
    assert books(net).leaving == 2 * BTM_UNITS
    until_settled(net, name)
    assert payouts(net) == first
    assert always_balanced(net)


def test_a_payout_whose_gas_coin_is_gone_is_made_again_with_its_pin(world: Network):
    net = branch(world)
    name = net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", "bob")
    until_stage(net, name, "pay")
    run_until(net, lambda: net.transfer(name).needed > 0)
    (first,) = payouts(net)
    fuel = first.inputs[-1]
    relayer = desks.relayer_of(meddle(net), COORDINATOR)
    other = Transaction(
        1, 0, (replace(fuel, arguments=()),),
        (Output(BTM, fuel.amount - 10**7, relayer.program),),
    )  # fmt: skip
    signed = replace(
        other,
        inputs=(replace(fuel, arguments=relayer.arguments(other.sig_hash(0))),),
        received=None,
    )
    fork = main_block(net, net.main_height() - 1)
    deliver(net, *mine_branch(net, fork, 2, [signed]))
    until_settled(net, name)
    (second,) = payouts(net)
    assert second.id != first.id
    assert second.spent_output_ids[0] == first.spent_output_ids[0]
    plans = said(net, PayoutPlanned, transfer=name)
    assert len({event.payout for event in plans}) >= 2
    assert len({event.pin for event in plans}) == 1
    assert always_balanced(net)


@pytest.mark.parametrize("when", ["sign", "pay", "mined", "buried"])
def test_a_coordinator_that_forgets_everything_pays_once(world: Network, when: str):
    net = branch(world)
    deposit(net, 40 * BTM_UNITS, "BTM", "alpha", who="bob")
    name = net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", "bob")
    until_stage(net, name, "sign" if when == "sign" else "pay")
    if when == "sign":
        run_until(net, lambda: len(said(net, MemberSigned, transfer=name)) == 2)
    if when in ("mined", "buried"):
        run_until(net, lambda: net.transfer(name).needed > 0)
    if when == "buried":
        run_until(net, lambda: net.transfer(name).done == net.world.depth)
    turn = meddle(net)
    forget(turn)
    settle(net, turn)
    until_settled(net, name)
    assert len(payouts(net)) == 1
    assert always_balanced(net)


def test_a_forgetful_coordinator_learns_the_pin_from_those_who_signed(world: Network):
    net = branch(world)
    deposit(net, 49 * BTM_UNITS, "BTM", "alpha", who="bob")
    name = net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", "bob")
    first = planned(net, name)
    run_until(net, lambda: len(said(net, MemberSigned, transfer=name)) == 2)
    # A bigger output settles, so that a new plan would begin with another pin.
    turn = meddle(net)
    forget(turn)
    settle(net, turn)
    deposit(net, 60 * BTM_UNITS, "BTM", "alpha", who="carol")
    until_settled(net, name)
    (paid,) = payouts(net)
    assert paid.spent_output_ids[0] == first.pin_id


def test_a_burn_that_is_rolled_back_is_signed_by_nobody_until_it_is_final_again():
    net = world_of("depth")
    net.partition("alpha", (("v1",), ("v2", "v3", "v4")))
    name = net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", "bob")
    run_until(net, lambda: stage(net, name) == "confirm")
    burnt = height(net, "alpha")
    with hurry(net):
        run_until(net, lambda: bool(said(net, BlockUndone, chain="alpha")))
        assert stage(net, name) == "burn", "it waits with v1 again"
        assert not said(net, PayoutPlanned)
        net.heal("alpha")
        until_settled(net, name)
    undone = [event.height for event in said(net, BlockUndone, chain="alpha")]
    assert undone
    assert min(undone) <= burnt
    assert len(payouts(net)) == 1
    assert always_balanced(net)


# Swaps.


def test_payouts_rest_while_a_swap_closes_and_go_on_under_the_new_rule():
    net = world_of("certificate")
    closing = net.request_swap("alpha", "dpos")
    with hurry(net):
        run_until(net, lambda: height(net, "alpha") >= closing - 1)
        name = net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", "bob")
        refused = 0
        while net.show("alpha")["epoch"] == 0:
            twin = branch(net)
            try:
                twin.withdraw("alice", 5_000, "BTM", "alpha")
            except PegResting:
                refused += 1
            run(net, 100)
        until_settled(net, name)
    assert refused
    assert net.rule("alpha") == "dpos"
    assert len(payouts(net)) == 1
    assert always_balanced(net)
    for event in said(net, MemberSigned, transfer=name):
        assert event.signatures <= 4


# Members who collude, and a disk.


def test_a_theft_by_a_quorum_is_an_alarm_in_its_block(world: Network):
    net = branch(world)
    turn = meddle(net)
    till = tills.till_of(turn, COORDINATOR, "alpha", b"")
    lock = next(one for one in till.held if one.coin.asset == BTM)
    relayer = desks.relayer_of(turn, COORDINATOR)
    spend = plan_payout(_debt(lock.coin.amount, play_account("carol").program), till)
    spec = turn.side("alpha").tree.spec
    signed = {
        member.xpub: sign_inputs(member.xprv, spec.chain_id, spend.tx, spend.scripts)
        for member in turn.members[:3]
    }
    theft = assemble(till.federation, spec.chain_id, spend, signed, relayer)
    net.submit(theft.raw)
    with pytest.raises(AssertionError):
        run_until(net, lambda: False, 3000)
    broken = {breach.invariant for breach in net.world.breaches}
    assert broken == {"I1", "I4"}
    assert books(net).leaving == 0


def _debt(amount: int, recipient: bytes):
    from devnet.engine.federation.withdrawals import Owed

    return Owed(b"\x01" * 32, BTM, amount, recipient, 1, b"")


@pytest.mark.parametrize("at", ["burn", "sign", "pay", "mined"])
def test_a_world_that_comes_back_from_disk_pays_once(at: str):
    disk = Disk()
    spec = SidechainSpec("alpha", "poa", "sqlite")
    net = kept_network(disk, (spec,))
    deposit(net, 50 * BTM_UNITS, "BTM", "alpha")
    name = net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", "bob")
    if at in ("sign", "pay"):
        until_stage(net, name, at)
    if at == "sign":
        run_until(net, lambda: len(said(net, MemberSigned, transfer=name)) == 2)
    if at == "mined":
        run_until(net, lambda: net.transfer(name).needed > 0 and stage(net, name) == (
            "pay"
        ))  # fmt: skip
    pins = _pins(net.world)
    net.close()

    again = kept_network(disk)
    assert _pins(again.world) == pins
    assert bool(pins) == (at != "burn")
    until_settled(again, name)
    assert len(payouts(again)) == 1
    assert always_balanced(again)
    assert again.transfer(name).to == "bob"


def test_a_death_after_any_write_ends_in_one_payout():
    disk = Disk()
    spec = SidechainSpec("alpha", "solo", "sqlite")
    net = kept_network(disk, (spec,))
    deposit(net, 50 * BTM_UNITS, "BTM", "alpha")
    name = net.withdraw("alice", 2 * BTM_UNITS, "BTM", "alpha", "bob")
    begun = len(disk.commits)
    told: list[tuple[int, int]] = []
    while not settled(net, name):
        run_until(net, lambda: len(disk.commits) > (told[-1][0] if told else begun))
        told.append((len(disk.commits), len(said(net, MemberSigned))))
    ended = len(disk.commits)
    for n_commits in range(begun, ended, max(1, (ended - begun) // 12)):
        n_signed = max([n for at, n in told if at <= n_commits], default=0)
        again = kept_network(disk.after(n_commits))
        assert len(_pins(again.world)) >= n_signed
        until_settled(again, name)
        assert len(payouts(again)) == 1
        assert always_balanced(again)


def _pins(world: World) -> dict[tuple[str, bytes], bytes]:
    return {
        (member.name, key): member.pins[key]
        for member in world.members
        for key in member.pins
    }


def test_worlds_without_withdrawals_hear_nothing_of_members(world: Network):
    assert not world.world.owes
    assert not said(world, MemberRefused)
    assert not any(due.actor.startswith("fed:") for due in world.world.schedule.waiting)
