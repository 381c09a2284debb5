"""
Early Vapor's peg-in by proof, on a sidechain's own paths: an address to pay to, and a
claim made of what the mainchain's get-merkle-proof answers.

Source: protocol page "http-api", section 15.
"""

from __future__ import annotations

from typing import Any

from devnet.api.endpoints.accounts import WHOSE, account_of
from devnet.api.fields import HASH, HEX, TEXT, UINT, Field, list_of
from devnet.api.refusals import Refused, bad_body
from devnet.api.shapes import Facts
from devnet.api.sides import Side, side_endpoint
from devnet.api.table import Ask
from devnet.engine.bc.block import parse_block, parse_header
from devnet.engine.bc.merkleblock import MerkleBlock
from devnet.engine.bc.programs import p2wpkh
from devnet.engine.codec import address_of_program, ripemd160
from devnet.engine.errors import CodecError
from devnet.engine.federation.contract import Contract
from devnet.engine.keys import chainkd
from devnet.engine.sidechain.claim_errors import ClaimReplayed


@side_endpoint("create-key-pair")
def create_key_pair(side: Side, ask: Ask) -> Facts:
    """A key that is nobody's yet, and is kept nowhere."""
    wallet = side.node.wallet
    xprv = chainkd.root_xprv(wallet.chance.token(32))
    xpub = chainkd.xpub(xprv)
    program = p2wpkh(ripemd160(chainkd.public_key(xpub)))
    return {
        "xprv": xprv.hex(), "xpub": xpub.hex(),
        "address": address_of_program(program, wallet.hrp),
    }  # fmt: skip


@side_endpoint("get-pegin-address", *WHOSE)
def get_pegin_address(side: Side, ask: Ask) -> Facts:
    """
    Where to pay on the mainchain, and the claim script that it is bound to.

    The collectors hear of it, and claim by themselves what is paid there.
    """
    script, contract = _pegin(side, ask)
    side.node.expect_lock(side.name, script)
    return {"mainchain_address": contract.address, "claim_script": script.hex()}


@side_endpoint("get-pegin-contract-address", *WHOSE)
def get_pegin_contract_address(side: Side, ask: Ask) -> Facts:
    """
    The same with the program of that address, for whoever claims by himself.

    No collector hears of it.
    """
    script, contract = _pegin(side, ask)
    return {
        "mainchain_address": contract.address,
        "control_program": contract.program.hex(), "claim_script": script.hex(),
    }  # fmt: skip


def _pegin(side: Side, ask: Ask) -> tuple[bytes, Contract]:
    book = side.node.wallet.book
    script = book.next_receiver(account_of(side.node, ask)).program
    return script, side.node.network.contract(side.name, script.hex())


@side_endpoint(
    "claim-pegin-transaction", Field("password", TEXT), Field("raw_transaction", HEX),
    Field("block_header", HEX), Field("tx_hashes", list_of(HASH)),
    Field("status_hashes", list_of(HASH)), Field("flags", list_of(UINT)),
    Field("matched_tx_ids", list_of(HASH)), Field("claim_script", HEX),
)  # fmt: skip
def claim_pegin_transaction(side: Side, ask: Ask) -> Facts:
    """Claim a payment to the federation; if that is done, tell by which transaction."""
    if not ask["raw_transaction"] or not ask["block_header"]:
        raise bad_body("EOF")
    if any(flag > 255 for flag in ask["flags"]):
        raise Refused("a flag is 0, 1 or 2")
    try:
        header = parse_header(ask["block_header"])
        proof = MerkleBlock(
            header, tuple(ask["tx_hashes"]), tuple(ask["flags"]),
            tuple(ask["status_hashes"]),
        )  # fmt: skip
        raw, script = ask["raw_transaction"], ask["claim_script"]
        return {"tx_id": side.node.bring_claim(side.name, raw, proof, script)}
    except CodecError as error:
        raise bad_body(error.message) from None
    except ClaimReplayed as error:
        return {"tx_id": _claim_of(side, error.facts["lock_id"]).hex()}


def _claim_of(side: Side, lock_id: Any) -> bytes:
    """The claim of a lock, in a block or waiting: a collector was quicker."""
    claimed = side.head.state.claimed.get(lock_id)
    return claimed.tx_id if claimed is not None else side.pool.spent[lock_id]


@side_endpoint("get-raw-transaction", Field("raw_block", HEX), Field("tx_id", HASH))
def get_raw_transaction(side: Side, ask: Ask) -> Facts:
    """A transaction out of a raw mainchain block."""
    if not ask["raw_block"]:
        raise bad_body("EOF")
    try:
        block = parse_block(ask["raw_block"])
    except CodecError as error:
        raise bad_body(error.message) from None
    for tx in block.transactions:
        if tx.id == ask["tx_id"]:
            return {"raw_transaction": tx.raw.hex(), "block_hash": block.hash.hex()}
    raise Refused(f"raw transaction do not find {ask['tx_id'].hex()}")


@side_endpoint(
    "get-side-raw-transaction", Field("block_height", UINT), Field("tx_id", HASH)
)
def get_side_raw_transaction(side: Side, ask: Ask) -> Facts:
    """A transaction out of a block of the sidechain."""
    entry = side.entry({"block_hash": b"", "block_height": ask["block_height"]})
    for tx in entry.block.transactions:
        if tx.id == ask["tx_id"]:
            return {"raw_transaction": tx.raw.hex(), "block_hash": entry.hash.hex()}
    raise Refused(f"raw transaction do not find {ask['tx_id'].hex()}")
