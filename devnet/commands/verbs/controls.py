"""
Verbs of whoever runs the devnet: coins for nothing, the clock, ways to mine, snapshots,
rival branches. They and their kin have a second name, `devnet-...`, as over HTTP.
"""

from __future__ import annotations

from devnet.commands import holding
from devnet.commands.context import Context
from devnet.commands.controlkinds import Mode, SnapshotId, TxId
from devnet.commands.digging import Digging
from devnet.commands.errors import BadArgument
from devnet.commands.kinds import Signed
from devnet.commands.registry import command
from devnet.commands.types import Asset, Chain, NewName, Number, Payee, Quantity
from devnet.commands.values import Said
from devnet.commands.verbs.money import in_units
from devnet.commands.walleting import gone_from

MOST_REORG_BLOCKS = 1_000


@command(group="money", example="faucet bob 500", acts=True)
def faucet(
    session: Context, who: Payee, amount: Quantity, asset: Asset | None = None
) -> Said:
    """Give an account or a mainchain address coins out of the devnet's own pocket.

    BTM unless another asset is named; of such an asset new units are issued where
    nobody has so many. The coins are there after the next block.
    """
    value = in_units(session, amount, asset or "BTM")
    place = holding.place_of(session, who)
    tx = session.network.give(place, value.units, value.asset)
    result = {"tx": tx, "tx_id": tx, "to": who, "amount": value, "asset": value.asset}
    text = f"{value} for {who}: {tx[:16]}"
    return Said(result, text, recorded={"who": place})


@command(group="time", example="automine interval 5", acts=True,
         labels={"seconds": "SECONDS"})  # fmt: skip
