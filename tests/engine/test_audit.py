"""The auditor finds what is wrong, whoever let it happen, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from devnet.engine.actors import collecting, pooling
from devnet.engine.actors.auditing import books_of
from devnet.engine.audit import (
    audit,
    check_finality,
    check_quiet_pool,
    check_quiet_swap,
)
from devnet.engine.bc.transaction import BTM, Claim, Transaction
from devnet.engine.chain.coins import Coin
from devnet.engine.chain.mempool import Mempool
from devnet.engine.events import Audited, ClaimJudged, InvariantBroken, RuleSwapped
from devnet.engine.interfaces import Checkpoint
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain import ledger
from devnet.engine.sidechain.state import Claimed, SideEntry, SideState
from devnet.engine.sidechain.tampers import TAMPERS
from tests.engine.support import (
    BTM_UNITS,
    ONE_SOLO,
    THREE,
    advance,
    branch,
    change_node,
    claimed,
    deliver,
    deposit,
    hurry,
    main_block,
    meddle,
    mine_branch,
    network,
    run,
    run_until,
    said,
    settle,
    tips,
)

AMOUNT = 50 * BTM_UNITS


@pytest.fixture(scope="module")
def honest() -> Network:
    """Alice holds coins on gamma, and the second deposit's claim waits to be made."""
    net = network(ONE_SOLO, depth=1, relay_fee_ppm=1000)
    deposit(net, AMOUNT, "BTM", "gamma")
    deposit(net, 30, "GOLD", "gamma")
    run(net, 1000)
    return net


def head(net: Network) -> SideEntry:
    side = net.world.sidechains[0]
    return side.tree[side.head]


def forge_state(net: Network, change: Callable[[SideState], SideState]) -> None:
    """Another state at the sidechain's head, as if the rules had led to it."""
    turn = meddle(net)
    (side,) = turn.sides()
    entry = side.tree[side.head]
    forged = replace(entry, state=change(entry.state))
    turn.set_side_tree(side.name, side.tree.with_entry(forged))
    settle(net, turn)


def broken(net: Network) -> set[str]:
    """Let the next blocks come, and see which invariants break."""
    if not net.is_paused_by_breach():
        with hurry(net):
            run(net, 3000)
    return {event.invariant for event in said(net, InvariantBroken)}


def a_coin(amount: int = 7, asset: bytes = BTM) -> Coin:
    program = bytes.fromhex("0014" + "ab" * 20)
    return Coin(b"\xc0" * 32, b"\xc1" * 32, 0, asset, amount, program, 1)


def a_claim(amount: int = 7) -> Claimed:
    script = bytes.fromhex("0014" + "ab" * 20)
    return Claimed(b"\xc2" * 32, BTM, amount, script, 1, b"\xc3" * 32)


# Sums.


def test_coins_from_nothing_break_solvency_and_supply(honest: Network):
    net = branch(honest)
    forge_state(net, lambda state: replace(state, coins=state.coins.add(a_coin())))

    assert broken(net) == {"I1", "I2"}
    details = [event.detail for event in said(net, InvariantBroken)]
    assert "off by -7" in details[0]


def test_coins_that_vanish_break_solvency_and_supply(honest: Network):
    net = branch(honest)

    def lose_one(state: SideState) -> SideState:
        first = sorted(state.coins.by_id)[0]
        return replace(state, coins=state.coins.remove(state.coins.by_id[first]))

    forge_state(net, lose_one)

    assert broken(net) == {"I1", "I2"}


def test_a_claim_without_a_lock_breaks_solvency_though_the_sidechain_is_consistent(
    honest: Network,
):
    net = branch(honest)
    forge_state(
        net,
        lambda state: replace(
            state,
            coins=state.coins.add(a_coin()),
            claimed=state.claimed.insert(a_claim().lock_id, a_claim()),
            claimed_sum=state.claimed_sum.insert(BTM, state.claimed_sum[BTM] + 7),
        ),
    )

    assert broken(net) == {"I1"}
    found = {finding.invariant for finding in net.audit("gamma").findings}
    assert found == {"I1", "I3"}, "from scratch every claim is looked at again"


def test_a_lock_that_the_members_steal_breaks_solvency(honest: Network):
    net = branch(honest)
    turn = meddle(net)
    tip = turn.tree[turn.main_tip]
    program = net.transfer("d1").lock_program
    (lock,) = tip.state.coins.of_program(program)[:1]
    robbed = replace(tip.state, coins=tip.state.coins.remove(lock))
    entries = turn.tree.entries.insert(tip.hash, replace(tip, state=robbed))
    turn.tree = replace(turn.tree, entries=entries)
    settle(net, turn)

    assert broken(net) == {"I1"}
    assert f"off by -{lock.amount}" in said(net, InvariantBroken)[0].detail


