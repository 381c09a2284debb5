"""Assets: defined here, or seen on the chain."""

from __future__ import annotations

from devnet.api.endpoints.pool import hex_of
from devnet.api.fields import HEX, INT, OBJECT, TEXT, XPUB, Field, list_of
from devnet.api.node import Node
from devnet.api.refusals import Refused
from devnet.api.shapes import Facts
from devnet.api.table import NOTHING, Ask, endpoint
from devnet.api.wire import RawJson
from devnet.wallet.assets import Asset
from devnet.wallet.images import asset_facts

SHOWN = (
    "type xpubs quorum key_index derive_rule id alias vm_version issue_program "
    "raw_definition_byte definition limit_height"
)


def shown(asset: Asset) -> Facts:
    """An asset as the node shows it."""
    return asset_facts(asset, RawJson)


def id_of(text: str) -> bytes:
    """An asset id that a handler reads by itself. Raises Refused."""
    if len(text) != 64:
        raise Refused(f"bad length hash string {len(text)}")
    return hex_of(text)


@endpoint(
    "create-asset", Field("alias", TEXT), Field("root_xpubs", list_of(XPUB)),
    Field("quorum", INT), Field("definition", OBJECT), Field("limit_height", INT),
    Field("issuance_program", HEX), answer=SHOWN,
)  # fmt: skip
def create_asset(node: Node, ask: Ask) -> Facts:
    """Define an asset: issued by keys, or by a program of its own."""
    if ask["limit_height"] < 0:
        raise Refused("a limit height below zero")
    made = node.wallet.assets.define(
        ask["alias"], ask["root_xpubs"], ask["quorum"], ask["definition"],
        ask["limit_height"], ask["issuance_program"],
    )  # fmt: skip
    return shown(made)


@endpoint("get-asset", Field("id", TEXT), answer=SHOWN)
def get_asset(node: Node, ask: Ask) -> Facts:
    """An asset by its id."""
    return shown(node.wallet.assets.find(id_of(ask["id"]), node.wallet.tip.state))


@endpoint("list-assets", Field("id", TEXT), answer=f"(a list: {SHOWN})")
def list_assets(node: Node, ask: Ask) -> list[Facts]:
    """BTM, then all others; or the one of an id."""
    found = node.wallet.assets.listed(node.wallet.tip.state)
    wanted = ask["id"].strip()
    return [shown(one) for one in found if wanted in ("", one.id.hex())]


@endpoint("update-asset-alias", Field("id", TEXT), Field("alias", TEXT))
def update_asset_alias(node: Node, ask: Ask) -> object:
    """Another alias for an asset."""
    wallet = node.wallet
    wallet.assets.rename(id_of(ask["id"]), ask["alias"], wallet.tip.state)
    return NOTHING
