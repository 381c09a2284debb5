"""A consensus swap on a chain that is in use: nothing is lost, nothing is doubled."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from devnet.engine.bc.sideblock import rules_hash
from devnet.engine.errors import BadValue, DevnetError, PluginError, SwapError
from devnet.engine.events import (
    BlockFinal,
    InvariantBroken,
    RuleSwapped,
    SwapApproved,
    SwapDropped,
    SwapProposed,
    SwapScheduled,
    TxDropped,
    TxQueued,
)
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain.node import OpenSwap
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.swap import peg_rests
from tests.engine.support import (
    BTM_UNITS,
    THREE,
    all_books_hold,
    branch,
    change_node,
    claimed,
    deposit,
    height,
    hurry,
    meddle,
    network,
    run,
    run_until,
    said,
)

ENGINES = ("solo", "poa", "dpos-bbft")
N_CLOSING = {"solo": 0, "poa": 2, "dpos-bbft": 2}
NOTICE = 10
SLOW = {"interval_ms": 10**9}


def chain_of(net: Network, chain: str) -> list[SideEntry]:
    """Every block of a sidechain's best branch, genesis first."""
    side = net.world.sidechain(chain)
    assert side is not None
    blocks = [side.tree[side.head]]
    while blocks[0].height:
        blocks.insert(0, side.tree[blocks[0].header.previous])
    return blocks


def swap(net: Network, chain: str, engine: str, **wish: object) -> int:
    """Ask for a swap and run until its rule is in force and has finalised a block."""
    epoch = net.show(chain)["epoch"]
    closing = net.request_swap(chain, engine, **wish)  # type: ignore[arg-type]
    with hurry(net):
        run_until(net, lambda: net.show(chain)["epoch"] == epoch + 1)
        run_until(net, lambda: net.show(chain)["final"] > closing)
    return closing


@pytest.fixture(scope="module")
def funded() -> dict[str, Network]:
    """For each engine a world whose one sidechain runs it and holds alice's coins."""
    nets = {}
    for engine in ENGINES:
        net = network((SidechainSpec("alpha", engine),), depth=1)
        deposit(net, 500 * BTM_UNITS, "BTM", "alpha")
        nets[engine] = net
    return nets


@pytest.fixture(scope="module")
def swapped(funded: dict[str, Network]) -> dict[tuple[str, str], tuple[Network, int]]:
    """Every swap, with payments every 70 ms and a new deposit every 300 ms."""
    ends = {}
    for old, new in permutations(ENGINES, 2):
        net = branch(funded[old])
        closing = net.request_swap("alpha", new)
        n_paid, locks = 0, []
        net.set_hurry(1)
        while net.show("alpha")["final"] <= closing + 1:
            net.transfer_value("alice", "bob", 1000, "BTM", "alpha")
            n_paid += 1
            if n_paid % 4 == 0:
                locks.append(net.lock("carol", 7000, "BTM", "alpha"))
            assert n_paid < 300
            assert run(net, 70) == "reached"
        net.set_hurry(-1)
        run_until(net, lambda n=net, t=tuple(locks): claimed(n, *t))
        run(net, 1500)
        ends[old, new] = net, n_paid
    return ends


PAIRS = list(permutations(ENGINES, 2))


@pytest.mark.parametrize("pair", PAIRS, ids="-to-".join)
def test_a_swap_is_said_step_by_step(pair, swapped):
    net, _ = swapped[pair]

    (proposed,) = said(net, SwapProposed)
    (scheduled,) = said(net, SwapScheduled)
    (done,) = said(net, RuleSwapped)
    approved = said(net, SwapApproved)
    assert (proposed.old_engine, proposed.engine) == pair
    assert proposed.closing_height == scheduled.closing_height
    assert proposed.closing_height >= scheduled.height + NOTICE
    assert [event.approvals for event in approved] == [1, 2, 3, 4]
    assert {event.needed for event in approved} == {3}
    assert (done.old_engine, done.engine, done.epoch) == (*pair, 1)
    assert done.height == proposed.closing_height + N_CLOSING[pair[0]] + 1
    assert done.validators == ("v1", "v2", "v3", "v4")
    assert said(net, SwapDropped) == []


