"""
What a sidechain's own paths say: blocks, balances, transactions.

Source: protocol page "http-api", section 14; BytomDAO/vapor v1.1.9, api/.
"""

from __future__ import annotations

from devnet.api.endpoints.accounts import WHOSE, account_of
from devnet.api.endpoints.pool import hex_of
from devnet.api.fields import HEX, TEXT, UINT, Field
from devnet.api.refusals import Refused, bad_body
from devnet.api.shapes import Facts, block_transaction
from devnet.api.sides import Side, side_endpoint
from devnet.api.sideshapes import SideShaper
from devnet.api.table import Ask
from devnet.engine.bc.transaction import Transaction, parse_transaction
from devnet.engine.errors import CodecError
from devnet.engine.sidechain.reader import SideReader
from devnet.engine.sidechain.state import SideEntry
from devnet.wallet.book import Account
from devnet.wallet.history import touches
from devnet.wallet.staking import Owned
from devnet.wallet.template import fee_of

VERSION = "1.1.9"
BLOCK = (Field("block_height", UINT), Field("block_hash", HEX))


def shaper_of(side: Side) -> SideShaper:
    """Writes this sidechain's transactions, with the wallet's aliases."""
    return SideShaper(side.node.wallet.hrp, side.node.wallet)


@side_endpoint("net-info")
def net_info(side: Side, ask: Ask) -> Facts:
    """Facts about the sidechain."""
    chain, height = side.chain, side.head.height
    return {
        "listening": True, "syncing": False, "mining": True,
        "node_xpub": chain.nodes[0].key.hex(),
        "federation_address": side.node.network.contract(side.name).address,
        "peer_count": len(chain.nodes) - 1, "current_block": height,
        "irreversible_block": chain.final.height, "highest_block": height,
        "network_id": "solonet",
        "version_info": {"version": VERSION, "update": 0, "new_version": VERSION},
    }  # fmt: skip


@side_endpoint("get-block-count")
def get_block_count(side: Side, ask: Ask) -> Facts:
    """The height of the tip."""
    return {"block_count": side.head.height}


@side_endpoint("get-block-hash")
def get_block_hash(side: Side, ask: Ask) -> Facts:
    """The hash of the tip."""
    return {"block_hash": side.head.hash.hex()}


@side_endpoint("get-block", *BLOCK)
def get_block(side: Side, ask: Ask) -> Facts:
    """A block with its transactions."""
    entry = side.entry(ask)
    header, shaper = entry.block.header, SideShaper(side.node.wallet.hrp)
    return {
        "hash": entry.hash.hex(),
        "size": 2 * len(entry.block.raw),
        "version": header.version,
        "height": header.height,
        "previous_block_hash": header.previous.hex(),
        "timestamp": header.timestamp_ms,
        "witness": [
            one.hex() for one in (header.signature, *header.certificate.signatures)
            if one
        ],
        "blocker": _blocker(side, entry),
        "transaction_merkle_root": header.tx_root.hex(),
        "transaction_status_hash": header.status_root.hex(),
        "transactions": [
            block_transaction(shaper, tx, False) for tx in entry.block.transactions
        ],
        "engine": header.engine,
        "epoch": header.epoch,
        "anchor": {"height": header.anchor.height, "hash": header.anchor.hash.hex()},
    }  # fmt: skip


def _blocker(side: Side, entry: SideEntry) -> str:
    """The key of whoever made a block; nothing for genesis."""
    if not entry.height or not entry.block.header.signature:
        return ""
    tree = side.chain.tree
    reader = SideReader(tree, entry.hash, entry.state.epochs, entry.header.time_ms)
    seats = reader.rules_of(entry.header).validators
    for index, validator in enumerate(seats):
        if reader.signed_by(entry.header, index):
            return validator.key.hex()
    return ""


@side_endpoint("get-block-header", *BLOCK)
def get_block_header(side: Side, ask: Ask) -> Facts:
    """A block's header in hex, and what its producer got."""
    block = side.entry(ask).block
    outputs = block.transactions[0].outputs if block.transactions else ()
    return {
        "block_header": block.header.raw.hex(),
        "reward": sum(output.amount for output in outputs),
    }


@side_endpoint("get-raw-block", *BLOCK)
def get_raw_block(side: Side, ask: Ask) -> Facts:
    """A block in hex. None of its transactions can have failed."""
    block = side.entry(ask).block
    statuses: list[Facts] = [{} for _ in block.transactions]
    return {
        "raw_block": block.raw.hex(),
        "transaction_status": {"version": 1, "verify_status": statuses},
    }


def accounts_of(side: Side, ask: Ask) -> list[Account]:
    """The account of a request, or all of them. Raises NoAccount."""
    if ask["account_alias"] or ask["account_id"]:
        return [account_of(side.node, ask)]
    return side.node.wallet.book.ordered()