def test_sums_that_are_kept_wrongly_are_found_by_counting_from_scratch(
    honest: Network,
):
    net = branch(honest)
    forge_state(
        net,
        lambda state: replace(
            state,
            coins=replace(
                state.coins.add(a_coin()),
                totals=state.coins.totals,
            ),
        ),
    )

    books = books_of(meddle(net), "gamma")
    assert audit(books).ok, "the kept sums know nothing of it"
    assert {f.invariant for f in audit(books, from_scratch=True).findings} == {
        "I1",
        "I2",
    }


# Claims that validators should have refused.


def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """All validators stop checking claims."""
    for room in (pooling, ledger):
        monkeypatch.setattr(room, "check_claim", lambda tx, context: object())


def forged_claim(net: Network, tamper: str) -> Transaction:
    """The claim of a settled deposit, tampered with."""
    turn = meddle(net)
    transfer = net.transfer("d3")
    tx, _ = collecting.make_claim(turn, collecting.settled_lock(turn, transfer))
    return TAMPERS[tamper](tx)


@pytest.fixture(scope="module")
def settled(honest: Network) -> Network:
    """The third lock is settled; the collector is about to claim it."""
    net = branch(honest)
    name = net.lock("alice", 5 * BTM_UNITS, "BTM", "gamma")
    run_until(net, lambda: net.transfer(name).stage == "proof" and is_settled(net))
    return net


def is_settled(net: Network) -> bool:
    """To the first node, too: a collector may be ahead of it."""
    try:
        collecting.settled_lock(meddle(net), net.transfer("d3"))
    except collecting.NotSettledYet:
        return False
    return True


def hand_in(net: Network, tx: Transaction) -> None:
    turn = meddle(net)
    collecting.hand_in(turn, "gamma", tx)
    settle(net, turn)


@pytest.mark.parametrize(
    ("tamper", "invariants"),
    [
        ("amount", {"I1", "I3", "I8"}),  # The fee is still that of the real amount.
        ("asset", {"I1", "I3"}),
        ("script", {"I3"}),  # Another's coins, but as many.
        ("position", {"I1", "I3"}),
        ("invented-lock", {"I1", "I3"}),
    ],
)
def test_a_forged_claim_that_blind_validators_take_is_found_at_once(
    tamper: str, invariants: set[str], settled: Network, monkeypatch
):
    net = branch(settled)
    tx = forged_claim(net, tamper)
    blind(monkeypatch)
    hand_in(net, tx)
    height = net.show("gamma")["height"]
    with hurry(net):
        answer = run(net, 3000)

    assert answer == "breach"
    assert {e.invariant for e in said(net, InvariantBroken)} == invariants
    block = head(net)
    assert block.height == height + 1
    assert any(isinstance(i, Claim) for t in block.block.transactions for i in t.inputs)


def test_a_lock_claimed_twice_by_blind_validators_is_found(
    honest: Network, monkeypatch
):
    net = branch(honest)
    turn = meddle(net)
    again, _ = collecting.make_claim(
        turn, collecting.settled_lock(turn, net.transfer("d1"))
    )
    blind(monkeypatch)
    hand_in(net, TAMPERS["recipient"](again))
    with hurry(net):
        assert run(net, 3000) == "breach"

    # The lock is there once, the coins twice; the fee's output was written over.
    found = {e.invariant for e in said(net, InvariantBroken)}
    assert found == {"I1", "I2", "I3"}


@pytest.mark.parametrize("tamper", sorted(TAMPERS))
def test_no_forged_claim_passes_a_validator_and_the_honest_one_still_does(
    tamper: str, settled: Network
):
    net = branch(settled)
    forged = forged_claim(net, tamper)
    hand_in(net, forged)
    run(net, 45)
    refusals = [event for event in said(net, ClaimJudged) if event.failed]

    assert {event.validator for event in refusals} == {"v1", "v2", "v3", "v4"}
    assert {event.failed for event in refusals} == {TAMPERS[tamper].check}
    assert all(event.reason for event in refusals)
    run_until(net, lambda: claimed(net, "d3"))
    fee = 5 * BTM_UNITS // 1000
    side = net.balance("alice", "gamma", "BTM")
    assert side == AMOUNT - AMOUNT // 1000 + 5 * BTM_UNITS - fee
    assert said(net, InvariantBroken) == []


# Order.


