"""
A world read back from its stores: every block is judged again, nothing is believed.

Proof of work is the one thing taken on trust, since its answers are stored with the
blocks; `devnet verify --full` computes them anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from rpds import HashTrieMap

from devnet.engine.actors import collectors
from devnet.engine.actors.birth import (
    FOREVER_S,
    MEMBER_NAMES,
    founding_collectors,
    side_spec,
)
from devnet.engine.actors.collectors import new_collector
from devnet.engine.actors.keeping import (
    FIELDS,
    FORMAT,
    JOINED,
    OFF,
    PINS,
    Clock,
    SideRecord,
)
from devnet.engine.actors.newcomers import new_member
from devnet.engine.actors.turn import Turn, place_of
from devnet.engine.actors.world import Sidechain, Transfer, World, WorldConfig
from devnet.engine.bc.block import parse_block
from devnet.engine.bc.programs import p2wpkh
from devnet.engine.bc.sideblock import SideBlock, parse_side_block
from devnet.engine.clock import Schedule
from devnet.engine.codec import ripemd160
from devnet.engine.errors import DevnetError, StorageError
from devnet.engine.federation.collector import Collector, Watched
from devnet.engine.federation.members import Member
from devnet.engine.federation.programs import federation_of
from devnet.engine.interfaces import Checkpoint, Reader, Rules, Store
from devnet.engine.keys.chainkd import public_key, xpub
from devnet.engine.mainchain.accounts import play_account, play_root
from devnet.engine.mainchain.miner import MainNode
from devnet.engine.mainchain.state import MainTree, genesis_tree
from devnet.engine.mainchain.view import MainView
from devnet.engine.plain import from_text
from devnet.engine.sidechain.durable import (
    NAME,
    OWN_BLOCKS,
    TIP,
    WORKS,
    read_ballots,
    read_final,
)
from devnet.engine.sidechain.judge import judge
from devnet.engine.sidechain.node import SideNode
from devnet.engine.sidechain.persist import state_digest, store_digest
from devnet.engine.sidechain.state import SideEntry, SideTree, genesis_entry


class WorldDamaged(StorageError):
    """What is stored of a world does not fit together."""

    code = "storage.world-damaged"
    default_hint = "It is left as it is. Take another folder, or bring back a copy."


class WorldOfOtherVersion(StorageError):
    """The world was stored by another version of the devnet."""

    code = "storage.world-version"
    default_hint = (
        "It is left as it is. Open it with that version, or take a new folder."
    )


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Whatever goes wrong in here is damage to `what`."""
    try:
        yield
    except StorageError:
        raise
    except DevnetError as error:
        raise WorldDamaged(f"{what}: {error.message}") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise WorldDamaged(f"{what} cannot be read: {error!r}"[:300]) from error


# The world.


def is_kept(keep: Reader) -> bool:
    """Does this store hold a world?"""
    return keep.get(b"mformat") is not None


def kept_config(keep: Reader) -> WorldConfig:
    """
    What the stored world started from.

    Raises:
        WorldOfOtherVersion, WorldDamaged.
    """
    found = keep.get(b"mformat")
    if found != str(FORMAT).encode():
        said = (found or b"none").decode(errors="replace")[:20]
        raise WorldOfOtherVersion(
            f"the stored world has format {said}, this version reads {FORMAT}"
        )
    with reading("the stored configuration"):
        return from_text(WorldConfig, _value(keep, b"mconfig"))


def rebuild_world(keep: Reader) -> World:
    """
    The stored world without its sidechains: mainchain, nodes, collector, transfers.

    Raises:
        WorldOfOtherVersion, WorldDamaged.
    """
    config = kept_config(keep)
    tree = rebuild_main(keep, config)
    with reading("the stored world"):
        clock = from_text(Clock, _value(keep, b"mclock"))
        kept = {
            name: from_text(kind, _value(keep, b"m" + name.encode()))
            for name, kind in FIELDS.items()
        }
        kept["cuts"] = HashTrieMap(kept["cuts"])
        transfers = [from_text(Transfer, text) for _, text in keep.iterate(b"d")]
        transfers.sort(key=lambda one: (one.id[0], int(one.id[1:])))
        nodes = _main_nodes(keep, config, tree, clock.now_ms)
        groups = kept["cuts"].get("main", ())
        view = _view_heard(nodes, groups, collectors.KIND)
        watched = [from_text(Watched, text) for _, text in keep.iterate(b"k")]
        return World(
            config=config,
            start_ms=clock.start_ms,
            now_ms=clock.now_ms,
            n_events=0,
            schedule=Schedule(),
            tree=tree,
            main_nodes=nodes,
            federation=federation_of(xpub(play_root(name)) for name in MEMBER_NAMES),
            collectors=_collectors(keep, config, view),
            watched=HashTrieMap({one.program: one for one in watched}),
            members=_members(keep, nodes[0].view),
            transfers=HashTrieMap({one.id: one for one in transfers}),
            open_transfers=tuple(one.id for one in transfers if one.is_open),
            **kept,
        )


