"""
Who holds a sidechain's locks, and who may claim them, at one of its blocks.

A sidechain elects both. Its federation changes by epochs, at most a third of the seats
at a time; the epoch before stays accepted for a while, so that deposits on their way
to the old addresses can still be claimed.

Source: protocol page "federation", section 8.
"""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.federation.programs import Federation


@dataclass(frozen=True, slots=True)
class Council:
    """
    Args:
        epoch: number of the newest federation; the first is 0.
        federations: accepted ones, newest first.
        collectors: elected collectors' 32-byte public keys, in order.
        past: federations that are accepted no more, newest first. What they still
            hold is theirs to sign; deposits to them cannot be claimed.
        expires: the sidechain's height from which on only the newest is accepted; 0:
            nothing expires.
        wanted: the set that the last tally asks for, until its handover is in a block.
        coming: the collectors that the last tally elected, until the block that counted
            is final; none: those there are.
        ends: of `past`, in its order: the heights from which on each was not accepted.
    """

    epoch: int
    federations: tuple[Federation, ...]
    collectors: tuple[bytes, ...]
    past: tuple[Federation, ...] = ()
    expires: int = 0
    wanted: Federation | None = None
    coming: tuple[bytes, ...] = ()
    ends: tuple[int, ...] = ()

    @property
    def current(self) -> Federation:
        """The federation of the newest epoch: new deposits and change are its."""
        return self.federations[0]

    @property
    def known(self) -> tuple[Federation, ...]:
        """Every federation that there ever was, newest first."""
        return (*self.federations, *self.past)