def test_a_claim_above_its_blocks_anchor_is_found(honest: Network):
    net = branch(honest)
    books = books_of(meddle(net), "gamma")
    claim = max(head(net).state.claimed.values(), key=lambda one: one.height)
    holder = books.side[books.side.hash_at(books.side_tip, claim.height)]
    header = replace(
        holder.block.header,
        anchor=Checkpoint(112, books.main.hash_at(books.main_tip, 112)),
    )
    forged = replace(holder, block=replace(holder.block, header=header))
    side = books.side
    side = replace(side, entries=side.entries.insert(holder.hash, forged))

    (found,) = audit(replace(books, side=side), from_scratch=True).findings

    assert found.invariant == "I5"
    assert "above the block's anchor 112" in found.detail


def test_claims_of_all_blocks_since_the_last_audit_are_looked_at(honest: Network):
    """The head may move by several blocks at once."""
    net = branch(honest)
    books = books_of(meddle(net), "gamma")
    (first, *_) = sorted(
        head(net).state.claimed.values(), key=lambda claim: claim.height
    )
    holder = books.side[books.side.hash_at(books.side_tip, first.height)]
    lie = replace(first, amount=first.amount + 1)
    entries = books.side.entries.insert(holder.hash, replace(holder, claims=(lie,)))
    books = replace(books, side=replace(books.side, entries=entries))

    long_ago = replace(books, audited=books.side.spec.chain_id)
    assert {f.invariant for f in audit(long_ago).findings} == {"I3"}
    assert audit(replace(books, audited=books.side_tip)).ok


@pytest.fixture(scope="module")
def forked() -> Network:
    """A sidechain of which not all blocks are on the best branch."""
    net = network(
        (SidechainSpec("beta", "poa"),), low_latency_ms=200, high_latency_ms=1200,
        n_miners=1,
    )  # fmt: skip
    with hurry(net):
        run(net, 15_000)
    return net


def lost_block(net: Network) -> SideEntry:
    """A block that is not on the best branch, below its final block."""
    (side,) = net.world.sidechains
    lost = [
        side.tree[block_hash]
        for block_hash in sorted(side.tree.entries.keys())
        if not side.tree.is_ancestor(block_hash, side.head)
        and side.tree[block_hash].height < side.final.height
    ]
    return lost[0]


def test_a_final_block_that_is_not_final_to_others_is_found(forked: Network):
    net = branch(forked)
    (side,) = net.world.sidechains
    lost = lost_block(net)
    (found,) = check_finality(side.tree, "beta", lost.hash, side.final.hash)
    assert found.invariant == "I6"
    change_node(net, "beta", "v2", final=Checkpoint(lost.height, lost.hash))

    assert broken(net) == {"I6"}
    assert lost.hash.hex()[:16] in said(net, InvariantBroken)[0].detail


def test_a_final_block_below_the_final_block_is_in_order(forked: Network):
    (side,) = forked.world.sidechains
    old = side.tree.hash_at(side.final.hash, side.final.height - 2)

    assert check_finality(side.tree, "beta", old, side.final.hash) == ()
    assert check_finality(side.tree, "beta", old, old) == ()


# Swaps.


@pytest.fixture(scope="module")
def swapped() -> Network:
    net = network((SidechainSpec("alpha", "poa"),), depth=1)
    deposit(net, AMOUNT, "BTM", "alpha")
    net.request_swap("alpha", "solo")
    run_until(net, lambda: net.rule("alpha") == "solo")
    return net


def opening_of(net: Network) -> SideEntry:
    side = net.world.sidechains[0]
    height = said(net, RuleSwapped)[0].height
    return side.tree[side.tree.hash_at(side.head, height)]


def test_an_honest_swap_is_quiet(swapped: Network):
    side = swapped.world.sidechains[0]

    assert check_quiet_swap(side.tree, "alpha", opening_of(swapped)) == ()
    assert check_quiet_pool("alpha", ()) == ()


def test_a_swap_that_changes_the_books_is_not(swapped: Network):
    side = swapped.world.sidechains[0]
    opening = opening_of(swapped)
    parent = side.tree[opening.header.previous]
    forged = replace(
        parent.state,
        coins=parent.state.coins.add(a_coin()),
        claimed=parent.state.claimed.insert(a_claim().lock_id, a_claim()),
    )
    tree = side.tree.with_entry(replace(parent, state=forged))

    found = check_quiet_swap(tree, "alpha", opening)

    assert [finding.invariant for finding in found] == ["I10"] * 2
    assert [finding.detail for finding in found] == [
        "the swap of alpha changed unspent outputs",
        "the swap of alpha changed the claimed set",
    ]


