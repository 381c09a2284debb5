"""
What there is to see of a sidechain's consensus: the newest blocks with the votes for
them, what each validator is bound by, and what the rule shows of itself.

Votes are those that any validator holds, which is more than one of them may know.
Nothing here decides anything; screens ask for it a few times a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from devnet.engine.actors.seats import reader_of
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Sidechain, speaker_of
from devnet.engine.interfaces import Phase, Picture, Rules, picture_of
from devnet.engine.sidechain.node import Ballot, SideNode
from devnet.engine.sidechain.state import SideEntry
from devnet.engine.sidechain.swap import needed_weight
from devnet.engine.swapstory import swap_story

N_BLOCKS = 12
MOST_ASKED = 16
"""Validators whose votes are put together; each holds nearly all of them."""

Cast = tuple[bytes, Phase]


@dataclass(frozen=True, slots=True)
class SeatFacts:
    """
    What binds one validator in the epoch in force: its signer's durable state.

    Args:
        acts: it has a seat now; others only watch.
        needs: why it does not run the rule in force, or nothing.
    """

    name: str
    weight: int
    acts: bool
    voted_round: int = 0
    source_round: int = 0
    prepared_round: int = 0
    committed_round: int = 0
    view_round: int = 0
    needs: str = ""
    banned: bool = False


@dataclass(frozen=True, slots=True)
class BlockFacts:
    """
    One of the newest blocks with the votes for it, in one phase.

    Args:
        voters: a truth for each place of the list that acts in the block.
        weight, needed: of the votes, and for a certificate; 0: this rule has no votes.
        state: open, certified, or final.
    """

    height: int
    hash: str
    round: int
    epoch: int
    engine: str
    producer: str
    phase: str
    voters: tuple[bool, ...]
    weight: int
    needed: int
    state: str
    closing: bool = False


@dataclass(frozen=True, slots=True)
class ConsensusFacts:
    """
    The consensus of one sidechain at this moment.

    Args:
        certified: height of the highest block with a certificate, 0 without any.
        swap: the swap on its way, as `show` tells it; empty without one.
    """

    chain: str
    engine: str
    finality: str
    epoch: int
    height: int
    final: int
    certified: int
    seats: tuple[SeatFacts, ...]
    needed: int
    blocks: tuple[BlockFacts, ...] = ()
    rule: Picture = field(default_factory=Picture)
    swap: dict[str, Any] = field(default_factory=dict)


def consensus_facts(turn: Turn, side: Sidechain, notice: int) -> ConsensusFacts:
    """
    Everything about the consensus of a sidechain; `turn` is only looked at.

    Args:
        notice: least blocks between a swap record and its closing height.
    """
    head = side.tree[side.head]
    rules = head.state.seated
    speaker = speaker_of(side.nodes, turn.faults, side.name)
    rule, votes = Picture(), dict[Cast, set[int]]()
    for node in (speaker, *side.nodes[:MOST_ASKED]):
        picture = _picture(turn, side, node, head)
        rule = picture if node is speaker else rule
        for tally in picture.tallies:
            votes.setdefault((tally.block_hash, tally.phase), set()).update(
                tally.voters
            )
    _add_certificates(side, head, votes)
    blocks = _blocks(turn, side, head, votes)
    certified = (one.height for one in blocks if one.needed and one.state != "open")
    return ConsensusFacts(
        chain=side.name,
        engine=rules.engine,
        finality=turn.tools.engine(rules.engine).info.finality,
        epoch=rules.epoch,
        height=head.height,
        final=side.final.height,
        certified=max(certified, default=0),
        seats=_seats(side, head, rules),
        needed=needed_weight(rules),
        blocks=blocks,
        rule=rule,
        swap=swap_story(side, head, turn.faults, notice, turn.tools),
    )


def _picture(turn: Turn, side: Sidechain, node: SideNode, head: SideEntry) -> Picture:
    """What one validator's engine shows; nothing while it does not run the rule."""
    rules = head.state.rules
    state = node.engines.get(rules.epoch)
    if state is None or side.tree[node.head].header.epoch != rules.epoch:
        return Picture()
    engine = turn.tools.engine(rules.engine)
    return picture_of(engine, state, reader_of(turn, side.name, node))


