"""
The devnet's own controls, over the verbs of the same names.

Source: protocol page "http-api", section 16.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from devnet.api.acting import act
from devnet.api.fields import FLAG, HEX, INT, OBJECT, TEXT, UINT, Field
from devnet.api.node import Node
from devnet.api.refusals import Refused
from devnet.api.shapes import Facts
from devnet.api.table import NOTHING, Ask, endpoint
from devnet.wallet.errors import NoAsset

MAYBE = replace(INT, name="integer or nothing", zero=lambda: None)
MOST_BLOCKS = 1_000
MOST_WAIT_S = 60
MOST_EVENTS = 1_000
SECONDS = replace(
    UINT, schema={"type": "integer", "minimum": 0, "maximum": MOST_WAIT_S}
)
BLOCKS = replace(UINT, schema={"type": "integer", "minimum": 0, "maximum": MOST_BLOCKS})
NAP_S = 0.02
FAULTS = {
    "offline": "kill", "delay": "latency", "refuse": "withhold",
    "double_sign": "double-sign", "lie": "lying-node",
}  # fmt: skip
"""Words of the protocol page for faults that have names of ours."""


@endpoint(
    "devnet-info", mark="extra", is_slow=True,
    answer="version mode profile mainchain sidechains accounts seed time automine "
    "snapshots next_event",
)  # fmt: skip
async def devnet_info(node: Node, ask: Ask) -> Facts:
    """What this devnet is: its chains, ready-made accounts, seed, clock."""
    found: Facts = await act(node, "devnet-info")
    for one in (found["mainchain"], *found["sidechains"]):
        one["url"] = node.places.get(one["name"])
    return found


@endpoint(
    "devnet-mine", Field("blocks", BLOCKS), Field("address", TEXT),
    Field("timestamp", UINT), mark="extra", is_slow=True,
    answer="block_hashes height",
)  # fmt: skip
async def devnet_mine(node: Node, ask: Ask) -> Facts:
    """Blocks of what waits now, with real proof of work."""
    blocks = ask["blocks"] or 1
    if blocks > MOST_BLOCKS:
        raise Refused(f"{blocks} blocks in one request, {MOST_BLOCKS} are possible")
    made = await act(
        node, "mine", blocks, now=True,
        address=ask["address"] or None, timestamp=ask["timestamp"] or None,
    )  # fmt: skip
    return {"block_hashes": made["block_hashes"], "height": made["height"]}


@endpoint(
    "devnet-set-automine", Field("mode", TEXT), Field("interval", UINT), mark="extra",
    is_slow=True, answer="mode interval",
)  # fmt: skip
async def devnet_set_automine(node: Node, ask: Ask) -> Facts:
    """When blocks come by themselves: off, on_transaction, interval (s), world."""
    words = (ask["mode"], ask["interval"]) if ask["interval"] else (ask["mode"],)
    found: Facts = await act(node, "automine", *words)
    return found


@endpoint(
    "devnet-faucet", Field("address", TEXT), Field("account_alias", TEXT),
    Field("amount", UINT), Field("asset_id", HEX), Field("mine", FLAG), mark="extra",
    is_slow=True, answer="tx_id",
)  # fmt: skip
async def devnet_faucet(node: Node, ask: Ask) -> Facts:
    """Coins out of the devnet's pocket; `mine` puts them into a block at once."""
    to = ask["address"] or _address_of(node, ask["account_alias"])
    asset = _asset_name(node, ask["asset_id"])
    given = await act(node, "faucet", to, f"{ask['amount']}neu", asset)
    if ask["mine"]:
        await act(node, "mine", 1, now=True)
    return {"tx_id": given["tx_id"]}


def _address_of(node: Node, alias: str) -> str:
    from devnet.engine.codec import address_of_program

    book = node.wallet.book
    account = book.find(alias, "")
    receivers = [one for one in book.of_account(account.id) if not one.change]
    last = receivers[-1] if receivers else book.next_receiver(account)
    return address_of_program(last.program, node.wallet.hrp)


def _asset_name(node: Node, asset_id: bytes) -> str:
    if not asset_id:
        return "BTM"
    for name, info in node.network.assets().items():
        if info.id == asset_id:
            return name
    raise NoAsset(f"no such asset on the chain: {asset_id.hex()[:64]}")


@endpoint(
    "devnet-set-time", Field("time", MAYBE), Field("offset", MAYBE),
    Field("advance", MAYBE), mark="extra", is_slow=True, answer="time offset",
)  # fmt: skip
async def devnet_set_time(node: Node, ask: Ask) -> Facts:
    """Set the clock that block times follow, in seconds."""
    words = () if ask["time"] is None else (ask["time"],)
    found: Facts = await act(
        node, "set-time", *words, offset=ask["offset"], advance=ask["advance"]
    )
    return found


@endpoint(
    "devnet-snapshot", Field("name", TEXT), mark="extra", is_slow=True,
    answer="snapshot_id height",
)  # fmt: skip
async def devnet_snapshot(node: Node, ask: Ask) -> Facts:
    """Remember this moment of all chains and wallets."""
    found: Facts = await act(node, "snapshot", *((ask["name"],) if ask["name"] else ()))
    return found


