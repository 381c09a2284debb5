"""Made-up facts of a sidechain's consensus that fit a made-up stream."""

from __future__ import annotations

from devnet.engine.interfaces import Branches, Gauge, Picture, Slot
from devnet.engine.picturing import BlockFacts, ConsensusFacts, SeatFacts
from devnet.tui.views import LaneView

VOTING = ("dpos-bbft", "bbft", "pos", "pbft")


def made_up_facts(lane: LaneView, rule: Picture | None = None) -> ConsensusFacts:
    """The newest block has two votes, the one below is certified, the rest final."""
    n_seats = len(lane.validators)
    needed = 2 * n_seats // 3 + 1
    votes = lane.engine in VOTING
    top = lane.height
    return ConsensusFacts(
        chain=lane.name,
        engine=lane.engine,
        finality=lane.finality,
        epoch=lane.epoch,
        height=top,
        final=top - 2,
        certified=top - 1 if votes else 0,
        seats=tuple(
            SeatFacts(
                one.name,
                1,
                True,
                voted_round=(top if index < 2 else top - 1) if votes else 0,
                source_round=top - 2 if votes else 0,
            )
            for index, one in enumerate(lane.validators)
        ),
        needed=needed,
        blocks=tuple(
            _block(lane, height, needed if votes else 0, n_seats)
            for height in range(max(1, top - 9), top + 1)
        ),
        rule=_rule(lane) if rule is None else rule,
    )


def _block(lane: LaneView, height: int, needed: int, n_seats: int) -> BlockFacts:
    n_voters = 2 if height == lane.height else n_seats
    state = "open" if height == lane.height else "final"
    if needed and height == lane.height - 1:
        state = "certified"
    return BlockFacts(
        height=height,
        hash="ab" * 32,
        round=height,
        epoch=lane.epoch,
        engine=lane.engine,
        producer=lane.validators[height % n_seats].name,
        phase="vote",
        voters=tuple(index < n_voters for index in range(n_seats)),
        weight=n_voters if needed else 0,
        needed=needed,
        state=state,
    )


def slots(lane: LaneView) -> tuple[Slot, ...]:
    """Fourteen slots: one passed empty."""
    names = [one.name for one in lane.validators]
    found = []
    for offset in range(-9, 5):
        number = 309 + offset
        state = "made" if offset < 0 else "now" if offset == 0 else "coming"
        state = "passed" if offset == -3 else state
        height = lane.height + offset + 1 if state == "made" else 0
        found.append(Slot(number, names[number % len(names)], state, height))
    return tuple(found)


def branches(lane: LaneView) -> Branches:
    """Two gateways; the others hang below them."""
    n_seats = len(lane.validators)
    parents = tuple(-1 if one < 2 else one % 2 for one in range(n_seats))
    return Branches(
        height=lane.height,
        round=lane.height,
        leader=0,
        gateways=(0, 1),
        parents=parents,
        expected=(
            ("block", n_seats - 1),
            ("aggregate", n_seats - 2),
            ("exchange", 2),
            ("finalize", n_seats - 1),
        ),
    )


def _rule(lane: LaneView) -> Picture:
    if lane.engine in ("dpos-bbft", "dpos", "pos"):
        return Picture(slots=slots(lane))
    if lane.engine == "bbft":
        return Picture(stage="round 9, led by v1: voted", branches=branches(lane))
    if lane.engine == "pow":
        return Picture(gauges=(Gauge("tries for 400, mean", 37, 64),))
    return Picture()