def _add_certificates(
    side: Sidechain, head: SideEntry, votes: dict[Cast, set[int]]
) -> None:
    """What the newest blocks carry: the certificate of the block that each names."""
    entry = head
    for _ in range(N_BLOCKS + 1):
        certificate, named = entry.header.certificate, entry.header.justify.hash
        if certificate.bitmap and named in side.tree.entries:
            phase: Phase = "vote"
            if (named, "commit") in votes or side.tree[named].header.engine == "pbft":
                phase = "commit"
            votes.setdefault((named, phase), set()).update(certificate.voters())
        if entry.height == 0:
            return
        entry = side.tree[entry.header.previous]


def _blocks(
    turn: Turn, side: Sidechain, head: SideEntry, votes: dict[Cast, set[int]]
) -> tuple[BlockFacts, ...]:
    """The newest blocks of the head's branch, and others that are voted on above."""
    tree, hashes = side.tree, list[bytes]()
    low = max(1, head.height - N_BLOCKS + 1)
    for height in range(low, head.height + 1):
        found = tree.hash_at(head.hash, height)
        assert found is not None, "the branch has a block of each height"
        hashes.append(found)
    beside = {one for one, _ in votes if one in tree.entries} - set(hashes)
    above = [one for one in beside if tree[one].height >= head.height]
    hashes += sorted(above, key=lambda one: (tree[one].height, one))
    rows = []
    for block_hash in hashes:
        phases: list[Phase] = [
            phase for phase in ("vote", "prepare", "commit")
            if (block_hash, phase) in votes
        ]  # fmt: skip
        for phase in phases or ["vote"]:
            voters = votes.get((block_hash, phase), set())
            rows.append(_block(turn, side, tree[block_hash], phase, voters))
    return tuple(rows)


def _block(
    turn: Turn, side: Sidechain, entry: SideEntry, phase: Phase, voters: set[int]
) -> BlockFacts:
    rules, header = entry.state.seated, entry.header
    info = turn.tools.engine(rules.engine).info
    votes_count = info.finality == "certificate" or bool(voters)
    weight = sum(
        one.weight for index, one in enumerate(rules.validators) if index in voters
    )
    needed = needed_weight(rules) if votes_count else 0
    state = "certified" if needed and weight >= needed else "open"
    if side.tree.is_ancestor(entry.hash, side.final.hash):
        state = "final"
    program = entry.block.transactions[0].outputs[0].program
    makers = (node.name for node in side.nodes if node.program == program)
    return BlockFacts(
        height=entry.height,
        hash=entry.hash.hex(),
        round=header.round,
        epoch=rules.epoch,
        engine=rules.engine,
        producer=next(makers, ""),
        phase=phase,
        voters=tuple(index in voters for index in range(len(rules.validators))),
        weight=weight,
        needed=needed,
        state=state,
        closing=entry.is_closing(),
    )


def _seats(side: Sidechain, head: SideEntry, rules: Rules) -> tuple[SeatFacts, ...]:
    """All nodes of the chain, those with a seat in the order of their list first."""
    weights = {one.key: one.weight for one in rules.validators}
    order = {one.key: index for index, one in enumerate(rules.validators)}
    nodes = sorted(side.nodes, key=lambda node: order.get(node.key, len(order)))
    banned = head.state.roster.banned
    seats = []
    for node in nodes:
        ballot = node.ballots.get(rules.epoch) or Ballot()
        seats.append(
            SeatFacts(
                name=node.name,
                weight=weights.get(node.key, 0),
                acts=node.key in weights,
                voted_round=ballot.voted_round,
                source_round=ballot.source_round,
                prepared_round=ballot.prepared_round,
                committed_round=ballot.committed_round,
                view_round=ballot.view_round,
                needs=node.needs,
                banned=node.key in banned,
            )
        )
    return tuple(seats)