@pytest.mark.parametrize("pair", PAIRS, ids="-to-".join)
def test_headers_tell_epoch_and_rules_and_heights_have_no_gap(pair, swapped):
    net, _ = swapped[pair]
    (done,) = said(net, RuleSwapped)
    blocks = chain_of(net, "alpha")

    assert [block.height for block in blocks] == list(range(len(blocks)))
    for block in blocks:
        header, rules = block.block.header, block.state.rules
        is_new = block.height >= done.height
        assert header.epoch == rules.epoch == int(is_new)
        assert header.engine == rules.engine == pair[is_new]
        assert header.rules_hash == rules_hash(
            rules.engine, rules.params, rules.validators
        )
    opening = blocks[done.height].block.header
    base = blocks[said(net, SwapProposed)[0].closing_height]
    assert opening.round >= 1
    assert (opening.justify.height, opening.justify.hash) == (base.height, base.hash)
    assert blocks[done.height].state.rules.base.hash == base.hash


@pytest.mark.parametrize("pair", PAIRS, ids="-to-".join)
def test_closing_blocks_are_empty_and_only_as_many_as_finality_needs(pair, swapped):
    net, _ = swapped[pair]
    (proposed,) = said(net, SwapProposed)
    blocks = chain_of(net, "alpha")
    closing = [block for block in blocks if block.is_closing()]

    first = proposed.closing_height + 1
    n_closing = N_CLOSING[pair[0]]
    assert [block.height for block in closing] == [
        first + index for index in range(n_closing)
    ]
    for block in closing:
        (coinbase,) = block.block.transactions
        assert [output.amount for output in coinbase.outputs] == [0]
        assert block.change.created == block.change.spent == ()
        assert block.final.height <= proposed.closing_height


@pytest.mark.parametrize("pair", PAIRS, ids="-to-".join)
def test_payments_and_deposits_of_the_time_of_a_swap_all_arrive(pair, swapped):
    net, n_paid = swapped[pair]

    n_locks = len(net.transfers()) - 1
    assert n_locks > 3
    assert net.balance("bob", "alpha", "BTM") == 1000 * n_paid
    assert net.balance("carol", "alpha", "BTM") == 7000 * n_locks
    assert said(net, TxDropped) == []
    assert [len(node.pool) for node in meddle(net).nodes("alpha")] == [0] * 4


@pytest.mark.parametrize("pair", PAIRS, ids="-to-".join)
def test_the_peg_rests_from_closing_until_the_new_rule_has_a_final_block(pair, swapped):
    net, _ = swapped[pair]
    (proposed,) = said(net, SwapProposed)
    side = net.world.sidechain("alpha")
    blocks = chain_of(net, "alpha")
    resting = [
        block
        for block in blocks[1:]
        if peg_rests(side.tree, side.tree[block.header.previous])
    ]

    assert len(resting) > N_CLOSING[pair[0]]
    assert resting[0].height == proposed.closing_height + 1
    assert all(block.claims == () for block in resting)
    first = said(net, RuleSwapped)[0].at_ms
    late = [e for e in said(net, TxQueued, what="claim") if e.at_ms > first - 1500]
    assert late, "no claim came near the swap: nothing was tested"


@pytest.mark.parametrize("pair", PAIRS, ids="-to-".join)
def test_nothing_final_is_lost_and_the_books_hold(pair, swapped):
    net, _ = swapped[pair]

    finals = [event.height for event in said(net, BlockFinal, chain="alpha")]
    assert finals == sorted(finals)
    assert said(net, InvariantBroken) == []
    assert all_books_hold(net)


@pytest.mark.parametrize("engine", ENGINES)
def test_swaps_can_follow_one_another(engine: str, funded):
    net = branch(funded[engine])
    others = [other for other in ENGINES if other != engine]
    for number, other in enumerate((*others, engine), start=1):
        swap(net, "alpha", other)
        assert (net.rule("alpha"), net.show("alpha")["epoch"]) == (other, number)
    deposit(net, 5 * BTM_UNITS, "BTM", "alpha", who="carol")

    assert len(said(net, RuleSwapped)) == 3
    assert all_books_hold(net)


