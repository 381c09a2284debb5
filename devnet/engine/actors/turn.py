"""
One step of the world in the making. A turn opens a frozen world, collects changes and
events, and closes into the next frozen world; if the step fails it is thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from devnet.engine.actors.links import Way, delays_ms, usual_ms
from devnet.engine.actors.messages import MainBlockCame, MainTxCame, SideTxsCame
from devnet.engine.actors.world import (
    Groups,
    Sidechain,
    Transfer,
    World,
    has_fault,
    speaker_of,
)
from devnet.engine.bc.block import Block
from devnet.engine.bc.sideblock import SideBlock
from devnet.engine.copies import changed
from devnet.engine.errors import UnknownName
from devnet.engine.events import Event
from devnet.engine.interfaces import ConsensusEngine, WorkSource
from devnet.engine.mainchain.miner import MainNode
from devnet.engine.mainchain.state import WorkMissing
from devnet.engine.sidechain.durable import work_changes
from devnet.engine.sidechain.node import SideNode
from devnet.engine.sidechain.persist import Changes, changes_of_block
from devnet.engine.sidechain.state import SideEntry, SideTree


@dataclass(frozen=True, slots=True)
class Tools:
    """
    What the world needs from outside, all pure: the proof-of-work function's answers,
    the consensus engines by name, and what is told of a lesson.
    """

    works: WorkSource
    engine: Callable[[str], ConsensusEngine]
    lesson: Callable[[str], tuple[str, ...]] = lambda name: ()

    def work(self, seed: bytes, header_hash: bytes) -> bytes:
        """The work of a header, or WorkMissing while it is not computed yet."""
        answer = self.works.get(seed, header_hash)
        if answer is None:
            raise WorkMissing(seed, header_hash)
        return answer


class Turn:
    """The changes of one step. Reads see what the step has changed so far."""

    def __init__(self, world: World, tools: Tools, now_ms: int) -> None:
        self.before = world
        self.tools = tools
        self.config = world.config
        self.now_ms = now_ms
        self.schedule = world.schedule
        self.tree = world.tree
        self.main_nodes = list(world.main_nodes)
        self.collectors = world.collectors
        self.watched = world.watched
        self.members = world.members
        self.coordinators = world.coordinators
        self.owes = world.owes
        self.transfers = world.transfers
        self.open_transfers = world.open_transfers
        self.assets = world.assets
        self.owners = world.owners
        self.hurry = world.hurry
        self.diggers = world.diggers
        self.tries = world.tries
        self.told_tries_ms = world.told_tries_ms
        self.breaches = world.breaches
        self.acknowledged = world.acknowledged
        self.cuts = world.cuts
        self.faults = world.faults
        self.n_faults = world.n_faults
        self.steering = world.steering
        self.events: list[Event] = []
        self.batches: list[tuple[str, Changes]] = []
        self.foresees = False  # Somebody will ask for other works than before.
        self.main_blocks: list[tuple[Block, bytes]] = []
        self.own_blocks: list[tuple[str, bytes, SideBlock]] = []
        self._sides = {side.name: side for side in world.sidechains}
        self._nodes: dict[str, dict[str, SideNode]] = {}
        self._touched: dict[str, dict[str, SideNode | None]] = {}

    # Time and words.

    @property
    def wall_ms(self) -> int:
        """Virtual time as milliseconds since 1970, as sidechain headers have it."""
        return self.before.start_ms + self.now_ms + self.steering.ahead_ms

    def later(self, delay_ms: int, actor: str, what: object) -> None:
        """Something will happen to an actor after a delay."""
        self.schedule = self.schedule.add(self.now_ms + delay_ms, actor, what)

    def send(self, sender: str, to: str, name: bytes, what: object) -> None:
        """
        A message on its way; how long it takes follows from who, whom and what. What
        crosses a cut of its chain's network is lost; faults of the network may delay,
        lose or double it.
        """
        if not self.faults and not self.cuts:
            self._arrive(usual_ms(self.config, sender, to, name), to, what)
            return
        on_main = isinstance(what, MainBlockCame | MainTxCame)
        chain = "main" if on_main else _chain_of(to)
        groups = self.cuts.get(chain)
        if groups is not None and (
            place_of(groups, sender, chain) != place_of(groups, to, chain)
        ):
            return
        way = Way(sender, to, name, chain, self.now_ms)
        for delay_ms in delays_ms(self.config, self.faults, way):
            self._arrive(delay_ms, to, what)

    def _arrive(self, delay_ms: int, to: str, what: object) -> None:
        at_ms = self.now_ms + delay_ms
        if isinstance(what, SideTxsCame):
            self.schedule = self.schedule.add_news(at_ms, to, what)
        else:
            self.schedule = self.schedule.add(at_ms, to, what)

    def has_fault(self, kind: str, chain: str, node: str = "") -> bool:
        """Is something broken on purpose there?"""
        return bool(self.faults) and has_fault(self.faults, kind, chain, node)

    def say(self, event: Event) -> None:
        """Something happened."""
        self.events.append(event)

    # The mainchain.

    @property
    def depth(self) -> int:
        """Blocks on top of a mainchain block before it is settled."""
        return self.before.depth

    @property
    def main_tip(self) -> bytes:
        """The mainchain's tip as the first node has it."""
        return self.main_nodes[0].view.tip

    def main_node(self, name: str) -> MainNode:
        """The mining node of this name."""
        for node in self.main_nodes:
            if node.name == name:
                return node
        raise UnknownName(f"there is no mainchain node {name!r}")

    def set_main_node(self, node: MainNode) -> None:
        """The node's next state."""
        self.main_nodes[node.index] = node

    def add_main_block(self, block: Block, work: bytes, clock_s: int) -> None:
        """One more block exists. Raises what `MainTree.with_block` raises."""
        self.tree = self.tree.with_block(block, work, clock_s)
        self.main_blocks.append((block, work))

    # Sidechains.

    def sides(self) -> Iterator[Sidechain]:
        """All sidechains, in the order in which they were made."""
        for name in tuple(self._sides):
            yield self.side(name)

    def has_side(self, name: str) -> bool:
        """Is there a sidechain of this name?"""
        return name in self._sides

    def side(self, name: str) -> Sidechain:
        """A sidechain. Its `nodes` are those of before the turn: ask `node` instead."""
        side = self._sides.get(name)
        if side is None:
            known = ", ".join(self._sides) or "none yet"
            raise UnknownName(
                f"there is no sidechain {name!r}", hint=f"Sidechains: {known}."
            )
        return side

    def set_side(self, side: Sidechain) -> None:
        """The sidechain's next state, its nodes aside."""
        self._sides[side.name] = side

    def set_side_tree(self, name: str, tree: SideTree) -> None:
        """The sidechain with one more block in its tree."""
        self._sides[name] = replace(self._sides[name], tree=tree)

    def node_names(self, chain: str) -> tuple[str, ...]:
        """The validators of a sidechain."""
        return tuple(self._nodes_of(chain))

    def node(self, chain: str, name: str) -> SideNode:
        """A validator of a sidechain."""
        node = self._nodes_of(chain).get(name)
        if node is None:
            known = ", ".join(self._nodes_of(chain))
            raise UnknownName(
                f"{chain} has no validator {name!r}", hint=f"There are: {known}."
            )
        return node

    def nodes(self, chain: str) -> tuple[SideNode, ...]:
        """All validators of a sidechain."""
        return tuple(self._nodes_of(chain).values())

    def speaker(self, chain: str) -> SideNode:
        """The validator whom people ask: the first that is up."""
        if not self.faults:
            return next(iter(self._nodes_of(chain).values()))
        return speaker_of(self.nodes(chain), self.faults, chain)

    def set_node(self, chain: str, node: SideNode) -> None:
        """The validator's next state."""
        nodes = self._nodes_of(chain)
        self._touched.setdefault(chain, {}).setdefault(node.name, nodes.get(node.name))
        nodes[node.name] = node

    def touched(self, chain: str) -> tuple[tuple[SideNode | None, SideNode], ...]:
        """
        The validators of this sidechain to whom something happened in this step, as
        they were (None: not there) and as they are.
        """
        touched = self._touched.get(chain)
        if touched is None:
            return ()
        return tuple((was, self.node(chain, name)) for name, was in touched.items())

    def _nodes_of(self, chain: str) -> dict[str, SideNode]:
        """The validators by name, in their order. Most steps ask of one chain."""
        nodes = self._nodes.get(chain)
        if nodes is None:
            nodes = {node.name: node for node in self.side(chain).nodes}
            self._nodes[chain] = nodes
        return nodes

    def add_side(self, side: Sidechain) -> None:
        """One more sidechain."""
        self._sides[side.name] = side

    def batch(self, chain: str, entry: SideEntry, *, undo: bool) -> None:
        """What the sidechain's database must store: one batch per block."""
        changes = changes_of_block(entry, undo=undo)
        if entry.block.header.bits:
            seed = self.side(chain).tree.spec.chain_id
            work = None if undo else self.tools.works.get(seed, entry.hash)
            changes += work_changes(entry.hash, work)
        self.batches.append((chain, changes))

    # Transfers.

    def set_transfer(self, transfer: Transfer) -> None:
        """The transfer's next state."""
        self.transfers = self.transfers.insert(transfer.id, transfer)
        is_listed = transfer.id in self.open_transfers
        if transfer.is_open and not is_listed:
            self.open_transfers = (*self.open_transfers, transfer.id)
        elif not transfer.is_open and is_listed:
            self.open_transfers = tuple(
                name for name in self.open_transfers if name != transfer.id
            )

    # The end.

    def close(self) -> tuple[World, tuple[Event, ...]]:
        """The next world, and the events of the step with their numbers and time."""
        events = tuple(
            changed(event, seq=self.before.n_events + index, at_ms=self.now_ms)
            for index, event in enumerate(self.events)
        )
        for chain in sorted(self._touched):
            self._sides[chain] = changed(self._sides[chain], nodes=self.nodes(chain))
        world = World(
            config=self.config,
            start_ms=self.before.start_ms,
            now_ms=self.now_ms,
            n_events=self.before.n_events + len(events),
            schedule=self.schedule,
            tree=self.tree,
            main_nodes=tuple(self.main_nodes),
            federation=self.before.federation,
            collectors=self.collectors,
            watched=self.watched,
            members=self.members,
            coordinators=self.coordinators,
            owes=self.owes,
            sidechains=tuple(self._sides.values()),
            transfers=self.transfers,
            open_transfers=self.open_transfers,
            assets=self.assets,
            owners=self.owners,
            hurry=self.hurry,
            diggers=self.diggers,
            tries=self.tries,
            told_tries_ms=self.told_tries_ms,
            breaches=self.breaches,
            acknowledged=self.acknowledged,
            cuts=self.cuts,
            faults=self.faults,
            n_faults=self.n_faults,
            steering=self.steering,
        )
        return world, events


def _chain_of(actor: str) -> str:
    """The sidechain whose validator an actor is, or nothing."""
    kind, _, rest = actor.partition(":")
    return rest.partition(":")[0] if kind == "side" else ""


def place_of(groups: Groups, actor: str, chain: str) -> int:
    """The group that an actor hears on a chain. Who is in none goes with the first."""
    kind, _, name = actor.rpartition(":")
    at_home = kind == "main" if chain == "main" else kind == f"side:{chain}"
    for index, group in enumerate(groups):
        if at_home and name in group:
            return index
    return 0
