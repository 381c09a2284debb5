"""What follows both chains block by block comes to the same as counting everything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.engine.actors.auditing import books_of
from devnet.engine.audit import auditor
from devnet.engine.network import SidechainSpec
from devnet.engine.sidechain import tally
from tests.engine.support import (
    BTM_UNITS,
    deliver,
    deposit,
    hurry,
    main_block,
    meddle,
    mine_branch,
    network,
    run,
    run_until,
)

ONE_DPOS = (SidechainSpec("alpha", "dpos-bbft"),)


@pytest.fixture
def watched(monkeypatch) -> dict[str, int]:
    """Each tally is compared with a count; how often something was counted."""
    seen = {"tallies": 0, "counts": 0, "added": 0}
    follow, count, add = tally.tally_of, tally._count, tally._Sums.add

    def compared(locks):
        seen["tallies"] += 1
        found = follow(locks)
        kept = dict(seen)
        assert _books(found) == _books(count(locks).tally)
        seen.update(kept)
        return found

    def counting(locks):
        seen["counts"] += 1
        return count(locks)

    def adding(self, *args):
        seen["added"] += 1
        add(self, *args)

    monkeypatch.setattr(auditor, "tally_of", compared)
    monkeypatch.setattr(tally, "_count", counting)
    monkeypatch.setattr(tally._Sums, "add", adding)
    return seen


def _books(found: tally.Tally) -> tuple[dict[bytes, int], ...]:
    """Without the assets of which nothing is left."""
    return (
        {asset: sum_ for asset, sum_ in found.arriving.items() if sum_},
        {asset: sum_ for asset, sum_ in found.stranded.items() if sum_},
        {asset: sum_ for asset, sum_ in found.donated.items() if sum_},
        found.n_deposits,
        {asset: sum_ for asset, sum_ in found.paid_out.items() if sum_},
        {key: found.paid[key] for key in found.paid if found.paid[key]},
        found.excess,
    )


def test_a_tally_follows_deposits_claims_and_reorganisations(watched):
    net = network(ONE_DPOS)
    first = net.lock("alice", 3 * BTM_UNITS, "BTM", "alpha")
    net.lock("bob", 12_345, "GOLD", "alpha")
    run(net, 60)
    tip = net.world.main_tip
    deliver(net, *mine_branch(net, main_block(net, 112), 2))
    run(net, 1)
    assert net.world.main_tip != tip, "the locks went back into the mempool"
    run_until(net, lambda: net.transfer(first).stage == "claimed")
    deposit(net, 5 * BTM_UNITS, "BTM", "alpha")

    assert watched["tallies"] > 10
    assert watched["counts"] < watched["tallies"] / 2


def test_a_block_without_deposits_costs_no_counting_however_many_there_were(watched):
    net = network(ONE_DPOS)
    for _ in range(4):
        deposit(net, BTM_UNITS, "BTM", "alpha")
    before = dict(watched)

    with hurry(net):
        height = net.main_height()
        run_until(net, lambda: net.main_height() > height + 3)

    assert watched["tallies"] > before["tallies"] + 3
    assert watched["counts"] == before["counts"]
    assert watched["added"] == before["added"]


def test_one_more_deposit_is_all_that_is_added(watched):
    net = network(ONE_DPOS)
    for _ in range(4):
        deposit(net, BTM_UNITS, "BTM", "alpha")
    before = dict(watched)

    deposit(net, BTM_UNITS, "BTM", "alpha")

    assert watched["counts"] == before["counts"]
    # It comes (+1), and its claim takes it out and puts it back as claimed.
    assert watched["added"] == before["added"] + 3


def test_values_that_were_changed_behind_its_back_are_counted_anew(watched):
    net = network(ONE_DPOS)
    deposit(net, BTM_UNITS, "BTM", "alpha")
    turn = meddle(net)
    side = turn.side("alpha")
    entry = side.tree[side.head]
    forged = replace(
        entry,
        state=replace(
            entry.state,
            claimed=entry.state.claimed.discard(next(iter(entry.state.claimed))),
        ),
    )
    turn.set_side_tree("alpha", side.tree.with_entry(forged))
    before = watched["counts"]

    report = auditor.audit(books_of(turn, "alpha"))

    assert watched["counts"] == before + 1
    (sums,) = (one for one in report.sums if one.arriving)
    assert sums.arriving == BTM_UNITS


def test_no_world_is_kept_alive_by_a_tally():
    fields = tally._Known.__dataclass_fields__

    assert not {"main", "side", "locks"} & set(fields)
    assert len(tally._known) <= tally._N_TALLIES
