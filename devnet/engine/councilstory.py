"""
What there is to see of those who hold a sidechain's locks: members and collectors with
votes and bonds, whose turn each lock is, the epochs and what each still holds.

Nothing here decides anything; screens and verbs ask for it.

Source: protocol page "federation", section 8.
"""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.actors.collecting import transfer_of
from devnet.engine.actors.epochs import council_of
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Sidechain
from devnet.engine.bc.electoral import COLLECTOR_ROLE, MEMBER_ROLE, stake_key_of
from devnet.engine.federation.collector import SeenLock
from devnet.engine.federation.council import Council
from devnet.engine.federation.programs import (
    TREASURY_SCRIPT,
    Federation,
    lock_address,
    lock_program,
)
from devnet.engine.interfaces import Checkpoint
from devnet.engine.mainchain.view import settled_hash
from devnet.engine.sidechain.reader import claim_context
from devnet.engine.sidechain.rotation import Poll, boundary_below
from devnet.engine.sidechain.state import SideEntry


@dataclass(frozen=True, slots=True)
class Holder:
    """
    Somebody who sits in the federation or collects, or stands for it.

    Args:
        key: 64 bytes of a member, 32 of a collector.
        epochs: of a member: the accepted epochs that it signs for, newest first.
        sits: now. comes: the last tally wants it, and it does not sit yet.
        goes: it sits, and the last tally does not want it.
        up: its machine runs; False: it stands still or is nowhere here.
        votes, bond: in neu. founder: it needs no bond. leaving: it stands no more.
    """

    name: str
    key: bytes
    sits: bool
    up: bool
    epochs: tuple[int, ...] = ()
    comes: bool = False
    goes: bool = False
    votes: int = 0
    bond: int = 0
    founder: bool = False
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class LockTurn:
    """
    A lock that collectors know and that is not claimed for good.

    Args:
        turns: collectors that may claim it now, the assigned one first.
        state: where it is, in words.
        anybody_in: mainchain blocks until anybody may claim it, without fee.
    """

    transfer: str
    lock_id: bytes
    asset: bytes
    amount: int
    height: int
    turns: tuple[str, ...]
    state: str
    anybody_in: int


