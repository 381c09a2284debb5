"""Words for events of databases, faults, audits, refusals and failures."""

from __future__ import annotations

from devnet.engine import events as ev
from devnet.tui.draw.telling import Decimals, coins, tells
from devnet.tui.draw.text import clock, money, short
from devnet.tui.theme import BROKEN, NOTE, TICK


@tells(ev.StorageMoving)
def _moving(event: ev.StorageMoving, _: Decimals) -> tuple[str, str, str]:
    return NOTE, event.chain, f"storage {event.old_store} > {event.store} begins"


@tells(ev.StorageMoved)
def _moved_store(event: ev.StorageMoved, _: Decimals) -> tuple[str, str, str]:
    digests = f"{short(event.digest_before)} = {short(event.digest_after)}"
    words = f"storage {event.old_store} > {event.store}  {event.keys} keys"
    return TICK, event.chain, f"{words}  digests {digests}"


@tells(ev.StorageStayed)
def _stayed(event: ev.StorageStayed, _: Decimals) -> tuple[str, str, str]:
    return "!", event.chain, f"storage stays {event.old_store}: {event.reason}"


@tells(ev.FaultStarted)
def _fault_started(event: ev.FaultStarted, _: Decimals) -> tuple[str, str, str]:
    name = f"{event.id} {event.fault}" if event.id else event.fault
    words = f"fault {name} at {event.target} begins"
    words += f"  {event.detail}" if event.detail else ""
    words += f"  until {clock(event.until_ms)}" if event.until_ms >= 0 else ""
    until = event.until_height
    words += f"  until main block {until}" if until >= 0 else ""
    return "!", event.target.partition(".")[0], words


@tells(ev.FaultEnded)
def _fault_ended(event: ev.FaultEnded, _: Decimals) -> tuple[str, str, str]:
    name = f"{event.id} {event.fault}" if event.id else event.fault
    chain = event.target.partition(".")[0]
    return TICK, chain, f"fault {name} at {event.target} is over"


@tells(ev.FaultSeen)
def _fault_seen(event: ev.FaultSeen, _: Decimals) -> tuple[str, str, str]:
    name = f"{event.id} {event.fault}" if event.id else event.fault
    return "!", event.target.partition(".")[0], f"{name}: {event.what}"


@tells(ev.Audited)
def _audited(event: ev.Audited, decimals: Decimals) -> tuple[str, str, str]:
    rows = zip(
        event.assets, event.locked, event.circulating, event.arriving, strict=True
    )
    sums = "  ".join(
        f"{coins(locked, asset, decimals)} = {money(there, decimals.get(asset, 0))}"
        f" + {money(coming, decimals.get(asset, 0))} arriving"
        for asset, locked, there, coming in rows
    )
    if not event.ok:
        return BROKEN, event.chain, f"books wrong: {sums or 'an alarm stands'}"
    return TICK, event.chain, f"books right: {sums or 'nothing locked'}"


@tells(ev.InvariantBroken)
def _broken(event: ev.InvariantBroken, _: Decimals) -> tuple[str, str, str]:
    return BROKEN, event.chain, f"{event.invariant} broken: {event.detail}"


@tells(ev.PegFroze)
def _froze(event: ev.PegFroze, _: Decimals) -> tuple[str, str, str]:
    block = f"main {event.anchor_height} {short(event.anchor)}"
    return BROKEN, event.chain, f"peg frozen: {block} left the best chain"


@tells(ev.PegThawed)
def _thawed(event: ev.PegThawed, _: Decimals) -> tuple[str, str, str]:
    words = f"peg open again on main {event.anchor_height} {short(event.anchor)}"
    lost = f", {event.n_written_off} claims written off" if event.n_written_off else ""
    return TICK, event.chain, words + lost


@tells(ev.Refused)
def _refused(event: ev.Refused, _: Decimals) -> tuple[str, str, str]:
    return BROKEN, "", f"{event.command} refused: {event.message}  [{event.code}]"


@tells(ev.EngineFailed)
def _failed(event: ev.EngineFailed, _: Decimals) -> tuple[str, str, str]:
    return BROKEN, "", f"engine failed: {event.message}"
