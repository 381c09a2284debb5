"""How long a withdrawal waits for its payout, in mainchain blocks."""

from __future__ import annotations

from devnet.engine.federation.withdrawals import Owed
from devnet.engine.sidechain.state import SideEntry, SideTree


def due_height(tree: SideTree, head: SideEntry, owed: Owed) -> int | None:
    """
    The anchor's height in the first block of a branch that proves a withdrawal final,
    or None: it is not yet. From then on somebody should pay it.
    """
    if head.final.height < owed.height:
        return None
    low, high = owed.height, head.height
    while low < high:  # Finality never goes back, so it can be searched for.
        middle = (low + high) // 2
        if _entry_at(tree, head, middle).final.height >= owed.height:
            high = middle
        else:
            low = middle + 1
    return _entry_at(tree, head, low).anchor.height


def _entry_at(tree: SideTree, head: SideEntry, height: int) -> SideEntry:
    found = tree.hash_at(head.hash, height)
    assert found is not None, "a head has ancestors at every height below it"
    return tree[found]
