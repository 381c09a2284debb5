"""A deposit on its way from lock to claimed, and what it is worth when it is there."""

from __future__ import annotations

from itertools import groupby
from statistics import fmean

import pytest

from devnet.engine.errors import ClaimError, InsufficientFunds
from devnet.engine.events import (
    Audited,
    ClaimCrafted,
    ClaimJudged,
    TransferMoved,
    TransferStarted,
    TxQueued,
    TxsMined,
)
from devnet.engine.keys.accounts import key_program
from devnet.engine.network import Network
from devnet.engine.sidechain.claims import CHECKS
from tests.engine.support import (
    BTM_UNITS,
    ONE_SOLO,
    THREE,
    all_books_hold,
    branch,
    change_node,
    claimed,
    deposit,
    height,
    network,
    run,
    run_until,
    said,
    validator,
)

CHAINS = ("alpha", "beta", "gamma")
FEE_PPM = 1000
LEAST_FEE_BTM = BTM_UNITS // 100


def stages(net: Network, transfer: str) -> list[tuple[str, int, int]]:
    """(stage, done, needed) of each event of a transfer; repeats are one."""
    moves = [
        (event.stage, event.done, event.needed)
        for event in said(net, TransferMoved, transfer=transfer)
    ]
    return [move for move, _ in groupby(moves)]


def collected(net: Network, chain: str, asset: bytes) -> int:
    """What collectors' keys hold on a sidechain."""
    side = net.world.sidechain(chain)
    coins = side.tree[side.head].state.coins
    return sum(
        coins.total_of(key_program(collector.key), asset)
        for collector in net.world.collectors
    )


@pytest.fixture(scope="module")
def worlds() -> dict[int, Network]:
    """A world for each depth, to branch from."""
    return {depth: network(THREE, depth=depth) for depth in (1, 2, 6)}


@pytest.mark.parametrize("asset", ["BTM", "GOLD"])
@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("depth", [1, 2, 6])
def test_a_deposit_passes_each_stage_in_order(
    worlds: dict[int, Network], depth: int, chain: str, asset: str
):
    net = branch(worlds[depth])
    name = deposit(net, 12_345, asset, chain)

    confirm = [("confirm", done, depth) for done in range(depth + 1)]
    seen = stages(net, name)
    assert seen[: depth + 4] == [
        ("lock", 0, 0), *confirm, ("proof", 0, 1), ("proof", 1, 1)
    ]  # fmt: skip
    assert {stage for stage, _, _ in seen[depth + 4 : -1]} == {"claim"}
    assert seen[-1][0] == "claimed"
    assert net.balance("alice", chain, asset) == 12_345
    assert all_books_hold(net)


@pytest.mark.parametrize("chain", CHAINS)
def test_each_thing_that_happens_to_a_claim_is_said_once(
    worlds: dict[int, Network], chain: str
):
    net = branch(worlds[2])
    name = deposit(net, 12_345, "BTM", chain)
    run(net, 500)

    (started,) = said(net, TransferStarted)
    (crafted,) = said(net, ClaimCrafted)
    judged = said(net, ClaimJudged)
    (queued,) = said(net, TxQueued, what="claim")
    holds = [event for event in said(net, TxsMined) if crafted.tx in event.ids]
    assert (started.transfer, started.chain, started.address[:3]) == (
        name,
        chain,
        "sm1",
    )
    assert {event.n_passed for event in judged} == {len(CHECKS)} == {18}
    # Who hears of it when a block has it already judged it with that block.
    judges = [event.validator for event in judged]
    assert len(set(judges)) == len(judges) >= 3
    assert queued.id == crafted.tx == net.transfer(name).claim_tx.hex()
    assert [event.chain for event in holds] == [chain]
    assert crafted.proof_bytes > 100


@pytest.mark.parametrize("asset", ["BTM", "GOLD"])
@pytest.mark.parametrize("chain", CHAINS)
def test_the_collector_takes_its_fee_and_not_one_unit_more(chain: str, asset: str):
    net = network(THREE, relay_fee_ppm=FEE_PPM)
    amount = 123_456
    deposit(net, amount, asset, chain)

    fee = amount * FEE_PPM // 1_000_000
    assert fee == 123
    assert net.balance("alice", chain, asset) == amount - fee
    assert collected(net, chain, net.asset(asset).id) == fee
    assert all_books_hold(net)


