"""What elections look at: candidates with their balances, and who gets a seat."""

from __future__ import annotations

from collections.abc import Mapping

from devnet.engine.bc.transaction import BTM
from devnet.engine.codec import address_of_program
from devnet.engine.interfaces import (
    Candidate,
    ChainReader,
    ConsensusEngine,
    Electing,
    Header,
    Rules,
    Validator,
)
from devnet.engine.sidechain.state import SideState


def candidates_at(state: SideState, hrp: str) -> tuple[Candidate, ...]:
    """
    All who stand at a block, in the order of their addresses. A balance is what the
    address holds in plain coins: bonds and votes are not in it.
    """
    weights, counts = _approvals(state)
    found = [
        Candidate(
            name=one.name,
            key=one.key,
            address=address_of_program(one.program, hrp),
            balance=state.coins.total_of(one.program, BTM),
            weight=weights.get(one.name, 0),
            n_approvals=counts.get(one.name, 0),
        )
        for one in state.roster.standing()
    ]
    return tuple(sorted(found, key=lambda one: one.address))


def _approvals(state: SideState) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """By candidate: the balances behind its approvals, and how many they are."""
    weights: dict[str, int] = {}
    counts: dict[str, int] = {}
    for program, names in state.roster.approvals.items():
        balance = state.coins.total_of(program, BTM)
        for name in names:
            weights[name] = weights.get(name, 0) + balance
            counts[name] = counts.get(name, 0) + 1
    return weights, counts


def elected(
    engine: ConsensusEngine,
    time_ms: int,
    parent: Header,
    rules: Rules,
    chain: ChainReader,
) -> tuple[Validator, ...]:
    """
    Who acts in a block of this time on `parent` by election; nobody: the epoch's own
    list does, as always in rules without elections.
    """
    if not engine.info.elects:
        return ()
    electing: Electing = engine  # type: ignore[assignment]  # `elects` says so.
    acting = electing.acting(time_ms, parent, rules, chain)
    return () if acting == rules.validators else acting