def automine(
    session: Context, mode: Mode | None = None, seconds: Number | None = None
) -> Said:
    """Say when mainchain blocks come by themselves, or ask.

    world: as the profile has it. off: only for `mine`, and what is asked for. Then
    deposits wait, too. on_transaction: when something waits. interval: so many virtual
    seconds after the last one.
    """
    network = session.network
    if mode != "interval" and seconds is not None:
        raise BadArgument("only interval has seconds", hint="automine interval 5")
    if mode is not None:
        network.set_automine(mode, 1000 * (seconds or 0))
    now = network.steering
    result = {"mode": now.automine, "interval": now.interval_ms // 1000}
    pace = f", every {result['interval']} s" if now.automine == "interval" else ""
    return Said(result, f"mining: {now.automine}{pace}")


@command(group="time", example="set-time --advance 3600", acts=True,
         labels={"time": "SECONDS"})  # fmt: skip
def set_time(
    session: Context,
    time: Number | None = None,
    *,
    advance: Number | None = None,
    offset: Signed | None = None,
) -> Said:
    """Set the clock that block times follow, or ask what it says.

    SECONDS are counted from 1970; --advance sets it forward from now, --offset sets it
    so far from the world's own. What was to happen happens in the same order as ever:
    only the times in blocks change, and what follows from them. It does not go back
    behind a block.
    """
    given = [one for one in (time, advance, offset) if one is not None]
    if len(given) > 1:
        raise BadArgument(
            "there are several times", hint="give SECONDS, --advance or --offset"
        )
    network = session.network
    own_ms = network.wall_ms - network.steering.ahead_ms
    if time is not None:
        network.set_clock(time * 1000)
    elif advance is not None:
        network.set_clock(network.wall_ms + advance * 1000)
    elif offset is not None:
        network.set_clock(own_ms + offset * 1000)
    seconds, ahead = network.wall_ms // 1000, network.steering.ahead_ms // 1000
    return Said(
        {"time": seconds, "offset": ahead},
        f"the clock says {seconds}, {ahead:+d} s from the world's own",
    )


@command(group="session", example="snapshot before-the-fork", recorded=True)
def snapshot(session: Context, name: NewName | None = None) -> Said:
    """Remember this moment, of all chains and wallets, to `revert` to it.

    It costs nothing. `revert first` is always possible, and `reset` is the same.
    """
    made = session.take_snapshot(name)
    result = {"snapshot_id": made.id, "height": made.height}
    return Said(result, f"{made.id}: main {made.height}")


@command(group="session", example="revert first", acts=True, recorded=False)
def revert(session: Context, snapshot: SnapshotId) -> Said:
    """Go back to a snapshot: chains, balances, wallets, names, the stream of events.

    Snapshots made since are forgotten, the one itself stays. Whatever waits is ended.
    """
    to = session.snapshots.find(snapshot)
    _go_back(session, to.id, f"revert {to.id}")
    result = {
        "snapshot_id": to.id, "height": to.height, "next_event": session.next_event
    }  # fmt: skip
    return Said(result, f"back at {to.id}: main {to.height}")


@command(group="session", example="reset", acts=True, recorded=False)
def reset(session: Context) -> Said:
    """Go back to the first state: that in which this world began.

    A world that lives in a folder goes back to what it was when it was opened.
    """
    _go_back(session, "first", "reset")
    height = session.network.main_height()
    return Said({"height": height}, f"as in the beginning: main {height}")


def _go_back(session: Context, snapshot_id: str, line: str) -> None:
    """Recorded before it happens: afterwards it is another moment."""
    to = session.snapshots.find(snapshot_id)
    n_lines = len(session.log.entries)
    session.record(line)
    try:
        session.go_back(to)
    except BaseException:
        del session.log.entries[n_lines:]
        raise


@command(group="chains", example="reorg 2", acts=True,
         labels={"depth": "DEPTH", "blocks": "BLOCKS"})  # fmt: skip
def reorg(session: Context, depth: Number, blocks: Number | None = None) -> Digging:
    """Replace the last blocks of the mainchain by a branch of empty ones.

    The branch leaves out DEPTH blocks and has BLOCKS of its own, one more if not given:
    with fewer the chain keeps its tip. What was in the lost blocks waits again. Locks
    in them sink back; a reorganisation deeper than a claimed lock breaks I1, and the
    alarm rings.
    """
    network = session.network
    tip = network.main_height()
    n_blocks = depth + 1 if blocks is None else blocks
    if not 1 <= depth < tip:
        raise BadArgument(
            f"main has height {tip}, so {depth} blocks cannot be left out",
            hint="reorg 2",
        )
    if not 1 <= n_blocks <= MOST_REORG_BLOCKS:
        raise BadArgument(
            f"a branch has 1 to {MOST_REORG_BLOCKS} blocks, got {n_blocks}",
            hint="reorg 2",
        )
    old = network.main_hashes(tip - depth)

    def done(hashes: list[bytes]) -> Said:
        height = network.main_height()
        moved = network.world.main_tip == hashes[-1]
        result = {
            "fork_height": tip - depth, "old": old[1:],
            "new": [one.hex() for one in hashes], "reorganised": moved,
            "height": height,
        }  # fmt: skip
        words = "reorganised" if moved else "the old branch stays"
        return Said(result, f"{words}: forked at {tip - depth}, main {height}")

    return Digging(n_blocks, done, parent=bytes.fromhex(old[0]))


@command(group="chains", example="drop-transaction $t.tx", acts=True)
def drop_transaction(session: Context, tx: TxId, chain: Chain | None = None) -> Said:
    """Let every node forget a transaction that waits, and those that spend from it.

    On the mainchain unless a chain is named. It can be handed in again. A claim comes
    back by itself: its collector makes it again.
    """
    network, before = session.network, session.network.world
    network.drop_transaction(chain or "main", bytes.fromhex(tx))
    session.held.release(*gone_from(before, network.world, chain or "main"))
    return Said({"tx": tx, "chain": chain or "main"}, f"forgotten: {tx[:16]}")


SECOND_NAMES = (
    ("devnet-mine", "mine"),
    ("devnet-set-automine", "automine"),
    ("devnet-faucet", "faucet"),
    ("devnet-set-time", "set-time"),
    ("devnet-snapshot", "snapshot"),
    ("devnet-revert", "revert"),
    ("devnet-reorg", "reorg"),
    ("devnet-drop-transaction", "drop-transaction"),
    ("devnet-set-fault", "fault"),
    ("devnet-clear-fault", "mend"),
    ("devnet-swap-consensus", "swap"),
    ("devnet-reset", "reset"),
)
"""The names that verbs have over HTTP, and the verbs."""
