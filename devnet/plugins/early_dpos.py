"""
Early Vapor's delegated proof of stake: its slots, elections and irreversible blocks.

Pure arithmetic, for comparison with the reference and for whoever builds an engine on
it. Two rules of the reference are wrong, and each is here twice: as the reference does
it, so that its answers can be compared, and corrected.

    a failing vote        reference: keeps the names before the one that failed
                          corrected: has no effect
    unvoted delegates     reference: in the order of a hash map, another one each time
                          corrected: by address, descending, as the voted ones

Source: consensus rules of this project, section "dpos"; Bytom/vapor, parent of
d09b7a78, consensus/consensus/dpos.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

BOOTSTRAP_VOTES = 7
"""Shown as the weight of the fixed producer at the end of each list; it counts none."""
MOST_APPROVALS = 51
FILL_BALANCE_NEU = 500 * 100_000_000
"""Balance from which on a registered delegate without votes may fill a seat."""

N_PLACES = 2
SOON_PERCENT, LATER_PERCENT = 90, 67


# Slots. Times are in one unit, seconds in early Vapor.


def round_index(time: int, start: int, interval: int, n_delegates: int) -> int:
    """The round of a time; 0 before the start."""
    return 0 if time < start else (time - start) // (n_delegates * interval)


def slot_index(time: int, start: int, interval: int, n_delegates: int) -> int:
    """The place in the delegate list whose slot a time falls into."""
    if time < start:
        return 0
    return (time - start) % (n_delegates * interval) // interval


# Irreversible blocks.


@dataclass(frozen=True, slots=True)
class RoundHeights:
    """Heights of first blocks of rounds that are remembered: none, one or two."""

    heights: tuple[int, ...] = ()

    def after(self, height: int, n_delegates: int) -> tuple[RoundHeights, bool]:
        """
        What is remembered after the first block of a round, and whether that very block
        became irreversible. It is judged before it is even validated.
        """
        known = tuple(old for old in self.heights if old <= height)
        if not known:
            return RoundHeights((height,)), False
        passed = 100 * (height - known[-1])
        if passed >= SOON_PERCENT * n_delegates:
            return RoundHeights((height,)), True
        if passed >= LATER_PERCENT * n_delegates:
            is_third = len(known) == N_PLACES
            return RoundHeights((*known, height)[-N_PLACES:]), is_third
        return RoundHeights((height,)), False


# Votes.


@dataclass(frozen=True, slots=True)
class Ballot:
    """
    Balances in neu, names of delegates, and who approves of whom. Keys are addresses.

    as_reference: failing operations keep what they did before they failed.
    """

    balances: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    approvals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    as_reference: bool = False

    def paid(self, address: str, delta_neu: int) -> Ballot:
        """A balance changed."""
        balance = self.balances.get(address, 0) + delta_neu
        return replace(self, balances={**self.balances, address: balance})

    def register(self, address: str, name: str) -> tuple[Ballot, bool]:
        """A delegate enters. False: its address or its name is taken."""
        if address in self.names or name in self.names.values():
            return self, False
        return replace(self, names={**self.names, address: name}), True

    def approve(self, voter: str, delegates: Sequence[str]) -> tuple[Ballot, bool]:
        """
        Approve of delegates. False: too many, an unknown one, or one approved already.
        """
        approved = self.approvals.get(voter, ())
        if len(approved) + len(delegates) > MOST_APPROVALS:
            return self, False
        for delegate in delegates:
            if delegate not in self.names or delegate in approved:
                return self._failed(voter, approved), False
            approved = (*approved, delegate)
        return self._with(voter, approved), True

    def withdraw(self, voter: str, delegates: Sequence[str]) -> tuple[Ballot, bool]:
        """Take approvals back. False: one of them was never given."""
        approved = self.approvals.get(voter, ())
        for delegate in delegates:
            if delegate not in approved:
                return self._failed(voter, approved), False
            approved = tuple(other for other in approved if other != delegate)
        return self._with(voter, approved), True

    def weights(self) -> dict[str, int]:
        """Of each delegate with an approval: the sum of its approvers' balances."""
        weights: dict[str, int] = {}
        for voter, approved in self.approvals.items():
            for delegate in approved:
                balance = self.balances.get(voter, 0)
                weights[delegate] = weights.get(delegate, 0) + balance
        return weights

    def _failed(self, voter: str, approved: tuple[str, ...]) -> Ballot:
        return self._with(voter, approved) if self.as_reference else self

    def _with(self, voter: str, approved: tuple[str, ...]) -> Ballot:
        return replace(self, approvals={**self.approvals, voter: approved})


@dataclass(frozen=True, slots=True)
class Elected:
    """
    The delegate list without the bootstrap producer, which follows at its end.

    voted: address and weight, in slot order. fill: how many seats go to delegates
    without votes; candidates: who may have one, in the corrected order.
    """

    voted: tuple[tuple[str, int], ...]
    fill: int
    candidates: tuple[str, ...]

    def seats(self) -> tuple[tuple[str, int], ...]:
        """The list by the corrected rule."""
        filled = tuple((address, 0) for address in self.candidates[: self.fill])
        return self.voted + filled


def elect(ballot: Ballot, n_seats: int, least_neu: int) -> Elected:
    """
    The delegates of a round.

    Args:
        n_seats: seats in all, the bootstrap producer's among them.
        least_neu: balance that a delegate itself must hold.
    """

    def by_weight(item: tuple[str, int]) -> tuple[int, str]:
        return item[1], item[0]

    weights = ballot.weights()
    able = [
        (address, weight)
        for address, weight in weights.items()
        if ballot.balances.get(address, 0) >= least_neu
    ]
    voted = tuple(sorted(able, key=by_weight, reverse=True)[: n_seats - 1])
    candidates = [
        address
        for address in ballot.names
        if address not in weights
        and ballot.balances.get(address, 0) >= FILL_BALANCE_NEU
    ]
    return Elected(
        voted,
        min(n_seats - 1 - len(voted), len(candidates)),
        tuple(sorted(candidates, reverse=True)),
    )
