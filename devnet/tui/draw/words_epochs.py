"""Events of elections, handovers and migrations in words. See `words`."""

from __future__ import annotations

from devnet.engine import events as ev
from devnet.tui.draw.telling import Decimals, coins, tells
from devnet.tui.theme import NOTE, TICK


@tells(ev.ActorChanged)
def _actor(event: ev.ActorChanged, _: Decimals) -> tuple[str, str, str]:
    words = {"joined": "joins", "off": "is off", "on": "is on again"}
    what = words.get(event.state, event.state)
    tone = "!" if event.state == "off" else NOTE
    return tone, "fed", f"{event.role} {event.name} {what}"


@tells(ev.FederationProposed)
def _proposed(event: ev.FederationProposed, _: Decimals) -> tuple[str, str, str]:
    came, left = ", ".join(event.came) or "nobody", ", ".join(event.left) or "nobody"
    words = f"votes ask for federation {event.epoch}: {came} for {left}"
    return NOTE, event.chain, f"{words}, {event.needed} must sign"


@tells(ev.HandoverSigned)
def _signed(event: ev.HandoverSigned, _: Decimals) -> tuple[str, str, str]:
    count = f"{event.signatures} of {event.needed}"
    words = f"{event.member} signs the handover to federation {event.epoch}"
    return NOTE, event.chain, f"{words}  {count}"


@tells(ev.FederationChanged)
def _changed(event: ev.FederationChanged, _: Decimals) -> tuple[str, str, str]:
    words = f"federation {event.epoch} holds the locks: {', '.join(event.members)}"
    return TICK, event.chain, f"{words}; treasury {event.treasury}"


@tells(ev.MigrationSent)
def _sent(event: ev.MigrationSent, decimals: Decimals) -> tuple[str, str, str]:
    amount = coins(event.amount, event.asset, decimals)
    what = "an expired deposit" if event.forward else f"federation {event.epoch}"
    return NOTE, event.chain, f"{amount} of {what} move to the newest federation"


@tells(ev.MigrationMined)
def _mined(event: ev.MigrationMined, decimals: Decimals) -> tuple[str, str, str]:
    amount = coins(event.amount, event.asset, decimals)
    what = "forwarded" if event.forward else "migrated"
    return TICK, event.chain, f"{amount} {what} in main {event.height}"


@tells(ev.MigrationDone)
def _done(event: ev.MigrationDone, _: Decimals) -> tuple[str, str, str]:
    words = "nothing is left at older addresses"
    return TICK, event.chain, f"{words}: federation {event.epoch} holds all"


@tells(ev.MembersSilent)
def _silent(event: ev.MembersSilent, decimals: Decimals) -> tuple[str, str, str]:
    amount = coins(event.amount, event.asset, decimals)
    names = ", ".join(event.members)
    return "!", event.chain, f"{names} do not sign {amount} over: it stays theirs"


@tells(ev.CollectorsElected)
def _collectors(event: ev.CollectorsElected, _: Decimals) -> tuple[str, str, str]:
    names = ", ".join(event.collectors)
    return TICK, event.chain, f"collectors from block {event.height} on: {names}"