def test_of_an_amount_too_small_for_a_fee_the_recipient_gets_all():
    net = network(ONE_SOLO, relay_fee_ppm=FEE_PPM)
    deposit(net, 999, "BTM", "gamma")

    assert net.balance("alice", "gamma", "BTM") == 999


def test_what_leaves_the_mainchain_account_is_the_amount_and_the_gas():
    net = network(ONE_SOLO)
    before = net.balance("alice", "main", "BTM"), net.balance("alice", "main", "GOLD")
    deposit(net, 250 * BTM_UNITS, "BTM", "gamma")
    deposit(net, 77, "GOLD", "gamma")
    gas = before[0] - 250 * BTM_UNITS - net.balance("alice", "main", "BTM")

    assert before[1] - net.balance("alice", "main", "GOLD") == 77
    assert 0 < gas < 2 * LEAST_FEE_BTM


def test_a_deposit_for_somebody_else_arrives_there():
    net = network(ONE_SOLO)
    name = net.lock("alice", 5 * BTM_UNITS, "BTM", "gamma", "bob")
    run_until(net, lambda: claimed(net, name))

    assert net.transfer(name).to == "bob"
    assert net.balance("bob", "gamma", "BTM") == 5 * BTM_UNITS
    assert net.balance("alice", "gamma", "BTM") == 0


@pytest.mark.parametrize("chain", CHAINS)
def test_what_arrived_can_be_paid_on_to_bob_for_a_small_fee(
    worlds: dict[int, Network], chain: str
):
    net = branch(worlds[1])
    deposit(net, 10 * BTM_UNITS, "BTM", chain)
    deposit(net, 40, "GOLD", chain)
    net.transfer_value("alice", "bob", 3 * BTM_UNITS, "BTM", chain)
    net.transfer_value("alice", "bob", 15, "GOLD", chain)
    run_until(net, lambda: net.balance("bob", chain, "GOLD") == 15)

    fees = 7 * BTM_UNITS - net.balance("alice", chain, "BTM")
    assert net.balance("bob", chain, "BTM") == 3 * BTM_UNITS
    assert net.balance("alice", chain, "GOLD") == 25
    assert 0 < fees < 2 * LEAST_FEE_BTM
    assert all_books_hold(net)


def test_gold_alone_cannot_move_on_a_sidechain_because_gas_is_btm():
    net = network(ONE_SOLO)
    deposit(net, 40, "GOLD", "gamma")

    with pytest.raises(InsufficientFunds, match="for the fee"):
        net.transfer_value("alice", "bob", 15, "GOLD", "gamma")


