"""Verbs that break things on purpose, and mend them."""

from __future__ import annotations

from devnet.commands.context import Context
from devnet.commands.registry import command
from devnet.commands.types import Chain, Names
from devnet.commands.values import Said


@command(group="chains", example="partition alpha v1,v2", acts=True)
def partition(session: Context, chain: Chain, side: Names | None = None) -> Said:
    """Cut a chain's network in two: those named hear only one another.

    Without names the last one is alone: `partition main` leaves node-1 to itself, so
    that two tips grow. `heal` joins them, and the chain's own rules decide.
    """
    groups = session.network.partition(chain, (side,) if side else ())
    result = {"chain": chain, "groups": [list(group) for group in groups]}
    sides = " | ".join(",".join(group) for group in groups)
    return Said(result, f"{chain} is cut: {sides}")


@command(group="chains", example="heal main", acts=True)
def heal(session: Context, chain: Chain) -> Said:
    """Join a cut network again: everybody sends what the others have not seen."""
    session.network.heal(chain)
    return Said({"chain": chain}, f"{chain} is whole again")
