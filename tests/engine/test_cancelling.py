"""A swap taken back: in time, too late, and not again by its old approvals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.engine.actors.approving import approval_came
from devnet.engine.actors.messages import SwapApproval
from devnet.engine.bc.records import SwapCancelled, parse_record
from devnet.engine.events import RuleSwapped, SwapDropped, SwapScheduled
from devnet.engine.network import Network
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.swap import (
    BadSwapRecord,
    CancelTooLate,
    NothingToCancel,
    SwapPending,
    check_cancelled,
    check_record,
)
from tests.engine.support import (
    THREE,
    all_books_hold,
    height,
    hurry,
    meddle,
    network,
    run,
    run_blocks,
    run_until,
    said,
)

NOTICE = 10


def head(net: Network, chain: str = "alpha") -> SideEntry:
    side = net.world.sidechain(chain)
    assert side is not None
    return side.tree[side.head]


def scheduled(net: Network, chain: str = "alpha", engine: str = "poa") -> int:
    """A swap that stands in a block. Returns its closing height."""
    closing = net.request_swap(chain, engine, at=height(net, chain) + 25)
    with hurry(net):
        run_until(net, lambda: head(net, chain).state.pending is not None)
    return closing


@pytest.mark.parametrize("chain", ["alpha", "beta", "gamma"])
def test_a_cancelled_swap_never_happens_and_the_chain_goes_on(chain: str):
    net = network(THREE)
    engine = net.rule(chain)
    closing = scheduled(net, chain, "solo" if engine == "poa" else "poa")

    latest = net.cancel_swap(chain)
    run_blocks(net, chain, closing + 5 - height(net, chain))

    assert latest == closing - NOTICE // 2
    assert net.rule(chain) == engine
    assert not said(net, RuleSwapped)
    dropped = said(net, SwapDropped)
    assert len(dropped) == 1
    assert "cancelled by a quorum in block" in dropped[0].reason
    assert all(node.swap is None for node in net.world.sidechain(chain).nodes)
    assert net.show(chain)["final"] > closing
    assert all_books_hold(net)


def test_after_a_cancellation_another_swap_can_be_asked_for_and_happens():
    net = network(THREE)
    scheduled(net)
    net.cancel_swap("alpha")
    with hurry(net):
        run_until(net, lambda: head(net).state.pending is None)
    net.request_swap("alpha", "solo")
    with hurry(net):
        run_until(net, lambda: net.rule("alpha") == "solo")

    assert net.show("alpha")["epoch"] == 1


def test_a_request_that_is_in_no_block_yet_is_simply_forgotten():
    net = network(THREE)
    net.request_swap("alpha", "poa")
    run(net, 15)
    net.cancel_swap("alpha")
    run_blocks(net, "alpha", 20)

    assert net.rule("alpha") == "dpos-bbft"
    assert not said(net, SwapScheduled)
    assert said(net, SwapDropped)[0].reason == "taken back before it was in a block"


def test_a_late_approval_of_what_was_taken_back_revives_nothing():
    """Regression: once another swap was asked for, it counted as wanted again."""
    net = network(THREE)
    net.request_swap("alpha", "poa", at=60)
    run_until(net, lambda: net.world.sidechain("alpha").nodes[0].swap is not None)
    first = net.world.sidechain("alpha").nodes[0].swap
    ((key, signature),) = first.approvals.items()
    net.cancel_swap("alpha")
    net.request_swap("alpha", "solo", at=50)
    turn = meddle(net)
    approval_came(turn, "alpha", "v2", SwapApproval(first.record, key, signature))

    assert turn.node("alpha", "v2").swap is None


def test_the_same_swap_can_be_asked_for_again_after_it_was_taken_back():
    net = network(THREE)
    net.request_swap("alpha", "poa", at=20)
    run(net, 15)
    net.cancel_swap("alpha")
    net.request_swap("alpha", "poa", at=20)
    with hurry(net):
        run_until(net, lambda: net.rule("alpha") == "poa")

    assert head(net).state.rules.base.height == 20


def test_too_late_is_refused_with_the_last_height_and_the_swap_happens():
    net = network(THREE)
    closing = scheduled(net)
    run_blocks(net, "alpha", closing - NOTICE // 2 - height(net, "alpha"))
    before = net.world
    with pytest.raises(CancelTooLate, match=str(closing - NOTICE // 2)):
        net.cancel_swap("alpha")
    assert net.world is before
    with hurry(net):
        run_until(net, lambda: net.rule("alpha") == "poa")


def test_without_a_swap_there_is_nothing_to_cancel():
    net = network(THREE)
    with pytest.raises(NothingToCancel, match="alpha runs dpos-bbft"):
        net.cancel_swap("alpha")


def test_while_a_swap_is_pending_no_second_one_is_taken():
    net = network(THREE)
    scheduled(net)
    with pytest.raises(SwapPending):
        net.request_swap("alpha", "solo")


# The record itself.


def cancelled(net: Network) -> tuple[SideEntry, SwapCancelled, SideEntry]:
    """The block that carries a cancellation, its record, and its parent."""
    scheduled(net)
    net.cancel_swap("alpha")
    with hurry(net):
        run_until(net, lambda: head(net).state.pending is None)
    entry = head(net)
    side = net.world.sidechain("alpha")
    assert side is not None

    record = parse_record(entry.block.transactions[0].outputs[1].program)
    assert isinstance(record, SwapCancelled)
    return entry, record, side.tree[entry.header.previous]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"body_hash": bytes(32)}, "not the one on its way"),
        ({"from_epoch": 1}, "of epoch 1"),
        ({"bitmap": b"\x01"}, "weight 0"),
        ({"signatures": (bytes(64),) * 3}, "weight 0"),
    ],
)
def test_a_cancellation_that_breaks_a_rule_is_refused(change, words):
    net = network(THREE)
    entry, record, parent = cancelled(net)
    chain_id = net.world.sidechain("alpha").tree.spec.chain_id
    with pytest.raises(BadSwapRecord, match=words):
        check_cancelled(
            replace(record, **change), parent, entry.height, chain_id, NOTICE
        )


def test_the_approvals_of_a_cancelled_swap_cannot_bring_it_again():
    net = network(THREE)
    entry, _, parent = cancelled(net)
    spec = net.world.sidechain("alpha").tree.spec
    assert parent.state.pending is not None
    record = parent.state.pending.record
    assert record.closing_height >= entry.height + 1 + NOTICE
    with pytest.raises(BadSwapRecord, match="this very swap was cancelled"):
        check_record(record, entry, entry.height + 1, spec.chain_id, NOTICE)


def test_a_cancellation_comes_too_late_by_one_block():
    net = network(THREE)
    _, record, parent = cancelled(net)
    spec = net.world.sidechain("alpha").tree.spec
    assert parent.state.pending is not None
    latest = parent.state.pending.record.closing_height - NOTICE // 2
    check_cancelled(record, parent, latest, spec.chain_id, NOTICE)
    with pytest.raises(BadSwapRecord, match=f"{latest} was the last height"):
        check_cancelled(record, parent, latest + 1, spec.chain_id, NOTICE)


def test_a_swap_asked_for_while_the_network_is_cut_goes_on_after_healing():
    net = network(THREE)
    net.partition("alpha", (("v1", "v2"), ("v3", "v4")))
    net.request_swap("alpha", "poa", at=60)
    with hurry(net):
        run(net, 4_000)
        net.heal("alpha")
        run_until(net, lambda: net.rule("alpha") == "poa")

    assert net.show("alpha")["epoch"] == 1
