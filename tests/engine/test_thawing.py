"""A peg that froze: what is told of it, and the ways out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.engine.actors.thawing import NotAgreed, NotFrozen
from devnet.engine.bc.anchors import AnchorReset
from devnet.engine.bc.records import parse_record
from devnet.engine.errors import CodecError
from devnet.engine.events import PegFroze, PegThawed
from devnet.engine.interfaces import Checkpoint
from devnet.engine.network import Network, SidechainSpec
from devnet.engine.sidechain.judge import BadAnchor, judge
from devnet.engine.sidechain.swap import in_force
from devnet.engine.sidechain.thaw import BadAnchorReset, check_reset, reset_in
from tests.engine.keptworlds import Disk, kept_network
from tests.engine.support import (
    BTM_UNITS,
    claimed,
    deposit,
    hurry,
    network,
    run_blocks,
    said,
)

ALPHA = (SidechainSpec("alpha", "poa", "sqlite"),)


def step_until(net: Network, test, most: int = 5000) -> None:
    """Go on through alarms until a test holds."""
    with hurry(net):
        for _ in range(most):
            if test():
                return
            net.acknowledge()
            net.step_once()
    raise AssertionError(f"not within {most} steps")


def frozen_world(net: Network) -> Network:
    deposit(net, 9 * BTM_UNITS, "BTM", "alpha")
    net.start_fault("deep-reorg", "")
    step_until(net, lambda: net.frozen("alpha"))
    return net


def written_off(net: Network) -> Network:
    def agreed() -> bool:
        try:
            net.write_off("alpha")
        except NotAgreed:
            return False
        return True

    step_until(net, agreed)
    step_until(net, lambda: not net.frozen("alpha"))
    return net


def reset_block(net: Network):
    tree = net.world.sidechain("alpha").tree
    blocks = (tree.entries[one].block for one in tree.entries)
    (found,) = [one for one in blocks if one.transactions and reset_in(one)]
    return found


def test_a_peg_that_is_open_has_nothing_to_write_off():
    net = network(ALPHA)

    with pytest.raises(NotFrozen):
        net.write_off("alpha")


def test_a_peg_that_freezes_is_told_once_and_so_is_its_opening():
    net = frozen_world(network(ALPHA))
    assert net.show("alpha")["frozen"]

    written_off(net)

    assert len(said(net, PegFroze, chain="alpha")) == 1
    (thawed,) = said(net, PegThawed, chain="alpha")
    assert thawed.n_written_off == 1
    assert not net.show("alpha")["frozen"]


def test_what_was_written_off_is_a_term_of_the_books_and_no_breach():
    net = written_off(frozen_world(network(ALPHA)))
    (sums,) = [one for one in net.audit("alpha").sums if one.written_off]

    assert (sums.written_off, sums.difference) == (9 * BTM_UNITS, 0)
    assert sums.locked == 0 and sums.circulating == 9 * BTM_UNITS
    assert net.backed("alpha") and net.written_off("alpha") == {"BTM": 9 * BTM_UNITS}
    assert "I1" in net.alarms("alpha"), "the alarm stands"


def test_a_world_that_comes_back_finds_the_same_written_off():
    disk = Disk()
    net = written_off(frozen_world(kept_network(disk, ALPHA)))
    run_blocks(net, "alpha", 2)
    digest, lost = net.state_digest("alpha"), net.written_off("alpha")
    net.close()

    back = kept_network(disk)

    assert (back.state_digest("alpha"), back.written_off("alpha")) == (digest, lost)
    assert back.backed("alpha") and not back.frozen("alpha")


def test_locks_are_claimed_again_on_the_new_branch():
    net = written_off(frozen_world(network(ALPHA)))
    lock = net.lock("carol", BTM_UNITS, "BTM", "alpha")

    step_until(net, lambda: claimed(net, lock))

    assert net.balance("carol", "alpha", "BTM") == BTM_UNITS
    assert net.backed("alpha")


def test_too_few_validators_give_nothing_up():
    net = frozen_world(network(ALPHA))
    for name in ("v1", "v2"):
        net.start_fault("pause", "alpha", name)
    world = net.world

    with pytest.raises(NotAgreed):
        net.write_off("alpha")
    assert net.world is world


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"signatures": ()}, "approved by weight 0"),
        ({"left": bytes(32)}, "another anchor"),
        ({"epoch": 7}, "of epoch 7"),
        ({"base": Checkpoint(3, bytes(32))}, "no mainchain block"),
    ],
)
def test_a_record_that_is_not_right_is_refused(change: dict, words: str):
    net = written_off(frozen_world(network(ALPHA)))
    tree, block = net.world.sidechain("alpha").tree, reset_block(net)
    parent = tree[block.header.previous]
    record = replace(reset_in(block), **change)

    with pytest.raises(BadAnchorReset, match=words):
        check_reset(
            record, parent, in_force(tree, parent), record.base, net.world.tree,
            tree.spec.chain_id,
        )  # fmt: skip


def test_without_the_record_no_block_leaves_the_branch_of_its_parent():
    net = written_off(frozen_world(network(ALPHA)))
    tree, block = net.world.sidechain("alpha").tree, reset_block(net)
    (coinbase, *others) = block.transactions
    bare = replace(coinbase, outputs=coinbase.outputs[:1], received=None)
    cheat = replace(block, transactions=(bare, *others))
    engine = net.tools.engine("poa")

    with pytest.raises(BadAnchor):
        judge(tree, net.world.tree, engine, cheat, block.header.timestamp_ms)


def test_the_record_is_read_as_it_was_written():
    record = AnchorReset(
        3, b"\1" * 32, Checkpoint(70, b"\2" * 32), b"\3", (b"\4" * 64,)
    )

    assert parse_record(record.program) == record
    with pytest.raises(CodecError):
        parse_record(record.program[:-1])


def test_a_deposit_that_is_held_back_says_that_the_peg_is_frozen():
    net = frozen_world(network(ALPHA))
    lock = net.lock("carol", BTM_UNITS, "BTM", "alpha")

    step_until(net, lambda: "frozen" in net.transfer(lock).note)

    assert net.transfer(lock).stage == "claim"
    written_off(net)
    step_until(net, lambda: claimed(net, lock))
