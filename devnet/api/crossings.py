"""
The two questions that the federation daemon answers, in an envelope of its own: what
crosses between the chains, and how high they are.

Source: protocol page "http-api", section 14; BytomDAO/vapor v1.1.9, toolbar/federation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from devnet.api.fields import OBJECT, TEXT, Field, WrongKind, read_body, read_object
from devnet.api.node import Node
from devnet.api.refusals import bad_body
from devnet.api.shapes import Facts
from devnet.engine.actors.world import Transfer

PREFIX = "api/v1/federation/"
MAIN = "btm"
MOST = 1_000
_FILTER = tuple(
    Field(name, TEXT)
    for name in ("status", "source_tx_hash", "dest_tx_hash", "source_chain_name",
                 "address")
)  # fmt: skip

_ASKED = (Field("filter", OBJECT), Field("sort", OBJECT))


@dataclass(frozen=True, slots=True)
class Question:
    """One of the daemon's paths: fields of its body, and words of its query."""

    handler: Callable[[Node, bytes, str], Any]
    fields: tuple[Field, ...] = ()
    query: tuple[str, ...] = ()


def answer(node: Node, path: str, body: bytes, query: str) -> Facts | None:
    """The whole answer; None: there is no such path. Raises NotUnderstood."""
    found = ENDPOINTS.get(path.removeprefix(PREFIX))
    if found is None:
        return None
    return {"code": 200, "msg": "", "data": found.handler(node, body, query)}


def list_chains(node: Node, body: bytes, query: str) -> list[Facts]:
    """All chains with their heights."""
    network = node.network
    rows = [network.show(name) for name in network.chain_names()]
    return [
        {
            "name": MAIN if row["name"] == "main" else row["name"],
            "block_height": row["height"], "block_hash": row["tip"],
        }
        for row in rows
    ]  # fmt: skip


def list_crosschain_txs(node: Node, body: bytes, query: str) -> list[Facts]:
    """What went from one chain to another, newest first."""
    asked = read_body(body or b"{}", _ASKED)
    try:
        wanted = read_object(asked["filter"], _FILTER)
        order = read_object(asked["sort"], (Field("order", TEXT),))["order"]
    except WrongKind as error:
        raise bad_body(str(error)) from None
    found = [one for one in _all(node) if _fits(one, wanted)]
    if order != "asc":
        found.reverse()
    start, limit = _page(query)
    return found[start : start + limit]


def _page(query: str) -> tuple[int, int]:
    words = parse_qs(query[:200])

    def number(name: str, default: int) -> int:
        text = words.get(name, [""])[0]
        is_number = text.isascii() and text.isdecimal() and len(text) < 10
        return int(text) if is_number else default

    return number("start", 0), min(number("limit", MOST), MOST)


def _fits(one: Facts, wanted: dict[str, str]) -> bool:
    source = wanted["source_chain_name"]
    request = one["crosschain_requests"][0]
    is_side = one["source_chain_name"] != MAIN
    is_source = source in ("", one["source_chain_name"])
    return (
        wanted["status"] in ("", one["status"])
        and wanted["source_tx_hash"] in ("", one["source_tx_hash"])
        and wanted["dest_tx_hash"] in ("", one["dest_tx_hash"])
        and (is_source or (source == "vapor" and is_side))
        and wanted["address"] in ("", request["from_address"], request["to_address"])
    )


def _all(node: Node) -> Iterator[Facts]:
    for transfer in node.network.transfers():
        up = transfer.is_withdrawal
        ends = [MAIN, transfer.chain]
        source, dest = reversed(ends) if up else ends
        done = not transfer.is_open
        yield {
            **_place(node, "source", source, transfer.lock_tx),
            **_place(node, "dest", dest, transfer.claim_tx),
            "status": "completed" if done else "pending",
            "crosschain_requests": [_request(node, transfer)],
        }


def _request(node: Node, transfer: Transfer) -> Facts:
    network = node.network
    return {
        "source_position": 0, "amount": transfer.amount,
        "asset_id": network.asset(transfer.asset).id.hex(),
        "from_address": _address(node, transfer.who),
        "to_address": _address(node, transfer.to),
        "transfer": transfer.id,
    }  # fmt: skip


def _address(node: Node, who: str) -> str:
    network = node.network
    return network.address(who) if who in network.accounts() else who


def _place(node: Node, what: str, chain: str, tx_id: bytes) -> Facts:
    height, at_s, block_hash, index = 0, 0, b"", 0
    world = node.network.world
    if chain == MAIN:
        state = world.tree[world.main_tip].state
        place = state.index.places.get(tx_id)
        if place is not None:
            block_hash = state.hashes[place.height]
            height, index = place.height, place.index
            at_s = world.tree[block_hash].block.header.timestamp
    elif (side := world.sidechain(chain)) is not None:
        head = side.tree[side.head].state
        place = head.places.get(tx_id)
        if place is not None:
            block_hash = head.hashes[place.height]
            height, index = place.height, place.index
            at_s = side.tree[block_hash].header.time_ms // 1000
    return {
        f"{what}_chain_name": chain, f"{what}_block_height": height,
        f"{what}_block_timestamp": at_s, f"{what}_block_hash": block_hash.hex(),
        f"{what}_tx_index": index, f"{what}_tx_hash": tx_id.hex(),
    }  # fmt: skip


ENDPOINTS = {
    "list-crosschain-txs": Question(list_crosschain_txs, _ASKED, ("start", "limit")),
    "list-chains": Question(list_chains),
}