def _collectors(
    keep: Reader, config: WorldConfig, view: MainView
) -> tuple[Collector, ...]:
    """Founders and those who joined."""
    joined = _joined(keep, "collector")
    names = (*founding_collectors(config), *joined)
    return tuple(
        replace(new_collector(name, view), off=joined.get(name) == OFF)
        for name in dict.fromkeys(names)
    )


def _members(keep: Reader, view: MainView) -> tuple[Member, ...]:
    """Founders and those who joined, each with the pins that it signed with."""
    joined = _joined(keep, "member")
    members = {
        name: replace(new_member(name, view), off=joined.get(name) == OFF)
        for name in (*MEMBER_NAMES, *joined)
    }
    for key, pin_id in keep.iterate(PINS):
        withdrawal_id, name = key[1:33], key[33:].decode()
        member = members[name]
        pins = member.pins.insert(withdrawal_id, pin_id)
        members[name] = replace(member, pins=pins)
    return tuple(members.values())


def _joined(keep: Reader, role: str) -> dict[str, bytes]:
    """Who came to the world in a role, and whether its machine is on or off."""
    prefix = JOINED + role.encode() + b"\0"
    return {key[len(prefix) :].decode(): on for key, on in keep.iterate(prefix)}


def rebuild_main(keep: Reader, config: WorldConfig) -> MainTree:
    """Every stored block of the mainchain, each judged again."""
    tree = genesis_tree(config.profile)
    for key, _ in keep.iterate(b"n"):
        height, block_hash = int.from_bytes(key[1:9], "big"), key[9:]
        with reading(f"stored block {height} of the mainchain"):
            block = parse_block(_value(keep, b"b" + block_hash))
            if block.header.hash != block_hash:
                raise ValueError("it has another hash than its key")
            tree = tree.with_block(block, _value(keep, b"w" + block_hash), FOREVER_S)
    return tree


def _main_nodes(
    keep: Reader, config: WorldConfig, tree: MainTree, now_ms: int
) -> tuple[MainNode, ...]:
    """Each node at its stored tip. What is not on its branch it will be told again."""
    views: dict[bytes, MainView] = {}
    nodes = []
    for index in range(config.n_miners):
        name = f"node-{index}"
        tip = _value(keep, b"t" + name.encode())
        if tip not in views:
            hashes = tree[tip].state.hashes
            seen = (hashes[height] for height in range(tree[tip].height + 1))
            views[tip] = MainView(tip, HashTrieMap(dict.fromkeys(seen)))
        program = play_account(name).program
        nodes.append(MainNode(name, index, program, views[tip], tip_ms=now_ms))
    return tuple(nodes)


def _view_heard(
    nodes: tuple[MainNode, ...], groups: tuple[tuple[str, ...], ...], actor: str
) -> MainView:
    """The view of the first node that an actor hears on the mainchain."""
    if not groups:
        return nodes[0].view
    mine = place_of(groups, actor, "main")
    heard = [
        node for node in nodes if place_of(groups, f"main:{node.name}", "main") == mine
    ]
    return (heard or nodes)[0].view


def _value(reader: Reader, key: bytes) -> bytes:
    value = reader.get(key)
    if value is None:
        raise KeyError(f"{key[:1].decode()} {key[1:].hex()} is missing")
    return value


# A sidechain.


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """
    A sidechain that was read back. `is_new`: its database held nothing, so it begins
    again at its genesis block. `own_blocks`: signed ones that nobody followed yet.
    """

    side: Sidechain
    store: Store
    is_new: bool
    own_blocks: tuple[bytes, ...]


def rebuild_side(
    turn: Turn, record: SideRecord, open_store: Callable[[str, str], Store]
) -> Rebuilt:
    """
    A sidechain from its database.

    Raises:
        WorldDamaged: a block is missing or breaks a rule, or the database's unspent
            outputs and claims are not those that its blocks lead to.
    """
    what = f"sidechain {record.name}"
    store = open_store(record.store, record.name)
    try:
        with reading(what):
            return _rebuilt(turn, record, store)
    except BaseException:
        store.close()
        raise