@side_endpoint("list-balances", *WHOSE)
def list_balances(side: Side, ask: Ask) -> list[Facts]:
    """What the wallet's accounts have there."""
    wallet = side.node.wallet
    accounts = accounts_of(side, ask)
    rows = []
    for account in accounts:
        held: dict[bytes, int] = {}
        for receiver in wallet.book.of_account(account.id):
            for coin in side.head.state.coins.held_by(receiver.program):
                held[coin.asset] = held.get(coin.asset, 0) + coin.amount
        for asset in sorted(held):
            known = wallet.asset(asset)
            rows.append(
                {
                    "account_id": account.id, "account_alias": account.alias,
                    "asset_alias": known.alias if known else asset.hex(),
                    "asset_id": asset.hex(), "amount": held[asset],
                }
            )  # fmt: skip
    return rows


@side_endpoint("list-assets", Field("id", TEXT))
def list_assets(side: Side, ask: Ask) -> list[Facts]:
    """The assets that are on the sidechain."""
    wallet, coins = side.node.wallet, side.head.state.coins
    ids = {coin.asset for coin in coins.by_id.values()} | set(wallet.assets.known)
    wanted = [one for one in sorted(ids, reverse=True)
              if not ask["id"] or one.hex() == ask["id"]]  # fmt: skip
    found = [wallet.asset(one) for one in wanted]
    return [
        {
            "id": one.id.hex(), "alias": one.alias, "vm_version": 1,
            "raw_definition_byte": one.definition.hex(),
        }
        for one in found if one is not None
    ]  # fmt: skip


@side_endpoint("list-transactions", *WHOSE, Field("count", UINT))
def list_transactions(side: Side, ask: Ask) -> list[Facts]:
    """An account's transactions, newest first."""
    if not (ask["account_alias"] or ask["account_id"]):
        raise Refused("account_id is empty")
    account = account_of(side.node, ask)
    programs = Owned(
        {one.program for one in side.node.wallet.book.of_account(account.id)}
    )
    found: list[Facts] = []
    shaper = shaper_of(side)
    entry: SideEntry | None = side.head
    while entry is not None and (not ask["count"] or len(found) < ask["count"]):
        for tx in reversed(entry.block.transactions):
            if touches(tx, programs):
                found.append(shaper.summary(tx, entry.header.time_ms))
        entry = side.chain.tree.get(entry.header.previous)
    return found[: ask["count"] or None]


@side_endpoint("get-transaction", Field("tx_id", TEXT))
def get_transaction(side: Side, ask: Ask) -> Facts:
    """A transaction in a block."""
    tx_id = hex_of(ask["tx_id"])
    place = side.head.state.places.get(tx_id)
    if place is None:
        raise Refused(f"No transaction(tx_id={ask['tx_id'][:64]}) from txpool")
    block_hash = side.head.state.hashes.get(place.height)
    assert block_hash is not None
    entry = side.chain.tree[block_hash]
    tx = entry.block.transactions[place.index]
    return {
        "tx_id": tx.id.hex(), "block_time": entry.header.time_ms,
        "block_hash": entry.hash.hex(), "block_height": entry.height,
        "block_index": place.index,
        "block_transactions_count": len(entry.block.transactions),
        **_sides_of(shaper_of(side), tx), "status_fail": False, "size": tx.size,
    }  # fmt: skip


def _sides_of(shaper: SideShaper, tx: Transaction) -> Facts:
    return {"inputs": shaper.inputs(tx), "outputs": shaper.outputs(tx)}


@side_endpoint("list-unconfirmed-transactions")
def list_unconfirmed_transactions(side: Side, ask: Ask) -> Facts:
    """What waits for a block."""
    ids = [tx_id.hex() for tx_id in side.pool.order]
    return {"total": len(ids), "tx_ids": ids}


@side_endpoint("get-unconfirmed-transaction", Field("tx_id", HEX))
def get_unconfirmed_transaction(side: Side, ask: Ask) -> Facts:
    """One transaction that waits."""
    waiting = side.pool.by_id.get(ask["tx_id"])
    if waiting is None:
        raise Refused("transaction are not existed in the mempool")
    shaper = SideShaper(side.node.wallet.hrp)
    return block_transaction(shaper, waiting.tx, waiting.failed)


@side_endpoint("decode-raw-transaction", Field("raw_transaction", HEX))
def decode_raw_transaction(side: Side, ask: Ask) -> Facts:
    """What a raw transaction says."""
    tx = read_side(ask["raw_transaction"])
    return {
        "tx_id": tx.id.hex(), "version": tx.version, "size": tx.size,
        "time_range": tx.time_range, **_sides_of(SideShaper(side.node.wallet.hrp), tx),
        "fee": fee_of(tx) % 2**64,
    }  # fmt: skip


@side_endpoint("submit-transaction", Field("raw_transaction", HEX))
def submit_transaction(side: Side, ask: Ask) -> Facts:
    """Hand a signed transaction in."""
    tx = read_side(ask["raw_transaction"])
    side.node.submit_side(tx, side.name)
    return {"tx_id": tx.id.hex()}


def read_side(raw: bytes) -> Transaction:
    """A sidechain's transaction. Raises NotUnderstood."""
    if not raw:
        raise bad_body("EOF")
    try:
        return parse_transaction(raw, side=True)
    except CodecError as error:
        raise bad_body(error.message) from None
