"""
A sidechain's own paths: `/sidechain/NAME/...`, as a Vapor node has them at its root.

What belongs to the wallet and not to a chain (keys, accounts, addresses, tokens) is the
mainchain's: there is one wallet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from devnet.api.fields import Field
from devnet.api.node import Node
from devnet.api.refusals import NotUnderstood, Refused
from devnet.api.table import TABLE, Ask, Endpoint, Mark
from devnet.engine.actors.world import Sidechain, speaker_of
from devnet.engine.chain.mempool import Mempool
from devnet.engine.mainchain.state import MainEntry
from devnet.engine.sidechain.state import SideEntry
from devnet.wallet.staking import VOTE_LOCKED
from devnet.wallet.wallet import Wallet

PREFIX = "sidechain/"
SHARED = frozenset(
    {
        "create-key", "list-keys", "delete-key", "check-key-password",
        "reset-key-password", "update-key-alias", "sign-message", "verify-message",
        "create-account", "list-accounts", "delete-account", "update-account-alias",
        "create-account-receiver", "list-addresses", "validate-address", "list-pubkeys",
        "create-access-token", "delete-access-token", "check-access-token",
        "decode-program", "gas-rate", "list-peers",
        "disconnect-peer", "connect-peer", "recovery-wallet", "rescan-wallet",
        "is-mining",
    }
)  # fmt: skip
"""Not those that only callers of this machine may use: their paths guard them."""


@dataclass(frozen=True, slots=True)
class Side:
    """A node's face on one of its sidechains."""

    node: Node
    name: str

    @property
    def chain(self) -> Sidechain:
        """The sidechain as it is now."""
        found = self.node.network.world.sidechain(self.name)
        assert found is not None
        return found

    @property
    def head(self) -> SideEntry:
        """Its newest block, as it is told."""
        return self.chain.tree[self.chain.head]

    @property
    def pool(self) -> Mempool:
        """What waits at the validator whom people ask."""
        world, chain = self.node.network.world, self.chain
        return speaker_of(chain.nodes, world.faults, self.name).pool

    def entry(self, ask: Ask) -> SideEntry:
        """The block of a request: by hash if it is one, else by height. Refused."""
        tree, block_hash = self.chain.tree, ask["block_hash"]
        if len(block_hash) == 32:
            found = tree.get(block_hash)
            if found is None:
                raise Refused(
                    f"There are no blockHeader with given hash {block_hash.hex()}"
                )
            return found
        height = ask["block_height"] or 0
        at_height = tree.hash_at(self.chain.head, height)
        if at_height is None:
            raise Refused(
                "can't find block header in given height: There are no BlockHash with "
                f"given height {height}"
            )
        return tree[at_height]


class SideWallet(Wallet):
    """The one wallet, looking at a sidechain."""

    def __init__(self, side: Side) -> None:
        self.__dict__.update(side.node.wallet.__dict__)
        self._side = side

    @property
    def tip(self) -> MainEntry:
        """The sidechain's newest block: what the builder asks of it has one form."""
        return cast(MainEntry, self._side.head)

    @property
    def pool(self) -> Mempool:
        """What waits there."""
        return self._side.pool


SIDE_TABLE: dict[str, Endpoint] = {}


def side_endpoint(
    path: str, *fields: Field, answer: str = "", mark: Mark = "must"
) -> Callable[[Callable[[Side, Ask], Any]], Callable[[Side, Ask], Any]]:
    """Enter a handler into the sidechains' table."""

    def enter(handler: Callable[[Side, Ask], Any]) -> Callable[[Side, Ask], Any]:
        assert path not in SIDE_TABLE, path

        def on_node(node: Any, ask: Ask) -> Any:
            return handler(node, ask)

        on_node.__doc__ = handler.__doc__
        SIDE_TABLE[path] = Endpoint(path, on_node, mark, fields, answer)
        return handler

    return enter


VAPORS_CODES = {
    "BTM709": "BTM705", "BTM710": "BTM706", "BTM704": "BTM710", "BTM705": "BTM711",
    "BTM706": "BTM712", "BTM707": "BTM713", "BTM708": "BTM714", "BTM711": "BTM715",
    "BTM712": "BTM716", "BTM713": "BTM717", VOTE_LOCKED: "BTM704",
}  # fmt: skip
"""Codes from BTM704 on are others at a Vapor node; their words are the same."""


def shifted(body: dict[str, Any]) -> dict[str, Any]:
    """A refusal with the code that a Vapor node has for it."""
    return {**body, "code": VAPORS_CODES.get(body["code"], body["code"])}


def find(node: Node, path: str) -> tuple[Endpoint, Any]:
    """
    The endpoint of a path below a sidechain's prefix, and what its handler acts on.

    Raises:
        NotUnderstood: there is no such sidechain or endpoint.
    """
    name, _, rest = path.removeprefix(PREFIX).partition("/")
    if node.network.world.sidechain(name) is not None:
        if rest in SIDE_TABLE:
            return SIDE_TABLE[rest], Side(node, name)
        if rest in SHARED:
            return TABLE[rest], node
    raise NotUnderstood("BTM000", "not Found")
