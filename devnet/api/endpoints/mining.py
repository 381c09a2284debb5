"""Work for miners outside, blocks that are brought, and who is paid."""

from __future__ import annotations

from typing import Any

from devnet.api.fields import (
    FLAG,
    HASH,
    HEX,
    OBJECT,
    TEXT,
    UINT,
    Field,
    WrongKind,
    read_object,
)
from devnet.api.node import Node
from devnet.api.refusals import Refused, bad_body, unreadable
from devnet.api.shapes import Facts
from devnet.api.table import Ask, endpoint
from devnet.engine.bc.block import Block, BlockHeader, parse_block, parse_header
from devnet.engine.errors import BlockError, CodecError, TransactionError
from devnet.engine.mainchain.state import UnknownParent

COMMITMENT = (
    Field("transaction_merkle_root", HASH),
    Field("transaction_status_hash", HASH),
)
HEADER = (
    Field("version", UINT),
    Field("height", UINT),
    Field("previous_block_hash", HASH),
    Field("timestamp", UINT),
    Field("nonce", UINT),
    Field("bits", UINT),
    Field("block_commitment", OBJECT),
)


@endpoint("is-mining", answer="is_mining")
def is_mining(node: Node, ask: Ask) -> Facts:
    """Does the node mine by itself?"""
    return {"is_mining": node.is_mining}


@endpoint("set-mining", Field("is_mining", FLAG), answer="(an empty text)")
def set_mining(node: Node, ask: Ask) -> str:
    """Mine by itself, or stop."""
    if ask["is_mining"] and not node.wallet.book.accounts and not node.desk.program:
        raise Refused("Mining address does not exist")
    node.set_mining(ask["is_mining"])
    return ""


@endpoint("get-mining-address", answer="mining_address")
def get_mining_address(node: Node, ask: Ask) -> Facts:
    """Whom new blocks pay."""
    return {"mining_address": node.desk.address()}


@endpoint("set-mining-address", Field("mining_address", TEXT), answer="mining_address")
def set_mining_address(node: Node, ask: Ask) -> Facts:
    """Pay somebody else."""
    node.desk.set_address(ask["mining_address"])
    return {"mining_address": ask["mining_address"]}


@endpoint("get-coinbase-arbitrary", mark="nice", answer="arbitrary")
def get_coinbase_arbitrary(node: Node, ask: Ask) -> Facts:
    """What new blocks say besides their height."""
    return {"arbitrary": node.desk.arbitrary.hex()}


@endpoint(
    "set-coinbase-arbitrary", Field("arbitrary", HEX), mark="nice", answer="arbitrary"
)
def set_coinbase_arbitrary(node: Node, ask: Ask) -> Facts:
    """Say something else."""
    node.desk.set_arbitrary(ask["arbitrary"])
    return {"arbitrary": node.desk.arbitrary.hex()}


@endpoint("get-work", answer="block_header seed")
def get_work(node: Node, ask: Ask) -> Facts:
    """A block to be mined, as its header in hex."""
    work = node.desk.work()
    return {"block_header": work.block.header.raw.hex(), "seed": work.seed.hex()}


@endpoint("get-work-json", mark="nice", answer="block_header seed")
def get_work_json(node: Node, ask: Ask) -> Facts:
    """A block to be mined, its header field by field."""
    work = node.desk.work()
    header = work.block.header
    return {
        "block_header": {
            "version": header.version,
            "height": header.height,
            "previous_block_hash": header.previous.hex(),
            "timestamp": header.timestamp,
            "nonce": header.nonce,
            "bits": header.bits,
            "block_commitment": {
                "transaction_merkle_root": header.tx_root.hex(),
                "transaction_status_hash": header.status_root.hex(),
            },
        },
        "seed": work.seed.hex(),
    }


@endpoint("submit-work", Field("block_header", HEX), answer="(true)", is_slow=True)
async def submit_work(node: Node, ask: Ask) -> bool:
    """A header that was worked on comes back."""
    if not ask["block_header"]:
        raise bad_body("EOF")
    try:
        header = parse_header(ask["block_header"])
    except CodecError as error:
        raise unreadable(error) from None
    return await _hand_in(node, node.desk.finished(header))


@endpoint(
    "submit-work-json", Field("block_header", OBJECT), mark="nice", answer="(true)",
    is_slow=True,
)  # fmt: skip
async def submit_work_json(node: Node, ask: Ask) -> bool:
    """The same, field by field."""
    if not ask["block_header"]:
        raise bad_body("block_header is missing")
    header = _header_of(ask["block_header"])
    if max(header.nonce, header.timestamp) >= 2**63:
        raise Refused("a number of the header does not fit 63 bits")
    return await _hand_in(node, node.desk.finished(header))


@endpoint("submit-block", Field("raw_block", HEX), answer="(true)", is_slow=True)
async def submit_block(node: Node, ask: Ask) -> bool:
    """A block that somebody else made."""
    if not ask["raw_block"]:
        raise bad_body("EOF")
    try:
        block = parse_block(ask["raw_block"])
    except CodecError as error:
        raise unreadable(error) from None
    return await _hand_in(node, block)


async def _hand_in(node: Node, block: Block) -> bool:
    try:
        await node.hand_in(block)
    except UnknownParent:
        raise
    except (BlockError, TransactionError) as error:
        words = (
            "difficulty proof of work" if error.code == "block.work" else error.message
        )
        raise Refused(f"invalid {words}: invalid block") from None
    return True


def _header_of(found: dict[str, Any]) -> BlockHeader:
    try:
        values = read_object(found, HEADER)
        roots = read_object(values["block_commitment"], COMMITMENT)
    except WrongKind as error:
        raise bad_body(str(error)) from None
    return BlockHeader(
        values["version"], values["height"], values["previous_block_hash"],
        values["timestamp"], roots["transaction_merkle_root"],
        roots["transaction_status_hash"], values["nonce"], values["bits"],
    )  # fmt: skip