def _rebuilt(turn: Turn, record: SideRecord, store: Store) -> Rebuilt:
    genesis = parse_side_block(record.genesis)
    rules = Rules(
        0, record.engine, record.params, record.validators, Checkpoint(0, bytes(32))
    )
    entry = genesis_entry(genesis, rules)
    spec = side_spec(turn, record.name, entry.hash, genesis.header.timestamp_ms)
    tree = SideTree(spec).with_entry(entry)
    name, tip = store.get(NAME), store.get(TIP)
    is_new = tip is None
    if (name is None and store.info.durable) or name not in (None, entry.hash):
        raise WorldDamaged(f"the database of {record.name} is missing, or another's")
    if tip is not None:
        for block in _stored_branch(store, tip, entry.hash):
            tree = _judged(turn, tree, block, store)
        if state_digest(tree[tip]) != store_digest(store):
            raise WorldDamaged(
                f"the database of {record.name} has other unspent outputs or claims "
                f"than its blocks lead to"
            )
    head = tree[entry.hash if tip is None else tip]
    final = _final_of(tree, head, store)
    nodes = _side_nodes(turn, record, tree, head, final, store)
    side = Sidechain(record.name, record.store, tree, nodes, head.hash, final)
    own = _own_blocks(turn, tree, final, store)
    for entry in own:
        side = replace(side, tree=side.tree.with_entry(entry))
    return Rebuilt(side, store, is_new, tuple(entry.hash for entry in own))


def _own_blocks(
    turn: Turn, tree: SideTree, final: Checkpoint, store: Reader
) -> list[SideEntry]:
    """Blocks that were signed by their makers just before the end, if still good."""
    found = []
    for _, raw in store.iterate(prefix=OWN_BLOCKS):
        block = parse_side_block(raw)
        parent = tree.get(block.header.previous)
        if parent is None or block.header.hash in tree.entries:
            continue
        if parent.height >= final.height:
            with suppress(WorldDamaged):
                found.append(_judged(turn, tree, block, store)[block.header.hash])
    return found


def _stored_branch(store: Reader, tip: bytes, genesis: bytes) -> list[SideBlock]:
    """The blocks from above genesis to the tip."""
    blocks: list[SideBlock] = []
    block_hash = tip
    while block_hash != genesis:
        block = parse_side_block(_value(store, b"b" + block_hash))
        if block.header.hash != block_hash:
            raise WorldDamaged(f"a stored block is not {block_hash.hex()[:16]}")
        blocks.append(block)
        block_hash = block.header.previous
    return blocks[::-1]


def _judged(turn: Turn, tree: SideTree, block: SideBlock, store: Reader) -> SideTree:
    """The tree with one more block. Proofs of work that are not stored are computed."""
    header = block.header

    def work(seed: bytes, block_hash: bytes) -> bytes:
        stored = store.get(WORKS + block_hash)
        return turn.tools.work(seed, block_hash) if stored is None else stored

    with reading(f"stored block {header.height} of {tree.spec.name}"):
        engine = turn.tools.engine(header.engine)
        entry = judge(tree, turn.tree, engine, block, header.timestamp_ms, work)
    return tree.with_entry(entry)


def _final_of(tree: SideTree, head: SideEntry, store: Reader) -> Checkpoint:
    """What the chain proves final, or what was proven besides, if that is newer."""
    known = read_final(store)
    if known is None or known.height <= head.final.height:
        return head.final
    return known if tree.is_ancestor(known.hash, head.hash) else head.final


def _side_nodes(
    turn: Turn,
    record: SideRecord,
    tree: SideTree,
    head: SideEntry,
    final: Checkpoint,
    store: Reader,
) -> tuple[SideNode, ...]:
    """Each validator on the stored branch, with what it has signed."""
    ballots = read_ballots(store)
    seen = HashTrieMap(dict.fromkeys(tree.entries.keys()))
    groups = turn.cuts.get("main") or ()
    nodes = []
    for name in record.nodes:
        xprv = play_root(f"{record.name} {name}")
        key = public_key(xpub(xprv))
        view = _view_heard(tuple(turn.main_nodes), groups, f"side:{record.name}:{name}")
        node = SideNode(
            name, xprv, key, p2wpkh(ripemd160(key)), view, head.hash, seen, final,
            ballots=ballots.get(key, HashTrieMap()),
        )  # fmt: skip
        nodes.append(node)
    return tuple(nodes)
