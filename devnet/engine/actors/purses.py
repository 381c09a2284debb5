"""What an account can spend now, and of which assets."""

from __future__ import annotations

from devnet.engine.actors.turn import Turn
from devnet.engine.actors.world import AssetInfo
from devnet.engine.chain.wallet import Purse, purse_of
from devnet.engine.errors import UnknownName

MAIN = "main"


def asset_of(turn: Turn, name: str) -> AssetInfo:
    """An asset by its name here, or UnknownName."""
    for info in turn.assets:
        if info.name == name:
            return info
    known = ", ".join(info.name for info in turn.assets)
    raise UnknownName(f"there is no asset {name!r}", hint=f"Assets: {known}.")


def main_purse(turn: Turn, program: bytes) -> Purse:
    """What a program can spend on the mainchain."""
    node = turn.main_nodes[0]
    tip = turn.tree[node.view.tip]
    return purse_of(MAIN, program, tip.state.coins, node.pool, tip.height + 1)


def side_purse(turn: Turn, chain: str, program: bytes) -> Purse:
    """What a program can spend on a sidechain, as its first validator has it."""
    node = turn.speaker(chain)
    head = turn.side(chain).tree[node.head]
    return purse_of(chain, program, head.state.coins, node.pool, head.height + 1)