def test_a_validator_that_has_yet_to_learn_of_the_epoch_approves_when_it_does():
    """Regression: asked in the very moment of a new epoch, half of them never did."""
    net = network((SidechainSpec("alpha", "poa"),), low_latency_ms=1)
    net.request_swap("alpha", "solo")
    run_until(net, lambda: net.rule("alpha") == "solo")
    net.request_swap("alpha", "dpos-bbft")
    behind = False
    while net.show("alpha")["epoch"] == 1:
        behind |= any(node.early_swaps for node in meddle(net).nodes("alpha"))
        run(net, 1)
        assert net.now_ms < 30_000

    assert behind, "nobody was behind: nothing was tested"
    assert net.rule("alpha") == "dpos-bbft"
    assert said(net, SwapDropped) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_parameter_alone_can_be_swapped(engine: str, funded):
    net = branch(funded[engine])
    swap(net, "alpha", engine, params={"interval_ms": 1000})

    assert net.show("alpha")["params"]["interval_ms"] == 1000
    assert net.rule("alpha") == engine


@pytest.mark.parametrize("engine", ENGINES)
def test_validators_may_leave_and_come_back_under_their_names(engine: str, funded):
    """Regression: who came back had lost the name."""
    net = branch(funded[engine])
    some = ("v4", "v2", "v3")
    swap(net, "alpha", "poa", validators=some)
    assert net.show("alpha")["validators"] == list(some)
    # v1, whom users talk to, only follows now.
    net.transfer_value("alice", "bob", BTM_UNITS, "BTM", "alpha")
    deposit(net, 5 * BTM_UNITS, "BTM", "alpha", who="carol")
    assert net.balance("bob", "alpha", "BTM") == BTM_UNITS
    everybody = ("v1", "v2", "v3", "v4")
    swap(net, "alpha", "dpos-bbft", validators=everybody)
    deposit(net, 5 * BTM_UNITS, "BTM", "alpha", who="carol")

    assert net.show("alpha")["validators"] == list(everybody)
    assert said(net, RuleSwapped)[-1].validators == everybody
    run_until(net, lambda: len({n.head for n in meddle(net).nodes("alpha")}) == 1, 100)
    assert all_books_hold(net)


@pytest.mark.parametrize("interval_ms", [10, 20, 60])
def test_without_a_height_the_swap_of_a_fast_chain_finds_its_approvals(interval_ms):
    """Regression: approvals took longer than the one block of room that was left."""
    params = (("interval_ms", interval_ms),)
    net = network((SidechainSpec("alpha", "solo", params=params),))
    net.set_hurry(1)
    run(net, 700)
    net.request_swap("alpha", "poa")
    run_until(net, lambda: net.rule("alpha") == "poa", 10_000)

    assert said(net, SwapDropped) == []


def test_a_request_that_another_swap_overtook_is_said_to_have_come_to_nothing():
    """Regression: it was forgotten without a word; whoever asked waited for ever."""
    net = network((SidechainSpec("alpha", "poa"),))
    net.set_hurry(1)
    net.request_swap("alpha", "solo")
    run_until(net, lambda: bool(said(net, SwapScheduled)))
    (asked, *_) = [node.swap.record for node in meddle(net).nodes("alpha") if node.swap]
    other = replace(asked, engine="pow", closing_height=asked.closing_height + 20)
    change_node(net, "alpha", "v2", swap=OpenSwap(other))
    run_until(net, lambda: net.rule("alpha") == "solo")
    (dropped,) = said(net, SwapDropped)

    assert (dropped.engine, dropped.reason) == (
        "pow",
        "another swap came first, to solo",
    )
    assert [node.swap for node in meddle(net).nodes("alpha")] == [None] * 4


