"""What the chain says: blocks, difficulty, proofs. Nothing here needs a wallet."""

from __future__ import annotations

from devnet.api.fields import HASH, HEX, TEXT, UINT, Field, list_of
from devnet.api.node import Node
from devnet.api.refusals import Refused
from devnet.api.shapes import NO_HASH, Facts, Shaper, block_transaction
from devnet.api.table import Ask, endpoint
from devnet.engine.bc.difficulty import work_of_bits
from devnet.engine.bc.merkle import build_proof, status_hashes
from devnet.engine.mainchain.state import MainEntry

VERSION = "1.1.0"
"""Of the node whose interface this is; clients ask for it."""

BLOCK = (Field("block_height", UINT), Field("block_hash", HEX))


def entry_of(node: Node, ask: Ask) -> MainEntry:
    """The block of a request: by hash if it is one, else by height. Raises Refused."""
    block_hash = ask["block_hash"]
    if len(block_hash) == 32:
        return _of_hash(node, block_hash)
    found = node.wallet.tip.state.hashes.get(ask["block_height"])
    if found is None:
        raise Refused("can't find block in given height")
    return node.wallet.tree[found]


def _of_hash(node: Node, block_hash: bytes) -> MainEntry:
    entry = node.wallet.tree.get(block_hash)
    if entry is None:
        raise Refused(f"There are no block with given hash {block_hash.hex()}")
    return entry


@endpoint(
    "net-info",
    answer="listening syncing mining peer_count current_block highest_block network_id "
    "version_info",
)
def net_info(node: Node, ask: Ask) -> Facts:
    """Facts about the node."""
    height = node.wallet.tip.height
    return {
        "listening": True, "syncing": False, "mining": node.is_mining, "peer_count": 0,
        "current_block": height, "highest_block": height, "network_id": "solonet",
        "version_info": {"version": VERSION, "update": 0, "new_version": VERSION},
    }  # fmt: skip


@endpoint("get-block-count", answer="block_count")
def get_block_count(node: Node, ask: Ask) -> Facts:
    """The height of the tip."""
    return {"block_count": node.wallet.tip.height}


@endpoint("get-block-hash", answer="block_hash")
def get_block_hash(node: Node, ask: Ask) -> Facts:
    """The hash of the tip."""
    return {"block_hash": node.wallet.tip.hash.hex()}


@endpoint(
    "get-block", *BLOCK,
    answer="hash size version height previous_block_hash timestamp nonce bits "
    "difficulty transaction_merkle_root transaction_status_hash transactions",
)  # fmt: skip
def get_block(node: Node, ask: Ask) -> Facts:
    """A block with its transactions."""
    entry = entry_of(node, ask)
    header, shaper = entry.block.header, Shaper(node.wallet.hrp)
    pairs = zip(entry.block.transactions, entry.statuses, strict=True)
    return {
        "hash": entry.hash.hex(),
        "size": 2 * len(entry.block.raw),
        "version": header.version,
        "height": header.height,
        "previous_block_hash": header.previous.hex(),
        "timestamp": header.timestamp,
        "nonce": header.nonce,
        "bits": header.bits,
        "difficulty": str(work_of_bits(header.bits)),
        "transaction_merkle_root": header.tx_root.hex(),
        "transaction_status_hash": header.status_root.hex(),
        "transactions": [block_transaction(shaper, tx, failed) for tx, failed in pairs],
    }


@endpoint("get-block-header", *BLOCK, answer="block_header reward")
def get_block_header(node: Node, ask: Ask) -> Facts:
    """A block's header in hex, and what its miner got."""
    block = entry_of(node, ask).block
    reward = block.transactions[0].outputs[0].amount
    return {"block_header": block.header.raw.hex(), "reward": reward}


@endpoint("get-raw-block", *BLOCK, answer="raw_block transaction_status")
def get_raw_block(node: Node, ask: Ask) -> Facts:
    """A block in hex, and which of its transactions failed."""
    entry = entry_of(node, ask)
    statuses = [{"status_fail": True} if failed else {} for failed in entry.statuses]
    return {
        "raw_block": entry.block.raw.hex(),
        "transaction_status": {"version": 1, "verify_status": statuses},
    }


@endpoint("get-difficulty", *BLOCK, answer="hash height bits difficulty")
def get_difficulty(node: Node, ask: Ask) -> Facts:
    """How much work a block was."""
    header = entry_of(node, ask).block.header
    return {
        "hash": header.hash.hex(), "height": header.height, "bits": header.bits,
        "difficulty": str(work_of_bits(header.bits)),
    }  # fmt: skip


@endpoint("get-hash-rate", *BLOCK, answer="hash height hash_rate")
def get_hash_rate(node: Node, ask: Ask) -> Facts:
    """Tries a second between a block and its parent."""
    if len(ask["block_hash"]) not in (0, 32):
        raise Refused("Block hash format error.")
    height = ask["block_height"] or node.wallet.tip.height
    header = entry_of(node, {**ask, "block_height": height}).block.header
    if not header.height:
        raise Refused(f"There are no block with given hash {NO_HASH}")
    parent = _of_hash(node, header.previous).block.header
    seconds = max(1, header.timestamp - parent.timestamp)
    rate = work_of_bits(header.bits) // seconds
    return {"hash": header.hash.hex(), "height": header.height, "hash_rate": rate}


@endpoint(
    "get-merkle-proof", Field("tx_ids", list_of(HASH)), Field("block_hash", HEX),
    answer="block_header tx_hashes status_hashes flags matched_tx_ids",
)  # fmt: skip
def get_merkle_proof(node: Node, ask: Ask) -> Facts:
    """The proof that transactions stand in a block, with their statuses."""
    entry = entry_of(node, {**ask, "block_height": 0})
    ids = [tx.id for tx in entry.block.transactions]
    matched = [one for one in ids if one in set(ask["tx_ids"])]
    proof = build_proof(ids, matched)
    statuses = status_hashes(entry.statuses, proof.flags)
    return {
        "block_header": entry.block.header.raw.hex(),
        "tx_hashes": [one.hex() for one in proof.hashes],
        "status_hashes": [one.hex() for one in statuses],
        "flags": list(proof.flags),
        "matched_tx_ids": [one.hex() for one in matched] or None,
    }


@endpoint("gas-rate", answer="gas_rate")
def gas_rate(node: Node, ask: Ask) -> Facts:
    """How much BTM one gas is, in neu."""
    return {"gas_rate": 200}


@endpoint("list-peers", mark="nice", answer="(a list)")
def list_peers(node: Node, ask: Ask) -> list[Facts]:
    """The node has no peers: a devnet is one house."""
    return []


@endpoint("disconnect-peer", Field("peer_id", TEXT), mark="extra")
def disconnect_peer(node: Node, ask: Ask) -> Facts:
    """There is nobody to leave."""
    raise Refused("peerId not exist")


@endpoint("connect-peer", Field("ip", TEXT), Field("port", UINT), mark="extra")
def connect_peer(node: Node, ask: Ask) -> Facts:
    """A devnet meets nobody."""
    raise Refused("invalid ip address")


@endpoint("error", mark="extra")
def error(node: Node, ask: Ask) -> Facts:
    """What the node answers where its wallet is switched off."""
    raise Refused("wallet not found, please check that the wallet is open")
