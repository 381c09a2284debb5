"""
The power fails between two writes to a sidechain's database: any two. What a restart
would find on the disk is put together for each of these moments, and looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, replace

from devnet.engine.actors import lifecycle
from devnet.engine.actors.keeping import changes_of_side
from devnet.engine.actors.messages import FaultEnds
from devnet.engine.actors.seeing import keep, saw
from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import Fault, Sidechain
from devnet.engine.sidechain.durable import (
    TIP,
    ballot_changes,
    final_changes,
    own_block_changes,
    read_ballots,
)
from devnet.engine.sidechain.node import SideNode
from devnet.engine.sidechain.persist import Changes, state_digest, store_digest

ACTOR = "faults"


class _Disk:
    """What is on a disk, to be read like a store."""

    def __init__(self, batches: Sequence[Changes]) -> None:
        self._content: dict[bytes, bytes] = {}
        for changes in batches:
            for key, value in changes:
                if value is None:
                    self._content.pop(key, None)
                else:
                    self._content[key] = value

    def get(self, key: bytes) -> bytes | None:
        return self._content.get(key)

    def iterate(
        self, prefix: bytes = b"", start: bytes | None = None, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        for key in sorted(self._content, reverse=reverse):
            if key.startswith(prefix):
                yield key, self._content[key]


def watch(turn: Turn, fault: Fault) -> None:
    """Cut the power at each moment of this step, if it writes a block."""
    before = turn.before.sidechain(fault.chain)
    writes = _writes(turn, before, fault.chain) if before is not None else []
    if before is None or not writes or len(fault.memory) >= fault.value:
        return
    stored = changes_of_side(before)
    tips: set[int] = set()
    broken: list[str] = []
    for n_done in range(len(writes) + 1):
        disk = _Disk((*stored, *writes[:n_done]))
        tip = disk.get(TIP)
        entry = turn.side(fault.chain).tree[tip or b""]
        tips.add(entry.height)
        if state_digest(entry) != store_digest(disk):
            broken.append(f"coins and claims are not those of block {entry.height}")
        for name in _behind(disk, before.nodes):
            broken.append(f"{name} has forgotten what it signed")
    heights = " or ".join(str(height) for height in sorted(tips))
    found = "; ".join(broken) or "coins and claims agree with it, nothing is forgotten"
    words = f"cut at {len(writes) + 1} moments around {len(writes)} writes: the tip is"
    saw(turn, fault.id, f"{words} {heights}; {found}")
    side = turn.side(fault.chain)
    fault = next(one for one in turn.faults if one.id == fault.id)
    fault = replace(fault, memory=(*fault.memory, side.head))
    keep(turn, fault)
    if len(fault.memory) >= fault.value:
        _cut(turn, fault)


def _writes(turn: Turn, before: Sidechain, chain: str) -> list[Changes]:
    """The step's batches in their order: signatures, blocks, what became final."""
    blocks = [changes for name, changes in turn.batches if name == chain]
    if not blocks:
        return []
    signed = ballot_changes(turn.nodes(chain), before.nodes)
    for name, key, block in turn.own_blocks:
        if name == chain:
            signed += own_block_changes(key, block.raw)
    final = turn.side(chain).final
    last = [final_changes(final)] if final != before.final else []
    return [*([signed] if signed else []), *blocks, *last]


def _behind(disk: _Disk, nodes: Sequence[SideNode]) -> list[str]:
    """Validators of whose signatures the disk knows less than what had left before."""
    ballots = read_ballots(disk)
    return [
        node.name
        for node in nodes
        for epoch in sorted(node.ballots)
        if (kept := ballots.get(node.key)) is None
        or (found := kept.get(epoch)) is None
        or any(
            new < old
            for new, old in zip(
                astuple(found)[:6], astuple(node.ballots[epoch])[:6], strict=True
            )
        )
    ]


def _cut(turn: Turn, fault: Fault) -> None:
    """Every validator's process is gone, and starts again with what it stored."""
    for name in turn.node_names(fault.chain):
        lifecycle.kill(turn, fault.chain, name)
    for name in turn.node_names(fault.chain):
        lifecycle.restart(turn, fault.chain, name)
    saw(turn, fault.id, "all validators are started again")
    turn.later(0, ACTOR, FaultEnds(fault.id))
