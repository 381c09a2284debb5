"""The verb that moves a running sidechain to another database."""

from __future__ import annotations

from devnet.commands.context import Context
from devnet.commands.errors import Paused
from devnet.commands.registry import command
from devnet.commands.running import Until
from devnet.commands.types import Sidechain, Store
from devnet.commands.values import Said
from devnet.engine.errors import StorageError
from devnet.engine.events import StorageMoved, StorageStayed

MOST_MS_OF_A_MOVE = 3_600_000
"""Virtual time after which the verb stops waiting; the move itself goes on."""


class MoveFailed(StorageError):
    """The sidechain stays in its old database, which lost nothing."""

    code = "storage.move-failed"
    default_hint = "Mend what the message names, then ask again."


@command(group="chains", example="storage alpha sqlite", acts=True)
def storage(
    session: Context,
    sidechain: Sidechain,
    store: Store,
    *,
    at_once: bool = False,
) -> Said | Until:
    """Move a running sidechain to another database, without stopping it.

    The content is copied while blocks go on, then both databases are read through, and
    the chain changes over when their digests are equal. The verb waits for that, or
    with --at-once answers when the move has begun. Where it is kept: show SIDECHAIN.
    """
    network = session.network
    if session.pacer.paused and not at_once:
        raise Paused("time stands still, so this would wait for ever")
    first_seq, old = session.next_seq, network.show(sidechain)["store"]
    network.move_store(sidechain, store)
    begun = {"chain": sidechain, "old": old, "store": store}
    if at_once:
        return Said(begun, f"{sidechain} moves from {old} to {store}")
    # A recording keeps the beginning alone: the rest follows from it.
    session.record(f"storage {sidechain} {store} --at-once")

    def done() -> Said:
        for event in network.events[first_seq:]:
            if isinstance(event, StorageMoved) and event.chain == sidechain:
                return _said(event, network.stores[sidechain].info.durable)
            if isinstance(event, StorageStayed) and event.chain == sidechain:
                raise MoveFailed(f"{sidechain} stays in {old}: {event.reason}")
        raise MoveFailed(f"{sidechain} went back to a time before the move")

    return Until(
        lambda: "moving_to" not in network.show(sidechain),
        done,
        deadline_ms=session.now_ms + MOST_MS_OF_A_MOVE,
        ran_out=lambda: f"{sidechain} is still on its way from {old} to {store}",
        hint=f"the move goes on; show {sidechain} tells when it is there",
    )


def _said(event: StorageMoved, is_durable: bool) -> Said:
    value = {
        "chain": event.chain,
        "old": event.old_store,
        "store": event.store,
        "digest_before": event.digest_before,
        "digest_after": event.digest_after,
        "keys": event.keys,
    }
    text = (
        f"{event.chain} moved from {event.old_store} to {event.store}, "
        f"{event.keys} keys\n"
        f"digest before {event.digest_before}\n"
        f"digest after  {event.digest_after}"
    )
    if not is_durable:
        text += f"\n{event.store} keeps nothing on disk: what it holds ends with us"
    return Said(value, text)
