"""
The tree that a BBFT round speaks along.

Validators are the corners of a graph whose edges cost time. Its minimum spanning tree
is hung up at the leader; the first m corners from there, layer by layer, are the
gateways, all joined to one another, and everybody else has the parent that the tree
gives. So a round is a function of who the validators are and who leads, and every node
finds the same one.

The times are not measured: they are drawn by a hash from the chain's id, the vote round
and the two keys, anew for each vote round. A simulated network has no cables to
measure, and what matters to the rule is that all agree.

Source: consensus rules of this project, section "bbft"; the BBFT paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha3_256
from math import isqrt

from devnet.engine.interfaces import ChainReader, Header, Rules

LEAST_MS, SPREAD_MS = 10, 91
"""A link takes 10 to 100 ms."""

Neighbours = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """
    Who speaks to whom in one round. All entries are places in the validators' list.

    Args:
        gateways: the leader and its peers, in the order of their keys.
        parents: by validator, -1 for gateways.
        children: by validator, gateways left out.
        zones: by validator, itself and everybody below it.
        depth: steps from the gateways down to the last member.
    """

    leader: int
    gateways: tuple[int, ...]
    parents: tuple[int, ...]
    children: tuple[tuple[int, ...], ...]
    zones: tuple[frozenset[int], ...]
    depth: int

    def patience_ms(self, t_gate_ms: int) -> int:
        """How long to wait for a zone: t_gate, and longer for more than two steps."""
        return t_gate_ms * max(3, self.depth + 1) // 3

    def peers(self, gateway: int) -> tuple[int, ...]:
        """The other gateways."""
        return tuple(other for other in self.gateways if other != gateway)

    def first_heard(self, member: int) -> tuple[int, ...]:
        """Whom a member hands the block and the certificate to."""
        peers = self.peers(member) if member == self.leader else ()
        return peers + self.children[member]

    def gateway_of(self, member: int) -> int:
        """The gateway at the top of a member's zone."""
        while self.parents[member] >= 0:
            member = self.parents[member]
        return member

    def next_gateway(self, member: int, step: int) -> int:
        """The gateway so many places behind a member's own, in the order of keys."""
        own = self.gateways.index(self.gateway_of(member))
        return self.gateways[(own + step) % len(self.gateways)]


def n_gateways(n_validators: int, wanted: int) -> int:
    """How many gateways: as many as wanted and possible, or floor(sqrt n) for 0."""
    return min(wanted or isqrt(n_validators), n_validators)


def leader_of(round_: int, n_validators: int) -> int:
    """Whose round it is."""
    return round_ % n_validators


def vote_sequence(height: int, round_blocks: int) -> int:
    """The vote round of a height: 0 for genesis, then 1, 2, ..."""
    return 0 if height == 0 else (height - 1) // round_blocks + 1


def tree_of(header: Header, rules: Rules, chain: ChainReader) -> Tree:
    """The tree of a block's round."""
    keys = tuple(validator.key for validator in rules.validators)
    sequence = vote_sequence(header.height, rules.params["round_blocks"])
    return hang_up(
        spanning_tree(chain.chain_id, sequence, keys),
        keys,
        leader_of(header.round, len(keys)),
        n_gateways(len(keys), rules.params["gateways"]),
    )


def latency_ms(chain_id: bytes, sequence: int, one: bytes, other: bytes) -> int:
    """How long the link between two keys takes in a vote round, in either direction."""
    low, high = sorted((one, other))
    question = b"bbft-latency" + chain_id + sequence.to_bytes(8, "big") + low + high
    return LEAST_MS + int.from_bytes(sha3_256(question).digest()[:4], "big") % SPREAD_MS


@lru_cache(maxsize=64)
def spanning_tree(
    chain_id: bytes, sequence: int, keys: tuple[bytes, ...]
) -> Neighbours:
    """
    The minimum spanning tree of the latency graph, as neighbours of each validator.
    Of equal links the one to the lower key wins (Prim's algorithm).
    """
    order = sorted(range(len(keys)), key=keys.__getitem__)
    near: list[list[int]] = [[] for _ in keys]
    newest, cheapest = order[0], dict[int, tuple[int, bytes, int]]()
    left = set(order[1:])
    while left:
        for corner in left:
            cost_ms = latency_ms(chain_id, sequence, keys[newest], keys[corner])
            link = (cost_ms, keys[corner], newest)
            if corner not in cheapest or cost_ms < cheapest[corner][0]:
                cheapest[corner] = link
        newest = min(left, key=cheapest.__getitem__)
        joined = cheapest[newest][2]
        near[newest].append(joined)
        near[joined].append(newest)
        left.remove(newest)
    return tuple(tuple(sorted(ends, key=keys.__getitem__)) for ends in near)


@lru_cache(maxsize=1024)
def hang_up(near: Neighbours, keys: tuple[bytes, ...], leader: int, n_top: int) -> Tree:
    """The spanning tree held up at the leader, its first `n_top` corners gateways."""
    parents = [-1] * len(near)
    layers = [leader]
    for corner in layers:  # It grows while it is walked: breadth first.
        for other in near[corner]:
            if other != parents[corner]:
                parents[other] = corner
                layers.append(other)
    top = layers[:n_top]
    for gateway in top:
        parents[gateway] = -1
    steps = [0] * len(near)
    for corner in layers[n_top:]:
        steps[corner] = steps[parents[corner]] + 1
    zones = [{corner} for corner in range(len(near))]
    children: list[list[int]] = [[] for _ in near]
    for corner in reversed(layers[n_top:]):
        children[parents[corner]].insert(0, corner)
        zones[parents[corner]] |= zones[corner]
    return Tree(
        leader,
        tuple(sorted(top, key=keys.__getitem__)),
        tuple(parents),
        tuple(tuple(below) for below in children),
        tuple(frozenset(zone) for zone in zones),
        max(steps),
    )
