"""
What one node has received of the mainchain, and which tip it follows.

Source: Bytom/bytom v1.1.0, protocol/block.go: a branch wins when it is higher and at
least as heavy. Equal height never switches, so the first seen stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rpds import HashTrieMap

from devnet.engine.mainchain.state import MainTree


@dataclass(frozen=True, slots=True)
class MainView:
    """One node's eyes: the tip it follows, the blocks it has, those without parent."""

    tip: bytes
    seen: HashTrieMap[bytes, None] = field(default_factory=HashTrieMap)
    orphans: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """How a tip moved: blocks left (newest first), blocks joined (oldest first)."""

    undone: tuple[bytes, ...] = ()
    joined: tuple[bytes, ...] = ()


def receive(tree: MainTree, view: MainView, block_hash: bytes) -> MainView:
    """
    The view after a valid block arrived.

    A block whose parent is missing waits for it; a known block changes nothing.
    """
    if block_hash in view.seen or block_hash in view.orphans:
        return view
    if tree[block_hash].block.header.previous not in view.seen:
        return replace(view, orphans=(*view.orphans, block_hash))
    seen = view.seen.insert(block_hash, None)
    highest, orphans = block_hash, view.orphans
    adopted = True
    while adopted:
        adopted = False
        for orphan in orphans:
            if tree[orphan].block.header.previous in seen:
                seen = seen.insert(orphan, None)
                orphans = tuple(other for other in orphans if other != orphan)
                if tree[orphan].height > tree[highest].height:
                    highest = orphan
                adopted = True
                break
    old, new = tree[view.tip], tree[highest]
    wins = new.height > old.height and new.work_sum >= old.work_sum
    return MainView(highest if wins else view.tip, seen, orphans)


def how_moved(tree: MainTree, old_tip: bytes, new_tip: bytes) -> Moved:
    """Which blocks left and which joined between two tips."""
    undone, joined = [], []
    old, new = old_tip, new_tip
    while tree[old].height > tree[new].height:
        undone.append(old)
        old = tree[old].block.header.previous
    while tree[new].height > tree[old].height:
        joined.append(new)
        new = tree[new].block.header.previous
    while old != new:
        undone.append(old)
        joined.append(new)
        old = tree[old].block.header.previous
        new = tree[new].block.header.previous
    return Moved(tuple(undone), tuple(reversed(joined)))


def settled_hash(tree: MainTree, view: MainView, depth: int) -> bytes:
    """The newest block of the best chain that is buried by `depth` blocks."""
    height = max(0, tree[view.tip].height - depth)
    found = tree.hash_at(view.tip, height)
    assert found is not None, "a tip has ancestors at every height below it"
    return found
