"""
What must hold of a finished sidechain, whatever happened to it.

Everything is derived anew from the blocks: which of the three answers of `in_force`
each parent should give, how often each transaction stands in the chain, and, by a fresh
observer who gets the raw blocks in order, the same tip, final block and state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from devnet.engine.bc.sideblock import parse_side_block
from devnet.engine.network import Network
from devnet.engine.sidechain.judge import judge
from devnet.engine.sidechain.persist import state_digest
from devnet.engine.sidechain.state import SideEntry, SideTree, genesis_entry
from devnet.engine.sidechain.swap import in_force


def side_of(net: Network, chain: str):
    """A sidechain of the present world."""
    side = net.world.sidechain(chain)
    assert side is not None
    return side


def head_of(net: Network, chain: str) -> SideEntry:
    """The tip of the best branch."""
    side = side_of(net, chain)
    return side.tree[side.head]


def best_chain(net: Network, chain: str) -> list[SideEntry]:
    """Every block of the best branch, genesis first."""
    side = side_of(net, chain)
    entry = side.tree[side.head]
    blocks = [entry]
    while entry.height:
        entry = side.tree[entry.header.previous]
        blocks.append(entry)
    return blocks[::-1]


def three_answers(tree: SideTree, parent: SideEntry) -> str:
    """
    The one of the three answers that holds for a parent, each asked by itself.

    Every answer is a statement about the parent's chain; exactly one must be true.
    """
    pending, epoch = parent.state.pending, parent.state.rules.epoch
    until = pending.record.closing_height if pending else None
    true = {
        "ordinary": until is None or parent.height < until,
        "closing": until is not None
        and parent.height >= until
        and parent.final.height < until,
        "opening": until is not None
        and parent.height >= until
        and parent.final.height >= until,
    }
    (holds,) = [name for name, is_true in true.items() if is_true]
    answer = in_force(tree, parent)
    assert (answer.closing, answer.opens_epoch) == {
        "ordinary": (False, False), "closing": (True, False), "opening": (False, True),
    }[holds]  # fmt: skip
    assert answer.rules.epoch == epoch + answer.opens_epoch
    return holds


def check_tree(net: Network, chain: str) -> None:
    """Every valid block, on any branch, has the epoch and rule that its parent asks."""
    tree = side_of(net, chain).tree
    for block_hash in tree.entries:
        entry = tree[block_hash]
        three_answers(tree, entry)
        if not entry.height:
            continue
        parent = tree[entry.header.previous]
        holds, answer = three_answers(tree, parent), in_force(tree, parent)
        assert entry.height == parent.height + 1
        assert (entry.header.epoch, entry.header.engine) == (
            answer.rules.epoch,
            answer.rules.engine,
        )
        assert entry.is_closing() == (holds == "closing")
        assert entry.final.height >= parent.final.height
        if holds == "closing":
            (coinbase,) = entry.block.transactions
            assert [output.amount for output in coinbase.outputs] == [0]
            assert entry.final.height <= entry.state.pending.record.closing_height


def check_line(blocks: list[SideEntry]) -> None:
    """Heights and epochs have no gap, and what is final never goes back."""
    assert [block.height for block in blocks] == list(range(len(blocks)))
    epochs = [block.header.epoch for block in blocks]
    assert sorted(set(epochs)) == list(range(epochs[-1] + 1))
    assert epochs == sorted(epochs)
    finals = [block.final.height for block in blocks]
    assert finals == sorted(finals)


def check_paid(net: Network, chain: str, accepted: Iterable[bytes]) -> int:
    """
    Each accepted transaction is in the best chain once, or waits; none is there twice.

    Returns:
        How many of them stand in the chain.
    """
    blocks = best_chain(net, chain)
    places = Counter(tx.id for block in blocks for tx in block.block.transactions[1:])
    twice = [tx_id.hex() for tx_id, times in places.items() if times > 1]
    assert not twice, f"more than once in the chain: {twice}"
    waiting = {tx_id for node in side_of(net, chain).nodes for tx_id in node.pool.order}
    accepted = set(accepted)
    lost = [one.hex() for one in accepted if one not in places and one not in waiting]
    assert not lost, f"{len(lost)} of {len(accepted)} are lost: {lost[:5]}"
    return len(accepted & places.keys())


def check_finals(net: Network, chain: str) -> None:
    """What any validator holds final is on the best chain."""
    side = side_of(net, chain)
    for node in side.nodes:
        assert side.tree.is_ancestor(node.final.hash, side.head), node.name


def closings(blocks: list[SideEntry]) -> list[tuple[str, int, int]]:
    """For each swap the old rule, how many acted under it, and its closing blocks."""
    found, count = [], 0
    for before, block in pairwise(blocks):
        count += block.is_closing()
        if block.header.epoch != before.header.epoch:
            rules = before.state.seated
            found.append((rules.engine, len(rules.validators), count))
            count = 0
    return found


PROMISED = {
    "solo": lambda n: 0, "pbft": lambda n: 1, "poa": lambda n: n // 2,
    "dpos": lambda n: 2 * n // 3, "pow": lambda n: 6,
    "dpos-bbft": lambda n: 2, "bbft": lambda n: 2, "pos": lambda n: 2,
}  # fmt: skip
"""What the page of each engine promises: closing blocks without faults."""


def replayed(net: Network, chain: str) -> SideEntry:
    """
    The tip as a fresh observer has it, who got nothing but the raw blocks of the best
    chain and the mainchain.
    """
    side = side_of(net, chain)
    first, *others = best_chain(net, chain)
    tree = SideTree(side.tree.spec)
    tree = tree.with_entry(genesis_entry(first.block, first.state.rules))
    entry = tree[first.hash]
    for block in others:
        received = parse_side_block(block.block.raw)
        engine = net.tools.engine(in_force(tree, entry).rules.engine)
        entry = judge(
            tree, net.world.tree, engine, received, received.header.timestamp_ms,
            lambda seed, header_hash: net.environment.works.get(seed, header_hash),
        )  # fmt: skip
        tree = tree.with_entry(entry)
    return entry


def check_observer(net: Network, chain: str) -> None:
    """A fresh observer comes to the same tip, final block, rules and state."""
    side = side_of(net, chain)
    head, seen = side.tree[side.head], replayed(net, chain)
    assert (seen.hash, seen.final, seen.rank) == (head.hash, head.final, head.rank)
    assert [one.engine for one in seen.state.epochs] == [
        one.engine for one in head.state.epochs
    ]
    assert state_digest(seen) == state_digest(head) == net.state_digest(chain)


def check_all(net: Network, chain: str, accepted: Iterable[bytes] = ()) -> int:
    """All of the above. Returns how many of the accepted are in the chain."""
    check_line(best_chain(net, chain))
    check_tree(net, chain)
    check_finals(net, chain)
    check_observer(net, chain)
    return check_paid(net, chain, accepted)
