"""
Starter chains: blocks mined beforehand, so that money is spendable at once.

The file holds raw blocks, one a line as hex, with the answer of the proof-of-work
function behind each. `devnet starter verify` computes those answers again; `build`
mines the chain from genesis, always to the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from devnet.engine.bc.block import Block, parse_block
from devnet.engine.bc.definition import canonical_definition
from devnet.engine.bc.difficulty import meets_target
from devnet.engine.bc.programs import multisig_script
from devnet.engine.bc.transaction import (
    BTM,
    Issuance,
    Output,
    Spend,
    Transaction,
    asset_id,
    with_arguments,
)
from devnet.engine.chain.mempool import Mempool, Waiting
from devnet.engine.codec import from_hex, to_hex
from devnet.engine.errors import BadValue, BlockError, CodecError
from devnet.engine.interfaces import WorkSource
from devnet.engine.keys.chainkd import derive_xprv, public_key, sign, xpub
from devnet.engine.keys.paths import asset_path
from devnet.engine.mainchain.accounts import (
    ACCOUNT_NAMES,
    FEDERATION_RELAYER,
    play_account,
)
from devnet.engine.mainchain.miner import MainNode, build_template
from devnet.engine.mainchain.state import MainTree, genesis_tree
from devnet.engine.mainchain.view import MainView

Starter = tuple[tuple[Block, bytes], ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    What the starter chain of a profile is made of.

    Args:
        n_rewards: first blocks whose rewards go to `rewarded` in turn, and are mature
            at the end; those of the rest go to the miners.
    """

    n_blocks: int
    n_rewards: int
    rewarded: tuple[str, ...]


RECIPES = {
    "fast": Recipe(112, 12, ACCOUNT_NAMES),
    # Bytom's genesis pays nobody here, so there is no money but these rewards.
    "solonet": Recipe(124, 24, (*ACCOUNT_NAMES, FEDERATION_RELAYER)),
}
ISSUE_HEIGHT = 101
"""The first block that can spend a reward, that of block 1, which is Alice's."""
GOLD_UNITS = 1_000_000
"""Units of GOLD for each account."""
ISSUE_FEE_NEU = 1_000_000
WAIT_S = 60.0
N_AHEAD = 4
"""Nonces, or blocks, whose work is asked for ahead of the one that is awaited."""


class NoStarter(BadValue):
    """No starter chain is shipped for this profile."""

    code = "request.no-starter"


class StarterBroken(BlockError):
    """The shipped file is not what `build` makes."""

    code = "block.starter"
    default_hint = "Install the package again, or build it: devnet starter build."


def starter_path(profile: str) -> Path:
    """Where the shipped file of a profile stands."""
    return Path(str(files("devnet.engine") / "data" / f"starter-{profile}.txt"))


def load_starter(profile: str, path: Path | None = None) -> Starter:
    """
    The shipped blocks above genesis, with their work. Rules are checked by the world.

    Args:
        path: another file than the shipped one.

    Raises:
        NoStarter: none is shipped. StarterBroken: the file cannot be read.
    """
    path = path or starter_path(profile)
    if not path.exists():
        raise NoStarter(f"no starter chain is shipped for the profile {profile!r}")
    lines = path.read_text("ascii").splitlines()[1:]
    try:
        pairs = [line.split() for line in lines]
        return tuple(
            (parse_block(from_hex(raw)), from_hex(work)) for raw, work in pairs
        )
    except (ValueError, CodecError):
        raise StarterBroken(f"{path.name} has a line that is no block") from None


def save_starter(path: Path, profile: str, starter: Starter) -> None:
    """Write the file whole, or not at all."""
    head = {"profile": profile, "blocks": len(starter), "format": "raw block, work"}
    lines = [json.dumps(head, sort_keys=True)]
    lines += [f"{to_hex(block.raw)} {to_hex(work)}" for block, work in starter]
    draft = path.with_suffix(".new")
    draft.write_text("\n".join(lines) + "\n", "ascii")
    draft.replace(path)


