"""
The world as a value: every actor, chain, clock and queue, frozen.

A snapshot is a reference to it, going back is an assignment, and a step that fails
half-way leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rpds import HashTrieMap

from devnet.engine.clock import Schedule
from devnet.engine.federation.collector import Collector, Watched
from devnet.engine.federation.members import Coordinator, Member
from devnet.engine.federation.programs import Federation
from devnet.engine.interfaces import Checkpoint
from devnet.engine.mainchain.accounts import ACCOUNT_NAMES
from devnet.engine.mainchain.miner import MainNode
from devnet.engine.mainchain.state import MainTree
from devnet.engine.sidechain.node import SideNode
from devnet.engine.sidechain.state import SideTree

N_MEMBERS = 4
QUORUM = 3
GRACE_BLOCKS = 20
SWAP_NOTICE_BLOCKS = 10
MOST_DROPPED_SWAPS = 16
NOWHERE = Checkpoint(0, b"")


@dataclass(frozen=True, slots=True)
class SidechainSpec:
    """
    What a sidechain is asked to be: names, not objects.

    Args:
        weights: of the validators v1, v2, ...; empty: 1 each.
    """

    name: str
    engine: str
    store: str = "memory"
    n_validators: int = 4
    params: tuple[tuple[str, int], ...] = ()
    weights: tuple[int, ...] = ()


DEFAULT_SIDECHAINS = (
    SidechainSpec("alpha", "dpos-bbft", "tinydb"),
    SidechainSpec("beta", "poa", "sqlite"),
    SidechainSpec("gamma", "bbft", "memory"),
)


@dataclass(frozen=True, slots=True)
class WorldConfig:
    """
    All that a world starts from. Equal configs and equal commands give equal hashes.

    Args:
        depth: blocks on top of a lock before it counts as settled; None: the profile's.
        relay_fee_ppm: the collector's fee in millionths of the amount.
        n_miners: mining nodes of the mainchain.
        n_collectors: how many of the first members collect, until others are elected.
        idle_ms: an idle sidechain makes a block this often.
        low_latency_ms, high_latency_ms: bounds of every message's travel time.
        unbond_blocks: votes and bonds stay locked for so many sidechain blocks.
        federation_blocks, collector_blocks: after so many sidechain blocks votes elect
            the federation, or the collectors, anew.
        empty: begin at the genesis block alone, and mine only when asked.
    """

    seed: int = 42
    profile: str = "fast"
    sidechains: tuple[SidechainSpec, ...] = DEFAULT_SIDECHAINS
    depth: int | None = None
    relay_fee_ppm: int = 0
    n_miners: int = 2
    idle_ms: int = 10_000
    low_latency_ms: int = 10
    high_latency_ms: int = 40
    empty: bool = False
    unbond_blocks: int = 400
    federation_blocks: int = 200
    collector_blocks: int = 40
    n_collectors: int = 2


@dataclass(frozen=True, slots=True)
class Transfer:
    """
    One way of value from the mainchain to a sidechain or back, as the screens show it.

    stage: lock, confirm, proof, claim or claimed: what is going on now; of a withdrawal
    burn, confirm, sign, pay or settled.
    lock_tx, lock_id, lock_program: of a withdrawal the sidechain's transaction, the
    withdrawal id and the recipient's program.
    """

    id: str
    who: str
    to: str
    chain: str
    asset: str
    amount: int
    lock_tx: bytes
    lock_id: bytes
    lock_program: bytes
    stage: str = "lock"
    done: int = 0
    needed: int = 0
    note: str = ""
    failed: bool = False
    claim_tx: bytes = b""

    @property
    def is_open(self) -> bool:
        """Is there still something to come?"""
        return self.stage not in ("claimed", "settled")

    @property
    def is_withdrawal(self) -> bool:
        """Does it go up to the mainchain?"""
        return self.id.startswith("w")


@dataclass(frozen=True, slots=True)
class Sidechain:
    """
    One sidechain: its tree of blocks, its validators, its database's name.

    moving_to: the database to which it is being moved, or nothing.
    said, said_ms: what its rule said last, and when it was asked last.
    dropped_swaps: the newest requests that came to nothing; late approvals revive none.
    dropped_why: what came of the last request, while no other was made.
    waiting: transactions that waited in the first validator's pool since a swap began
    to close.
    balanced: hashes of the last pair of blocks, of the mainchain and of this one, at
    which the auditor found everything in order.
    frozen: it was told that the mainchain left the branch of the anchor.
    """

    name: str
    store: str
    tree: SideTree
    nodes: tuple[SideNode, ...]
    head: bytes
    final: Checkpoint
    said: str = ""
    said_ms: int = -1
    dropped_swaps: tuple[bytes, ...] = ()
    dropped_why: str = ""
    waiting: tuple[bytes, ...] = ()
    moving_to: str = ""
    frozen: bool = False
    balanced: tuple[bytes, bytes] | None = None

    def with_dropped(self, body_hash: bytes, why: str) -> Sidechain:
        """The sidechain with one more request that came to nothing."""
        dropped = (*self.dropped_swaps, body_hash)[-MOST_DROPPED_SWAPS:]
        return replace(self, dropped_swaps=dropped, dropped_why=why)


@dataclass(frozen=True, slots=True)
class AssetInfo:
    """
    A name for an asset id, with the decimals of its definition.

    Args:
        bap: its class, BAP-01 to BAP-04, or nothing.
        signers: accounts that issue it together, in the order of their keys; empty
            when nobody here has its keys. `quorum` of them sign.
        key_index: number of the asset among their keys.
        told: it is in a block, and AssetKnown was said.
    """

    name: str
    id: bytes
    decimals: int
    bap: str = ""
    signers: tuple[str, ...] = ()
    quorum: int = 1
    key_index: int = 0
    definition: bytes = b""
    program: bytes = b""
    told: bool = True


@dataclass(frozen=True, slots=True)
class Owner:
    """
    An account by its name: one key of its own, or the keys of others.

    Args:
        signers: accounts whose root keys it uses, in their order; empty for its own.
        quorum: how many of them sign together.
        index: number of the account among those with the same keys.
    """

    name: str
    signers: tuple[str, ...] = ()
    quorum: int = 1
    index: int = 1


PLAY_OWNERS = tuple(Owner(name) for name in ACCOUNT_NAMES)
"""The accounts that every world begins with."""


@dataclass(frozen=True, slots=True)
class Breach:
    """
    An invariant that does not hold.

    Args:
        main, side: the first pair of blocks where it does not.
        moved: what changed since the pair before, in words. terms: its names.
        at_ms: virtual time.
    """

    invariant: str
    chain: str
    detail: str
    main: Checkpoint = NOWHERE
    side: Checkpoint = NOWHERE
    moved: str = ""
    terms: tuple[str, ...] = ()
    at_ms: int = 0


Seats = Mapping[str, int] | tuple[str, ...]
"""Validators by name: with their weights, or each of weight 1."""


Groups = tuple[tuple[str, ...], ...]
"""Members of a chain that hear each other, group by group."""


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Something broken on purpose, until somebody mends it or its time is over.

    Args:
        kind: its name in the table of faults.
        node: the validator it is about, or nothing: the chain's whole network.
        value: how much, in the unit of its kind.
        until_ms, until_height: virtual time or mainchain height at which it ends.
        seen: what was seen of it so far, line by line.
        memory: what its play must remember, such as block hashes.
        parts: ids of the faults that it consists of.
    """

    id: str
    kind: str
    chain: str
    node: str = ""
    value: int = 0
    until_ms: int | None = None
    until_height: int | None = None
    seen: tuple[str, ...] = ()
    memory: tuple[bytes, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """What it hits, as people write it: a chain, or chain.validator."""
        return f"{self.chain}.{self.node}" if self.node else self.chain


@dataclass(frozen=True, slots=True)
class Steering:
    """
    What somebody set by hand about mining and time.

    Args:
        automine: "world" (as the profile has it), "off" (only when asked),
            "on_transaction" (when something waits), "interval".
        interval_ms: of mode "interval": the pause after a block.
        ahead_ms: so far the clock of block times was moved.
    """

    automine: str = "world"
    interval_ms: int = 0
    ahead_ms: int = 0


OFF = ("kill", "pause")
"""Faults that keep a validator from doing anything."""


def has_fault(faults: tuple[Fault, ...], kind: str, chain: str, node: str = "") -> bool:
    """Is a fault of this kind at work on this target?"""
    return any(
        (fault.kind, fault.chain, fault.node) == (kind, chain, node) for fault in faults
    )


def speaker_of(
    nodes: Sequence[SideNode], faults: tuple[Fault, ...], chain: str
) -> SideNode:
    """The first validator that is up; the first of all when none is."""
    off = {fault.node for fault in faults if fault.chain == chain and fault.kind in OFF}
    return next((node for node in nodes if node.name not in off), nodes[0])


@dataclass(frozen=True, slots=True)
class World:
    """
    Everything. `hurry` counts who waits (a `wait`, a `mine`): while it is above 0 all
    chains run at full pace. `diggers` counts those of them who want blocks: an empty
    world mines for nobody else. `cuts` says which chains' networks are cut, and where.
    `coordinators`: by their names in the schedule; `owes`: some sidechain owes a
    payout, so that blocks are told to them and to the members. `watched`: the lock
    programs that wallets told all collectors of.
    """

    config: WorldConfig
    start_ms: int
    now_ms: int
    n_events: int
    schedule: Schedule
    tree: MainTree
    main_nodes: tuple[MainNode, ...]
    federation: Federation
    collectors: tuple[Collector, ...]
    members: tuple[Member, ...] = ()
    coordinators: HashTrieMap[str, Coordinator] = field(default_factory=HashTrieMap)
    owes: bool = False
    sidechains: tuple[Sidechain, ...] = ()
    transfers: HashTrieMap[str, Transfer] = field(default_factory=HashTrieMap)
    open_transfers: tuple[str, ...] = ()
    assets: tuple[AssetInfo, ...] = ()
    owners: tuple[Owner, ...] = PLAY_OWNERS
    hurry: int = 0
    diggers: int = 0
    tries: int = 0
    told_tries_ms: int = 0
    breaches: tuple[Breach, ...] = ()
    acknowledged: int = 0
    cuts: HashTrieMap[str, Groups] = field(default_factory=HashTrieMap)
    faults: tuple[Fault, ...] = ()
    n_faults: int = 0
    steering: Steering = Steering()
    watched: HashTrieMap[bytes, Watched] = field(default_factory=HashTrieMap)

    @property
    def depth(self) -> int:
        """Blocks on top of a mainchain block before it is settled."""
        if self.config.depth is not None:
            return self.config.depth
        return self.tree.profile.depth

    @property
    def swap_notice(self) -> int:
        """Least blocks between a swap record and the last block of the old rule."""
        return SWAP_NOTICE_BLOCKS

    @property
    def main_tip(self) -> bytes:
        """The mainchain's tip as the first node has it."""
        return self.main_nodes[0].view.tip

    def sidechain(self, name: str) -> Sidechain | None:
        """The sidechain of this name, or None."""
        for side in self.sidechains:
            if side.name == name:
                return side
        return None