@endpoint(
    "devnet-revert", Field("snapshot_id", TEXT), mark="extra", is_slow=True,
    answer="height snapshot_id next_event",
)  # fmt: skip
async def devnet_revert(node: Node, ask: Ask) -> Facts:
    """Go back to a snapshot."""
    found: Facts = await act(node, "revert", ask["snapshot_id"])
    return found


@endpoint("devnet-reset", mark="extra", is_slow=True, answer="height")
async def devnet_reset(node: Node, ask: Ask) -> Facts:
    """Go back to the first state."""
    found: Facts = await act(node, "reset")
    return found


@endpoint(
    "devnet-reorg", Field("depth", UINT), Field("blocks", BLOCKS), mark="extra",
    is_slow=True, answer="fork_height old new reorganised height",
)  # fmt: skip
async def devnet_reorg(node: Node, ask: Ask) -> Facts:
    """Replace the last blocks by a branch of empty ones."""
    words = (ask["depth"], ask["blocks"]) if ask["blocks"] else (ask["depth"],)
    found: Facts = await act(node, "reorg", *words)
    return found


@endpoint(
    "devnet-drop-transaction", Field("tx_id", TEXT), Field("chain", TEXT),
    mark="extra", is_slow=True, answer="(nothing)",
)  # fmt: skip
async def devnet_drop_transaction(node: Node, ask: Ask) -> Any:
    """Let every node of a chain forget a transaction that waits."""
    await act(node, "drop-transaction", ask["tx_id"], ask["chain"] or "main")
    node.forget(ask["tx_id"])
    return NOTHING


@endpoint(
    "devnet-set-fault", Field("target", TEXT), Field("kind", TEXT),
    Field("value", MAYBE), Field("for", TEXT), mark="extra", is_slow=True,
    answer="fault_id",
)  # fmt: skip
async def devnet_set_fault(node: Node, ask: Ask) -> Facts:
    """Break something on purpose: any fault of the verb `fault`."""
    kind, target = FAULTS.get(ask["kind"], ask["kind"]), ask["target"]
    role, _, chain = target.partition(".")
    if role == "collector":
        if kind not in ("kill", "lazy-collector"):
            raise Refused(f"a collector can be offline, not {ask['kind'][:40]}")
        kind, target = "lazy-collector", chain or _first_side(node)
    flags = {"value": ask["value"], "for": ask["for"] or None}
    targets = (target,) if target else ()
    found: Facts = await act(node, "fault", kind, *targets, **flags)
    if "fault" not in found:
        return {"fault_id": None} | found
    return {"fault_id": found["fault"]} | found


def _first_side(node: Node) -> str:
    names = node.network.sidechain_names()
    return names[0] if names else ""


@endpoint(
    "devnet-clear-fault", Field("fault_id", TEXT), mark="extra", is_slow=True,
    answer="(a list: fault name target)",
)  # fmt: skip
async def devnet_clear_fault(node: Node, ask: Ask) -> Any:
    """End a fault, or `all`."""
    return await act(node, "mend", ask["fault_id"])


@endpoint(
    "devnet-swap-consensus", Field("chain", TEXT), Field("engine", TEXT),
    Field("params", OBJECT), Field("at", UINT), mark="extra", is_slow=True,
    answer="height",
)  # fmt: skip
async def devnet_swap_consensus(node: Node, ask: Ask) -> Facts:
    """Ask a sidechain's validators for another rule."""
    params = {name: _whole(name, value) for name, value in ask["params"].items()}
    found: Facts = await act(
        node, "swap", ask["chain"], ask["engine"],
        params=params or None, at=ask["at"] or None,
    )  # fmt: skip
    return {"height": found["closing_height"] + 1} | found


def _whole(name: str, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Refused(f"{name[:40]} is no whole number") from None


@endpoint(
    "devnet-events", Field("after", UINT), Field("count", UINT), Field("chain", TEXT),
    Field("kind", TEXT), Field("wait", SECONDS), mark="extra", is_slow=True,
    answer="(a list of events)",
)  # fmt: skip
async def devnet_events(node: Node, ask: Ask) -> list[Facts]:
    """Events from number `after` on; with none, wait so many seconds for one."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + min(ask["wait"], MOST_WAIT_S)
    while True:
        found: list[Facts] = await act(
            node, "devnet-events", after=min(ask["after"], 10**11),
            count=min(ask["count"] or MOST_EVENTS, MOST_EVENTS),
            chain=ask["chain"] or None, kind=ask["kind"] or None,
        )  # fmt: skip
        if found or loop.time() >= end_s or node.is_closing:
            return found
        await _news(node, end_s)


async def _news(node: Node, end_s: float) -> None:
    """Wait until the stream is another, or the time is over."""
    loop, session = asyncio.get_running_loop(), node.session
    seen = (session.n_worlds, session.next_event)
    while (session.n_worlds, session.next_event) == seen and not node.is_closing:
        if loop.time() >= end_s:
            return
        await asyncio.sleep(NAP_S)
