"""Locks and claims for tests: those of the vectors, and others made to order."""

from dataclasses import dataclass, replace

from devnet.engine.bc.block import Block, BlockHeader
from devnet.engine.bc.merkle import status_root, tx_root
from devnet.engine.bc.merkleblock import merkle_block_of, parse_merkle_block
from devnet.engine.bc.transaction import (
    BTM,
    Coinbase,
    Output,
    Spend,
    Transaction,
    parse_transaction,
)
from devnet.engine.federation.programs import Federation, federation_of, lock_program
from devnet.engine.interfaces import Checkpoint
from devnet.engine.keys import chainkd
from devnet.engine.sidechain.claims import ClaimContext, craft_claim
from tests.vectors import vectors

ANCHOR_HASH = b"\xaa" * 32
CHAIN_ID, PARENT_ID = b"\xc1" * 32, b"\xbb" * 32
ALICE = bytes.fromhex("0014") + b"\x0a" * 20
STRANGER = bytes.fromhex("0014") + b"\x66" * 20
GOLD = b"\x60" * 32
COLLECTORS = tuple(chainkd.root_xprv(bytes([200 + n])) for n in range(3))
COLLECTOR = COLLECTORS[0]
MEMBERS = federation_of(chainkd.xpub(chainkd.root_xprv(bytes([n]))) for n in range(4))
OLD_MEMBERS = federation_of(
    chainkd.xpub(chainkd.root_xprv(bytes([n]))) for n in range(1, 5)
)


def key_of(xprv):
    return chainkd.xpub(xprv)[:32]


@dataclass(frozen=True)
class OneBlock:
    """A mainchain of which one block is known."""

    height: int
    hash: bytes

    def block_hash_at(self, anchor_hash, height):
        known = anchor_hash == ANCHOR_HASH and height == self.height
        return self.hash if known else None


def context(header, *, depth=6, members=(MEMBERS,), **changes):
    """What claims of a lock in this block are judged against."""
    values = {
        "chain_id": CHAIN_ID,
        "parent_id": PARENT_ID,
        "federations": members,
        "relay_fee_ppm": 0,
        "collectors": (key_of(COLLECTOR),),
        "grace": 20,
        "anchor": Checkpoint(header.height + depth, ANCHOR_HASH),
        "main": OneBlock(header.height, header.hash),
        **changes,
    }
    return ClaimContext(**values)


@dataclass(frozen=True)
class Lock:
    """A lock in a made-up mainchain block."""

    tx: Transaction
    block: Block
    failed: tuple[bool, ...]
    position: int = 0
    script: bytes = ALICE

    @property
    def header(self):
        return self.block.header

    @property
    def proof(self):
        return merkle_block_of(self.block, self.failed, self.tx.id)

    def claim(self, ctx, collector=COLLECTOR):
        return craft_claim(
            raw_transaction=self.tx.raw,
            position=self.position,
            merkle_block=self.proof,
            claim_script=self.script,
            context=ctx,
            collector_xprv=collector,
        )


def make_lock(
    *,
    amount=1000,
    asset=BTM,
    script=ALICE,
    n_txs=4,
    index=2,
    height=100,
    failed=False,
    members=MEMBERS,
    chain_id=CHAIN_ID,
    coinbase=False,
    program=None,
):
    """A block of `n_txs` transactions, one of them with a lock as output 1."""
    locked = Output(asset, amount, program or lock_program(members, chain_id, script))
    change = Output(BTM, 5, STRANGER)
    given = (
        Coinbase(b"0100")
        if coinbase
        else Spend(b"\x07" * 32, asset, amount, 0, STRANGER, (b"sig", b"key"))
    )
    lock_tx = Transaction(1, 0, (given,), (change, locked))
    others = [
        Transaction(1, 0, (Coinbase(bytes([n])),), (Output(BTM, n, STRANGER),))
        for n in range(n_txs)
    ]
    txs = tuple(lock_tx if n == index else others[n] for n in range(n_txs))
    statuses = tuple(failed and n == index for n in range(n_txs))
    header = BlockHeader(
        1, height, b"\x01" * 32, 1_600_000_000,
        tx_root([tx.id for tx in txs]), status_root(statuses), 7, 2161727821137910632,
    )  # fmt: skip
    return Lock(lock_tx, Block(header, txs), statuses, 1, script)


def honest(collector=COLLECTOR, depth=6, relay_fee_ppm=0, **lock):
    """An honest claim and what it is judged against."""
    made = make_lock(**lock)
    members = (lock.get("members", MEMBERS),)
    ctx = context(
        made.header, depth=depth, relay_fee_ppm=relay_fee_ppm, members=members
    )
    return made.claim(ctx, collector), ctx


# The vectors.


def vector_claims():
    """(claim, pegin) pairs of the same name."""
    locks = {case["name"]: case for case in vectors("pegin")["sidechain_bound"]}
    return [(case, locks[case["name"]]) for case in vectors("claim")["claims"]]


def vector_collector(claim):
    seed = claim["collector_seed"]
    return None if seed is None else chainkd.root_xprv(bytes.fromhex(seed))


def vector_context(claim, lock, **changes):
    """The context in which a claim of the vectors is judged."""
    header = parse_merkle_block(bytes.fromhex(claim["merkle_block"])).header
    collector = vector_collector(claim)
    federation = Federation(
        tuple(bytes.fromhex(member["root_xpub"]) for member in lock["members"]),
        lock["quorum"],
    )
    values = {
        "chain_id": bytes.fromhex(lock["chain_id"]),
        "parent_id": bytes.fromhex(claim["parent_id"]),
        "relay_fee_ppm": claim["relay_fee_ppm"],
        "collectors": () if collector is None else (key_of(collector),),
        **changes,
    }
    depth = 20 if collector is None else 6
    return context(header, depth=depth, members=(federation,), **values)


def vector_tx(claim):
    return parse_transaction(bytes.fromhex(claim["claim_tx"]), side=True)


def changed(tx, **changes):
    """The claim with other fields in its input."""
    return replace(tx, inputs=(replace(tx.inputs[0], **changes),), received=None)


def paying(tx, *outputs):
    return replace(tx, outputs=outputs, received=None)
