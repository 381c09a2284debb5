"""How long a withdrawal waits for its payout, in mainchain blocks."""

from __future__ import annotations

from collections.abc import Callable

from devnet.engine.federation.withdrawals import Owed
from devnet.engine.sidechain.state import SideEntry, SideTree


def due_height(tree: SideTree, head: SideEntry, owed: Owed) -> int | None:
    """
    The anchor's height in the first block of a branch that proves a withdrawal final,
    or None: it is not yet. From then on somebody should pay it.
    """
    if head.final.height < owed.height:
        return None
    return _since(
        tree, head, owed.height, lambda entry: entry.final.height >= owed.height
    )


def named_height(tree: SideTree, head: SideEntry, owed: Owed) -> int | None:
    """The same for the intent that names the withdrawal's pin, or None."""

    def is_named(entry: SideEntry) -> bool:
        final = tree[entry.final.hash].state.pegout.find(owed.id)
        return final is not None and final.pin_id == owed.pin_id

    return _since(tree, head, owed.height, is_named) if is_named(head) else None


def _since(
    tree: SideTree, head: SideEntry, low: int, test: Callable[[SideEntry], bool]
) -> int:
    """The anchor's height in the first block of a branch that passes a test."""
    high = head.height
    while low < high:  # Finality never goes back, so it can be searched for.
        middle = (low + high) // 2
        if test(_entry_at(tree, head, middle)):
            high = middle
        else:
            low = middle + 1
    return _entry_at(tree, head, low).anchor.height


def _entry_at(tree: SideTree, head: SideEntry, height: int) -> SideEntry:
    found = tree.hash_at(head.hash, height)
    assert found is not None, "a head has ancestors at every height below it"
    return tree[found]
