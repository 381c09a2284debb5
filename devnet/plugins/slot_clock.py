"""The slots around now, for rules whose rounds go by the clock: for screens alone."""

from __future__ import annotations

from collections.abc import Callable

from devnet.engine.interfaces import ChainReader, Header, Rules, Slot, SlotState

N_BEFORE, N_AFTER = 9, 4


def slot_clock(
    chain: ChainReader, rules: Rules, owner_of: Callable[[int, Header], str]
) -> tuple[Slot, ...]:
    """
    Who was due in the newest slots and what came of it, who is due now and next.

    Args:
        rules: of the epoch; `interval_ms` is the length of a slot.
        owner_of: the name of the owner of a slot, in the child of a block.
    """
    interval_ms = rules.params["interval_ms"]

    def slot_of(time_ms: int) -> int:
        return (time_ms - chain.genesis_ms) // interval_ms

    now, block, found = slot_of(chain.now_ms), chain.head(), list[Slot]()
    if block.epoch != rules.epoch and block.hash != rules.base.hash:
        return ()
    for number in range(now + N_AFTER, now - N_BEFORE - 1, -1):
        while block.height > rules.base.height and slot_of(block.time_ms) > number:
            block = chain.ancestor(block.hash, block.height - 1)
        made = slot_of(block.time_ms) == number
        if block.height <= rules.base.height and slot_of(block.time_ms) >= number:
            break  # Older slots are another rule's.
        if made:
            parent = chain.ancestor(block.hash, block.height - 1)
            found.append(Slot(number, owner_of(number, parent), "made", block.height))
            continue
        state: SlotState = "now" if number == now else "coming"
        if number < now:
            state = "passed"
        found.append(Slot(number, owner_of(number, block), state))
    return tuple(reversed(found))