def test_a_swap_to_merged_votes_names_whose_key_it_lacked():
    net = network((SidechainSpec("alpha", "poa"),))
    net.start_fault("kill", "alpha", "v4")
    net.set_hurry(1)
    net.request_swap("alpha", "bbft", params={"bls": 1})
    run_until(net, lambda: bool(said(net, SwapDropped)))

    assert "v4 told no key for merged votes" in said(net, SwapDropped)[0].reason


def test_the_closing_height_can_be_chosen():
    net = network(THREE)
    net.set_hurry(1)
    run(net, 2000)
    at = height(net, "gamma") + NOTICE + 7
    assert net.request_swap("gamma", "poa", at=at) == at
    run_until(net, lambda: net.rule("gamma") == "poa")

    assert said(net, RuleSwapped)[0].height == at + 1


def test_sidechains_swap_side_by_side():
    net = network(THREE)
    net.request_swap("alpha", "poa")
    net.request_swap("beta", "solo")
    net.request_swap("gamma", "dpos-bbft")
    run_until(net, lambda: len(said(net, RuleSwapped)) == 3)
    run(net, 3000)
    for chain in net.sidechain_names():
        deposit(net, 100, "GOLD", chain)

    assert [net.rule(chain) for chain in net.sidechain_names()] == [
        "poa",
        "solo",
        "dpos-bbft",
    ]
    assert all_books_hold(net)


# What is refused.


def refused(net: Network, error: type[DevnetError], **wish: object) -> DevnetError:
    """Ask for a swap of alpha that is refused, and see that nothing happened."""
    before, digest, n_events = net.world, net.digest(), len(net.events)
    with pytest.raises(error) as caught:
        net.request_swap("alpha", **wish)  # type: ignore[arg-type]
    assert net.world is before
    assert (net.digest(), len(net.events)) == (digest, n_events)
    return caught.value


@pytest.mark.parametrize(
    ("error", "code", "wish"),
    [
        (SwapError, "swap.nothing-changes", {"engine": "dpos-bbft"}),
        (PluginError, "plugin.unknown", {"engine": "paxos"}),
        (SwapError, "swap.too-soon", {"engine": "poa", "at": 3}),
        (SwapError, "swap.too-soon", {"engine": "poa", "at": -1}),
        (SwapError, "swap.too-late", {"engine": "poa", "at": 2**63}),
        (SwapError, "swap.too-late", {"engine": "poa", "at": 10**6}),
        (BadValue, "request.bad-value", {"engine": "poa", "params": {"speed": 1}}),
        (BadValue, "request.bad-value", {"engine": "poa", "params": SLOW}),
        (BadValue, "request.bad-value", {"engine": "poa", "validators": ()}),
        (BadValue, "request.bad-value", {"engine": "poa", "validators": ("v1", "v1")}),
        (
            DevnetError,
            "request.unknown-name",
            {"engine": "poa", "validators": ("v1", "v9")},
        ),
    ],
)  # fmt: skip
def test_a_swap_that_cannot_be_is_refused(error, code: str, wish, funded):
    net = branch(funded["dpos-bbft"])

    assert refused(net, error, **wish).code == code


def test_only_one_swap_at_a_time(funded):
    net = branch(funded["dpos-bbft"])
    net.request_swap("alpha", "poa")
    asked = refused(net, SwapError, engine="solo")
    run(net, 30)
    being_approved = refused(net, SwapError, engine="solo")
    run_until(net, lambda: bool(said(net, SwapScheduled)))
    in_chain = refused(net, SwapError, engine="solo")
    run_until(net, lambda: net.show("alpha")["height"] > in_chain_closing(net))
    closing = refused(net, SwapError, engine="solo")
    run_until(net, lambda: net.rule("alpha") == "poa")

    codes = {error.code for error in (asked, being_approved, in_chain, closing)}
    assert codes == {"swap.pending"}
    assert net.request_swap("alpha", "solo") > net.show("alpha")["height"]


def in_chain_closing(net: Network) -> int:
    return said(net, SwapScheduled)[0].closing_height


def test_there_must_be_such_a_sidechain():
    net = network(THREE)
    for name in ("main", "delta", ""):
        with pytest.raises(DevnetError) as caught:
            net.request_swap(name, "poa")
        assert caught.value.code == "request.unknown-name"
