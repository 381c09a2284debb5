"""
Who holds a sidechain's locks next, and who may claim them: what votes make of the
council, block by block.

Every so many blocks the tally proposes a federation. At most a third of its seats
changes, since the old members must still sign the funds over, and the new ones must
contain a quorum that saw how they came. The proposal takes effect by a handover record;
elected collectors take over as soon as the block that counted the votes is final.

Nothing here looks at anything but the branch, so every node finds the same council, and
a reorganisation takes an election back by looking at another value.

Source: protocol page "federation", section 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rpds import HashTrieMap

from devnet.engine.bc.electoral import (
    COLLECTOR_ROLE,
    MEMBER_ROLE,
    VALIDATOR_ROLE,
    stake_key_of,
)
from devnet.engine.bc.handover import LEAST_MEMBERS, MOST_MEMBERS
from devnet.engine.federation.council import Council
from devnet.engine.federation.programs import Federation, federation_of
from devnet.engine.interfaces import Rules
from devnet.engine.sidechain.roster import Roster
from devnet.engine.sidechain.state import SideEntry, SideSpec


def wanted_federation(
    current: Federation, votes: Mapping[bytes, int], n: int
) -> Federation:
    """
    The federation that a tally asks for; the current one when nothing changes.

    Args:
        votes: in neu by root xpub, of everybody who can be elected. A current member
            who is not in it left, or lost the seat.
        n: how many seats there shall be. Fewer remain while too few can be elected.
    """
    if len(current.members) < LEAST_MEMBERS:
        return current
    limit = len(current.members) // 3
    best = best_of(votes, min(n, MOST_MEMBERS))
    out = sorted(
        (key for key in current.members if key not in best),
        key=lambda key: (key in votes, votes.get(key, 0), key),
    )
    came = [key for key in best if key not in current.members]
    n_pairs = min(limit, len(out), len(came))
    rest = limit - n_pairs
    # A seat without a counterpart counts like a pair, and three always remain.
    n_out = n_pairs + min(
        rest, len(out) - n_pairs, len(current.members) - LEAST_MEMBERS
    )
    n_in = n_pairs + min(rest, len(came) - n_pairs)
    members = set(current.members).difference(out[:n_out]).union(came[:n_in])
    return current if members == set(current.members) else federation_of(members)


def best_of(votes: Mapping[bytes, int], n: int) -> list[bytes]:
    """The n keys with the most votes, the larger key first among equals."""
    return sorted(votes, key=lambda key: (votes[key], key), reverse=True)[:n]


@dataclass(frozen=True, slots=True)
class Poll:
    """
    What elections at a block look at.

    Args:
        tally: votes in neu by stake key.
        epochs: the rules so far; a vote for one of their validators is for that seat.
    """

    spec: SideSpec
    council: Council
    roster: Roster
    tally: HashTrieMap[bytes, int]
    epochs: tuple[Rules, ...]

    def votes(self, role: int) -> dict[bytes, int]:
        """Votes by key, of everybody who can be elected collector or member."""
        sitting, founders = self._sitting(role), frozenset(self._founders(role))
        elsewhere = self._elsewhere(role)
        found: dict[bytes, int] = {}
        by_stake_key = {stake_key_of(key): key for key in (*founders, *sitting)}
        for one in self.roster.book(role).standing():
            # Nobody gets two seats by one key under two names.
            if by_stake_key.get(one.stake_key, one.key) == one.key:
                found[one.key] = 0
        for key in sitting:
            one_of = self.roster.book(role).of_key(stake_key_of(key))
            if key in founders and (one_of is None or one_of.key != key):
                found[key] = 0
        for key in list(found):
            stake_key = stake_key_of(key)
            if stake_key in self.roster.banned:
                del found[key]
            elif stake_key not in elsewhere:
                found[key] = self.tally.get(stake_key) or 0
        return found

    def _sitting(self, role: int) -> tuple[bytes, ...]:
        if role == MEMBER_ROLE:
            return self.council.current.members
        return self.council.collectors

    def _founders(self, role: int) -> Iterable[bytes]:
        """Those whom the chain began with; they have no bond."""
        if role == COLLECTOR_ROLE:
            return self.spec.collectors
        return (key for one in self.spec.federations for key in one.members)

    def _elsewhere(self, role: int) -> frozenset[bytes]:
        """Stake keys that votes elect to another role: validators, then collectors."""
        keys = {one.key for rules in self.epochs for one in rules.validators}
        keys.update(self.roster.book(VALIDATOR_ROLE).by_key)
        if role == MEMBER_ROLE:
            keys.update(self._founders(COLLECTOR_ROLE))
            keys.update(self.roster.book(COLLECTOR_ROLE).by_key)
        return frozenset(keys)

    def federation(self) -> Federation | None:
        """
        The federation that the votes ask for; None: the one there is.

        One that expired never comes again with the very same members, since it would
        have the same addresses: a deposit that was forwarded from there could be
        claimed where it was as well. Then the weakest newcomer waits.
        """
        current, votes = self.council.current, self.votes(MEMBER_ROLE)
        n_seats = len(self.spec.federations[0].members)
        wanted = wanted_federation(current, votes, n_seats)
        while is_expired(self.council, wanted):
            came = [key for key in wanted.members if key not in current.members]
            if not came:
                return None
            del votes[min(came, key=lambda key: (votes[key], key))]
            wanted = wanted_federation(current, votes, n_seats)
        return None if wanted == current else wanted

    def collectors(self) -> tuple[bytes, ...]:
        """
        The collectors that the votes ask for; none: those there are. The same ones keep
        their order, or locks would change hands for nothing.
        """
        n_seats = self.spec.n_collectors or len(self.spec.collectors)
        best = tuple(best_of(self.votes(COLLECTOR_ROLE), n_seats))
        return () if set(best) == set(self.council.collectors) else best


def council_after(parent: SideEntry, poll: Poll) -> Council:
    """
    The council after a block on `parent`, in the poll its handovers included.
    """
    spec, height = poll.spec, parent.height + 1
    council = _expired(poll.council, height)
    council = _seated(council, parent, spec.collector_blocks)
    poll = replace(poll, council=council)
    if height % spec.federation_blocks == 0:
        council = replace(council, wanted=poll.federation())
    elif council.wanted is not None and not _can_come(poll, council.wanted):
        council = replace(council, wanted=None)
    if height % spec.collector_blocks == 0:
        council = replace(council, coming=poll.collectors())
    return council


def is_expired(council: Council, federation: Federation) -> bool:
    """Were the addresses of these members accepted once, and are no more?"""
    return federation in council.past and federation not in council.federations


def boundary_below(height: int, n_blocks: int) -> int:
    """The newest height, at or below this one, at which votes were counted."""
    return height // n_blocks * n_blocks


def _expired(council: Council, height: int) -> Council:
    """The old federation is accepted no more, above a block of this height."""
    if not council.expires or height + 1 < council.expires:
        return council
    newest, *old = council.federations
    return replace(
        council,
        federations=(newest,),
        past=(*old, *council.past),
        ends=(*(council.expires for _ in old), *council.ends),
        expires=0,
    )


def _seated(council: Council, parent: SideEntry, n_blocks: int) -> Council:
    """Elected collectors take over when the block that counted is final."""
    counted = boundary_below(parent.height, n_blocks)
    if not council.coming or parent.final.height < counted:
        return council
    return replace(council, collectors=council.coming, coming=())


def _can_come(poll: Poll, wanted: Federation) -> bool:
    """
    Do all who shall come still stand, and has the same set not expired meanwhile? Else
    the next tally proposes again.
    """
    if is_expired(poll.council, wanted):
        return False
    votes, current = poll.votes(MEMBER_ROLE), poll.council.current.members
    return all(key in votes for key in wanted.members if key not in current)
