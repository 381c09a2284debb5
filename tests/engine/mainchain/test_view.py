"""What a node has received of the mainchain, and which branch it follows."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.engine.mainchain.state import MainTree, UnknownParent
from devnet.engine.mainchain.view import MainView, how_moved, receive, settled_hash
from tests.engine.support import branch, main_block, mine_branch, mine_rival, network

BASE = 112
"""Height of the shipped chain's tip."""


@cache
def forked() -> tuple[MainTree, MainView, dict[str, bytes]]:
    """
    The shipped chain's tip, and above it (a number is a height above the tip):

        a1 a2 a3 a4
           b2 b3            on a1
              c3 c4 c5      on b2
        d1
    """
    net = branch(network(()))
    tip = main_block(net, BASE)
    names = {"base": tip}
    a = mine_branch(net, tip, 4)
    names |= {f"a{number + 1}": block for number, block in enumerate(a)}
    names["b2"] = mine_rival(net, names["a1"], tag="b2")
    names["b3"] = mine_rival(net, names["b2"], tag="b3")
    names["c3"] = mine_rival(net, names["b2"], tag="c3")
    names["c4"] = mine_rival(net, names["c3"], tag="c4")
    names["c5"] = mine_rival(net, names["c4"], tag="c5")
    names["d1"] = mine_rival(net, tip, tag="d1")
    assert len(set(names.values())) == len(names)
    return net.world.tree, net.world.main_nodes[0].view, names


def heard(*names: str) -> str:
    """The tip's name after these blocks were heard of, in order."""
    tree, view, blocks = forked()
    for name in names:
        view = receive(tree, view, blocks[name])
    (tip,) = [name for name, block in blocks.items() if block == view.tip]
    return tip


@pytest.mark.parametrize(
    ("order", "tip"),
    [
        ("a1 a2", "a2"),
        ("a1 d1", "a1"),
        ("d1 a1", "d1"),  # First seen stays.
        ("d1 a1 a2", "a2"),
        ("a1 a2 b2", "a2"),
        ("a1 a2 b2 b3", "b3"),
        ("a1 a2 b2 b3 a3", "b3"),
        ("a1 a2 b2 b3 a3 a4", "a4"),
        ("a1 a2 b2 b3 a3 a4 c3 c4", "a4"),
        ("a1 a2 b2 b3 a3 a4 c3 c4 c5", "c5"),
        ("a2", "base"),  # Its parent is missing.
        ("a2 a1", "a2"),
        ("a4 a3 a2 a1", "a4"),
        ("c5 c4 c3 b2 a1", "c5"),
        ("c5 c4 c3 b2 a1 a2 a3 a4 b3", "c5"),
        ("a2 a2 a1 a1 a2", "a2"),
    ],
)
def test_the_highest_branch_leads_and_of_two_equals_the_first_seen(order, tip):
    assert heard(*order.split()) == tip


@settings(max_examples=80, deadline=None)
@given(st.permutations(sorted(set(forked()[2]) - {"base"})))
def test_in_any_order_the_same_blocks_are_had_and_the_highest_is_followed(order):
    tree, view, blocks = forked()
    for name in order:
        view = receive(tree, view, blocks[name])
        assert view.tip in view.seen
        assert not set(view.orphans) & set(view.seen.keys())
        for orphan in view.orphans:
            assert tree[orphan].block.header.previous not in view.seen

    assert view.orphans == ()
    assert set(blocks.values()) <= set(view.seen.keys())
    assert view.tip == blocks["c5"], "the only one of its height"


def test_of_orphans_that_come_in_together_the_highest_leads_and_not_the_last():
    tree, view, blocks = forked()
    for name in ("b3", "a4", "a3", "b2", "a2"):
        view = receive(tree, view, blocks[name])
    view = receive(tree, view, blocks["a1"])

    assert view.tip == blocks["a4"]


def test_a_known_block_changes_nothing():
    tree, view, blocks = forked()
    view = receive(tree, view, blocks["a1"])

    assert receive(tree, view, blocks["a1"]) is view
    waiting = receive(tree, view, blocks["a3"])
    assert receive(tree, waiting, blocks["a3"]) is waiting


@given(st.sampled_from(sorted(forked()[2])), st.sampled_from(sorted(forked()[2])))
def test_moving_between_tips_leaves_one_branch_and_joins_the_other(old, new):
    tree, _, blocks = forked()
    moved = how_moved(tree, blocks[old], blocks[new])

    place = blocks[old]
    for block in moved.undone:
        assert block == place
        place = tree[block].block.header.previous
    fork = place
    for block in moved.joined:
        assert tree[block].block.header.previous == place
        place = block
    assert place == blocks[new]
    assert tree.is_ancestor(fork, blocks[old])
    assert tree.is_ancestor(fork, blocks[new])
    assert not set(moved.undone) & set(moved.joined)


def test_settled_is_what_has_so_many_blocks_on_top():
    tree, view, blocks = forked()
    view = replace(view, tip=blocks["c4"])

    assert settled_hash(tree, view, 0) == blocks["c4"]
    assert settled_hash(tree, view, 1) == blocks["c3"]
    assert settled_hash(tree, view, 3) == blocks["a1"]
    assert settled_hash(tree, view, 4) == blocks["base"]
    assert settled_hash(tree, view, 10_000) == tree.genesis_hash


def test_ancestors_are_those_of_the_own_branch():
    tree, _, blocks = forked()

    assert tree.is_ancestor(blocks["a1"], blocks["c5"])
    assert tree.is_ancestor(blocks["c5"], blocks["c5"])
    assert not tree.is_ancestor(blocks["a2"], blocks["c5"])
    assert not tree.is_ancestor(blocks["c5"], blocks["c4"])
    assert not tree.is_ancestor(b"\x00" * 32, blocks["c4"])
    assert tree.hash_at(blocks["c5"], BASE + 2) == blocks["b2"]
    assert tree.hash_at(blocks["c5"], BASE + 6) is None
    assert tree.hash_at(b"\x00" * 32, 1) is None


def test_work_adds_up_along_a_branch():
    tree, _, blocks = forked()

    assert tree[blocks["c5"]].work_sum == tree[blocks["a1"]].work_sum + 4 * 2
    assert tree[blocks["a4"]].work_sum == tree[blocks["c4"]].work_sum


def test_a_block_without_its_parent_is_no_part_of_the_tree():
    tree, _, blocks = forked()
    block = tree[blocks["a1"]].block
    lost = replace(block, header=replace(block.header, previous=b"\x07" * 32))
    with pytest.raises(UnknownParent, match="07070707"):
        tree.with_block(lost, bytes(32), 2**40)