def build_starter(
    profile: str, works: WorkSource, told: Callable[[int, int], None]
) -> Starter:
    """
    Mine the chain anew. Deterministic: always the same bytes.

    Args:
        told: hears (height, last height) after each block.
    """
    tree, recipe = genesis_tree(profile), RECIPES[profile]
    tip, blocks = tree.genesis_hash, []
    for height in range(1, recipe.n_blocks + 1):
        block, work = _mine(tree, tip, _rewarded(recipe, height), works)
        tree = tree.with_block(block, work, 2**40)
        tip = block.header.hash
        blocks.append((block, work))
        told(height, recipe.n_blocks)
    return tuple(blocks)


def _mine(
    tree: MainTree, tip: bytes, program: bytes, works: WorkSource
) -> tuple[Block, bytes]:
    height = tree[tip].height + 1
    node = MainNode("starter", 0, program, MainView(tip))
    if height == ISSUE_HEIGHT:
        issue = issue_gold(tree, tip)
        node = replace(node, pool=Mempool().add(Waiting(issue, 0), height))
    clock_s = tree[tree.genesis_hash].block.header.timestamp + height
    template, unusable = build_template(tree, node, clock_s, b" starter")
    if unusable:
        raise StarterBroken("the issuance of GOLD does not pass")
    for nonce in _nonces():
        header = template.header_with(nonce)
        ahead = tuple(
            (template.seed, template.header_with(nonce + more).hash)
            for more in range(N_AHEAD)
        )
        works.want(ahead)
        while (work := works.get(template.seed, header.hash)) is None:
            works.wait(WAIT_S)
        if meets_target(work, header.bits):
            return template.block_with(nonce), work
    raise AssertionError("nonces do not end")


def _nonces() -> Iterator[int]:
    nonce = 0
    while True:
        yield nonce
        nonce += 1


def _rewarded(recipe: Recipe, height: int) -> bytes:
    if height <= recipe.n_rewards:
        names = recipe.rewarded
        return play_account(names[(height - 1) % len(names)]).program
    return play_account(f"node-{height % 2}").program


def issue_gold(tree: MainTree, tip: bytes) -> Transaction:
    """Alice issues GOLD and gives everybody the same; her BTM pays the gas."""
    alice = play_account(ACCOUNT_NAMES[0])
    xprv = derive_xprv(alice.root, asset_path(1))
    program = multisig_script([public_key(xpub(xprv))], 1)
    definition = canonical_definition(
        {
            "bap": "BAP-04",
            "decimals": 0,
            "description": "Play gold of the devnet, in whole pieces.",
            "name": "GOLD",
            "symbol": "GOLD",
        }
    )
    asset = asset_id(program, definition)
    total = GOLD_UNITS * len(ACCOUNT_NAMES)
    coin = tree[tip].state.coins.of_program(alice.program)[0]
    issue = Issuance(bytes(7) + b"\x01", asset, total, definition, 1, program)
    fuel = Spend(coin.source_id, BTM, coin.amount, coin.position, coin.program)
    outputs = [
        Output(asset, GOLD_UNITS, play_account(name).program) for name in ACCOUNT_NAMES
    ]
    outputs.append(Output(BTM, coin.amount - ISSUE_FEE_NEU, alice.program))
    tx = Transaction(1, 0, (issue, fuel), tuple(outputs))
    signed = with_arguments(tx, 0, (sign(xprv, tx.sig_hash(0)),))
    return with_arguments(signed, 1, (sign(alice.xprv, tx.sig_hash(1)), alice.key))


def verify_starter(
    profile: str, works: WorkSource, told: Callable[[int, int], None]
) -> int:
    """
    Check the shipped chain from genesis with every rule, all work computed anew.

    Returns:
        Its height.

    Raises:
        NoStarter, StarterBroken, BlockError: what is wrong, and at which height.
    """
    tree = genesis_tree(profile)
    tip = tree.genesis_hash
    starter = load_starter(profile)
    for index, (block, shipped) in enumerate(starter):
        seed = tree.seed_for_child(tree[tip])
        headers = [later.header.hash for later, _ in starter[index : index + N_AHEAD]]
        works.want(tuple((seed, header_hash) for header_hash in headers))
        while (work := works.get(seed, block.header.hash)) is None:
            works.wait(WAIT_S)
        if work != shipped:
            raise StarterBroken(
                f"the work of block {block.header.height} is {work.hex()[:16]}.., "
                f"shipped is {shipped.hex()[:16]}.."
            )
        tree = tree.with_block(block, work, 2**40)
        tip = block.header.hash
        told(block.header.height, len(starter))
    return tree[tip].height
