"""Verbs that break things on purpose, and mend them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet.commands.registry import command
from devnet.commands.running import Said
from devnet.commands.types import Chain, Names

if TYPE_CHECKING:
    from devnet.commands.session import Session


@command(group="chains", example="partition alpha v1,v2", acts=True)
def partition(session: Session, chain: Chain, side: Names | None = None) -> Said:
    """Cut a chain's network in two: those named hear only one another.

    Without names the last one is alone: `partition main` leaves node-1 to itself, so
    that two tips grow. `heal` joins them, and the chain's own rules decide.
    """
    groups = session.network.partition(chain, (side,) if side else ())
    result = {"chain": chain, "groups": [list(group) for group in groups]}
    sides = " | ".join(",".join(group) for group in groups)
    return Said(result, f"{chain} is cut: {sides}")


@command(group="chains", example="heal main", acts=True)
def heal(session: Session, chain: Chain) -> Said:
    """Join a cut network again: everybody sends what the others have not seen."""
    session.network.heal(chain)
    return Said({"chain": chain}, f"{chain} is whole again")
