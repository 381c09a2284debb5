"""headers.json, genesis.json and difficulty.json."""

from __future__ import annotations

from collections.abc import Mapping

from devnet.conformance.fields import Case
from devnet.conformance.sections import (
    Family,
    Opened,
    Section,
    each,
    marks,
    single,
)
from devnet.conformance.values import BadCase
from devnet.engine.bc import difficulty
from devnet.engine.bc.block import BlockHeader, parse_block, parse_header
from devnet.engine.bc.merkle import status_root, tx_root
from devnet.engine.bc.transaction import Coinbase, parse_transaction
from devnet.engine.codec import OutOfRange
from devnet.engine.errors import CodecError
from devnet.engine.mainchain.networks import NETWORKS, genesis_of


def _header_of(case: Case) -> BlockHeader:
    return BlockHeader(
        version=case.number("version"),
        height=case.number("height"),
        previous=case.hex("previous_block_hash"),
        timestamp=case.number("timestamp"),
        tx_root=case.hex("transactions_merkle_root"),
        status_root=case.hex("transaction_status_hash"),
        nonce=case.number("nonce"),
        bits=case.number("bits"),
    )


def _header(case: Case) -> None:
    """A header from its fields. Some have a hash, but cannot be written (raw null)."""
    header = _header_of(case)
    case.expect("hash", header.hash)
    case.ignore("error")
    try:
        raw = header.raw
    except OutOfRange:
        case.expect("raw", None)
        return
    case.expect("raw", raw)
    if parse_header(raw) != header:
        case.differs("raw", "reads back as it was", "reads back otherwise")


def _parsed(case: Case) -> None:
    """A header from bytes. The wording of a refusal is the reference's own."""
    case.ignore("error")
    try:
        header = parse_header(case.hex("raw"))
    except CodecError:
        case.expect("ok", False)
        return
    case.expect("ok", True)
    case.expect("hash", header.hash)
    case.expect("reserialized", header.raw)


def _open_headers(opened: Opened) -> Mapping[str, Section]:
    return {"headers": each(_header), "parse": each(_parsed)}


# genesis.json.


def _network(case: Case) -> None:
    """A network's genesis block, and what Bytom compiles in beside it."""
    raw, header = case.hex("raw_block"), _header_of(case.inside("header"))
    block = parse_block(raw)
    case.expect("hash", block.hash)
    case.same("header", block.header.raw.hex(), header.raw.hex())
    case.expect("raw_header", header.raw)
    case.same("raw_block", raw.hex(), block.raw.hex())
    if len(block.transactions) != 1:
        raise BadCase(f"{case.place}: a genesis block has one transaction")
    (coinbase,) = block.transactions
    case.expect("coinbase_tx_id", coinbase.id)
    case.expect("raw_coinbase_tx", coinbase.raw)
    read = parse_transaction(case.hex("raw_coinbase_tx"))
    case.same("kind of its input", "Coinbase", type(read.inputs[0]).__name__)
    assert isinstance(coinbase.inputs[0], Coinbase)
    subsidy = difficulty.subsidy(0)
    case.same("coinbase amount", subsidy, coinbase.outputs[0].amount)
    case.same("tx root", header.tx_root.hex(), tx_root([coinbase.id]).hex())
    case.same("status root", header.status_root.hex(), status_root([False]).hex())
    case.expect("target", difficulty.compact_to_big(header.bits))
    case.expect("difficulty", difficulty.work_of_bits(header.bits))
    _compiled_in(case, raw)


def _compiled_in(case: Case, raw: bytes) -> None:
    name = case.text("chain_id")
    if name not in NETWORKS:
        raise BadCase(f"{case.place}.chain_id: no network {name!r} is known here")
    network = NETWORKS[name]
    case.expect("bech32_hrp", network.hrp)
    case.same("our own genesis block", raw.hex(), genesis_of(network).raw.hex())
    checkpoints = [
        {"hash": block_hash, "height": height}
        for height, block_hash in network.checkpoints
    ]
    case.expect("checkpoints", checkpoints)


def _initial_seed(case: Case) -> None:
    case.expect("value", difficulty.INITIAL_SEED)


def _open_genesis(opened: Opened) -> Mapping[str, Section]:
    return {"initial_seed": single(_initial_seed), "networks": each(_network)}


HEADERS = Family(
    "headers",
    marks(
        "headers: previous_block_hash transactions_merkle_root nonce bits raw",
        "parse: raw ok",
    ),
    _open_headers,
)

GENESIS = Family(
    "genesis", marks("networks: chain_id bech32_hrp raw_block"), _open_genesis
)