@dataclass(frozen=True, slots=True)
class EpochFacts:
    """
    One epoch of a federation.

    Args:
        state: wanted, in force, accepted or expired.
        until: of an accepted one: the sidechain height from which on it is not.
        came, left: members that the epoch before did not have, and the other way.
        treasury: its address. held: what its programs hold, as (asset id, amount).
    """

    number: int
    state: str
    members: tuple[str, ...]
    quorum: int
    came: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    until: int = 0
    treasury: str = ""
    held: tuple[tuple[bytes, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CouncilFacts:
    """
    Everything about the federation and the collectors of one sidechain now.

    Args:
        next_tally: the sidechain height at which members are elected anew.
        frozen: the mainchain left the branch of the anchor: the peg rests.
        anchor: height of the mainchain block on which the sidechain stands.
    """

    chain: str
    height: int
    anchor: int
    epoch: int
    quorum: int
    next_tally: int
    members: tuple[Holder, ...]
    collectors: tuple[Holder, ...]
    locks: tuple[LockTurn, ...]
    epochs: tuple[EpochFacts, ...]
    frozen: bool = False


def council_facts(turn: Turn, side: Sidechain) -> CouncilFacts:
    """
    Votes at a sidechain's newest block, and the council that is final, as deposits and
    payouts have it; `turn` is only looked at.
    """
    head = side.tree[side.head]
    council, spec = council_of(side), side.tree.spec
    state = head.state
    poll = Poll(spec, council, state.roster, state.tally, state.epochs)
    every = spec.federation_blocks
    return CouncilFacts(
        chain=side.name,
        height=head.height,
        anchor=head.anchor.height,
        epoch=council.epoch,
        quorum=council.current.quorum,
        next_tally=boundary_below(head.height, every) + every,
        members=_members(turn, poll),
        collectors=_collectors(turn, poll),
        locks=_locks(turn, side, head),
        epochs=_epochs(turn, side, council),
        frozen=not turn.tree.is_ancestor(head.anchor.hash, turn.main_tip),
    )


# Who.


def _members(turn: Turn, poll: Poll) -> tuple[Holder, ...]:
    """Sitting members in the order of their record, then those who stand."""
    council, wanted = poll.council, poll.council.wanted
    here = {one.xpub: one for one in turn.members}
    votes, founders = poll.votes(MEMBER_ROLE), poll.spec.federations[0].members
    registered = {one.key: one for one in poll.roster.book(MEMBER_ROLE).all()}
    sitting = dict.fromkeys(key for one in council.federations for key in one.members)
    rest = sorted(set(registered) - set(sitting), key=lambda key: registered[key].name)
    found = []
    for key in (*sitting, *rest):
        actor, one = here.get(key), registered.get(key)
        name = one.name if one else actor.name if actor else key.hex()[:8]
        sits = key in council.current.members
        found.append(
            Holder(
                name=actor.name if actor else name,
                key=key,
                sits=sits,
                up=actor is not None and not actor.off,
                epochs=tuple(
                    council.epoch - age
                    for age, federation in enumerate(council.federations)
                    if key in federation.members
                ),
                comes=wanted is not None and key in wanted.members and not sits,
                goes=wanted is not None and key not in wanted.members and sits,
                votes=votes.get(key, 0),
                bond=one.bond_neu if one else 0,
                founder=one is None and key in founders,
                leaving=one is not None and not one.stands,
            )
        )
    return tuple(found)


def _collectors(turn: Turn, poll: Poll) -> tuple[Holder, ...]:
    """Sitting collectors in the order of their list, then those who stand."""
    council, coming = poll.council, poll.council.coming
    here = {one.key: one for one in turn.collectors}
    votes = poll.votes(COLLECTOR_ROLE)
    registered = {one.key: one for one in poll.roster.book(COLLECTOR_ROLE).all()}
    rest = sorted(
        set(registered) - set(council.collectors), key=lambda key: registered[key].name
    )
    found = []
    for key in (*council.collectors, *rest):
        one, sits = registered.get(key), key in council.collectors
        actor = here.get(key)
        found.append(
            Holder(
                name=actor.name if actor else one.name if one else key.hex()[:8],
                key=key,
                sits=sits,
                up=actor is not None and not actor.off,
                comes=key in coming and not sits,
                goes=bool(coming) and key not in coming and sits,
                votes=votes.get(key, poll.tally.get(stake_key_of(key)) or 0),
                bond=one.bond_neu if one else 0,
                founder=one is None and key in poll.spec.collectors,
                leaving=one is not None and not one.stands,
            )
        )
    return tuple(found)


# Whose turn.


def _locks(turn: Turn, side: Sidechain, head: SideEntry) -> tuple[LockTurn, ...]:
    """What waits to be claimed, the oldest first."""
    anchor_hash = settled_hash(turn.tree, turn.main_nodes[0].view, turn.depth)
    anchor = Checkpoint(turn.tree[anchor_hash].height, anchor_hash)
    context = claim_context(
        side.tree, head, turn.tree, anchor, frozen=False, resting=False
    )
    names = {one.key: one.name for one in turn.collectors}
    seen = {
        lock.coin.id: lock
        for collector in reversed(turn.collectors)
        for lock in collector.pending
        if lock.chain == side.name
    }
    found = []
    for lock in sorted(seen.values(), key=lambda one: (one.coin.height, one.coin.id)):
        age = max(0, anchor.height - lock.coin.height)
        transfer = transfer_of(turn, lock.coin.id)
        found.append(
            LockTurn(
                transfer=transfer.id if transfer is not None else "",
                lock_id=lock.coin.id,
                asset=lock.coin.asset,
                amount=lock.coin.amount,
                height=lock.coin.height,
                turns=tuple(
                    names.get(key) or key.hex()[:8]
                    for key in context.may_collect(lock.coin.id, age)
                ),
                state=_lock_state(turn, head, lock, anchor.height),
                anybody_in=max(0, context.grace - age),
            )
        )
    return tuple(found)


def _lock_state(turn: Turn, head: SideEntry, lock: SeenLock, anchor: int) -> str:
    claimed = head.state.claimed.get(lock.coin.id)
    if claimed is not None:
        return f"claimed in block {claimed.height}"
    if lock.coin.height > anchor:
        n_above = turn.tree[turn.main_tip].height - lock.coin.height
        return f"burying {n_above}/{turn.depth}"
    tried = max(
        one.submitted_at
        for collector in turn.collectors
        for one in collector.pending
        if one.coin.id == lock.coin.id
    )
    refused = [
        one.refused
        for collector in turn.collectors
        for one in collector.pending
        if one.coin.id == lock.coin.id and one.refused
    ]
    if refused:
        return f"refused by {refused[-1]}"
    return f"claim handed in at main {tried}" if tried >= 0 else "ready"


# Epochs.


def _epochs(turn: Turn, side: Sidechain, council: Council) -> tuple[EpochFacts, ...]:
    """The wanted set first, then the newest epoch, then the older ones."""
    facts, n_accepted = list[EpochFacts](), len(council.federations)
    if council.wanted is not None:
        number, before = council.epoch + 1, council.current
        facts.append(_epoch(turn, side, number, "wanted", council.wanted, before))
    known = council.known
    for age, federation in enumerate(known):
        state = "in force" if age == 0 else "accepted"
        state, until = (state, council.expires) if age < n_accepted else ("expired", 0)
        before = known[age + 1] if age + 1 < len(known) else federation
        number = council.epoch - age
        facts.append(
            _epoch(turn, side, number, state, federation, before, until * bool(age))
        )
    return tuple(facts)


def _epoch(
    turn: Turn,
    side: Sidechain,
    number: int,
    state: str,
    federation: Federation,
    before: Federation,
    until: int = 0,
) -> EpochFacts:
    names = {one.xpub: one.name for one in turn.members}

    def called(keys: set[bytes]) -> tuple[str, ...]:
        return tuple(sorted(names.get(key) or key.hex()[:8] for key in keys))

    now, old = set(federation.members), set(before.members)
    chain_id = side.tree.spec.chain_id
    return EpochFacts(
        number=number,
        state=state,
        members=tuple(names.get(key) or key.hex()[:8] for key in federation.members),
        quorum=federation.quorum,
        came=called(now - old),
        left=called(old - now),
        until=until,
        treasury=lock_address(
            federation, chain_id, TREASURY_SCRIPT, turn.tree.profile.hrp
        ),
        held=() if state == "wanted" else _held(turn, side, federation),
    )


def _held(
    turn: Turn, side: Sidechain, federation: Federation
) -> tuple[tuple[bytes, int], ...]:
    """What the programs of an epoch hold on the mainchain, by asset."""
    chain_id, coins = side.tree.spec.chain_id, turn.tree[turn.main_tip].state.coins
    scripts = {
        turn.watched[program].claim_script
        for program in turn.watched
        if turn.watched[program].chain == side.name
    }
    programs = [
        lock_program(federation, chain_id, script)
        for script in sorted(scripts | {TREASURY_SCRIPT})
    ]
    sums = (
        (info.id, sum(coins.total_of(program, info.id) for program in programs))
        for info in turn.assets
    )
    return tuple((asset, amount) for asset, amount in sums if amount)