def test_many_deposits_at_once_all_arrive_and_the_books_hold_after_every_block():
    net = network(THREE, depth=1)
    names = []
    for index in range(24):
        who = ("alice", "bob", "carol")[index % 3]
        asset = "GOLD" if index % 4 == 3 else "BTM"
        names.append(net.lock(who, 1000 + index, asset, CHAINS[index // 3 % 3]))
    run_until(net, lambda: claimed(net, *names))

    arrived = {
        asset: sum(
            net.balance(who, chain, asset) for who in net.accounts() for chain in CHAINS
        )
        for asset in ("BTM", "GOLD")
    }
    assert arrived["BTM"] == sum(1000 + i for i in range(24) if i % 4 != 3)
    assert arrived["GOLD"] == sum(1000 + i for i in range(24) if i % 4 == 3)
    audits = said(net, Audited)
    assert all(event.ok for event in audits)
    for event in audits:
        assert event.locked == tuple(
            there + coming
            for there, coming in zip(event.circulating, event.arriving, strict=True)
        )
    assert all_books_hold(net)


def test_at_depth_1_a_deposit_takes_about_two_seconds_and_rarely_more_than_three():
    """Chance is in the proof of work, so now and then a block takes longer."""
    took_ms = []
    for seed in range(6):
        for chain in CHAINS:
            net = network(THREE, depth=1, seed=seed)
            run(net, 500 + 130 * seed)
            since_ms = net.now_ms
            deposit(net, BTM_UNITS, "BTM", chain)
            took_ms.append(net.now_ms - since_ms)

    assert fmean(took_ms) < 2300
    assert sum(ms > 3000 for ms in took_ms) <= 1


# Claims by hand, claims that come early.


def test_a_claim_by_hand_is_refused_before_its_lock_is_settled_and_after_it_is_taken():
    net = network(ONE_SOLO)
    name = net.lock("alice", BTM_UNITS, "BTM", "gamma")
    digest = net.digest()
    with pytest.raises(Exception, match="has 0 blocks on top, needs 2") as early:
        net.claim(name)
    assert early.value.code == "request.not-settled"
    run_until(net, lambda: claimed(net, name))
    with pytest.raises(ClaimError) as late:
        net.claim(name)

    assert late.value.code == "claim.replayed"
    assert digest != net.digest()
    assert net.balance("alice", "gamma", "BTM") == BTM_UNITS


def test_a_claim_by_hand_is_refused_while_it_is_the_collectors_turn():
    net = network(ONE_SOLO)
    name = net.lock("alice", BTM_UNITS, "BTM", "gamma")
    run_until(net, lambda: net.transfer(name).stage == "proof")
    with pytest.raises(ClaimError, match="it is the turn of fed-") as early:
        net.claim(name)
    assert early.value.code == "claim.collector-missing"
    run_until(net, lambda: claimed(net, name))
    assert {event.failed for event in said(net, ClaimJudged)} == {""}
    assert net.balance("alice", "gamma", "BTM") == BTM_UNITS


def test_a_claim_whose_lock_is_not_settled_in_the_own_view_is_held_until_it_is():
    net = network(ONE_SOLO)
    name = net.lock("alice", BTM_UNITS, "BTM", "gamma")
    run_until(net, lambda: height(net, "main") >= 113)
    behind = validator(net, "gamma", "v2").main
    run_until(net, lambda: net.transfer(name).stage == "claim")
    change_node(net, "gamma", "v2", main=behind)
    run(net, 60)

    held = validator(net, "gamma", "v2").held_claims
    assert [tx.id for tx in held] == [net.transfer(name).claim_tx]
    assert said(net, ClaimJudged, validator="v2") == []
    assert {event.validator for event in said(net, ClaimJudged)} == {"v1", "v3", "v4"}
    run_until(net, lambda: validator(net, "gamma", "v2").held_claims == ())
    # By then the others' block had it, or it was judged now.
    assert [event.failed for event in said(net, ClaimJudged, validator="v2")] in (
        [],
        [""],
    )


def test_a_validator_does_not_take_a_block_whose_anchor_it_does_not_see_settled():
    net = network(ONE_SOLO)
    name = net.lock("alice", BTM_UNITS, "BTM", "gamma")
    run_until(net, lambda: height(net, "main") >= 113)
    behind = validator(net, "gamma", "v2").main
    run_until(net, lambda: net.transfer(name).stage == "claim")
    change_node(net, "gamma", "v2", main=behind)
    run_until(net, lambda: claimed(net, name))
    run(net, 60)

    held = validator(net, "gamma", "v2")
    assert len(held.held_blocks) == 1, "held, not refused"
    assert held.head != validator(net, "gamma", "v1").head
    run_until(net, lambda: validator(net, "gamma", "v2").held_blocks == ())
    assert validator(net, "gamma", "v2").head == validator(net, "gamma", "v1").head


def test_anchors_never_go_back_and_stand_on_the_mainchain():
    net = network(THREE)
    for chain in CHAINS:
        deposit(net, BTM_UNITS, "BTM", chain)
    for side in net.world.sidechains:
        entry = side.tree[side.head]
        assert entry.anchor.height >= 113
        while entry.height:
            parent = side.tree[entry.header.previous]
            assert entry.anchor.height >= parent.anchor.height
            assert net.world.tree.is_ancestor(entry.anchor.hash, net.world.main_tip)
            entry = parent
