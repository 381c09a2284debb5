"""The collectors of a world as actors: their names, and each one's state."""

from __future__ import annotations

from devnet.engine.actors.messages import ClaimRefused
from devnet.engine.actors.turn import Turn
from devnet.engine.bc.transaction import Claim, Transaction
from devnet.engine.errors import UnknownName
from devnet.engine.federation.collector import Collector
from devnet.engine.keys.chainkd import public_key, xpub
from devnet.engine.mainchain.accounts import play_root
from devnet.engine.mainchain.view import MainView

KIND = "collector"
"""First part of the schedule's names of collectors."""


def new_collector(name: str, view: MainView) -> Collector:
    """A collector that has seen no lock yet, with the key of its name."""
    root = play_root(f"collector of {name}")
    return Collector(name, root, public_key(xpub(root)), view)


def actor_of(name: str) -> str:
    """The schedule's name of a collector."""
    return f"{KIND}:{name}"


def collector_of(turn: Turn, name: str) -> Collector:
    """A collector by its name."""
    for collector in turn.collectors:
        if collector.name == name:
            return collector
    known = ", ".join(collector.name for collector in turn.collectors)
    raise UnknownName(f"there is no collector {name!r}", hint=f"Collectors: {known}.")


def tell_refusal(turn: Turn, sender: str, tx: Transaction, reason: str) -> None:
    """A validator, as the schedule names it, answers whoever signed a Claim."""
    names = {collector.key: collector.name for collector in turn.collectors}
    for given in tx.inputs:
        name = isinstance(given, Claim) and names.get(given.collector_auth[:32])
        if isinstance(given, Claim) and name:
            turn.send(sender, actor_of(name), tx.id, ClaimRefused(tx.id, reason))


def set_collector(turn: Turn, new: Collector) -> None:
    """The collector's next state."""
    turn.collectors = tuple(
        new if collector.name == new.name else collector
        for collector in turn.collectors
    )
