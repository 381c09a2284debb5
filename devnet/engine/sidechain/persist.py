"""
The storage seam: a sidechain's blocks and state as keys and values.

A key is one table byte and its fields; integers in keys are big-endian, so that a walk
through a table is in numeric order. One batch per block, the tip's pointer included.

Tables: h header, b block, n blocks at a height, u unspent output, c claimed lock,
e rules of an epoch, m tip and name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha3_256

from devnet.engine.chain.coins import Coin
from devnet.engine.codec import u64, varstr
from devnet.engine.interfaces import Reader, Rules, Store
from devnet.engine.sidechain.state import Claimed, SideEntry, SideTree

Changes = tuple[tuple[bytes, bytes | None], ...]
"""Keys with their new values; None deletes."""


def changes_of_block(entry: SideEntry, *, undo: bool) -> Changes:
    """What connecting a block stores, or disconnecting it takes back."""
    block_hash = entry.hash
    gone, new = entry.change.spent, entry.change.created
    if undo:
        gone, new = new, gone
    # What a block makes and spends itself is in neither state, before it or after it.
    passing = {coin.id for coin in gone} & {coin.id for coin in new}
    changes: dict[bytes, bytes | None] = {b"u" + coin.id: None for coin in gone}
    for coin in new:
        if coin.id not in passing:
            changes[b"u" + coin.id] = coin_bytes(coin)
    for claim in entry.claims:
        changes[b"c" + claim.lock_id] = None if undo else claim_bytes(claim)
    number = b"n" + entry.height.to_bytes(8, "big") + block_hash
    rules = entry.state.rules
    changes[number] = None if undo else b""
    changes[b"h" + block_hash] = None if undo else entry.block.header.raw
    changes[b"b" + block_hash] = None if undo else entry.block.raw
    opens_epoch = entry.height == rules.base.height + 1
    if opens_epoch or not entry.height:
        epoch = b"e" + rules.epoch.to_bytes(8, "big")
        changes[epoch] = None if undo else rules_bytes(rules)
    changes[b"mtip"] = entry.header.previous if undo else block_hash
    return tuple(changes.items())


def coin_bytes(coin: Coin) -> bytes:
    """An unspent output as the store has it."""
    return b"".join(
        (
            coin.source_id,
            u64(coin.position),
            coin.asset,
            u64(coin.amount),
            varstr(coin.program),
            u64(coin.height),
            bytes((coin.is_coinbase,)),
        )
    )


def claim_bytes(claim: Claimed) -> bytes:
    """A claimed lock as the store has it."""
    return b"".join(
        (
            claim.asset,
            u64(claim.amount),
            varstr(claim.claim_script),
            u64(claim.height),
            claim.tx_id,
        )
    )


def rules_bytes(rules: Rules) -> bytes:
    """The rules of an epoch, readable."""
    return json.dumps(
        {
            "engine": rules.engine,
            "params": dict(rules.params),
            "validators": [
                [validator.key.hex(), validator.weight]
                for validator in rules.validators
            ],
            "base": [rules.base.height, rules.base.hash.hex()],
        },
        sort_keys=True,
    ).encode()


def apply_changes(store: Store, changes: Changes) -> None:
    """One batch: all of it or nothing."""
    with store.batch() as batch:
        for key, value in changes:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)


def rewrite(store: Store, batches: Iterable[Changes]) -> None:
    """Whatever the store held, it holds what these batches give now. One batch."""
    content: dict[bytes, bytes | None] = {}
    for changes in batches:
        content.update(changes)
    with store.batch() as batch:
        for key, _ in tuple(store.iterate()):
            if content.get(key) is None:
                batch.delete(key)
        for key, value in content.items():
            if value is not None:
                batch.put(key, value)


def changes_of_chain(tree: SideTree, head: bytes) -> list[Changes]:
    """Every block from genesis to a head, as an empty store must take them."""
    entries = []
    entry: SideEntry | None = tree.get(head)
    while entry is not None:
        entries.append(entry)
        entry = tree.get(entry.header.previous)
    return [changes_of_block(entry, undo=False) for entry in reversed(entries)]


def state_digest(entry: SideEntry) -> str:
    """Hash over unspent outputs and claimed locks of a state: 64 hex digits."""
    digest = sha3_256()
    coins, claims = entry.state.coins.by_id, entry.state.claimed
    for coin_id in sorted(coins):
        digest.update(b"u" + coin_id + coin_bytes(coins[coin_id]))
    for lock_id in sorted(claims):
        digest.update(b"c" + lock_id + claim_bytes(claims[lock_id]))
    return digest.hexdigest()


def store_digest(store: Reader) -> str:
    """The same hash, read from a store."""
    digest = sha3_256()
    for table in (b"u", b"c"):
        for key, value in store.iterate(prefix=table):
            digest.update(key + value)
    return digest.hexdigest()
