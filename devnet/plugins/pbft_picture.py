"""What PBFT shows of a replica: its view, its phase, the votes of both phases."""

from __future__ import annotations

from devnet.engine.interfaces import Phase, Picture, Tally
from devnet.plugins.certificate import needed_weight, weight_of
from devnet.plugins.pbft_proofs import leader_of
from devnet.plugins.pbft_replica import Replica, signatures_for

PHASES: tuple[Phase, ...] = ("prepare", "commit")


def drawn(state: Replica) -> Picture:
    """The picture of one replica."""
    rules, view = state.rules, state.view
    tallies = []
    for block_hash in state.candidates:
        for phase in PHASES:
            votes = signatures_for(state, (phase, view, block_hash))
            tallies.append(Tally(block_hash, tuple(sorted(votes)), phase))
    base = Tally(state.base.block.hash, state.base.certificate.voters(), "commit")
    leader = rules.validators[leader_of(view, rules)].name
    return Picture(
        stage=f"view {view}, led by {leader}: {_phase(state, tallies)}",
        tallies=(base, *tallies) if base.voters else tuple(tallies),
    )


def _phase(state: Replica, tallies: list[Tally]) -> str:
    """What the replica waits for, with the weight that is in."""
    rules, needed = state.rules, needed_weight(state.rules)
    if not state.is_active:
        there = [one.index for one in state.changes if one and one.round == state.view]
        return f"view change, {weight_of(there, rules)} of {needed} ask for it"
    for tally in reversed(tallies):
        weight = weight_of(tally.voters, rules)
        if weight:
            return f"{tally.phase}, {weight} of {needed}"
    return "pre-prepare, waits for its block"
