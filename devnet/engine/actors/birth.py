"""How a world comes to be, and a sidechain in it, at the start or later."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rpds import HashTrieMap

from devnet.engine.actors.auditing import audit_side
from devnet.engine.actors.collectors import collector_of, new_collector
from devnet.engine.actors.hosting import start_engines
from devnet.engine.actors.mainchain import plan_all
from devnet.engine.actors.naming import asset_info
from devnet.engine.actors.newcomers import new_member
from devnet.engine.actors.reporting import btm_info, spendable
from devnet.engine.actors.turn import Tools, Turn
from devnet.engine.actors.world import (
    GRACE_BLOCKS,
    N_MEMBERS,
    QUORUM,
    SWAP_NOTICE_BLOCKS,
    AssetInfo,
    Sidechain,
    SidechainSpec,
    World,
    WorldConfig,
)
from devnet.engine.bc.block import Block
from devnet.engine.bc.programs import p2wpkh
from devnet.engine.clock import Schedule
from devnet.engine.codec import ripemd160
from devnet.engine.errors import BadValue, NameTaken
from devnet.engine.events import (
    AssetKnown,
    BalanceChanged,
    Event,
    SidechainAdded,
    WorldStarted,
)
from devnet.engine.federation.programs import federation_of
from devnet.engine.interfaces import Checkpoint, EngineInfo, Rules, Validator
from devnet.engine.keys import bls
from devnet.engine.keys.aggregation import bls_key_of
from devnet.engine.keys.chainkd import public_key, xpub
from devnet.engine.mainchain.accounts import ACCOUNT_NAMES, play_account, play_root
from devnet.engine.mainchain.miner import MainNode
from devnet.engine.mainchain.state import MainTree, genesis_tree
from devnet.engine.mainchain.view import MainView, settled_hash
from devnet.engine.sidechain.node import SideNode
from devnet.engine.sidechain.state import (
    SideSpec,
    SideTree,
    genesis_entry,
    side_genesis,
)

FOREVER_S = 2**40
"""A clock that refuses no block for being early: starter chains are history."""
NAME_FORM = re.compile(r"[a-z][a-z0-9-]{0,15}")
RESERVED_NAMES = ("main", "fed")
MEMBER_NAMES = tuple(f"fed-{number}" for number in range(1, N_MEMBERS + 1))
MOST_VALIDATORS = 128
MOST_WEIGHT = 1_000_000


def new_world(
    config: WorldConfig, tools: Tools, starter: Sequence[tuple[Block, bytes]]
) -> tuple[World, Turn]:
    """
    A world at virtual time 0, and the turn that tells how it began.

    Args:
        starter: blocks above genesis with their proof-of-work answers.

    Raises:
        BadValue, NameTaken, PluginError: what the config asks for cannot be.
    """
    _check_config(config)
    tree = genesis_tree(config.profile)
    tip = tree.genesis_hash
    for block, work in starter:
        tree = tree.with_block(block, work, FOREVER_S)
        tip = block.header.hash
    seen = tree.entries.keys()
    view = MainView(tip, HashTrieMap(dict.fromkeys(seen)))
    federation = federation_of(xpub(play_root(name)) for name in MEMBER_NAMES)
    assert federation.quorum == QUORUM
    world = World(
        config=config,
        start_ms=(tree[tip].block.header.timestamp + 1) * 1000,
        now_ms=0,
        n_events=0,
        schedule=Schedule(),
        tree=tree,
        main_nodes=tuple(
            MainNode(
                f"node-{index}", index, play_account(f"node-{index}").program, view
            )
            for index in range(config.n_miners)
        ),
        federation=federation,
        collectors=tuple(
            new_collector(name, view) for name in founding_collectors(config)
        ),
        members=tuple(new_member(name, view) for name in MEMBER_NAMES),
        assets=(btm_info(), *_known_assets(tree, tip)),
    )
    turn = Turn(world, tools, 0)
    _tell_start(turn)
    for spec in config.sidechains:
        add_sidechain(turn, spec)
    plan_all(turn)
    return world, turn


def founding_collectors(config: WorldConfig) -> tuple[str, ...]:
    """Who collects from the beginning: the first members, each by a key of its own."""
    return MEMBER_NAMES[: config.n_collectors]


def _check_config(config: WorldConfig) -> None:
    for name, value, low, high in (
        ("depth", 1 if config.depth is None else config.depth, 1, 100),
        ("relay fee", config.relay_fee_ppm, 0, 500_000),
        ("number of miners", config.n_miners, 1, 8),
        ("number of collectors", config.n_collectors, 1, N_MEMBERS),
        ("seed", config.seed, 0, 2**63 - 1),
        ("idle time", config.idle_ms, 1, 3_600_000),
        ("shortest latency", config.low_latency_ms, 0, config.high_latency_ms),
        ("unbonding period", config.unbond_blocks, 1, 10_000_000),
        ("federation's epoch", config.federation_blocks, 2, 10_000_000),
        ("collectors' round", config.collector_blocks, 2, 10_000_000),
        ("longest latency", config.high_latency_ms, 0, 60_000),
    ):
        if not low <= value <= high:
            raise BadValue(f"the {name} must be from {low} to {high}, not {value}")


def _known_assets(tree: MainTree, tip: bytes) -> tuple[AssetInfo, ...]:
    records = tree[tip].state.assets
    found: list[AssetInfo] = []
    for asset_id in sorted(records):
        taken = ["BTM", *(info.name for info in found)]
        found.append(asset_info(records[asset_id], taken))
    return tuple(sorted(found, key=lambda info: info.name))


def _tell_start(turn: Turn) -> None:
    tip = turn.tree[turn.main_tip]
    turn.say(
        WorldStarted(
            seed=turn.config.seed,
            profile=turn.config.profile,
            height=tip.height,
            tip=tip.hash.hex(),
            depth=turn.depth,
            quorum=turn.before.federation.quorum,
            members=MEMBER_NAMES,
            collectors=tuple(one.name for one in turn.collectors),
            accounts=ACCOUNT_NAMES,
            n_miners=len(turn.main_nodes),
        )
    )
    for info in turn.assets:
        turn.say(AssetKnown(asset=info.name, id=info.id.hex(), decimals=info.decimals))
    for who in ACCOUNT_NAMES:
        program = play_account(who).program
        for info in turn.assets:
            amount = spendable(tip.state.coins, program, info.id, tip.height + 1)
            event: Event = BalanceChanged(
                who=who, chain="main", asset=info.name, amount=amount
            )
            turn.say(event)


def add_sidechain(turn: Turn, spec: SidechainSpec) -> None:
    """
    A new sidechain begins now: its genesis, its validators, its engine.

    Raises:
        NameTaken, BadValue, PluginError: and what to do instead.
    """
    _check_name(turn, spec.name)
    engine = turn.tools.engine(spec.engine)
    params = checked_params(engine.info, dict(spec.params))
    least = engine.info.least_validators
    if not least <= spec.n_validators <= MOST_VALIDATORS:
        raise BadValue(
            f"{spec.engine} takes {least} to {MOST_VALIDATORS} validators, not "
            f"{spec.n_validators}"
        )
    weights = _weights_of(spec)
    names = [f"v{number}" for number in range(1, spec.n_validators + 1)]
    xprvs = [play_root(f"{spec.name} {name}") for name in names]
    keys = [public_key(xpub(xprv)) for xprv in xprvs]
    votes_merge = bool(params.get("bls"))
    bls_keys = [bls_key_of(xprv) if votes_merge else b"" for xprv in xprvs]
    validators = tuple(
        Validator(*one) for one in zip(names, keys, weights, bls_keys, strict=True)
    )
    view = turn.main_nodes[0].view
    anchor_hash = settled_hash(turn.tree, view, turn.depth)
    anchor = Checkpoint(turn.tree[anchor_hash].height, anchor_hash)
    rules = Rules(0, spec.engine, params, validators, Checkpoint(0, bytes(32)))
    label = f"{spec.name} {turn.config.seed}"
    genesis = side_genesis(label, rules, turn.wall_ms, anchor)
    entry = genesis_entry(genesis, rules)
    facts = side_spec(turn, spec.name, entry.hash, turn.wall_ms)
    tree = SideTree(facts).with_entry(entry)
    nodes = tuple(
        SideNode(
            name, xprv, key, p2wpkh(ripemd160(key)), view, entry.hash,
            HashTrieMap({entry.hash: None}), Checkpoint(0, entry.hash),
        )
        for name, xprv, key in zip(names, xprvs, keys, strict=True)
    )  # fmt: skip
    final = Checkpoint(0, entry.hash)
    turn.add_side(Sidechain(spec.name, spec.store, tree, nodes, entry.hash, final))
    turn.say(
        SidechainAdded(
            name=spec.name,
            chain_id=entry.hash.hex(),
            engine=spec.engine,
            store=spec.store,
            finality=engine.info.finality,
            validators=tuple(names),
        )
    )
    turn.batch(spec.name, entry, undo=False)
    audit_side(turn, spec.name)
    for name in names:
        start_engines(turn, spec.name, name)


def side_spec(turn: Turn, name: str, chain_id: bytes, genesis_ms: int) -> SideSpec:
    """What never changes about a sidechain of this world."""
    return SideSpec(
        name=name,
        chain_id=chain_id,
        genesis_ms=genesis_ms,
        start_ms=turn.before.start_ms,
        parent_id=turn.tree.genesis_hash,
        federations=(turn.before.federation,),
        relay_fee_ppm=turn.config.relay_fee_ppm,
        collectors=tuple(
            collector_of(turn, name).key for name in founding_collectors(turn.config)
        ),
        depth=turn.depth,
        grace=GRACE_BLOCKS,
        idle_ms=turn.config.idle_ms,
        swap_notice=SWAP_NOTICE_BLOCKS,
        hrp=turn.tree.profile.hrp,
        unbond_blocks=turn.config.unbond_blocks,
        federation_blocks=turn.config.federation_blocks,
        collector_blocks=turn.config.collector_blocks,
    )


def _check_name(turn: Turn, name: str) -> None:
    if not NAME_FORM.fullmatch(name):
        raise BadValue(
            f"{name!r} is no name for a sidechain",
            hint="Take lower-case letters, digits and dashes, 16 at most.",
        )
    owners = [owner.name for owner in turn.owners]
    if turn.has_side(name) or name in RESERVED_NAMES or name in owners:
        raise NameTaken(f"the name {name!r} is taken", hint="Take another name.")


def _weights_of(spec: SidechainSpec) -> tuple[int, ...]:
    weights = spec.weights or (1,) * spec.n_validators
    if len(weights) != spec.n_validators:
        raise BadValue(f"{len(weights)} weights for {spec.n_validators} validators")
    check_weights(weights)
    return weights


def check_weights(weights: Sequence[int]) -> None:
    """Raise BadValue unless these can be weights of validators."""
    for weight in weights:
        if not 1 <= weight <= MOST_WEIGHT:
            raise BadValue(
                f"a validator's weight must be from 1 to {MOST_WEIGHT}, not {weight}"
            )


def checked_params(info: EngineInfo, given: dict[str, int]) -> dict[str, int]:
    """
    All parameters of an engine: its defaults, and what was given instead.

    Raises:
        BadValue: an unknown name, or a value out of its bounds.
        BlsMissing: it merges votes, and there is no library for that here.
    """
    params = {param.name: param.default for param in info.params}
    for name, value in given.items():
        known = {param.name: param for param in info.params}
        if name not in known:
            names = ", ".join(sorted(known)) or "none"
            raise BadValue(
                f"{info.name} has no parameter {name!r}", hint=f"It has: {names}."
            )
        if not known[name].low <= value <= known[name].high:
            raise BadValue(
                f"{name} of {info.name} must be from {known[name].low} to "
                f"{known[name].high}, not {value}"
            )
        params[name] = value
    if params.get("bls"):
        bls.check_installed()
    return params