def test_a_validator_that_forgets_its_mempool_at_the_swap_is_found(monkeypatch):
    net = network((SidechainSpec("alpha", "poa"),), depth=1)
    deposit(net, AMOUNT, "BTM", "alpha")
    closing = net.request_swap("alpha", "solo")
    net.set_hurry(1)
    run_until(net, lambda: net.show("alpha")["height"] > closing)
    net.transfer_value("alice", "bob", 1, "BTM", "alpha")
    monkeypatch.setattr(
        "devnet.engine.actors.validators.clean_pool", lambda *_: Mempool()
    )
    assert run(net, 3000) == "breach"

    assert {e.invariant for e in said(net, InvariantBroken)} == {"I10"}


# The pause.


def test_a_breach_is_said_once_pauses_once_and_its_alarm_stands(honest: Network):
    net = branch(honest)
    forge_state(net, lambda state: replace(state, coins=state.coins.add(a_coin())))
    net.set_hurry(1)
    assert run(net, 3000) == "breach"
    paused_ms = net.now_ms
    assert net.is_paused_by_breach()
    assert run(net, 3000) == "breach"
    assert net.step_once() == "breach"
    assert net.now_ms == paused_ms, "time stands still"
    n_said = len(said(net, InvariantBroken))
    net.acknowledge()
    assert not net.is_paused_by_breach()
    assert run(net, 3000) == "reached"

    assert n_said == len(said(net, InvariantBroken)) == 2
    later = [event for event in said(net, Audited) if event.at_ms > paused_ms]
    assert later
    assert not any(event.ok for event in later), "the alarm stands"
    assert [breach.invariant for breach in net.world.breaches] == ["I1", "I2"]
    assert not net.backed("gamma")


def test_another_breach_pauses_again(honest: Network):
    net = branch(honest)
    forge_state(net, lambda state: replace(state, coins=state.coins.add(a_coin())))
    net.set_hurry(1)
    run(net, 3000)
    net.acknowledge()
    lie = replace(a_claim(), height=head(net).height)
    forge_state(
        net,
        lambda state: replace(state, claimed=state.claimed.insert(lie.lock_id, lie)),
    )
    assert run(net, 2000) == "reached", "kept sums know nothing of that"
    far = mine_branch(net, main_block(net, 100), net.main_height() - 100 + 1)
    deliver(net, *far)

    assert run(net, 2000) == "breach"
    assert [breach.invariant for breach in net.world.breaches] == ["I1", "I2", "I5"]


def test_what_is_kept_and_what_is_counted_agree_all_along_a_busy_world():
    net = network(THREE, relay_fee_ppm=5000, depth=1)
    net.set_hurry(1)
    for step in range(24):
        who, other = ("alice", "bob", "carol")[step % 3], "bob"
        chain = ("alpha", "beta", "gamma")[step % 3]
        net.lock(who, 10_000 + step, ("BTM", "GOLD")[step % 2], chain, other)
        if step == 8:
            net.request_swap("beta", "dpos-bbft")
        run(net, 400)
        for name in net.sidechain_names():
            kept = audit(books_of(meddle(net), name))
            counted = net.audit(name)
            assert kept.sums == counted.sums
            assert kept.ok
            assert counted.ok
    assert tips(net)


def test_an_audit_after_each_block_of_each_chain():
    net = network(THREE)
    net.set_hurry(1)
    advance(net, 6000)
    audits = said(net, Audited)
    for chain in net.sidechain_names():
        seen = {(e.main_height, e.side_height) for e in audits if e.chain == chain}
        side = range(1, net.show(chain)["height"] + 1)
        main = range(113, net.main_height() + 1)
        assert {height for _, height in seen} >= set(side)
        assert {height for height, _ in seen} >= set(main)


def test_a_first_validator_that_comes_back_at_the_swap_without_its_mempool_is_not():
    """Regression: its empty pool and old head looked as if the swap had lost all."""
    net = network((SidechainSpec("alpha", "poa"),), depth=1)
    deposit(net, AMOUNT, "BTM", "alpha")
    kill = net.start_fault("kill", "alpha", "v1")
    closing = net.request_swap("alpha", "dpos-bbft")
    net.set_hurry(1)
    run_until(net, lambda: net.show("alpha")["height"] > closing)
    net.transfer_value("alice", "bob", 1, "BTM", "alpha")
    run(net, 60)
    assert net.show("alpha")["epoch"] == 0, "too late: nothing was tested"
    net.mend(kill.id)
    run_until(net, lambda: net.balance("bob", "alpha", "BTM") == 1)

    assert not said(net, InvariantBroken)
